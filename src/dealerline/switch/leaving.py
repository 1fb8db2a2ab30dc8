"""Going: who leaves a call that goes on, what becomes of what he was doing, and who has the call then.

Rules of the file. Whoever goes is out at once, in facts, channel and state; an attempt of his is taken over by another
agent, or goes the way its table says. A call has an agent as long as one is on it; with people from outside alone it
goes on as a forwarded one; with nobody but the customer it ends, or waits for whoever is rung.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dealerline.domain.conversation.transfer import Event as On
from dealerline.domain.conversation.transfer import State as At
from dealerline.switch.core import Core
from dealerline.switch.model import SPEAKING, AgentLeg, Call, Phase

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine


class Leaving:
    """All who go."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    def goes(self, call: Call, leg: AgentLeg, reason: str) -> None:
        """Somebody leaves, by himself or because he is lost or sent out. What he was doing is taken over."""
        consulted = leg.attempt is not None and leg.attempt.state is At.CONSULTING
        role = leg.role
        self._goes(call, leg, reason)
        if role == "agent" and not consulted and not call.rates and call.leg_of(leg.person) is None:
            self.engine.rejoining.left(call, leg.person, reason)

    def _goes(self, call: Call, leg: AgentLeg, reason: str) -> None:
        if leg.role == "lead":
            self.engine.supervising.left(call, leg, "left" if reason == "hung_up" else reason)
            return
        if leg.attempt is not None and leg.attempt.state is At.CONSULTING:
            attempt = leg.attempt
            self.out(call, leg, reason)
            leg.attempt = attempt
            self.engine.bringing.step(call, leg, On.TARGET_GONE, "left")
            return
        others = [each for each in call.speakers if each is not leg]
        mine = [a for a in self.engine.bringing.attempts(call) if a.attempt is not None and a.attempt.by == leg.person]
        for theirs in mine:
            state = theirs.attempt.state if theirs.attempt is not None else At.DONE
            if state is At.CONSULTING or (not others and state in (At.ASKING, At.INVITING)):
                self._give_up_others(call, [a for a in mine if a is not theirs])
                self.engine.bringing.step(call, theirs, On.INITIATOR_GONE)
                return
        if not others:
            if reason == "hung_up" and self.engine.rating.asks(call, leg):
                self.engine.rating.begin(call, leg)
            else:
                self.engine.end(call, "agent", reason)
            return
        heir = next((each.person for each in others if each.role == "agent"), 0)
        for theirs in mine:
            if theirs.attempt is not None:
                theirs.attempt.by = heir
        self.out(call, leg, reason)
        self.settle(call)

    def _give_up_others(self, call: Call, legs: list[AgentLeg]) -> None:
        for leg in legs:
            attempt, leg.attempt = leg.attempt, None
            if not leg.answered:
                self.engine.bringing.drop_ring(call, leg, "cancelled", attempt)

    def told_left(self, call: Call, leg: AgentLeg, reason: str) -> None:
        """The facts of somebody who went while nobody watched."""
        if leg.role == "lead":
            self.core.fact("supervision.ended", call, person=leg.person, agent=leg.person, reason=reason)
        else:
            self._left(call, leg, reason)

    def out(self, call: Call, leg: AgentLeg, reason: str) -> None:
        """His facts, his channel, his place; who has the call then is for ``settle``."""
        if leg.role == "agent":
            self.engine.talk.leave(call, leg, reason)
            return
        self.engine.talk.end_mute(call, leg)
        self._left(call, leg, reason)
        self.engine.hearing.leaves(call, leg.channel)
        self.engine.talk.drop(call, leg)
        call.others.pop(leg.channel, None)

    def _left(self, call: Call, leg: AgentLeg, reason: str) -> None:
        seconds = round(self.core.now - leg.joined, 3) if leg.joined else 0.0
        self.core.fact(
            "party.left",
            call,
            party=leg.label,
            role=leg.role,
            agent=leg.person,
            number=leg.number,
            reason=reason,
            seconds=seconds,
        )

    def settle(self, call: Call) -> None:
        """Somebody left: who has the call now?"""
        if call.ended or call.phase not in SPEAKING | {Phase.FORWARDING}:
            return
        speakers = call.speakers
        if not speakers:
            self.engine.end(call, "agent", "hung_up")
            return
        if call.leg is not None and call.leg in speakers:
            self.engine.deskphones.all_hold(call)
            return
        agent = next((leg for leg in speakers if leg.role == "agent"), None)
        if agent is not None:
            self.promote(call, agent)
            self.engine.deskphones.all_hold(call)
            return
        if call.phase is Phase.HELD:
            self.engine.talk.unhold(call, None)
        if call.phase is not Phase.FORWARDING:
            self.core.go(call, Phase.FORWARDING)
        call.person, call.forward_up = 0, True
        self.engine.remember(call)

    def promote(self, call: Call, leg: AgentLeg) -> None:
        """This agent has the call from now on; who had it, if he is still there, is one of the others."""
        call.others.pop(leg.channel, None)
        if call.leg is not None and call.leg is not leg:
            call.others[call.leg.channel] = call.leg
            self.core.by_channel[call.leg.channel] = (call, "member")
        call.leg, call.person, leg.attempt = leg, leg.person, None
        self.core.by_channel[leg.channel] = (call, "agent")
        self.core.touch(call)
        self.engine.remember(call)

    def all_leave(self, call: Call, reason: str) -> None:
        """The call is over for everybody but who has it: facts, channels, states."""
        for leg in list(call.others.values()):
            attempt, leg.attempt = leg.attempt, None
            if attempt is not None:
                self.engine.ringback.tell(call, attempt, on=False)
            if leg.role == "lead":
                self.engine.supervising.over(call, leg, "call_ended")
            elif not leg.answered:
                self.engine.bringing.drop_ring(call, leg, "caller_gone", attempt)
            elif leg.role == "agent":
                self.engine.talk.leave(call, leg, reason, hearing=False)
            else:
                self.engine.talk.end_mute(call, leg)
                self._left(call, leg, reason)
                self.engine.talk.drop(call, leg)
            call.others.pop(leg.channel, None)
