"""Real sound for a handful of recent calls, and for voice messages: what simulated customers and robot agents say,
joined into a talk.

The two sides of a recording are put where the switch puts them and are then joined by the worker, as any other
recording.
"""

from __future__ import annotations

import json
import shutil
import wave
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from dealerline.apps.demo.world.customers import Customer
from dealerline.apps.demo.world.facts import Sound, Utterance, call_id
from dealerline.apps.demo.world.history import Story
from dealerline.settings import CHECKOUT

RECORDED = 14
RATE = 8000
CALLERS_FILE, LISTED = "demo-callers.json", 120
CALLERS = CHECKOUT / "assets" / "callers"
_SAYS = {  # what a caller of a line says, by language
    ("sales", "zh"): ("sales.price", "sales.drive"),
    ("sales", "en"): ("sales.price.en",),
    ("new_car", "zh"): ("new_car.range",),
    ("new_car", "en"): ("sales.price.en",),
    ("repair", "zh"): ("repair.book", "repair.status"),
    ("repair", "en"): ("repair.book.en",),
    ("rescue", "zh"): ("rescue.stuck",),
    ("rescue", "en"): ("rescue.stuck.en",),
    ("complaints", "zh"): ("complaint.slow",),
    ("complaints", "en"): ("complaint.slow.en",),
}


def usual_words(kind: str, language: str) -> str:
    """The key of a shipped sentence (assets/callers) that suits a line, so that nothing has to be synthesised."""
    return _SAYS.get((kind, language), _SAYS["sales", language])[0]


def _pcm(key: str) -> bytes:
    """The sound of an utterance, mono 16 bit at RATE; "" when it is not shipped."""
    path = CALLERS / f"{key}.wav"
    if not path.is_file():
        return b""
    with wave.open(str(path)) as sound:
        if (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) != (RATE, 1, 2):
            return b""
        return bytes(sound.readframes(sound.getnframes()))


def _silence(seconds: float) -> bytes:
    return b"\0\0" * int(RATE * seconds)


def _write(path: Path, pcm: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(pcm)


def record(stories: Sequence[Story]) -> dict[int, Sound]:
    """Give the latest answered calls a talk that is on disk; their stories are shortened to it.

    Story serial -> its files.
    """
    chosen = [s for s in reversed(stories) if s.answered and s.direction == "in" and (s.line, s.language) in _SAYS][
        :RECORDED
    ]
    made: dict[int, Sound] = {}
    for n, story in enumerate(chosen):
        words = _SAYS[story.line, story.language]
        hello = "robot.hello" if story.language == "zh" else "robot.hello.en"
        turns = [
            ("agent", _pcm(hello)),
            ("customer", _pcm(words[n % len(words)])),
            ("agent", _pcm("robot.check")),
            ("customer", _pcm("thanks")),
        ]
        if not all(pcm for _, pcm in turns):
            continue
        sides = {"agent": _silence(0.6), "customer": _silence(0.6)}
        for speaker, pcm in turns:
            for side in sides:
                sides[side] += (pcm if side == speaker else _silence(len(pcm) / 2 / RATE)) + _silence(0.7)
        seconds = round(len(sides["agent"]) / 2 / RATE, 2)
        stem = f"raw/{call_id(story)}-1"
        for side, pcm in sides.items():
            _write(settings.DEALERLINE.recordings / f"{stem}-{side}.wav", pcm)
        story.hold, story.ended = None, story.answered + seconds + 0.5
        made[story.serial] = Sound(f"{stem}-agent.wav", f"{stem}-customer.wav", seconds)
    return made


def list_callers(people: Sequence[Customer]) -> None:
    """Tell the simulator who is on file: ``run/demo-callers.json``, from which it draws who rings."""
    path = settings.DEALERLINE.run / CALLERS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    callers = [{"number": one.phones[0][0], "name": one.name} for one in people if one.kind == "person" and one.cars]
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(callers[:LISTED], ensure_ascii=False), encoding="utf-8")
    temporary.replace(path)


def messages() -> dict[str, Utterance]:
    """What voice messages of each line say, copied below the recordings folder once and shared."""
    found: dict[str, Utterance] = {}
    seconds = {}
    manifest = CALLERS / "manifest.json"
    if manifest.is_file():
        seconds = {key: entry["seconds"] for key, entry in json.loads(manifest.read_text(encoding="utf-8")).items()}
    for (line, language), words in _SAYS.items():
        source = CALLERS / f"{words[0]}.wav"
        if language == "zh" and source.is_file():
            path = f"voicemail/demo-{words[0]}.wav"
            target = settings.DEALERLINE.recordings / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            found[line] = Utterance(path, seconds.get(words[0], 0.0))
    return found


def remove_files() -> None:
    """Take the shared files away again: messages, the list of callers."""
    (settings.DEALERLINE.run / CALLERS_FILE).unlink(missing_ok=True)
    for path in (settings.DEALERLINE.recordings / "voicemail").glob("demo-*.wav"):
        path.unlink(missing_ok=True)
