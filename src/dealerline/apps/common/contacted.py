"""How often a customer was contacted with advertising: each app that contacts people registers what it did.

A source gives rows of (channel, moment) of what really went out to him since then, unordered; all of them are asked in
one statement. What serves him (a call-back, a message about his car) is no advertising and is in none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, Value

Source = Callable[[int, datetime], Any]
"""Customer's id, since when -> a queryset made by ``rows``."""

_sources: dict[str, Source] = {}


def register(app: str, source: Source) -> None:
    """An app's contacts. Registering again replaces."""
    _sources[app] = source


def rows(found: Any, channel: str, moment: str) -> Any:
    """A queryset as a source gives it: ``moment`` names the column of its time."""
    said = found.order_by().annotate(by_channel=Value(channel, CharField()), contacted_at=F(moment))
    return said.values_list("by_channel", "contacted_at")


def of_customer(customer: int, since: datetime) -> list[tuple[str, datetime]]:
    """What went out to him since then: channel and moment."""
    first, *others = [source(customer, since) for source in _sources.values()] or [None]
    if first is None:
        return []
    return list(first.union(*others, all=True) if others else first)
