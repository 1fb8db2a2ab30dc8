"""When the live board raises an alarm, and when it ends: each has one cause, one beginning, one end.

The rules of the file:

- ``queue_troubles`` and ``over_break`` say what is beyond its limit now; a limit of 0 is none.
- ``step`` compares that with the alarms that are on. An alarm ends when its cause has been away for ``SETTLE`` seconds,
  so that a figure that trembles about its limit is one alarm and not ten; it ended when the cause went.
- A service level is worth an alarm only when ``ENOUGH`` callers stand behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

SETTLE = 10.0
ENOUGH = 5
KINDS = ("waiting", "oldest", "level", "nobody", "over_break")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one queue. ``waiting``: more than so many callers; ``oldest``: somebody longer than so many seconds;
    ``level``: below so many per cent; ``nobody``: nobody is signed in though it is open, or somebody waits.
    """

    waiting: int = 0
    oldest: float = 0
    level: float = 0
    nobody: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """A queue now. ``oldest``: seconds; ``level``: 0 to 1, of ``counted`` callers."""

    waiting: int
    oldest: float
    level: float | None
    counted: int
    present: int
    open: bool


Key = tuple[str, int]  # kind, and the queue's or the person's id
Trouble = tuple[float, float]  # how it is, and the limit


@dataclass(frozen=True, slots=True)
class Alarm:
    """``value``: the worst since it began. ``quiet``: since when the cause is away, while it may come back. Times are
    epoch seconds.
    """

    id: str
    kind: str
    subject: int
    store: int
    value: float
    limit: float
    since: float
    quiet: float | None = None
    ended: float | None = None

    @property
    def key(self) -> Key:
        return (self.kind, self.subject)


def queue_troubles(queue: int, now: Figures, limits: Limits) -> dict[Key, Trouble]:
    """What is beyond its limit in a queue."""
    found: dict[Key, Trouble] = {}
    if limits.waiting and now.waiting > limits.waiting:
        found[("waiting", queue)] = (now.waiting, limits.waiting)
    if limits.oldest and now.waiting and now.oldest > limits.oldest:
        found[("oldest", queue)] = (round(now.oldest), limits.oldest)
    if limits.level and now.level is not None and now.counted >= ENOUGH and now.level * 100 < limits.level:
        found[("level", queue)] = (round(now.level * 100), limits.level)
    if limits.nobody and not now.present and (now.open or now.waiting):
        found[("nobody", queue)] = (now.waiting, 0)
    return found


def over_break(person: int, until: float | None, now: float) -> dict[Key, Trouble]:
    """Somebody busy past the limit of his reason."""
    return {("over_break", person): (round(now - until), 0)} if until is not None and until < now else {}


def _worse(kind: str, one: float, other: float) -> float:
    return min(one, other) if kind == "level" else max(one, other)


def step(on: Mapping[Key, Alarm], troubles: Mapping[Key, Trouble], now: float) -> tuple[list[Key], list[Alarm]]:
    """(what is to be raised, alarms that changed: worse, quiet, or ended). Ended ones have ``ended``."""
    changed: list[Alarm] = []
    for key, alarm in on.items():
        trouble = troubles.get(key)
        if trouble is not None:
            value, limit = _worse(alarm.kind, alarm.value, trouble[0]), trouble[1]
            after = replace(alarm, value=value, limit=limit, quiet=None)
        elif alarm.quiet is None:
            after = replace(alarm, quiet=now)
        elif now - alarm.quiet >= SETTLE:
            after = replace(alarm, ended=alarm.quiet)
        else:
            after = alarm
        if after != alarm:
            changed.append(after)
    return [key for key in troubles if key not in on], changed
