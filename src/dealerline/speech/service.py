"""The speech service: HTTP on loopback. ``python -m dealerline.speech``.

- ``POST /synthesize`` ``{"text", "language", "key"?, "voice"?, "speed"?, "priority"?}`` answers ``{"path", "seconds",
  "engine", "cached", "provisional"}``; ``path`` is an absolute wav, 8 kHz mono 16-bit.
- ``POST /prepare`` ``{"items": [as above]}`` answers 202 ``{"batch", "total"}``; the texts are spoken one after the
  other, behind everything else. ``GET /prepare/BATCH`` answers ``{"total", "done", "failed"}``.
- ``POST /voices`` starts fetching the neural voices now and answers their state.
- ``GET /health`` answers ``{"ok", "engine", "voices": {"state", "step", "share", "error"}, "queue", "current",
  "spoken", "failed"}``.

Errors are ``{"error": code, "message": {"zh", "en"}}``; 400 for what no engine could speak, 503 when none is able to.
While the neural voices are not there espeak-ng speaks (``provisional``), and the first text that needs them starts
fetching them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import uuid
from collections import OrderedDict
from dataclasses import asdict
from typing import Any

from aiohttp import web

from dealerline.settings import PYTHON_PATH, Settings
from dealerline.speech import voices
from dealerline.speech.audio import telephone
from dealerline.speech.cache import Cache
from dealerline.speech.engines import EspeakEngine, KokoroEngine, TTSEngine
from dealerline.speech.errors import BadRequest, SpeechError
from dealerline.speech.shipped import Library
from dealerline.speech.speaker import Request, Speaker, Spoken

log = logging.getLogger(__name__)

_RETRY = 600.0  # seconds before a failed fetch is tried again by itself
_MESSAGES = {
    "bad_request": {"zh": "这段文字无法合成语音", "en": "this text cannot be spoken"},
    "speech_failed": {"zh": "语音合成失败", "en": "the text could not be spoken"},
    "engine_failed": {"zh": "语音引擎出错", "en": "the speech engine failed"},
}


class Fetching:
    """The neural voices on their way: runs `dealerline.speech.fetch` as a process of its own, follows its progress."""

    def __init__(self, settings: Settings) -> None:
        self._installation = voices.Installation.of(settings)
        self._settings = settings
        self._task: asyncio.Task[None] | None = None
        self._failed_at = -_RETRY
        self.step = ""
        self.share = 0.0
        self.error = ""

    def state(self) -> dict[str, Any]:
        """For /health: ready, fetching, failed or missing."""
        if self._installation.ready:
            return {"state": "ready", "step": "", "share": 1.0, "error": ""}
        name = "fetching" if self.running else "failed" if self.error else "missing"
        return {"state": name, "step": self.step, "share": self.share, "error": self.error}

    @property
    def begun(self) -> bool:
        """A fetch was interrupted: go on with it without being asked."""
        return self._installation.folder.is_dir() and not self._installation.ready

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    def want(self, *, at_once: bool = False) -> None:
        """Start unless it runs or is done. Not ``at_once``: nor when it failed lately or the settings forbid it."""
        now = asyncio.get_running_loop().time()
        if self._installation.ready or self.running:
            return
        if not at_once and (not self._settings.speech_fetch or now - self._failed_at < _RETRY):
            return
        self.error, self.share = "", 0.0
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        env = {
            **os.environ, "PYTHONPATH": PYTHON_PATH, "DEALERLINE_CACHE": str(self._settings.cache),
            "DEALERLINE_DATA": str(self._settings.data),
        }  # fmt: skip
        process: asyncio.subprocess.Process | None = None
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "dealerline.speech.fetch", "--json",
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=env, start_new_session=True,
            )  # fmt: skip
            assert process.stdout is not None and process.stderr is not None
            async for line in process.stdout:
                with contextlib.suppress(ValueError):
                    progress = json.loads(line)
                    self.step, self.share = str(progress["step"]), float(progress["share"])
            errors = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
            if await process.wait():
                self._fail(errors[-1] if errors else "it ended without a word")
        except OSError as error:
            self._fail(str(error))
        finally:
            if process is not None and process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, 15)  # pip and npm with it

    def _fail(self, line: str) -> None:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            line = json.loads(line)["error"]
        self.error = line
        self._failed_at = asyncio.get_running_loop().time()
        log.warning("the neural voices could not be fetched: %s", line)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


class Service:
    """The HTTP face of a `Speaker`."""

    def __init__(self, settings: Settings) -> None:
        self.fetching = Fetching(settings)
        kokoro = KokoroEngine(voices.Installation.of(settings), settings.debroot)
        cache = Cache(settings.media / "speech")
        engines: list[TTSEngine] = [kokoro, EspeakEngine(settings.debroot)]
        self.speaker = Speaker(engines, cache, Library(), telephone(settings.debroot))
        self._batches: OrderedDict[str, dict[str, int]] = OrderedDict()
        self._batch_tasks: set[asyncio.Task[None]] = set()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=4 << 20, middlewares=[_errors])
        app.router.add_get("/health", self._health)
        app.router.add_post("/synthesize", self._synthesize)
        app.router.add_post("/prepare", self._prepare)
        app.router.add_get("/prepare/{batch}", self._progress)
        app.router.add_post("/voices", self._voices)
        app.on_startup.append(self._start)
        app.on_cleanup.append(self._stop)
        return app

    async def _start(self, _: web.Application) -> None:
        self.speaker.start()
        if self.fetching.begun:
            self.fetching.want()

    async def _stop(self, _: web.Application) -> None:
        for task in self._batch_tasks:
            task.cancel()
        await self.fetching.close()
        await self.speaker.close()

    async def _health(self, _: web.Request) -> web.Response:
        speaker = self.speaker
        return web.json_response(
            {
                "ok": bool(speaker.engine), "engine": speaker.engine, "voices": self.fetching.state(),
                "queue": speaker.queued, "current": speaker.current, "spoken": speaker.spoken, "failed": speaker.failed,
            }
        )  # fmt: skip

    async def _synthesize(self, request: web.Request) -> web.Response:
        return web.json_response(_answer(await self._say(_wanted(await _json(request)))))

    async def _say(self, wanted: Request) -> Spoken:
        there = self.speaker.ahead(wanted)
        if there is None or there.provisional:
            self.fetching.want()
        return there or await self.speaker.say(wanted)

    async def _prepare(self, request: web.Request) -> web.Response:
        items = (await _json(request)).get("items")
        if not isinstance(items, list) or not items:
            raise BadRequest("items must be a list of texts to speak", "items 应是要朗读的文字列表")
        wanted = [_wanted({"priority": "batch", **item} if isinstance(item, dict) else {}) for item in items]
        name = uuid.uuid4().hex[:12]
        self._batches[name] = {"total": len(wanted), "done": 0, "failed": 0}
        while len(self._batches) > 100:
            self._batches.popitem(last=False)
        task = asyncio.create_task(self._batch(wanted, self._batches[name]))
        self._batch_tasks.add(task)
        task.add_done_callback(self._batch_tasks.discard)
        return web.json_response({"batch": name, "total": len(wanted)}, status=202)

    async def _batch(self, wanted: list[Request], count: dict[str, int]) -> None:
        for one in wanted:
            try:
                await self._say(one)
                count["done"] += 1
            except SpeechError as error:
                log.warning("one text of a batch was not spoken: %s", error)
                count["failed"] += 1

    async def _progress(self, request: web.Request) -> web.Response:
        found = self._batches.get(request.match_info["batch"])
        if found is None:
            raise web.HTTPNotFound(text="no such batch")
        return web.json_response(found)

    async def _voices(self, _: web.Request) -> web.Response:
        self.fetching.want(at_once=True)
        return web.json_response(self.fetching.state(), status=202)


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise BadRequest("the request is not JSON", "请求不是 JSON") from error
    if not isinstance(body, dict):
        raise BadRequest("the request must be a JSON object", "请求应是一个 JSON 对象")
    return body


def _wanted(body: dict[str, Any]) -> Request:
    """Raises BadRequest, naming what is missing or of the wrong kind."""
    for name in ("text", "language"):
        if not isinstance(body.get(name), str):
            raise BadRequest(f"{name} is missing or not text", f"缺少 {name}，或者不是文字")
    if unknown := set(body) - {"text", "language", "key", "voice", "speed", "priority"}:
        names = ", ".join(sorted(unknown))
        raise BadRequest(f"unknown: {names}", f"不认识的参数：{names}")
    try:
        speed = float(body.get("speed") or 1.0)
    except (TypeError, ValueError) as error:
        raise BadRequest("speed must be a number", "speed 应是数字") from error
    return Request(
        body["text"], body["language"], str(body.get("voice") or ""), str(body.get("key") or ""), speed,
        str(body.get("priority") or "prompt"),
    )  # fmt: skip


def _answer(spoken: Spoken) -> dict[str, Any]:
    return {**asdict(spoken), "path": str(spoken.path)}


@web.middleware
async def _errors(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        answer: web.StreamResponse = await handler(request)
        return answer
    except SpeechError as error:
        known = _MESSAGES.get(error.code, _MESSAGES["speech_failed"])
        message = {"zh": f"{known['zh']}：{error.zh}", "en": f"{known['en']}: {error}"}
        return web.json_response(
            {"error": error.code, "message": message}, status=400 if isinstance(error, BadRequest) else 503
        )
