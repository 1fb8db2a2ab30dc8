"""Promises and tasks as entries of everybody's list of work (apps/common/todo.py)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from dealerline.apps.common.todo import AT_MOST, Todo
from dealerline.apps.promises.logic import aside, promises, tasks
from dealerline.apps.promises.logic.showing import link
from dealerline.apps.promises.models import OWED, Promise, Task, TaskState, What

AGAIN = timedelta(minutes=15)
"""Whoever was not reached is tried again after so long."""
_EVENTS = {"kept": "keep", "told_off": "tell_off", "withdrawn": "withdraw", "broken": "break", "again": "again"}
_RESULTS = {"keep": "kept", "reached": "kept", "break": "broken", "lapse": "broken", "tell_off": "told_off",
            "withdraw": "withdrawn"}


def _whose(owner: Any) -> int | None:
    """Whoever can no longer sign in has it no more: then it is anybody's."""
    return owner.pk if owner is not None and owner.is_active else None


def _his_or_nobodys(person: Any) -> Q:
    return Q(owner=person.pk) | Q(owner=None) | Q(owner__is_active=False)


def _promise(row: Promise) -> Todo:
    customer = (row.customer.pk, row.customer.name) if row.customer is not None else None
    rings = row.what == What.RING_BACK
    return Todo("promise", str(row.pk), row.store_id, promises.title(row), row.due_at, row.text, row.number,
                _whose(row.owner), customer, str(row.car) if row.car else "", link(row), row.version,
                ("kept", *(("again",) if rings else ()), "told_off", "withdrawn", "broken"), row.ended_at,
                _RESULTS.get(row.ended_how, ""), asked=True)


class Promises:
    """Every promise has an owner, but one whose owner left is anybody's."""

    def waiting(self, person: Any) -> Iterable[Todo]:
        rows = Promise.objects.visible_to(person, promises.SEE).select_related(*promises.RELATED)
        rows = rows.filter(_his_or_nobodys(person), state__in=OWED).order_by("due_at")
        return [_promise(row) for row in rows[:AT_MOST]]

    def finished(self, person: Any, since: datetime) -> Iterable[Todo]:
        rows = Promise.objects.visible_to(person, promises.SEE).select_related(*promises.RELATED)
        return [_promise(row) for row in rows.filter(ended_by=person.pk, ended_at__gte=since)[:AT_MOST]]

    def one(self, person: Any, key: str) -> Todo:
        return _promise(promises.access_promise(person, aside.uuid_of(key)))

    def ring(self, person: Any, key: str) -> Todo:
        return _promise(promises.ring(person, promises.access_promise(person, aside.uuid_of(key))))

    def finish(self, person: Any, key: str, version: int, result: str, note: str) -> Todo:
        row = promises.access_promise(person, aside.uuid_of(key))
        row = promises.change(person, row, version, promises.Wish(_EVENTS[result], note))
        if result == "again":
            aside.put(person, "promise", key, timezone.now() + AGAIN, "again")
        return _promise(row)

    def reopen(self, person: Any, key: str) -> Todo:
        row = promises.access_promise(person, aside.uuid_of(key))
        if row.state in OWED:
            return _promise(row)
        return _promise(promises.change(person, row, row.version, promises.Wish("reopen")))


def _task(row: Task) -> Todo:
    customer = (row.customer.pk, row.customer.name) if row.customer is not None else None
    again = ("again",) if row.number else ()
    return Todo("task", str(row.pk), row.store_id, {"zh": row.title, "en": row.title}, row.due_at, row.text,
                row.number, _whose(row.owner), customer, "", f"/tasks?task={row.pk}", row.version,
                ("done", *again, "dropped"), row.ended_at, "" if row.state == TaskState.OPEN else row.state,
                row.purpose)


class Tasks:
    """A task without an owner is the store's."""

    def waiting(self, person: Any) -> Iterable[Todo]:
        rows = Task.objects.visible_to(person, promises.SEE).select_related(*tasks.RELATED)
        rows = rows.filter(_his_or_nobodys(person), state=TaskState.OPEN).order_by("due_at")
        return [_task(row) for row in rows[:AT_MOST]]

    def finished(self, person: Any, since: datetime) -> Iterable[Todo]:
        rows = Task.objects.visible_to(person, promises.SEE).select_related(*tasks.RELATED)
        return [_task(row) for row in rows.filter(ended_by=person.pk, ended_at__gte=since)[:AT_MOST]]

    def one(self, person: Any, key: str) -> Todo:
        return _task(tasks.access_task(person, aside.uuid_of(key)))

    def ring(self, person: Any, key: str) -> Todo:
        return _task(tasks.ring(person, tasks.access_task(person, aside.uuid_of(key))))

    def finish(self, person: Any, key: str, version: int, result: str, note: str) -> Todo:
        row = tasks.access_task(person, aside.uuid_of(key))
        row = tasks.change(person, row, version, tasks.Wish(result, note))
        if result == "again":
            aside.put(person, "task", key, timezone.now() + AGAIN, "again")
        return _task(row)

    def reopen(self, person: Any, key: str) -> Todo:
        row = tasks.access_task(person, aside.uuid_of(key))
        return _task(row if row.state == TaskState.OPEN else tasks.change(person, row, None, tasks.Wish("reopen")))
