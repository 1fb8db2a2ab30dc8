"""What one has to know at once about a customer: each app registers what it warns of.

An app calls ``register`` in its ``AppConfig.ready``. A source scopes itself: it is handed the viewer and the customers,
and returns only what the viewer may see. Few entries: they stand in the pop, over everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dealerline.apps.common.access import Viewer
from dealerline.apps.common.timeline import Words

ORDER = ("lost", "warn", "good", "")
"""Tones, the worst first."""


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning. ``at``: the moment it is about; ``tone``: as in the timeline; ``link``: a page of ours."""

    customer: int
    text: Words
    at: datetime | None = None
    tone: str = "warn"
    link: str = ""


Source = Callable[[Viewer, Sequence[int]], Iterable[Warned]]

_sources: dict[str, Source] = {}


def register(kind: str, source: Source) -> None:
    """One kind of warning, and where it comes from. Registering again replaces."""
    _sources[kind] = source


def of_customers(viewer: Viewer, customers: Sequence[int]) -> list[dict[str, Any]]:
    """The worst first, then what is about the earliest moment: kind, customer, text, at, tone, link."""
    found = [(kind, warned) for kind, source in _sources.items() for warned in source(viewer, customers)]

    def rank(pair: tuple[str, Warned]) -> tuple[int, float]:
        tone, at = pair[1].tone, pair[1].at
        return ORDER.index(tone) if tone in ORDER else len(ORDER), at.timestamp() if at is not None else 0.0

    return [{"kind": kind, "customer": warned.customer, "text": warned.text, "at": warned.at, "tone": warned.tone,
             "link": warned.link} for kind, warned in sorted(found, key=rank)]
