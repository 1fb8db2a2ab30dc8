"""The clock on the first reaction, in opening hours, and when a lead counts as neglected.

The rule of the file: the reaction's clock stands still while the store is closed, so that a lead of nine in the
evening has as long, by that clock, as one of nine in the morning. A next step is a day that was agreed, so it is
late by the calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dealerline.domain.hours import OpeningHours, after_open, next_opening, status
from dealerline.domain.leads.moves import State

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Rules:
    """``minutes``: opening minutes until the first reaction; ``overdue_days``: that a next step may be late;
    ``silent_days``: that nothing may happen where no next step is agreed. 0 days: that never makes a lead neglected.
    """

    minutes: int = 30
    overdue_days: int = 3
    silent_days: int = 14


@dataclass(frozen=True, slots=True)
class Facts:
    """What neglect is judged by. Times are seconds since the epoch."""

    state: State
    reaction_due: float | None
    next_at: float | None
    last_at: float


class Neglect(StrEnum):
    """Why a lead went to the pool."""

    NO_REACTION = "no_reaction"
    OVERDUE = "overdue"
    SILENT = "silent"


def due(hours: OpeningHours, timezone: str, at: float, rules: Rules) -> float:
    """By when somebody has to have reacted."""
    return after_open(hours, timezone, at, rules.minutes * 60.0)


def open_seconds(hours: OpeningHours, timezone: str, since: float, until: float) -> float:
    """The opening seconds between two moments. Where the store never opens, those of the wall clock."""
    if until <= since:
        return 0.0
    total, moment, ever = 0.0, since, False
    while moment < until:
        opens = next_opening(hours, timezone, moment)
        if opens is None:
            return total if ever else until - since
        ever = True
        if opens >= until:
            break
        closes = status(hours, timezone, opens).until
        end = until if closes is None else min(closes, until)
        total += end - opens
        moment = end
    return total


def neglected(facts: Facts, rules: Rules, now: float) -> Neglect | None:
    """Why the lead goes to the pool now, or None."""
    if facts.state is State.WAITING:
        late = facts.reaction_due is not None and facts.reaction_due <= now
        return Neglect.NO_REACTION if late else None
    if facts.state is not State.ACTIVE:
        return None
    if facts.next_at is not None:
        late = bool(rules.overdue_days) and facts.next_at + rules.overdue_days * DAY <= now
        return Neglect.OVERDUE if late and facts.last_at + rules.overdue_days * DAY <= now else None
    silent = bool(rules.silent_days) and facts.last_at + rules.silent_days * DAY <= now
    return Neglect.SILENT if silent else None
