"""Which dates a lead can have: what is agreed lies ahead, and nobody plans for the next century.

The rule of the file: a telephone that had no network for weeks is believed, since what it wrote was ahead when it was
written; a page that is asked now is not.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

AHEAD = timedelta(days=366)
"""Nobody agrees on anything for later than that."""
SLIP = timedelta(days=1)
"""A step that was due today may be written down after it."""
UNSENT = timedelta(days=31)
"""So long a telephone may keep what it could not send."""


def can_be_next(at: datetime, now: datetime, late: timedelta = SLIP) -> bool:
    """Whether a next step may be planned for then. ``late``: how long ago it may have been."""
    return now - late <= at <= now + AHEAD


def can_hold_until(until: date, said: date) -> bool:
    """Whether an offer that was made that day may hold until then."""
    return said <= until <= said + AHEAD


def can_want_by(day: date, today: date) -> bool:
    """Whether somebody may want his car by that day: a lead may be old, but nobody waits for ten years."""
    return today - AHEAD <= day <= today + 10 * AHEAD
