"""Pages of agents in conversation: gone, silent, or there again.

The rule of the file: a page that loses its socket loses nothing else. The voice goes on as long as sound comes from the
browser, which Asterisk is asked; only when none comes any more is the agent lost, which is ``talking``'s matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dealerline.switch.core import Core
from dealerline.switch.model import SPEAKING, AgentLeg, Call, Phase, Seat

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

PROBE = 1.2  # between two looks at what a browser sends
SILENT_PROBES = 2


class Pages:
    """What becomes of the talks of those whose pages go and come."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine
        self._received: dict[str, tuple[int, int]] = {}  # channel -> packets at the last look, looks without a new one

    def forget(self, leg: AgentLeg) -> None:
        """That channel is looked at no more."""
        self._received.pop(leg.channel, None)

    def desk_gone(self, call: Call, seat: Seat) -> None:
        """The socket (or the SIP connection) of a talking agent closed: watch whether his browser still sends sound."""
        leg = call.leg_of(seat.person)
        if (
            seat.device == "browser"
            and leg is not None
            and leg.probe is None
            and leg.answered
            and call.phase in SPEAKING
        ):
            self._probe(call, leg, seat)

    def _probe(self, call: Call, leg: AgentLeg, seat: Seat) -> None:
        leg.probe = None
        if call.ended or leg not in call.legs_all or call.phase not in SPEAKING:
            return
        if seat.desk is not None and self.engine.agents.endpoint(seat) in self.core.online:
            self._received.pop(leg.channel, None)
            return  # all is well again
        self.core.do(self.core.media.received, leg.channel, lambda n: self.core.run(self._heard, call, leg, n))
        leg.probe = self.core.later(PROBE, self._probe, call, leg, seat)

    def _heard(self, call: Call, leg: AgentLeg, packets: int | None) -> None:
        if call.ended or leg not in call.legs_all or packets is None:
            return
        before, silent = self._received.get(leg.channel, (-1, 0))
        silent = silent + 1 if packets == before else 0
        self._received[leg.channel] = (packets, silent)
        if silent >= SILENT_PROBES:
            self.engine.talk.lost(call, leg, "browser")

    def desk_back(self, seat: Seat, moved: bool) -> None:
        """A page of the agent is there again. A new page (``moved``) has to be rung anew; the same one has its sound
        still.
        """
        call = seat.call
        if call is None or not moved or seat.device != "browser":
            return
        leg = call.leg_of(seat.person)
        if leg is not None and leg.answered and call.phase in SPEAKING:
            # The old page is dead or will be; what it still carries is kept until the new one answers.
            self.desk_gone(call, seat)

    def device_back(self, seat: Seat) -> None:
        """The agent's phone can ring: if his call misses him, or is still on his old page, ring it, to be answered at
        once.
        """
        call = seat.call
        if call is None or call.next_leg is not None or not self.engine.agents.reachable(seat) or seat.desk is None:
            return
        leg = call.leg_of(seat.person)
        missing = call.phase is Phase.RECONNECTING and call.person == seat.person
        moved = call.phase in SPEAKING and leg is not None and bool(leg.answered) and leg.tab != seat.tab
        if seat.device != "browser" and moved:
            return
        if not missing and not moved:
            return
        self.engine.talk.ring_again(call, seat)
