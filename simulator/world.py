"""Everybody outside the centre: who is on the telephone, and what Asterisk and the centre's journal say of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dealerline.settings import Settings
from simulator.ari import Ari, AriError
from simulator.asterisk import APP, TRUNK, ari_password, ari_url, heard_folder
from simulator.journal import JournalTail, same_number
from simulator.parties import Party
from simulator.phones import CONTACT, Phones
from simulator.player import Player, cancel
from simulator.script import CALLED, Step, called_behaviour, parse
from simulator.voices import CannotSpeak, Voices

log = logging.getLogger("simulator.world")
KEPT = 500  # calls remembered after their end, with their sound files
JOURNAL_SECONDS = 0.1
GIVE_UP_SECONDS = 120  # a caller lets it ring so long
STRANGER = "163000{:05d}"  # prefix 163 belongs to nobody in China's plan, so nobody real is ever named
KNOWN = "demo-callers.json"  # in run/: [{"number": "+86154...", "name": "..."}], customers the demo has on file


@dataclass(frozen=True, slots=True)
class Ring:
    """One caller's errand, checked already. ``trunk``: ``address``, or ``registered``: by the registered carrier."""

    to: str
    number: str = ""
    steps: tuple[Step, ...] = ()
    hang_up_at: str = ""
    trunk: str = "address"
    phone: str = ""  # it is no customer: somebody dials ``to`` on this desk phone of the centre
    language: str = "zh"
    known: bool = False  # without a number: a customer on file rings, when the demo has told of any, else a stranger


