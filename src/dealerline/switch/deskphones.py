"""What a desk phone does with its own keys while it is on a call: HOLD and TRANSFER become our verbs.

Rules of the file. A phone's keys can do what its person could do at his page, and nothing else: the model decides, not
the telephone. Asterisk tells a phone that its transfer succeeded before we have seen it, and the phone hangs up; so one
that cannot be done is a transfer that came to nothing, and the customer is brought back to who made it.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from dealerline.domain.conversation.transfer import State as At
from dealerline.switch import texts
from dealerline.switch.core import Core
from dealerline.switch.media import Held, Referred
from dealerline.switch.model import SPEAKING, AgentLeg, Attempt, Call, Phase, Refused

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

# Why a target cannot be rung, as the outcome of having rung it: a key of ``texts.RESULTS``.
OUTCOMES = {
    "target_busy": "busy",
    "in_it_already": "busy",
    "target_away": "unreachable",
    "bad_number": "unallocated",
}


class DeskPhones:
    """The keys of all desk phones."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    def _leg(self, channel: str) -> tuple[Call, AgentLeg] | None:
        """The call that this desk phone is on."""
        call, _ = self.core.by_channel.get(channel, (None, ""))
        leg = self.engine.desklines.leg(call, channel) if call is not None else None
        if call is None or leg is None or call.ended:
            return None
        return (call, leg) if leg.endpoint.startswith("phone-") else None

    # HOLD
    # -------------------------------------------------------------------------------------------------------------
    def held(self, event: Held) -> None:
        """The phone does not hear any more, or does again. With others on the call they go on, and he is muted, for
        what a phone on hold sends may be music of its own; else it is our hold, with the music of the store.
        """
        found = self._leg(event.channel)
        if found is None:
            return
        call, leg = found
        if leg.lines is not None:
            if (event.channel in leg.lines.held) != event.on:
                self.engine.desklines.held(call, leg, leg.lines, event.channel, event.on)
        elif leg.holds != event.on:
            leg.holds = event.on
            self.engine.remember(call)
            self.single(call, leg)

    def single(self, call: Call, leg: AgentLeg) -> None:
        """A phone that holds all it has, or listens: what that is for the call."""
        if leg.role != "agent" or call.phase not in SPEAKING or leg.channel not in call.talk.parties:
            return
        if leg.holds:
            if call.speakers != [leg] and "muted" not in call.talk.parties[leg.channel].flags:
                leg.hold_mutes = True
                self.engine.talk.mute(call, leg, True)
            self.all_hold(call)
            return
        if leg.hold_mutes:
            leg.hold_mutes = False
            self.engine.talk.mute(call, leg, False)
        by = call.leg_of(call.held_by)
        asks = any(each.attempt is not None and each.attempt.how == "consult" for each in call.others.values())
        if call.phase is Phase.HELD and not asks and by is not None and (by is leg or by.holds):
            self.engine.talk.unhold(call, leg)

    def all_hold(self, call: Call) -> None:
        """With phones that all hold nobody would hear a customer: he gets the music."""
        speakers = call.speakers
        if call.phase is Phase.TALKING and speakers and all(leg.holds for leg in speakers):
            call.talk = replace(call.talk, company=True)
            self.engine.talk.hold(call, speakers[0])

    # TRANSFER
    # ---------------------------------------------------------------------------------------------------------
    def refers(self, event: Referred) -> None:
        """The phone transfers. What Asterisk put in its place goes again, and the rest is our blind transfer."""
        for helper in event.helpers:
            self.core.do(self.core.media.hang_up, helper)
        found = self._leg(event.channel)
        if found is None or found[1].channel not in found[0].talk.parties:
            return
        call, leg = found
        lines = self.engine.desklines
        try:
            if leg.role != "agent":
                raise Refused("only_watching")
            if not event.number:
                lines.attended(call, leg)
                return
            asked = leg.lines is not None and leg.channel == leg.lines.second
            if lines.cancels(call, leg) and asked:
                return  # it was the one who was asked that he sent on; he himself is with the customer again
            self.engine.bringing.bring(call, leg, "transfer", lines.target(event.number))
        except Refused as error:
            self._refused(call, leg, event.number, error.code)

    def _refused(self, call: Call, leg: AgentLeg, number: str, code: str) -> None:
        log.info("a transfer by desk phone %s was refused: %s", leg.endpoint, code)
        self.engine.notice(leg.person, texts.error(code), "warning")
        room = call.layout.room_of(leg.channel)
        if call.speakers != [leg] or self.engine.bringing.attempts(call) or call.phase not in SPEAKING:
            if room:  # the others go on; he is there again, unless his phone hangs up
                self.engine.ringback.quiet(call, leg.person)
                self.core.do(self.core.media.join, call.bridge_of(room), [leg.channel])
                self.engine.ringback.changed(call)
            return
        attempt = Attempt(At.BLIND, "transfer", leg.person, "number", number)
        self.engine.bringing.in_vain(call, leg, attempt, OUTCOMES.get(code, ""))
