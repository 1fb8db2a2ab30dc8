"""What the measuring phones hear, packet by packet: from which one on a tone is there, or is no longer.

Every voice has a tone of its own, the music too. All are multiples of 50 hertz, so that twenty milliseconds hold whole
waves and Goertzel's filter tells them apart exactly, wherever a packet begins. The kernel notes when a packet arrived,
which on loopback is when it was sent: reading it later costs no accuracy.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import socket
import struct
import time
import wave
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from bench.rtp import Media
from bench.sip import Agent

SO_TIMESTAMPNS = 35  # Linux; Python has no name for it
STAMP = struct.Struct("qq")
HEAD, FRAME, RATE = 12, 160, 8000
PCMA = 8
HEARD, GONE = 2000.0, 500.0  # amplitudes; a voice has 8000
LOUD = 500  # a sample louder than this is sound, not what A-law makes of silence
STEADY = 5  # packets in a row which must say the same: a single lost frame is no hold
PAUSE = 0.07  # seconds without a packet: silence, as much as a packet without a tone
READ = 0.01  # seconds between two looks at the sockets
KEPT = 500  # packets of one phone: ten seconds


def _linear(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = code >> 4 & 7, code & 15
    value = (mantissa << 4) + 8
    if exponent:
        value = value + 0x100 << exponent - 1
    return value if code & 0x80 else -value


ALAW = [_linear(code) for code in range(256)]


@lru_cache(4096)  # with music or one voice alone the same few payloads come over and over
def amplitude(payload: bytes, hertz: float) -> float:
    """Of that tone in twenty milliseconds of A-law (Goertzel); 32768 is full scale."""
    twice, one, two = 2 * math.cos(2 * math.pi * hertz / RATE), 0.0, 0.0
    for code in payload:
        one, two = ALAW[code] + twice * one - two, one
    return math.sqrt(max(0.0, one * one + two * two - twice * one * two)) * 2 / len(payload)


def loud(payload: bytes) -> bool:
    """Whether there is anything to hear."""
    return any(abs(ALAW[code]) > LOUD for code in payload)


def write_tone(path: Path, hertz: float, seconds: int) -> None:
    """A sound file with nothing but that tone, as music on hold."""
    second = b"".join(struct.pack("<h", int(8000 * math.sin(2 * math.pi * hertz * n / RATE))) for n in range(RATE))
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(second * seconds)


class Voice(Media):
    """A tone for the phones that speak with it; what they receive is stamped by the kernel."""

    def socket(self) -> socket.socket:
        made = super().socket()
        made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        return made


@dataclass
class Ear:
    """What one phone received of late: when (epoch seconds) and what."""

    phone: Agent
    packets: deque[tuple[float, bytes]] = field(default_factory=lambda: deque(maxlen=KEPT))

    def read(self) -> None:
        """Take what waits in the phone's sockets."""
        for leg in list(self.phone.legs.values()):
            if leg.rtp is not None and leg.rtp.fileno() >= 0:
                self.packets.extend(received(leg.rtp))

    def since(self, moment: float) -> Iterable[tuple[float, bytes]]:
        """The packets after that moment, in order."""
        return [packet for packet in self.packets if packet[0] > moment]

    def gap(self, start: float, end: float) -> float:
        """The longest silence in that time, seconds: no packet, or nothing to hear in it."""
        heard = [arrival for arrival, payload in self.since(start) if arrival <= end and loud(payload)]
        edges = [start, *heard, end]
        longest = max(after - before for before, after in itertools.pairwise(edges))
        return max(0.0, longest - FRAME / RATE)


def received(rtp: socket.socket) -> list[tuple[float, bytes]]:
    """The sound packets that wait in a socket of a ``Voice``."""
    found: list[tuple[float, bytes]] = []
    while True:
        try:
            data, extra, _, _ = rtp.recvmsg(2048, 64)
        except OSError:  # nothing more, or the call has ended
            return found
        if len(data) == HEAD + FRAME and data[1] & 0x7F == PCMA:
            found.append((_stamp(extra), data[HEAD:]))


def _stamp(extra: Sequence[tuple[int, int, bytes]]) -> float:
    for level, kind, value in extra:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = STAMP.unpack(value[: STAMP.size])
            return float(seconds + nanoseconds / 1e9)
    return time.time()


@dataclass
class Change:
    """From which packet on an ear hears all of ``hears`` and none of ``misses`` (hertz), ``STEADY`` times running."""

    ear: Ear
    hears: tuple[float, ...]
    misses: tuple[float, ...]
    since: float  # epoch seconds
    at: float = 0.0  # epoch seconds, when it has come
    _seen: float = 0.0
    _first: float = 0.0
    _count: int = 0

    def come(self) -> bool:
        """Look at what was received since the last look."""
        for arrival, payload in self.ear.since(max(self.since, self._seen)):
            if self.at:
                break
            if arrival - self._seen > PAUSE:
                self._count = 0
            self._seen = arrival
            if not self._as_wanted(payload):
                self._count = 0
                continue
            if not self._count:
                self._first = arrival
            self._count += 1
            if self._count == STEADY:
                self.at = self._first
        return bool(self.at)

    def _as_wanted(self, payload: bytes) -> bool:
        return all(amplitude(payload, h) > HEARD for h in self.hears) and all(
            amplitude(payload, h) < GONE for h in self.misses
        )


async def listen(ears: Iterable[Ear]) -> None:
    """Read what comes in, until cancelled."""
    everybody = list(ears)
    while True:
        for ear in everybody:
            ear.read()
        await asyncio.sleep(READ)


async def all_come(changes: Sequence[Change], seconds: float) -> bool:
    """Wait until every change has come. False when the time is over."""
    return await until(lambda: sum(change.come() for change in changes) == len(changes), seconds)


async def until(holds: Callable[[], bool], seconds: float) -> bool:
    """Wait for it. False when the time is over."""
    limit = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > limit:
            return False
        await asyncio.sleep(2 * READ)
    return True
