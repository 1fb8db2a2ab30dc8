"""Offers: whom the router chose is rung for a caller, until somebody answers.

Rules of the file. An offer ends in exactly one way (answered, taken by another, no answer, refused, device lost,
failed, caller gone). While others still ring for the same caller, whoever does not answer is out and the rest ring on;
the last one's end puts the caller back in front. Not answering puts the person into a state that tells why; that
another was faster, or the caller gone, is nobody's fault. A person is offered one call at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from dealerline.domain import numbers, presence, routing
from dealerline.switch.media import Leg
from dealerline.switch.model import AgentLeg, Call, Phase, Seat
from dealerline.switch.provision import TRANSFERS
from dealerline.switch.waitsounds import WaitingSounds


class Offering(WaitingSounds, ABC):
    """The ringing of phones for callers in queues. What it needs of the queues, ``Queueing`` gives."""

    @abstractmethod
    def decide(self, event: routing.Event) -> None:
        """Let the router decide, and do what it says."""

    @abstractmethod
    def nobody(self, call: Call) -> bool:
        """Whether nobody is signed in who could take him."""

    @abstractmethod
    def _priority(self, call: Call) -> int:
        """His flow's and his level's."""

    @abstractmethod
    def _left(self, call: Call, reason: str) -> None:
        """He waits no longer."""

    @abstractmethod
    def _empty(self, call: Call | None) -> None:
        """Nobody is there for him any more."""

    @abstractmethod
    def _waited_out(self, call: Call) -> None:
        """He has waited long enough."""

    # ringing
    # ------------------------------------------------------------------------------------------------------------
    def _offer(self, decision: routing.Offer, passed: dict[str, Any]) -> None:
        """Ring the chosen one. ``passed``: why not the others."""
        call = self.core.calls[decision.call]
        seat = self.engine.agents.seat(decision.agent)
        queue = self.core.lookup.queues.get(decision.queue)
        if call.leg is None:
            self.engine.callbacks.offered(call)
        seconds = queue.ring_seconds if queue else 20
        call.legs += 1
        if call.legs % 4 == 0:  # a new switch numbers on from five more than it reads: no channel's name comes twice
            self.engine.remember(call)
        leg = self._leg(call, seat, seconds)
        if call.leg is None:
            self.core.go(call, Phase.OFFERED)
            call.leg = leg
        else:  # he rings at several
            call.rung[leg.channel] = leg
            self.core.touch(call)
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
            why={**decision.why, "passed": passed},
        )
        self.engine.agents.event(seat, presence.Reserve(call.id))

    def _ring(self, leg: Leg) -> None:
        self.core.media.ring(leg)
        self.core.ring_sent()

    def ring_own(self, call: Call, seat: Seat, seconds: int, silent: Callable[[Call, AgentLeg], None]) -> AgentLeg:
        """Ring the phone of somebody whose call this is already, to be answered at once; else ``silent``."""
        call.legs += 1
        seconds = self.engine.confirming.seconds(seat, seconds)
        leg = self._leg(call, seat, seconds, auto=True)
        self.core.by_channel[leg.channel] = (call, "agent")
        self.core.do(self.core.media.ring, self.leg_for(call, leg, seat))
        leg.timer = self.core.later(seconds, silent, call, leg)
        return leg

    def _leg(self, call: Call, seat: Seat, seconds: float, auto: bool = False) -> AgentLeg:
        now, channel = self.core.now, f"{call.id}-a{call.legs}"
        return AgentLeg(
            channel, seat.person, self.engine.agents.endpoint(seat), now, now + seconds, auto=auto, tab=seat.tab
        )

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

    # the end of an offer
    # ------------------------------------------------------------------------------------------------
    def answers(self, call: Call, channel: str) -> None:
        """Of several phones that ring this one was the first: it is the call's from now on."""
        leg = call.rung.pop(channel, None)
        if leg is not None and call.leg is not None:
            call.rung[call.leg.channel], call.leg = call.leg, leg

    def answered(self, call: Call, leg: AgentLeg) -> None:
        """The person took it: out of the queue; the talk begins in ``talking``. Others are not rung any more."""
        if leg.timer is not None:
            leg.timer.cancel()
        self.decide(routing.Answered(call.id))
        self.core.fact("offer.ended", call, person=leg.person, agent=leg.person, result="answered")
        self._left(call, "answered")
        self.core.metrics.answered += 1
        for other in list(call.rung.values()):
            self._release(call, other, "taken")

    def failed(self, call: Call, leg: AgentLeg, result: str) -> None:
        """Nobody answered there: the person busy with the reason, and the caller back in front, unless others ring."""
        if (call.leg is not leg and call.rung.get(leg.channel) is not leg) or call.phase is not Phase.OFFERED:
            return
        alone = not call.rung
        seat = self._drop_leg(call, leg, result)
        if not alone:
            self.decide(routing.Declined(call.id, leg.person))
        if seat is not None:
            reason = "device_lost" if result == "failed" else result
            self.engine.agents.event(seat, presence.Fail(reason), result)
        if not alone:
            return
        self.core.go(call, Phase.QUEUED)
        call.front = True
        if call.deadline and self.core.now >= call.deadline:
            # He has waited long enough: back into the queue for the length of this step, so that the flow can take
            # him out.
            self.decide(routing.CallReturned(call.id, call.queue, self._priority(call), call.since))
            if self.core.waits(call):
                self.core.after.append(lambda: self._waited_out(call))
            return
        if call.stands:
            self.engine.callbacks.untaken(call)
            return
        self.core.fact("queue.returned", call, queue=call.queue, reason=result)
        self.decide(routing.CallReturned(call.id, call.queue, self._priority(call), call.since))
        self.engine.remember(call)
        if self.core.waits(call) and self.nobody(call):
            self._empty(call)

    def _withdraw(self, call: Call) -> None:
        """The caller is gone, or pressed a key: phones that ring for him stop, and it is nobody's fault."""
        if call.phase is not Phase.OFFERED:
            return
        for leg in [*call.rung.values(), *([call.leg] if call.leg is not None else [])]:
            self._release(call, leg, "caller_gone")

    def _release(self, call: Call, leg: AgentLeg, why: str) -> None:
        seat = self._drop_leg(call, leg, why)
        if seat is not None:
            self.engine.agents.event(seat, presence.Release(why))

    def _drop_leg(self, call: Call, leg: AgentLeg, result: str) -> Seat | None:
        if leg.timer is not None:
            leg.timer.cancel()
        leg.ended_by_us = result
        if call.rung.pop(leg.channel, None) is None:
            call.leg = call.rung.pop(next(iter(call.rung))) if call.rung else None
        if self.core.by_channel.pop(leg.channel, None) is not None:
            self.core.do(self.core.media.hang_up, leg.channel, 26 if result in ("answered", "taken") else 16)
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

    def _lost(self, call: Call, seat: Seat) -> None:
        leg = call.leg_of(seat.person)
        if leg is not None and seat.call is call:
            self.failed(call, leg, "device_lost")

    def page_gone(self, call: Call, seat: Seat) -> None:
        """The page went away while it rang, and did not come back."""
        if seat.desk is None:
            self._lost(call, seat)

    def device_gone(self, call: Call, seat: Seat) -> None:
        """Asterisk cannot reach the ringing phone any more."""
        if not self.engine.agents.reachable(seat):
            self._lost(call, seat)

    def refuse(self, call: Call, seat: Seat) -> None:
        """The person does not want this call."""
        leg = call.leg_of(seat.person)
        if leg is not None:
            self.failed(call, leg, "refused")
