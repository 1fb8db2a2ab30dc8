"""The rules of a queue as values: skills and how they relax, overflow, strategies, and what fits on one desk at a time.

The rules of the file:

- A need is a skill with a level. *Must*: nobody without it is rung. Else whoever has it goes first among those who are
  free. ``relax`` lowers the level in steps while the caller waits; level 0 ends the need.
- An overflow rule opens a second way and never closes the first: a caller who is lent to another queue keeps his place
  in his own.
- A telephone call, or a call that somebody is to be rung back for, has its person to itself. Chats go side by side, as
  many as his capacity says, but not beside a call. E-mails and tasks can be put aside, so they hinder no call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

STRATEGIES = ("longest_idle", "least_busy", "round_robin", "best_skill", "ring_all", "ordered")
KINDS = ("call", "chat", "email", "callback", "task")
ALONE = frozenset({"call", "callback"})  # one at a time, and nothing live beside it
LIVE = ALONE | {"chat"}
CAPACITY = {"call": 1, "callback": 1, "chat": 3, "email": 1, "task": 1}  # of who has no rule of his own
EVERYTHING = frozenset(KINDS)

Open = Callable[[int, float], bool]  # (opening hours, now) -> whether they are open


@dataclass(frozen=True, slots=True)
class Need:
    """A skill that a queue's callers want. ``must``: nobody without it is rung; else whoever has it is preferred.

    ``relax``: (seconds waited, level wanted from then on), in order of time; level 0 ends the need.
    """

    skill: int
    level: int = 1  # 1 to 5
    must: bool = True
    relax: tuple[tuple[float, int], ...] = ()

    def at(self, since: float, now: float) -> int:
        """The level wanted at ``now`` of whoever is to take a caller who waits since then."""
        level = self.level
        for seconds, lower in self.relax:
            if since + seconds > now:
                break
            level = lower
        return level


@dataclass(frozen=True, slots=True)
class Overflow:
    """Where a caller may go besides. ``when``: waited|expected (seconds), length (callers before him), nobody.

    ``to``: queue (he keeps his place and is offered to that queue's people as well), number, callback, voicemail.
    ``hours``: only within these opening hours; 0: at any time. ``lent``: what the other queue's store permits; a rule
    that is not lent is not in the snapshot at all.
    """

    when: str
    value: float
    to: str
    queue: int = 0
    number: str = ""
    hours: int = 0


def room(capacity: Mapping[str, int], work: Mapping[str, int]) -> frozenset[str]:
    """The kinds of work that one more item of may be offered to somebody who has ``work`` (kind -> how many)."""
    if any(work.get(kind, 0) for kind in ALONE):
        return frozenset()
    live = any(work.get(kind, 0) for kind in LIVE)
    return frozenset(
        kind
        for kind in KINDS
        if work.get(kind, 0) < capacity.get(kind, CAPACITY[kind]) and not (live and kind in ALONE)
    )
