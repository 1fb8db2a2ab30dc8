"""What was promised to a customer and had to be done for him, told and erased: that it was kept stays, for reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from dealerline.apps.common.personal import Words
from dealerline.apps.customers.facade import numbers_of, store_of
from dealerline.apps.promises.models import OWED, Promise, Snooze, Task, TaskState

WORDS: dict[str, Words] = {"promise_words": {"zh": "承诺和任务里的文字和号码",
                                             "en": "Words and numbers of promises and tasks"},
                           "promises": {"zh": "承诺", "en": "Promises"}, "tasks": {"zh": "任务", "en": "Tasks"}}


def _whose(customer: int) -> Q:
    """His own, and those with his numbers in his store that name nobody."""
    return Q(customer_id=customer) | Q(customer=None, store_id=store_of(customer), number__in=numbers_of(customer))


def _promises(customer: int) -> QuerySet[Promise]:
    return Promise.objects.filter(_whose(customer))


def _tasks(customer: int) -> QuerySet[Task]:
    return Task.objects.filter(_whose(customer))


def holds(customer: int) -> Iterator[Words]:
    """A promise that is not settled."""
    if _promises(customer).filter(state__in=OWED).exists():
        yield {"zh": "对他还有未了结的承诺，请先了结。", "en": "A promise to him is not settled: settle it first."}


def export(customer: int) -> dict[str, Any]:
    """What he was promised, and what there was to do."""
    return {
        "promises": [{"made_at": row.made_at, "what": row.what, "text": row.text, "number": row.number,
                      "due_at": row.due_at, "state": row.state, "ended_at": row.ended_at, "note": row.note}
                     for row in _promises(customer).order_by("made_at")],
        "tasks": [{"made_at": row.made_at, "title": row.title, "text": row.text, "number": row.number,
                   "due_at": row.due_at, "state": row.state, "note": row.note, "rung_for": row.purpose}
                  for row in _tasks(customer).order_by("made_at")]}


def erase(customer: int) -> dict[str, int]:
    """Words and numbers; tasks that are open are dropped, for there is nobody to do them for."""
    promises, tasks = list(_promises(customer)), list(_tasks(customer))
    keys = [str(row.pk) for row in [*promises, *tasks]]
    Snooze.objects.filter(object_id__in=keys).update(reason="")
    Task.objects.filter(pk__in=[row.pk for row in tasks], state=TaskState.OPEN).update(
        state=TaskState.DROPPED, ended_at=timezone.now())
    Task.objects.filter(pk__in=[row.pk for row in tasks]).update(
        title="", text="", number="", note="", version=F("version") + 1)
    Promise.objects.filter(pk__in=[row.pk for row in promises]).update(
        text="", number="", note="", version=F("version") + 1)
    return {"promise_words": len(promises) + len(tasks)}


def _old(before: datetime) -> tuple[QuerySet[Promise], QuerySet[Task]]:
    """What ended before that and still has words or a number."""
    return (Promise.objects.filter(ended_at__lt=before).exclude(text="", number="", note=""),
            Task.objects.filter(ended_at__lt=before).exclude(title="", text="", number="", note=""))


def count_old(before: datetime) -> int:
    """Promises and tasks."""
    return sum(rows.count() for rows in _old(before))


def forget_old(before: datetime) -> int:
    """Their words and numbers; that a promise was kept, and when, stays."""
    promises, tasks = _old(before)
    return promises.update(text="", number="", note="") + tasks.update(title="", text="", number="", note="")
