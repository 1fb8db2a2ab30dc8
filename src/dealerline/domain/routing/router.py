"""The automatic call distributor's mind: queues, waiting callers, free agents; longest idle first.

The rules of the file:

- One owner: only a Router changes its queues. ``decide(router, event, now)`` takes what happened and returns decisions
  as values with their reasons; the switch makes them real and reports back.
- Never is somebody waiting in a queue while an agent of that queue is free (the invariant that the tests hold it to).
- An offer takes the caller out of the queue and the agent out of the free ones at once, so neither can be offered
  twice. The caller's offer ends by Answered, CallReturned or CallLeft; the agent is free again only when the switch
  says so (AgentIs).
- Order among callers: those who come back from a failed offer first, then by priority (queue's plus caller's), then by
  arrival.
- An illegal event raises IllegalRouting and changes nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from dealerline.domain.routing.ordered import Ordered

RECENT = 50  # answers from which a queue's handling time is taken
USUAL_HANDLING = 180.0  # seconds of talk and after-call work, before a queue has any answers


class IllegalRouting(ValueError):
    """An event about a call, agent or queue that is not where the event says. Nothing has changed."""


# --- events ---


@dataclass(frozen=True, slots=True)
class QueueIs:
    """A queue is there, or its people or priority changed."""

    queue: int
    agents: tuple[int, ...]
    priority: int = 0


@dataclass(frozen=True, slots=True)
class QueueGone:
    queue: int


@dataclass(frozen=True, slots=True)
class AgentIs:
    """``present``: signed in, whatever he does. ``free_since``: free to be offered calls since then; None: not free."""

    agent: int
    present: bool
    free_since: float | None = None


@dataclass(frozen=True, slots=True)
class AgentGone:
    """He is no longer an agent at all."""

    agent: int


@dataclass(frozen=True, slots=True)
class CallEntered:
    """``arrived``: when the caller came, for his place (epoch seconds). ``front``: before all others."""

    call: str
    queue: int
    priority: int = 0
    arrived: float | None = None
    front: bool = False


@dataclass(frozen=True, slots=True)
class CallReturned:
    """The offer failed, or the agent was lost in mid-call: the caller waits again, in front."""

    call: str
    queue: int
    priority: int = 0
    arrived: float | None = None


@dataclass(frozen=True, slots=True)
class CallLeft:
    """Hung up, timed out or pressed a key, while waiting or while being offered."""

    call: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The agent took the offered call."""

    call: str


@dataclass(frozen=True, slots=True)
class Handled:
    """A call of this queue is over, after-call work included: ``seconds`` of an agent's time."""

    queue: int
    seconds: float


Event = QueueIs | QueueGone | AgentIs | AgentGone | CallEntered | CallReturned | CallLeft | Answered | Handled

# --- decisions ---


@dataclass(frozen=True, slots=True)
class Offer:
    """Ring ``agent`` for ``call``. ``why``: machine-readable reasons for the journal."""

    call: str
    agent: int
    queue: int
    waited: float
    why: dict[str, object]


@dataclass(frozen=True, slots=True)
class Orphaned:
    """The queue of ``call`` is gone; the call must go on elsewhere."""

    call: str
    queue: int


Decision = Offer | Orphaned
Rank = tuple[int, int, float, int, str]  # returned first, -priority, arrival, sequence, call


@dataclass(slots=True)
class _Queue:
    agents: set[int]
    priority: int
    waiting: Ordered[Rank] = field(default_factory=Ordered)
    free: Ordered[tuple[float, int]] = field(default_factory=Ordered)  # (free since, agent)
    present: int = 0
    handled: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    handled_sum: float = 0.0


@dataclass(slots=True)
class _Agent:
    queues: set[int] = field(default_factory=set)
    present: bool = False
    free_since: float | None = None
    offered: str = ""


@dataclass(slots=True)
class _Call:
    queue: int
    rank: Rank
    arrived: float
    agent: int | None = None  # offered to


