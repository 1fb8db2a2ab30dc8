"""The speech engine's twin that lives in memory: tones at once, and failure when told to. For unit tests and trials."""

from __future__ import annotations

import asyncio

import numpy as np

from dealerline.speech.audio import TELEPHONE_RATE, Pcm, Samples, tone
from dealerline.speech.errors import EngineError


class ToneEngine:
    """Each text becomes a tone as long as its letters; what it was asked is kept in ``asked``."""

    def __init__(self, name: str = "tone", *, hertz: float = 440.0, ready: bool = True) -> None:
        self.name = name
        self.identity = "1"
        self.hertz = hertz
        self.there = ready
        self.failure: str = ""  # not empty: the next texts fail with this
        self.silent = False
        self.asked: list[str] = []
        self.closed = False
        self.gate = asyncio.Event()  # cleared: texts wait here until it is set
        self.gate.set()

    def ready(self) -> bool:
        return self.there

    async def synth(self, text: str, voice: str, language: str, speed: float) -> Pcm:
        self.asked.append(text)
        await self.gate.wait()
        if self.failure:
            raise EngineError(self.failure)
        samples = np.zeros(0, np.float32) if self.silent else tone(self.hertz, 0.05 * len(text) / speed)
        return Pcm(samples, TELEPHONE_RATE)

    async def close(self) -> None:
        self.closed = True


def untouched(pcm: Pcm) -> Samples:
    """In place of the way through sox: the twin's tones are at 8 kHz already."""
    return pcm.samples
