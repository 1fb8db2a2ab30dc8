"""When a promise is due, when its owner is reminded, and who hears of it when it is late.

The rules of the file:

- The quick choices stand in one fixed order, so that a number key always means the same; one that has no sense any more
  ("by six" at seven) is there without a time.
- Where the store says so, its opening hours are kept: "in an hour" is an hour of opening hours; "by six" is the closing
  time of a store that closes at half past five; what falls into closed hours else is moved to the next opening.
  ``moved`` says so.
- The reminder comes ``Rules.remind`` before the time, but never in the first half of what is left until then.
- Too late, the owner hears of it at once, the leads after ``Rules.lead``, the store's manager after ``Rules.manager``,
  both measured like the choices.

Times are seconds since the epoch, lengths are seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dealerline.domain.hours import OpeningHours, after_open, next_opening, status

HALF_HOUR, HOUR = 1800.0, 3600.0
CODES = ("half_hour", "hour", "noon", "six", "tomorrow_morning", "tomorrow_afternoon", "monday")
"""The quick choices in the order of their number keys, from 1."""
LONGEST = 366 * 86400.0
"""Nobody promises anything for later than that."""


@dataclass(frozen=True, slots=True)
class Clock:
    """``hours``: the opening hours to keep, or None where the store does not ask for it."""

    zone: str
    hours: OpeningHours | None = None

    def after(self, at: float, seconds: float) -> float:
        """When so many seconds will have passed, of opening hours where they are kept."""
        return at + seconds if self.hours is None else after_open(self.hours, self.zone, at, seconds)

    def within(self, at: float) -> float:
        """That moment, or the next opening after it where hours are kept."""
        if self.hours is None:
            return at
        opens = next_opening(self.hours, self.zone, at)
        return at if opens is None else opens

    def by(self, now: float, at: float) -> float:
        """The last moment until ``at`` at which somebody is there; the next opening where nobody is until then."""
        if self.hours is None:
            return at
        opens, last = next_opening(self.hours, self.zone, now), None
        while opens is not None and opens < at:
            closes = status(self.hours, self.zone, opens).until
            if closes is None or closes >= at:
                return at
            last, opens = closes, next_opening(self.hours, self.zone, closes)
        return self.within(at) if last is None else last


@dataclass(frozen=True, slots=True)
class Choice:
    """One quick choice. ``at``: None when it has no sense now; ``moved``: opening hours changed what it says."""

    code: str
    at: float | None
    moved: bool = False


def choices(now: float, clock: Clock) -> list[Choice]:
    """All quick choices, in the order of ``CODES``."""
    here = datetime.fromtimestamp(now, ZoneInfo(clock.zone))
    today, monday = here.date(), here.date() + timedelta(days=7 - here.weekday())
    tomorrow = _next_day(today, clock)
    at = {
        "half_hour": clock.after(now, HALF_HOUR),
        "hour": clock.after(now, HOUR),
        "noon": _on(today, 12, clock),
        "six": _on(today, 18, clock),
        "tomorrow_morning": _on(tomorrow, 10, clock),
        "tomorrow_afternoon": _on(tomorrow, 16, clock),
        "monday": _on(monday, 10, clock),
    }
    plain = {"half_hour": now + HALF_HOUR, "hour": now + HOUR}
    made = []
    for code in CODES:
        moment = at[code]
        if code in plain:
            made.append(Choice(code, moment, moment - plain[code] > 1))
            continue
        gone = moment <= now
        kept = clock.by(now, moment) if code in ("noon", "six") else clock.within(moment)
        made.append(Choice(code, None if gone else kept, not gone and abs(kept - moment) > 1))
    return made


def _on(day: date, hour: int, clock: Clock) -> float:
    return datetime.combine(day, time(hour), ZoneInfo(clock.zone)).timestamp()


def _next_day(today: date, clock: Clock) -> date:
    """Tomorrow; where opening hours are kept, the next day on which the store opens before its evening."""
    for n in range(1, 15):
        day = today + timedelta(days=n)
        morning = _on(day, 0, clock)
        if clock.hours is None or clock.within(morning) < _on(day, 18, clock):
            return day
    return today + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """A store's rules, in seconds. ``lapse``: so long after its time nobody will keep it any more."""

    remind: float = 900.0
    lead: float = 900.0
    manager: float = 3600.0
    lapse: float = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class Alarms:
    """When who is told. ``owner``: that it is late now."""

    remind: float
    owner: float
    lead: float
    manager: float
    lapse: float


def alarms(made: float, due: float, rules: Rules, clock: Clock) -> Alarms:
    """The moments of one promise, in their order: remind <= owner <= lead <= manager <= lapse."""
    remind = max(due - rules.remind, min(due, made + max(0.0, due - made) / 2))
    lead = clock.after(due, rules.lead)
    manager = max(lead, clock.after(due, rules.manager))
    return Alarms(remind, due, lead, manager, max(manager, due + rules.lapse))


def reopened(lapse: float, now: float, rules: Rules) -> float:
    """When it lapses again whose end was taken back: not at once, though its time may have been long ago."""
    return max(lapse, now + rules.lapse)


STEPS: Sequence[str] = ("", "owner", "lead", "manager")
"""How far up it has gone: the index of the last who were told that it is late."""


def reached_step(alarms: Alarms, now: float) -> int:
    """How far up it has to have gone by now."""
    return sum(now >= moment for moment in (alarms.owner, alarms.lead, alarms.manager))
