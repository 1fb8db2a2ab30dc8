"""After the call: when the agent has hung up, the customer is asked for a mark, keys 1 to 5, is thanked and let go.

Rules of the file. Only who has talked with one of ours is asked, only in stores that want it, and only when the agent
hung up first and nobody else is there any more: for the agent the call is over, his after-call work runs. A customer
who hangs up, before or meanwhile, has said nothing. No key in time is no mark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dealerline.switch.core import Core
from dealerline.switch.model import SPEAKING, AgentLeg, Call, Phase

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

MARKS = "12345"
SECONDS = 8.0  # for the key, after the question
AT_MOST = 40.0  # should the end of a sound never be told


class Rating:
    """Marks."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    def asks(self, call: Call, leg: AgentLeg) -> bool:
        """Whether the customer of this call, whose only agent hangs up, is to be asked."""
        wanted = call.store in self.core.lookup.snapshot.rating_stores
        theirs = call.direction == "in" or bool(call.promise)
        ours = leg is call.leg and leg.role == "agent" and call.phase in SPEAKING
        return wanted and theirs and ours and call.up and self.core.media_here and not call.rates

    def begin(self, call: Call, leg: AgentLeg) -> None:
        """The agent is out; the customer hears the question."""
        self.engine.talk.end_hold(call)
        self.engine.talk.leave(call, leg, "agent_hung_up")
        if call.channel in call.talk.parties:
            self.engine.hearing.verb(call, "unhold", call.channel)
        self.engine.leaving.all_leave(call, "agent_hung_up")
        self.engine.recorder.stop_all(call)
        self.engine.hearing.over(call)
        self.engine.queueing.stop_music(call)
        call.flow, call.rates = None, leg.person
        self.core.go(call, Phase.FLOW)
        self.ask(call)

    def ask(self, call: Call) -> None:
        """The question; once more after a restart."""
        self.core.fact("rating.asked", call, person=call.rates, agent=call.rates)
        call.announcing = self.engine.flows.announce(call, ("rating.ask",))
        self.core.later(AT_MOST, self._over, call)
        self.engine.remember(call)

    def key(self, call: Call, digit: str) -> None:
        """A key: the first that is a mark counts."""
        if digit not in MARKS or call.marked:
            return
        call.marked = int(digit)
        self.core.fact("rating.given", call, person=call.rates, agent=call.rates, mark=call.marked)
        if call.announcing:
            self.core.by_playback.pop(call.announcing, None)
            self.core.do(self.core.media.stop_play, call.announcing)
        call.announcing = self.engine.flows.announce(call, ("rating.thanks",))
        self.engine.remember(call)

    def said(self, call: Call, playback: str) -> None:
        """The question, or the thanks, is over."""
        if call.announcing != playback:
            return
        call.announcing = ""
        if call.marked:
            self._over(call)
        else:
            self.core.later(SECONDS, self._silent, call)

    def _silent(self, call: Call) -> None:
        if not call.marked:
            self._over(call)

    def _over(self, call: Call) -> None:
        if not call.ended:
            self.engine.end(call, "agent", "hung_up")
