"""What other apps may use of promises and tasks."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from dealerline.apps.promises.logic import aside
from dealerline.apps.promises.logic.sources import AGAIN

__all__ = ["remind_again"]


def remind_again(person: Any, kind: str, key: str) -> None:
    """Whoever was not reached is put aside in that person's list of work, and comes again in a quarter of an hour."""
    aside.put(person, kind, key, timezone.now() + AGAIN, "again")
