"""What other apps and the adapters may use of work left over."""

from __future__ import annotations

from typing import Any

from dealerline.apps.backlog.logic.feeding import adopt
from dealerline.apps.backlog.logic.rules import current
from dealerline.apps.backlog.models import Rating

__all__ = ["adopt", "directory_ratings", "directory_rules"]


def directory_rules() -> dict[str, Any]:
    """The group's rules that the switch follows."""
    found = current()
    return {name: getattr(found, name) for name in ("callback_tries", "callback_minutes", "callback_within")}


def directory_ratings() -> tuple[int, ...]:
    """The stores whose callers are asked for a mark."""
    return tuple(Rating.objects.filter(asks=True).order_by("store_id").values_list("store_id", flat=True))
