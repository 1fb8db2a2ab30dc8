"""What one person has to do, from every app, as one list: each app registers its own kind of work.

An app calls ``register`` in its ``AppConfig.ready`` with an object of the shape ``Source``. The app stays the owner of
its rows: the list only shows them, and hands on what is done to them. A source scopes itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from dealerline.apps.common.access import Viewer
from dealerline.apps.common.errors import NotFound
from dealerline.apps.common.ringing import SERVICE, Wish
from dealerline.apps.common.timeline import Words

AT_MOST = 200
"""So many of one kind, the most urgent: nobody looks at more."""


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do. ``number``: whole, masked by role where it is drawn; ``owner``: None while it is nobody's.

    ``results``: what can be told of it when it is finished; the page has words for each (``todoResult``).
    ``purpose``: what its number is rung for; ``asked``: the customer asked to be rung.
    """

    kind: str
    id: str
    store: int
    title: Words
    due: datetime
    text: str = ""
    number: str = ""
    owner: int | None = None
    customer: tuple[int, str] | None = None
    car: str = ""
    link: str = ""
    version: int = 1
    results: tuple[str, ...] = ()
    done_at: datetime | None = None
    result: str = ""
    purpose: str = SERVICE
    asked: bool = False

    @property
    def wish(self) -> Wish:
        """To ring its number."""
        return Wish(self.number, self.purpose, self.customer[0] if self.customer else None, self.asked)


class Source(Protocol):
    """One kind of work. ``person`` is the signed-in person; whoever may not see a row is told NotFound."""

    def waiting(self, person: Viewer) -> Iterable[Todo]:
        """What is open and his, and what is open and nobody's in his stores; at most AT_MOST, by due."""
        ...

    def finished(self, person: Viewer, since: datetime) -> Iterable[Todo]:
        """What he himself finished since then."""
        ...

    def one(self, person: Viewer, key: str) -> Todo: ...

    def ring(self, person: Any, key: str) -> Todo:
        """Make it his and dial its number at his desk."""
        ...

    def finish(self, person: Any, key: str, version: int, result: str, note: str) -> Todo:
        """With a result of its ``results``. Raises Problem ``stale`` when somebody was quicker."""
        ...

    def reopen(self, person: Any, key: str) -> Todo:
        """Take the end back."""
        ...


_sources: dict[str, tuple[Words, Source]] = {}


def register(kind: str, words: Words, source: Source) -> None:
    """One kind of work, its name and where it comes from. Registering again replaces."""
    _sources[kind] = (words, source)


def kinds() -> dict[str, Words]:
    """The kinds there are, with their names."""
    return {kind: words for kind, (words, _) in _sources.items()}


def source_of(kind: str) -> Source:
    """Raises NotFound for a kind that nobody registered."""
    if kind not in _sources:
        raise NotFound
    return _sources[kind][1]


def waiting(person: Viewer) -> list[Todo]:
    """Everything open that is his, or nobody's; what is due first first."""
    found = [todo for _, source in _sources.values() for todo in source.waiting(person)]
    return sorted(found, key=lambda todo: (todo.due, todo.kind, todo.id))


def finished(person: Viewer, since: datetime) -> list[Todo]:
    """What he finished since then, the newest first."""
    found = [todo for _, source in _sources.values() for todo in source.finished(person, since)]
    return sorted(found, key=lambda todo: todo.done_at or since, reverse=True)
