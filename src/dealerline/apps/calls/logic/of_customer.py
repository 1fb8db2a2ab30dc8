"""The calls of a customer, for his timeline: those that are known as his, and those of his numbers that nobody was
found for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from heapq import nlargest
from typing import Any

from django.utils import translation

from dealerline.apps.calls.models import Call, Outcome
from dealerline.apps.common import contacted
from dealerline.apps.common.access import Viewer
from dealerline.apps.common.timeline import Entry
from dealerline.apps.customers.facade import numbers_of
from dealerline.domain.contact import COUNTED, PURPOSES

TONES = {"answered": "good", "abandoned": "lost"}


def entries(viewer: Viewer, customers: Sequence[int], before: datetime | None, limit: int) -> list[Entry]:
    """The newest first; each customer's by his index, however many he has."""
    rows = Call.objects.visible_to(viewer, "calls.view").filter(arrived_at__isnull=False)
    if before is not None:
        rows = rows.filter(arrived_at__lt=before)
    rows = rows.select_related("line", "agent").order_by("-arrived_at")
    found: dict[str, Entry] = {}
    for customer in customers:
        lists = [rows.filter(customer=customer)[:limit]]
        lists += [rows.filter(customer_number=number, customer__isnull=True)[:limit] for number in numbers_of(customer)]
        found |= {str(call.pk): _entry(call) for calls in lists for call in calls}
    return nlargest(limit, found.values(), key=lambda entry: entry.at)


def advertising(customer: int, since: datetime) -> Any:
    """Calls of ours to him with advertising, answered or not; one that a fault cut off did not reach him."""
    found = Call.objects.filter(customer=customer, direction="out", purpose=COUNTED, arrived_at__gte=since)
    return contacted.rows(found.exclude(outcome=Outcome.FAILED), "call", "arrived_at")


def _entry(call: Call) -> Entry:
    words = {}
    for key, language in (("zh", "zh-hans"), ("en", "en")):
        with translation.override(language):
            words[key] = str(Outcome(call.outcome).label)
    incoming = call.direction == "in"
    line = call.line.text if call.line else {"zh": "", "en": ""}
    title = {"zh": ("来电" if incoming else "去电") + f"：{words['zh']}" + (f"（{line['zh']}）" if line["zh"] else ""),
             "en": ("Call in" if incoming else "Call out") + f": {words['en']}" + (
                 f" ({line['en']})" if line["en"] else "")}
    if call.purpose not in ("", "service"):  # he was rung for something that he did not need
        title = {key: f"{words} · {PURPOSES[call.purpose][key]}" for key, words in title.items()}
    assert call.arrived_at is not None
    minutes, seconds = divmod(round(call.talk_seconds), 60)
    return Entry(call.arrived_at, "call", str(call.pk), call.store_id, title,
                 f"{minutes}:{seconds:02d}" if call.talk_seconds else "", call.agent.name if call.agent else "",
                 f"/calls/{call.pk}", TONES.get(call.outcome, ""))