class World:
    """Owns every simulated party."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ari = Ari(ari_url(settings), APP, ari_password(settings), self._event, self._asterisk)
        self.voices = Voices(settings)
        self.player = Player(self.ari, self.voices, f"127.0.0.1:{settings.sip_port}")
        self.parties: dict[str, Party] = {}
        self.phones = Phones(settings, self.ari)
        self.scripts: dict[str, tuple[Step, ...]] = {}  # outside number -> what it does, whatever its last digit says
        self._by_channel: dict[str, Party] = {}
        self._by_call: dict[str, Party] = {}
        self._journal = JournalTail(settings.spool)
        self._watching: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect; what an earlier control service left on the line is hung up, and its oldest sounds are removed."""
        folder = heard_folder(self.settings)
        folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(folder.glob("*.wav"), key=lambda path: path.stat().st_mtime)[:-2 * KEPT]:
            old.unlink(missing_ok=True)
        await self.ari.start()

    async def stop(self) -> None:
        """Everybody hangs up."""
        await asyncio.gather(*(self.player.hang_up(party) for party in self._by_channel.values()))
        tasks = [*self._tasks, *([self._watching] if self._watching else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.ari.stop()

    def live(self) -> list[Party]:
        return [party for party in self.parties.values() if party.live]

    def heard(self, party: Party) -> Path:
        """What reached his ear: 8 kHz, 16 bit, mono."""
        return heard_folder(self.settings) / f"{party.id}-heard.wav"

    def said(self, party: Party) -> Path:
        return heard_folder(self.settings) / f"{party.id}-said.wav"

    # callers ------------------------------------------------------------------------------------------------------
    async def ring(self, errand: Ring) -> Party:
        """Somebody rings the centre, or dials on a desk phone of it.

        Raises AriError when the outside world's Asterisk refuses.
        """
        if not self.ari.connected.is_set():
            raise AriError(0, "the outside world's Asterisk is not running")
        identity = f"caller-{int(time.time())}-{secrets.token_hex(4)}"
        number = (errand.phone or errand.number or (errand.known and self._customer())
                  or STRANGER.format(random.randrange(100_000)))
        party = Party(identity, "caller", number, errand.to, errand.steps, channel=identity,
                      hang_up_at=errand.hang_up_at, language=errand.language)
        self._remember(party)
        self._watch_journal()
        endpoint = f"PJSIP/{errand.to}@{errand.phone or (TRUNK if errand.trunk == 'registered' else 'centre')}"
        party.note("dials", to=errand.to)
        body: dict[str, Any] = {"variables": {"PARTY": identity}}
        try:
            if errand.phone:
                await self.phones.lift(errand.phone)
            await self.ari.call("POST", f"channels/{identity}", body, endpoint=endpoint, context="caller",
                                extension="person", priority=1, callerId=number, timeout=GIVE_UP_SECONDS)
        except AriError:
            self._end(party, 0, "carrier")
            raise
        self._spawn(party, self._rehearse(errand.steps))
        if errand.hang_up_at:
            self._spawn(party, self._leave(party))
        return party

    def _customer(self) -> str:
        """The number of a customer on file who is not on the telephone now; "" when none is known."""
        try:
            listed = json.loads((self.settings.run / KNOWN).read_text(encoding="utf-8"))
            busy = {party.number for party in self.live()}
            free = [str(one["number"]) for one in listed if one["number"] not in busy]
        except (OSError, ValueError, TypeError, KeyError):
            return ""
        return random.choice(free) if free else ""

    async def _rehearse(self, steps: tuple[Step, ...]) -> None:
        """Have his words spoken into files while it rings, so that nobody waits for them later."""
        for step in steps:
            if step.kind == "say":
                with contextlib.suppress(CannotSpeak):
                    await self.voices.path(step.text, step.language)
            await self._rehearse(step.steps)

    async def _leave(self, party: Party) -> None:
        """Hang up when the wished stage is reached."""
        stage = party.hang_up_at
        if stage == "ringing":
            await party.until(lambda: party.state == "ringing", 0.3)
        else:
            await party.until(lambda: stage in party.reached, 7200)
        party.note("hangs_up", stage=stage)
        await self.player.hang_up(party)

    # what happens -------------------------------------------------------------------------------------------------
    def _event(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "StasisStart":
            self._entered(event["channel"], event.get("args", []))
            return
        if kind in ("PlaybackFinished", "PlaybackStarted"):
            self._played(kind, event["playback"])
            return
        channel: dict[str, Any] = event.get("channel") or {}
        party = self._by_channel.get(channel.get("id", ""))
        if party is None:
            return
        if kind == "ChannelStateChange" and channel["state"] in ("Ringing", "Ring") and party.state == "dialling":
            party.state = "ringing"
            party.note("rings_there")
        elif kind == "ChannelTalkingStarted":
            party.hears, party.sounds = True, party.sounds + 1
            party.note("hears")
        elif kind == "ChannelTalkingFinished":
            party.hears = False
            party.note("hears_nothing", after=event.get("duration", 0) / 1000)
        elif kind == "ChannelDtmfReceived":
            party.note("gets_key", key=event.get("digit", ""))
        elif kind == "ChannelDestroyed":
            self._end(party, int(event.get("cause", 0)), party.ended_by or "centre")

    def _played(self, kind: str, playback: dict[str, Any]) -> None:
        party = self._by_channel.get(str(playback.get("target_uri", "")).removeprefix("channel:"))
        if party is not None and kind == "PlaybackFinished":
            party.finished_playbacks.add(playback["id"])
            party.note("played")

    def _entered(self, channel: dict[str, Any], arguments: list[str]) -> None:
        if arguments[:1] == ["caller"]:
            party = self._by_channel.get(channel["id"])
            if party is None:  # rung by a control service that is gone
                self._spawn_loose(self._hang_up_channel(channel["id"]))
                return
            party.state = "up"
            party.note("answered")
            self._spawn(party, self._play_caller(party))
        elif arguments[:1] == ["called"]:
            self._called(channel, arguments[1] if len(arguments) > 1 else "")

    async def _play_caller(self, party: Party) -> None:
        await self.player.idle(party)
        await self.player.perform(party, party.steps)

    def _called(self, channel: dict[str, Any], number: str) -> None:
        phone, number = number.startswith(CONTACT), number.removeprefix(CONTACT)
        steps = self.phones.steps(number) if phone else None
        behaviour = "phone"
        if steps is None and phone:
            behaviour, steps = "unallocated", parse(CALLED["unallocated"])
        elif steps is None:
            behaviour = called_behaviour(number)
            steps = self.scripts.get(number) or parse(CALLED[behaviour])
        caller = str(channel.get("caller", {}).get("number", ""))
        party = Party(channel["id"], "called", number, caller, steps, channel=channel["id"], behaviour=behaviour)
        self._remember(party)
        party.note("is_rung", by=caller, name=str(channel.get("caller", {}).get("name", "")))
        self._spawn(party, self.player.perform(party, party.steps))

    def _end(self, party: Party, cause: int, by: str) -> None:
        if not party.live:
            return
        party.state, party.cause, party.ended_by, party.ended = "ended", cause, by, time.time()
        party.note("ended", cause=cause, by=by)
        self._by_channel.pop(party.channel, None)
        cancel(party.tasks)

    def _asterisk(self, up: bool) -> None:
        if up:
            self._spawn_loose(self._sweep())
            self.phones.again()
            return
        for party in list(self._by_channel.values()):
            self._end(party, 0, "carrier")

    async def _sweep(self) -> None:
        """Hang up the channels that nobody plays: their control service died."""
        for channel in await self.ari.call("GET", "channels"):
            if channel["id"] not in self._by_channel:
                await self._hang_up_channel(channel["id"])

    async def _hang_up_channel(self, channel: str) -> None:
        with contextlib.suppress(AriError):
            await self.ari.call("DELETE", f"channels/{channel}")

    # the centre's journal -----------------------------------------------------------------------------------------
    def _watch_journal(self) -> None:
        if self._watching is None or self._watching.done():
            self._journal.skip()
            self._watching = asyncio.create_task(self._read_journal(), name="simulator-journal")

    async def _read_journal(self) -> None:
        """Read along while a caller is on the line."""
        while any(party.role == "caller" for party in self._by_channel.values()):
            for fact in self._journal.read():
                self._fact(fact)
            await asyncio.sleep(JOURNAL_SECONDS)

    def _fact(self, fact: dict[str, Any]) -> None:
        call = str(fact.get("call", ""))
        party = self._by_call.get(call)
        if party is None and fact.get("kind") == "call.arrived":
            data = fact.get("data") or {}
            party = next((p for p in self._by_channel.values() if p.role == "caller" and not p.call
                          and same_number(p.number, str(data.get("from_number", "")))
                          and same_number(p.other, str(data.get("to_number", "")))), None)
            if party is not None:
                party.call = call
                self._by_call[call] = party
        if party is not None:
            party.fact(fact)

    # housekeeping -------------------------------------------------------------------------------------------------
    def _remember(self, party: Party) -> None:
        self.parties[party.id] = party
        self._by_channel[party.channel] = party
        if len(self.parties) <= KEPT:
            return
        oldest = next((p for p in self.parties.values() if not p.live), None)
        if oldest is not None:
            del self.parties[oldest.id]
            self._by_call.pop(oldest.call, None)
            self.heard(oldest).unlink(missing_ok=True)
            self.said(oldest).unlink(missing_ok=True)

    def _spawn(self, party: Party, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work, name=f"simulator-{party.id}")
        party.tasks.append(task)
        self._keep(task)

    def _spawn_loose(self, work: Any) -> None:
        self._keep(asyncio.create_task(work))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a simulated party's task failed", exc_info=error)
