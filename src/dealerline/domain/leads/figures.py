"""Who reacts how fast: figures over hand-overs.

The rule of the file: what still waits and is not late yet counts for nobody; what was never reacted to counts as late
and has no time of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Handed:
    """One hand-over. ``seconds``: opening seconds until the first reaction, None without one; ``late``: not in time, or
    not at all although its time is over.
    """

    store: int
    person: int | None
    seconds: float | None
    late: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """``in_time_share``: of those settled (reacted to, or late); None when there are none."""

    handed: int
    reacted: int
    in_time: int
    late: int
    waiting: int
    median_seconds: float | None
    in_time_share: float | None


def figures(rows: Iterable[Handed]) -> Figures:
    """Over all of them."""
    found = list(rows)
    times = [row.seconds for row in found if row.seconds is not None]
    in_time = sum(1 for row in found if row.seconds is not None and not row.late)
    late = sum(1 for row in found if row.late)
    settled = in_time + late
    return Figures(len(found), len(times), in_time, late, len(found) - settled, median(times) if times else None,
                   round(in_time / settled, 4) if settled else None)


def by(rows: Iterable[Handed], key: Callable[[Handed], K]) -> dict[K, Figures]:
    """The figures a group, those with most hand-overs first."""
    groups: dict[K, list[Handed]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return {name: figures(group) for name, group in sorted(groups.items(), key=lambda item: -len(item[1]))}
