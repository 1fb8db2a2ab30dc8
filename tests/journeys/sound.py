"""The agent's voice for Chromium's false microphone, and ears for the stereo recordings."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

RATE = 48000


def write_hum(path: Path, hertz: float, seconds: float = 2.4) -> None:
    """A wav that Chromium repeats without end: the tone comes and goes like speech.

    A tone that never ends would be taken for the noise of a fan and removed by the browser's noise suppression.
    """
    at = np.arange(int(RATE * seconds)) / RATE
    spoken = (at % 1.2) < 0.8  # syllables of 0.8 s, pauses of 0.4 s
    smooth = np.convolve(spoken.astype(float), np.ones(480) / 480, "same")  # no clicks
    samples = (0.35 * np.sin(2 * np.pi * hertz * at) * smooth * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
