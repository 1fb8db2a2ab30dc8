"""After a restart of the switch, or a lost connection: what goes on in Asterisk is taken up, what ended is closed.

Rules of the file. Asterisk is right about what lives; the variables on its channels say why; the journal's open book
says what must be closed. A conversation is never touched. A caller in a flow hears the node he was in once more; a
waiting one keeps his place. A call that cannot be understood is treated as one that comes in now, never dropped.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from dealerline.domain import ivr, presence
from dealerline.switch.core import Core
from dealerline.switch.media import Arrived, Gone, Inventory, LiveChannel
from dealerline.switch.model import AgentLeg, Call, FlowRun, Phase, Recording, Seat
from dealerline.switch.openbook import OpenBook

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

DIED = 27  # the cause we give when Asterisk itself died: destination out of order


class Resumer:
    """Once after each connection."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine
        self.book: OpenBook | None = None  # what the last switch left open; None once it is settled
        self.version = ""

    def resume(self, found: Inventory, restarted: bool) -> None:
        """Compare what lives with what we know, and make it agree."""
        first = self.book is not None
        self.core.online = set(found.online)
        if restarted and self.core.calls:
            self.core.alarm("media_died")
            self.core.later(60.0, self.core.alarm, "media_died", False)
        for call in list(self.core.calls.values()):
            self._known(call, found, restarted)
        for channel in found.channels.values():
            if channel.id not in self.core.by_channel and channel.variables.get("DL_ROLE") == "customer":
                self._take_up(channel, found)
        for channel in found.channels.values():
            self._unowned(channel)
        for bridge in found.bridges:
            if bridge.removeprefix("dl-") not in self.core.calls:
                self.core.do(self.core.media.drop_bridge, bridge)
        self._close_the_rest()
        if first:
            self.core.fact("switch.started", version=self.version, resumed=len(self.core.calls))
        else:
            self.core.fact("ari.back", channels=len(found.channels))
        for seat in list(self.core.seats.values()):
            self.engine.agents.sync(seat)
            if seat.call is not None:
                self.engine.talk.device_back(seat)

    # calls we have
    # -------------------------------------------------------------------------------------------------------
    def _known(self, call: Call, found: Inventory, restarted: bool) -> None:
        """A call that was here before the connection was lost."""
        if restarted or (call.channel and call.channel not in found.channels and call.up):
            self.core.by_channel.pop(call.channel, None)
            self.engine.end(
                call, "asterisk" if restarted else "customer", "asterisk_died" if restarted else "unwatched"
            )
            return
        for channel, (owner, _role) in list(self.core.by_channel.items()):
            if owner is call and channel not in found.channels:
                self.engine._gone(Gone(channel, DIED if restarted else 16))
        if call.ended:
            return
        if call.phase is Phase.FLOW:
            self.engine.flows.resume(call)
        elif call.announcing:  # its end may have been missed
            call.announcing, call.music = "", False
            self.engine.queueing.music(call)

    # calls of the switch before us
    # ---------------------------------------------------------------------------------------
    def _take_up(self, channel: LiveChannel, found: Inventory) -> None:
        call_id, text = channel.variables.get("DL_CALL", ""), channel.variables.get("DL_STATE", "")
        try:
            state = json.loads(text)
            call = self._rebuild(call_id, channel, state)
        except (ValueError, KeyError, TypeError) as error:
            log.error("the state on channel %s cannot be read (%s); the call begins anew", channel.id, error)
            self.engine._arrived(Arrived(channel.id, channel.args, channel.name, channel.from_number))
            return
        self.core.add(call)
        self.core.metrics.calls -= 1
        call.bridged = call.bridge in found.bridges
        legs = [
            c
            for c in found.channels.values()
            if c.variables.get("DL_CALL") == call_id and c.variables.get("DL_ROLE") in ("agent", "forward")
        ]
        phase = Phase(state["ph"])
        if phase in (Phase.TALKING, Phase.HELD, Phase.RECONNECTING):
            self._talk(call, phase, legs, found)
        elif phase in (Phase.QUEUED, Phase.OFFERED):
            self._queued(call, legs, found)
        elif phase is Phase.FORWARDING:
            self._forwarding(call, legs, found)
        elif phase is Phase.FLOW:
            self.engine.flows.resume(call)
            if call.flow is None and not call.ended:
                self.engine.flows.farewell(call, "error.technical", "resumed")
        else:
            self.engine.end(call, "repair", "unwatched")
        self.core.touch(call)

    def _rebuild(self, call_id: str, channel: LiveChannel, s: dict[str, Any]) -> Call:
        call = Call(call_id, channel.id, s["dir"], s["fr"], s["to"], s["ar"])
        call.line, call.store, call.carrier, call.language = s["ln"], s["st"], s["ca"], s["lg"]
        call.queue, call.queued, call.deadline, call.wait_when_empty = s["q"], s["qd"], s["dl"], s["we"]
        call.priority, call.person, call.answered, call.talk_started = s["pr"], s["p"], s["an"], s["ts"]
        call.held_since, call.muted, call.recordings, call.legs = s["h"], s["mu"], s["n"], s["lc"] + 5
        call.plays, call.forward_number, call.path = s["pl"] + 50, s["fw"], s["pa"]
        call.up = True
        known = self.book.calls.get(call_id, {}) if self.book is not None else {}
        call.seq = max(int(s["sq"]), int(known.get("seq", 0)))
        if s["fl"]:
            flow, version, position = s["fl"]
            call.flow = FlowRun(flow, version, ivr.State.load(position))
            call.flow.node = call.flow.state.node
        if s["rc"]:
            identifier, leg, agent_path, customer_path, started = s["rc"]
            call.recording = Recording(identifier, leg, call.person, agent_path, customer_path, started)
            call.recording_state = "on"
        return call

    def _talk(self, call: Call, phase: Phase, legs: list[LiveChannel], found: Inventory) -> None:
        leg = next((c for c in legs if c.state == "Up" and c.variables.get("DL_AGENT") == str(call.person)), None)
        seat = self.engine.agents.seat(call.person)
        seat.call = call
        call.phase = Phase.TALKING if phase is Phase.RECONNECTING or leg is None else phase
        if seat.presence.state in ("offline", "ready", "busy"):
            state = "talking"
            self.engine.agents.event(seat, presence.Resume(state, call.id, call.talk_started or self.core.now))
        seat.lost = seat.desk is None
        if leg is None:
            call.recording = None
            self.engine.talk.lost(call, "unwatched")
            return
        seat.device = "phone" if "/phone-" in leg.name else "browser"
        tab = leg.variables.get("DL_TAB", "")
        seat.tab = seat.tab or tab
        call.leg = AgentLeg(
            leg.id, call.person, self.engine.agents.endpoint(seat), call.answered, 0.0, answered=call.answered, tab=tab
        )
        self.core.by_channel[leg.id] = (call, "agent")
        inside = found.bridges.get(call.bridge, frozenset())
        wanted = {leg.id} if call.phase is Phase.HELD else {leg.id, call.channel}
        if not wanted <= inside:
            self.core.do(self.core.media.make_bridge, call.bridge)
            self.core.do(self.core.media.join, call.bridge, sorted(wanted))
        call.music = call.phase is Phase.HELD
        if seat.desk is None:
            self.engine.talk.desk_gone(call, seat)

    def _queued(self, call: Call, legs: list[LiveChannel], found: Inventory) -> None:
        queue = self.core.lookup.queues.get(call.queue)
        book = self.book.calls.get(call.id, {}) if self.book is not None else {}
        for leg in legs:
            person = int(leg.variables.get("DL_AGENT", "0") or 0)
            if leg.state == "Up" and {leg.id, call.channel} <= found.bridges.get(call.bridge, frozenset()):
                # Answered in the last moment of the old switch: they talk already.
                call.person, call.answered = person, self.core.now
                call.talk_started = book.get("talk", {}).get("at", self.core.now)
                if "talk" not in book:
                    self.core.fact("talk.started", call, person=person, agent=person, channel=leg.id)
                self._talk(call, Phase.TALKING, [leg], found)
                if "recording" not in book and call.leg is not None:
                    self.engine.recorder.start(call, call.leg)
                return
            self.core.do(self.core.media.hang_up, leg.id)
            self.core.fact("offer.ended", call, person=person, agent=person, result="failed")
        call.phase = Phase.QUEUED
        if queue is None:
            call.phase = Phase.FLOW
            self.core.after.append(lambda: self.engine.flows.step(call, ivr.QueueTimeout()))
            return
        call.music = False
        self.engine.queueing.music(call)
        self.engine.queueing.take_up(call, queue)

    def _forwarding(self, call: Call, legs: list[LiveChannel], found: Inventory) -> None:
        leg = next((c for c in legs if c.variables.get("DL_ROLE") == "forward"), None)
        call.phase = Phase.FORWARDING
        if leg is None:
            self.engine.end(call, "agent", "forward_ended")
            return
        call.forward, call.forward_up = leg.id, leg.state == "Up"
        self.core.by_channel[leg.id] = (call, "forward")

    # the rest
    # -----------------------------------------------------------------------------------------------------------
    def _unowned(self, channel: LiveChannel) -> None:
        """A channel of ours that no call claims: a new caller, or something whose call is over."""
        if channel.id in self.core.by_channel:
            return
        role = channel.variables.get("DL_ROLE")
        if role in ("agent", "forward", "customer"):
            self.core.do(self.core.media.hang_up, channel.id)
        elif channel.args[:1] == ("in",):
            self.engine._arrived(Arrived(channel.id, channel.args, channel.name, channel.from_number))
        elif channel.args:
            self.core.do(self.core.media.hang_up, channel.id)

    def _close_the_rest(self) -> None:
        """What the old switch had open and is no more: it ended while nobody watched."""
        book, self.book = self.book, None
        if book is None:
            return
        for call_id in list(book.calls):
            if call_id in self.core.calls:
                continue
            entry = book.calls[call_id]
            ghost = Call(call_id, "", "in", "", "", 0.0)
            ghost.seq, ghost.store = int(entry["seq"]), int(entry["store"])
            for kind, person, data in list(book.closing(call_id, self.core.now)):
                self.core.fact(kind, ghost, person=person, **data)
            talk = entry.get("talk")
            seat: Seat | None = self.core.seats.get(talk["person"]) if talk else None
            if seat is not None and seat.call is None and seat.presence.state == "talking":
                self.engine.agents.event(seat, presence.Ended(None, "unwatched"))
