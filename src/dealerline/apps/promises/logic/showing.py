"""What other pages show of promises: the customer's timeline, and the pop's warnings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from django.utils import timezone

from dealerline.apps.common.access import Viewer
from dealerline.apps.common.timeline import Entry
from dealerline.apps.common.warnings import Warned
from dealerline.apps.promises.logic.promises import RELATED, SEE, is_late, title
from dealerline.apps.promises.models import OWED, Promise, PromiseState, What

ENDS = {PromiseState.KEPT: ("兑现承诺", "Promise kept", "good"),
        PromiseState.BROKEN: ("未兑现承诺", "Promise broken", "lost"),
        PromiseState.RELEASED: ("承诺已解除", "Promise released", "")}

WARNED = ("customer_id", "what", "text", "state", "due_at", "owner__name")


def _clock(at: datetime) -> str:
    return timezone.localtime(at).strftime("%m-%d %H:%M")


def link(row: Promise) -> str:
    """Where it can be heard, else where it stands."""
    if row.call_id is not None:
        return f"/calls/{row.call_id}" + (f"?at={round(row.second)}" if row.second is not None else "")
    return f"/tasks?view=promises&promise={row.pk}"


def entries(viewer: Viewer, customers: Sequence[int], before: datetime | None, limit: int) -> list[Entry]:
    """Each promise when it was made, and when it ended; newest first."""
    rows = Promise.objects.visible_to(viewer, SEE).select_related(*RELATED).filter(customer__in=customers)
    made = rows.filter(made_at__lt=before) if before is not None else rows
    over = rows.filter(ended_at__isnull=False)
    over = over.filter(ended_at__lt=before) if before is not None else over
    found = [*map(_made, made.order_by("-made_at")[:limit]), *map(_over, over.order_by("-ended_at")[:limit])]
    return list(islice(sorted(found, key=lambda entry: entry.at, reverse=True), limit))


def _made(row: Promise) -> Entry:
    words, due = title(row), _clock(row.first_due_at)
    return Entry(row.made_at, "promise", str(row.pk), row.store_id,
                 {"zh": f"承诺 {due} 前：{words['zh']}", "en": f"Promised by {due}: {words['en']}"},
                 row.text if row.what != What.OTHER else "", row.made_by.name if row.made_by else "", link(row),
                 "lost" if is_late(row) else "")


def _over(row: Promise) -> Entry:
    zh, en, tone = ENDS[PromiseState(row.state)]
    words, at = title(row), row.ended_at or row.made_at
    late = row.state == PromiseState.KEPT and at > row.first_due_at
    return Entry(at, "promise", str(row.pk), row.store_id,
                 {"zh": f"{zh}{'（晚）' if late else ''}：{words['zh']}",
                  "en": f"{en}{', late' if late else ''}: {words['en']}"},
                 row.note, row.ended_by.name if row.ended_by else "", link(row), "warn" if late else tone)


def warned(viewer: Viewer, customers: Sequence[int]) -> list[Warned]:
    """What is still owed to these customers. It stands in the pop, so that nothing is read which is not shown."""
    rows = Promise.objects.visible_to(viewer, SEE).select_related("owner").filter(
        customer__in=customers, state__in=OWED).order_by("due_at").only(*WARNED)
    found = []
    for row in rows[:20]:
        words, due, owner = title(row), _clock(row.due_at), row.owner.name if row.owner else ""
        late = is_late(row)
        found.append(Warned(row.customer_id or 0, {
            "zh": f"{owner}承诺 {due} 前{'（已超时）' if late else ''}：{words['zh']}",
            "en": f"{owner} promised by {due}{' (late)' if late else ''}: {words['en']}"},
            row.due_at, "lost" if late else "warn", f"/tasks?view=promises&promise={row.pk}"))
    return found
