"""Promises keep themselves where a call shows it, remind their owners, and go upwards when they are late.

The rule of the file: a promise to ring back is kept by the first call of ours, whoever made it, in which somebody of
the store talked with that customer after it was made. That he rang himself keeps nothing: it is told in the pop, and
the agent says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from dealerline.apps.calls import facade as calls
from dealerline.apps.calls.facade import Brief
from dealerline.apps.common.desks import notice
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.history import facade as history
from dealerline.apps.promises.logic import promises, rules, telling
from dealerline.apps.promises.models import OWED, Promise, PromiseState, Task, TaskState, What
from dealerline.domain.facts import Fact
from dealerline.domain.promises import states, times
from dealerline.domain.promises.states import On

TOUCHED = ("talk.started", "call.ended")


def take_in(facts: Sequence[Fact]) -> None:
    """Facts that are new, their calls written already."""
    touched = {fact.call for fact in facts if fact.kind in TOUCHED and fact.call}
    for call in calls.briefs(touched) if touched else ():
        if call.direction == "out" and call.answered_at is not None and call.store is not None:
            _reached(call, call.answered_at)


def _reached(call: Brief, at: datetime) -> None:
    him = Q(pk__in=[])
    if call.number:
        him |= Q(number=call.number) | Q(customer__phones__e164=call.number)
    if call.customer:
        him |= Q(customer=call.customer)
    found = Promise.objects.filter(him, store=call.store, what=What.RING_BACK, state__in=OWED, made_at__lt=at)
    keys = set(found.exclude(call=call.id).values_list("pk", flat=True))
    for row in Promise.objects.select_for_update().filter(pk__in=keys, state__in=OWED):
        _apply(row, On.REACHED, at, by=call.agent, call=call)


def _apply(row: Promise, on: On, at: datetime, by: int | None = None, call: Brief | None = None) -> None:
    """An event that nobody asked for. The row is locked."""
    before = history.snapshot(row, promises.FIELDS)
    row.state = states.step(row.state, on)
    if row.state in states.ENDS:
        promises.end(row, on, at, call=call.id if call is not None else None)
        row.ended_by_id = by
    row.version += 1
    row.save()
    source = history.Source.CALL if call is not None else history.Source.RULE
    history.record(row, before, by=row.ended_by, source=source, customer=row.customer_id, store=row.store_id)
    promises.told(row, None)


# every minute -------------------------------------------------------------------------------------------------------
def watch(now: datetime) -> None:
    """Remind, go upwards, let lapse what nobody speaks of any more; tell customers, where the group wants it."""
    with transaction.atomic():
        _remind(_locked(state=PromiseState.OPEN, remind_at__lte=now), now)
        _step_up(_locked(state__in=OWED, due_at__lte=now, step__lt=3), now)
        for row in _locked(state__in=OWED, lapse_at__lte=now):
            _apply(row, On.LAPSE, now)
        telling.by_itself(now)
        _late_tasks(now)
        _know_customers(now)


def _locked(**wanted: Any) -> QuerySet[Promise]:
    rows = Promise.objects.select_for_update(of=("self",), skip_locked=True).filter(**wanted)
    return rows.select_related("customer", "owner")


def _remind(rows: QuerySet[Promise], now: datetime) -> None:
    for row in rows:
        _apply(row, On.REMIND, now)
        if row.due_at > now:  # else it is said at once that it is late
            _tell_owner(row, "到时间了", "is due", "info")


def _tell_owner(row: Promise, zh: str, en: str, kind: str) -> None:
    """Whoever has to keep it; the leads when he works here no more."""
    words, name = promises.title(row), row.customer.name if row.customer is not None else ""
    at = timezone.localtime(row.due_at).strftime("%H:%M")
    here = row.owner is not None and row.owner.is_active
    people = [row.owner_id or 0] if here else rules.above(row.store_id, rules.LEADS)
    notice(people, {"zh": f"{at} 的承诺{zh}：{name} {words['zh']}",
                    "en": f"Promise for {at} {en}: {name}, {words['en']}"}, kind)


def _step_up(rows: QuerySet[Promise], now: datetime) -> None:
    late: dict[tuple[int, str], int] = {}
    for row in rows:
        step = times.reached_step(rules.alarms_of(row), now.timestamp())
        if step <= row.step:
            continue
        if row.step < 1:
            _tell_owner(row, "已超时", "is late", "warning")
        for number, permission in ((2, rules.LEADS), (3, rules.MANAGERS)):
            if row.step < number <= step:
                late[row.store_id, permission] = late.get((row.store_id, permission), 0) + 1
        row.step = step
        row.save(update_fields=["step"])
        promises.told(row, None)
    for (store, permission), count in late.items():
        rules.tell_above(store, permission, count)


def _know_customers(now: datetime) -> None:
    """Who was nobody's customer yet when he was promised something, and became one in that call or after it."""
    known = Promise.objects.filter(pk=OuterRef("pk")).values("call__customer")[:1]
    unknown = Promise.objects.filter(customer=None, call__customer__isnull=False, made_at__gte=now - timedelta(days=2))
    unknown.update(customer=Subquery(known))


def _late_tasks(now: datetime) -> None:
    late = Task.objects.select_for_update(of=("self",), skip_locked=True).filter(
        state=TaskState.OPEN, due_at__lte=now, told_late=False)
    for row in late:
        row.told_late = True
        row.save(update_fields=["told_late"])
        notice([row.owner_id] if row.owner_id else rules.above(row.store_id, rules.LEADS),
               {"zh": f"任务已到时间：{row.title}", "en": f"A task is due: {row.title}"}, "warning")
        tell_changed("task", row.pk, store=row.store_id, customer=row.customer_id)
