"""Asking for speech from another process: plain HTTP to the service, standard library only.

`speak` is for whoever just needs a file with a voice in it, such as the simulator's customers.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dealerline.settings import Settings, load
from dealerline.speech import voices
from dealerline.speech.errors import BadRequest, SpeechError
from dealerline.speech.text import language_of


@dataclass(frozen=True, slots=True)
class Synthesised:
    """The service's answer."""

    path: Path
    seconds: float
    engine: str
    cached: bool
    provisional: bool


def _request(settings: Settings, method: str, path: str, body: dict[str, Any] | None, timeout: float) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", settings.speech_port, timeout=timeout)
    try:
        payload = None if body is None else json.dumps(body).encode()
        connection.request(method, path, payload, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SpeechError(f"the speech service on port {settings.speech_port} does not answer: {error}") from error
    finally:
        connection.close()
    if response.status >= 400:
        raised = BadRequest if response.status == 400 else SpeechError
        raise raised(str(answer.get("message", {}).get("en", answer)))
    return dict(answer)


def health(settings: Settings | None = None, timeout: float = 2.0) -> dict[str, Any]:
    """The service's state (see `service`). Raises SpeechError when it does not answer."""
    return _request(settings or load(), "GET", "/health", None, timeout)


def synthesize(
    text: str, language: str, *, key: str = "", voice: str = "", speed: float = 1.0, priority: str = "prompt",
    settings: Settings | None = None, timeout: float = 300.0,
) -> Synthesised:  # fmt: skip
    """Have the service speak; blocks until it has. Raises BadRequest, or SpeechError when it cannot."""
    body = {"text": text, "language": language, "key": key, "voice": voice, "speed": speed, "priority": priority}
    answer = _request(settings or load(), "POST", "/synthesize", body, timeout)
    return Synthesised(
        Path(answer["path"]), float(answer["seconds"]), answer["engine"], answer["cached"], answer["provisional"]
    )


def customer_voice(text: str, language: str) -> str:
    """One of the simulated customers' voices, always the same for the same text."""
    choice = voices.CALLERS[language_of(language)]
    return choice[zlib.crc32(text.encode()) % len(choice)]


def speak(text: str, language: str, voice: str | None = None, *, settings: Settings | None = None) -> Path:
    """A wav (8 kHz mono 16-bit) of a customer saying this, in a voice other than the prompts'.

    Shipped audio first, then the service, then, where no service runs, the engines in this process (cached in the
    same folder). Blocks for as long as speaking takes. Raises SpeechError when nothing can speak it.
    """
    from dealerline.speech.shipped import Library

    shipped = Library().find(text, language_of(language), voice or "")
    if shipped:
        return shipped.path
    settings = settings or load()
    chosen = voice or customer_voice(text, language)
    try:
        return synthesize(text, language, voice=chosen, priority="caller", settings=settings).path
    except BadRequest:
        raise
    except SpeechError:
        return asyncio.run(_speak_here(text, language, chosen, settings))


async def speak_async(text: str, language: str, voice: str | None = None, *, settings: Settings | None = None) -> Path:
    """`speak` for asyncio programs: in a thread, so that the loop goes on."""
    return await asyncio.to_thread(speak, text, language, voice, settings=settings)


async def _speak_here(text: str, language: str, voice: str, settings: Settings) -> Path:
    from dealerline.speech.audio import telephone
    from dealerline.speech.cache import Cache
    from dealerline.speech.engines import EspeakEngine, KokoroEngine, TTSEngine
    from dealerline.speech.shipped import Library
    from dealerline.speech.speaker import Request, Speaker

    engines: list[TTSEngine] = [
        KokoroEngine(voices.Installation.of(settings), settings.debroot),
        EspeakEngine(settings.debroot),
    ]
    speaker = Speaker(engines, Cache(settings.media / "speech"), Library(), telephone(settings.debroot))
    speaker.start()
    try:
        return (await speaker.say(Request(text, language, voice, priority="caller"))).path
    finally:
        await speaker.close()
