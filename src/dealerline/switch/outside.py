"""Calls to the outside: forwarding a caller to a duty phone, dialling for an agent, and letting an agent hear himself.

Rules of the file. Out goes only through a carrier that the directory names, with digits only. What the far side did
(busy, no answer, refused, ...) is told by its Q.850 cause, once, in ``results``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from dealerline.domain import ivr, numbers, presence
from dealerline.domain.contact import CALLED_FOR
from dealerline.domain.conversation import Party
from dealerline.switch.core import Core
from dealerline.switch.directory import Line
from dealerline.switch.media import Leg
from dealerline.switch.model import AgentLeg, Call, Phase, Refused, Seat
from dealerline.switch.provision import TRANSFERS
from dealerline.switch.texts import OUTCOMES

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

RESULTS = {17: "busy", 18: "no_answer", 19: "no_answer", 21: "rejected", 1: "unallocated", 28: "unallocated"}
# What a desk phone that dialled by itself is told, in its own tongue.
CAUSES = {"busy": 17, "no_answer": 19, "rejected": 21, "unallocated": 1, "failed": 34}
DIAL_SECONDS = 60
ANSWER_SECONDS = 15  # for the agent's own phone, which answers by itself
TEST_SECONDS = 10.0


class Outside:
    """Legs that we make to telephones outside, and the headset test."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    def _endpoint(self, carrier: int, number: str) -> str:
        known = self.core.lookup.carriers.get(carrier)
        digits = numbers.dialable(number)
        return f"PJSIP/{known.prefix}{digits}@carrier-{carrier}" if known is not None and digits else ""

    def endpoint_for(self, line: Line | None, carrier: int, number: str) -> str:
        """How to reach an outside number for a call of that line; nothing when it cannot be dialled."""
        return self._endpoint(self._carrier(line, carrier), number)

    def carrier_of(self, line: Line | None) -> int:
        """The carrier by which that line rings people, or 0."""
        return self._carrier(line)

    def _carrier(self, line: Line | None, call_carrier: int = 0) -> int:
        """The line's own carrier, else the one the call came by, else any."""
        carriers = self.core.lookup.carriers
        for carrier in (line.carrier if line else 0, call_carrier, next(iter(carriers), 0)):
            if carrier in carriers:
                return carrier
        return 0

    @staticmethod
    def shown(line: Line | None) -> str:
        """The number that a telephone outside is shown for a call of that line."""
        return (line.caller_id or (line.numbers[0] if line.numbers else "")) if line else ""

    # forward
    # ------------------------------------------------------------------------------------------------------------
    def forward(self, call: Call, number: str, seconds: float) -> None:
        """Ring an outside number for a caller in a flow; music meanwhile."""
        self.core.go(call, Phase.FORWARDING)
        if not self.ring_out(call, number, seconds, "forward"):
            self.core.after.append(lambda: self.forward_over(call, "failed"))

    def ring_out(self, call: Call, number: str, seconds: float, role: str, person: int = 0) -> str:
        """Make the channel to that number, for ``forward`` or ``duty``. Its endpoint; "" when it cannot be dialled."""
        line = self.core.lookup.lines.get(call.line)
        endpoint = self._endpoint(self._carrier(line, call.carrier), number)
        call.forward_number = number
        self.core.fact("forward.started", call, number=number, **({"agent": person} if person else {}))
        if not endpoint:
            return ""
        call.legs += 1
        call.forward = f"{call.id}-f{call.legs}"
        self.core.by_channel[call.forward] = (call, role)
        self.engine.queueing.music(call)
        if not call.bridged:
            call.bridged = True
            self.core.do(self.core.media.make_bridge, call.bridge)
        shown = self.shown(line)
        self.core.do(
            self.core.media.ring,
            Leg(
                call.forward,
                endpoint,
                "",
                shown,
                int(seconds),
                (role, call.id),
                {"DL_CALL": call.id, "DL_ROLE": role},
            ),
        )
        return endpoint

    @staticmethod
    def result(cause: int) -> str:
        """What became of a phone that nobody talked on, by its Q.850 cause."""
        return RESULTS.get(cause, "failed")

    def forward_answered(self, call: Call) -> None:
        call.forward_up = True
        call.talk_started = now = self.core.now
        leg = AgentLeg(
            call.forward, 0, "", now, now, answered=now, role="outside", number=call.forward_number, joined=now
        )
        self.engine.talk.label(call, leg)
        call.others[leg.channel] = leg
        self.core.fact("party.joined", call, party=leg.label, role="outside", agent=0, number=leg.number)
        self.engine.hearing.begin(call, Party(call.channel, "customer"), Party(leg.channel, "outside"))
        self.engine.overflowing.answered(call)

    def forward_gone(self, call: Call, cause: int) -> None:
        """The outside phone hung up, or never answered."""
        result = "ended" if call.forward_up else self.result(cause)
        self.core.by_channel.pop(call.forward, None)
        self.forward_over(call, result)

    def forward_over(self, call: Call, result: str) -> None:
        """Nobody is forwarded to any more: the call ends with the talk, or its flow goes on."""
        if call.ended or call.phase is not Phase.FORWARDING:
            return
        self.engine.queueing.stop_music(call)
        self.core.fact("forward.ended", call, number=call.forward_number, result=result)
        call.forward, call.forward_up = "", False
        if result == "ended":
            self.engine.end(call, "agent", "forward_ended")
            return
        if self.engine.overflowing.is_out(call):
            self.engine.overflowing.in_vain(call)
            return
        self.core.go(call, Phase.FLOW)
        self.engine.flows.step(call, ivr.ForwardDone(result if result in ("busy", "no_answer") else "failed"))

    # dialling
    # -----------------------------------------------------------------------------------------------------------
    def _new(self, seat: Seat, phase: Phase, number: str, line: Line | None) -> Call:
        person = self.core.lookup.people[seat.person]
        call = Call(self.core.new_id(), "", "out", line.caller_id if line else "", number, self.core.now, phase)
        call.line, call.store = (line.id, line.store) if line else (0, person.store)
        call.person = seat.person
        self.core.add(call)
        seat.call = call
        self.core.touch(call)
        return call

    def arrived(self, call: Call, **more: Any) -> None:
        """Write down that a call goes out."""
        self.core.fact(
            "call.arrived",
            call,
            direction="out",
            from_number=call.from_number,
            to_number=call.to_number,
            carrier=call.carrier,
            line=call.line,
            channel="",
            **more,
        )

    def _ring_agent(self, call: Call, seat: Seat) -> None:
        call.leg = self.engine.queueing.ring_own(call, seat, ANSWER_SECONDS, self._agent_silent)

    def _agent_silent(self, call: Call, leg: AgentLeg) -> None:
        if not call.ended and call.leg is leg and not leg.answered:
            self.engine.end(call, "centre", "agent_no_answer")

    def may_dial(self, seat: Seat) -> None:
        """Raises Refused unless this person may start a call now."""
        if not self.core.media_here:
            raise Refused("media_away")
        self.engine.parking.may_add(seat)
        if not self.engine.agents.reachable(seat):
            raise Refused("no_phone")

    def dial(self, seat: Seat, number: str, line_id: int, purpose: str = "") -> Call:
        """The agent's phone, then the number; a call that he is on is parked. ``purpose``: what for, where he said so
        (``domain.contact.CALLED_FOR``). Raises Refused.
        """
        self.may_dial(seat)
        line = self.core.lookup.lines.get(line_id) or self._own_line(seat)
        if line is None or not self._carrier(line):
            raise Refused("no_line")
        if not self._endpoint(self._carrier(line), number):
            raise Refused("bad_number")
        talks = seat.call is not None
        if not talks and not self.engine.agents.can(seat, presence.Dial("")):
            raise Refused("bad_state")
        phone = self.engine.parking.leave(seat) if talks else None
        call = self._new(seat, Phase.DIALLING, numbers.e164(number), line)
        call.carrier = self._carrier(line)
        said = purpose if purpose in CALLED_FOR else ""
        self.arrived(call, person=seat.person, agent=seat.person, purpose=said)
        self.engine.agents.event(seat, presence.Turns(call.id) if talks else presence.Dial(call.id))
        if phone is not None:
            self.agent_ready(call, self.engine.parking.carry(phone, call))
        else:
            self._ring_agent(call, seat)
        return call

    def _own_line(self, seat: Seat) -> Line | None:
        person = self.core.lookup.people.get(seat.person)
        own = [line for line in self.core.lookup.lines.values() if person and line.store == person.store]
        return next((line for line in own if line.kind == "sales"), own[0] if own else None)

    def agent_ready(self, call: Call, leg: AgentLeg) -> None:
        """The agent's phone is there: now the number."""
        if leg.timer is not None:
            leg.timer.cancel()
        call.channel = f"{call.id}-c"
        self.core.by_channel[call.channel] = (call, "customer")
        if not call.bridged:
            call.bridged = True
            self.core.do(self.core.media.make_bridge, call.bridge)
        call.announcing = f"{call.id}-ring"
        self.core.do(self.core.media.play, leg.channel, call.announcing, ["tone:ring"])
        shown = call.from_number or "anonymous"
        self.core.do(
            self.core.media.ring,
            Leg(
                call.channel,
                self._endpoint(call.carrier, call.to_number),
                "",
                shown,
                DIAL_SECONDS,
                ("far", call.id),
                {"DL_CALL": call.id, "DL_ROLE": "customer"},
            ),
        )

    def far_answered(self, call: Call) -> None:
        """The number answered: the talk begins."""
        leg = call.leg
        if leg is None or call.phase is not Phase.DIALLING:
            self.engine.end(call, "centre", "agent_gone")
            return
        call.up = True
        self.core.do(self.core.media.stop_play, call.announcing)
        call.announcing = ""
        self.core.fact("call.answered", call)
        if not (leg.auto or call.promise):  # his desk phone dialled by itself, and has only heard the ringing until now
            self.core.do(self.core.media.answer, leg.channel)
        self.engine.talk.begin(call, leg)

    def dial_leg_gone(self, call: Call, leg: AgentLeg, cause: int) -> None:
        """The agent hung up before the number answered, or his phone could not be rung."""
        self.engine.end(call, "agent", "cancelled" if leg.answered else "agent_no_answer")

    def give_up(self, call: Call, cause: str) -> None:
        """A call out is over before anybody talked: the agent is what he was, and is told why."""
        leg = call.leg
        if leg is not None:
            leg.quiet()
            if call.announcing:
                self.core.do(self.core.media.stop_play, call.announcing)
            if not self.engine.parking.gives_on(call, leg, cause):
                self.core.by_channel.pop(leg.channel, None)
                self.core.do(self.core.media.hang_up, leg.channel, CAUSES.get(cause, 16))
        call.leg = None
        seat = self.core.seats.get(call.person)
        if seat is None or seat.call is not call:
            return
        self.core.part(seat, OUTCOMES.get(cause))
        if seat.presence.state == "talking":
            self.engine.parking.falls_back(seat)
        elif seat.presence.state == "outbound":
            lost = cause == "agent_no_answer" and leg is not None and not self.engine.agents.reachable(seat)
            self.engine.agents.event(seat, presence.Fail("device_lost") if lost else presence.Release(cause))
        else:
            self.engine.agents.sync(seat)

    def customer_gone(self, call: Call, cause: int) -> None:
        """The number did not answer."""
        self.engine.end(call, "carrier", RESULTS.get(cause, "failed"))

    # headset test
    # -------------------------------------------------------------------------------------------------------
    def test(self, seat: Seat) -> Call:
        """Ring the agent's page; it answers by itself and he hears himself for ten seconds. Raises Refused."""
        if not self.core.media_here:
            raise Refused("media_away")
        if seat.call is not None:
            raise Refused("in_call")
        if self.engine.agents.endpoint(seat) not in self.core.online:
            raise Refused("no_phone")
        call = self._new(seat, Phase.TEST, "", None)
        self._ring_agent(call, seat)
        self.engine.agents.sync(seat)
        return call

    def test_answered(self, call: Call, leg: AgentLeg) -> None:
        """Let him hear himself, for a while."""
        if leg.timer is not None:
            leg.timer.cancel()
        call.answered = self.core.now
        self.core.do(self.core.media.echo, leg.channel)
        self.core.later(TEST_SECONDS, self._test_over, call)
        self.core.touch(call)

    def _test_over(self, call: Call) -> None:
        if not call.ended:
            self.engine.end(call, "centre", "test_over")

    def rung_as(self, user: str) -> str:
        """The endpoint by which a desk phone is rung, given the user name it has signed in with."""
        return next((f"phone-{phone.id}" for phone in self.core.lookup.phones.values() if phone.username == user), user)

    # a desk phone that dials
    # --------------------------------------------------------------------------------------------
    def from_desk(self, channel: str, args: tuple[str, ...]) -> None:
        """A desk phone dialled: its person, signed in on it, who is free, and only numbers outside; with a customer on
        hold he asks somebody.

        It is answered when the number answers, so that a number that does not is told to the phone in its own way.
        """
        if channel in self.core.by_channel:
            return  # told twice, after a reconnect
        number, signed_in_as = (*args[1:], "", "")[:2]
        endpoint = self.rung_as(signed_in_as.removeprefix("PJSIP/"))
        there = (s for s in self.core.seats.values() if s.desk is not None)
        seat = next((s for s in there if self.engine.agents.endpoint(s) == endpoint), None)
        if seat is not None and seat.call is not None:
            self.engine.desklines.dials(seat, channel, number)
            return
        line = self._own_line(seat) if seat is not None else None
        if (
            seat is None
            or line is None
            or not self._endpoint(self._carrier(line), number)
            or not self.engine.agents.can(seat, presence.Dial(""))
        ):
            self.core.do(self.core.media.hang_up, channel, 21)
            return
        call = self._new(seat, Phase.DIALLING, numbers.e164(number), line)
        call.carrier = self._carrier(line)
        leg = AgentLeg(
            channel, seat.person, endpoint, self.core.now, self.core.now, tab=seat.tab, answered=self.core.now
        )
        call.leg = leg
        self.core.by_channel[channel] = (call, "agent")
        self.arrived(call, person=seat.person, agent=seat.person)
        own = {"DL_CALL": call.id, "DL_ROLE": "agent", "DL_AGENT": str(seat.person), **TRANSFERS}
        self.core.do(self.core.media.remember, channel, own)
        self.engine.agents.event(seat, presence.Dial(call.id))
        self.agent_ready(call, leg)
