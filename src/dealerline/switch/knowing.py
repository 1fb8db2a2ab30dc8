"""Who a caller is: asked when he comes, used when the answer is there, and what follows for his place.

Rules of the file. Nobody waits for the answer; a call goes on without one. His level counts as priority; whoever he
spoke with last, his owner, or the named people of a VIP are the ones he is kept for a while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dealerline.domain import routing
from dealerline.switch.core import Core
from dealerline.switch.directory import Queue
from dealerline.switch.model import Call, Phase
from dealerline.switch.ports import Callers, Known

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

NAMED_PATIENCE = 20.0  # seconds that a VIP is kept for his people in a queue that keeps nobody else


class Knowing:
    """Asks ``callers``, and says what routing is to make of the answers."""

    def __init__(self, core: Core, engine: Engine, callers: Callers | None) -> None:
        self.core = core
        self.engine = engine
        self.callers = callers

    def ask(self, call: Call) -> None:
        """He is here: who is he?"""
        if self.callers is not None and call.from_number:
            self.callers.ask(call.from_number, call.store, lambda known: self.core.run(self._answered, call, known))

    def _answered(self, call: Call, known: Known | None) -> None:
        if call.ended or known is None:
            return
        call.known = known
        self.engine.remember(call)
        queue = self.core.lookup.queues.get(call.queue)
        if queue is None or call.phase not in (Phase.QUEUED, Phase.OFFERED):
            return
        people, patience = self.kept_for(call, queue)
        self.engine.queueing.decide(routing.CallKnown(call.id, self.level(call), people, patience))
        self.tell(call)

    def level(self, call: Call) -> int:
        """The priority that his level adds."""
        return self.core.lookup.levels.get(call.known.level, 0) if call.known is not None else 0

    def kept_for(self, call: Call, queue: Queue) -> tuple[tuple[int, ...], float]:
        """Whom he is kept for in this queue, the first choice first, and for how many seconds of waiting."""
        known, people = call.known, self.core.lookup.people
        if known is None:
            return (), 0.0
        if known.standing == "vip" and any(person in people for person in known.named):
            return tuple(p for p in dict.fromkeys(known.named) if p in people), queue.sticky_seconds or NAMED_PATIENCE
        person = known.owner if queue.sticky == "owner" else known.last
        if queue.sticky_seconds <= 0 or person not in people:
            return (), 0.0
        return (person,), queue.sticky_seconds

    def tell(self, call: Call) -> None:
        """The fact that he waits for somebody, if he does."""
        queue = self.core.lookup.queues.get(call.queue)
        people = self.engine.queueing.router.kept(call.id) if call.phase is Phase.QUEUED else ()
        if people and queue is not None:
            until = call.queued + self.kept_for(call, queue)[1]
            self.core.fact(
                "queue.kept", call, queue=queue.id, agent=people[0], agents=list(people), until=round(until, 3)
            )
