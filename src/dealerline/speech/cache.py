"""Spoken text on disk, found by what decides its sound: ``media/speech/ab/abcd....wav`` with a JSON file beside it.

Prompts (requests with a key) are pinned: only the audio that a newer text of the same key replaces becomes removable.
Everything else goes, least recently used first, once the unpinned files are over the cap; nothing younger than an hour
does, for a call may be about to play it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dealerline.speech import lexicon
from dealerline.speech.audio import TELEPHONE_RATE, Samples, write_wav
from dealerline.speech.text import RULES_VERSION

_YOUNG = 3600.0


def key_of(engine: str, identity: str, voice: str, language: str, speed: float, text: str) -> str:
    """The name of the audio of a normalised text, 64 hex digits."""
    decides = [engine, identity, voice, language, round(speed, 3), RULES_VERSION, lexicon.VERSION, TELEPHONE_RATE, text]
    return hashlib.sha256(json.dumps(decides, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Stored:
    """Audio in the cache."""

    path: Path
    seconds: float


class Cache:
    """One folder; safe beside other processes, for every file arrives by a rename."""

    def __init__(self, folder: Path, *, cap_bytes: int = 512 << 20, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._cap = cap_bytes
        self._clock = clock
        self._pins_file = folder / "pins.json"
        self._pins: dict[str, str] = self._read(self._pins_file)

    @staticmethod
    def _read(path: Path) -> dict[str, Any]:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}  # never written, or torn by a full disk: what it told can be made again
        return found if isinstance(found, dict) else {}

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.wav"

    def get(self, key: str) -> Stored | None:
        """The audio of that key, marked as used now; None when it was never spoken or has been removed."""
        path = self._path(key)
        facts = self._read(path.with_suffix(".json"))
        if "seconds" not in facts or not path.is_file():
            return None
        with contextlib.suppress(OSError):
            os.utime(path, (self._clock(), self._clock()))
        return Stored(path, float(facts["seconds"]))

    def put(self, key: str, samples: Samples, **facts: Any) -> Stored:
        """Store 8 kHz samples. Raises OSError when the disk is full; then nothing is left behind."""
        path = self._path(key)
        seconds = len(samples) / TELEPHONE_RATE
        write_wav(path, samples)
        self._write(path.with_suffix(".json"), {**facts, "seconds": seconds, "at": self._clock()})
        self._trim()
        return Stored(path, seconds)

    def pin(self, name: str, key: str) -> None:
        """Keep this audio for as long as ``name`` (a prompt's key and language) does not point elsewhere."""
        if self._pins.get(name) != key:
            self._pins[name] = key
            self._write(self._pins_file, self._pins)

    @staticmethod
    def _write(path: Path, value: dict[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            part.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _trim(self) -> None:
        pinned = set(self._pins.values())
        found = []
        for path in self.folder.glob("*/*.wav"):
            if path.stem not in pinned:
                with contextlib.suppress(OSError):
                    stat = path.stat()
                    found.append((stat.st_mtime, stat.st_size, path))
        total = sum(size for _, size, _ in found)
        for used, size, path in sorted(found):
            if total <= self._cap or self._clock() - used < _YOUNG:
                break
            path.unlink(missing_ok=True)
            path.with_suffix(".json").unlink(missing_ok=True)
            total -= size
