"""Everything that happened with a customer in one list: each app registers what it has.

An app calls ``register`` in its ``AppConfig.ready``. A source limits and scopes itself: it is handed the viewer and
returns at most ``limit`` entries, newest first, older than ``before``, of rows that the viewer may see.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
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


PAGE = 200

Source = Callable[[Viewer, Sequence[int], datetime | None, int], Iterable[Entry]]

_sources: dict[str, tuple[Words, Source]] = {}


def register(kind: str, words: Words, source: Source) -> None:
    """One kind of entry, its name and where it comes from. Registering again replaces."""
    _sources[kind] = (words, source)


def kinds() -> dict[str, Words]:
    """The kinds there are, with their names."""
    return {kind: words for kind, (words, _) in _sources.items()}


def of_customers(viewer: Viewer, customers: Sequence[int], wanted: Iterable[str] = (), before: datetime | None = None,
                 limit: int = 50, by: str = "") -> list[Entry]:
    """Newest first, at most ``limit``; ``wanted`` kinds, all when empty; of what ``by`` did alone, when given.

    Unknown kinds bring nothing.
    """
    names = [kind for kind in (list(wanted) or list(_sources)) if kind in _sources]
    lists = [_of_source(_sources[kind][1], viewer, customers, before, limit, by) for kind in names]
    merged = heapq.merge(*lists, key=lambda entry: entry.at, reverse=True)
    return list(islice(merged, limit))


def people(viewer: Viewer, customers: Sequence[int]) -> list[str]:
    """Who did anything of it: every name once, sorted. Reads all there is, so it is asked for only when needed."""
    pages = (page for _, source in _sources.values() for page in _pages(source, viewer, customers, None))
    return sorted({entry.by for page in pages for entry in page if entry.by})


def _of_source(source: Source, viewer: Viewer, customers: Sequence[int], before: datetime | None, limit: int,
               by: str) -> list[Entry]:
    if not by:
        return list(source(viewer, customers, before, limit))
    found: list[Entry] = []
    for page in _pages(source, viewer, customers, before):
        found += [entry for entry in page if entry.by == by]
        if len(found) >= limit:
            break
    return found[:limit]


def _pages(source: Source, viewer: Viewer, customers: Sequence[int], before: datetime | None) -> Iterator[list[Entry]]:
    """All of a source, newest first."""
    while True:
        page = list(source(viewer, customers, before, PAGE))
        yield page
        if len(page) < PAGE:
            return
        before = page[-1].at
