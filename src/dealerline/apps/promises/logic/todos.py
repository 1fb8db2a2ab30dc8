"""One person's list of work: his own, what is nobody's, what he put aside, what he finished."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dealerline.apps.accounts.facade import Person, names, sees_numbers
from dealerline.apps.common import todo
from dealerline.apps.common.errors import Problem
from dealerline.apps.common.todo import Todo
from dealerline.apps.promises.logic import aside
from dealerline.apps.promises.models import Snooze
from dealerline.domain import numbers

FINISHED = timedelta(hours=24)


def draw(person: Person, one: Todo, put: Snooze | None = None, owners: dict[int, str] | None = None) -> dict[str, Any]:
    """An entry as the page sees it, the number masked by role."""
    names_of = names({one.owner}) if owners is None and one.owner else owners or {}
    return {
        "kind": one.kind, "kind_name": todo.kinds()[one.kind], "id": one.id, "store": one.store, "title": one.title,
        "text": one.text, "due_at": one.due, "late": one.done_at is None and one.due < timezone.now(),
        "number": one.number if sees_numbers(person, one.store) else numbers.masked(one.number),
        "owner": {"id": one.owner, "name": names_of.get(one.owner, "")} if one.owner else None,
        "customer": {"id": one.customer[0], "name": one.customer[1]} if one.customer else None, "car": one.car,
        "link": one.link, "version": one.version, "results": list(one.results), "done_at": one.done_at,
        "result": one.result, "until": put.until if put else None, "why": put.reason if put else "",
        "purpose": one.purpose}


def sorted_out(person: Person, now: datetime) -> tuple[list[Todo], list[Todo], list[tuple[Todo, Snooze]]]:
    """His own, nobody's, and what he put aside."""
    away = aside.of_person(person, now)
    own: list[Todo] = []
    free: list[Todo] = []
    put: list[tuple[Todo, Snooze]] = []
    for one in todo.waiting(person):
        snooze = away.get((one.kind, one.id))
        if snooze is not None:
            put.append((one, snooze))
        else:
            (free if one.owner is None else own).append(one)
    return own, free, put


def counts(own: list[Todo], free: list[Todo], put: list[Any], now: datetime) -> dict[str, int]:
    """``today``: his own that are due before the day is over, late ones too."""
    night = timezone.localtime(now).replace(hour=23, minute=59, second=59)
    return {"mine": len(own), "free": len(free), "aside": len(put), "today": sum(one.due <= night for one in own),
            "late": sum(one.due < now for one in own)}


def listed(person: Person, view: str, kind: str) -> dict[str, Any]:
    """``view``: mine, free, aside, done."""
    now = timezone.now()
    own, free, put = sorted_out(person, now)
    pairs: list[tuple[Todo, Snooze | None]] = [(one, None) for one in (free if view == "free" else own)]
    if view == "aside":
        pairs = [*put]
    elif view == "done":
        pairs = [(one, None) for one in todo.finished(person, now - FINISHED)]
    owners = names({one.owner for one, _ in pairs if one.owner})
    return {"counts": counts(own, free, put, now), "kinds": todo.kinds(),
            "items": [draw(person, one, snooze, owners) for one, snooze in pairs if not kind or one.kind == kind]}


def count(person: Person) -> dict[str, int]:
    """For the badge beside the page's name."""
    now = timezone.now()
    return counts(*sorted_out(person, now), now)


def finish(person: Person, kind: str, key: str, version: int, result: str, note: str) -> Todo:
    """Raises Problem for a result that this kind does not have."""
    source = todo.source_of(kind)
    if result not in source.one(person, key).results:
        raise Problem("invalid", "请检查标红的内容。", "Please check what is marked.",
                      fields={"result": {"zh": "没有这个结果。", "en": "There is no such result."}})
    found = source.finish(person, key, version, result, note)
    if found.done_at is not None:
        aside.take_back(person, kind, key)
    return found
