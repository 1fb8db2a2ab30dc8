"""Says a text with the best engine that can: shipped audio, what was spoken before, then each engine in order.

One job is spoken at a time, so that a core stays with the calls; a caller's wait goes before prompts, prompts before
what is made ahead. Two requests for the same words are one job.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dealerline.speech import voices
from dealerline.speech.audio import Pcm, Samples
from dealerline.speech.cache import Cache, key_of
from dealerline.speech.engines import TTSEngine
from dealerline.speech.errors import BadRequest, EngineError, SpeechError
from dealerline.speech.shipped import Library
from dealerline.speech.text import language_of, normalise

log = logging.getLogger(__name__)

LONGEST_TEXT = 2000  # characters: about eight minutes of speech
REST = 60.0  # seconds for which an engine that failed is not asked again
PRIORITIES = {"caller": 0, "prompt": 1, "batch": 2}


@dataclass(frozen=True, slots=True)
class Request:
    """What to say. ``voice`` "" is the prompts' voice; ``key`` names a prompt, whose audio is then kept."""

    text: str
    language: str
    voice: str = ""
    key: str = ""
    speed: float = 1.0
    priority: str = "prompt"


@dataclass(frozen=True, slots=True)
class Spoken:
    """Where the sound is. ``provisional``: a better engine was not there or failed; asking again later is worth it."""

    path: Path
    seconds: float
    engine: str
    cached: bool
    provisional: bool


@dataclass(order=True)
class _Job:
    priority: int
    number: int
    said: str = field(compare=False)
    request: Request = field(compare=False)
    done: asyncio.Future[Spoken] = field(compare=False)


