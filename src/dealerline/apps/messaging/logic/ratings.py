"""Marks by text message: asked of whom, and how a reply is read.

Asked is who talked with one of ours, has a mobile number, gave no mark by key, wants no less than that (consent), and
was not asked for some time; in stores that ask so. A reply is a mark when it begins with one digit from 1 to 5, written
in any way ("5", "５分", "打5分"); the first in time counts, as with keys.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from dealerline.apps.backlog import facade as backlog
from dealerline.apps.calls import facade as calls
from dealerline.apps.calls.facade import Brief
from dealerline.apps.messaging.logic import sending
from dealerline.apps.messaging.models import Asked, OptOut, Purpose, mark_of
from dealerline.apps.organisation import facade as organisation
from dealerline.apps.privacy import facade as privacy
from dealerline.domain.facts import Fact
from dealerline.domain.ids import uuid7

HOURS = 48  # within which a reply is a mark
MOBILE = re.compile(r"\+861[3-9]\d{9}")
MARK = re.compile(r"\D{0,3}([1-5])(?!\d)")
STOP = re.compile(r"(?i)\s*(td|t|n|退订|stop|unsubscribe)\s*[.。!！]?\s*")
WORDS = {
    "zh": "【{store}】感谢您的来电。请回复数字为本次服务打分：5 很满意，4 满意，3 一般，"
          "2 不满意，1 很不满意。拒收请回复 TD。",
    "en": "{store}: thank you for your call. Please reply with a mark for our service: 5 very good, 4 good, 3 fair, "
          "2 poor, 1 very poor. Reply STOP for no more messages.",
}


def mark_in(text: str) -> int | None:
    """The mark a reply gives, or None."""
    found = MARK.match(unicodedata.normalize("NFKC", text).strip())
    return int(found.group(1)) if found else None


def wants_no_more(text: str) -> bool:
    """Whether a reply says so."""
    return STOP.fullmatch(unicodedata.normalize("NFKC", text)) is not None


def take_in(facts: Sequence[Fact]) -> None:
    """Calls that have just ended: ask whom we want to ask."""
    ended = {fact.call for fact in facts if fact.kind == "call.ended" and fact.call}
    if ended and sending.provider() is not None:
        for call in calls.briefs(ended):
            _ask(call)


def _ask(call: Brief) -> None:
    if call.store is None or call.direction != "in" or call.answered_at is None or call.rating is not None:
        return
    days = backlog.asks_by_text(call.store)
    if days is None or call.agent is None or not MOBILE.fullmatch(call.number):
        return
    now = timezone.now()
    late = call.ended_at is None or call.ended_at < now - timedelta(hours=2)  # a journal read again, days later
    again = Asked.objects.filter(number=call.number, until__gt=now + timedelta(hours=HOURS) - timedelta(days=days))
    if late or Asked.objects.filter(pk=call.id).exists() or again.exists():
        return
    if call.customer is not None and not privacy.may_contact(call.customer, "sms", "survey", now,
                                                             phone=call.number)[0]:
        return
    language = "en" if call.language.startswith("en") else "zh"
    names = organisation.store_names({call.store}).get(call.store, {})
    text = sending.queue(call.number, WORDS[language].format(store=names.get(language) or names.get("zh", "")),
                         purpose=Purpose.RATING, store=call.store, customer=call.customer, call=call.id)
    if text is not None:
        Asked.objects.create(call=call.id, text=text, agent_id=call.agent, number=call.number,
                             until=now + timedelta(hours=HOURS))


def reply(number: str, text: str) -> Asked | None:
    """Read a reply: a mark, or that he wants no more. Which question it belongs to."""
    now = timezone.now()
    asked = Asked.objects.select_for_update().filter(number=number, until__gte=now).order_by("-until").first()
    if wants_no_more(text):
        OptOut.objects.get_or_create(pk=mark_of(number))
        return asked
    mark = mark_in(text)
    if asked is None or mark is None or asked.mark is not None:
        return asked
    (call,) = calls.briefs([asked.call]) or (None,)
    asked.mark, asked.answered_at = mark, now
    asked.save(update_fields=["mark", "answered_at"])
    if call is not None and call.rating is None:
        moment, agent = now.timestamp(), asked.agent_id or 0
        calls.tell_later_fact(Fact(uuid7(moment, os.urandom(10)), "rating.given", moment, str(call.id), 0,
                                   call.store or 0, agent, {"agent": agent, "mark": mark, "by": "sms"}))
    return asked
