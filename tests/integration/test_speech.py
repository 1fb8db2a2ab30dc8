"""Speech with real engines: espeak-ng and sox from the Debian tree, Kokoro's voices, the service as a process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dealerline.settings import CHECKOUT, PYTHON_PATH, Settings, load
from dealerline.speech import client, voices
from dealerline.speech.audio import measure, read_wav, telephone
from dealerline.speech.cache import Cache
from dealerline.speech.engines import EspeakEngine, KokoroEngine
from dealerline.speech.errors import BadRequest, EngineError, SpeechError
from dealerline.speech.fetch import Fetch, FetchError
from dealerline.speech.shipped import Library
from dealerline.speech.speaker import Request, Speaker
from tests.helpers import until, until_async

ZH = "您的车已经修好，费用共 1280 元，请在 18:30 以前来取。"
EN = "Your car is ready. Please come before 18:30."


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The machine's Debian tree, nothing else of the machine: own data, and a cache without voices."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "debroot").symlink_to(load().debroot)
    return replace(load(), data=tmp_path / "data", cache=cache, speech_port=free_port(), speech_fetch=False)


@pytest.fixture(scope="session")
def installation() -> voices.Installation:
    """The neural voices, fetched into the machine's cache once."""
    settings = load()
    try:
        Fetch(settings, lambda step, share: None).run()
    except FetchError as error:
        pytest.skip(f"the neural voices cannot be fetched here: {error}")
    return voices.Installation.of(settings)


@pytest.fixture
def service(settings: Settings) -> Iterator[Settings]:
    with running(settings):
        yield settings


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    env = {
        **os.environ, "PYTHONPATH": PYTHON_PATH, "DEALERLINE_DATA": str(settings.data),
        "DEALERLINE_SPEECH_FETCH": "0", "DEALERLINE_CACHE": str(settings.cache),
        "DEALERLINE_SPEECH_PORT": str(settings.speech_port),
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "dealerline.speech"], env=env)
    try:
        until(lambda: answers(settings))
        yield process
    finally:
        process.terminate()
        process.wait(10)


def answers(settings: Settings) -> bool:
    with contextlib.suppress(SpeechError):
        return bool(client.health(settings)["ok"])
    return False


@pytest.mark.parametrize(("text", "language"), [(ZH, "zh"), (EN, "en")])
async def test_espeak_speaks_both_languages_as_loud_as_every_prompt(
    settings: Settings, text: str, language: str
) -> None:
    engine = EspeakEngine(settings.debroot)
    pcm = await engine.synth(text, "zm_yunxi", language, 1.0)
    heard = measure(telephone(settings.debroot)(pcm))
    assert heard.seconds > 2
    assert -24 <= heard.level <= -14
    assert heard.clipped == 0


async def test_an_empty_debian_tree_is_told_with_what_to_do(tmp_path: Path) -> None:
    engine = EspeakEngine(tmp_path)
    assert not engine.ready()
    with pytest.raises(EngineError, match="dealerline up"):
        await engine.synth("你好", "zm_yunxi", "zh", 1.0)


def test_without_voices_the_service_speaks_with_espeak_and_says_so(service: Settings) -> None:
    state = client.health(service)
    assert (state["engine"], state["voices"]["state"]) == ("espeak", "missing")
    spoken = client.synthesize(ZH, "zh", key="greeting.own", settings=service)
    again = client.synthesize(ZH, "zh", key="greeting.own", settings=service)
    assert (spoken.engine, spoken.cached, spoken.provisional) == ("espeak", False, True)
    assert (again.path, again.cached) == (spoken.path, True)
    assert spoken.path.is_absolute() and read_wav(spoken.path).rate == 8000


def test_the_service_answers_with_shipped_audio_at_once(service: Settings) -> None:
    manifest = json.loads((CHECKOUT / "assets/prompts/manifest.json").read_text(encoding="utf-8"))
    row = manifest["goodbye"]["zh"]
    spoken = client.synthesize(row["text"], "zh-hans", settings=service)
    assert (spoken.engine, spoken.path) == ("shipped", CHECKOUT / "assets/prompts" / row["file"])


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"text": "你好"}, "language is missing"),
        ({"text": "", "language": "zh"}, "nothing to say"),
        ({"text": "你好", "language": "zh", "voice": "nobody"}, "no voice is called"),
        ({"text": "你好", "language": "zh", "speed": "quick"}, "speed must be a number"),
        ({"text": "你好", "language": "zh", "volume": 3}, "unknown: volume"),
    ],
)
def test_the_service_says_in_words_what_is_wrong_with_a_request(
    service: Settings, body: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadRequest, match=says):
        client._request(service, "POST", "/synthesize", body, 10)


