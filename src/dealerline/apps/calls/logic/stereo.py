"""The sound of a recording: raw sides in, a stereo WAV and the peaks for drawing it out."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 8000
PEAKS_A_SECOND = 20
PEAKS_AT_MOST = 4000

Samples = npt.NDArray[np.int16]


def read_side(path: Path) -> Samples | None:
    """The samples of one side (8 kHz mono 16 bit), or None when there is no file.

    A recorder that was killed leaves a header that says 0 bytes: then everything behind the header counts.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if data[:4] != b"RIFF":
        return np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2")  # raw signed linear
    start = data.find(b"data", 12)
    if start < 0 or len(data) < start + 8:
        return np.zeros(0, dtype=np.int16)
    said = struct.unpack_from("<I", data, start + 4)[0]
    body = data[start + 8:]
    if 0 < said < len(body):
        body = body[:said]
    return np.frombuffer(body[: len(body) // 2 * 2], dtype="<i2")


def of_one_length(left: Samples | None, right: Samples | None) -> tuple[Samples, Samples]:
    """Both sides as long as the longer one; the shorter, or a missing one, is silence to the end."""
    sides = [np.zeros(0, dtype=np.int16) if side is None else side for side in (left, right)]
    length = max(map(len, sides))
    padded = [np.pad(side, (0, length - len(side))) for side in sides]
    return padded[0], padded[1]


def peaks_of(left: Samples, right: Samples) -> dict[str, float | list[float]]:
    """The loudest sample of each short stretch, 0 to 1, for drawing; at most PEAKS_AT_MOST a side."""
    seconds = len(left) / RATE
    count = int(min(PEAKS_AT_MOST, max(1, round(seconds * PEAKS_A_SECOND))))

    def peaks(side: Samples) -> list[float]:
        if not len(side):
            return []
        edges = np.linspace(0, len(side), min(count, len(side)) + 1).astype(int)[:-1]
        loudest = np.maximum.reduceat(np.abs(side.astype(np.int32)), edges)
        return [round(float(value) / 32768, 3) for value in loudest]

    return {"seconds": round(seconds, 3), "left": peaks(left), "right": peaks(right)}


def wav(left: Samples, right: Samples) -> bytes:
    """A stereo WAV of sides of equal length."""
    body = np.stack([left, right], axis=1).astype("<i2").tobytes()
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16, 1, 2, RATE, RATE * 4, 4,
                         16,
                         b"data", len(body))
    return header + body
