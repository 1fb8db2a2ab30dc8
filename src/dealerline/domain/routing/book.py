"""The router's book, for reading: who waits where, who is free, what is due. ``router`` writes it."""

from __future__ import annotations

from collections.abc import Callable

from dealerline.domain.routing.ordered import Ordered
from dealerline.domain.routing.state import Agent, Caller, Queue


class Book:
    """All queues of one switch.

    ``open``: whether opening hours are open at a moment; asked for overflow rules that have hours.
    """

    def __init__(self, open: Callable[[int, float], bool] | None = None) -> None:
        self._open = open or (lambda hours, now: True)
        self._queues: dict[int, Queue] = {}
        self._agents: dict[int, Agent] = {}
        self._calls: dict[str, Caller] = {}
        self._lenders: dict[int, set[int]] = {}  # queue -> the queues whose rules lend it callers
        self._due: Ordered[tuple[float, str]] = Ordered()
        self._sequence = 0

    def waiting(self, queue: int) -> int:
        """How many wait; 0 for a queue that does not exist."""
        found = self._queues.get(queue)
        return len(found.waiting) if found else 0

    def oldest(self, queue: int) -> float | None:
        """When the caller arrived who has waited longest, wherever in the line he stands, or None."""
        found = self._queues.get(queue)
        first = found.ages.first() if found else None
        return first[0] if first else None

    def callers(self, queue: int) -> list[str]:
        """Who waits, in order."""
        found = self._queues.get(queue)
        return [rank[4] for rank in found.waiting] if found else []

    def position(self, call: str) -> int | None:
        """1 for who is next; None when he does not wait (or is being offered)."""
        found = self._calls.get(call)
        if found is None or found.agents:
            return None
        return self._queues[found.queue].waiting.rank(found.rank) + 1

    def offered_to(self, call: str) -> int | None:
        """The agent whom the call is offered to just now (the first of them)."""
        found = self._calls.get(call)
        return found.agents[0] if found and found.agents else None

    def offered(self, call: str) -> tuple[int, ...]:
        """Everybody whom the call is offered to just now."""
        found = self._calls.get(call)
        return found.agents if found else ()

    def lent(self, call: str) -> tuple[int, ...]:
        """The queues whose people may take this caller besides his own."""
        found = self._calls.get(call)
        return found.lent if found else ()

    def kept(self, call: str) -> tuple[int, ...]:
        """The people this caller waits for alone, just now."""
        found = self._calls.get(call)
        return found.keep if found else ()

    def takeable(self, queue: int) -> list[str]:
        """Whom this queue's people may take: its own callers and lent ones, without those who are kept for somebody."""
        found = self._queues.get(queue)
        return [rank[4] for line in found.groups.values() for rank in line] if found else []

    def borrowed(self, queue: int) -> int:
        """How many callers of other queues this queue's people may take just now."""
        found = self._queues.get(queue)
        if found is None or queue not in self._lenders:
            return 0
        own = sum(1 for rank in found.waiting if not self._calls[rank[4]].keep)
        return sum(len(line) for line in found.groups.values()) - own

    def front(self, call: str) -> bool:
        """Whether he stands before all who did not come back from somebody."""
        found = self._calls.get(call)
        return bool(found and found.front)

    def present(self, queue: int) -> int:
        """Agents of the queue who are signed in."""
        found = self._queues.get(queue)
        return found.present if found else 0

    def free(self, queue: int) -> int:
        """Agents of the queue who could be offered a call."""
        found = self._queues.get(queue)
        return found.free if found else 0

    def expected_wait(self, call: str, now: float) -> float | None:
        """Seconds until this caller's turn: mean handling time times position over agents; None with no agents.

        The mean is that of the last hour's answers; with fewer than five, of the last five however old.
        """
        position, found = self.position(call), self._calls.get(call)
        if position is None or found is None:
            return None
        queue = self._queues[found.queue]
        return queue.mean_handling(now) * position / queue.present if queue.present else None

    def due(self) -> float | None:
        """When to send TimePassed next; None: not before something else happens."""
        first = self._due.first()
        return first[0] if first else None
