"""How long kinds of data are kept: set, counted before it is set, and purged every night."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.audit.facade import record
from dealerline.apps.calls.facade import raise_alarm
from dealerline.apps.common.errors import NotFound, Problem
from dealerline.apps.common.personal import expiring, kept
from dealerline.apps.privacy.models import Retention

log = logging.getLogger(__name__)
SHORTEST, LONGEST = 30, 36_500


def draw() -> list[dict[str, Any]]:
    """Every kind with its days."""
    rows = {row.kind: row for row in Retention.objects.all()}
    return [{"kind": kind, "name": dict(one.words), "days": rows[kind].days if kind in rows else None,
             "last_at": rows[kind].last_at if kind in rows else None,
             "last_count": rows[kind].last_count if kind in rows else 0} for kind, one in kept().items()]


def _check(kind: str, days: int | None) -> None:
    if kind not in kept():
        raise NotFound
    if days is not None and not SHORTEST <= days <= LONGEST:
        text = {"zh": f"请填写 {SHORTEST} 到 {LONGEST} 天，或留空（不限）。",
                "en": f"Enter {SHORTEST} to {LONGEST} days, or nothing (without end)."}
        raise Problem("invalid", text["zh"], text["en"], fields={"days": text})


def preview(kind: str, days: int) -> int:
    """How many a run would purge now."""
    _check(kind, days)
    return kept()[kind].count(timezone.now() - timedelta(days=days))


def change(person: Person, kind: str, days: int | None) -> None:
    """Set the days; the next night keeps to it."""
    _check(kind, days)
    Retention.objects.update_or_create(kind=kind, defaults={"days": days, "by": person})


def _next_night(now: datetime) -> datetime:
    """When the night's jobs are through the next time."""
    night = timezone.localtime(now).replace(hour=3, minute=0, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)


def tonight(now: datetime) -> list[dict[str, Any]]:
    """What the next night would take out; nothing is changed."""
    night = _next_night(now)
    found = [(kind, kept()[kind].words, kept()[kind].count(night - timedelta(days=days)))
             for kind, days in Retention.objects.values_list("kind", "days") if kind in kept() and days is not None]
    found += [(kind, words, count(night)) for kind, (words, count) in expiring().items()]
    return [{"kind": kind, "name": dict(words), "count": count} for kind, words, count in found]


def purge(now: datetime) -> dict[str, int]:
    """Every night: what is kept longer than its days. Each kind by itself; one that fails does not stop the others."""
    counts = {}
    for row in Retention.objects.exclude(days=None):
        if row.kind not in kept() or row.days is None:
            continue
        try:
            counts[row.kind] = kept()[row.kind].purge(now - timedelta(days=row.days))
        except Exception:
            log.exception("retention of %s failed", row.kind)
            raise_alarm("privacy.not_purged", row.kind, {"kind": row.kind})
            continue
        row.last_at, row.last_count = now, counts[row.kind]
        row.save(update_fields=["last_at", "last_count"])
    if any(counts.values()):
        record(None, "purge", object_type="retention", detail=counts)
    return counts
