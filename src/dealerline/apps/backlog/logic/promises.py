"""Promised call-backs: which are open, and how well they were kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from dealerline.apps.accounts.facade import Person, sees_numbers
from dealerline.apps.backlog.models import Callback, CallbackState
from dealerline.apps.calls.facade import queue_names
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.common.live import ask_switch
from dealerline.domain import numbers

SEE, HANDLE = "messages.view", "messages.handle"


def search(person: Person, *, state: str, store: int | None, since: datetime) -> QuerySet[Callback]:
    """Those promised since then, and whatever is still open; the newest first."""
    rows = Callback.objects.visible_to(person, SEE).select_related("call__customer")
    rows = rows.filter(Q(promised_at__gte=since) | Q(state=CallbackState.OPEN))
    if store:
        rows = rows.filter(store=store)
    return (rows.filter(state=state) if state else rows).order_by("-promised_at")


def summary(rows: QuerySet[Callback], now: datetime) -> dict[str, Any]:
    """``in_time`` and ``late``: kept; ``overdue``: open although he was told that he would be rung by now."""
    kept = Q(state=CallbackState.KEPT)
    found = rows.order_by().aggregate(
        promised=Count("pk"), in_time=Count("pk", kept & Q(late_seconds__lte=0)),
        late=Count("pk", kept & Q(late_seconds__gt=0)), unreached=Count("pk", Q(state=CallbackState.UNREACHED)),
        cancelled=Count("pk", Q(state=CallbackState.CANCELLED)), open=Count("pk", Q(state=CallbackState.OPEN)),
        overdue=Count("pk", Q(state=CallbackState.OPEN, due_at__lt=now)))
    settled = found["in_time"] + found["late"] + found["unreached"]
    return {**found, "kept_share": round(found["in_time"] / settled, 4) if settled else None}


def draw_many(person: Person, rows: list[Callback]) -> list[dict[str, Any]]:
    """As the pages see them, numbers masked by role."""
    queues = queue_names({row.queue for row in rows})
    return [{
        "id": row.pk, "call": row.call_id, "store": row.store_id, "queue_name": queues.get(row.queue),
        "number": row.number if sees_numbers(person, row.store_id) else numbers.masked(row.number),
        "customer": {"id": row.call.customer.pk, "name": row.call.customer.name} if row.call.customer else None,
        "promised_at": row.promised_at, "due_at": row.due_at, "tries": row.tries, "last_result": row.last_result,
        "state": row.state, "how": row.how, "late_seconds": row.late_seconds, "ended_at": row.ended_at}
        for row in rows]


def cancel(person: Person, callback: UUID) -> Callback:
    """Take a promise back; its customer is not rung. The switch says it as a fact, and the row follows."""
    row = Callback.objects.visible_to(person, SEE).filter(pk=callback).first()
    if row is None:
        raise NotFound
    if not person.can(HANDLE, row.store_id):
        raise NotAllowed
    answer = ask_switch("callback_cancel", "POST", {"callback": str(row.pk), "person": person.pk}, timeout=2.0)
    if answer is None:
        raise Problem("switch_away", "话务服务暂时不可用，请稍后再试。", "The switch is away: try again in a moment.",
                      status=503)
    if not answer.get("cancelled"):
        raise Problem("not_open", "这个回电已经结束了。", "This call-back is over already.", status=409)
    return row
