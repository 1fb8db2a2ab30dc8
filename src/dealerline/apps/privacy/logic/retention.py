"""How long kinds of data are kept: set, counted before it is set, and purged every night."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.audit.facade import record
from dealerline.apps.common.errors import NotFound, Problem
from dealerline.apps.common.personal import kept
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
            continue
        row.last_at, row.last_count = now, counts[row.kind]
        row.save(update_fields=["last_at", "last_count"])
    if any(counts.values()):
        record(None, "purge", object_type="retention", detail=counts)
    return counts
