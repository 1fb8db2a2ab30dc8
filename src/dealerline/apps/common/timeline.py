"""Everything that happened with a customer in one list: each app registers what it has.

An app calls ``register`` in its ``AppConfig.ready``. A source limits and scopes itself: it is handed the viewer and
returns at most ``limit`` entries, newest first, older than ``before``, of rows that the viewer may see.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from dealerline.apps.common.access import Viewer

Words = dict[str, str]
"""The same text as ``zh`` and ``en``."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened. ``link``: a page of ours; ``tone``: "", ``good``, ``warn`` or ``lost``."""

    at: datetime
    kind: str
    object_id: str
    store: int | None
    title: Words
    text: str = ""
    by: str = ""
    link: str = ""
    tone: str = ""


Source = Callable[[Viewer, Sequence[int], datetime | None, int], Iterable[Entry]]

_sources: dict[str, tuple[Words, Source]] = {}


def register(kind: str, words: Words, source: Source) -> None:
    """One kind of entry, its name and where it comes from. Registering again replaces."""
    _sources[kind] = (words, source)


def kinds() -> dict[str, Words]:
    """The kinds there are, with their names."""
    return {kind: words for kind, (words, _) in _sources.items()}


def of_customers(viewer: Viewer, customers: Sequence[int], wanted: Iterable[str] = (), before: datetime | None = None,
                 limit: int = 50) -> list[Entry]:
    """Newest first, at most ``limit``; ``wanted`` kinds, all when empty. Unknown kinds bring nothing."""
    names = [kind for kind in (list(wanted) or list(_sources)) if kind in _sources]
    lists = [list(_sources[kind][1](viewer, customers, before, limit)) for kind in names]
    merged = heapq.merge(*lists, key=lambda entry: entry.at, reverse=True)
    return list(islice(merged, limit))
