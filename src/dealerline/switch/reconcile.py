"""Every two seconds: do channels, calls, people and queues agree? What does not is repaired, and counted in public.

Rules of the file. Things in motion are not wrong, however slowly they move. So a pass compares what Asterisk said with
what we believed when it was asked, and only where we still believe the same when the answer is there, and have heard
of everything that happened until then (``Media.inventory``): an answer older than an order or an event says nothing
about it. A channel that is hanging up is in motion, too. Passes do not overlap, and come the more rarely the longer an
answer takes. And only what looked wrong in two passes in a row, in the same way, is repaired. Every repair is a fact
and counts; in normal running there are none, so each one is a fault of ours to be found.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dealerline.domain import presence
from dealerline.domain.conversation import Layout
from dealerline.switch.core import Core
from dealerline.switch.media import Gone, Inventory
from dealerline.switch.model import Call, Phase, Seat, call_of_bridge

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

EVERY = 2.0
REST = 5.0  # between two passes: at least so many times as long as the answer took
Mark = tuple[Layout, frozenset[str]]
Finding = tuple[str, str, Callable[[], None]]  # what, subject, how to mend it


@dataclass(frozen=True, slots=True)
class Belief:
    """What we believed when Asterisk was asked."""

    owners: Mapping[str, str]  # channel -> call
    calls: frozenset[str]
    talks: Mapping[str, Mark]  # call whose parties should be in their rooms -> which rooms these are


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
        if self.core.media_here:
            self.core.do(self.look, self._rest)
        else:
            self.core.later(EVERY, self._again)

    def _rest(self, seconds: float) -> None:
        self.core.later(max(EVERY, REST * seconds), self._again)

    def look(self, over: Callable[[float], None] = lambda seconds: None) -> None:
        """One pass. ``over`` hears how many seconds the answer took."""
        believed, began = self._belief(), self.core.now

        def answered(found: Inventory | None) -> None:
            over(self.core.now - began)
            self.core.run(self.compare, found, believed)

        self.core.media.inventory(answered)

    def _belief(self) -> Belief:
        return Belief(
            {channel: call.id for channel, (call, _) in self.core.by_channel.items()},
            frozenset(self.core.calls),
            {call.id: mark for call in self.core.calls.values() if (mark := self._mark(call)) is not None},
        )

    @staticmethod
    def _mark(call: Call) -> Mark | None:
        """Changes whenever the parties of a conversation were moved; None when there is none."""
        return (call.layout, frozenset(call.ears)) if call.talk.parties else None

    def compare(self, found: Inventory | None, believed: Belief) -> None:
        """What was doubted before and still is, is repaired."""
        if found is None or not self.core.media_here:
            self._doubts.clear()
            return
        self.passes += 1
        findings = [*self._channels(found, believed), *self._calls(found, believed), *self._people(), *self._queues()]
        for what, subject, mend in findings:
            if (what, subject) in self._doubts:
                log.error("repair: %s %s", what, subject)
                self.core.metrics.repairs += 1
                self.core.fact("repair.made", what=what, subject=subject)
                mend()
        self._doubts = {(what, subject) for what, subject, _ in findings}

    def _channels(self, found: Inventory, believed: Belief) -> Iterator[Finding]:
        """Channels and bridges in Asterisk that nobody owns."""
        hang_up, drop = self.core.media.hang_up, self.core.media.drop_bridge
        for channel in found.channels:
            known = channel in self.core.by_channel or channel in believed.owners
            if not known and channel not in found.leaving:
                yield "channel_unowned", channel, partial(self.core.do, hang_up, channel)
        for bridge in found.bridges:
            name = call_of_bridge(bridge)
            call = self.core.calls.get(name)
            if bridge != call.bridge_of(call.room_of(bridge)) if call is not None else name not in believed.calls:
                yield "bridge_unowned", bridge, partial(self.core.do, drop, bridge)

    def _calls(self, found: Inventory, believed: Belief) -> Iterator[Finding]:
        """Calls whose channels are gone, or whose parties are not together."""
        for channel, (call, _) in self.core.by_channel.items():
            if call.id not in self.core.calls:
                yield "call_gone", channel, partial(self._forget, channel)
            elif channel not in found.channels and believed.owners.get(channel) == call.id:
                yield "channel_gone", channel, partial(self.engine.handle, Gone(channel, 0))
        for call in self.core.calls.values():
            mark = self._mark(call)
            if mark is None or mark != believed.talks.get(call.id):
                continue
            for room, parties in call.layout.rooms.items():
                # An ear is put on a moment after it was ordered, and the next one of the same room as well: missing at
                # both looks, it would seem never to have come. One that does not come at all is a channel that is gone.
                ears = {ear for ear, (where, _) in call.ears.items() if where == room and ear in found.channels}
                wanted = parties | ears
                inside = found.bridges.get(call.bridge_of(room))
                if not wanted <= (inside or frozenset()) and not wanted & found.leaving:
                    mend = partial(self._together, call, room, inside is None)
                    yield "not_together", f"{call.id} {room}", mend

    def _forget(self, channel: str) -> None:
        self.core.by_channel.pop(channel, None)
        self.core.do(self.core.media.hang_up, channel)

    def _together(self, call: Call, room: str, lost: bool) -> None:
        ears = [ear for ear, (where, _) in call.ears.items() if where == room]
        parties = [*sorted(call.layout.rooms.get(room, ())), *ears]
        if parties:
            if lost:
                self.core.do(self.core.media.make_bridge, call.opens(room))
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
            for parked in seat.parked:
                if parked.id not in self.core.calls or parked.phase is not Phase.PARKED:
                    yield "parked_gone", parked.id, partial(self.core.forget, seat, parked)
        for call in self.core.calls.values():
            owner = self.core.seats.get(call.person)
            if call.phase is Phase.PARKED and (owner is None or not owner.has(call)):
                yield "parked_by_nobody", call.id, partial(self.engine.talk.lost_for_good, call)

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
