"""Sound files for tests: 8 kHz, 16 bit, mono."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from tests.telephony.tones import RATE, Samples


def write(path: Path, sound: Samples) -> None:
    """1.0 is full scale."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())


def write_tone(path: Path, hertz: float, loud: float, seconds: float = 60.0) -> None:
    write(path, np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE) * loud)
