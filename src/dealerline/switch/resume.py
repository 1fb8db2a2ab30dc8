"""After a restart of the switch, or a lost connection: what goes on in Asterisk is taken up, what ended is closed.

Rules of the file. Asterisk is right about what lives; the variables on its channels say why; the journal's open book
says what must be closed. A conversation is never touched. A caller in a flow hears the node he was in once more; a
waiting one keeps his place. A call that cannot be understood is treated as one that comes in now, never dropped.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from dealerline.domain import ivr, presence
from dealerline.switch.core import Core
from dealerline.switch.media import Arrived, Gone, Inventory, LiveChannel
from dealerline.switch.model import TALKS, Call, Phase, call_of_bridge
from dealerline.switch.openbook import OpenBook
from dealerline.switch.resume_talks import Talks
from dealerline.switch.state import attempts_of, legs_of, unpack

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

log = logging.getLogger(__name__)

PARKED = '"ph":"parked"'
LEGS = ("agent", "forward", "duty", "outside")  # roles of channels that we made for a call
DIED = 27  # the cause we give when Asterisk itself died: destination out of order


class Resumer:
    """Once after each connection."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine
        self.talks = Talks(core, engine)
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
        # Parked calls last: if two calls claim somebody's phone, it is on the other.
        channels = sorted(found.channels.values(), key=lambda c: PARKED in c.variables.get("DL_STATE", ""))
        for channel in channels:
            if channel.id not in self.core.by_channel and channel.variables.get("DL_ROLE") == "customer":
                self._take_up(channel, found)
        self.engine.parking.all_found()
        for channel in found.channels.values():
            self._unowned(channel)
        for bridge in found.bridges:
            if call_of_bridge(bridge) not in self.core.calls:
                self.core.do(self.core.media.drop_bridge, bridge)
        self._close_the_rest()
        self.engine.callbacks.resumed()
        if first:
            self.core.fact("switch.started", version=self.version, resumed=len(self.core.calls))
        else:
            self.core.fact("ari.back", channels=len(found.channels))
        for seat in list(self.core.seats.values()):
            self.engine.agents.sync(seat)
            if seat.call is not None:
                self.engine.pages.device_back(seat)

    # calls we have
    # -------------------------------------------------------------------------------------------------------
    def _known(self, call: Call, found: Inventory, restarted: bool) -> None:
        """A call that was here before the connection was lost."""
        if call.stands and call.phase is Phase.QUEUED:
            return  # nobody is on it yet
        self.engine.tones.over(call)
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
        elif call.talk.parties:
            self.talks.check(call, found)
        elif call.announcing:  # its end may have been missed
            call.announcing, call.music = "", False
            self.engine.queueing.music(call)

    # calls of the switch before us
    # ---------------------------------------------------------------------------------------
    def _take_up(self, channel: LiveChannel, found: Inventory) -> None:
        call_id, text = channel.variables.get("DL_CALL", ""), channel.variables.get("DL_STATE", "")
        known = self.book.calls.get(call_id, {}) if self.book is not None else {}
        try:
            state = json.loads(text)
            call = unpack(call_id, channel.id, state, int(known.get("seq", 0)))
            answered = legs_of(state)
        except (ValueError, KeyError, TypeError) as error:
            log.error("the state on channel %s cannot be read (%s); the call begins anew", channel.id, error)
            self.engine._arrived(Arrived(channel.id, channel.args, channel.name, channel.from_number))
            return
        self.core.add(call)
        self.core.metrics.calls -= 1
        call.bridged = call.bridge in found.bridges
        if state.get("so"):  # what the old switch had him told: nobody can take him anywhere before it is over
            self.core.do(self.core.media.stop_play, state["so"])
        legs = [
            c
            for c in found.channels.values()
            if c.variables.get("DL_CALL") == call_id and c.variables.get("DL_ROLE") in LEGS
        ]
        phase = Phase(state["ph"])
        if phase in (*TALKS, Phase.TRANSFER) or (phase is Phase.FORWARDING and call.talk.parties):
            if state["pd"]:
                self.engine.recorder.stands_still(call)
            self.talks.take_up(call, phase, answered, attempts_of(state), found)
        elif phase in (Phase.QUEUED, Phase.OFFERED):
            self._queued(call, legs, found)
        elif phase is Phase.FORWARDING:
            self._forwarding(call, legs, found)
        elif phase is Phase.FLOW:
            self.engine.flows.resume(call)
            if call.flow is None and not call.ended and not call.rates:
                self.engine.flows.farewell(call, "error.technical", "resumed")
        else:
            self.engine.end(call, "repair", "unwatched")
        if call.known is None and call.direction == "in" and call.phase in (Phase.FLOW, Phase.QUEUED):
            self.engine.recognising.ask(call)
        self.core.touch(call)
        self.engine.remember(call)  # the next switch has to number its channels on from ours
        if call.ended and self.book is not None:
            self.book.calls.pop(call.id, None)

    def _queued(self, call: Call, legs: list[LiveChannel], found: Inventory) -> None:
        queue = self.core.lookup.queues.get(call.queue)
        for leg in legs:
            person = int(leg.variables.get("DL_AGENT", "0") or 0)
            if leg.state == "Up" and {leg.id, call.channel} <= found.bridges.get(call.bridge, frozenset()):
                # Answered in the last moment of the old switch: they talk already.
                self.talks.just_answered(call, leg, person, self.book, found)
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
        waits = call.flow is None or call.flow.state.stage == "queued"
        if leg is None and waits and self.engine.overflowing.is_out(call):
            self.engine.overflowing.in_vain(call)
            return
        if self._on_duty(call, legs):
            return
        if leg is None:
            self.engine.end(call, "agent", "forward_ended")
            return
        call.forward = leg.id
        self.core.by_channel[leg.id] = (call, "forward")
        call.music = False
        self.engine.queueing.music(call)  # that it shall end when he is answered is known only of music of ours
        if leg.state == "Up":  # answered in the last moment of the old switch
            self.engine.outside.forward_answered(call)

    def _on_duty(self, call: Call, legs: list[LiveChannel]) -> bool:
        """Somebody on duty was being rung, and had not said that it is he: all of it begins anew."""
        asked = [c for c in legs if c.variables.get("DL_ROLE") == "duty"]
        for each in asked:
            self.core.do(self.core.media.hang_up, each.id)
            self.core.fact("forward.ended", call, number=call.forward_number, result="failed")
        if asked:
            call.phase, call.music = Phase.FLOW, True
            self.engine.queueing.stop_music(call)
            self.engine.flows.resume(call)
        return bool(asked)

    # the rest
    # -----------------------------------------------------------------------------------------------------------
    def _unowned(self, channel: LiveChannel) -> None:
        """A channel of ours that no call claims: a new caller, or something whose call is over."""
        if channel.id in self.core.by_channel:
            return
        role = channel.variables.get("DL_ROLE")
        if role in (*LEGS, "customer") or channel.args[:1] == ("ear",):
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
            people = book.talking(call_id)
            for kind, person, data in list(book.closing(call_id, self.core.now)):
                self.core.fact(kind, ghost, person=person, **data)
            for person in people:
                seat = self.core.seats.get(person)
                if seat is not None and seat.call is None and seat.presence.state == "talking":
                    self.engine.agents.event(seat, presence.Ended(None, "unwatched"))
