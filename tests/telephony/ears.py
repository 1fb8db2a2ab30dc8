"""What was in whose ear at what moment: windows of sound files by the clock on the wall, beside what should have been.

Everybody hums one tone, the music on hold is one, too. Levels are those of a tone in pieces of 200 ms, the middle one
of a window's pieces: a packet lost on a busy machine splashes over all frequencies for a moment, a leak is there all
along. The tones are as far apart from one another as from the others' overtones and beats, which A-law makes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from simulator.parties import Party
from simulator.world import World
from tests.telephony import tones
from tests.telephony.harness import until

HUMS: dict[str, float] = {"customer": 625, "a": 926, "b": 1080, "c": 1220, "d": 1416, "out": 1934, "music": 2263}
FULL = -14.0  # dB of a hum as it is sent
CLEAR = FULL - 10  # from there on it is heard
LEAK = -50.0  # dB beside all that he should hear, from which on it is a leak; A-law's own noise is 10 dB below
PIECE = tones.RATE // 5
GUARD = 0.15  # seconds at a window's edges that are not looked at
LOOK = 0.02
_AT = np.arange(PIECE)
_TURN = 2 * np.pi * _AT / PIECE
_BELL = 0.35875 - 0.48829 * np.cos(_TURN) + 0.14128 * np.cos(2 * _TURN) - 0.01168 * np.cos(3 * _TURN)


def by_pieces(sound: tones.Samples, hertz: Collection[float]) -> tones.Samples:
    """dB of each tone (columns) in each piece of the sound (rows)."""
    starts = range(0, len(sound) - PIECE + 1, PIECE // 8)
    pieces = np.array([sound[s:s + PIECE] for s in starts]).reshape(-1, PIECE) * (_BELL / _BELL.sum() * 2)
    waves = np.exp(np.outer(_AT, [-2j * np.pi * h / tones.RATE for h in hertz]))
    found: tones.Samples = 20 * np.log10(np.maximum(np.abs(pieces @ waves), 1e-6))
    return found


def levels(sound: tones.Samples, hertz: Collection[float]) -> dict[float, float]:
    """dB of each tone: the middle one of the pieces' levels; nothing for a sound that is shorter than a piece."""
    pieces = by_pieces(sound, hertz)
    if not len(pieces):
        return {}
    found = np.median(pieces, axis=0)
    return dict(zip(hertz, (float(db) for db in found), strict=True))


class Clock:
    """When on the wall each party's sound file began.

    A file begins with its party's first sound and is written in large pieces, so its length, looked at often, tells its
    beginning best just after such a piece: the earliest beginning that was ever seen is the right one.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._began: dict[str, float] = {}
        self._sizes: dict[str, int] = {}
        self._task = asyncio.create_task(self._watch(), name="ears")

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            for party in list(self._world.parties.values()):
                if party.live or time.time() - party.ended < 2:
                    self._look(party)
            await asyncio.sleep(LOOK)

    def _look(self, party: Party) -> None:
        path = self._world.heard(party)
        size = path.stat().st_size if path.exists() else 0
        if size > self._sizes.get(party.id, 44):
            self._sizes[party.id] = size
            began = time.time() - (size - 44) / 2 / tones.RATE
            self._began[party.id] = min(began, self._began.get(party.id, began))

    def began(self, party: Party) -> float:
        return self._began[party.id]


@dataclass(frozen=True)
class Window:
    """A time in which nothing changed. ``hears``: listener -> who and what (``music``) he shall hear."""

    after: str
    start: float
    end: float
    parties: Mapping[str, Party]
    hears: Mapping[str, Collection[str]]


@dataclass
class Ears:
    """All windows of one conversation, and what was wrong in them."""

    world: World
    clock: Clock
    windows: list[Window] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # every row as it was heard, for whoever looks at a failure

    def sound(self, party: Party, start: float, end: float) -> tones.Samples:
        """What he heard between two moments on the wall."""
        began = self.clock.began(party)
        return tones.samples(self.world.heard(party), max(start - began, 0), max(end - began, 0))

    async def written(self) -> None:
        """Wait until the files of everybody who took part are closed; all must have hung up."""
        parties = {p.id: p for w in self.windows for p in w.parties.values()}.values()
        await until(lambda: all(_closed(self.world.heard(p)) for p in parties), what="the sound files are complete")
        await until(lambda: all(p.id in self.clock._began for p in parties), what="the clock saw every file")

    def faults(self) -> list[str]:
        """In words: who did not hear whom he should, who heard what he must not, where a customer had silence."""
        return [fault for window in self.windows for fault in self._window(window)] + self.silences()

    def _lasting(self, window: Window, listener: str) -> dict[float, float]:
        """What was there in both halves of a window: a lost packet sounds like every tone at once, but a leak lasts."""
        start, end = window.start + GUARD, window.end - GUARD / 3
        middle, party = (start + end) / 2, window.parties[listener]
        first, second = (levels(self.sound(party, a, b), HUMS.values()) for a, b in ((start, middle), (middle, end)))
        return {hertz: min(db, second[hertz]) for hertz, db in first.items() if hertz in second}

    def _window(self, window: Window) -> list[str]:
        found = []
        for listener, wanted in window.hears.items():
            sound = self.sound(window.parties[listener], window.start + GUARD, window.end - GUARD / 3)
            measured = levels(sound, [h for who, h in HUMS.items() if who != listener])
            lasts = self._lasting(window, listener)
            leak = FULL + 20 * float(np.log10(max(len(wanted), 1))) + LEAK
            if not measured:
                found.append(f"after {window.after}: nothing was written of what {listener} heard")
            for who, hertz in HUMS.items():
                db = measured.get(hertz, -120.0)
                if who in wanted and db < CLEAR:
                    found.append(f"after {window.after}: {listener} hears {who} at {db:.0f} dB, that is not at all")
                elif who not in wanted and db > leak and lasts.get(hertz, db) > leak:
                    found.append(f"after {window.after}: {listener} hears {who} at {db:.0f} dB, and must not")
            row = " ".join(f"{who}:{measured.get(h, -120):.0f}" for who, h in HUMS.items() if who != listener)
            self.told.append(f"{window.after}: {listener} <- {row}")
        return found

    def silences(self, listener: str = "customer", longest: float = 0.3) -> list[str]:
        """Times without any sound in which somebody or something is to be heard."""
        found = []
        for first, last in self._audible(listener):
            party = first.parties[listener]
            began = self.clock.began(party)
            start, end = first.start + GUARD - began, last.end - began
            for gap in tones.gaps(self.world.heard(party), longest, start, end):
                after = [w.after for w in self.windows if w.start - began <= gap[0]][-1]
                length, at = gap[1] - gap[0], gap[0] - start
                found.append(f"{listener} has {length:.2f} s of silence, {at:.1f} s on, after {after}")
        return found

    def _audible(self, listener: str) -> list[tuple[Window, Window]]:
        """The longest rows of windows in which that listener is never rightly in silence: first and last of each."""
        rows: list[list[Window]] = [[]]
        for window in self.windows:
            party = window.parties.get(listener)
            if not window.hears.get(listener) or party is None:
                rows.append([])
            elif rows[-1] and rows[-1][-1].parties[listener] is not party:
                rows.append([window])
            else:
                rows[-1].append(window)
        return [(row[0], row[-1]) for row in rows if row]


def _closed(path: Path) -> bool:
    """Whether a sound file's header tells its length, as it does once the recorder has ended."""
    data = path.read_bytes()[:44] if path.exists() else b""
    return len(data) == 44 and int.from_bytes(data[40:44], "little") == path.stat().st_size - 44
