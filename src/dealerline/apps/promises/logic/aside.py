"""Putting a thing to do aside for a while, with a reason. Only the person's own list changes: the clock goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from dealerline.apps.common.errors import NotFound
from dealerline.apps.promises.logic.promises import invalid
from dealerline.apps.promises.models import Snooze

LONGEST = timedelta(days=31)


def uuid_of(key: str) -> UUID:
    """Raises NotFound for what is no id at all."""
    try:
        return UUID(key)
    except ValueError:
        raise NotFound from None


def put(person: Any, kind: str, key: str, until: datetime, reason: str) -> Snooze:
    """Out of his sight until then. Raises Problem."""
    now = timezone.now()
    if not now < until <= now + LONGEST:
        raise invalid(until=("请选择今后一个月以内的时间。", "Choose a time ahead, within a month."))
    if not reason.strip():
        raise invalid(reason=("请写明原因。", "Say why."))
    row, _ = Snooze.objects.update_or_create(person=person, kind=kind, object_id=key, defaults={
        "until": until, "reason": reason.strip(), "at": now})
    return row


def take_back(person: Any, kind: str, key: str) -> None:
    """In his sight again."""
    Snooze.objects.filter(person=person, kind=kind, object_id=key).delete()


def of_person(person: Any, now: datetime) -> dict[tuple[str, str], Snooze]:
    """What he has put aside, by (kind, id)."""
    rows = Snooze.objects.filter(person=person.pk, until__gt=now)
    return {(row.kind, row.object_id): row for row in rows}
