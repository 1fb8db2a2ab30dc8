"""Conversations: from answer to end, with hold, mute, keys, a lost browser and its return.

Rules of the file. A conversation is a mixing bridge with the customer and one agent; a customer who is held, or whose
agent went away, is outside of it and hears music, never silence. A page that loses its socket loses nothing else: the
voice goes on as long as sound comes from the browser, which Asterisk is asked. Only when no sound comes any more, or
the channel is gone without a hang-up, is the agent lost; he has ``agent_lost_seconds`` to come back before the
customer goes to the front of the queue.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dealerline.domain import ivr, presence
from dealerline.switch.core import Core
from dealerline.switch.model import AgentLeg, Call, Phase, Refused, Seat

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

SETTLE = 0.8  # how long after a browser's channel ended its socket must live for the end to have been meant
PROBE = 1.2  # between two looks at what a browser sends
SILENT_PROBES = 2
REJOIN_SECONDS = 12  # how long a page that is back may take to answer by itself
NORMAL = 16


class Talking:
    """The talk part of a call."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine
        self._received: dict[str, tuple[int, int]] = {}  # channel -> packets at the last look, looks without a new one

    # begin
    # --------------------------------------------------------------------------------------------------------------
    def agent_arrived(self, call: Call, channel: str) -> None:
        """The agent's phone was answered."""
        leg = call.leg if call.leg is not None and call.leg.channel == channel else call.next_leg
        if leg is None or leg.channel != channel:
            self.core.do(self.core.media.hang_up, channel)
            return
        leg.answered = self.core.now
        if leg is call.next_leg:
            self._swap(call, leg)
        elif call.phase is Phase.OFFERED:
            self.engine.queueing.answered(call, leg)
            self._begin(call, leg)
            if call.flow is not None:
                self.engine.flows.step(call, ivr.QueueAnswered())
        elif call.phase is Phase.DIALLING:
            self.engine.outside.agent_ready(call, leg)
        elif call.phase is Phase.TEST:
            self.engine.outside.test_answered(call, leg)
        else:
            self.core.do(self.core.media.hang_up, channel)
        self.engine.remember(call)

    def _begin(self, call: Call, leg: AgentLeg) -> None:
        seat = self.core.seats.get(leg.person)
        self.core.go(call, Phase.TALKING)
        call.person, call.talk_started = leg.person, self.core.now
        call.answered = call.answered or self.core.now
        self.engine.queueing.stop_music(call)
        self.core.do(self.core.media.join, call.bridge, [call.channel, leg.channel])
        self.core.fact("talk.started", call, person=leg.person, agent=leg.person, channel=leg.channel)
        self.engine.recorder.start(call, leg)
        if seat is not None:
            self.engine.agents.event(seat, presence.Answer())

    # verbs
    # --------------------------------------------------------------------------------------------------------------
    def hold(self, call: Call) -> None:
        """The customer hears music, and nobody hears him. Raises Refused."""
        if call.phase is not Phase.TALKING:
            raise Refused("not_now")
        self.core.go(call, Phase.HELD)
        call.held_since = self.core.now
        self.core.do(self.core.media.leave, call.bridge, call.channel)
        self.engine.queueing.music(call)
        self.core.fact("hold.started", call, person=call.person, agent=call.person)
        self.engine.remember(call)

    def unhold(self, call: Call) -> None:
        """Together again. Raises Refused."""
        if call.phase is not Phase.HELD:
            raise Refused("not_now")
        self._end_hold(call)
        self.core.go(call, Phase.TALKING)
        self.engine.queueing.stop_music(call)
        self.core.do(self.core.media.join, call.bridge, [call.channel])
        self.engine.remember(call)

    def _end_hold(self, call: Call) -> None:
        if call.held_since:
            self.core.fact(
                "hold.ended",
                call,
                person=call.person,
                agent=call.person,
                seconds=round(self.core.now - call.held_since, 3),
            )
            call.held_since = 0.0

    def mute(self, call: Call, on: bool) -> None:
        """Nobody hears the agent, while on. Raises Refused."""
        if call.leg is None or call.phase not in (Phase.TALKING, Phase.HELD):
            raise Refused("not_now")
        if call.muted == on:
            return
        call.muted = on
        self.core.do(self.core.media.mute, call.leg.channel, on)
        self.core.fact("mute.started" if on else "mute.ended", call, person=call.person, agent=call.person)
        self.core.touch(call)
        self.engine.remember(call)

    def keys(self, call: Call, digits: str) -> None:
        """Tones to the other side. Raises Refused."""
        if not digits or len(digits) > 32 or any(d not in "0123456789*#" for d in digits):
            raise Refused("bad_digits")
        if call.phase is not Phase.TALKING or not call.channel:
            raise Refused("not_now")
        self.core.do(self.core.media.keys, call.channel, digits)
        self.core.fact("key.sent", call, person=call.person, agent=call.person, count=len(digits))

    def _end_mute(self, call: Call) -> None:
        if call.muted:
            self.core.fact("mute.ended", call, person=call.person, agent=call.person)
            call.muted = False

    # end
    # ----------------------------------------------------------------------------------------------------------------
    def finish(self, call: Call, reason: str) -> Seat | None:
        """The talk is over, for whatever reason: facts, recording, legs. Returns the agent's seat."""
        self._end_hold(call)
        self._end_mute(call)
        for timer in (call.lost_timer, call.settle, call.probe):
            if timer is not None:
                timer.cancel()
        call.lost_timer = call.settle = call.probe = None
        self.engine.recorder.stop(call)
        self.core.fact(
            "talk.ended",
            call,
            person=call.person,
            agent=call.person,
            reason=reason,
            seconds=round(self.core.now - call.talk_started, 3),
        )
        for leg in (call.leg, call.next_leg):
            self.drop(call, leg)
        call.leg = call.next_leg = None
        seat = self.core.seats.get(call.person)
        return seat if seat is not None and seat.call is call else None

    def drop(self, call: Call, leg: AgentLeg | None) -> None:
        """Hang up an agent's channel, unless it is gone already."""
        if leg is None:
            return
        if leg.timer is not None:
            leg.timer.cancel()
        self._received.pop(leg.channel, None)
        if self.core.by_channel.pop(leg.channel, None) is not None:
            self.core.do(self.core.media.hang_up, leg.channel)

    def wrap_seconds(self, call: Call) -> float:
        """How long after-call work lasts for this call."""
        queue = self.core.lookup.queues.get(call.queue)
        return float(queue.wrap_seconds) if queue is not None else 30.0

    # a lost agent
    # -------------------------------------------------------------------------------------------------------
    def leg_gone(self, call: Call, channel: str, cause: int) -> None:
        """An agent's channel ended by itself."""
        if call.next_leg is not None and call.next_leg.channel == channel:
            self._rejoin_failed(call, call.next_leg)
            return
        leg = call.leg
        if leg is None or leg.channel != channel:
            return
        if call.phase is Phase.OFFERED:
            self.engine.queueing.leg_gone(call, leg, cause)
        elif call.phase in (Phase.TALKING, Phase.HELD):
            self._talk_leg_gone(call, leg, cause)
        elif call.phase is Phase.DIALLING:
            self.engine.outside.dial_leg_gone(call, leg, cause)
        elif call.phase is Phase.TEST:
            self.engine.end(call, "agent", "test_over")

    def _talk_leg_gone(self, call: Call, leg: AgentLeg, cause: int) -> None:
        seat = self.core.seats.get(leg.person)
        if cause == NORMAL and (seat is None or seat.device == "phone"):
            self.engine.end(call, "agent", "hung_up")
        elif cause == NORMAL and seat is not None and seat.desk is not None and call.next_leg is None:
            # A browser hangs up by command; a bare end may be the page's last breath. Its socket tells which.
            self._music(call)
            call.settle = self.core.later(SETTLE, self._settled, call, leg, seat.tab)
        else:
            self.lost(call, "channel")

    def _settled(self, call: Call, leg: AgentLeg, tab: str) -> None:
        call.settle = None
        if call.leg is not leg or call.ended:
            return
        seat = self.core.seats.get(leg.person)
        if seat is not None and seat.desk is not None and seat.tab == tab:
            self.engine.end(call, "agent", "hung_up")
        else:
            self.lost(call, "channel")

    def _music(self, call: Call) -> None:
        if call.phase is Phase.TALKING:
            self.core.do(self.core.media.leave, call.bridge, call.channel)
        self.engine.queueing.music(call)

    def lost(self, call: Call, what: str) -> None:
        """The agent is gone from the call: music for the customer, and a time to come back."""
        if call.phase not in (Phase.TALKING, Phase.HELD):
            return
        self._end_hold(call)
        self._end_mute(call)
        self._music(call)
        self.core.go(call, Phase.RECONNECTING)
        self.engine.recorder.stop(call)
        self.drop(call, call.leg)
        seat = self.core.seats.get(call.person)
        call.leg = None
        self.core.fact("agent.lost", call, person=call.person, agent=call.person, what=what)
        if call.queue:
            self.engine.queueing.say(call, ("agent_lost.wait",))
        seconds = self.core.lookup.snapshot.agent_lost_seconds
        call.lost_timer = self.core.later(seconds, self._stayed_lost, call)
        self.engine.remember(call)
        if seat is not None:
            self.device_back(seat)

    def _stayed_lost(self, call: Call) -> None:
        call.lost_timer = None
        if call.phase is not Phase.RECONNECTING:
            return
        if call.queue not in self.core.lookup.queues:
            self.engine.end(call, "centre", "agent_lost")
            return
        seat = self.finish(call, "agent_lost")
        if seat is not None:
            self.core.part(seat)
            self.engine.agents.event(seat, presence.TalkLost(), "device_lost")
        self.engine.queueing.back(call, self.core.lookup.queues[call.queue], "agent_lost")

    # the page: gone, silent, back
    # ---------------------------------------------------------------------------------------
    def desk_gone(self, call: Call, seat: Seat) -> None:
        """The socket (or the SIP connection) of a talking agent closed: watch whether his browser still sends sound."""
        if seat.device == "browser" and call.probe is None and call.phase in (Phase.TALKING, Phase.HELD):
            self._probe(call, seat)

    def _probe(self, call: Call, seat: Seat) -> None:
        call.probe = None
        leg = call.leg
        if call.ended or leg is None or call.phase not in (Phase.TALKING, Phase.HELD):
            return
        if seat.desk is not None and self.engine.agents.endpoint(seat) in self.core.online:
            self._received.pop(leg.channel, None)
            return  # all is well again
        self.core.do(self.core.media.received, leg.channel, lambda n: self.core.run(self._heard, call, leg, n))
        call.probe = self.core.later(PROBE, self._probe, call, seat)

    def _heard(self, call: Call, leg: AgentLeg, packets: int | None) -> None:
        if call.ended or call.leg is not leg or packets is None:
            return
        before, silent = self._received.get(leg.channel, (-1, 0))
        silent = silent + 1 if packets == before else 0
        self._received[leg.channel] = (packets, silent)
        if silent >= SILENT_PROBES:
            self.lost(call, "browser")

    def desk_back(self, seat: Seat, moved: bool) -> None:
        """A page of the agent is there again. A new page (``moved``) has to be rung anew; the same one has its sound
        still.
        """
        call = seat.call
        if call is None or not moved or seat.device != "browser":
            return
        if (
            call.phase is Phase.OFFERED
            and call.leg is not None
            and call.leg.endpoint != self.engine.agents.endpoint(seat)
        ):
            return
        if call.phase in (Phase.TALKING, Phase.HELD) and call.leg is not None:
            # The old page is dead or will be; what it still carries is kept until the new one answers.
            self.desk_gone(call, seat)

    def device_back(self, seat: Seat) -> None:
        """The agent's phone can ring: if his call misses him, or is still on his old page, ring it, to be answered at
        once.
        """
        call = seat.call
        if call is None or call.next_leg is not None or not self.engine.agents.reachable(seat) or seat.desk is None:
            return
        missing = call.phase is Phase.RECONNECTING
        moved = call.phase in (Phase.TALKING, Phase.HELD) and call.leg is not None and call.leg.tab != seat.tab
        if seat.device != "browser" and moved:
            return
        if not missing and not moved:
            return
        call.legs += 1
        leg = AgentLeg(
            f"{call.id}-a{call.legs}",
            seat.person,
            self.engine.agents.endpoint(seat),
            self.core.now,
            self.core.now + REJOIN_SECONDS,
            auto=True,
            tab=seat.tab,
        )
        call.next_leg = leg
        self.core.by_channel[leg.channel] = (call, "agent")
        self.core.do(self.core.media.ring, self.engine.queueing.leg_for(call, leg, seat))
        leg.timer = self.core.later(REJOIN_SECONDS, self._rejoin_failed, call, leg)

    def _rejoin_failed(self, call: Call, leg: AgentLeg) -> None:
        if call.next_leg is not leg:
            return
        self.drop(call, leg)
        call.next_leg = None
        if call.phase in (Phase.TALKING, Phase.HELD) and call.leg is not None:
            call.leg.tab = leg.tab  # the old phone still carries the talk: leave it so

    def _swap(self, call: Call, leg: AgentLeg) -> None:
        """The new page answered: into the conversation with it, out with the old."""
        if leg.timer is not None:
            leg.timer.cancel()
        held = call.phase is Phase.HELD
        missing = call.phase is Phase.RECONNECTING
        if not held and not missing and call.phase is not Phase.TALKING:
            self.drop(call, leg)
            call.next_leg = None
            return
        old, call.leg, call.next_leg = call.leg, leg, None
        for timer in (call.lost_timer, call.settle, call.probe):
            if timer is not None:
                timer.cancel()
        call.lost_timer = call.settle = call.probe = None
        if missing:
            self.core.go(call, Phase.TALKING)
        if not held:
            self.engine.queueing.stop_music(call)
        self.core.do(self.core.media.join, call.bridge, [leg.channel] if held else [call.channel, leg.channel])
        self.engine.recorder.start(call, leg)
        self.drop(call, old)
        self._end_mute(call)
        self.core.fact("agent.back", call, person=call.person, agent=call.person, channel=leg.channel)
        self.core.touch(call)
