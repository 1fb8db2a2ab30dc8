"""What a comparison of dates means, as a range of days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

ONE = timedelta(days=1)


def span(op: str, value: Any, today: date) -> tuple[date | None, date | None]:
    """The first day that fits and the first after it that does not; None: no end on that side.

    ``not_within_last`` gives what must not be: the range of the last days. A range that leaves the calendar ends there.
    """
    if op == "within_next":
        return today, _add(today, value + 1)
    if op in ("within_last", "not_within_last"):
        return _add(today, -value), today + ONE
    if op == "before":
        return None, value
    if op == "after":
        return value + ONE, None
    if op == "between":
        return value[0], value[1] + ONE
    raise ValueError(op)


def _add(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min
