"""Who speaks, in which order, and what is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from dealerline.speech import speaker as speaker_module
from dealerline.speech.audio import TARGET_LEVEL, levelled, measure, read_wav, tone, write_wav
from dealerline.speech.cache import Cache, key_of
from dealerline.speech.errors import BadRequest, EngineError, SpeechError
from dealerline.speech.fetch import pinned
from dealerline.speech.memory import ToneEngine, untouched
from dealerline.speech.shipped import Library
from dealerline.speech.speaker import Request, Speaker

HELLO = Request("您的车修好了。", "zh")


@pytest.fixture
def best() -> ToneEngine:
    return ToneEngine("best", hertz=500)


@pytest.fixture
def last() -> ToneEngine:
    return ToneEngine("last", hertz=900)


@pytest_asyncio.fixture
async def speaker(tmp_path: Path, best: ToneEngine, last: ToneEngine) -> AsyncIterator[Speaker]:
    speaker = Speaker([best, last], Cache(tmp_path / "cache"), Library(tmp_path / "none"), untouched)
    speaker.start()
    yield speaker
    await speaker.close()


async def test_the_first_engine_speaks_and_the_second_time_it_comes_from_the_cache(
    speaker: Speaker, best: ToneEngine
) -> None:
    first = await speaker.say(HELLO)
    again = await speaker.say(HELLO)
    assert (first.engine, first.cached, first.provisional) == ("best", False, False)
    assert (again.path, again.cached) == (first.path, True)
    assert best.asked == ["您的车修好了。"]
    assert read_wav(first.path).rate == 8000


async def test_what_is_written_differently_but_said_the_same_is_spoken_once(speaker: Speaker, best: ToneEngine) -> None:
    one = await speaker.say(Request("费用 1,280 元。", "zh"))
    other = await speaker.say(Request("费用1280元。", "zh"))
    assert one.path == other.path
    assert len(best.asked) == 1


async def test_when_the_first_engine_fails_the_next_one_speaks_and_says_that_it_is_provisional(
    speaker: Speaker, best: ToneEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    best.failure = "out of order"
    spoken = await speaker.say(HELLO)
    assert (spoken.engine, spoken.provisional) == ("last", True)
    best.failure = ""
    await speaker.say(Request("另一句。", "zh"))
    assert len(best.asked) == 1, "an engine that failed rests"
    monkeypatch.setattr(speaker_module.time, "monotonic", lambda: 1e9)
    better = await speaker.say(HELLO)
    assert (better.engine, better.provisional) == ("best", False)


async def test_an_engine_that_is_not_there_is_passed_over_and_takes_over_when_it_comes(
    speaker: Speaker, best: ToneEngine
) -> None:
    best.there = False
    assert speaker.engine == "last"
    assert (await speaker.say(HELLO)).engine == "last"
    best.there = True
    assert (await speaker.say(HELLO)).engine == "best"


async def test_an_engine_that_makes_no_sound_counts_as_failed(speaker: Speaker, best: ToneEngine) -> None:
    best.silent = True
    assert (await speaker.say(HELLO)).engine == "last"


async def test_when_no_engine_can_speak_the_error_says_why_of_each(
    speaker: Speaker, best: ToneEngine, last: ToneEngine
) -> None:
    best.there = False
    last.failure = "no voice data"
    with pytest.raises(SpeechError, match="best is not there; no voice data"):
        await speaker.say(HELLO)
    last.failure = ""
    assert (await speaker.say(HELLO)).engine == "last", "the last resort is always tried again"


async def test_two_who_ask_for_the_same_words_at_once_share_one_job(speaker: Speaker, best: ToneEngine) -> None:
    one, other = await asyncio.gather(speaker.say(HELLO), speaker.say(HELLO))
    assert one.path == other.path
    assert len(best.asked) == 1


async def test_a_caller_goes_before_prompts_and_prompts_before_what_is_made_ahead(
    speaker: Speaker, best: ToneEngine
) -> None:
    best.gate.clear()
    jobs = []
    for text, priority in (("正在说", "batch"), ("预备", "batch"), ("提示", "prompt"), ("来电", "caller")):
        jobs.append(asyncio.create_task(speaker.say(Request(text, "zh", priority=priority))))
        for _ in range(5):
            await asyncio.sleep(0)
    assert (speaker.current, speaker.queued) == ("text", 3)
    best.gate.set()
    await asyncio.gather(*jobs)
    assert best.asked == ["正在说", "来电", "提示", "预备"]


async def test_asking_more_urgently_for_what_already_waits_moves_it_forward(speaker: Speaker, best: ToneEngine) -> None:
    best.gate.clear()
    jobs = []
    for text, priority in (("正在说", "batch"), ("甲", "batch"), ("乙", "batch"), ("乙", "caller")):
        jobs.append(asyncio.create_task(speaker.say(Request(text, "zh", priority=priority))))
        for _ in range(5):
            await asyncio.sleep(0)
    best.gate.set()
    await asyncio.gather(*jobs)
    assert best.asked == ["正在说", "乙", "甲"]


async def test_one_who_stops_waiting_does_not_take_the_sound_from_another(speaker: Speaker, best: ToneEngine) -> None:
    best.gate.clear()
    impatient = asyncio.create_task(speaker.say(HELLO))
    patient = asyncio.create_task(speaker.say(HELLO))
    for _ in range(5):
        await asyncio.sleep(0)
    impatient.cancel()
    best.gate.set()
    assert (await patient).engine == "best"


async def test_closing_tells_those_who_wait_instead_of_leaving_them(speaker: Speaker, best: ToneEngine) -> None:
    best.gate.clear()
    waiting = asyncio.create_task(speaker.say(HELLO))
    for _ in range(5):
        await asyncio.sleep(0)
    await speaker.close()
    with pytest.raises(SpeechError, match="ending"):
        await waiting
    assert best.closed


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (Request("  ……  ", "zh"), "nothing to say"),
        (Request("bonjour", "fr"), "fr"),
        (Request("你" * 2001, "zh"), "2001 characters"),
        (Request("你好", "zh", voice="../../etc/passwd"), "no voice is called"),
        (Request("你好", "zh", speed=9.0), "speed"),
        (Request("你好", "zh", priority="now"), "priority"),
    ],
)
async def test_what_nobody_could_speak_is_refused_with_the_reason(
    speaker: Speaker, best: ToneEngine, request_: Request, reason: str
) -> None:
    with pytest.raises(BadRequest, match=reason):
        await speaker.say(request_)
    assert best.asked == []


async def test_a_full_disk_is_told_and_leaves_no_broken_file(
    speaker: Speaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(SpeechError, match="free some disk space"):
            await speaker.say(HELLO)
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []
    assert (await speaker.say(HELLO)).cached is False


def _shipped(folder: Path) -> Library:
    prompts = folder / "prompts"
    prompts.mkdir(parents=True)
    write_wav(prompts / "zh/a.wav", tone(440, 0.5))
    row = {"text": "您好。", "file": "zh/a.wav", "voice": "zm_yunxi", "seconds": 0.5, "sha256": ""}
    beep = {"text": "提示音", "file": "zh/beep.wav", "voice": "tone", "seconds": 0.5, "sha256": ""}
    (prompts / "manifest.json").write_text(json.dumps({"a": {"zh": row}, "beep": {"zh": beep}}), encoding="utf-8")
    return Library(folder)


async def test_shipped_audio_is_never_spoken_again_unless_another_voice_is_wanted(
    tmp_path: Path, best: ToneEngine
) -> None:
    speaker = Speaker([best], Cache(tmp_path / "cache"), _shipped(tmp_path / "assets"), untouched)
    speaker.start()
    shipped = await speaker.say(Request(" 您好。 ", "zh-hans"))
    other = await speaker.say(Request("您好。", "zh", voice="zf_xiaoxiao"))
    tone_name = await speaker.say(Request("提示音", "zh"))
    await speaker.close()
    assert (shipped.engine, shipped.seconds) == ("shipped", 0.5)
    assert (other.engine, tone_name.engine) == ("best", "best")


def test_the_cache_forgets_the_least_recently_used_but_never_prompts_nor_the_last_hour(tmp_path: Path) -> None:
    now = [1_000_000.0]
    cache = Cache(tmp_path, cap_bytes=40_000, clock=lambda: now[0])
    keys = [key_of("e", "1", "v", "zh", 1.0, text) for text in "甲乙丙丁"]
    for key in keys[:3]:
        cache.put(key, tone(440, 1.0))  # 16 kB each
        cache.get(key)
        now[0] += 10
    cache.pin("greeting|zh", keys[0])
    assert all(cache.get(key) for key in keys[:3]), "all are younger than an hour"
    now[0] += 7200
    cache.get(keys[2])
    cache.put(keys[3], tone(440, 1.0))
    cache.get(keys[3])
    assert [cache.get(key) is not None for key in keys] == [True, False, True, True]


def test_a_torn_index_of_the_cache_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "pins.json").write_text('{"a|zh": "12', encoding="utf-8")
    cache = Cache(tmp_path)
    key = key_of("e", "1", "v", "zh", 1.0, "甲")
    stored = cache.put(key, tone(440, 0.2))
    stored.path.with_suffix(".json").write_text("", encoding="utf-8")
    assert cache.get(key) is None
    cache.put(key, tone(440, 0.2))
    assert cache.get(key) is not None


@pytest.mark.parametrize(
    "change", [{"speed": 1.1}, {"voice": "w"}, {"language": "en"}, {"engine": "f"}, {"identity": "2"}]
)
def test_whatever_changes_the_sound_changes_the_key(change: dict[str, str | float]) -> None:
    same = {"engine": "e", "identity": "1", "voice": "v", "language": "zh", "speed": 1.0, "text": "甲"}
    assert key_of(**same) != key_of(**{**same, **change})  # type: ignore[arg-type]


def test_prompts_are_levelled_to_one_loudness_without_clipping() -> None:
    rng = np.random.default_rng(1)
    for loudness in (0.02, 0.05, 0.9):
        speech = (loudness * rng.uniform(-1, 1, 8000)).astype(np.float32)
        heard = measure(levelled(speech))
        assert abs(heard.level - TARGET_LEVEL) < 0.5
        assert heard.clipped == 0
    assert measure(levelled(np.zeros(800, np.float32))).level < -100


def test_silence_inside_is_measured() -> None:
    heard = measure(np.concatenate([tone(440, 1), np.zeros(8000, np.float32), tone(440, 0.5)]))
    assert heard.seconds == 2.5
    assert abs(heard.longest_silence - 1.0) < 0.05


def test_a_file_that_is_not_telephone_audio_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "x.wav"
    broken.write_bytes(b"RIFF....not a wave")
    with pytest.raises(EngineError, match=r"x\.wav"):
        read_wav(broken)


def test_pinned_packages_are_read_with_all_their_hashes() -> None:
    text = "# note\na-b==1.0 \\\n    --hash=sha256:11 \\\n    --hash=sha256:22\n    # via -r x\nc==2 --hash=sha256:33\n"
    assert [(name, line.count("--hash")) for name, line in pinned(text)] == [("a-b", 2), ("c", 1)]
