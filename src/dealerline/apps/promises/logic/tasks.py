"""Tasks: made for oneself, given by leads to a person or a store, done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dealerline.apps.accounts.facade import Person, sees_numbers, who_may
from dealerline.apps.common.desks import dial, notice
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.common.ringing import SERVICE
from dealerline.apps.common.ringing import Wish as Ring
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.customers import facade as customers
from dealerline.apps.history import facade as history
from dealerline.apps.promises.logic.promises import (
    EDIT,
    REPORT,
    SEE,
    ahead,
    chosen_owner,
    invalid,
    may_edit,
    plain,
)
from dealerline.apps.promises.models import Task, TaskState
from dealerline.domain import numbers

RELATED = ("customer", "made_by", "owner", "ended_by")
FIELDS = ("title", "text", "customer_id", "owner_id", "due_at", "state", "ended_at", "note", "tries",
          "purpose")


def access_task(person: Person, task: UUID | str) -> Task:
    """The task, if it is of one of his stores. Raises NotFound."""
    row = Task.objects.visible_to(person, SEE).select_related(*RELATED).filter(pk=task).first()
    if row is None:
        raise NotFound
    return row


def search(person: Person, *, state: str, given: bool, store: int | None) -> QuerySet[Task]:
    """``given``: those that he gave to others."""
    rows = Task.objects.visible_to(person, SEE).select_related(*RELATED)
    if given:
        rows = rows.filter(made_by=person).exclude(owner=person)
    if store:
        rows = rows.filter(store=store)
    if state:
        rows = rows.filter(state=state)
    return rows.order_by("due_at", "pk") if state == TaskState.OPEN else rows.order_by("-made_at")


def draw(person: Person, row: Task) -> dict[str, Any]:
    """A task as the pages see it, the number masked by role."""
    def who(one: Any) -> dict[str, Any] | None:
        return {"id": one.pk, "name": one.name} if one is not None else None

    return {
        "id": row.pk, "store": row.store_id, "title": row.title, "text": row.text, "customer": who(row.customer),
        "number": row.number if sees_numbers(person, row.store_id) else numbers.masked(row.number),
        "made_by": who(row.made_by), "made_at": row.made_at, "owner": who(row.owner), "due_at": row.due_at,
        "state": row.state, "late": row.state == TaskState.OPEN and row.due_at < timezone.now(), "tries": row.tries,
        "purpose": row.purpose,
        "ended_at": row.ended_at, "ended_by": who(row.ended_by), "note": row.note, "version": row.version}


@dataclass(frozen=True, slots=True)
class New:
    """What a page tells of a task. ``owner``: 0 for whoever of the store takes it; ``purpose``: of ringing him."""

    id: UUID
    title: str
    text: str
    due_at: datetime
    owner: int
    store: int
    customer: int | None
    purpose: str = SERVICE


def make(person: Person, new: New) -> tuple[Task, bool]:
    """The task, and whether it is new: told twice it is there once. For others only by leads."""
    if Task.objects.filter(pk=new.id).exists():
        return access_task(person, new.id), False
    may_edit(person, new.store)
    if new.owner != person.pk and not person.can(REPORT, new.store):
        raise NotAllowed
    if not new.title.strip():
        raise invalid(title=("请写明要做什么。", "Say what is to be done."))
    customer = customers.access_customer(person, new.customer) if new.customer else None
    owner = chosen_owner(new.owner, new.store) if new.owner else None
    values = {
        "store_id": new.store, "title": new.title.strip(), "text": new.text.strip(), "customer": customer,
        "number": customers.main_number(customer.pk) if customer is not None else "", "made_by": person,
        "owner": owner, "due_at": ahead(new.due_at, timezone.now()), "purpose": new.purpose}
    with transaction.atomic():
        if customer is not None:
            customers.need_open(customer.pk, hold=True)
        row, made = Task.objects.get_or_create(pk=new.id, defaults=values)
        if made:
            history.record_new(row, FIELDS, by=person, customer=row.customer_id, store=row.store_id)
            _told(row, person)
            if row.owner_id != person.pk:
                people = [row.owner_id] if row.owner_id else [p for p in who_may(EDIT, row.store_id) if p != person.pk]
                notice(people, _from(person, row))
    return access_task(person, row.pk), made


def _is_anybodys(row: Task) -> bool:
    """Nobody has it, or somebody who can no longer sign in."""
    return row.owner is None or not row.owner.is_active


def _from(person: Person, row: Task) -> dict[str, str]:
    return {"zh": f"{person.name} 布置了任务：{row.title}", "en": f"Task from {person.name}: {row.title}"}


def _told(row: Task, by: Person) -> None:
    tell_changed("task", row.pk, store=row.store_id, customer=row.customer_id, by=by.pk)


@dataclass(frozen=True, slots=True)
class Wish:
    """What to do: done, dropped, again (not reached), reopen, take, or ""; and what else to change."""

    do: str = ""
    note: str = ""
    due_at: datetime | None = None
    owner: int | None = None
    title: str | None = None
    text: str | None = None
    purpose: str | None = None


def change(person: Person, task: Task, version: int | None, wish: Wish) -> Task:
    """Raises Problem: ``stale`` (409) with the row as it is now. ``version`` None: whatever it is now."""
    now = timezone.now()
    with transaction.atomic():
        row = Task.objects.locked(task.pk, *RELATED)
        may_edit(person, row.store_id)
        if version is not None and row.version != version:
            raise Problem("stale", "别人刚刚处理了这个任务。", "Somebody dealt with this task just now.", status=409,
                          extra={"current": plain(draw(person, row))})
        if row.customer_id is not None:
            customers.need_open(row.customer_id)
        own = _is_anybodys(row) or person.pk in (row.owner_id, row.made_by_id)
        if not own and not person.can(REPORT, row.store_id):
            raise NotAllowed
        before = history.snapshot(row, FIELDS)
        _do(person, row, wish, now)
        _edit(person, row, wish, now)
        row.version += 1
        row.save()
        history.record(row, before, by=person, customer=row.customer_id, store=row.store_id)
        _told(row, person)
    return access_task(person, row.pk)


def _do(person: Person, row: Task, wish: Wish, now: datetime) -> None:
    if wish.do == "reopen":
        row.state, row.ended_at, row.ended_by = TaskState.OPEN, None, None
    elif wish.do and row.state != TaskState.OPEN:
        raise Problem("not_now", "这个任务已经结束了。", "This task is over already.", status=409)
    elif wish.do == "again":
        row.tries += 1
    elif wish.do == "take":
        row.owner = person
    elif wish.do:
        row.state, row.ended_at, row.ended_by = wish.do, now, person
        row.owner = person if _is_anybodys(row) else row.owner
    row.note = wish.note.strip() or row.note


def _edit(person: Person, row: Task, wish: Wish, now: datetime) -> None:
    if wish.due_at is not None:
        row.due_at, row.told_late = ahead(wish.due_at, now), False
    if wish.title is not None:
        if not wish.title.strip():
            raise invalid(title=("请写明要做什么。", "Say what is to be done."))
        row.title = wish.title.strip()
    if wish.text is not None:
        row.text = wish.text.strip()
    row.purpose = wish.purpose or row.purpose
    if wish.owner is not None and wish.owner != (row.owner_id or 0):
        if wish.owner != person.pk and not person.can(REPORT, row.store_id):
            raise NotAllowed
        row.owner = chosen_owner(wish.owner, row.store_id) if wish.owner else None
        if row.owner_id not in (None, person.pk):
            notice([row.owner_id or 0], _from(person, row))


def ring(person: Person, row: Task) -> Task:
    """Dial its customer at his desk. Raises Problem; then it is whose it was."""
    may_edit(person, row.store_id)
    if not _is_anybodys(row) and row.owner_id != person.pk and not person.can(REPORT, row.store_id):
        raise NotAllowed
    if not row.number:
        raise Problem("no_number", "这个任务没有可拨打的号码。", "There is no number to ring.")
    dial(person, Ring(row.number, row.purpose, row.customer_id))
    return change(person, row, None, Wish("take")) if _is_anybodys(row) and row.state == TaskState.OPEN else row
