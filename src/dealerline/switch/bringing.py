"""Bringing people into a call and letting them go: transfer, consultation, invitation, and what becomes of each.

Rules of the file. What an event does to an attempt is a row of ``domain.conversation.transfer.TABLE``; here its
effects are made real. A customer is never dropped: whatever fails leads back to the one who asked, then to the front
of the queue, then to a shift lead, then to where the flow leads one who waited in vain, or to the line's beginning.
Whoever is wanted in a call is rung once; how that ends is one fact. A call that nobody speaks on any more ends.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dealerline.domain import conversation as talk
from dealerline.domain import ivr, numbers, presence
from dealerline.domain.conversation import IllegalVerb, Party, transfer
from dealerline.domain.conversation.transfer import Do
from dealerline.domain.conversation.transfer import Event as On
from dealerline.domain.conversation.transfer import State as At
from dealerline.switch import texts
from dealerline.switch.core import Core
from dealerline.switch.directory import Line, Queue
from dealerline.switch.media import Leg
from dealerline.switch.model import SPEAKING, AgentLeg, Attempt, Call, Phase, Refused, Seat
from dealerline.switch.targets import Target, Targets

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

CAUSES = {
    17: "busy",
    18: "no_answer",
    19: "no_answer",
    21: "refused",
    16: "refused",
    1: "unallocated",
    28: "unallocated",
}
START = {"consult": At.ASKING, "invite": At.INVITING}


class Bringing:
    """Everybody on a call but the customer and the agent who has it: how they come and go."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine
        self.targets = Targets(core, engine)
        self._effects: dict[Do, Callable[[Call, AgentLeg, Attempt, str], None]] = {
            Do.DROP_TARGET: self._drop_target,
            Do.RELEASE_INITIATOR: self._release_initiator,
            Do.RESUME_CUSTOMER: self._resume_customer,
            Do.TAKE_IN: self._take_in,
            Do.ADD: self._add,
            Do.RING_INITIATOR: self._ring_initiator,
            Do.RING_LEAD: self._ring_lead,
            Do.TO_FRONT: self._to_front,
            Do.TO_MESSAGE: self._to_message,
            Do.TELL: self._tell,
        }

    # asking for somebody
    # -------------------------------------------------------------------------------------------------------
    def bring(self, call: Call, by: AgentLeg, how: str, wanted: dict[str, Any]) -> str:
        """Ring somebody for this call. Returns the label of the new party, or nothing. Raises Refused."""
        if call.phase not in SPEAKING or by.channel not in call.talk.parties or how not in ("transfer", *START):
            raise Refused("not_now")
        try:
            talk.may_join(call.talk, by.channel)
        except IllegalVerb as error:
            raise Refused(error.code) from error
        if how != "invite" and any(leg.attempt.how != "invite" for leg in self.attempts(call) if leg.attempt):
            raise Refused("attempt_running")
        kind = wanted.get("kind")
        if how == "transfer" and kind == "queue":
            self._hand_to_queue(call, by, self.targets.queue(wanted))
            return ""
        if kind == "line":
            if how != "transfer":
                raise Refused("only_transfer")
            self._hand_to_line(call, by, self.targets.line(wanted))
            return ""
        target = self.targets.find(call, by, wanted)
        if how == "transfer":
            return self._blind(call, by, target)
        attempt = Attempt(START[how], how, by.person, target.kind, target.ref, target.name)
        if how == "consult" and call.phase is Phase.TALKING:
            self.engine.talk.hold(call, by)
        return self.ring(call, target, attempt).label

    def _blind(self, call: Call, by: AgentLeg, target: Target) -> str:
        others = [leg for leg in call.speakers if leg is not by]
        state = At.INVITING if others else At.BLIND
        attempt = Attempt(state, "transfer", by.person, target.kind, target.ref, target.name)
        leg = self.ring(call, target, attempt)
        if others:
            self.engine.leaving.goes(call, by, "transferred")
        else:
            self._alone(call, by)
        return leg.label

    def _alone(self, call: Call, by: AgentLeg) -> None:
        """The one who transferred goes; the customer hears music until somebody answers."""
        self.engine.talk.leave(call, by, "transferred")
        self.engine.talk.end_hold(call)
        if call.channel in call.talk.parties:
            self.engine.hearing.verb(call, "unhold", call.channel)
        self.core.go(call, Phase.TRANSFER)
        call.person = 0
        self.engine.remember(call)

    def ring(self, call: Call, target: Target, attempt: Attempt) -> AgentLeg:
        """Ring a colleague or an outside number for this call."""
        known = self.core.lookup.snapshot
        seconds = known.return_seconds if attempt.state is At.RETURNING else known.ring_seconds_transfer
        call.legs += 1
        now = self.core.now
        person = target.seat.person if target.seat is not None else 0
        letter, endpoint = ("a", self.engine.agents.endpoint(target.seat)) if target.seat else ("o", target.endpoint)
        leg = AgentLeg(f"{call.id}-{letter}{call.legs}", person, endpoint, now, now + seconds, name=target.name)
        leg.attempt = attempt
        if target.seat is not None:
            leg.tab = target.seat.tab
            leg.auto = attempt.how == "rejoin" and target.seat.device == "browser"
            self._summon(call, target.seat, attempt.how)
            order = self.engine.queueing.leg_for(call, leg, target.seat)
        else:
            leg.role, leg.number = "outside", target.ref
            order = self._outside_leg(call, leg, int(seconds))
        self.engine.talk.label(call, leg)
        call.others[leg.channel] = leg
        self.core.by_channel[leg.channel] = (call, "member")
        self.core.do(self.core.media.ring, order)
        leg.timer = self.core.later(seconds, self.failed, call, leg, "no_answer")
        self.core.fact(
            "invite.started",
            call,
            person=attempt.by,
            agent=attempt.by,
            how=attempt.how,
            target_kind=attempt.kind,
            target=attempt.target,
            party=leg.label,
        )
        self.engine.ringback.tell(call, attempt)
        self.core.touch(call)
        self.engine.remember(call)
        return leg

    def _summon(self, call: Call, seat: Seat, how: str) -> None:
        """He is taken for this call; after-call work that he was in is over."""
        if seat.presence.state == "wrap":
            if seat.wrap_timer is not None:
                seat.wrap_timer.cancel()
                seat.wrap_timer = None
            if seat.call is not None:
                cause = "rejoined" if how == "rejoin" else "summoned"
                self.core.fact("wrap.ended", seat.call, person=seat.person, agent=seat.person, cause=cause)
                call.rev = max(call.rev, seat.call.rev + 1)
            for done in list(seat.done):
                self.core.forget(seat, done)
        seat.call = call
        self.engine.agents.event(seat, (presence.Rejoin if how == "rejoin" else presence.Summon)(call.id))

    def _outside_leg(self, call: Call, leg: AgentLeg, seconds: int) -> Leg:
        line = self.core.lookup.lines.get(call.line)
        shown = self.engine.outside.shown(line)
        variables = {"DL_CALL": call.id, "DL_ROLE": "outside"}
        return Leg(leg.channel, leg.endpoint, "", shown, seconds + 2, ("member", call.id), variables)

    # to a queue, to a line
    # -----------------------------------------------------------------------------------------------------
    def _hand_over(self, call: Call, by: AgentLeg, kind: str, ref: int) -> None:
        """Everybody but the customer is out; he is with the music."""
        if [leg for leg in call.speakers if leg is not by]:
            raise Refused("not_alone")
        self.core.fact(
            "transfer.done", call, person=by.person, agent=by.person, how="transfer", target_kind=kind, target=str(ref)
        )
        self._alone(call, by)
        self.engine.leaving.all_leave(call, "transferred")
        self.engine.recorder.stop_all(call)
        self.engine.hearing.over(call)

    def _hand_to_queue(self, call: Call, by: AgentLeg, queue: Queue) -> None:
        self._hand_over(call, by, "queue", queue.id)
        call.queue = queue.id
        self.engine.queueing.back(call, queue, "transferred", front=False)

    def _hand_to_line(self, call: Call, by: AgentLeg, line: Line) -> None:
        self._hand_over(call, by, "line", line.id)
        self._to_line(call, line)

    def _to_line(self, call: Call, line: Line) -> None:
        self.engine.queueing.stop_music(call)
        self.core.go(call, Phase.FLOW)
        call.line, call.store = line.id, line.store
        call.queue, call.deadline = 0, 0.0
        self.engine.flows.start(call, line)

    # what becomes of it
    # -----------------------------------------------------------------------------------------------------
    @staticmethod
    def attempts(call: Call) -> list[AgentLeg]:
        """The legs of whoever is being brought in, or consulted."""
        return [leg for leg in call.others.values() if leg.attempt is not None]

    def brings(self, call: Call, person: int) -> bool:
        """Whether this person is bringing somebody in."""
        return any(leg.attempt is not None and leg.attempt.by == person for leg in call.others.values())

    def _attempt_of(self, call: Call, by: AgentLeg, label: str = "") -> AgentLeg:
        """The newest attempt (or that of party ``label``) which this agent may decide on. Raises Refused."""
        found = [leg for leg in self.attempts(call) if not label or leg.label == label]
        mine = [leg for leg in found if leg.attempt is not None and leg.attempt.by == by.person]
        if not found or by.channel not in call.talk.parties or (not mine and by.channel != call.talk.host):
            raise Refused("not_now")
        return (mine or found)[-1]

    def decide(self, call: Call, by: AgentLeg, event: On, label: str = "") -> None:
        """Complete, cancel or join an attempt. Raises Refused."""
        self.step(call, self._attempt_of(call, by, label), event, "cancelled" if event is On.CANCEL else "")

    def step(self, call: Call, leg: AgentLeg, event: On, result: str = "") -> None:
        """One row of the table, made real. Raises Refused when there is none."""
        attempt = leg.attempt
        if attempt is None:
            raise Refused("not_now")
        try:
            state, effects = transfer.step(attempt.state, event)
        except IllegalVerb as error:
            raise Refused(error.code) from error
        before, attempt.state = attempt.state, state
        self.engine.ringback.tell(call, attempt, on=False)
        if state is At.DONE and before is not At.CONSULTING and event is not On.ANSWERED:
            leg.quiet()
        if state is At.DONE:
            leg.attempt = None
        for effect in effects:
            self._effects[effect](call, leg, attempt, result)
        self.core.touch(call)
        self.engine.remember(call)

    def arrived(self, call: Call, channel: str) -> None:
        """A phone that we rang for a call was answered."""
        leg = call.others.get(channel)
        if leg is None or leg.answered:
            return
        leg.quiet()
        leg.answered = self.core.now
        if leg.role == "lead":
            self.engine.supervising.arrived(call, leg)
            return
        if leg.attempt is None:
            self.drop_ring(call, leg, "cancelled")
            return
        self._invite_ended(call, leg, leg.attempt, "answered")
        self.step(call, leg, On.ANSWERED)

    def _invite_ended(self, call: Call, leg: AgentLeg, attempt: Attempt, result: str) -> None:
        person = leg.person or attempt.by
        self.core.fact("invite.ended", call, person=person, how=attempt.how, party=leg.label, result=result)

    def failed(self, call: Call, leg: AgentLeg, result: str) -> None:
        """Nobody came: the phone was silent, busy, refused, or cannot be reached."""
        if call.ended or leg.answered or call.others.get(leg.channel) is not leg:
            return
        if leg.role == "lead":
            self.engine.supervising.failed(call, leg, result)
            return
        self.step(call, leg, On.FAILED, result)

    def refuse(self, call: Call, leg: AgentLeg) -> None:
        """The person who is rung does not want to."""
        self.failed(call, leg, "refused")

    def leg_gone(self, call: Call, channel: str, cause: int) -> None:
        """A channel of somebody other than who has the call ended by itself."""
        leg = call.others.get(channel)
        if leg is None:
            return
        if not leg.answered:
            self.failed(call, leg, CAUSES.get(cause, "unreachable"))
        elif leg.role == "agent":
            self.engine.talk.talk_leg_gone(call, leg, cause)
        else:
            self.engine.leaving.goes(call, leg, "hung_up")

    def device_gone(self, call: Call, seat: Seat) -> None:
        """The page or phone of somebody who is rung went away and stayed away."""
        leg = call.leg_of(seat.person)
        if leg is not None and not leg.answered and not self.engine.agents.reachable(seat):
            self.failed(call, leg, "unreachable")

    # effects
    # ------------------------------------------------------------------------------------------------------------
    def _drop_target(self, call: Call, leg: AgentLeg, attempt: Attempt, result: str) -> None:
        if leg.answered:
            self.engine.leaving.out(call, leg, "cancelled")
        else:
            self.drop_ring(call, leg, result, attempt)

    def drop_ring(self, call: Call, leg: AgentLeg, result: str, attempt: Attempt | None = None) -> None:
        """A phone that rings, or came too late: given up; its person is what he was."""
        if attempt is not None:
            self._invite_ended(call, leg, attempt, result or "cancelled")
        self.engine.talk.drop(call, leg)
        call.others.pop(leg.channel, None)
        seat = self.core.seats.get(leg.person)
        if seat is not None and seat.call is call:
            own = attempt is not None and attempt.how == "rejoin" and result != "caller_gone"
            self.core.part(seat, texts.OUTCOMES["agent_no_answer"] if own else texts.MISSED.get(result))
            if seat.presence.state in ("reserved", "ringing"):
                self.engine.agents.event(seat, presence.Release(result or "cancelled"))

    def _release_initiator(self, call: Call, leg: AgentLeg, attempt: Attempt, result: str) -> None:
        asks = call.leg_of(attempt.by)
        if asks is None:
            return
        if attempt.state is At.BLIND:
            attempt.how = "transfer"
            if [each for each in call.speakers if each is not asks]:  # the customer is not alone
                attempt.state = At.INVITING
                self._resume_customer(call, leg, attempt, result)
                self.engine.leaving.goes(call, asks, "transferred")
            else:
                self._alone(call, asks)
            return
        self._done(call, attempt)
        self.engine.talk.leave(call, asks, "transferred")
        self.engine.leaving.settle(call)

    def _done(self, call: Call, attempt: Attempt) -> None:
        """The customer was handed over."""
        kind, target = attempt.kind, attempt.target
        self.core.fact(
            "transfer.done",
            call,
            person=attempt.by,
            agent=attempt.by,
            how=attempt.how,
            target_kind=kind,
            target=target,
        )

    def _resume_customer(self, call: Call, leg: AgentLeg, attempt: Attempt, result: str) -> None:
        """The customer is there again, and so is who was put aside for him."""
        for party in list(call.talk):
            if "held" in party.flags and party.id != call.channel:
                self.engine.hearing.verb(call, "unhold", party.id, sync=False)
        if call.phase is Phase.HELD and any(not leg.holds for leg in call.speakers):
            self.engine.talk.unhold(call, None)
        else:  # with a desk phone that holds he stays with the music: it would not listen to him
            self.engine.hearing.sync(call)

    def _take_in(self, call: Call, leg: AgentLeg, attempt: Attempt, result: str) -> None:
        if attempt.how == "transfer":
            self._done(call, attempt)
        if leg.role == "outside":
            self.core.go(call, Phase.FORWARDING)
            call.forward_up = True
            self._comes(call, leg)
            return
        del call.others[leg.channel]
        call.leg = leg
        self.core.by_channel[leg.channel] = (call, "agent")
        self.core.go(call, Phase.TALKING)
        call.talk_started = call.talk_started or self.core.now
        self.engine.talk.has_it(call, leg)
        self.engine.hearing.join(call, Party(leg.channel, "agent"))
        self.engine.recorder.start(call, leg)
        self.engine.supervising.talk_began(call, leg.person)
        if self._waits_in_flow(call):
            self.engine.flows.step(call, ivr.QueueAnswered())

    def _add(self, call: Call, leg: AgentLeg, attempt: Attempt, result: str) -> None:
        if leg.role == "agent":
            had = call.person
            self.engine.talk.has_it(call, leg)
            call.person = had
        self._comes(call, leg)
        if leg.role == "agent" and call.phase is Phase.FORWARDING:  # only people outside were left with the customer
            self.core.go(call, Phase.TALKING)
            self.engine.leaving.settle(call)

    def _comes(self, call: Call, leg: AgentLeg) -> None:
        """Into the main room."""
        leg.joined = self.core.now
        if leg.role != "agent":
            self.core.fact("party.joined", call, party=leg.label, role=leg.role, agent=leg.person, number=leg.number)
        self.engine.hearing.join(call, Party(leg.channel, leg.role))

    def _ring_initiator(self, call: Call, leg: AgentLeg, attempt: Attempt, result: str) -> None:
        seat = self.core.seats.get(attempt.by)
        again = Attempt(At.RETURNING, "return", attempt.by, "person", str(attempt.by))
        again.reason = texts.came_back(result, attempt.name or numbers.masked(attempt.target))
        if seat is None or not self.targets.can_be_rung(seat):
            self._to_front(call, leg, again, "unreachable")
            return
        person = self.core.lookup.people[seat.person]
        self.ring(call, Target("person", str(seat.person), person.name, seat), again)

    def _to_front(self, call: Call, leg: AgentLeg, attempt: Attempt, result: str) -> None:
        if call.others.get(leg.channel) is leg:
            self.drop_ring(call, leg, result, attempt)
        queue = self.core.lookup.queues.get(call.queue)
        if queue is None:
            self._ring_lead(call, leg, attempt, result)
            return
        self.nobody_more(call)
        call.returned = Attempt(At.WAITING, "lead", attempt.by, "queue", str(queue.id), reason=attempt.reason)
        self.engine.queueing.back(call, queue, "transfer_failed")

    def nobody_more(self, call: Call) -> None:
        """The conversation is over for whoever is on it or rung for it; the customer is with the music."""
        self.engine.leaving.all_leave(call, "transferred")
        self.engine.recorder.stop_all(call)
        self.engine.hearing.over(call)

    def waited_out(self, call: Call, reason: str) -> bool:
        """He has waited in vain: one whom a failed transfer brought back gets a shift lead before his flow goes on, and
        so does one without a flow, whom we had called and who was handed to a queue. Whether he is such a one.
        """
        attempt, call.returned = call.returned, None
        if attempt is None and call.flow is None:
            attempt = Attempt(At.WAITING, "lead", 0, "queue", str(call.queue))
        if attempt is None or call.phase is not Phase.QUEUED:
            return False
        ghost = AgentLeg("", 0, "", self.core.now, self.core.now, attempt=attempt)
        self.engine.queueing.to_lead(call, reason)
        self.engine.hearing.begin(call, Party(call.channel, "customer"))
        self.step(call, ghost, On.WAITED_OUT, "no_answer")
        return True

    @staticmethod
    def _waits_in_flow(call: Call) -> bool:
        """Whether his flow still has him wait in its queue."""
        return call.flow is not None and call.flow.state.stage == "queued"

    def _ring_lead(self, call: Call, leg: AgentLeg, attempt: Attempt, result: str) -> None:
        """He waited in vain, or there is no queue to go back to: a shift lead of the store."""
        seat = next(
            (s for s in self.core.seats.values() if self.targets.leads(s, call.store) and self.targets.can_be_rung(s)),
            None,
        )
        again = Attempt(At.LEADING, "lead", attempt.by, "person", str(seat.person if seat else 0))
        again.reason = attempt.reason
        if seat is None:
            self._to_message(call, leg, again, result)
            return
        person = self.core.lookup.people[seat.person]
        self.ring(call, Target("person", str(seat.person), person.name, seat), again)

    def _to_message(self, call: Call, leg: AgentLeg, attempt: Attempt, result: str) -> None:
        """Nobody at all: where his flow leads one who waited in vain, or else the line's own beginning; either ends
        with somebody or with a voice message.
        """
        if call.others.get(leg.channel) is leg:
            self.drop_ring(call, leg, result, attempt)
        self.nobody_more(call)
        line = self.core.lookup.lines.get(call.line)
        if self._waits_in_flow(call):
            self.engine.queueing.in_vain(call)
        elif line is not None and call.direction == "in":
            self._to_line(call, line)
        else:
            self.engine.queueing.stop_music(call)
            self.core.go(call, Phase.FLOW)
            self.engine.flows.farewell(call, "error.technical", "nobody")

    def _tell(self, call: Call, leg: AgentLeg, attempt: Attempt, result: str) -> None:
        if attempt.how != "rejoin":  # that one was rung himself, and his page says so
            self.engine.notice(attempt.by, texts.came_back(result, attempt.name or numbers.masked(attempt.target)))

    # going
    # --------------------------------------------------------------------------------------------------------------
    def back_a_step(self, call: Call, attempt: Attempt | None) -> None:
        """After a restart: nobody has the call and no phone rings for it. The one who transferred is asked first, a
        lead where one was rung.
        """
        ghost = AgentLeg("", 0, "", self.core.now, self.core.now)
        if attempt is not None and attempt.state is At.LEADING:
            self._ring_lead(call, ghost, attempt, "unreachable")
        elif attempt is not None:
            self._ring_initiator(call, ghost, attempt, "unreachable")
        else:
            self._to_front(call, ghost, Attempt(At.RETURNING, "return", 0, "person", "0"), "unreachable")

    def in_vain(self, call: Call, by: AgentLeg, attempt: Attempt, result: str) -> None:
        """A blind transfer of one who has gone already cannot even begin: the customer comes back to him."""
        self._alone(call, by)
        self._ring_initiator(call, AgentLeg("", 0, "", self.core.now, self.core.now), attempt, result)
