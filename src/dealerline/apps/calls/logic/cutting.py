"""Parts of a stereo file made silent while it is sent: what somebody may not hear is never in what he gets.

The file keeps its length and its time axis; the silent parts are zeros. See calls.own_spans, whole.holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dealerline.apps.calls.logic.recordings import RATE

HEADER = 44
FRAME = 4
BLOCK = 1024 * 1024

Spans = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Quiet:
    """When each side is silent, in seconds of the file."""

    left: tuple[tuple[float, float], ...] = ()
    right: tuple[tuple[float, float], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.left or self.right)


def outside(spans: Spans, seconds: float) -> tuple[tuple[float, float], ...]:
    """What of 0 to ``seconds`` lies outside of the spans."""
    gaps, reached = [], 0.0
    for since, until in sorted(spans):
        if since > reached:
            gaps.append((reached, since))
        reached = max(reached, until)
    return (*gaps, (reached, seconds + 1)) if reached < seconds else tuple(gaps)


def read(path: Path, at: int, count: int, quiet: Quiet) -> bytes:
    """``count`` bytes of the file from byte ``at`` on, with the quiet parts as zeros."""
    start = at if at < HEADER else at - (at - HEADER) % FRAME  # whole frames
    with path.open("rb") as file:
        file.seek(start)
        data = bytearray(file.read(at + count - start + FRAME))
    body = max(0, HEADER - start)
    frames = np.frombuffer(data, dtype="<i2", offset=body, count=(len(data) - body) // FRAME * 2).reshape(-1, 2)
    first = (start + body - HEADER) // FRAME
    for side, spans in enumerate((quiet.left, quiet.right)):
        for since, until in spans:
            frames[max(0, round(since * RATE) - first):max(0, round(until * RATE) - first), side] = 0
    return bytes(data[at - start:at - start + count])


def stream(path: Path, quiet: Quiet) -> Iterator[bytes]:
    """The whole file, block by block."""
    size = path.stat().st_size
    for at in range(0, size, BLOCK):
        yield read(path, at, min(BLOCK, size - at), quiet)


def quiet_peaks(peaks: dict[str, Any], quiet: Quiet) -> dict[str, Any]:
    """The drawing without the quiet parts."""
    seconds = float(peaks.get("seconds") or 0)
    drawn = dict(peaks)
    for side, spans in (("left", quiet.left), ("right", quiet.right)):
        values = list(peaks.get(side) or [])
        for since, until in spans:
            for n in range(*(min(len(values), max(0, round(at * len(values) / max(seconds, 0.001))))
                             for at in (since, until))):
                values[n] = 0.0
        drawn[side] = values
    return drawn
