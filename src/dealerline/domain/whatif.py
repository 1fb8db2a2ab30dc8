"""A day of calls without telephones: callers come, are offered, talk, give up, and the router decides as it would.

The rules of the file: time goes from event to event, so a day takes seconds; the router is the real one. What a caller
and an agent do (how long he would wait, how long a talk takes) is given, and the same under all rules.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dealerline.domain.routing import (
    AgentHas,
    AgentIs,
    Answered,
    CallEntered,
    CallLeft,
    CallReturned,
    Event,
    Handled,
    Offer,
    Orphaned,
    Overflowed,
    QueueIs,
    Router,
    TimePassed,
    decide,
)


@dataclass(frozen=True, slots=True)
class Caller:
    """``handling``: seconds of an agent's time, after-call work included. ``patience``: he goes after so long, and it
    counts as ``goes``.
    """

    call: str
    queue: int
    at: float
    handling: float
    patience: float = math.inf
    priority: int = 0
    keep: tuple[int, ...] = ()
    keep_seconds: float = 0.0
    goes: str = "abandoned"


@dataclass(frozen=True, slots=True)
class Shift:
    """An agent is there, and ready but for his calls."""

    agent: int
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """``how``: answered, abandoned, overflowed (taken elsewhere by a rule) or left (his flow took him out, or he is
    still there at the end).
    """

    caller: Caller
    how: str
    waited: float
    agent: int = 0


@dataclass(slots=True)
class Day:
    """What came of it. ``busy`` and ``there``: seconds of each agent."""

    outcomes: list[Outcome] = field(default_factory=list)
    busy: dict[int, float] = field(default_factory=dict)
    there: dict[int, float] = field(default_factory=dict)

    def level(self, within: float, queue: int = 0) -> float | None:
        """The share of all who came that was answered within so many seconds; None when nobody came."""
        mine = [o for o in self.outcomes if not queue or o.caller.queue == queue]
        soon = sum(o.how == "answered" and o.waited <= within for o in mine)
        return soon / len(mine) if mine else None

    def waits(self, queue: int = 0) -> list[float]:
        """How long those waited who were answered, in order of length."""
        return sorted(o.waited for o in self.outcomes if o.how == "answered" and queue in (0, o.caller.queue))

    def share(self, how: str, queue: int = 0) -> float | None:
        """The share of all who came that ended so."""
        mine = [o for o in self.outcomes if not queue or o.caller.queue == queue]
        return sum(o.how == how for o in mine) / len(mine) if mine else None

    def use(self) -> float | None:
        """The share of the agents' time that calls took."""
        there = sum(self.there.values())
        return sum(self.busy.values()) / there if there else None


