"""Telling a customer by text message that a promise to him is not forgotten: by a person, or by itself.

The rule of the file: he counts as told once the provider took the message. One that did not go out is told of on the
promise and to whoever sent it (its owner, when it went by itself), who then rings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from dealerline.apps.accounts.facade import Person, sees_numbers
from dealerline.apps.calls import facade as calls
from dealerline.apps.common import texting
from dealerline.apps.common.desks import notice
from dealerline.apps.common.errors import Problem
from dealerline.apps.common.texting import Message, Outcome
from dealerline.apps.customers import facade as customers
from dealerline.apps.history import facade as history
from dealerline.apps.organisation import facade as organisation
from dealerline.apps.privacy import facade as privacy
from dealerline.apps.promises.logic import promises, rules
from dealerline.apps.promises.models import OWED, Promise, Telling
from dealerline.domain import numbers
from dealerline.domain.promises import telling
from dealerline.domain.promises.states import On, step

PURPOSE = "promise"
LANGUAGES = ("zh", "en")
NOBODY = {"zh": "没有接入短信服务，请打电话告知。", "en": "Nobody is set up who sends text messages: ring him."}
REFUSES: Mapping[str, Mapping[str, str]] = {
    "not_mobile": {"zh": "没有可以收短信的手机号，请打电话告知。",
                   "en": "There is no mobile number to write to: ring him."},
    "opted_out": {"zh": "客户不愿再收到短信，请打电话告知。", "en": "He wants no more text messages: ring him."}}
FIELDS = (*promises.FIELDS, "message_state")


def words() -> Telling:
    """The group's words and rule, the shipped ones where nobody saved any."""
    return Telling.objects.first() or Telling()


def _number(row: Promise) -> tuple[str, str]:
    """Where a message can reach him, and why it cannot: the number he was promised it on, else another of his."""
    channel, why = texting.channel(), "not_mobile"
    found = [row.number, *(customers.numbers_of(row.customer_id) if row.customer_id else ())]
    for number in filter(None, dict.fromkeys(found)):
        refused = channel.refuses(number) if channel is not None else ""
        if not refused:
            return number, ""
        why = refused if refused == "opted_out" else why
    return "", why


def why_not(row: Promise) -> tuple[str, Mapping[str, str] | None]:
    """The number to write to, and why nothing may be written; None when it may."""
    if texting.channel() is None:
        return "", NOBODY
    number, why = _number(row)
    if why:
        return "", REFUSES[why]
    if row.customer_id is not None:
        answer = privacy.may_contact(row.customer_id, "sms", "service", phone=number)
        if not answer[0]:
            said = privacy.reason(answer[1])
            return "", {"zh": f"不能发短信：{said['zh']}。请打电话告知。",
                        "en": f"No text message: {said['en']}. Ring him."}
    return number, None


def _language(row: Promise) -> str:
    """His own, else that of the call in which it was promised."""
    said = row.customer.language if row.customer is not None else ""
    if not said and row.call_id is not None:
        said = next((call.language for call in calls.briefs([row.call_id])), "")
    return "en" if said.lower().startswith("en") else "zh"


def texts(row: Promise, agent: str, later: datetime | None, now: datetime) -> dict[str, str]:
    """The message in both languages."""
    own, store = words(), organisation.store_names({row.store_id}).get(row.store_id, {})
    zone = rules.zone(row)
    found = {}
    for language in LANGUAGES:
        values = {
            "customer": row.customer.name if row.customer is not None else "", "agent": agent,
            "store": store.get(language) or store.get("zh", ""), "what": promises.title(row)[language],
            "time": telling.spoken(row.due_at.astimezone(zone), now.astimezone(zone), language),
            "later": telling.spoken(later.astimezone(zone), now.astimezone(zone), language) if later else ""}
        found[language] = telling.filled(own.text(language, later=later is not None), values)
    return found


def shown(person: Person, row: Promise, later: datetime | None) -> dict[str, Any]:
    """What would be sent, before it is."""
    number, why = why_not(row)
    return {"why_not": why, "language": _language(row), "texts": texts(row, person.name, later, timezone.now()),
            "number": number if sees_numbers(person, row.store_id) else numbers.masked(number),
            "sent_before": not telling.may_tell(row.message_state, anew=False)}


