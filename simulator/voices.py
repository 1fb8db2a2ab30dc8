"""What simulated people say, as 8 kHz sound files: shipped, else the speech service's voices, else espeak."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np
import yaml

from dealerline.settings import CHECKOUT, Settings
from dealerline.speech.client import speak_async
from dealerline.speech.errors import SpeechError

SHIPPED = CHECKOUT / "assets" / "callers"
RATE = 8000
TONE_LEVEL = 0.2  # of full scale: -14 dB


class CannotSpeak(RuntimeError):
    """No engine could say the words; the text says what was tried."""


def guess_language(text: str) -> str:
    """``zh`` when there is any Chinese character in it, else ``en``."""
    return "zh" if any("一" <= char <= "鿿" for char in text) else "en"


class Voices:
    """``path(words, language)`` gives a sound file: wav, 8 kHz, mono, 16 bit."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cache = settings.data / "carrier" / "voices"
        self._spoken: dict[tuple[str, str], asyncio.Task[Path]] = {}
        listed = SHIPPED / "callers.yaml"
        self.utterances: dict[str, dict[str, str]] = (
            yaml.safe_load(listed.read_text(encoding="utf-8")) if listed.is_file() else {})

    async def path(self, words: str, language: str = "") -> Path:
        """``words`` may be a key of assets/callers. Raises CannotSpeak."""
        known = self.utterances.get(words)
        if known is not None:
            shipped = SHIPPED / f"{words}.wav"
            if shipped.is_file():
                return shipped
            words, language = known["text"], known["language"]
        wish = (words, language or guess_language(words))
        spoken = self._spoken.get(wish)
        if spoken is None or (spoken.done() and (spoken.cancelled() or spoken.exception() is not None)):
            spoken = self._spoken[wish] = asyncio.create_task(self._speak(*wish))
        # A person who hangs up stops waiting; what is being spoken may serve the next one.
        return await asyncio.shield(spoken)

    async def _speak(self, words: str, language: str) -> Path:
        try:
            return await speak_async(words, language, settings=self._settings)
        except SpeechError as error:
            raise CannotSpeak(str(error)) from error

    def tone(self, hertz: float, seconds: float, pause: float = 0.0) -> Path:
        """A tone (and a pause after it) as a file.

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
        return wav
