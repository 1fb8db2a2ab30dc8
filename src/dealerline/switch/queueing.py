"""Waiting callers: music, place and expected time spoken, and offers to people until one answers.

Rules of the file. Who is rung for whom is decided by ``domain.routing`` alone, in memory; here its decisions are made
real. An offer ends in exactly one way (answered, no answer, refused, device lost, failed, caller gone); each but the
first and the last puts the caller back in front, and the person into a state that tells why. A caller hears music, or
words, at every moment.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dealerline.domain import ivr, numbers, presence, routing
from dealerline.switch.core import Core
from dealerline.switch.directory import Queue
from dealerline.switch.lookup import Lookup
from dealerline.switch.media import Leg
from dealerline.switch.model import AgentLeg, Call, Phase, Seat
from dealerline.switch.provision import TRANSFERS

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

WAITS = ((60, "1"), (120, "2"), (180, "3"), (300, "5"), (600, "10"), (900, "15"), (1200, "20"), (1800, "30"))
FIRST_ANNOUNCEMENT = 6.0
POSITIONS = 20


def wait_prompt(seconds: float) -> str:
    """The prompt that tells an expected wait: the next of 1, 2, 3, 5, 10, 15, 20, 30 minutes."""
    return "queue.wait." + next((name for bound, name in WAITS if seconds <= bound), "long")


class Queueing:
    """Queues in memory, and the ringing of phones for them."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine
        self.router = routing.Router()

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
        for decision in decisions:
            if isinstance(decision, routing.Offer):
                self._offer(decision)
            else:
                self._orphaned(decision)

    def configure(self, new: Lookup, old: Lookup) -> None:
        """Queues came, went, or have other people."""
        for gone in old.queues.keys() - new.queues.keys():
            self.decide(routing.QueueGone(gone))
        for queue in new.queues.values():
            before = old.queues.get(queue.id)
            if before is None or before.agents != queue.agents or before.priority != queue.priority:
                self.decide(routing.QueueIs(queue.id, queue.agents, queue.priority))

    def agent_is(self, person: int, present: bool, free_since: float | None) -> None:
        """A person came, went, became free or not; callers of queues that nobody staffs any more are told."""
        self.decide(routing.AgentIs(person, present, free_since))
        if present:
            return
        for queue in self.core.lookup.queues_of.get(person, ()):
            if self.router.present(queue) == 0 and self.router.waiting(queue):
                for call_id in self.router.callers(queue):
                    self._empty(self.core.calls.get(call_id))

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
        self.core.go(call, Phase.QUEUED)
        self._wait(call, queue)
        self.core.fact("queue.entered", call, queue=queue.id, position=self.router.waiting(queue.id) + 1)
        self.music(call)
        self.engine.callbacks.place(call)
        self.decide(routing.CallEntered(call.id, queue.id, priority, call.since))
        if self.router.present(queue.id) == 0:
            self._empty(call)

    def take_up(self, call: Call, queue: Queue) -> None:
        """A caller who waited before the switch was restarted: at his place again."""
        self._wait(call, queue)
        self.decide(routing.CallEntered(call.id, queue.id, call.priority, call.since))

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
            if call.phase is Phase.QUEUED and self.router.present(call.queue) == 0:
                self._over(call, "closed")

        self.core.after.append(tell)

    def _waited_out(self, call: Call) -> None:
        call.queue_timer = None
        if call.phase is Phase.QUEUED:  # while a phone rings, the end of the ringing decides
            self._over(call, "timeout")

    def _over(self, call: Call, reason: str) -> None:
        """He has waited in vain: the flow goes on, unless a transfer that failed brought him here."""
        if not self.engine.bringing.waited_out(call, reason):
            self.engine.flows.step(call, ivr.QueueEmpty() if reason == "closed" else ivr.QueueTimeout())

    def to_lead(self, call: Call, reason: str) -> None:
        """Out of the queue, with music, as long as a shift lead's phone rings for him."""
        self.decide(routing.CallLeft(call.id))
        self._left(call, reason)
        if call.announcing:
            self.stop_music(call)
            self.music(call)
        self.core.go(call, Phase.TRANSFER)

    def in_vain(self, call: Call) -> None:
        """No lead either: the flow goes on from its queue."""
        nobody = self.router.present(call.queue) == 0 and not call.wait_when_empty
        self.engine.flows.step(call, ivr.QueueEmpty() if nobody else ivr.QueueTimeout())

    def leave(self, call: Call, reason: str) -> None:
        """The flow takes the caller out again: timeout, key, or nobody there."""
        call.expected = self.router.expected_wait(call.id)
        if call.phase is Phase.TRANSFER:  # a lead was rung for him
            self.engine.bringing.nobody_more(call)
        elif call.phase in (Phase.QUEUED, Phase.OFFERED):
            self.decide(routing.CallLeft(call.id))
            self._withdraw(call)
            self._left(call, reason)
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

    # what the caller hears
    # ----------------------------------------------------------------------------------------------
    def music(self, call: Call) -> None:
        """Music for the customer, from now on."""
        if call.music or call.announcing or call.stands:
            return
        queue = self.core.lookup.queues.get(call.queue)
        store = self.core.lookup.stores.get(call.store)
        call.music = True
        self.core.do(
            self.core.media.music, call.channel, (queue.music if queue else "") or (store.music if store else "")
        )

    def stop_music(self, call: Call) -> None:
        """No music and no announcement any more."""
        if call.announcing:
            self.core.by_playback.pop(call.announcing, None)
            self.core.do(self.core.media.stop_play, call.announcing)
            call.announcing = ""
        if call.music:
            call.music = False
            self.core.do(self.core.media.stop_music, call.channel)

    def say(self, call: Call, prompts: tuple[str, ...]) -> None:
        """Say something in between, then music again."""
        self.stop_music(call)
        call.announcing = self.engine.flows.announce(call, prompts)
        self.engine.remember(call)

    def _announce(self, call: Call) -> None:
        queue = self.core.lookup.queues.get(call.queue)
        call.announce_timer = None
        if call.ended or queue is None or call.phase not in (Phase.QUEUED, Phase.OFFERED):
            return
        call.announce_timer = self.core.later(queue.announce_seconds, self._announce, call)
        position = self.router.position(call.id)
        if call.phase is not Phase.QUEUED or position is None or call.announcing:
            return
        wait = self.router.expected_wait(call.id)
        prompts = [f"queue.position.{position}" if position <= POSITIONS else "queue.position.many"]
        if wait is not None:
            prompts.append(wait_prompt(wait))
        prompts += ["queue.thanks", *self.engine.flows.offers(call)]
        self.core.fact(
            "queue.announced", call, queue=call.queue, position=position, wait=None if wait is None else round(wait)
        )
        self.say(call, tuple(prompts))

    def announced(self, call: Call, playback: str) -> None:
        """An announcement is over: music again, unless somebody answered meanwhile."""
        if call.announcing == playback:
            call.announcing = ""
            if call.phase in (Phase.QUEUED, Phase.OFFERED, Phase.RECONNECTING):
                self.music(call)

    # offers
    # -------------------------------------------------------------------------------------------------------------
    def _offer(self, decision: routing.Offer) -> None:
        call = self.core.calls[decision.call]
        seat = self.engine.agents.seat(decision.agent)
        queue = self.core.lookup.queues.get(decision.queue)
        self.engine.callbacks.offered(call)
        seconds = queue.ring_seconds if queue else 20
        call.legs += 1
        leg = AgentLeg(
            f"{call.id}-a{call.legs}",
            seat.person,
            self.engine.agents.endpoint(seat),
            self.core.now,
            self.core.now + seconds,
            tab=seat.tab,
        )
        self.core.go(call, Phase.OFFERED)
        call.leg = leg
        seat.call = call
        self.core.by_channel[leg.channel] = (call, "agent")
        self.core.soon(self._ring, self.leg_for(call, leg, seat))
        if not call.bridged:
            call.bridged = True
            self.core.do(self.core.media.make_bridge, call.bridge)
        leg.timer = self.core.later(seconds, self.failed, call, leg, "no_answer")
        self.core.metrics.offers += 1
        self.core.fact(
            "offer.made",
            call,
            person=seat.person,
            agent=seat.person,
            queue=decision.queue,
            waited=round(decision.waited, 3),
            why=decision.why,
        )
        self.engine.agents.event(seat, presence.Reserve(call.id))

    def _ring(self, leg: Leg) -> None:
        self.core.media.ring(leg)
        self.core.ring_sent()

    def leg_for(self, call: Call, leg: AgentLeg, seat: Seat) -> Leg:
        """The channel to make for an agent. What its phone shows: see docs/reference/desk-protocol.md."""
        person = self.core.lookup.people.get(seat.person)
        line = self.core.lookup.lines.get(call.line)
        left = max(int(leg.ring_until - self.core.now) + 2, 3)  # our own timer comes first
        if seat.device == "outside":
            return self.engine.confirming.leg_for(call, leg, left)
        own = TRANSFERS if seat.device == "phone" else {}
        if seat.device == "phone":
            other = call.to_number if call.direction == "out" else call.from_number
            name, number = (
                (line.name.get("en", "") if line else ""),
                numbers.masked(other) if person and person.masked else other,
            )
        else:
            name, number = f"dl {'auto' if leg.auto else 'ring'} {call.id}", "dealerline"
        return Leg(
            leg.channel,
            f"PJSIP/{leg.endpoint}",
            name,
            number,
            left,
            ("agent", call.id),
            {"DL_CALL": call.id, "DL_ROLE": "agent", "DL_AGENT": str(seat.person), "DL_TAB": seat.tab, **own},
        )

    def ringing(self, call: Call, leg: AgentLeg) -> None:
        """The phone rings, for a caller in the queue or for a call somebody is brought into."""
        seat = self.core.seats.get(leg.person)
        if seat is not None and seat.call is call and seat.presence.state == "reserved":
            self.engine.agents.event(seat, presence.Ring(leg.ring_until))

    def answered(self, call: Call, leg: AgentLeg) -> None:
        """The person took it: out of the queue; the talk begins in ``talking``."""
        if leg.timer is not None:
            leg.timer.cancel()
        self.decide(routing.Answered(call.id))
        self.core.fact("offer.ended", call, person=leg.person, agent=leg.person, result="answered")
        self._left(call, "answered")
        self.core.metrics.answered += 1

    def failed(self, call: Call, leg: AgentLeg, result: str) -> None:
        """Nobody answered there: the caller back in front, the person busy with the reason."""
        if call.leg is not leg or call.phase is not Phase.OFFERED:
            return
        seat = self._drop_leg(call, leg, result)
        if seat is not None:
            reason = "device_lost" if result == "failed" else result
            self.engine.agents.event(seat, presence.Fail(reason), result)
        self.core.go(call, Phase.QUEUED)
        if call.deadline and self.core.now >= call.deadline:
            # He has waited long enough: back into the queue for the length of this step, so that the flow can take
            # him out.
            self.decide(routing.CallReturned(call.id, call.queue, call.priority, call.since))
            if self.core.waits(call):
                self.core.after.append(lambda: self._waited_out(call))
            return
        if call.stands:
            self.engine.callbacks.untaken(call)
            return
        self.core.fact("queue.returned", call, queue=call.queue, reason=result)
        self.decide(routing.CallReturned(call.id, call.queue, call.priority, call.since))
        if self.core.waits(call) and self.router.present(call.queue) == 0:
            self._empty(call)

    def _withdraw(self, call: Call) -> None:
        """The caller is gone, or pressed a key: a phone that rings for him stops, and it is nobody's fault."""
        leg = call.leg
        if leg is None or call.phase is not Phase.OFFERED:
            return
        seat = self._drop_leg(call, leg, "caller_gone")
        if seat is not None:
            self.engine.agents.event(seat, presence.Release("caller_gone"))

    def _drop_leg(self, call: Call, leg: AgentLeg, result: str) -> Seat | None:
        if leg.timer is not None:
            leg.timer.cancel()
        leg.ended_by_us = result
        call.leg = None
        if self.core.by_channel.pop(leg.channel, None) is not None:
            self.core.do(self.core.media.hang_up, leg.channel, 26 if result == "answered" else 16)
        self.core.fact("offer.ended", call, person=leg.person, agent=leg.person, result=result)
        seat = self.core.seats.get(leg.person)
        if seat is None or seat.call is not call:
            return None
        self.core.part(seat)
        return seat

    def leg_gone(self, call: Call, leg: AgentLeg, cause: int) -> None:
        """The ringing phone went away by itself: refused, unreachable, or it could not be rung."""
        results = {17: "refused", 21: "refused", 16: "refused", 18: "no_answer", 19: "no_answer"}
        seat = self.core.seats.get(leg.person)
        result = results.get(cause, "device_lost")
        if seat is not None and not self.engine.agents.reachable(seat):
            result = "device_lost"
        self.failed(call, leg, result)

    def page_gone(self, call: Call, seat: Seat) -> None:
        """The page went away while it rang, and did not come back."""
        if seat.desk is None and seat.call is call and call.leg is not None:
            self.failed(call, call.leg, "device_lost")

    def device_gone(self, call: Call, seat: Seat) -> None:
        """Asterisk cannot reach the ringing phone any more."""
        if seat.call is call and call.leg is not None and not self.engine.agents.reachable(seat):
            self.failed(call, call.leg, "device_lost")

    def back(self, call: Call, queue: Queue, reason: str, front: bool = True) -> None:
        """Out of a conversation, back to the front of its queue (the agent was lost, a transfer came to nothing), or,
        handed over to ``queue``, to the place that his arrival gives him.
        """
        self.core.go(call, Phase.QUEUED)
        now = self.core.now
        call.queued, call.person = now, 0
        call.deadline = now + queue.max_wait_seconds if queue.max_wait_seconds else 0.0
        self.core.fact("queue.returned", call, queue=call.queue, reason=reason)
        if call.flow is not None:
            self.engine.flows.step(call, ivr.QueueReturned())
        self._wait(call, queue)
        self.music(call)
        came = routing.CallReturned if front else routing.CallEntered
        self.decide(came(call.id, call.queue, call.priority, call.since))
        if call.phase is Phase.QUEUED and self.router.present(call.queue) == 0:
            self._empty(call)

    def refuse(self, call: Call, seat: Seat) -> None:
        """The person does not want this call."""
        if call.leg is not None and call.leg.person == seat.person:
            self.failed(call, call.leg, "refused")