def test_a_batch_is_spoken_behind_everything_else_and_tells_its_progress(service: Settings) -> None:
    items = [{"text": f"第 {n} 条", "language": "zh"} for n in range(1, 4)] + [{"text": "…", "language": "zh"}]
    batch = client._request(service, "POST", "/prepare", {"items": items}, 10)
    assert batch["total"] == 4

    def progress() -> dict[str, Any]:
        return client._request(service, "GET", f"/prepare/{batch['batch']}", None, 10)

    until(lambda: progress()["done"] + progress()["failed"] == 4)
    assert progress() == {"total": 4, "done": 3, "failed": 1}
    assert client.synthesize("第 2 条", "zh", settings=service).cached


def test_a_customer_speaks_without_a_service_and_with_another_voice_than_the_prompts(settings: Settings) -> None:
    path = client.speak("我的车打不着火了。", "zh", settings=settings)
    assert measure(read_wav(path).samples).seconds > 1
    assert client.customer_voice("我的车打不着火了。", "zh") not in voices.PROMPTS.values()
    assert client.speak("我的车打不着火了。", "zh", settings=settings) == path


def test_shipped_sentences_of_customers_need_nothing_at_all(tmp_path: Path) -> None:
    nothing = replace(load(), data=tmp_path, cache=tmp_path, speech_port=free_port())
    row = json.loads((CHECKOUT / "assets/callers/manifest.json").read_text(encoding="utf-8"))["sales.price"]
    assert client.speak(row["text"], "zh", settings=nothing) == CHECKOUT / "assets/callers" / row["file"]


def test_a_failed_fetch_names_its_reason_and_leaves_nothing_that_looks_complete(settings: Settings) -> None:
    settings.cache.joinpath("speech").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(FetchError, match="speech"):
        Fetch(settings, lambda step, share: None).run()
    assert not voices.Installation.of(settings).ready


async def test_kokoro_speaks_both_languages_and_mixes_english_into_mandarin(
    settings: Settings, installation: voices.Installation
) -> None:
    engine = KokoroEngine(installation, settings.debroot)
    try:
        for text, voice, language in (
            (ZH, "zm_yunxi", "zh"),
            (EN, "af_heart", "en"),
            ("宋PLUS到店了。", "zm_yunxi", "zh"),
        ):
            heard = measure(telephone(settings.debroot)(await engine.synth(text, voice, language, 1.0)))
            assert heard.seconds > 1
            assert -24 <= heard.level <= -14
            assert heard.clipped == 0
    finally:
        await engine.close()
    assert engine.pid is None


def test_the_engine_has_nothing_in_it_that_reports_to_its_maker(installation: voices.Installation) -> None:
    libraries = list(installation.folder.glob("venv/lib/python*/site-packages/onnxruntime/capi/*.so"))
    assert libraries
    assert not [path.name for path in libraries if b"events.data.microsoft.com" in path.read_bytes()]


async def test_kokoro_killed_while_speaking_is_started_again_and_speaks(
    settings: Settings, installation: voices.Installation
) -> None:
    kokoro = KokoroEngine(installation, settings.debroot)
    engines = [kokoro, EspeakEngine(settings.debroot)]
    speaking = Speaker(engines, Cache(settings.media / "speech"), Library(), telephone(settings.debroot))
    speaking.start()
    try:
        job = asyncio.create_task(speaking.say(Request(ZH, "zh")))
        first = await until_async(lambda: kokoro.pid)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        spoken = await job
        assert (spoken.engine, spoken.provisional) == ("kokoro", False)
        assert kokoro.pid != first
    finally:
        await speaking.close()


async def test_kokoro_that_cannot_start_lets_espeak_speak_for_the_time_being(
    settings: Settings, tmp_path: Path
) -> None:
    broken = voices.Installation(tmp_path / "voices")
    broken.python.parent.mkdir(parents=True)
    broken.python.symlink_to("/bin/false")
    broken.styles.mkdir()
    (broken.styles / "zm_yunxi.bin").touch()
    broken.marker.touch()
    engines = [KokoroEngine(broken, settings.debroot), EspeakEngine(settings.debroot)]
    speaking = Speaker(engines, Cache(settings.media / "speech"), Library(), telephone(settings.debroot))
    speaking.start()
    try:
        spoken = await speaking.say(Request(ZH, "zh"))
        assert (spoken.engine, spoken.provisional) == ("espeak", True)
        assert speaking.engine == "espeak", "the broken one rests"
    finally:
        await speaking.close()


def _voice_processes(parent: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False)
    return [int(pid) for pid in listed.stdout.split()]


def test_the_service_killed_with_9_leaves_no_voice_process_behind(
    settings: Settings, installation: voices.Installation
) -> None:
    settings.cache.joinpath("speech").mkdir()
    (settings.cache / "speech" / installation.folder.name).symlink_to(installation.folder)
    with running(settings) as process:
        spoken = client.synthesize("您好，这是一句新的话。", "zh", settings=settings)
        assert (spoken.engine, spoken.provisional) == ("kokoro", False)
        children = _voice_processes(process.pid)
        assert len(children) == 1
        process.kill()
        process.wait(10)
        until(lambda: not Path(f"/proc/{children[0]}").exists())
    with running(settings):
        assert client.synthesize("您好，这是一句新的话。", "zh", settings=settings).cached
