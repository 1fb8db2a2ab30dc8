"""Making a simulated person do his steps on his channel.

The rule of the file: Asterisk does one thing after another on a channel, so whatever hums in the background is stopped
before he speaks or presses keys, and taken up again afterwards; who does nothing sends silence, as real phones do.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Sequence
from urllib.parse import quote

from simulator.ari import Ari, AriError
from simulator.parties import Party
from simulator.script import Step
from simulator.voices import CannotSpeak, Voices

log = logging.getLogger("simulator.player")
KEY_MS = 120  # how long a key is held
KEY_GAP = 0.1
HUM_SECONDS = 60  # a hum is a file of that length...
HUM_PIECES = 120  # ... played so many times: longer than any test
SOUND_SECONDS = 120.0  # nothing that is said takes longer
BLIND_SECONDS = 6.0  # after so long without news from the centre's journal a stage counts as reached
STAGES = ("greeting", "menu", "queue", "offered", "talking", "voicemail")
_counter = itertools.count(1)


class Player:
    """Performs steps, one person at a time a task."""

    def __init__(self, ari: Ari, voices: Voices, centre: str = "") -> None:
        """``centre``: where its SIP is, host:port."""
        self._ari = ari
        self._centre = centre
        self._voices = voices

    async def perform(self, party: Party, steps: Sequence[Step]) -> None:
        """Do the steps in order until the call ends. Trouble is noted in the party's events, never raised."""
        try:
            await self._steps(party, steps)
        except AriError as error:
            if party.live and error.status != 404:  # 404: hung up meanwhile
                party.note("trouble", text=str(error))
                log.warning("a simulated party could not go on: %s", error)
        except CannotSpeak as error:
            party.note("trouble", text=str(error))
            log.warning("nothing to say it with: %s", error)

    async def hang_up(self, party: Party, cause: int = 16) -> None:
        """End the call from his side."""
        if not party.live:
            return
        party.ended_by = party.ended_by or "himself"
        with contextlib.suppress(AriError):
            await self._ari.call("DELETE", f"channels/{party.channel}", reason_code=cause)

    async def idle(self, party: Party) -> None:
        """Send the background hum, or silence; a dead channel does not matter."""
        with contextlib.suppress(AriError):
            if party.tone:
                party.tone_playback = await self._start(party, party.tone, HUM_PIECES)
            else:
                await self._ari.call("POST", f"channels/{party.channel}/silence")

    async def _steps(self, party: Party, steps: Sequence[Step]) -> None:
        for step in steps:
            if not party.live:
                return
            await self._step(party, step)

    async def _step(self, party: Party, step: Step) -> None:
        if step.kind == "loop":
            while party.live:
                await self._steps(party, step.steps)
        elif step.kind == "wait":
            await party.until(lambda: False, step.seconds)
        elif step.kind == "await":
            await self._await(party, step)
        elif step.kind == "hangup":
            party.note("hangs_up", cause=int(step.number))
            await self.hang_up(party, int(step.number))
        elif step.kind in ("ring", "answer"):
            await self._ari.call("POST", f"channels/{party.channel}/{step.kind}")
            party.state = {"ring": "ringing", "answer": "up"}[step.kind]
            party.note({"ring": "rings", "answer": "answers"}[step.kind])
            if step.kind == "answer":
                await self.idle(party)
        elif step.kind == "key":
            await self._keys(party, step.text)
        elif step.kind in ("hold", "refer"):
            await self._own_key(party, step)
        elif step.kind == "tone" and not step.seconds:
            party.tone = str(self._voices.tone(step.number, HUM_SECONDS))
            async with self._voice(party):
                party.note("hums", hertz=step.number)
        else:
            await self._sound(party, step)

    async def _await(self, party: Party, step: Step) -> None:
        if step.text == "sound":
            done = await party.until(lambda: party.hears, step.seconds)
        elif step.text == "quiet":
            done = await party.until(lambda: not party.hears, step.seconds)
        else:
            if not party.call:
                known = await party.until(lambda: bool(party.call), min(step.seconds, BLIND_SECONDS))
                if not known:
                    party.note("blind", awaited=step.text)
                    return
            done = await party.until(lambda: step.text in party.reached, step.seconds)
        party.note("awaited" if done else "waited_in_vain", what=step.text)

    async def _keys(self, party: Party, keys: str) -> None:
        async with self._voice(party):
            for key in keys:
                if key == "w":
                    await party.until(lambda: False, 0.5)
                    continue
                await self._ari.call("POST", f"channels/{party.channel}/dtmf", dtmf=key, duration=KEY_MS)
                party.note("presses", key=key)
                await party.until(lambda: False, KEY_MS / 1000 + KEY_GAP)

    async def _own_key(self, party: Party, step: Step) -> None:
        """HOLD and TRANSFER of a desk phone: what it sends is a re-INVITE, or a REFER."""
        async with self._voice(party):
            if step.kind == "refer":
                party.note("refers", number=step.text)
                await self._ari.call("POST", f"channels/{party.channel}/redirect",
                                     endpoint=f"PJSIP/sip:{step.text}@{self._centre}")
            else:
                party.note("holds" if step.number else "unholds")
                await self._ari.call("POST" if step.number else "DELETE", f"channels/{party.channel}/hold")

    async def attended(self, party: Party, other: Party) -> None:
        """TRANSFER of a desk phone between two calls of its own: a REFER on ``party`` that replaces ``other``."""
        read = [await self._ari.call("GET", f"channels/{other.channel}/variable", variable=f"CHANNEL(pjsip,{what})")
                for what in ("call-id", "remote_tag", "local_tag")]
        call, theirs, ours = (quote(one["value"], safe="") for one in read)
        replaces = f"{call}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}"
        async with self._voice(party):
            party.note("refers", number=other.other)
            await self._ari.call("POST", f"channels/{party.channel}/redirect",
                                 endpoint=f"PJSIP/<sip:{other.other}@{self._centre}?Replaces={replaces}>")

    async def _sound(self, party: Party, step: Step) -> None:
        if step.kind == "say":
            path = await self._voices.path(step.text, step.language)
            party.note("says", words=step.text)
        elif step.kind == "tone":
            path = self._voices.tone(step.number, step.seconds)
            party.note("sounds", hertz=step.number, seconds=step.seconds)
        elif step.kind == "beep":
            path = self._voices.tone(1000, 0.4)
        else:  # fax: the called machine's long tone, or the calling one's short ones
            path = self._voices.tone(2100, 3.3) if step.text == "called" else self._voices.tone(1100, 0.5, 3.0)
            party.note("fax", side=step.text)
        async with self._voice(party):
            playback = await self._start(party, str(path))
            if not await party.until(lambda: playback in party.finished_playbacks, step.seconds + SOUND_SECONDS):
                await self._stop(party, playback)

    @contextlib.asynccontextmanager
    async def _voice(self, party: Party) -> AsyncIterator[None]:
        """While inside, nothing of his hums."""
        if party.tone_playback:
            playback, party.tone_playback = party.tone_playback, ""
            await self._stop(party, playback)
        try:
            yield
        finally:
            if party.live and party.state == "up":
                await self.idle(party)

    async def _start(self, party: Party, path: str, times: int = 1) -> str:
        playback = f"{party.id}-play-{next(_counter)}"
        await self._ari.call("POST", f"channels/{party.channel}/play/{playback}",
                             {"media": [f"sound:{path.removesuffix('.wav')}"] * times})
        return playback

    async def _stop(self, party: Party, playback: str) -> None:
        try:
            await self._ari.call("DELETE", f"playbacks/{playback}")
        except AriError as error:
            if error.status != 404:
                raise
        await party.until(lambda: playback in party.finished_playbacks, 1.0)


def cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel those that are not the one that asks."""
    for task in tasks:
        if task is not asyncio.current_task():
            task.cancel()
