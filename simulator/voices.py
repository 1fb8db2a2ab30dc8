"""What simulated people say, as 8 kHz sound files: shipped, else the speech service's voices, else espeak."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import wave
from pathlib import Path

import numpy as np
import yaml

from dealerline.runtime.tree import Tree
from dealerline.settings import CHECKOUT, Settings

log = logging.getLogger("simulator.voices")
SHIPPED = CHECKOUT / "assets" / "callers"
ESPEAK_VOICE = {"zh": "cmn-latn-pinyin", "en": "en-us"}
RATE = 8000
TONE_LEVEL = 0.2  # of full scale: -14 dB
SECONDS = 30.0  # longest time a synthesis may take


class CannotSpeak(RuntimeError):
    """No engine could say the words; the text says what was tried."""


def guess_language(text: str) -> str:
    """``zh`` when there is any Chinese character in it, else ``en``."""
    return "zh" if any("一" <= char <= "鿿" for char in text) else "en"


class Voices:
    """``path(words, language)`` gives a sound file's path without its ending, as Asterisk's ``sound:`` wants it."""

    def __init__(self, settings: Settings) -> None:
        self._tree = Tree(settings.debroot)
        self._cache = settings.data / "carrier" / "voices"
        self._busy: dict[Path, asyncio.Lock] = {}
        listed = SHIPPED / "callers.yaml"
        self.utterances: dict[str, dict[str, str]] = (
            yaml.safe_load(listed.read_text(encoding="utf-8")) if listed.is_file() else {})

    async def path(self, words: str, language: str = "") -> Path:
        """Raises CannotSpeak."""
        known = self.utterances.get(words)
        if known is not None:
            if (SHIPPED / f"{words}.wav").is_file():
                return SHIPPED / words
            words, language = known["text"], known["language"]
        else:
            for key, utterance in self.utterances.items():
                if utterance["text"] == words and (SHIPPED / f"{key}.wav").is_file():
                    return SHIPPED / key
        language = language or guess_language(words)
        name = hashlib.sha256(f"{language}\0{words}".encode()).hexdigest()[:24]
        wav = self._cache / f"{name}.wav"
        async with self._busy.setdefault(wav, asyncio.Lock()):
            if not wav.is_file():
                self._cache.mkdir(parents=True, exist_ok=True)
                await self._espeak(words, language, wav)
        return wav.with_suffix("")

    def tone(self, hertz: float, seconds: float, pause: float = 0.0) -> Path:
        """A tone (and a pause after it) as a file, its path without ending.

        A file, since Asterisk's own ``tone:`` makes a channel deaf to its recorders while it sounds.
        """
        wav = self._cache / f"tone-{hertz:g}-{seconds:g}-{pause:g}.wav"
        if not wav.is_file():
            self._cache.mkdir(parents=True, exist_ok=True)
            time = np.arange(round(seconds * RATE)) / RATE
            sound = np.concatenate([np.sin(2 * np.pi * hertz * time) * TONE_LEVEL, np.zeros(round(pause * RATE))])
            new = wav.with_suffix(".new")
            with wave.open(str(new), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(RATE)
                file.writeframes((sound * 32767).astype("<i2").tobytes())
            new.rename(wav)
        return wav.with_suffix("")

    async def _espeak(self, words: str, language: str, wav: Path) -> None:
        raw, ready = wav.with_suffix(".raw.wav"), wav.with_suffix(".new.wav")
        libraries = self._tree.libraries
        await _run(self._tree.command("usr/bin/espeak-ng", f"--path={libraries}", "-v", ESPEAK_VOICE[language],
                                      "-s", "150", "-w", str(raw), "--", words))
        await _run(self._tree.command("usr/bin/sox", str(raw), "-r", "8000", "-c", "1", "-b", "16", str(ready),
                                      "norm", "-6"))
        raw.unlink(missing_ok=True)
        ready.rename(wav)


async def _run(command: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL,
                                                   stderr=asyncio.subprocess.PIPE)
    try:
        _, trouble = await asyncio.wait_for(process.communicate(), SECONDS)
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise CannotSpeak(f"{Path(command[3]).name} took longer than {SECONDS:g} s") from error
    if process.returncode:
        raise CannotSpeak(trouble.decode(errors="replace").strip()[-300:] or f"exit code {process.returncode}")
