"""A customer's work left over, told and erased."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from dealerline.apps.backlog.models import Callback, CallbackState, Item, Result
from dealerline.apps.calls import facade as calls
from dealerline.apps.common.personal import Words

WORDS: dict[str, Words] = {"left_over": {"zh": "待处理", "en": "Work left over"},
                           "callbacks": {"zh": "承诺的回拨", "en": "Promised call-backs"}}


def _items(customer: int) -> QuerySet[Item]:
    keys, _ = calls.traces(customer)
    return Item.objects.filter(Q(call__in=keys) | Q(done_call__in=keys))


def _callbacks(customer: int) -> QuerySet[Callback]:
    keys, _ = calls.traces(customer)
    return Callback.objects.filter(call__in=keys)


def holds(customer: int) -> Iterator[Words]:
    """A call-back that is still promised."""
    if _callbacks(customer).filter(state=CallbackState.OPEN).exists():
        yield {"zh": "已承诺给他回拨，请先回拨或取消。",
               "en": "A call-back is promised to him: keep it or take it back."}


def export(customer: int) -> dict[str, Any]:
    """What was left over of him, and the call-backs promised to him."""
    return {
        "left_over": [{"kind": row.kind, "number": row.number, "first_at": row.first_at, "done_at": row.done_at,
                       "result": row.result, "note": row.note} for row in _items(customer).order_by("first_at")],
        "callbacks": [{"number": row.number, "promised_at": row.promised_at, "due_at": row.due_at, "state": row.state,
                       "ended_at": row.ended_at} for row in _callbacks(customer).order_by("promised_at")]}


def erase(customer: int) -> dict[str, int]:
    """Numbers and notes; what is open is closed, for nobody can be rung."""
    now, items = timezone.now(), _items(customer)
    items.filter(done_at=None).update(done_at=now, result=Result.NO_NEED)
    return {"left_over": items.update(number="", note="", version=F("version") + 1),
            "callbacks": _callbacks(customer).update(number="", asked_from="")}


def _done(before: datetime) -> QuerySet[Item]:
    return Item.objects.filter(done_at__lt=before).exclude(number="", note="")


def count_done(before: datetime) -> int:
    """Work that is done with and still has a number or a note."""
    return _done(before).count()


def forget_done(before: datetime) -> int:
    """Their numbers and notes, and the numbers of call-backs that ended."""
    Callback.objects.filter(ended_at__lt=before).update(number="", asked_from="")
    return _done(before).update(number="", note="")
