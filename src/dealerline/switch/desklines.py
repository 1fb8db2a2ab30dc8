"""Two calls on one desk phone: it holds the one with the customer, and dials a second one to ask somebody.

Rules of the file. The second call is the model's consultation and nothing else: its person is one party as before, who
talks on one channel at a time, and that is a call which his phone does not hold. The other channel is the *spare*: in
no bridge, belonging to the same call, and ended with him. What the phone holds, the model holds: its first call is the
customer's, its second one that of whom he asks; with both held either hears music. A transfer from the one to the other
is ``complete``, the end of the second is ``cancel``, the end of the first is what hanging up in a consultation is: the
customer goes to whom was asked. When whoever was asked has gone, the second call ends and the phone is on the first
again, which it still holds: nobody speaks with a phone that does not listen.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from dealerline.domain import conversation, numbers
from dealerline.domain.conversation.transfer import Event as On
from dealerline.switch import texts
from dealerline.switch.core import Core
from dealerline.switch.media import Inventory
from dealerline.switch.model import SPEAKING, AgentLeg, Call, Lines, Phase, Refused, Seat
from dealerline.switch.provision import TRANSFERS

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

NORMAL = 16
TOGETHER_SECONDS = 1.0  # both calls unheld for so long: he wants all three together, and is not just changing between
# What a phone is told whose second call cannot be made, in Q.850.
REFUSED = {"target_busy": 17, "in_it_already": 17, "attempt_running": 17, "target_away": 20, "bad_number": 1}


class DeskLines:
    """The second calls of all desk phones."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    # a second call
    # ----------------------------------------------------------------------------------------------------------
    def dials(self, seat: Seat, channel: str, number: str) -> None:
        """The phone of somebody who is on a call makes another one. What cannot be is refused, and said on his page."""
        try:
            call, leg = self._may(seat)
            label = self.engine.bringing.bring(call, leg, "consult", self.target(number))
        except Refused as error:
            log.info("a second call by the desk phone of person %s was refused: %s", seat.person, error.code)
            self.engine.notice(seat.person, texts.error(error.code), "warning")
            self.core.do(self.core.media.hang_up, channel, REFUSED.get(error.code, 21))
            return
        leg.lines = Lines(leg.channel, channel, call.labelled(label), {leg.channel})
        self.core.by_channel[channel] = (call, "line")
        own = {"DL_CALL": call.id, "DL_ROLE": "agent", "DL_AGENT": str(seat.person), "DL_TAB": leg.tab, **TRANSFERS}
        self.core.do(self.core.media.remember, channel, own)
        self._speaks_on(call, leg, channel, new=True)

    @staticmethod
    def _may(seat: Seat) -> tuple[Call, AgentLeg]:
        """The call and the phone of somebody who may ask another now. Raises Refused."""
        call = seat.call
        leg = call.leg_of(seat.person) if call is not None else None
        if call is None or call.ended or leg is None or leg.channel not in call.talk.parties or leg.role != "agent":
            raise Refused("not_now")
        if leg.lines is not None:
            raise Refused("two_lines")
        if call.phase in SPEAKING and not leg.holds:
            raise Refused("hold_first")
        if call.phase is not Phase.HELD or call.speakers != [leg]:
            raise Refused("not_alone")
        return call, leg

    def target(self, number: str) -> dict[str, Any]:
        """What was dialled: a colleague's extension, a line of ours, else a number outside."""
        lookup = self.core.lookup
        person = next((p for p in lookup.people.values() if p.extension and p.extension == number), None)
        if person is not None:
            return {"kind": "person", "id": person.id}
        line = lookup.by_number.get(numbers.significant(number))
        return {"kind": "line", "id": line.id} if line is not None else {"kind": "number", "number": number}

    @staticmethod
    def leg(call: Call, channel: str) -> AgentLeg | None:
        """The leg that has that channel, as the one it talks on or as the spare one."""
        return next((leg for leg in call.legs_all if channel in (leg.channel, leg.spare)), None)

    def _speaks_on(self, call: Call, leg: AgentLeg, channel: str, dead: bool = False, new: bool = False) -> None:
        """He talks on that call of his phone from now on. ``dead``: the one he talked on has ended by itself.

        ``new``: it is to be answered. That comes after the other has left its bridge, or Asterisk would do a transfer
        that comes at once from there, while we move it; and before anything is played, for whose end it would wait.
        """
        old = leg.channel
        role = "agent" if leg is call.leg else "member"
        records = call.recording is not None and call.recording.channel == old
        self.engine.ringback.quiet(call, leg.person)
        if not dead:
            self.engine.hearing.lets_go(call, old)
            self.core.by_channel[old] = (call, "line")
        if new:  # he hears in it that it rings
            self.core.do(self.core.media.answer, channel)
        if old in call.others:
            call.others = {channel if key == old else key: each for key, each in call.others.items()}
        leg.channel = channel
        leg.holds = leg.lines is not None and channel in leg.lines.held
        self.core.by_channel[channel] = (call, role)
        if old in call.talk.parties:
            self.engine.hearing.moves(call, old, channel, same=True)
        if records:
            self.engine.recorder.start(call, leg)
        self.core.touch(call)
        self.engine.remember(call)

    # hold
    # -------------------------------------------------------------------------------------------------------------
    def held(self, call: Call, leg: AgentLeg, lines: Lines, channel: str, on: bool) -> None:
        """The phone holds one of its two calls, or takes it back."""
        (lines.held.add if on else lines.held.discard)(channel)
        spare = leg.spare
        if leg.channel in lines.held and spare not in lines.held:
            self._speaks_on(call, leg, spare)
        leg.holds = leg.channel in lines.held
        self.core.touch(call)
        self.engine.remember(call)
        if call.phase not in SPEAKING:
            return
        if not self._asks(call, lines):
            self.engine.deskphones.single(call, leg)
        elif not lines.held:
            self.core.later(TOGETHER_SECONDS, self._together, call, leg, lines)
        else:
            self._sides(call, leg, lines)

    @staticmethod
    def _asks(call: Call, lines: Lines) -> bool:
        """Whether the consultation goes on; else all who are there are one conversation."""
        partner = call.others.get(lines.partner)
        return partner is not None and partner.attempt is not None and partner.attempt.how == "consult"

    def _sides(self, call: Call, leg: AgentLeg, lines: Lines) -> None:
        """Who is on a call that the phone holds hears music. Holds come first: the two do not meet on the way."""
        sides = [(call.channel, lines.first in lines.held), (lines.partner, lines.second in lines.held)]
        for party, held in sorted(sides, key=lambda side: not side[1]):
            there = call.talk.parties.get(party)
            if there is None or held == ("held" in there.flags):
                continue
            change = self.engine.talk.hold if held else self.engine.talk.unhold
            change(call, leg, "" if party == call.channel else party)

    def _together(self, call: Call, leg: AgentLeg, lines: Lines) -> None:
        """The phone has held neither for a while: it has made a conference of the two, and so do we."""
        if call.ended or leg.lines is not lines or lines.held or call.phase not in SPEAKING:
            return
        if self._asks(call, lines) and leg.channel in call.talk.parties:
            self.engine.bringing.step(call, call.others[lines.partner], On.JOIN)

    # transfer
    # ---------------------------------------------------------------------------------------------------------
    def attended(self, call: Call, leg: AgentLeg) -> None:
        """The phone transfers the one call to the other: he hands over, and is out. Raises Refused."""
        if leg.lines is not None and self._asks(call, leg.lines):
            self.engine.bringing.step(call, call.others[leg.lines.partner], On.COMPLETE)
        elif leg.lines is not None and [each for each in call.speakers if each is not leg]:
            self.engine.leaving.goes(call, leg, "transferred")
        else:
            raise Refused("attended")

    def cancels(self, call: Call, leg: AgentLeg) -> bool:
        """The phone does something else with one of its calls: whom he asked is out. Whether he asked somebody."""
        if leg.lines is None or not self._asks(call, leg.lines):
            return False
        self.engine.bringing.step(call, call.others[leg.lines.partner], On.CANCEL, "cancelled")
        return True

    # one of them ends
    # -------------------------------------------------------------------------------------------------------
    def gone(self, call: Call, channel: str, cause: int) -> bool:
        """A channel ended by itself; whether it was one of two of a desk phone, the other of which lives on."""
        leg = self.leg(call, channel)
        lines = leg.lines if leg is not None else None
        if leg is None or lines is None:
            return False
        asks = self._asks(call, lines)
        if channel == leg.channel:
            self._speaks_on(call, leg, leg.spare, dead=True)
        leg.lines = None
        if asks and channel == lines.second:
            self.engine.bringing.step(call, call.others[lines.partner], On.CANCEL, "cancelled")
        elif asks and cause == NORMAL:
            self.engine.leaving.goes(call, leg, "hung_up")
        elif not asks:
            self.engine.deskphones.single(call, leg)
        self.engine.remember(call)
        return True

    def partner_gone(self, call: Call, channel: str) -> None:
        """Somebody is out. Was he asked by a desk phone's second call, that one is over."""
        if call.ended:
            return
        for leg in call.legs_all:
            if leg.lines is not None and leg.lines.partner == channel and leg.channel in call.talk.parties:
                self.closes(call, leg)

    def closes(self, call: Call, leg: AgentLeg) -> None:
        """His phone is on its first call again."""
        lines = leg.lines
        if lines is None:
            return
        if leg.channel != lines.first:
            self._speaks_on(call, leg, lines.first)
        leg.holds = lines.first in lines.held
        self.lets_go(leg)
        if call.phase in SPEAKING:
            self.engine.deskphones.single(call, leg)

    def lets_go(self, leg: AgentLeg) -> None:
        """He has one call on his phone: that on which he talks."""
        spare, leg.lines = leg.spare, None
        if self.core.by_channel.pop(spare, None) is not None:
            self.core.do(self.core.media.hang_up, spare)

    # after a restart
    # ---------------------------------------------------------------------------------------------------------
    def survived(self, call: Call, answered: dict[str, AgentLeg], found: Inventory) -> dict[str, AgentLeg]:
        """The legs of the old switch; whose phone had two calls is on that which lives."""
        living = {}
        for leg in answered.values():
            if leg.channel not in found.channels and leg.spare in found.channels:
                old, leg.channel = leg.channel, leg.spare
                leg.holds = leg.lines is not None and leg.channel in leg.lines.held
                if old in call.talk.parties:
                    call.talk = conversation.rename(call.talk, old, leg.channel, same=True)
            living[leg.channel] = leg
        return living

    def rolled_back(self, call: Call, found: Inventory) -> None:
        """Everybody who lives is in his place again: of his phone's two calls one may have ended meanwhile, and whom he
        asked may not be there.
        """
        for leg in [leg for leg in call.legs_all if leg.lines is not None]:
            spare = leg.spare
            if spare not in found.channels:
                self.core.after.append(partial(self._ended_meanwhile, call, leg, spare))
                continue
            self.core.by_channel[spare] = (call, "line")
            self.core.do(self.core.media.leave, call.bridge, spare)  # the old switch may have been killed half-way
            if leg.lines is not None and leg.lines.partner not in call.others:
                self.closes(call, leg)

    def _ended_meanwhile(self, call: Call, leg: AgentLeg, channel: str) -> None:
        if not call.ended and leg.lines is not None and leg in call.legs_all:
            self.gone(call, channel, NORMAL)
