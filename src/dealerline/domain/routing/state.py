"""What the router remembers of queues, agents and callers, and the lines they stand in.

The rules of the file:

- Callers who want the same of an agent stand in one line (``Queue.groups``); free agents who can do the same sit on one
  bench (``Queue.benches``). A match looks at the heads of lines and benches only, so that its cost grows with how many
  different wants and skills a queue knows, which is a handful, and with the logarithm of how many people there are.
- A place is remembered where it was taken (``Agent.seats``, ``Caller.lines``), so leaving needs no search.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field

from dealerline.domain.routing.events import QueueIs
from dealerline.domain.routing.ordered import Ordered
from dealerline.domain.routing.rules import EVERYTHING, Overflow, room

HOUR = 3600.0  # a queue's handling time is taken from the answers of so many seconds ...
RECENT = 500  # ... the last of them
FEW = 5  # ... and, with fewer than that, from the last few however old: one odd call is no measure
USUAL_HANDLING = 180.0  # seconds of talk and after-call work, before a queue has any answers

Rank = tuple[int, float, float, int, str]  # 0: in front; -priority; arrival less what ageing grants; sequence; call
Age = tuple[float, str]  # arrival, call
Levels = tuple[tuple[int, int], ...]  # (skill, level)
Wants = tuple[str, Levels]  # kind of work, what an agent must have for it
Key = tuple[float, float, int]  # what the strategy says, smaller first; free since; agent


@dataclass(slots=True)
class Bench:
    """Free agents of a queue who can do the same, as far as the queue cares."""

    room: frozenset[str]
    skills: dict[int, int]
    line: Ordered[Key] = field(default_factory=Ordered)


@dataclass(slots=True, eq=False)
class Queue:
    number: int
    rules: QueueIs
    agents: set[int] = field(default_factory=set)
    places: dict[int, int] = field(default_factory=dict)  # of the strategy ordered
    steps: dict[int, tuple[int, ...]] = field(default_factory=dict)  # skill -> levels at which it makes a difference
    waiting: Ordered[Rank] = field(default_factory=Ordered)  # its own callers, all of them
    ages: Ordered[Age] = field(default_factory=Ordered)  # the same callers by their arrival
    groups: dict[Wants, Ordered[Rank]] = field(default_factory=dict)  # callers, its own and lent, whom anybody may take
    ringing: Ordered[Rank] = field(default_factory=Ordered)  # callers who ring at several, and may ring at more
    benches: dict[tuple[frozenset[str], tuple[int, ...]], Bench] = field(default_factory=dict)
    free: int = 0
    present: int = 0
    turns: dict[int, int] = field(default_factory=dict)  # agent -> his last offer, for round_robin
    handled: deque[tuple[float, float]] = field(default_factory=deque)  # (when, seconds), of the last hour
    handled_sum: float = 0.0

    def bench_of(self, agent: Agent) -> Bench:
        """Where he sits when he is free. One skill counts only to the step that makes a difference here."""
        if self.steps:
            levels = tuple(bisect_right(steps, agent.skills.get(skill, 0)) for skill, steps in self.steps.items())
        else:
            levels = ()
        bench = self.benches.get((agent.room, levels))
        if bench is None:
            known = {
                skill: steps[step - 1] for step, (skill, steps) in zip(levels, self.steps.items(), strict=True) if step
            }
            bench = self.benches[agent.room, levels] = Bench(agent.room, known)
        return bench

    def key(self, agent: Agent) -> Key:
        """His place among those on his bench, by the queue's strategy."""
        since = agent.free_since or 0.0
        match self.rules.strategy:
            case "least_busy":
                return (agent.load, since, agent.number)
            case "round_robin":
                return (self.turns.get(agent.number, 0), since, agent.number)
            case "best_skill":
                return (-sum(agent.skills.get(skill, 0) for skill in self.steps), since, agent.number)
            case "ordered":
                return (self.places.get(agent.number, len(self.places) + 1), since, agent.number)
            case _:
                return (0, since, agent.number)

    def has_handled(self, seconds: float, now: float) -> None:
        """One more answer, by which the next waits are estimated."""
        self.handled.append((now, seconds))
        self.handled_sum += seconds
        self._forget(now)

    def mean_handling(self, now: float) -> float:
        """Seconds of an agent's time for one call: of the last hour, or of the last few when there were fewer."""
        self._forget(now)
        return self.handled_sum / len(self.handled) if self.handled else USUAL_HANDLING

    def _forget(self, now: float) -> None:
        """What no later question can want any more."""
        handled = self.handled
        while len(handled) > RECENT or (len(handled) > FEW and handled[0][0] <= now - HOUR):
            self.handled_sum -= handled.popleft()[1]


