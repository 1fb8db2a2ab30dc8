"""Waiting callers: into a queue, out of it, and what the router decides about them.

Rules of the file. Who is rung for whom is decided by ``domain.routing`` alone, in memory; here and in ``offering`` its
decisions are made real. Whatever time changes for somebody who waits (a need relaxes, patience ends, a rule sends him
further) the router knows and one timer serves.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dealerline.domain import ivr, routing
from dealerline.domain.routing import explain
from dealerline.switch.core import Core
from dealerline.switch.directory import Queue
from dealerline.switch.lookup import Lookup
from dealerline.switch.model import Call, Phase
from dealerline.switch.offering import Offering
from dealerline.switch.ports import Timer
from dealerline.switch.waitsounds import FIRST_ANNOUNCEMENT
from dealerline.switch.waitsounds import wait_prompt as wait_prompt

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

SOON = 0.01  # a timer may come a moment early


def rules_of(queue: Queue) -> routing.QueueIs:
    """A queue as the router knows it."""
    return routing.QueueIs(
        queue.id,
        queue.agents,
        queue.priority,
        queue.strategy,
        queue.needs,
        queue.order,
        queue.age_seconds,
        queue.overflow,
    )


class Queueing(Offering):
    """Queues in memory."""

    def __init__(self, core: Core, engine: Engine) -> None:
        super().__init__(core, engine)
        self._due: tuple[float, Timer] | None = None

    # the router
    # ---------------------------------------------------------------------------------------------------------
    def decide(self, event: routing.Event) -> None:
        """Let the router decide, and do what it says. An illegal event is a fault of ours: counted, nothing changed."""
        try:
            decisions = routing.decide(self.router, event, self.core.now)
        except routing.IllegalRouting:
            self.core.metrics.errors += 1
            log.exception("the router refused %s", type(event).__name__)
            return
        # All explanations first: what is done about one decision brings the next event.
        whys = [explain.passed(self.router, d) if isinstance(d, routing.Offer) else {} for d in decisions]
        for decision, why in zip(decisions, whys, strict=True):
            if isinstance(decision, routing.Offer):
                self._offer(decision, why)
            elif isinstance(decision, routing.Overflowed):
                self.engine.overflowing.happens(decision)
            else:
                self._orphaned(decision)
        self._arm()

    def _arm(self) -> None:
        """One timer for whatever is due next."""
        due = self.router.due()
        if self._due is not None:
            if self._due[0] == due:
                return
            self._due[1].cancel()
            self._due = None
        if due is not None:
            self._due = (due, self.core.later(max(due - self.core.now, SOON), self._time_passed))

    def _time_passed(self) -> None:
        self._due = None
        self.decide(routing.TimePassed())

    def configure(self, new: Lookup, old: Lookup) -> None:
        """Queues came, went, or have other people or rules; people can do more or less."""
        for gone in old.queues.keys() - new.queues.keys():
            self.decide(routing.QueueGone(gone))
        for number in old.people.keys() | new.people.keys():
            was, now = old.people.get(number), new.people.get(number)
            before = (was.skills, was.capacity) if was else ((), ())
            after = (now.skills, now.capacity) if now else ((), ())
            if before != after:
                self.decide(routing.AgentHas(number, *after))
        for queue in new.queues.values():
            rules, known = rules_of(queue), old.queues.get(queue.id)
            if known is None or rules_of(known) != rules:
                self.decide(rules)

    def agent_is(self, person: int, present: bool, free_since: float | None, load: float, doing: str) -> None:
        """A person came, went, became free or not; callers of queues that nobody staffs any more are told."""
        self.decide(routing.AgentIs(person, present, free_since, load, doing))
        if present:
            return
        for queue in self.core.lookup.queues_of.get(person, ()):
            if self.router.present(queue) == 0:
                for call_id in dict.fromkeys((*self.router.callers(queue), *self.router.takeable(queue))):
                    self._empty(self.core.calls.get(call_id))

    def nobody(self, call: Call) -> bool:
        """Whether nobody who might take this caller is signed in."""
        return not any(self.router.present(queue) for queue in (call.queue, *self.router.lent(call.id)))

    def handled(self, queue: int, seconds: float) -> None:
        """A call of this queue is done with, after-call work included."""
        self.decide(routing.Handled(queue, seconds))

    # waiting
    # ------------------------------------------------------------------------------------------------------------
    def enter(self, call: Call, queue: Queue, max_wait: float, priority: int, wait_when_empty: bool) -> None:
        """A caller begins to wait."""
        now = self.core.now
        limit = max_wait or queue.max_wait_seconds
        call.queue, call.queued, call.priority = queue.id, now, priority
        call.deadline = now + limit if limit else 0.0
        call.wait_when_empty = wait_when_empty
        call.front, call.lent, call.spent = False, (), False
        self.core.go(call, Phase.QUEUED)
        self._wait(call, queue)
        self.core.fact("queue.entered", call, queue=queue.id, position=self.router.waiting(queue.id) + 1)
        self.music(call)
        self.engine.callbacks.place(call)
        self._enters(call, queue)
        self.engine.recognising.tell(call)
        if self.router.present(queue.id) == 0:
            self._empty(call)

    def _enters(self, call: Call, queue: Queue) -> None:
        people, patience = self.engine.recognising.kept_for(call, queue) if not call.front else ((), 0.0)
        self.decide(
            routing.CallEntered(
                call.id,
                queue.id,
                self._priority(call),
                call.since,
                call.front,
                since=call.queued,
                keep=people,
                patience=patience,
                lent=call.lent,
                spent=call.spent,
            )
        )

    def _priority(self, call: Call) -> int:
        """His flow's, his line's and his level's."""
        return call.priority + self.core.lookup.line_priority(call.line) + self.engine.recognising.level(call)

    def take_up(self, call: Call, queue: Queue) -> None:
        """A caller who waited before, and comes back from a restart or from an outside number: at his place again."""
        self._wait(call, queue)
        self._enters(call, queue)

    def take_back(self, call: Call) -> None:
        """For the reconciler: a caller who waits without a place gets one."""
        queue = self.core.lookup.queues.get(call.queue)
        if queue is None:
            self.engine.end(call, "repair", "no_queue")
        else:
            self.take_up(call, queue)

    def _wait(self, call: Call, queue: Queue) -> None:
        """Set the clock of the longest wait and of the next announcement."""
        if call.deadline and call.queue_timer is None:
            call.queue_timer = self.core.later(max(call.deadline - self.core.now, 0.05), self._waited_out, call)
        if queue.announce_seconds and call.announce_timer is None and not call.stands:
            first = min(FIRST_ANNOUNCEMENT, queue.announce_seconds)
            call.announce_timer = self.core.later(first, self._announce, call)

    def _empty(self, call: Call | None) -> None:
        if call is None or call.wait_when_empty or call.phase is not Phase.QUEUED:
            return

        def tell() -> None:
            if call.phase is Phase.QUEUED and self.nobody(call):
                self._over(call, "closed")

        self.core.after.append(tell)

    def _waited_out(self, call: Call) -> None:
        call.queue_timer = None
        if call.phase is Phase.QUEUED:  # while a phone rings, the end of the ringing decides
            self._over(call, "timeout")

    def waited_enough(self, call: Call) -> None:
        """A rule says that he shall wait no longer."""
        if call.phase is Phase.QUEUED:
            self._over(call, "timeout")

    def _over(self, call: Call, reason: str) -> None:
        """He has waited in vain: the flow goes on, unless a transfer that failed brought him here."""
        if not self.engine.bringing.waited_out(call, reason):
            self.engine.flows.step(call, ivr.QueueEmpty() if reason == "closed" else ivr.QueueTimeout())

    def to_lead(self, call: Call, reason: str) -> None:
        """Out of the queue, with music, as long as a shift lead's phone rings for him."""
        self.out(call, reason)
        self.core.go(call, Phase.TRANSFER)

    def out(self, call: Call, reason: str) -> None:
        """Out of the queue, with music, while somebody is rung for him elsewhere."""
        self.decide(routing.CallLeft(call.id))
        self._left(call, reason)
        if call.announcing:
            self.stop_music(call)
            self.music(call)

    def in_vain(self, call: Call) -> None:
        """No lead either: the flow goes on from its queue."""
        nobody = self.router.present(call.queue) == 0 and not call.wait_when_empty
        self.engine.flows.step(call, ivr.QueueEmpty() if nobody else ivr.QueueTimeout())

    def leave(self, call: Call, reason: str) -> None:
        """The flow takes the caller out again: timeout, key, or nobody there."""
        call.expected = self.router.expected_wait(call.id, self.core.now)
        if call.phase is Phase.TRANSFER:  # a lead was rung for him
            self.engine.bringing.nobody_more(call)
        elif call.phase in (Phase.QUEUED, Phase.OFFERED):
            self.decide(routing.CallLeft(call.id))
            self._withdraw(call)
            self._left(call, reason)
        elif self.engine.overflowing.is_out(call):
            self.engine.overflowing.taken_back(call)
        else:
            return
        call.returned = None
        self.stop_music(call)
        call.queue, call.deadline = 0, 0.0
        self.core.go(call, Phase.FLOW)

    def _left(self, call: Call, reason: str) -> None:
        for timer in (call.queue_timer, call.announce_timer):
            if timer is not None:
                timer.cancel()
        call.queue_timer = call.announce_timer = None
        if call.stands:  # nobody waits: what becomes of a promise is told by its own facts
            return
        self.core.fact(
            "queue.left", call, queue=call.queue, reason=reason, waited=round(self.core.now - call.queued, 3)
        )

    def abandoned(self, call: Call) -> None:
        """The caller hung up while he waited, or while somebody's phone rang for him."""
        if not call.stands or self.router.position(call.id) or self.router.offered_to(call.id):
            self.decide(routing.CallLeft(call.id))  # a promise may have lost its place with its queue
        self._withdraw(call)
        self._left(call, "abandoned")
        self.core.metrics.abandoned += not call.stands

    def _orphaned(self, decision: routing.Orphaned) -> None:
        call = self.core.calls.get(decision.call)
        if call is None or call.phase is not Phase.QUEUED:
            return
        if call.stands:
            self.engine.callbacks.queue_gone(call)
            return
        self._left(call, "closed")
        self.stop_music(call)
        call.queue, call.deadline = 0, 0.0
        self.core.go(call, Phase.FLOW)
        self.core.after.append(lambda: self.engine.flows.step(call, ivr.QueueTimeout()))

    def back(self, call: Call, queue: Queue, reason: str, front: bool = True) -> None:
        """Out of a conversation, back to the front of its queue (the agent was lost, a transfer came to nothing), or,
        handed over to ``queue``, to the place that his arrival gives him.
        """
        self.core.go(call, Phase.QUEUED)
        now = self.core.now
        call.queued, call.person = now, 0
        call.front, call.lent, call.spent = front, (), False
        call.deadline = now + queue.max_wait_seconds if queue.max_wait_seconds else 0.0
        self.core.fact("queue.returned", call, queue=call.queue, reason=reason)
        if call.flow is not None:
            self.engine.flows.step(call, ivr.QueueReturned())
        self._wait(call, queue)
        self.music(call)
        came = routing.CallReturned if front else routing.CallEntered
        self.decide(came(call.id, call.queue, self._priority(call), call.since, since=now))
        if call.phase is Phase.QUEUED and self.router.present(call.queue) == 0:
            self._empty(call)
