"""How well promises are kept: the one formula, for a person, a store or anything else that they are grouped by.

    share kept  =  kept in time  /  (kept in time + kept late + broken + owed and late)

The rules of the file:

- In time is by the time *first* promised: who puts a promise off does not mend his share.
- What is owed and not yet late is not counted; what was released is counted apart: the customer knows, or wanted it no
  more. ``told`` counts those of all that were late (or are) whose customer was told before anything came.
- How late: the median and the worst of what was kept late, and of what is owed and late until now.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Generic, TypeVar

from dealerline.domain.promises.states import ENDS, State

G = TypeVar("G", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Row:
    """One promise, for counting. ``due``: the time first promised; ``ended``: None while it is owed."""

    state: str
    due: float
    ended: float | None
    told: bool = False


@dataclass(slots=True)
class Share(Generic[G]):
    """The figures of one group. Seconds; ``kept_share``: None while nothing counts."""

    of: G
    made: int = 0
    in_time: int = 0
    kept_late: int = 0
    broken: int = 0
    owed_late: int = 0
    owed: int = 0
    released: int = 0
    late_told: int = 0
    lateness: list[float] = field(default_factory=list)

    @property
    def counted(self) -> int:
        return self.in_time + self.kept_late + self.broken + self.owed_late

    @property
    def kept_share(self) -> float | None:
        return self.in_time / self.counted if self.counted else None

    @property
    def late(self) -> int:
        return self.kept_late + self.broken + self.owed_late

    @property
    def late_median(self) -> float | None:
        return median(self.lateness) if self.lateness else None

    @property
    def late_worst(self) -> float | None:
        return max(self.lateness, default=None)


def count(row: Row, share: Share[G], now: float) -> None:
    """Add one promise to its group."""
    share.made += 1
    if row.state == State.RELEASED:
        share.released += 1
        return
    if row.state not in ENDS and row.due >= now:
        share.owed += 1
        return
    end = row.ended if row.ended is not None and row.state in ENDS else now
    if row.state == State.KEPT and end <= row.due:
        share.in_time += 1
        return
    if row.state == State.BROKEN:
        share.broken += 1
    else:
        share.lateness.append(end - row.due)
        if row.state == State.KEPT:
            share.kept_late += 1
        else:
            share.owed_late += 1
    share.late_told += row.told


def shares(rows: Iterable[tuple[G, Row]], now: float) -> dict[G, Share[G]]:
    """Each group's figures."""
    found: dict[G, Share[G]] = {}
    for group, row in rows:
        count(row, found.setdefault(group, Share(group)), now)
    return found
