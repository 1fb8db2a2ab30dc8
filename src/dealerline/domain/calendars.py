"""A month of opening hours as a grid: what each day is, and when the line is open on it.

The rule of the file: it says what ``hours.status`` would say, day by day; nothing is decided here anew.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dealerline.domain.hours import DAY, OpeningHours

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """One day. ``kind``: open, closed, holiday, makeup (a weekend that is worked) or special (own hours on a weekday).

    ``intervals``: minutes of the wall clock, an end past 1440 is on the next day.
    """

    day: date
    kind: str
    intervals: tuple[tuple[int, int], ...]
    inside: bool = True  # of the month, not of its neighbours

    @property
    def hours(self) -> str:
        """``08:30-12:00 13:30-17:30``; a whole day as ``00:00-24:00``."""
        return " ".join(f"{_clock(start)}-{_clock(end)}" for start, end in self.intervals)


def _clock(minute: int) -> str:
    minute = minute if minute <= DAY else minute - DAY
    return f"{minute // 60:02d}:{minute % 60:02d}"


def cell(hours: OpeningHours, day: date, inside: bool = True) -> Cell:
    """That day, as these hours have it."""
    special = hours.days.get(day.isoformat())
    found: Sequence[tuple[int, int]] = (
        special[1] if special else [(a, b) for weekday, a, b in hours.weekly if weekday == day.weekday()]
    )
    intervals = tuple(sorted((a, b if b > a else b + DAY) for a, b in found))
    if special is None:
        kind = "open" if intervals else "closed"
    elif special[0] == "holiday":
        kind = "holiday"
    else:
        kind = "makeup" if day.weekday() >= SATURDAY else "special"
    return Cell(day, kind, intervals, inside)


def month(hours: OpeningHours, year: int, number: int) -> list[list[Cell]]:
    """The month's weeks, from Monday, with the neighbours' days that fill them."""
    weeks = calendar.Calendar().monthdatescalendar(year, number)
    return [[cell(hours, day, day.month == number) for day in week] for week in weeks]