class Router:
    """All queues of one switch. Read it freely; change it by ``decide`` only."""

    def __init__(self) -> None:
        self._queues: dict[int, _Queue] = {}
        self._agents: dict[int, _Agent] = {}
        self._calls: dict[str, _Call] = {}
        self._sequence = 0

    # reading ------------------------------------------------------------------------------------------------------

    def waiting(self, queue: int) -> int:
        """How many wait; 0 for a queue that does not exist."""
        found = self._queues.get(queue)
        return len(found.waiting) if found else 0

    def oldest(self, queue: int) -> float | None:
        """When the caller who waits longest arrived (of those in front), or None."""
        found = self._queues.get(queue)
        first = found.waiting.first() if found else None
        return first[2] if first else None

    def callers(self, queue: int) -> list[str]:
        """Who waits, in order."""
        found = self._queues.get(queue)
        return [rank[4] for rank in found.waiting] if found else []

    def position(self, call: str) -> int | None:
        """1 for who is next; None when he does not wait (or is being offered)."""
        found = self._calls.get(call)
        if found is None or found.agent is not None:
            return None
        return self._queues[found.queue].waiting.rank(found.rank) + 1

    def offered_to(self, call: str) -> int | None:
        """The agent whom the call is offered to just now."""
        found = self._calls.get(call)
        return found.agent if found else None

    def present(self, queue: int) -> int:
        """Agents of the queue who are signed in."""
        found = self._queues.get(queue)
        return found.present if found else 0

    def free(self, queue: int) -> int:
        """Agents of the queue who could be offered a call."""
        found = self._queues.get(queue)
        return len(found.free) if found else 0

    def expected_wait(self, call: str) -> float | None:
        """Seconds until this caller's turn: mean handling time times position over agents; None with no agents."""
        position, found = self.position(call), self._calls.get(call)
        if position is None or found is None:
            return None
        queue = self._queues[found.queue]
        if not queue.present:
            return None
        mean = queue.handled_sum / len(queue.handled) if queue.handled else USUAL_HANDLING
        return mean * position / queue.present

    # changing -----------------------------------------------------------------------------------------------------

    def _queue_is(self, event: QueueIs, now: float) -> list[Decision]:
        queue = self._queues.get(event.queue)
        if queue is None:
            queue = self._queues[event.queue] = _Queue(set(), event.priority)
        queue.priority = event.priority  # counts for callers from now on
        members = set(event.agents)
        for number in queue.agents - members:
            self._part(event.queue, queue, number)
        for number in members - queue.agents:
            agent = self._agents.setdefault(number, _Agent())
            agent.queues.add(event.queue)
            queue.present += agent.present
            if agent.free_since is not None:
                queue.free.add((agent.free_since, number))
        queue.agents = members
        return self._serve(event.queue, now)

    def _part(self, number: int, queue: _Queue, who: int) -> None:
        agent = self._agents[who]
        agent.queues.discard(number)
        queue.present -= agent.present
        if agent.free_since is not None:
            queue.free.remove((agent.free_since, who))

    def _queue_gone(self, event: QueueGone, now: float) -> list[Decision]:
        queue = self._queues.get(event.queue)
        if queue is None:
            raise IllegalRouting(f"there is no queue {event.queue}")
        for number in queue.agents:
            self._agents[number].queues.discard(event.queue)
        gone = [call for call, found in self._calls.items() if found.queue == event.queue and found.agent is None]
        for call in gone:
            del self._calls[call]
        del self._queues[event.queue]
        return [Orphaned(call, event.queue) for call in gone]

    def _agent_is(self, event: AgentIs, now: float) -> list[Decision]:
        if event.free_since is not None and not event.present:
            raise IllegalRouting(f"agent {event.agent} cannot be free without being signed in")
        agent = self._agents.setdefault(event.agent, _Agent())
        if event.free_since is not None and agent.offered:
            raise IllegalRouting(f"agent {event.agent} cannot be free while call {agent.offered} is offered to him")
        for number in agent.queues:
            queue = self._queues[number]
            queue.present += event.present - agent.present
        agent.present = event.present
        self._unfree(event.agent, agent)
        if event.free_since is None:
            return []
        agent.free_since = event.free_since
        best: tuple[Rank, int] | None = None
        for number in agent.queues:
            first = self._queues[number].waiting.first()
            if first is not None and (best is None or first < best[0]):
                best = (first, number)
        if best is None:
            for number in agent.queues:
                self._queues[number].free.add((event.free_since, event.agent))
            return []
        return [self._offer(best[0], best[1], event.agent, agent, now)]

    def _agent_gone(self, event: AgentGone, now: float) -> list[Decision]:
        agent = self._agents.get(event.agent)
        if agent is None:
            raise IllegalRouting(f"there is no agent {event.agent}")
        for number in list(agent.queues):
            queue = self._queues[number]
            self._part(number, queue, event.agent)
            queue.agents.discard(event.agent)
        del self._agents[event.agent]
        return []

    def _unfree(self, number: int, agent: _Agent) -> None:
        if agent.free_since is not None:
            for queue in agent.queues:
                self._queues[queue].free.remove((agent.free_since, number))
            agent.free_since = None

    def _enter(self, event: CallEntered | CallReturned, now: float, front: bool) -> list[Decision]:
        queue = self._queues.get(event.queue)
        known = self._calls.get(event.call)
        if queue is None and isinstance(event, CallReturned):
            self._calls.pop(event.call, None)
            self._close_offer(known)
            return [Orphaned(event.call, event.queue)]
        if queue is None:
            raise IllegalRouting(f"there is no queue {event.queue}")
        if known is not None and not (isinstance(event, CallReturned) and known.agent is not None):
            raise IllegalRouting(f"call {event.call} waits already")
        self._close_offer(known)
        self._sequence += 1
        arrived = event.arrived if event.arrived is not None else known.arrived if known else now
        priority = queue.priority + event.priority
        if known and not event.priority:
            priority = -known.rank[1]
        rank = (0 if front else 1, -priority, arrived, self._sequence, event.call)
        self._calls[event.call] = _Call(event.queue, rank, arrived)
        queue.waiting.add(rank)
        return self._serve(event.queue, now)

    def _call_left(self, event: CallLeft, now: float) -> list[Decision]:
        found = self._calls.pop(event.call, None)
        if found is None:
            raise IllegalRouting(f"call {event.call} does not wait")
        if found.agent is not None:
            self._close_offer(found)
        else:
            self._queues[found.queue].waiting.remove(found.rank)
        return []

    def _close_offer(self, call: _Call | None) -> None:
        agent = self._agents.get(call.agent) if call and call.agent is not None else None
        if agent is not None:
            agent.offered = ""

    def _answered(self, event: Answered, now: float) -> list[Decision]:
        found = self._calls.get(event.call)
        if found is None or found.agent is None:
            raise IllegalRouting(f"call {event.call} is not being offered")
        del self._calls[event.call]
        self._close_offer(found)
        return []

    def _handled(self, event: Handled, now: float) -> list[Decision]:
        queue = self._queues.get(event.queue)
        if queue is not None:  # a queue removed meanwhile needs no average
            if len(queue.handled) == RECENT:
                queue.handled_sum -= queue.handled[0]
            queue.handled.append(event.seconds)
            queue.handled_sum += event.seconds
        return []

    def _serve(self, number: int, now: float) -> list[Decision]:
        queue, made = self._queues[number], list[Decision]()
        while len(queue.waiting) and len(queue.free):
            rank, free = queue.waiting.first(), queue.free.first()
            assert rank is not None and free is not None
            made.append(self._offer(rank, number, free[1], self._agents[free[1]], now))
        return made

    def _offer(self, rank: Rank, number: int, who: int, agent: _Agent, now: float) -> Offer:
        queue, call = self._queues[number], self._calls[rank[4]]
        idle = now - agent.free_since if agent.free_since is not None else 0.0
        why: dict[str, object] = {
            "rule": "longest_idle",
            "idle": round(idle, 3),
            "free": max(1, len(queue.free)),
            "waiting": len(queue.waiting),
            "returned": rank[0] == 0,
            "priority": -rank[1],
        }
        queue.waiting.remove(rank)
        self._unfree(who, agent)
        call.agent, agent.offered = who, rank[4]
        return Offer(rank[4], who, number, max(0.0, now - call.arrived), why)


def decide(router: Router, event: Event, now: float) -> list[Decision]:
    """What follows from ``event`` at ``now`` (epoch seconds). Raises IllegalRouting, and then nothing has changed."""
    match event:
        case CallEntered():
            return router._enter(event, now, event.front)
        case CallReturned():
            return router._enter(event, now, True)
        case CallLeft():
            return router._call_left(event, now)
        case AgentIs():
            return router._agent_is(event, now)
        case Answered():
            return router._answered(event, now)
        case Handled():
            return router._handled(event, now)
        case QueueIs():
            return router._queue_is(event, now)
        case QueueGone():
            return router._queue_gone(event, now)
        case AgentGone():
            return router._agent_gone(event, now)
