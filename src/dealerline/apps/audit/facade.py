"""What other apps may use of the audit log."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from dealerline.apps.audit.models import AuditEntry

__all__ = ["count", "look", "record"]

ONE_LOOK = timedelta(minutes=15)
"""A page reads again whatever changes on it: within so long that is one look."""


def _address(request: HttpRequest | None) -> str | None:
    if request is None:
        return None
    text = request.headers.get("X-Real-IP") or str(request.META.get("REMOTE_ADDR", ""))
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def record(request: HttpRequest | None, action: str, *, person: Any = None, username: str = "", object_type: str = "",
           object_id: Any = "", store: int | None = None, detail: dict[str, Any] | None = None,
           at: datetime | None = None) -> None:
    """Write one entry. ``person`` defaults to the request's, ``at`` to now; ``detail`` holds no customer's data."""
    if person is None and request is not None and request.user.is_authenticated:
        person = request.user
    AuditEntry.objects.create(
        at=at or timezone.now(), person_id=getattr(person, "pk", None),
        username=(username or getattr(person, "username", ""))[:60], action=action,
        object_type=object_type, object_id=str(object_id)[:64], store_id=store, address=_address(request),
        detail=detail or {})


def look(request: HttpRequest, object_type: str, object_id: Any, store: int) -> None:
    """That he opened it."""
    seen = AuditEntry.objects.filter(object_type=object_type, object_id=str(object_id), action="look",
                                     person=request.user.pk, at__gte=timezone.now() - ONE_LOOK)
    if not seen.exists():
        record(request, "look", object_type=object_type, object_id=object_id, store=store)


def count(person: Any, action: str, since: datetime) -> int:
    """How often he did that since then."""
    return AuditEntry.objects.filter(person=person.pk, action=action, at__gte=since).count()
