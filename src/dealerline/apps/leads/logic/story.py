"""What happened to a customer's leads, for the list of everything that happened with him."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from dealerline.apps.common.access import Viewer
from dealerline.apps.common.timeline import Entry
from dealerline.apps.leads.models import EventKind, LeadEvent

WORDS: dict[str, tuple[str, str]] = {
    "created": ("新线索", "New lead"), "note": ("线索备注", "Note on a lead"),
    "call": ("线索通话", "Call about a lead"),
    "visit": ("到店或拜访", "Visit"), "drive": ("试驾", "Test drive"), "quote": ("报价", "Quote"),
    "discount": ("申请优惠", "Discount asked for"), "answer": ("批复", "Answer"), "stage": ("阶段变化", "Stage"),
    "handover": ("线索转接", "Lead handed over"), "claim": ("领取线索", "Lead claimed"),
    "pool": ("线索进入公海", "Lead to the pool"), "ask": ("申请接手", "Asked to have the lead"),
    "join": ("加入跟进", "Joined the lead")}
TONES = {"pool": "lost", "discount": "warn", "ask": "warn"}


def entries(viewer: Viewer, customers: Sequence[int], before: datetime | None, limit: int) -> Iterator[Entry]:
    """Newest first; changed fields are the history's to tell."""
    rows = LeadEvent.objects.visible_to(viewer, "leads.view").filter(lead__customer__in=customers)
    rows = rows.exclude(kind=EventKind.EDIT).select_related("lead", "by").order_by("-at", "-id")
    if before is not None:
        rows = rows.filter(at__lt=before)
    for row in rows[:limit]:
        zh, en = WORDS.get(row.kind, (row.kind, row.kind))
        text, tone = row.text, TONES.get(row.kind, "")
        if row.kind == EventKind.STAGE:
            to = row.data.get("to", {})
            zh, en = f"线索：{to.get('zh', '')}", f"Lead: {to.get('en', '')}"
            tone = {"won": "good", "lost": "lost"}.get(row.data.get("kind", ""), "")
        yield Entry(at=row.at, kind="lead", object_id=str(row.lead_id), store=row.lead.store_id,
                    title={"zh": zh, "en": en}, text=text, by=row.by.name if row.by is not None else "",
                    link=f"/leads/{row.lead_id}", tone=tone)
