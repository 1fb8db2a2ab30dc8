"""The media engine, by Asterisk: orders become ARI requests, ARI events become ours.

Rules of the file. Requests keep the order of the orders; none is waited for. What is refused becomes a ``Failed``
event, except what only says that the thing is gone already. Recorders go through the manager interface: ARI has none
that keep the sides apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from dealerline.domain.conversation import Ear
from dealerline.switch.ari import AmiError, Ari, AriError, Manager, models
from dealerline.switch.ari_inventory import APPLICATION, MANAGER_SECONDS, Stock
from dealerline.switch.first_sound import BROWSER, FirstSound
from dealerline.switch.media import (
    Arrived,
    Back,
    Device,
    Digit,
    Event,
    Failed,
    Gone,
    Held,
    Inventory,
    Leg,
    Lost,
    PlayEnded,
    RecordEnded,
    Referred,
    Ringing,
)

log = logging.getLogger(__name__)

VOICEMAIL = "voicemail/"
DESK_PHONE = "PJSIP/phone-"  # how the names of desk phones' channels begin
PIECE = 280  # characters, of up to three bytes each
NORMAL = 16  # Q.850: somebody hung up
TRANSFER_SECONDS = 2.0  # in which both halves of a telephone's transfer are there, or it has come to nothing
UNHELD_SECONDS = 0.5  # in which a transfer that begins with an "unhold" is one
SLOW = 0.5  # an order that takes so many seconds holds up all behind it, and is worth a line in the log


class Transferring(NamedTuple):
    """A telephone whose end is told only after its transfer was, or when the time is up."""

    gone: list[Gone]
    timer: asyncio.TimerHandle
    succeeded: bool  # Asterisk has said so


class AriMedia:
    """``Media`` on one Asterisk. ``events`` gets every event of ours, in order."""

    def __init__(
        self, url: str, user: str, password: str, manager: tuple[str, int, str, str], events: Callable[[Event], None]
    ) -> None:
        self._events = events
        self._booted = ""
        self._asking: Future[None] | None = None
        self._agents: set[str] = set()  # agents' answered channels
        self._leaving: dict[str, float] = {}  # channels that hang up just now, and since when
        self._transferring: dict[str, Transferring] = {}  # phones that transfer just now, or may be about to
        self._handed_on: set[str] = set()  # phones whose transfer was told before Asterisk said that it succeeded
        self._helpers: dict[str, dict[str, models.StasisStart]] = {}  # Local pairs: name -> half -> how it came
        self._last_digit: dict[str, tuple[str, str]] = {}  # channel -> (timestamp, digit) of its newest key
        self.before_back: Callable[[bool], Any] | None = None  # awaited first: provisioning
        self._on: dict[type[Any], Callable[[Any], None]] = {
            models.StasisStart: self._start,
            models.ChannelStateChange: self._state,
            models.ChannelDtmfReceived: self._digit,
            models.PlaybackFinished: self._played,
            models.ChannelHold: lambda e: self._events(Held(e.channel.id, True)),
            models.ChannelUnhold: self._unheld,
            models.BridgeBlindTransfer: self._transfers,
            models.ChannelHangupRequest: self._hanging_up,
            models.RecordingFinished: lambda e: self._recorded(e.recording, failed=False),
            models.RecordingFailed: lambda e: self._recorded(e.recording, failed=True),
            models.ChannelDestroyed: self._destroyed,
            models.StasisEnd: self._left,
            models.EndpointStateChange: lambda e: self._events(
                Device(e.endpoint.resource, e.endpoint.state == "online")
            ),
        }
        self.ari = Ari(
            url,
            user,
            password,
            APPLICATION,
            on_event=self._received,
            on_back=self._back,
            on_lost=self._lost,
            subscriptions=("endpoint:PJSIP",),
            wanted=[kind.__struct_config__.tag for kind in self._on],  # Asterisk writes, and we read, no others
        )
        self._first_sound = FirstSound(self.ari.channels, self._arrived)
        host, port, name, secret = manager
        self.manager = Manager(host, port, name, secret)
        self._stock = Stock(self.ari, self.manager)

    def start(self) -> None:
        """Connect, and stay connected."""
        self.ari.start()
        self.manager.start()

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
        self._first_sound.clear()
        await self.ari.close()
        await self.manager.close()

    # events
    # -------------------------------------------------------------------------------------------------------------
    def _received(self, event: models.Event) -> None:
        handler = self._on.get(type(event))
        if handler is not None:
            handler(event)

    def _start(self, event: models.StasisStart) -> None:
        channel = event.channel
        if channel.name.startswith("Local/"):
            self._referred(event)
            return
        if event.args[:1] == ["agent"]:
            self._agents.add(channel.id)
        if channel.name.startswith(BROWSER):
            self._first_sound.wait(event)
        else:
            self._arrived(event)

    def _arrived(self, event: models.StasisStart) -> None:
        channel = event.channel
        self._events(Arrived(channel.id, tuple(event.args), channel.name, channel.caller.number))

    def _referred(self, event: models.StasisStart) -> None:
        """A telephone transferred: Asterisk puts one half of a Local channel in its place, and has the other dial the
        number in the dialplan, which is us (args: "refer", number), or, of two calls of the telephone, in the place of
        the other one.
        """
        pair, _, half = event.channel.name.rpartition(";")
        halves = self._helpers.setdefault(pair, {})
        halves[half] = event
        phone = next((e.replace_channel.id for _, e in sorted(halves.items()) if e.replace_channel is not None), "")
        if len(halves) == 2:
            del self._helpers[pair]
            number = next((e.args[1] for e in halves.values() if len(e.args) == 2 and e.args[0] == "refer"), "")
            self._events(Referred(phone, number, tuple(e.channel.id for e in halves.values())))
            if phone not in self._transferring or not self._transferring[phone].succeeded:
                self._handed_on.add(phone)
            self._transferred(phone)

    def _unheld(self, event: models.ChannelUnhold) -> None:
        """A telephone takes its call back; but Asterisk also says so, first of all, of one that is about to transfer,
        held or not. What follows (the halves that dial, the success, the hang-up of whoever is not needed any more)
        comes in any order: a hang-up just after this may be that of a transfer.
        """
        self._events(Held(event.channel.id, False))
        if event.channel.id in self._agents or event.channel.name.startswith(DESK_PHONE):
            self._may_transfer(event.channel.id, UNHELD_SECONDS)

    def _may_transfer(self, phone: str, seconds: float, succeeded: bool = False) -> None:
        gone: list[Gone] = []
        if (before := self._transferring.get(phone)) is not None:
            before.timer.cancel()
            gone, succeeded = before.gone, succeeded or before.succeeded
        timer = asyncio.get_running_loop().call_later(seconds, self._transferred, phone)
        self._transferring[phone] = Transferring(gone, timer, succeeded)

    def _transfers(self, event: models.BridgeBlindTransfer) -> None:
        """A telephone transferred. Many hang up in the same breath, and Asterisk tells of that at once, but of the
        halves that dial the number only when each has begun: the telephone is gone only after its transfer was told.
        """
        phone = event.channel.id
        told = phone in self._handed_on
        self._handed_on.discard(phone)
        if event.result == "Success" and not told:
            self._may_transfer(phone, TRANSFER_SECONDS, succeeded=True)
        elif event.result != "Success":
            self._transferred(phone)

    def _transferred(self, phone: str) -> None:
        transfer = self._transferring.pop(phone, None)
        if transfer is not None:
            transfer.timer.cancel()
            for gone in transfer.gone:
                self._events(gone)

    def _gone(self, gone: Gone) -> None:
        transfer = self._transferring.get(gone.channel)
        if transfer is None:
            self._events(gone)
        else:
            transfer.gone.append(gone)

    def _state(self, event: models.ChannelStateChange) -> None:
        if event.channel.state == "Ringing":
            self._events(Ringing(event.channel.id))

    def _played(self, event: models.PlaybackFinished) -> None:
        """A sound that stops because its hearer hangs up says that it failed; the hang-up itself follows at once."""
        if event.playback.target_uri.removeprefix("channel:") not in self._leaving:
            self._events(PlayEnded(event.playback.id, event.playback.state == "failed"))

    def _digit(self, event: models.ChannelDtmfReceived) -> None:
        """Once: a channel's events come a second time by the subscription to its endpoint, with the same timestamp."""
        if self._last_digit.get(event.channel.id) != (event.timestamp, event.digit):
            self._last_digit[event.channel.id] = (event.timestamp, event.digit)
            self._events(Digit(event.channel.id, event.digit))

    def _hanging_up(self, event: models.ChannelHangupRequest) -> None:
        """The channel is lost, but Asterisk has it leave bridge, recorder and application first, and says that it is
        gone some milliseconds later: a free agent need not wait for that. (A caller may: a message of his is finished
        on the way out.)
        """
        channel = event.channel.id
        self._leaving.setdefault(channel, time.monotonic())
        self._first_sound.gone(channel)
        if channel in self._agents and event.cause == NORMAL:
            self._agents.discard(channel)
            self._gone(Gone(channel, NORMAL))

    def _destroyed(self, event: models.ChannelDestroyed) -> None:
        self._leaving.pop(event.channel.id, None)
        self._first_sound.gone(event.channel.id)
        self._agents.discard(event.channel.id)
        self._last_digit.pop(event.channel.id, None)
        self._handed_on.discard(event.channel.id)
        self._gone(Gone(event.channel.id, event.cause, event.cause_txt))

    def _recorded(self, recording: models.LiveRecording, failed: bool) -> None:
        name = recording.name.removeprefix(VOICEMAIL)
        self._events(RecordEnded(name, float(recording.duration), failed, recording.cause))

    def _left(self, event: models.StasisEnd) -> None:
        """Out of our hands without a hang-up of ours: into the echo, or hung up (the end of the channel follows; but an
        ear's is told by nothing else).
        """
        if event.channel.name.startswith("Snoop/"):
            self._leaving.pop(event.channel.id, None)
            self._events(Gone(event.channel.id))

    def _lost(self) -> None:
        self._leaving.clear()
        self._first_sound.clear()
        self._agents.clear()
        self._helpers.clear()
        for transfer in self._transferring.values():
            transfer.timer.cancel()
        self._transferring.clear()
        self._handed_on.clear()
        self._last_digit.clear()
        self._events(Lost())

    async def _back(self) -> None:
        info = await self.ari.asterisk.get_info(only="status")
        booted = info.status.startup_time if info.status is not None else ""
        restarted = bool(self._booted) and booted != self._booted
        if self.before_back is not None:
            await self.before_back(restarted or not self._booted)
        self._booted = booted
        found = await self._stock.whole()
        self._events(Back(found, restarted))
        if restarted:
            self._asking = asyncio.ensure_future(self._ask_phones(found))

    async def _ask_phones(self, found: Inventory) -> None:
        """A restarted Asterisk remembers desk phones, but asks them only within half a minute: ask at once."""
        with contextlib.suppress(AmiError, AriError):  # then it asks by itself, later
            await self.manager.ready(MANAGER_SECONDS)
            for endpoint in await self._stock.endpoints():
                if endpoint.resource.startswith("phone-") and endpoint.resource not in found.online:
                    self._watch(self.manager.action("PJSIPQualify", Endpoint=endpoint.resource), "qualify", "")

    # orders
    # -------------------------------------------------------------------------------------------------------------
    def _watch(self, future: Future[Any], order: str, subject: str, *harmless: int) -> None:
        """Tell of a refusal; ``harmless`` are the statuses that only say that it is over already."""

        began = time.monotonic()

        def done(answer: Future[Any]) -> None:
            if answer.cancelled():
                return
            if time.monotonic() - began > SLOW:
                log.warning("Asterisk took %.1f s for an order to %s", time.monotonic() - began, order)
            error = answer.exception()
            if isinstance(error, AriError):
                if error.status not in harmless:
                    self._events(Failed(order, subject, error.status, error.message))
            elif isinstance(error, AmiError):
                self._events(Failed(order, subject, 0, str(error)))

        future.add_done_callback(done)

    def answer(self, channel: str) -> None:
        self._watch(self.ari.channels.answer(channel), "answer", channel)

    def play(self, channel: str, playback: str, sounds: Sequence[str]) -> None:
        self._watch(self.ari.channels.play_with_id(channel, playback, media=sounds), "play", playback)

    def stop_play(self, playback: str) -> None:
        self._watch(self.ari.playbacks.stop(playback), "stop_play", playback, 404)

    def music(self, channel: str, music_class: str) -> None:
        self._watch(self.ari.channels.start_moh(channel, moh_class=music_class or None), "music", channel, 404)

    def stop_music(self, channel: str) -> None:
        self._watch(self.ari.channels.stop_moh(channel), "stop_music", channel, 404)

    def ring(self, leg: Leg) -> None:
        name = f'"{leg.name}" ' if leg.name else ""
        self._watch(
            self.ari.channels.originate_with_id(
                leg.channel,
                endpoint=leg.endpoint,
                app=APPLICATION,
                app_args=",".join(leg.args),
                caller_id=f"{name}<{leg.number}>",
                timeout=leg.seconds,
                variables=dict(leg.variables),
            ),
            "ring",
            leg.channel,
        )

    def hang_up(self, channel: str, cause: int = 16) -> None:
        self._watch(self.ari.channels.hangup(channel, reason_code=str(cause)), "hang_up", channel, 404)

    def make_bridge(self, bridge: str) -> None:
        # video_sfu: with it Asterisk always mixes; of pictures there are none. Left to choose, it passes packets on
        # with their sequence numbers where just two are in a bridge, and telephones, recorders and ears that have
        # seen the numbers of one take those of another, as often as not, for old ones (decision 13).
        made = self.ari.bridges.create_with_id(bridge, type="mixing,proxy_media,video_sfu")
        self._watch(made, "make_bridge", bridge, 409)

    def join(self, bridge: str, channels: Sequence[str]) -> None:
        # 400: that channel has gone. A bridge that is not there (404) is no echo of anything: it is told.
        self._watch(self.ari.bridges.add_channel(bridge, channel=channels), "join", channels[0], 400)

    def leave(self, bridge: str, channel: str) -> None:
        self._watch(self.ari.bridges.remove_channel(bridge, channel=channel), "leave", channel, 400, 404, 422)

    def drop_bridge(self, bridge: str) -> None:
        self._watch(self.ari.bridges.destroy(bridge), "drop_bridge", bridge, 404)

    def mute(self, channel: str, on: bool) -> None:
        verb = self.ari.channels.mute if on else self.ari.channels.unmute
        self._watch(verb(channel, direction="in"), "mute", channel, 404)

    def volume(self, channel: str, level: int) -> None:
        action = self.manager.action("Setvar", Channel=channel, Variable="VOLUME(RX)", Value=str(level))
        self._watch(action, "volume", channel)

    def ear(self, channel: str, ear: Ear, args: Sequence[str]) -> None:
        spy, whisper = "both" if ear.hears else "in", "out" if ear.whisper else "none"
        made = self.ari.channels.snoop_channel_with_id(
            ear.on, channel, app=APPLICATION, app_args=",".join(args), spy=spy, whisper=whisper
        )
        self._watch(made, "ear", channel)

    def mouth(self, channel: str, party: str, args: Sequence[str]) -> None:
        made = self.ari.channels.snoop_channel_with_id(
            party, channel, app=APPLICATION, app_args=",".join(args), spy="none", whisper="out"
        )
        self._watch(made, "mouth", channel)

    def keys(self, channel: str, digits: str) -> None:
        self._watch(self.ari.channels.send_dtmf(channel, dtmf=digits), "keys", channel, 404)

    def record(self, channel: str, name: str, max_seconds: int, silence_seconds: int) -> None:
        self._watch(
            self.ari.channels.record(
                channel,
                name=VOICEMAIL + name,
                format="wav",
                max_duration_seconds=max_seconds,
                max_silence_seconds=silence_seconds,
                if_exists="fail",
                terminate_on="#",
            ),
            "record",
            name,
        )

    def stop_record(self, name: str) -> None:
        self._watch(self.ari.recordings.stop(VOICEMAIL + name), "stop_record", name, 404)

    def remember(self, channel: str, values: Mapping[str, str]) -> None:
        # By the manager: ARI's requests for variables wait until the channel's own thread has time, which while a
        # prompt plays is the prompt's end, and every request behind them on the socket waits too.
        for name, value in values.items():
            # The manager takes lines of at most a thousand bytes: a long value goes in pieces, the first one last.
            pieces = [value[at : at + PIECE] for at in range(0, len(value), PIECE)] or [""]
            for n in range(len(pieces) - 1, 0, -1):
                self._set(channel, f"{name}_{n}", pieces[n])
            self._set(channel, name, f"{len(pieces)}|{pieces[0]}" if name == "DL_STATE" else pieces[0])

    def _set(self, channel: str, name: str, value: str) -> None:
        action = self.manager.action("Setvar", Channel=channel, Variable=name, Value=value)
        self._watch(action, "remember", channel)

    def monitor(self, channel: str, agent_path: str, customer_path: str) -> None:
        # Both sides are kept in step: silence is written where one side has none (the customer on hold, lost packets).
        self._record("monitor", channel, agent_path, f"r({agent_path})t({customer_path})")

    def track(self, channel: str, path: str) -> None:
        self._record("track", channel, path, f"r({path})")

    def _record(self, order: str, channel: str, path: str, options: str) -> None:
        # Several recorders may run on one channel: the variable keeps this one's id, so that it alone can be ended,
        # by a later switch, too.
        made = self.manager.action("MixMonitor", Channel=channel, File="", Options=f"{options}i({_recorder(path)})")
        self._watch(made, order, channel)

    def stop_monitor(self, channel: str, path: str) -> None:
        def done(answer: Future[Any]) -> None:
            if not answer.cancelled():
                answer.exception()  # none there any more: it ended with its channel

        def known(answer: Future[dict[str, str]]) -> None:
            if answer.cancelled() or answer.exception() is not None:
                return
            identifier = answer.result().get("Value", "")
            if identifier:
                stopped = self.manager.action("StopMixMonitor", Channel=channel, MixMonitorID=identifier)
                stopped.add_done_callback(done)

        self.manager.action("Getvar", Channel=channel, Variable=_recorder(path)).add_done_callback(known)

    def received(self, channel: str, done: Callable[[int | None], None]) -> None:
        def answered(answer: Future[models.RTPstat]) -> None:
            failed = answer.cancelled() or answer.exception() is not None
            done(None if failed else answer.result().rxcount)

        self.ari.channels.rtpstatistics(channel).add_done_callback(answered)

    def echo(self, channel: str) -> None:
        self._watch(
            self.ari.channels.continue_in_dialplan(channel, context="echo", extension="echo", priority=1),
            "echo",
            channel,
            404,
        )

    def inventory(self, done: Callable[[Inventory | None], None]) -> None:
        task = asyncio.ensure_future(self._stock.now(self._leaving))

        def asked(answer: asyncio.Task[Inventory]) -> None:
            failed = answer.cancelled() or answer.exception() is not None
            done(None if failed else answer.result())

        task.add_done_callback(asked)


def _recorder(path: str) -> str:
    """The channel variable that keeps the id of the recorder writing to ``path``."""
    return "DL_R_" + "".join(c for c in path.rpartition("/")[2].removesuffix(".wav") if c.isalnum())
