"""Every minute: leads that were rung meanwhile, and leads that nobody sees to."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dealerline.apps.calls import facade as calls
from dealerline.apps.customers import facade as customers
from dealerline.apps.history import facade as history
from dealerline.apps.leads.logic import choices, telling
from dealerline.apps.leads.logic.work import KEPT, end_handover, finish, reacted, write_event
from dealerline.apps.leads.models import Lead, related
from dealerline.domain.leads.clock import Facts, neglected
from dealerline.domain.leads.moves import Actor, Move, State, after

REASONS = {"no_reaction": ("超时未响应", "no reaction in time"), "overdue": ("下一步逾期", "its next step is overdue"),
           "silent": ("长期没有跟进", "nothing happened for long")}


def hear_calls(now: datetime) -> int:
    """A talk with the customer since somebody got his lead is a reaction, written or not. How many were heard."""
    heard = 0
    for lead in Lead.objects.filter(state=State.WAITING).values_list("pk", flat=True):
        with transaction.atomic():
            row = (Lead.objects.select_for_update(of=("self",), skip_locked=True).select_related(*related())
                   .filter(pk=lead, state=State.WAITING).first())
            heard += row is not None and _heard(row, now)
    return heard


def _heard(row: Lead, now: datetime) -> bool:
    for number in customers.numbers_of(row.customer_id):
        call = calls.spoken_since(row.store_id, number, row.handed_at)
        brief = next(iter(calls.briefs([call])), None) if call is not None else None
        if brief is None or brief.answered_at is None or brief.id == row.call:
            continue  # the call it came from is no reaction to it
        before = history.snapshot(row, KEPT)
        reacted(row, min(brief.answered_at, now))
        row.state = after(State(row.state), Move.REACT, Actor.RULE)
        write_event(row, "call", None, at=brief.answered_at, call=brief.id, data={"reached": True})
        finish(row, before, None, "rule")
        return True
    return False


def pool_neglected(now: datetime) -> int:
    """Into the pool; who had it and the store's leads are told. How many."""
    rules, pooled = choices.clock_rules(), 0
    told: dict[int, list[str]] = {}
    for lead in Lead.objects.filter(state__in=[State.WAITING, State.ACTIVE]).values_list(
            "pk", "state", "reaction_due", "next_at", "last_at"):
        if not _why(lead[1:], rules, now):
            continue
        with transaction.atomic():
            row = (Lead.objects.select_for_update(of=("self",), skip_locked=True).select_related(*related())
                   .filter(pk=lead[0]).first())
            why = _why((row.state, row.reaction_due, row.next_at, row.last_at), rules, now) if row else None
            if row is None or why is None:
                continue
            _pool(row, why, now)
            told.setdefault(row.store_id, []).append(row.customer.name)
            pooled += 1
    for store, names in told.items():
        few = "、".join(names[:3])
        telling.tell(telling.leads_of(store), f"{len(names)} 条线索进入公海：{few}",
                     f"{len(names)} leads went to the pool: {', '.join(names[:3])}", "warning")
    return pooled


def _why(found: tuple[str, datetime | None, datetime | None, datetime], rules: object, now: datetime) -> str | None:
    state, due, step, last = found
    facts = Facts(State(state), due.timestamp() if due else None, step.timestamp() if step else None, last.timestamp())
    return neglected(facts, rules, now.timestamp())  # type: ignore[arg-type]


def _pool(row: Lead, why: str, now: datetime) -> None:
    before, owner = history.snapshot(row, KEPT), row.owner
    end_handover(row, now)
    row.state = after(State(row.state), Move.NEGLECT, Actor.RULE)
    row.owner, row.pooled_at, row.pool_reason, row.reaction_due = None, now, str(why), None
    row.helpers.clear()
    write_event(row, "pool", None, data={"why": str(why), "from": owner.name if owner is not None else ""})
    finish(row, before, None, "rule")
    if owner is not None:
        zh, en = REASONS[str(why)]
        telling.tell([owner.pk], f"{row.customer.name} 的线索{zh}，已进入公海。",
                     f"The lead of {row.customer.name} went to the pool: {en}.", "warning")
