"""Ears for tests: which tones, and which silences, are in a sound file.

Every party of a telephony test hums its own frequency, so a Fourier transform of what another party received reads one
row of the hearing matrix. Levels are in dB relative to a full-scale sine wave (0 dB); a tone of ours lies near -14 dB,
silence below -70 dB, and companding noise of A-law beside a tone below -45 dB.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000
FRAME = 160  # 20 ms
CLEAR = -30.0  # dB from which a tone counts as heard
SILENT = -55.0  # dB below which a frame counts as silence
Samples = NDArray[np.float64]


def samples(path: Path, start: float = 0.0, end: float | None = None, channel: int = 0) -> Samples:
    """Samples from ``start`` to ``end`` seconds, 1.0 = full scale; of an unfinished file as far as it goes."""
    data = path.read_bytes() if path.exists() else b""
    if len(data) < 44 or data[:4] != b"RIFF":
        return np.zeros(0)
    # The header of an unfinished file gives no lengths yet; what is there counts.
    channels, rate, width = _format(data)
    assert (rate, width) == (RATE, 2), f"{path.name}: wanted 8 kHz 16 bit, not {rate} Hz {8 * width} bit"
    sound = np.frombuffer(data[44:len(data) - (len(data) - 44) % (2 * channels)], dtype="<i2")
    whole = sound.reshape(-1, channels)[:, channel]
    return whole[int(start * RATE):None if end is None else int(end * RATE)].astype(np.float64) / 32768


def _format(data: bytes) -> tuple[int, int, int]:
    """Channels, samples a second, bytes a sample."""
    _, channels, rate, _, _, bits = struct.unpack("<HHIIHH", data[20:36])
    return channels or 1, rate, bits // 8


def seconds(path: Path) -> float:
    """How long the sound is."""
    return len(samples(path)) / RATE


def level(sound: Samples, hertz: float) -> float:
    """dB of the frequency, best of the file's half-second windows (a tone that sounded for a while counts)."""
    window = RATE // 2
    if len(sound) < window:
        return -120.0
    pieces = sound[: len(sound) // window * window].reshape(-1, window) * np.hanning(window)
    wave_ = np.exp(-2j * np.pi * hertz * np.arange(window) / RATE)
    amplitude = float(np.max(np.abs(pieces @ wave_))) * 4 / window  # Hann halves it
    return 20 * float(np.log10(max(amplitude, 1e-6)))


def heard(path: Path, frequencies: Iterable[float], start: float = 0.0, end: float | None = None,
          channel: int = 0) -> dict[float, float]:
    """frequency -> dB in that part of the file."""
    sound = samples(path, start, end, channel)
    return {hertz: level(sound, hertz) for hertz in frequencies}


def tones(path: Path, frequencies: Iterable[float], start: float = 0.0, end: float | None = None,
          channel: int = 0) -> set[float]:
    """Those of the frequencies that are clearly heard."""
    return {hertz for hertz, db in heard(path, frequencies, start, end, channel).items() if db >= CLEAR}


def _frames(sound: Samples) -> Samples:
    """Loudness in dB of each 20 ms."""
    pieces = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    loud: Samples = 10 * np.log10(np.maximum(np.mean(pieces**2, axis=1) * 2, 1e-12))
    return loud


def gaps(path: Path, longer_than: float = 0.1, start: float = 0.0, end: float | None = None,
         below: float = SILENT) -> list[tuple[float, float]]:
    """(from, to) in seconds of every silence longer than that, within the part of the file."""
    found: list[tuple[float, float]] = []
    began: int | None = None
    quiet = [*(db < below for db in _frames(samples(path, start, end))), False]
    for index, silent in enumerate(quiet):
        if silent and began is None:
            began = index
        elif not silent and began is not None:
            if (index - began) * FRAME / RATE > longer_than:
                found.append((start + began * FRAME / RATE, start + index * FRAME / RATE))
            began = None
    return found


def loudness(path: Path, start: float = 0.0, end: float | None = None) -> float:
    """dB of the loudest 20 ms."""
    frames = _frames(samples(path, start, end))
    return float(frames.max()) if len(frames) else -120.0


def first_sound(path: Path, hertz: float, step: float = 0.1) -> float | None:
    """When (seconds) the tone is first clearly heard, to 0.1 s; None when never."""
    sound = samples(path)
    width = int(0.2 * RATE)
    for begin in range(0, len(sound) - width, int(step * RATE)):
        piece = sound[begin:begin + width] * np.hanning(width)
        amplitude = abs(piece @ np.exp(-2j * np.pi * hertz * np.arange(width) / RATE)) * 4 / width
        if 20 * np.log10(max(amplitude, 1e-6)) >= CLEAR:
            return begin / RATE
    return None
