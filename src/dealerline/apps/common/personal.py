"""What is known of one person, wherever it lies: each app registers how its part is told and how it is erased.

An app calls ``register`` in its ``AppConfig.ready``. ``export`` gives everything it has of a customer, as plain values
for a file he is handed. ``erase`` takes out what tells who he is and keeps what statistics need; it runs in one
transaction with all others (and is rolled back for a preview, so files are removed by ``transaction.on_commit`` only).
``holds`` says what forbids erasing now, in words.

``register_kept`` is the same for kinds of data that are kept for a time only: how many are older than a time, and
taking what is personal out of them. ``register_expiring`` is for what says itself when its time is over, as recordings
do by the rule of their store: how many that will be by a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Words = Mapping[str, str]
"""The same text as ``zh`` and ``en``."""
Export = Callable[[int], dict[str, Any]]
"""Customer's id -> sections by their names: rows (a list of flat mappings) or one mapping."""
Erase = Callable[[int], dict[str, int]]
"""Customer's id -> what was taken out -> how many."""


@dataclass(frozen=True, slots=True)
class Holder:
    """One app's part. ``words``: names of its sections and of what it counts; ``stays``: what it keeps, and why."""

    app: str
    export: Export
    erase: Erase
    words: Mapping[str, Words] | Callable[[], Mapping[str, Words]] = field(default_factory=dict)
    holds: Callable[[int], Iterable[Words]] | None = None
    stays: Callable[[int], Iterable[Words]] | None = None

    def name(self, key: str) -> Words:
        """What a section, or what was counted, is called; the key itself where nobody said."""
        words = self.words() if callable(self.words) else self.words
        return words.get(key, {"zh": key, "en": key})


@dataclass(frozen=True, slots=True)
class Kept:
    """Data kept for a time. ``count`` and ``purge`` take the time before which they are too old."""

    kind: str
    words: Words
    count: Callable[[datetime], int]
    purge: Callable[[datetime], int]


_holders: dict[str, Holder] = {}
_kept: dict[str, Kept] = {}
_expiring: dict[str, tuple[Words, Callable[[datetime], int]]] = {}


def register(app: str, export: Export, erase: Erase, *,
             words: Mapping[str, Words] | Callable[[], Mapping[str, Words]] | None = None,
             holds: Callable[[int], Iterable[Words]] | None = None,
             stays: Callable[[int], Iterable[Words]] | None = None) -> None:
    """An app's part of what is known of a customer. Registering again replaces."""
    _holders[app] = Holder(app, export, erase, words or {}, holds, stays)


def register_kept(kind: str, words: Words, count: Callable[[datetime], int], purge: Callable[[datetime], int]) -> None:
    """A kind of data that is kept for a time only."""
    _kept[kind] = Kept(kind, words, count, purge)


def register_expiring(kind: str, words: Words, count: Callable[[datetime], int]) -> None:
    """Data of which every row has its own end."""
    _expiring[kind] = (words, count)


def without_texts(value: Any) -> Any:
    """JSON without its texts: numbers, truth and shape stay."""
    if isinstance(value, dict):
        return {key: without_texts(one) for key, one in value.items()}
    if isinstance(value, list):
        return [without_texts(one) for one in value]
    return "" if isinstance(value, str) else value


def holders() -> Sequence[Holder]:
    """In the order of erasing: who stands on others comes before them, the customer himself last."""
    found = list(reversed(_holders.values()))
    return sorted(found, key=lambda holder: holder.app == "customers")


def kept() -> Mapping[str, Kept]:
    """The kinds there are."""
    return _kept


def expiring() -> Mapping[str, tuple[Words, Callable[[datetime], int]]]:
    """What says itself when its time is over."""
    return _expiring
