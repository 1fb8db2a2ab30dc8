"""A customer's leads told whole, and his traces in them erased: what was tried and won or lost stays, for reports."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import transaction

from dealerline.apps.common.personal import Words, without_texts
from dealerline.apps.leads.models import Lead, LeadEvent, LeadPhoto, LeadState

WORDS: dict[str, Words] = {"leads": {"zh": "销售线索", "en": "Leads"},
                           "lead_events": {"zh": "跟进记录", "en": "Follow-up"},
                           "lead_photos": {"zh": "线索照片", "en": "Photos"},
                           "lead_words": {"zh": "线索里的文字", "en": "Words about leads"}}
ENDED = (LeadState.WON, LeadState.LOST)


def holds(customer: int) -> Iterator[Words]:
    """A lead that somebody still works on."""
    if Lead.objects.filter(customer_id=customer).exclude(state__in=ENDED).exists():
        yield {"zh": "他还有进行中的销售线索，请先结束。", "en": "A lead of his is open: end it first."}


def export(customer: int) -> dict[str, Any]:
    """His leads, what happened in them, and which photos there are."""
    leads = Lead.objects.filter(customer_id=customer).order_by("created_at")
    events = LeadEvent.objects.filter(lead__in=leads).order_by("at")
    return {
        "leads": [{"id": row.pk, "since": row.created_at, "origin": row.origin, "origin_note": row.origin_note,
                   "model": row.model, "need": row.need, "budget_from": row.budget_from, "budget_to": row.budget_to,
                   "intention": row.intention, "state": row.state, "next_step": row.next_step, "rung_for": row.purpose,
                   "lost_note": row.lost_note, "closed_at": row.closed_at} for row in leads],
        "lead_events": [{"lead": row.lead_id, "at": row.at, "kind": row.kind, "text": row.text, "data": row.data,
                         "place": row.place, "latitude": row.latitude, "longitude": row.longitude} for row in events],
        "lead_photos": [{"lead": row.lead_id, "at": row.at, "bytes": row.size}
                        for row in LeadPhoto.objects.filter(lead__in=leads).order_by("at")]}


def erase(customer: int) -> dict[str, int]:
    """Words, places and photos; kinds, times, numbers and outcomes stay."""
    leads = list(Lead.objects.filter(customer_id=customer).values_list("pk", flat=True))
    events, photos = LeadEvent.objects.filter(lead__in=leads), LeadPhoto.objects.filter(lead__in=leads)
    files = [settings.DEALERLINE.photos / path for path in photos.values_list("path", flat=True)]
    counts = {"lead_words": len(leads) + events.count(), "lead_photos": photos.count()}
    photos.delete()
    for event in events.exclude(data={}):
        LeadEvent.objects.filter(pk=event.pk).update(data=without_texts(event.data))
    events.update(text="", place="", latitude=None, longitude=None)
    Lead.objects.filter(pk__in=leads).update(origin_note="", need="", next_step="", lost_note="")

    def remove() -> None:
        for file in files:
            with contextlib.suppress(OSError):
                file.unlink()

    transaction.on_commit(remove)
    return counts
