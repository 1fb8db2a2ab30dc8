"""The call engine: every event comes in here, finds its call, and becomes one step.

Rules of the file. A call has one owner, the ``Call`` in ``core.calls``; one beginning, ``_inbound`` (or ``Outside``,
for calls that go out); and one end, ``end``. An event about a channel that nobody owns is an echo of something
already over.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dealerline.domain import ivr, numbers, presence
from dealerline.switch.agents import Agents
from dealerline.switch.bringing import Bringing
from dealerline.switch.callbacks import Callbacks
from dealerline.switch.confirming import Confirming
from dealerline.switch.consents import Consents
from dealerline.switch.core import Core
from dealerline.switch.desklines import DeskLines
from dealerline.switch.deskphones import DeskPhones
from dealerline.switch.directory import Snapshot, Text
from dealerline.switch.duty import DutyPhones
from dealerline.switch.flows import Flows
from dealerline.switch.hearing import Hearing
from dealerline.switch.leaving import Leaving
from dealerline.switch.lookup import Lookup
from dealerline.switch.media import (
    Arrived,
    Back,
    Device,
    Digit,
    Event,
    Failed,
    Gone,
    Held,
    Lost,
    Media,
    PlayEnded,
    RecordEnded,
    Referred,
    Ringing,
)
from dealerline.switch.model import TALKS, Call, Phase, Seat
from dealerline.switch.outside import Outside
from dealerline.switch.overflowing import Overflowing
from dealerline.switch.pages import Pages
from dealerline.switch.parking import Parking
from dealerline.switch.ports import Callers, Clock, Directory, Journal, Keeper
from dealerline.switch.queueing import Queueing
from dealerline.switch.rating import Rating
from dealerline.switch.recognising import Recognising
from dealerline.switch.reconcile import Reconciler
from dealerline.switch.recording import Recorder
from dealerline.switch.rejoining import Rejoining
from dealerline.switch.resume import Resumer
from dealerline.switch.ringback import Ringback
from dealerline.switch.state import pack
from dealerline.switch.supervising import Supervising
from dealerline.switch.talking import Talking
from dealerline.switch.tones import Tones
from dealerline.switch.watching import Watching

log = logging.getLogger(__name__)


class Engine:
    """All parts, put together by hand."""

    def __init__(
        self,
        clock: Clock,
        directory: Directory,
        journal: Journal,
        media: Media,
        *,
        recordings: Path,
        min_free_mb: int = 512,
        callers: Callers | None = None,
        promises: Keeper | None = None,
    ) -> None:
        self.core = Core(clock, directory, journal, media)
        self.queueing = Queueing(self.core, self)
        self.overflowing = Overflowing(self.core, self)
        self.agents = Agents(self.core, self)
        self.watching = Watching(self.core, self)
        self.consents = Consents(self.core, self)
        self.flows = Flows(self.core, self)
        self.recorder = Recorder(self.core, recordings, min_free_mb)
        self.hearing = Hearing(self.core, self)
        self.tones = Tones(self.core, self)
        self.talk = Talking(self.core, self)
        self.pages = Pages(self.core, self)
        self.bringing = Bringing(self.core, self)
        self.leaving = Leaving(self.core, self)
        self.ringback = Ringback(self.core)
        self.supervising = Supervising(self.core, self)
        self.rejoining = Rejoining(self.core, self)
        self.recognising = Recognising(self.core, self, callers)
        self.outside = Outside(self.core, self)
        self.duty = DutyPhones(self.core, self)
        self.parking = Parking(self.core, self)
        self.confirming = Confirming(self.core, self)
        self.deskphones = DeskPhones(self.core, self)
        self.desklines = DeskLines(self.core, self)
        self.callbacks = Callbacks(self.core, self, promises)
        self.rating = Rating(self.core, self)
        self.overflowing.ways["callback"] = self.callbacks.overflows
        self.resumer = Resumer(self.core, self)
        self.reconciler = Reconciler(self.core, self)
        self._on: dict[type[Any], Callable[[Any], None]] = {
            Arrived: self._arrived,
            Ringing: self._ringing,
            Digit: self._digit,
            Held: self.deskphones.held,
            Referred: self.deskphones.refers,
            PlayEnded: self._play_ended,
            RecordEnded: self._record_ended,
            Gone: self._gone,
            Device: lambda e: self.agents.device(e.endpoint, e.online),
            Failed: self._failed,
            Lost: self._lost,
            Back: self._back,
        }
        self.core.configure(directory.snapshot())  # the first one, too, says what is wrong with it
        self.core.run(self._configured, self.core.lookup, Lookup(Snapshot()))
        directory.subscribe(lambda snapshot: self.core.run(self._configure, snapshot))

    # in
    # -----------------------------------------------------------------------------------------------------------------
    def handle(self, event: Event) -> None:
        """One event of the media engine, one step."""
        if not self.core.attempt(self._on[type(event)], event):
            self.core.run(self._rescue, event)

    def _rescue(self, event: Event) -> None:
        """A step failed, through a fault of ours: a caller in a flow is told so and not left standing."""
        channel = getattr(event, "channel", "") or getattr(event, "playback", "").rpartition("-p")[0]
        call = self.core.by_channel.get(channel, (None, ""))[0] or self.core.calls.get(channel)
        if call is not None and not call.ended and call.phase is Phase.FLOW and call.flow is not None:
            self.flows.farewell(call, "error.technical", "fault")
        elif call is not None and not call.ended and call.phase is Phase.FLOW:
            self.end(call, "centre", "fault")

    def _configure(self, snapshot: Snapshot) -> None:
        old = self.core.lookup
        self.core.configure(snapshot)
        self._configured(self.core.lookup, old)

    def _configured(self, new: Lookup, old: Lookup) -> None:
        self.queueing.configure(new, old)
        self.callbacks.configured()
        for seat in list(self.core.seats.values()):
            if seat.person not in new.people:
                if seat.desk is not None or seat.signed_in:
                    self.agents.sign_out(seat, "removed")
            else:
                self.core.touch_seat(seat)
                self.agents.configured(seat)

    # a call comes
    # -------------------------------------------------------------------------------------------------------
    def _arrived(self, event: Arrived) -> None:
        kind = event.args[0] if event.args else ""
        if kind == "in":
            self._inbound(event)
        elif kind == "desk":
            self.outside.from_desk(event.channel, event.args)
        else:
            self._ours_arrived(kind, event)

    def _ours_arrived(self, kind: str, event: Arrived) -> None:
        call, role = self.core.by_channel.get(event.channel, (None, ""))
        if call is None:  # we had given it up while it was being answered
            self.core.do(self.core.media.hang_up, event.channel)
        elif (leg := self.confirming.leg(call, event.channel)) is not None and self.confirming.needed(leg):
            self.confirming.ask(call, leg)
        else:
            self._answered(call, role, kind, event)

    def _answered(self, call: Call, role: str, kind: str, event: Arrived) -> None:
        if role == "agent":
            self.talk.agent_arrived(call, event.channel)
        elif role == "member":
            self.bringing.arrived(call, event.channel)
        elif role == "ear":
            self.hearing.ear_arrived(call, event.channel)
        elif role == "mouth":
            self.tones.arrived(call, event.channel)
        elif role == "forward":
            self.outside.forward_answered(call)
        elif role == "duty":
            self.duty.confirmed(call)
        elif kind == "far":
            self.outside.far_answered(call)

    def _inbound(self, event: Arrived) -> None:
        if event.channel in self.core.by_channel:
            return  # told twice, after a reconnect
        number, endpoint = (*event.args[1:], "", "")[:2]
        carrier = endpoint.removeprefix("PJSIP/").removeprefix("carrier-")
        line = self.core.lookup.by_number.get(numbers.significant(number))
        call = Call(self.core.new_id(), event.channel, "in", numbers.e164(event.from_number), number, self.core.now)
        call.carrier = int(carrier) if carrier.isdigit() else 0
        if line is not None:
            call.line, call.store, call.language = line.id, line.store, line.language
        self.core.add(call)
        self.core.touch(call)
        self.core.fact(
            "call.arrived",
            call,
            direction="in",
            from_number=call.from_number,
            to_number=number,
            carrier=call.carrier,
            line=call.line,
            channel=event.channel,
        )
        call.up = True
        self.core.do(self.core.media.answer, event.channel)
        self.core.fact("call.answered", call)
        self.callbacks.arrived(call)
        if line is None:
            self.core.fact("call.unknown_number", call, to_number=number)
            self.flows.farewell(call, "error.unknown_number", "unknown_number")
        else:
            self.recognising.ask(call)
            self.flows.start(call, line)

    # what happens to a call
    # ---------------------------------------------------------------------------------------------
    def _ringing(self, event: Ringing) -> None:
        call, _ = self.core.by_channel.get(event.channel, (None, ""))
        leg = call.leg_on(event.channel) if call is not None else None
        if call is not None and leg is not None:
            self.queueing.ringing(call, leg)

    def _digit(self, event: Digit) -> None:
        call, role = self.core.by_channel.get(event.channel, (None, ""))
        if call is not None and role == "customer":
            self.flows.key(call, event.digit)
        elif call is not None and self.confirming.key(call, event.channel, event.digit):
            self._answered(call, role, "agent", Arrived(event.channel, ("agent", call.id)))

    def _play_ended(self, event: PlayEnded) -> None:
        call = self.core.by_playback.pop(event.playback, None)
        if call is None or call.ended or self.tones.ended(call, event.playback):
            return
        if self.confirming.said(call, event.playback):
            return
        if call.announcing == event.playback and call.phase is not Phase.FLOW:
            if event.failed:
                self.core.alarm("prompt_missing")
            self.queueing.announced(call, event.playback)
        else:
            self.flows.play_ended(call, event.playback, event.failed)

    def _record_ended(self, event: RecordEnded) -> None:
        call = self.core.by_record.pop(event.name, None)
        if call is not None:
            self.flows.record_ended(call, event.name, event.seconds, event.failed)

    def _gone(self, event: Gone) -> None:
        call, role = self.core.by_channel.pop(event.channel, (None, ""))
        if call is None or call.ended or self.desklines.gone(call, event.channel, event.cause):
            return
        if role == "customer":
            if call.phase is Phase.DIALLING:
                self.outside.customer_gone(call, event.cause)
            else:
                self.end(call, "customer", "hung_up" if event.cause in (16, 0) else f"cause_{event.cause}")
        elif role == "forward":
            self.outside.forward_gone(call, event.cause)
        elif role == "duty":
            self.duty.gone(call, self.confirming.cause(call, event.channel, event.cause))
        elif role == "ear":
            self.hearing.ear_gone(call, event.channel)
        elif role == "mouth":
            self.tones.gone(call, event.channel)
        elif role == "member":
            self.bringing.leg_gone(call, event.channel, self.confirming.cause(call, event.channel, event.cause))
        else:
            self.talk.leg_gone(call, event.channel, self.confirming.cause(call, event.channel, event.cause))

    def _failed(self, event: Failed) -> None:
        """An order was refused. Most are echoes (the caller had hung up already); what matters is mended here."""
        self.core.metrics.orders_failed += 1
        call, role = self.core.by_channel.get(event.subject, (None, ""))
        if event.order in ("monitor", "track") and call is not None:
            self.recorder.failed(call, event)
        elif event.order in ("ring", "ear", "mouth") and call is not None:
            if event.status == 0:  # no answer in time, which is no refusal: it may ring all the same
                self.core.do(self.core.media.hang_up, event.subject)
            self._gone(Gone(event.subject, 20, event.reason))
        elif event.order == "play" and event.status in (404, 409, 412):
            log.debug("nobody is there any more to hear %s", event.subject)  # the end of the channel follows
        elif event.order == "play" and event.subject in self.core.by_playback:
            self._play_ended(PlayEnded(event.subject, failed=True))
        elif event.order == "record" and event.subject in self.core.by_record:
            self._record_ended(RecordEnded(event.subject, 0.0, failed=True, cause=event.reason))
        elif event.status == 404 and call is not None and role == "customer" and event.order == "answer":
            self._gone(Gone(event.subject, 16, "gone before the answer"))
        elif event.order == "join" and event.status == 404 and call is not None and not call.ended:
            self.core.metrics.errors += 1
            log.error("%s of call %s got into no room: %s", role, call.id, event.reason)
        else:
            log.info("order %s was refused: %s %s", event.order, event.status, event.reason)

    # the end
    # ------------------------------------------------------------------------------------------------------------
    def end(self, call: Call, by: str, cause: str) -> None:
        """The one end of a call. ``by``: customer, agent, centre, carrier, asterisk or repair."""
        if call.ended:
            return
        phase = call.phase
        self.flows.quiet(call)
        if phase in (Phase.QUEUED, Phase.OFFERED):
            self.queueing.abandoned(call)
        if call.flow is not None and call.flow.state.stage != "ended" and phase not in TALKS:
            self.flows.step(call, ivr.CallerGone())
        call.ended = True
        speaks = phase in TALKS or phase is Phase.TRANSFER or bool(call.talk.parties)
        seat = self.talk.finish(call, "agent_hung_up" if by == "agent" else f"{by}_gone") if speaks else None
        if phase is Phase.FORWARDING and call.forward:
            result = "ended" if call.forward_up else "caller_gone"
            self.core.fact("forward.ended", call, number=call.forward_number, result=result)
        self.duty.clear(call)
        if phase in (Phase.DIALLING, Phase.TEST):
            self.outside.give_up(call, cause)
        for channel in (call.channel, call.forward):
            if channel and self.core.by_channel.pop(channel, None) is not None:
                self.core.afterwards(self.core.media.hang_up, channel)
        if call.bridged:
            self.core.afterwards(self.core.media.drop_bridge, call.bridge)
        if phase is not Phase.TEST:
            self.core.fact("call.ended", call, by=by, cause=cause)
        self.core.calls.pop(call.id, None)
        self.core.go(call, Phase.ENDED)
        if seat is not None:
            self._after_talk(call, seat, cause)
        self.callbacks.ended(call, cause)

    def _after_talk(self, call: Call, seat: Seat, cause: str) -> None:
        """After-call work for who had it; somebody who is gone gets none."""
        if seat.call is not call:  # he had parked it
            self.parking.put_by(seat, call, 0.0 if cause == "agent_lost" else self.talk.wrap_seconds(call))
            return
        if cause == "agent_lost" or seat.presence.state != "talking":
            self.core.part(seat)
            if seat.presence.state == "talking":
                self.agents.event(seat, presence.TalkLost(), "device_lost")
            return
        self.agents.wrap(seat, self.talk.wrap_seconds(call), "call_ended")

    # the connection to the media engine
    # ---------------------------------------------------------------------------------
    def _lost(self, event: Lost) -> None:
        """Calls go on in Asterisk; what happens to them meanwhile is found out afterwards."""
        self.core.media_here = False
        self.core.alarm("media_lost")
        self.core.fact("ari.lost")
        for seat in self.core.seats.values():
            self.agents.sync(seat)

    def _back(self, event: Back) -> None:
        self.core.media_here = True
        self.core.alarm("media_lost", False)
        self.resumer.resume(event.found, event.restarted)

    # what outlives the switch
    # -------------------------------------------------------------------------------------------
    def remember(self, call: Call) -> None:
        """Put the call's state on the customer's channel at the end of the step, if it changed."""
        if not call.ended and call.channel:
            self.core.once(f"remember-{call.id}", lambda: self._remember(call))

    def _remember(self, call: Call) -> None:
        if call.ended or not call.up or call.channel not in self.core.by_channel:
            return
        state = pack(call)
        text = json.dumps(state, ensure_ascii=False, separators=(",", ":"))
        if text == call.remembered:
            return
        values = {"DL_STATE": json.dumps({**state, "sq": call.seq}, ensure_ascii=False, separators=(",", ":"))}
        if not call.remembered:
            values |= {"DL_CALL": call.id, "DL_ROLE": "customer"}
        call.remembered = text
        self.core.do(self.core.media.remember, call.channel, values)

    # words in passing
    # ----------------------------------------------------------------------------------------------------
    def notice(self, person: int, text: Text, kind: str = "info") -> None:
        """Tell somebody something at his page, at the end of the step."""
        self.core.last.append(lambda: self.core.tell_notice(person, text, kind))
