"""Consents written down and read. What they mean is in ``domain.contact``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.utils import timezone

from dealerline.apps.accounts.facade import Person, names
from dealerline.apps.common import contacted, ringing
from dealerline.apps.common.access import Viewer
from dealerline.apps.common.errors import Problem
from dealerline.apps.common.timeline import Entry
from dealerline.apps.customers.facade import with_number
from dealerline.apps.history import facade as history
from dealerline.apps.privacy.models import Consent, Erasure, ErasureState, QuietHours
from dealerline.domain import contact
from dealerline.domain.contact import (
    ANY,
    CHANNELS,
    COUNTED,
    PURPOSES,
    REASONS,
    SOURCES,
    STATES,
    Answer,
    Contact,
    Hours,
    Limits,
    Word,
)

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
ANY_WORDS = {"zh": "全部", "en": "Everything"}


def rules() -> tuple[Hours, Limits]:
    """Between which hours advertising may ring, and how often it may come."""
    row = QuietHours.objects.first() or QuietHours()
    return (Hours(row.begin.hour * 60 + row.begin.minute, row.end.hour * 60 + row.end.minute),
            Limits(row.channel_most, row.all_most, row.within_days))


def contacts_of(customer: int, limits: Limits, at: datetime) -> list[Contact]:
    """The advertising that went out to him within the days that count."""
    return [Contact(*row) for row in contacted.of_customer(customer, at - timedelta(days=limits.days))]


def words_of(customer: int) -> list[Word]:
    """All he said."""
    rows = Consent.objects.filter(customer_id=customer).values_list("channel", "purpose", "state", "at")
    return [Word(*row) for row in rows]


def erased(customer: int) -> bool:
    """Whether he was erased."""
    return Erasure.objects.filter(customer_id=customer, state=ErasureState.DONE).exists()


def never_call(customer: int, phone: str = "") -> bool:
    """Whether his number (any of them without ``phone``: all of them) is marked as not to be called."""
    model: Any = apps.get_model("customers.CustomerPhone")
    if "do_not_call" not in {field.name for field in model._meta.get_fields()}:
        return False
    rows = model._default_manager.filter(customer_id=customer)
    marks = list((rows.filter(e164=phone) if phone else rows).values_list("do_not_call", flat=True))
    return bool(marks) and all(marks)


def may_contact(customer: int, channel: str, purpose: str, at: datetime | None = None, *, phone: str = "",
                asked: bool = False) -> Answer:
    """Whether he may be contacted then, the code of the reason (``domain.contact.REASONS``), and from when again.

    ``phone``: the number that would be rung; ``asked``: he asked for it himself (a promised call-back).
    """
    local, (hours, limits) = (at or timezone.now()).astimezone(ZoneInfo(settings.TIME_ZONE)), rules()
    contacts = contacts_of(customer, limits, local) if purpose == COUNTED else ()
    return contact.may_contact(words_of(customer), channel, purpose, local, erased=erased(customer), asked=asked,
                               do_not_call=channel == "call" and never_call(customer, phone), hours=hours,
                               contacts=contacts, limits=limits)


def may_ring(people: Iterable[int], number: str, purpose: str, *, asked: bool = False) -> Answer:
    """The same for a number and all who have it: what forbids one of them forbids it; a stranger said nothing."""
    answers = [may_contact(customer, "call", purpose, phone=number, asked=asked) for customer in people]
    local = timezone.now().astimezone(ZoneInfo(settings.TIME_ZONE))
    answers = answers or [contact.may_contact((), "call", purpose, local, hours=rules()[0])]
    return min(answers, key=lambda answer: (answer.allowed, answer.again is not None))


def judge(person: Any, wish: ringing.Wish) -> ringing.Verdict:
    """The same for what somebody of ours is to dial: he whom it is about, and those with that number whom he may see.
    """
    people = {*with_number(person, wish.number), *([wish.customer] if wish.customer else [])}
    answer = may_ring(sorted(people), wish.number, wish.purpose, asked=wish.asked)
    return ringing.Verdict(answer.allowed, reason(answer.reason), answer.again)


def may_disturb(at: datetime) -> bool:
    """Whether it is an hour in which the group lets customers be disturbed with what they did not ask for."""
    return rules()[0].hold(at.astimezone(ZoneInfo(settings.TIME_ZONE)))


def reason(code: str) -> dict[str, str]:
    """A reason of ``may_contact`` in words."""
    return dict(REASONS[code])


def write(person: Person, customer: Any, *, channel: str, purpose: str, state: str, source: str, note: str = "",
          at: datetime | None = None, call: UUID | None = None) -> Consent:
    """Write down what he said. Raises Problem for a time to come, or of an erased customer."""
    now = timezone.now()
    if at is not None and not EARLIEST <= at <= now + timedelta(minutes=5):
        raise Problem("invalid", "表态的时间不能在将来，也不能早于 2000 年。",
                      "He cannot have said it in the future, nor before the year 2000.",
                      fields={"at": {"zh": "请填写过去的时间。", "en": "Enter a time that is past."}})
    if erased(customer.pk):
        raise Problem("erased", "该客户的资料已按要求删除。", "This customer was erased on request.", status=409)
    row = Consent.objects.create(customer=customer, channel=channel, purpose=purpose, state=state, source=source,
                                 note=note.strip(), at=min(at or now, now), written_at=now, call=call, by=person)
    history.record_new(row, ("channel", "purpose", "state", "source"), by=person, customer=customer.pk,
                       store=customer.store_id)
    return row


def name_of(table: Any, code: str) -> dict[str, str]:
    """A channel's or purpose's name; "any" is everything."""
    return dict(ANY_WORDS if code == ANY else table.get(code, {"zh": code, "en": code}))


def draw(customer: int) -> dict[str, Any]:
    """The effective consents as a table, and all he said, newest first."""
    now, said, gone, (quiet, limits) = timezone.now(), words_of(customer), erased(customer), rules()
    contacts, local = contacts_of(customer, limits, now), now.astimezone(ZoneInfo(settings.TIME_ZONE))
    always = Hours(0, 24 * 60)  # the table shows consent; the hours are told beside it
    never = never_call(customer)
    table = []
    for channel in CHANNELS:
        for purpose in PURPOSES:
            if purpose == "recording" and channel != "call":
                continue
            allowed, reason, _ = contact.may_contact(said, channel, purpose, now, erased=gone, hours=always,
                                                     do_not_call=never and channel == "call", contacts=contacts,
                                                     limits=limits)
            word = contact.effective(said, channel, purpose, now)
            table.append({"channel": channel, "purpose": purpose, "allowed": allowed, "reason": REASONS[reason],
                          "state": word.state if word else "", "since": word.at if word else None})
    rows = list(Consent.objects.filter(customer_id=customer)[:200])
    people = names({row.by_id for row in rows if row.by_id})
    return {
        "table": table, "erased": gone, "do_not_call": _do_not_call(said, now) or never,
        "advertising": {"days": limits.days, "channel_most": limits.channel, "all_most": limits.all, "channels": [
            {"channel": channel, "count": sum(one.channel == channel for one in contacts),
             "again": contact.comes_again(contacts, channel, limits, quiet, local)} for channel in CHANNELS]},
        "quiet_begin": f"{quiet.begin // 60:02}:{quiet.begin % 60:02}",
        "quiet_end": f"{quiet.end // 60:02}:{quiet.end % 60:02}",
        "history": [{"id": row.pk, "channel": name_of(CHANNELS, row.channel), "purpose": name_of(PURPOSES, row.purpose),
                     "state": row.state, "state_name": name_of(STATES, row.state),
                     "source": name_of(SOURCES, row.source), "note": row.note, "at": row.at,
                     "by": people.get(row.by_id or 0, ""), "call": row.call} for row in rows]}


def _do_not_call(said: Iterable[Word], now: datetime) -> bool:
    """Whether his newest word about all calls is a refusal."""
    general = [word for word in said if word.channel in ("call", ANY) and word.purpose == ANY and word.at <= now]
    newest = max(general, key=lambda word: word.at, default=None)
    return newest is not None and newest.state != "granted"


def entries(viewer: Viewer, customers: Sequence[int], before: datetime | None, limit: int) -> list[Entry]:
    """Consents for the timeline."""
    rows = Consent.objects.visible_to(viewer, "customers.view").filter(customer_id__in=customers)
    rows = rows.filter(at__lt=before) if before else rows
    found = list(rows.select_related("customer").order_by("-at")[:limit])
    people = names({row.by_id for row in found if row.by_id})
    return [Entry(at=row.at, kind="consent", object_id=str(row.pk), store=row.customer.store_id,
                  title={tongue: " · ".join(name_of(table, code)[tongue] for table, code in (
                      (CHANNELS, row.channel), (PURPOSES, row.purpose), (STATES, row.state)))
                      for tongue in ("zh", "en")},
                  text=row.note, by=people.get(row.by_id or 0, ""),
                  tone="good" if row.state == "granted" else "warn") for row in found]