@dataclass(frozen=True, slots=True)
class Words:
    """What a person sends: the words he saw, another time he names in them, and whether once more."""

    text: str
    due_at: datetime | None = None
    anew: bool = False


def send(person: Person, promise: Promise, version: int, wish: Words) -> Promise:
    """Raises Problem: ``stale``, ``not_now``, ``told_already`` (409), ``no_message`` with why, or what to put right."""
    now = timezone.now()
    with transaction.atomic():
        row = Promise.objects.locked(promise.pk, *promises.RELATED)
        promises.may_edit(person, row.store_id)
        if row.version != version:
            raise promises.stale(person, row)
        if row.state not in OWED:
            raise promises.not_now()
        if not telling.may_tell(row.message_state, anew=wish.anew):
            raise Problem("told_already", "已经给客户发过短信，要再发一次吗？",
                          "He was sent a message already: once more?", status=409)
        if not wish.text.strip():
            raise promises.invalid(text=("请填写短信内容。", "Write the message."))
        before = history.snapshot(row, FIELDS)
        if wish.due_at is not None:
            row.due_at, row.step, row.state = promises.ahead(wish.due_at, now), 0, step(row.state, On.MOVE)
            rules.set_alarms(row)
        _queue(row, wish.text.strip(), person)
        _save(row, before, person)
    return promises.access_promise(person, row.pk)


def _queue(row: Promise, text: str, person: Person | None) -> None:
    channel = texting.channel()
    number, why = why_not(row)
    key = channel.send(Message(number, text, PURPOSE, row.store_id, row.customer_id, row.call_id)) if (
        channel is not None and why is None) else None
    if key is None:
        said = why or NOBODY
        raise Problem("no_message", said["zh"], said["en"], status=409)
    row.message, row.message_state, row.message_why = key, "waiting", ""
    row.message_at, row.message_by = timezone.now(), person


def _save(row: Promise, before: dict[str, Any], person: Person | None) -> None:
    row.version += 1
    row.save()
    source = history.Source.PAGE if person is not None else history.Source.RULE
    history.record(row, before, by=person, source=source, customer=row.customer_id, store=row.store_id)
    promises.told(row, person)


def heard(outcome: Outcome) -> None:
    """The provider took it, or it did not go out."""
    rows = Promise.objects.select_for_update(of=("self",)).select_related("customer", "message_by", "owner")
    row = rows.filter(message=outcome.id).first()
    if row is None:
        return
    before = history.snapshot(row, FIELDS)
    row.message_state, row.message_why = outcome.state, outcome.why[:200]
    if outcome.state == "sent":
        row.told_at, row.told_by = row.told_at or timezone.now(), row.told_by or row.message_by
    else:
        name = row.customer.name if row.customer is not None else ""
        notice([row.message_by_id or row.owner_id or 0], {
            "zh": f"给{name}的短信没有发出，请打电话告知：{promises.title(row)['zh']}",
            "en": f"The text message to {name} was not sent, ring him: {promises.title(row)['en']}"}, "warning")
    _save(row, before, None)


def by_itself(now: datetime) -> int:
    """Tell those whose promise is late by as much as the group says; how many."""
    after = words().after_minutes
    if after is None or texting.channel() is None or not privacy.may_disturb(now):
        return 0
    latest, oldest = now - timedelta(minutes=after), now - timedelta(seconds=telling.NO_LONGER_AFTER, minutes=after)
    late = Promise.objects.select_for_update(of=("self",), skip_locked=True).filter(
        state__in=OWED, due_at__lte=latest, due_at__gte=oldest, message=None, told_at=None)
    count = 0
    for row in late.select_related("customer", "owner", "made_by"):
        clock = rules.clock(rules.of_store(row.store_id), row.line)
        if not telling.is_due(row.due_at.timestamp(), now.timestamp(), after * 60.0, clock) or why_not(row)[1]:
            continue
        before = history.snapshot(row, FIELDS)
        agent = row.owner.name if row.owner is not None else ""
        _queue(row, texts(row, agent, None, now)[_language(row)], None)
        _save(row, before, None)
        count += 1
    return count