class _Run:
    def __init__(self, ring: float, open: Callable[[int, float], bool] | None) -> None:
        self.router = Router(open)
        self.ring = ring
        self.heap: list[tuple[float, int, str, Any]] = []
        self.count = 0
        self.now = 0.0
        self.day = Day()
        self.waiting: dict[str, Caller] = {}
        self.ringing: dict[str, list[int]] = {}
        self.talks: dict[int, str] = {}
        self.shifts: dict[int, int] = {}
        self.free_since: dict[int, float] = {}
        self.due = math.inf

    def at(self, when: float, what: str, about: Any = None) -> None:
        self.count += 1
        heapq.heappush(self.heap, (when, self.count, what, about))

    def tell(self, event: Event) -> None:
        """Let the router decide, and do what it says."""
        for decision in decide(self.router, event, self.now):
            if isinstance(decision, Offer):
                if decision.call not in self.ringing:
                    self.at(self.now + self.ring, "answers", decision.call)
                self.ringing.setdefault(decision.call, []).append(decision.agent)
            elif isinstance(decision, Overflowed):
                if decision.rule.to != "queue":
                    self.over(decision.call, "overflowed")
            elif isinstance(decision, Orphaned):
                self.over(decision.call, "left")
        due = self.router.due()
        if due is not None and due < self.due:
            self.due = due
            self.at(due, "due")

    def free(self, agent: int, since: float | None = None) -> None:
        """He has nothing to do: is he still there?"""
        there = self.shifts.get(agent, 0) > 0
        if there:
            self.free_since[agent] = self.now if since is None else since
        self.tell(AgentIs(agent, there, self.free_since[agent] if there else None, self.day.busy.get(agent, 0.0)))

    def over(self, call: str, how: str) -> None:
        caller = self.waiting.pop(call)
        rung = self.ringing.pop(call, [])
        self.day.outcomes.append(Outcome(caller, how, self.now - caller.at))
        if self.router.position(call) is not None or self.router.offered(call):
            self.tell(CallLeft(call))
        for agent in rung:
            self.free(agent, self.free_since[agent])

    def arrives(self, caller: Caller) -> None:
        self.waiting[caller.call] = caller
        if caller.patience < math.inf:
            self.at(self.now + caller.patience, "gives_up", caller.call)
        event = CallEntered(
            caller.call, caller.queue, caller.priority, keep=caller.keep, patience=caller.keep_seconds, since=self.now
        )
        self.tell(event)

    def gives_up(self, call: str) -> None:
        if call in self.waiting:
            self.over(call, self.waiting[call].goes)

    def answers(self, call: str) -> None:
        agents = self.ringing.pop(call, [])
        if not agents:
            return
        caller, agent = self.waiting.pop(call), agents[0]
        self.day.outcomes.append(Outcome(caller, "answered", self.now - caller.at, agent))
        self.day.busy[agent] = self.day.busy.get(agent, 0.0) + caller.handling
        self.talks[agent] = call
        self.at(self.now + caller.handling, "done", (agent, caller))
        self.tell(Answered(call))
        for other in agents[1:]:
            self.free(other, self.free_since[other])

    def done(self, about: tuple[int, Caller]) -> None:
        agent, caller = about
        del self.talks[agent]
        self.tell(Handled(caller.queue, caller.handling))
        self.free(agent)

    def comes(self, shift: Shift) -> None:
        self.shifts[shift.agent] = self.shifts.get(shift.agent, 0) + 1
        self.day.there[shift.agent] = self.day.there.get(shift.agent, 0.0) + shift.ends - shift.begins
        if shift.agent not in self.talks and self.shifts[shift.agent] == 1:
            self.free(shift.agent)

    def goes(self, shift: Shift) -> None:
        """Home, after the call he is on; from one that only rings for him it goes back into the queue."""
        self.shifts[shift.agent] -= 1
        call = next((c for c, agents in self.ringing.items() if shift.agent in agents), "")
        if self.shifts[shift.agent] or shift.agent in self.talks:
            return
        if call:
            agents = self.ringing.pop(call)
            self.tell(AgentIs(shift.agent, False))
            self.tell(CallReturned(call, self.waiting[call].queue))
            for agent in agents:
                if agent != shift.agent:
                    self.free(agent, self.free_since[agent])
        else:
            self.tell(AgentIs(shift.agent, False))

    def passes(self, _: None) -> None:
        self.due = math.inf
        self.tell(TimePassed())


def run(
    queues: Iterable[QueueIs],
    callers: Iterable[Caller],
    shifts: Iterable[Shift],
    skills: Sequence[AgentHas] = (),
    ring: float = 0.0,
    open: Callable[[int, float], bool] | None = None,
) -> Day:
    """The day under these rules. ``ring``: seconds from a phone's ring to its answer. ``open``: as of ``Router``."""
    world = _Run(ring, open)
    for shift in shifts:
        world.at(shift.begins, "comes", shift)
        world.at(shift.ends, "goes", shift)
    for caller in callers:
        world.at(caller.at, "arrives", caller)
    world.now = world.heap[0][0] if world.heap else 0.0
    events: list[Event] = [*skills, *queues]
    for event in events:
        world.tell(event)
    on: dict[str, Callable[[Any], None]] = {
        "comes": world.comes,
        "goes": world.goes,
        "arrives": world.arrives,
        "gives_up": world.gives_up,
        "answers": world.answers,
        "done": world.done,
        "due": world.passes,
    }
    while world.heap:
        if world.heap[0][2] == "due" and not world.waiting:
            heapq.heappop(world.heap)
            world.due = math.inf
            continue
        when, _, what, about = heapq.heappop(world.heap)
        world.now = max(world.now, when)
        on[what](about)
    for call in list(world.waiting):
        world.over(call, "left")
    return world.day
