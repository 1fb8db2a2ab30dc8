"""Which of two files stays, and what each of its fields then says.

The rule of the file: nothing that a person wrote gives way to what a machine wrote, nothing gives way to emptiness,
and else the newer value is the better one. Whoever merges may choose otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

KEPT, GONE, BOTH = "kept", "gone", "both"

JOINED = ("labels", "notes", "needs")
"""Fields of which both may stay: lists are put together, texts below one another."""

_EMPTY: tuple[Any, ...] = (None, "", [], {}, ())


@dataclass(frozen=True, slots=True)
class Side:
    """A file as the choice of the one that stays sees it. ``used``: how much hangs on it."""

    id: int
    created: datetime
    outside: bool = False
    used: int = 0
    filled: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """A field's value, when it was set, and whether by hand."""

    value: Any
    at: datetime
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """``take``: kept, gone or both. ``why``: same, only, joined, by_hand, newer, stays."""

    take: str
    why: str
    may: tuple[str, ...] = (KEPT, GONE)


def survivor(a: Side, b: Side) -> Side:
    """The one that stays: known to an outside system, then the one with more on it, the fuller, the older."""
    return max(a, b, key=lambda s: (s.outside, s.used, s.filled, -s.created.timestamp(), -s.id))


def empty(value: Any) -> bool:
    """Whether a value says nothing. False and 0 say something."""
    return any(value is nothing or (type(value) is type(nothing) and value == nothing) for nothing in _EMPTY)


def choose(field: str, kept: Given, gone: Given) -> Choice:
    """What the field becomes unless somebody chooses otherwise."""
    may = (KEPT, GONE, BOTH) if field in JOINED else (KEPT, GONE)
    if kept.value == gone.value:
        return Choice(KEPT, "same", (KEPT,))
    if empty(gone.value):
        return Choice(KEPT, "only", (KEPT, GONE))
    if empty(kept.value):
        return Choice(GONE, "only", (KEPT, GONE))
    if field in JOINED:
        return Choice(BOTH, "joined", may)
    if kept.by_hand != gone.by_hand:
        return Choice(KEPT if kept.by_hand else GONE, "by_hand", may)
    if kept.at != gone.at:
        return Choice(KEPT if kept.at > gone.at else GONE, "newer", may)
    return Choice(KEPT, "stays", may)


def value_of(take: str, kept: Any, gone: Any) -> Any:
    """The value that a choice gives."""
    if take == KEPT:
        return kept
    if take == GONE:
        return gone
    if isinstance(kept, list) or isinstance(gone, list):
        return list(dict.fromkeys([*_all(kept), *_all(gone)]))
    first, second = str(kept or "").strip(), str(gone or "").strip()
    if second in first:
        return first
    return second if first in second else f"{first}\n{second}"


def _all(values: Any) -> Iterable[Any]:
    return values or []
