"""Agents on telephones outside: how their number is rung, and the key by which they say that it is they.

Rules of the file. A number outside may be answered by a voicemail box, by a child, by whoever holds the phone. So who
answers hears a prompt, again and again, and only the key ``KEY`` makes the phone count as answered; until then the leg
rings, for queue, transfer and page alike, and its time runs. Nobody is ever moved while the prompt plays: it is stopped
first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dealerline.domain import numbers
from dealerline.switch.core import Core
from dealerline.switch.directory import Line, Person
from dealerline.switch.media import Leg
from dealerline.switch.model import AgentLeg, Call, Seat

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

KEY = "1"
PROMPT = "agent.confirm"
PAUSE = 1.5  # seconds between two times of the prompt
PATIENCE = 30  # seconds for a phone outside where one that answers by itself is given less
NORMAL, NO_ANSWER = 16, 19  # Q.850
AT_CARRIER = "@carrier-"


class Confirming:
    """The outside numbers of our own people."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    # ringing
    # -----------------------------------------------------------------------------------------------------------
    def endpoint(self, person: Person) -> str:
        """How his own number is rung, by a carrier of his store; nothing when he has none that can be rung."""
        if not person.mobile or numbers.significant(person.mobile) in self.core.lookup.by_number:
            return ""  # a line of ours would come back to us as a new call, for ever in the worst case
        own = [line for line in self.core.lookup.lines.values() if line.store == person.store]
        line = next((line for line in own if line.carrier in self.core.lookup.carriers), None)
        return self.engine.outside.endpoint_for(line, 0, person.mobile).removeprefix("PJSIP/")

    @staticmethod
    def seconds(seat: Seat, otherwise: int) -> int:
        """How long he has to answer, where a page answers by itself."""
        return max(otherwise, PATIENCE) if seat.device == "outside" else otherwise

    def leg_for(self, call: Call, leg: AgentLeg, left: int) -> Leg:
        """The channel to make for him: his phone shows the line's number."""
        variables = {"DL_CALL": call.id, "DL_ROLE": "agent", "DL_AGENT": str(leg.person), "DL_TAB": leg.tab}
        shown = self.engine.outside.shown(self._line(call, leg))
        return Leg(leg.channel, f"PJSIP/{leg.endpoint}", "", shown, left, ("agent", call.id), variables)

    def _line(self, call: Call, leg: AgentLeg) -> Line | None:
        """The line of the call; one of his store for a call without."""
        person = self.core.lookup.people.get(leg.person)
        own = (line for line in self.core.lookup.lines.values() if person is not None and line.store == person.store)
        return self.core.lookup.lines.get(call.line) or next(own, None)

    # the key
    # -----------------------------------------------------------------------------------------------------------
    @staticmethod
    def needed(leg: AgentLeg | None) -> bool:
        """Whether this phone has to say who answered."""
        ours = leg is not None and (bool(leg.person) or leg.role == "duty")
        return leg is not None and ours and not leg.answered and AT_CARRIER in leg.endpoint

    def ask(self, call: Call, leg: AgentLeg) -> None:
        """Somebody took the phone: who is it?"""
        if leg.asking:
            return  # told twice, after a reconnect
        self._say(call, leg)

    def _say(self, call: Call, leg: AgentLeg) -> None:
        if call.ended or leg.answered or leg.channel not in self.core.by_channel:
            return
        person, line = self.core.lookup.people.get(leg.person), self.core.lookup.lines.get(call.line)
        language = (person.language if person is not None else "") or (line.language if line is not None else "zh")
        sound, _ = self.core.lookup.sound(PROMPT, language, call.store)
        call.plays += 1
        leg.asking = f"{leg.channel}-p{call.plays}"
        self.core.by_playback[leg.asking] = call
        self.core.do(self.core.media.play, leg.channel, leg.asking, [sound])

    def said(self, call: Call, playback: str) -> bool:
        """The prompt is over, if this was it: once more in a moment."""
        leg = next((each for each in self._legs(call) if each.asking == playback), None)
        if leg is not None:
            self.core.later(PAUSE, self._again, call, leg, playback)
        return leg is not None

    def _again(self, call: Call, leg: AgentLeg, playback: str) -> None:
        if leg.asking == playback:
            self._say(call, leg)

    def key(self, call: Call, channel: str, digit: str) -> bool:
        """A key on that phone; whether it is he. The prompt ends first, before he is taken anywhere."""
        leg = self.leg(call, channel)
        if leg is None or not leg.asking or not self.needed(leg) or digit != KEY:
            return False
        self.core.by_playback.pop(leg.asking, None)
        self.core.do(self.core.media.stop_play, leg.asking)
        leg.asking = ""
        return True

    def cause(self, call: Call, channel: str, cause: int) -> int:
        """Why a phone is gone: one that was taken and put down without the key was not answered."""
        leg = self.leg(call, channel)
        if leg is None or not leg.asking:
            return cause
        self.core.by_playback.pop(leg.asking, None)
        return NO_ANSWER if cause == NORMAL else cause

    @staticmethod
    def _legs(call: Call) -> list[AgentLeg]:
        return [*call.legs_all, *(leg for leg in (call.next_leg, call.duty) if leg is not None)]

    def leg(self, call: Call, channel: str) -> AgentLeg | None:
        """The leg with that channel."""
        return next((leg for leg in self._legs(call) if leg.channel == channel), None)
