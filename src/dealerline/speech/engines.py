"""Engines behind one Protocol: Kokoro's neural voices in a process of their own, and espeak-ng as the last resort."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import os
import time
import wave
from pathlib import Path
from typing import Protocol

import numpy as np

from dealerline.runtime.tree import Tree, TreeError
from dealerline.settings import PYTHON_PATH
from dealerline.speech import voices
from dealerline.speech.audio import Pcm
from dealerline.speech.errors import EngineError

log = logging.getLogger(__name__)

KOKORO_RATE = 24000


class TTSEngine(Protocol):
    """Turns normalised text into sound."""

    @property
    def name(self) -> str:
        """Short and stable: part of the cache's key."""
        ...

    @property
    def identity(self) -> str:
        """Changes whenever the same text would sound different: part of the cache's key."""
        ...

    def ready(self) -> bool:
        """Whether it could speak now. Cheap; asked before every job."""
        ...

    async def synth(self, text: str, voice: str, language: str, speed: float) -> Pcm:
        """Speak ``text`` (normalised; ``language`` zh or en). Raises EngineError, also when it takes too long."""
        ...

    async def close(self) -> None:
        """End what it started."""
        ...


class KokoroEngine:
    """The neural voices. The model is loaded at the first sentence and let go after ``idle`` seconds without work."""

    name = "kokoro"

    def __init__(
        self, installation: voices.Installation, debroot: Path, *, threads: int = 1, idle: float = 300.0, nice: int = 5
    ) -> None:
        self._installation = installation
        self._debroot = debroot
        self._threads = threads
        self._idle = idle
        self._nice = nice
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._used = 0.0
        self._reaper: asyncio.Task[None] | None = None

    @property
    def identity(self) -> str:
        return f"{voices.MODEL_SHA256[:16]} {sorted(voices.PACE.items())}"

    @property
    def pid(self) -> int | None:
        """The voices' process, or None while it is not loaded."""
        process = self._process
        return process.pid if process and process.returncode is None else None

    def ready(self) -> bool:
        return self._installation.ready

    async def synth(self, text: str, voice: str, language: str, speed: float) -> Pcm:
        if not (self._installation.styles / f"{voice}.bin").is_file():
            raise EngineError(f"the voice {voice!r} was not fetched")
        # A guard against a hang, not a deadline: 0.1 to 0.5 s a character on a busy core and 5 s to load, but the
        # calls come first, and at the lowest priority a loaded machine may leave next to nothing.
        limit = 120 + 4.0 * len(text)
        async with self._lock:
            try:
                return await asyncio.wait_for(self._ask_again(text, voice, language, speed), limit)
            except TimeoutError as error:
                await self._stop()
                raise EngineError(f"kokoro did not answer within {limit:.0f} s and was ended") from error
            except (OSError, asyncio.IncompleteReadError, ValueError) as error:
                await self._stop()
                raise EngineError(f"kokoro's process broke off: {error}") from error
            except asyncio.CancelledError:
                await self._stop()  # its half answer must not be taken for the next one's
                raise
            finally:
                self._used = time.monotonic()

    async def _ask_again(self, text: str, voice: str, language: str, speed: float) -> Pcm:
        """A process that died, now or while it waited, is started anew once."""
        try:
            return await self._ask(text, voice, language, speed)
        except (OSError, asyncio.IncompleteReadError) as error:
            log.warning("the voices' process died and is started again: %s", error)
            await self._stop()
            return await self._ask(text, voice, language, speed)

    async def _ask(self, text: str, voice: str, language: str, speed: float) -> Pcm:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await self._start()
        assert process.stdin is not None and process.stdout is not None
        pace = speed * voices.PACE.get(voice, 1.0)
        request = {"text": text, "voice": voice, "language": language, "speed": pace}
        process.stdin.write(json.dumps(request).encode() + b"\n")
        await process.stdin.drain()
        if not (line := await process.stdout.readline()):
            raise ConnectionError("its process ended without an answer")
        answer = json.loads(line)
        if "error" in answer:
            raise EngineError(f"kokoro: {answer['error']}")
        data = await process.stdout.readexactly(4 * int(answer["samples"]))
        return Pcm(np.frombuffer(data, "<f4").astype(np.float32), KOKORO_RATE)

    async def _start(self) -> asyncio.subprocess.Process:
        here = self._installation
        espeak, data = _espeak(self._debroot)
        config = {
            "model": str(here.model), "vocab": str(here.vocab), "voices": str(here.styles), "espeak": espeak,
            "espeak_data": data, "scratch": str(here.folder), "threads": self._threads, "nice": self._nice,
        }  # fmt: skip
        env = {
            **os.environ, "PYTHONPATH": PYTHON_PATH, "OMP_NUM_THREADS": str(self._threads),
            "PYTHONDONTWRITEBYTECODE": "1", "ORT_DISABLE_TELEMETRY": "1",
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            str(here.python), "-m", "dealerline.speech.voice_process", json.dumps(config),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=env, limit=1 << 20,
        )  # fmt: skip
        if self._reaper is None or self._reaper.done():
            self._used = time.monotonic()
            self._reaper = asyncio.create_task(self._let_go_when_idle())
        return process

    async def _let_go_when_idle(self) -> None:
        """650 MB of memory are the calls' when nothing has to be spoken."""
        while self._process is not None:
            await asyncio.sleep(min(self._idle, 10.0))
            if not self._lock.locked() and time.monotonic() - self._used >= self._idle:
                async with self._lock:
                    await self._stop()

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def close(self) -> None:
        if self._reaper is not None:
            self._reaper.cancel()
        await self._stop()


class EspeakEngine:
    """espeak-ng from the Debian tree: robotic but always there. Runs as a program, for its licence is not ours."""

    name = "espeak"

    def __init__(self, debroot: Path) -> None:
        self._debroot = debroot

    @property
    def identity(self) -> str:
        return "1"

    def ready(self) -> bool:
        try:
            _espeak(self._debroot)
        except EngineError:
            return False
        return True

    async def synth(self, text: str, voice: str, language: str, speed: float) -> Pcm:
        command, data = _espeak(self._debroot)
        # Debian's plain `cmn` spells the pinyin in English letters; this one says it.
        spoken = "cmn-latn-pinyin" if language == "zh" else "en-us"
        variant = "+m3" if voice[1:2] == "m" else "+f2"
        process = await asyncio.create_subprocess_exec(
            *command, "-v", spoken + variant, "-s", str(int(150 * speed)), "--stdout", "--", text,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "ESPEAK_DATA_PATH": data},
        )  # fmt: skip
        try:
            out, err = await asyncio.wait_for(process.communicate(), 30)
        except (TimeoutError, asyncio.CancelledError) as error:
            process.kill()
            await process.wait()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise EngineError("espeak-ng did not finish within 30 s") from error
        if process.returncode or len(out) <= 44:
            raise EngineError(f"espeak-ng: {err.decode(errors='replace').strip()[-300:] or 'no sound'}")
        with wave.open(io.BytesIO(out), "rb") as header:
            rate = header.getframerate()
        # the header's length is unknown to a pipe, so the samples are what follows it
        samples = np.frombuffer(out[44 : 44 + (len(out) - 44) // 2 * 2], "<i2").astype(np.float32)
        return Pcm(samples / np.float32(32768), rate)

    async def close(self) -> None:
        return None


def _espeak(debroot: Path) -> tuple[list[str], str]:
    """The command and the folder of its data."""
    try:
        tree = Tree(debroot)
        return tree.command("usr/bin/espeak-ng"), str(tree.libraries)
    except TreeError as error:
        raise EngineError(str(error)) from error