class Speaker:
    """The queue in front of the engines. `start` before use, `close` after."""

    def __init__(
        self, engines: Sequence[TTSEngine], cache: Cache, library: Library, telephone: Callable[[Pcm], Samples]
    ) -> None:
        """``telephone``: from an engine's sound to 8 kHz; runs in a thread, may raise EngineError."""
        self._engines = list(engines)
        self._cache = cache
        self._library = library
        self._telephone = telephone
        self._heap: list[_Job] = []
        self._numbers = itertools.count()
        self._waiting: dict[tuple[str, str, str, float], _Job] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._resting: dict[str, float] = {}  # engine -> until when, on the monotonic clock
        self.current: str = ""
        self.since = 0.0
        self.spoken = 0
        self.failed = 0

    @property
    def queued(self) -> int:
        """Jobs that wait for the one being spoken."""
        return len(self._waiting) - (1 if self.current else 0)

    @property
    def engine(self) -> str:
        """The name of the best engine that can speak now, or ""."""
        return next((engine.name for engine in self._engines if self._able(engine)), "")

    def _able(self, engine: TTSEngine) -> bool:
        return engine.ready() and self._resting.get(engine.name, 0.0) <= time.monotonic()

    def start(self) -> None:
        self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for job in self._waiting.values():
            if not job.done.done():
                job.done.set_exception(EngineError("the speech service is ending"))
                job.done.exception()  # seen: nobody may be left to wait for it
        for engine in self._engines:
            await engine.close()

    def ahead(self, request: Request) -> Spoken | None:
        """What is there without speaking: shipped, or cached from the best engine that is ready. Raises BadRequest."""
        said, request = self._checked(request)
        shipped = self._library.find(request.text, request.language, request.voice)
        if shipped and request.speed == 1.0:
            return Spoken(shipped.path, shipped.seconds, "shipped", True, False)
        for engine in self._engines:
            if self._able(engine):
                return self._cached(engine, said, request)
        return None

    async def say(self, request: Request) -> Spoken:
        """The audio of the request. Raises BadRequest, or SpeechError when no engine could speak it."""
        if there := self.ahead(request):
            return there
        said, request = self._checked(request)
        same = (said, request.language, request.voice, request.speed)
        job = self._waiting.get(same)
        urgency = PRIORITIES[request.priority]
        if job is None:
            job = _Job(urgency, next(self._numbers), said, request, asyncio.get_running_loop().create_future())
            self._waiting[same] = job
            job.done.add_done_callback(lambda _: self._waiting.pop(same, None))
            heapq.heappush(self._heap, job)
        elif urgency < job.priority:
            job.priority = urgency
            heapq.heapify(self._heap)
        self._wake.set()
        spoken = await asyncio.shield(job.done)
        if request.key and request.key != job.request.key:
            self._pin(request, spoken.path)
        return spoken

    def _checked(self, request: Request) -> tuple[str, Request]:
        try:
            language = language_of(request.language)
        except ValueError as error:
            raise BadRequest(str(error), f"没有会说 {request.language!r} 的语音，请用 zh 或 en") from error
        if len(request.text) > LONGEST_TEXT:
            raise BadRequest(
                f"the text has {len(request.text)} characters; at most {LONGEST_TEXT} can be spoken",
                f"文字有 {len(request.text)} 个字，最多 {LONGEST_TEXT} 个",
            )
        said = normalise(request.text, language)
        if not any(char.isalnum() for char in said):
            raise BadRequest("there is nothing to say in the text", "没有可以朗读的内容")
        voice = request.voice or voices.PROMPTS[language]
        if voice not in voices.NEEDED:
            there = ", ".join(voices.NEEDED)
            raise BadRequest(
                f"no voice is called {voice!r}; there are {there}", f"没有语音 {voice!r}，可用的有 {there}"
            )
        if not 0.5 <= request.speed <= 2.0:
            raise BadRequest("speed must be between 0.5 and 2.0", "语速要在 0.5 到 2.0 之间")
        if request.priority not in PRIORITIES:
            raise BadRequest(f"priority must be one of {', '.join(PRIORITIES)}")
        return said, Request(request.text, language, voice, request.key, request.speed, request.priority)

    def _cached(self, engine: TTSEngine, said: str, request: Request) -> Spoken | None:
        name = key_of(engine.name, engine.identity, request.voice, request.language, request.speed, said)
        stored = self._cache.get(name)
        if stored is None:
            return None
        self._pin(request, stored.path)
        return Spoken(stored.path, stored.seconds, engine.name, True, engine is not self._engines[0])

    def _pin(self, request: Request, path: Path) -> None:
        if request.key:
            try:
                self._cache.pin(f"{request.key}|{request.language}", path.stem)
            except OSError as error:
                log.warning("the audio of prompt %s could not be pinned: %s", request.key, error)

    async def _work(self) -> None:
        while True:
            while not self._heap:
                self._wake.clear()
                await self._wake.wait()
            job = heapq.heappop(self._heap)
            self.current, self.since = job.request.key or "text", time.monotonic()
            try:
                spoken = await self._speak(job)
            except SpeechError as error:
                self.failed += 1
                job.done.set_exception(error)
                job.done.exception()
            except Exception as error:
                log.exception("speaking failed")
                self.failed += 1
                job.done.set_exception(SpeechError(f"speaking failed: {error}"))
                job.done.exception()
            else:
                self.spoken += 1
                job.done.set_result(spoken)
            finally:
                self.current = ""

    async def _speak(self, job: _Job) -> Spoken:
        request, reasons = job.request, []
        for number, engine in enumerate(self._engines):
            if not self._able(engine):
                reasons.append(f"{engine.name} " + ("failed lately" if engine.ready() else "is not there"))
                continue
            if there := self._cached(engine, job.said, request):
                return there
            try:
                pcm = await engine.synth(job.said, request.voice, request.language, request.speed)
                samples = await asyncio.to_thread(self._telephone, pcm)
                if not len(samples):
                    raise EngineError(f"{engine.name} made no sound")
            except EngineError as error:
                log.warning("%s could not speak a text of %d characters: %s", engine.name, len(job.said), error)
                reasons.append(str(error))
                if number + 1 < len(self._engines):  # the last one is always tried
                    self._resting[engine.name] = time.monotonic() + REST
                continue
            name = key_of(engine.name, engine.identity, request.voice, request.language, request.speed, job.said)
            try:
                stored = self._cache.put(name, samples, text=request.text, engine=engine.name, voice=request.voice)
            except OSError as error:
                raise SpeechError(
                    f"the audio could not be stored ({error.strerror}): free some disk space",
                    f"语音文件无法保存（{error.strerror}），请清理磁盘空间",
                ) from error
            self._pin(request, stored.path)
            return Spoken(stored.path, stored.seconds, engine.name, False, number > 0)
        why = "; ".join(reasons)
        raise SpeechError(f"no engine could speak: {why}", f"没有可用的语音引擎：{why}")
