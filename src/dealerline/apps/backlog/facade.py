"""What other apps and the adapters may use of work left over."""

from __future__ import annotations

from typing import Any

from dealerline.apps.backlog.logic.feeding import adopt
from dealerline.apps.backlog.logic.rules import current
from dealerline.apps.backlog.models import Rating

__all__ = ["adopt", "asks_by_text", "directory_ratings", "directory_rules"]


def directory_rules() -> dict[str, Any]:
    """The group's rules that the switch follows."""
    found = current()
    return {name: getattr(found, name) for name in ("callback_tries", "callback_minutes", "callback_within")}


def directory_ratings() -> tuple[int, ...]:
    """The stores whose callers are asked for a mark."""
    return tuple(Rating.objects.filter(asks=True).order_by("store_id").values_list("store_id", flat=True))


def asks_by_text(store: int) -> int | None:
    """Whether that store's callers are asked for a mark by text message: not twice within so many days; None: not."""
    choice = Rating.objects.filter(store=store, texts=True).first()
    return choice.texts_days if choice is not None else None
