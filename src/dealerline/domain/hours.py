"""Is the line open? Opening hours, special days and holidays at a moment in the store's own time zone.

The rule of the file: an interval belongs to the day on which it begins, and runs on past midnight when its end is not
after its beginning; a special day replaces that day's weekly hours whole, but does not cut off the night before it.
Minutes are of the wall clock (480 is 08:00); ``(0, 1440)`` is the whole day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

DAY = 1440
SEARCH_DAYS = 400  # a line closed for longer has no next opening worth telling
A_MONDAY = date(2024, 1, 1)
CALENDAR_DUE = (11, 1)  # month and day: China's State Council tells the next year's holidays in these weeks


class OpeningHours(Protocol):
    """What the switch's ``Hours`` has: see dealerline/switch/directory.py."""

    @property
    def weekly(self) -> Sequence[tuple[int, int, int]]: ...

    @property
    def days(self) -> Mapping[str, tuple[str, Sequence[tuple[int, int]]]]: ...


@dataclass(frozen=True, slots=True)
class Status:
    """``kind``: open, closed or holiday. ``until``: epoch seconds when an open line closes; None when closed or always
    open.
    """

    kind: str
    until: float | None = None


def year_without_days(entered: Collection[int], today: date) -> int | None:
    """The year whose holidays nobody has entered although they are due: this one, or from 1 November on the next.

    ``entered``: the years that have special days.
    """
    due = [today.year, today.year + 1] if (today.month, today.day) >= CALENDAR_DUE else [today.year]
    return next((year for year in due if year not in entered), None)


def _intervals(hours: OpeningHours, day: date) -> tuple[tuple[int, int], ...]:
    special = hours.days.get(day.isoformat())
    found = special[1] if special else [(a, b) for weekday, a, b in hours.weekly if weekday == day.weekday()]
    return tuple(sorted((a, b if b > a else b + DAY) for a, b in found))


def _pieces(hours: OpeningHours, day: date) -> list[tuple[int, int]]:
    """The open minutes of one day of the calendar, with what runs over from the night before."""
    before = [(0, end - DAY) for start, end in _intervals(hours, day - timedelta(days=1)) if end > DAY]
    return [*before, *((start, min(end, DAY)) for start, end in _intervals(hours, day))]


def common(
    a: OpeningHours, b: OpeningHours
) -> tuple[tuple[tuple[int, int, int], ...], dict[str, tuple[str, tuple[tuple[int, int], ...]]]]:
    """When both are open, as (weekly, days) of opening hours; no interval of it runs past midnight."""

    def both(day: date, plain: bool) -> tuple[tuple[int, int], ...]:
        one, other = (_Plain(a.weekly), _Plain(b.weekly)) if plain else (a, b)
        pairs = ((max(x[0], y[0]), min(x[1], y[1])) for x in _pieces(one, day) for y in _pieces(other, day))
        return tuple(sorted({(start, end) for start, end in pairs if start < end}))

    weekly = tuple((n, start, end) for n in range(7) for start, end in both(A_MONDAY + timedelta(days=n), True))
    special = {date.fromisoformat(day) for day in (*a.days, *b.days)}
    days = {}
    for day in sorted(special | {day + timedelta(days=1) for day in special}):
        kinds = {hours.days[day.isoformat()][0] for hours in (a, b) if day.isoformat() in hours.days}
        days[day.isoformat()] = ("holiday" if "holiday" in kinds else "open", both(day, False))
    return weekly, days


@dataclass(frozen=True, slots=True)
class _Plain:
    """A week without special days."""

    weekly: Sequence[tuple[int, int, int]]
    days: Mapping[str, tuple[str, Sequence[tuple[int, int]]]] = field(default_factory=dict)


def _at(day: date, minute: int, zone: ZoneInfo) -> float:
    extra, rest = divmod(minute, DAY)
    wall = datetime(day.year, day.month, day.day, rest // 60, rest % 60, tzinfo=zone) + timedelta(days=extra)
    return wall.timestamp()


def _spans(hours: OpeningHours, first: date, count: int, zone: ZoneInfo) -> list[tuple[float, float]]:
    """Opening spans (epoch seconds) that begin on ``count`` days from ``first``, joined where they touch."""
    joined: list[tuple[float, float]] = []
    for n in range(count):
        day = first + timedelta(days=n)
        for start, end in _intervals(hours, day):
            a, b = _at(day, start, zone), _at(day, end, zone)
            if joined and a <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(b, joined[-1][1]))
            else:
                joined.append((a, b))
    return joined


def status(hours: OpeningHours, timezone: str, now: float) -> Status:
    """Open, closed or holiday at ``now`` (epoch seconds). A holiday with hours of its own is open within them."""
    zone = ZoneInfo(timezone)
    today = datetime.fromtimestamp(now, zone).date()
    for start, end in _spans(hours, today - timedelta(days=1), 9, zone):
        if start <= now < end:
            always = end - start > 8 * 86400
            return Status("open", None if always else end)
    special = hours.days.get(today.isoformat())
    return Status("holiday" if special and special[0] == "holiday" else "closed")


def next_opening(hours: OpeningHours, timezone: str, now: float) -> float | None:
    """When the line opens next (epoch seconds); ``now`` if it is open; None when not within about a year."""
    zone = ZoneInfo(timezone)
    today = datetime.fromtimestamp(now, zone).date()
    if not hours.weekly and not hours.days:
        return None
    for start, end in _spans(hours, today - timedelta(days=1), SEARCH_DAYS, zone):
        if start <= now < end:
            return now
        if start > now:
            return start
    return None


def after_open(hours: OpeningHours, timezone: str, at: float, seconds: float) -> float:
    """When so many seconds of opening hours will have passed since ``at``: a service clock that stands still while the
    line is closed. Where it never opens again the clock runs as it does on the wall.
    """
    moment, left = at, seconds
    for _ in range(SEARCH_DAYS):
        opens = next_opening(hours, timezone, moment)
        if opens is None:
            break
        closes = status(hours, timezone, opens).until
        if closes is None or closes - opens >= left:
            return opens + left
        left -= closes - opens
        moment = closes
    return at + seconds
