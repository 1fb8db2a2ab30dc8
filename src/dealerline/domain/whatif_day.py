"""A day's facts made into a day that can be played again: who came and when, how long he would have waited, how long
his talk took, who was there.

The rules of the file: what was seen is taken as it was. What could not be seen is drawn, and always the same for the
same call: how much longer somebody would have waited who was answered (from the day's mean patience, which has no
memory), and how long the talk with somebody would have been who was not (the queue's median).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from dealerline.domain.routing.state import USUAL_HANDLING
from dealerline.domain.whatif import Caller, Day, Outcome, Shift

KINDS = (
    "queue.entered",
    "queue.left",
    "offer.made",
    "talk.started",
    "talk.ended",
    "wrap.ended",
    "agent.state",
)
AT_WORK = frozenset({"ready", "reserved", "ringing", "talking", "wrap"})
FREE = frozenset({"ready", "busy", "offline"})
USUAL_RING = 5.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A fact, as far as it counts here."""

    at: float
    kind: str
    call: str
    person: int
    data: dict[str, Any]


@dataclass(slots=True)
class _Call:
    queue: int
    at: float
    reason: str = ""
    waited: float = 0.0
    agent: int = 0
    offered: float = 0.0
    started: float = 0.0
    ended: float = 0.0


@dataclass(slots=True)
class Played:
    """``real``: what happened. ``ring``: seconds from a phone's ring to its answer, the median."""

    real: Day = field(default_factory=Day)
    callers: list[Caller] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    ring: float = USUAL_RING


def _calls(facts: Iterable[Seen]) -> dict[str, _Call]:
    calls: dict[str, _Call] = {}
    for fact in facts:
        known = calls.get(fact.call)
        if fact.kind == "queue.entered" and known is None:
            calls[fact.call] = _Call(int(fact.data["queue"]), fact.at)
        elif known is None:
            continue
        elif fact.kind == "queue.left" and not known.reason:
            known.reason, known.waited = str(fact.data["reason"]), max(0.0, fact.at - known.at)
        elif fact.kind == "offer.made" and not known.started:
            known.offered = fact.at
        elif fact.kind == "talk.started" and not known.started:
            known.agent, known.started = fact.person, fact.at
        elif fact.kind in ("talk.ended", "wrap.ended") and fact.person == known.agent:
            known.ended = fact.at
    return {key: call for key, call in calls.items() if call.reason}


def _shifts(facts: Iterable[Seen], begin: float, end: float) -> list[Shift]:
    """When each agent was there for queues: not while he rang somebody himself."""
    since: dict[int, float | None] = {}
    own: set[int] = set()
    shifts: list[Shift] = []
    for fact in facts:
        if fact.kind != "agent.state":
            continue
        who, old, new = fact.person, str(fact.data["old"]), str(fact.data["new"])
        if who not in since:
            since[who] = begin if old in AT_WORK else None
        if new == "outbound":
            own.add(who)
        elif new in FREE:
            own.discard(who)
        begun, works = since[who], new in AT_WORK and who not in own
        if begun is not None and not works:
            shifts.append(Shift(who, begun, fact.at))
            since[who] = None
        elif begun is None and works:
            since[who] = fact.at
    shifts += [Shift(who, begun, end) for who, begun in since.items() if begun is not None]
    return [shift for shift in shifts if shift.ends > shift.begins]


def day_of(facts: Iterable[Seen], begin: float, end: float) -> Played:
    """The day from its facts, in order of time, of ``KINDS``."""
    seen = list(facts)
    calls = _calls(seen)
    made = Played(shifts=_shifts(seen, begin, end))
    for shift in made.shifts:
        made.real.there[shift.agent] = made.real.there.get(shift.agent, 0.0) + shift.ends - shift.begins
    answered = [c for c in calls.values() if c.reason == "answered" and c.ended > c.started > 0]
    talks: dict[int, list[float]] = {}
    for call in answered:
        talks.setdefault(call.queue, []).append(call.ended - call.started)
        made.real.busy[call.agent] = made.real.busy.get(call.agent, 0.0) + call.ended - call.started
    rings = [c.started - c.offered for c in answered if c.offered]
    made.ring = median(rings) if rings else USUAL_RING
    every = [seconds for each in talks.values() for seconds in each]
    gave_up = sum(c.reason == "abandoned" for c in calls.values())
    patience = sum(c.waited for c in calls.values()) / gave_up if gave_up else math.inf
    for key, call in calls.items():
        chance = random.Random(key)
        usual = median(talks.get(call.queue) or every or [USUAL_HANDLING])
        handling = call.ended - call.started if call.ended > call.started > 0 else usual
        how = {"answered": "answered", "abandoned": "abandoned", "overflow": "overflowed"}.get(call.reason, "left")
        stays = call.waited
        if how == "answered":
            stays = call.waited + (chance.expovariate(1 / patience) if 0 < patience < math.inf else math.inf)
        elif how == "overflowed":  # the rule took him, he would have waited on
            stays = math.inf
        goes = "left" if how == "left" else "abandoned"
        caller = Caller(key, call.queue, call.at, handling, stays, goes=goes)
        made.callers.append(caller)
        made.real.outcomes.append(Outcome(caller, how, call.waited, call.agent))
    return made