@dataclass(slots=True, eq=False)
class Agent:
    number: int
    queues: dict[int, Queue] = field(default_factory=dict)
    skills: dict[int, int] = field(default_factory=dict)
    capacity: dict[str, int] = field(default_factory=dict)
    present: bool = False
    free_since: float | None = None
    load: float = 0.0
    doing: str = ""
    work: tuple[tuple[str, int], ...] = ()
    room: frozenset[str] = EVERYTHING
    offered: str = ""
    kept: Ordered[Rank] | None = None  # callers who wait for him
    seats: list[tuple[Queue, Bench, Key]] = field(default_factory=list)

    def sit(self) -> None:
        """Take his seats, being free."""
        for queue in self.queues.values():
            bench, key = queue.bench_of(self), queue.key(self)
            bench.line.add(key)
            queue.free += 1
            self.seats.append((queue, bench, key))

    def rise(self) -> None:
        """Leave them."""
        for queue, bench, key in self.seats:
            bench.line.remove(key)
            queue.free -= 1
        self.seats.clear()

    def makes_room(self) -> None:
        """Work out anew what he has room for."""
        self.room = room(self.capacity, dict(self.work)) if self.work or self.capacity else EVERYTHING

    def awaited(self) -> bool:
        """Whether it makes sense to keep a caller for him: he is there and takes no break."""
        return self.present and self.doing != "busy"


@dataclass(slots=True, eq=False)
class Caller:
    call: str
    kind: str
    queue: int
    priority: int
    arrived: float
    since: float
    front: bool
    rank: Rank
    wants: Wants
    nice: Levels = ()
    lent: tuple[int, ...] = ()
    keep: tuple[int, ...] = ()
    keep_until: float = 0.0
    lines: list[tuple[dict[Wants, Ordered[Rank]] | None, Ordered[Rank]]] = field(default_factory=list)
    aged: tuple[Ordered[Age], Age] | None = None  # where his arrival stands while he stands in his own queue
    agents: tuple[int, ...] = ()  # offered to
    due: float | None = None
    done: tuple[Overflow, ...] = ()  # rules that came true for him

    def wait(self, queue: Queue) -> None:
        """Into the line of his own queue."""
        self.stand(queue.waiting)
        self.aged = (queue.ages, (self.arrived, self.call))
        queue.ages.add(self.aged[1])

    def stand(self, line: Ordered[Rank]) -> None:
        """Into a line that is there for ever."""
        line.add(self.rank)
        self.lines.append((None, line))

    def join(self, groups: dict[Wants, Ordered[Rank]]) -> None:
        """Into the line of those who want the same; it ends with the last of them."""
        line = groups.get(self.wants)
        if line is None:
            line = groups[self.wants] = Ordered()
        line.add(self.rank)
        self.lines.append((groups, line))

    def go(self) -> None:
        """Out of every line."""
        rank = self.rank
        for groups, line in self.lines:
            line.remove(rank)
            if groups is not None and not line:
                del groups[self.wants]
        self.lines.clear()
        if self.aged is not None:
            self.aged[0].remove(self.aged[1])
            self.aged = None


def rank_of(rules: QueueIs, priority: int, arrived: float, front: bool, sequence: int, call: str) -> Rank:
    """A caller's place. With ageing it is a fixed number (all age alike, so nobody's place moves against another's):
    one step of priority is worth ``age_seconds`` of waiting.
    """
    total = rules.priority + priority
    first = 0 if front else 1
    if rules.age_seconds > 0:
        return (first, 0, arrived - total * rules.age_seconds, sequence, call)
    return (first, -total, arrived, sequence, call)
