"""Every two seconds: do channels, calls, people and queues agree? What does not is repaired, and counted in public.

Rules of the file. Things in motion are not wrong: only what looked wrong in two passes in a row, in the same way, is
repaired. Every repair is a fact and counts; in normal running there are none, so each one is a fault of ours to be
found.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from dealerline.domain import presence
from dealerline.switch.core import Core
from dealerline.switch.media import Gone, Inventory
from dealerline.switch.model import Call, Phase, Seat, call_of_bridge

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

EVERY = 2.0
Finding = tuple[str, str, Callable[[], None]]  # what, subject, how to mend it


class Reconciler:
    """Compares, doubts, repairs."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine
        self._doubts: set[tuple[str, str]] = set()
        self.passes = 0

    def start(self) -> None:
        """Begin, and go on for ever."""
        self.core.later(EVERY, self._again)

    def _again(self) -> None:
        self.core.later(EVERY, self._again)
        if self.core.media_here:
            self.core.do(self.core.media.inventory, lambda found: self.core.run(self.compare, found))

    def compare(self, found: Inventory | None) -> None:
        """One pass. What was doubted before and still is, is repaired."""
        if found is None or not self.core.media_here:
            return
        self.passes += 1
        findings = [*self._channels(found), *self._calls(found), *self._people(), *self._queues()]
        for what, subject, mend in findings:
            if (what, subject) in self._doubts:
                log.error("repair: %s %s", what, subject)
                self.core.metrics.repairs += 1
                self.core.fact("repair.made", what=what, subject=subject)
                mend()
        self._doubts = {(what, subject) for what, subject, _ in findings}

    def _channels(self, found: Inventory) -> Iterator[Finding]:
        """Channels and bridges in Asterisk that nobody owns."""
        hang_up, drop = self.core.media.hang_up, self.core.media.drop_bridge
        for channel in found.channels.values():
            if channel.id not in self.core.by_channel:
                yield "channel_unowned", channel.id, partial(self.core.do, hang_up, channel.id)
        for bridge in found.bridges:
            if call_of_bridge(bridge) not in self.core.calls:
                yield "bridge_unowned", bridge, partial(self.core.do, drop, bridge)

    def _calls(self, found: Inventory) -> Iterator[Finding]:
        """Calls whose channels are gone, or whose parties are not together."""
        for channel, (call, _) in self.core.by_channel.items():
            if channel not in found.channels:
                yield "channel_gone", channel, partial(self.engine.handle, Gone(channel, 0))
            elif call.id not in self.core.calls:
                yield "call_gone", channel, partial(self._forget, channel)
        for call in self.core.calls.values():
            for room, parties in call.layout.rooms.items():
                wanted = parties | ({call.ears[room]} if room in call.ears else set())
                if not wanted <= found.bridges.get(call.bridge_of(room), frozenset()):
                    yield "not_together", f"{call.id} {room}", partial(self._together, call, room)

    def _forget(self, channel: str) -> None:
        self.core.by_channel.pop(channel, None)
        self.core.do(self.core.media.hang_up, channel)

    def _together(self, call: Call, room: str) -> None:
        parties = sorted(call.layout.rooms.get(room, ())) + ([call.ears[room]] if room in call.ears else [])
        if parties:
            self.core.do(self.core.media.make_bridge, call.bridge_of(room))
            self.core.do(self.core.media.join, call.bridge_of(room), parties)

    def _people(self) -> Iterator[Finding]:
        """States without their call, and calls without their state."""
        for seat in self.core.seats.values():
            state, call = seat.presence.state, seat.call
            alive = call is not None and call.id in self.core.calls
            if state in presence.ON_CALL and not alive:
                yield "state_without_call", f"person {seat.person}", partial(self._free, seat)
            elif state == "wrap" and seat.wrap_timer is None:
                yield "wrap_without_end", f"person {seat.person}", partial(self.engine.agents.wrap_over, seat, "repair")
            elif call is not None and not alive and state != "wrap":
                yield "call_without_state", f"person {seat.person}", partial(self.core.part, seat)

    def _free(self, seat: Seat) -> None:
        self.core.part(seat)
        talked = seat.presence.state in ("talking", "outbound")
        self.engine.agents.event(seat, presence.Ended(None, "repair") if talked else presence.Release("repair"))

    def _queues(self) -> Iterator[Finding]:
        """Callers whose phase and whose place in the queue disagree."""
        router = self.engine.queueing.router
        for call in self.core.calls.values():
            waits = router.position(call.id) is not None
            if call.phase is Phase.QUEUED and not waits and router.offered_to(call.id) is None:
                yield "not_in_queue", call.id, partial(self.engine.queueing.take_back, call)
