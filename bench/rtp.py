"""Sound for the measuring instrument: G.711 as RTP, sent by a process of its own for all calls.

Of its own, so that ten thousand packets a second do not hold up the process that takes the time of SIP messages. The
streams are spread over the twenty milliseconds, as those of callers from everywhere are. What comes in is left to the
kernel, which throws it away when a socket's buffer is full.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import secrets
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

SLOTS = 10
FRAME = 0.02
MESSAGE = struct.Struct("!?I4sH")  # start or stop, stream, address, port


class Media:
    """Starts and stops streams; ``tone``: hertz, 0 for silence."""

    def __init__(self, host: str = "127.0.0.1", tone: float = 0.0) -> None:
        self.host = host
        self._next = 0
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.rtp", str(theirs.fileno()), str(tone)],
                pass_fds=[theirs.fileno()],
                cwd=Path(__file__).resolve().parents[1],
            )

    def socket(self) -> socket.socket:
        """A bound UDP socket whose port goes into a session description."""
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((self.host, 0))
        s.setblocking(False)
        return s

    def start(self, s: socket.socket, to: tuple[str, int]) -> int:
        """Send from this socket to that address, until stopped. Returns the stream's number."""
        self._next += 1
        message = MESSAGE.pack(True, self._next, socket.inet_aton(to[0]), to[1])
        socket.send_fds(self._control, [message], [s.fileno()])
        return self._next

    def stop(self, stream: int) -> None:
        self._control.send(MESSAGE.pack(False, stream, bytes(4), 0))

    def close(self) -> None:
        self._control.close()
        self._process.wait(10)


class Stream:
    """One RTP source."""

    def __init__(self, s: socket.socket, to: tuple[str, int], number: int) -> None:
        self._socket, self._to, self._number = s, to, number
        self._sequence, self._time = secrets.randbelow(60000), secrets.randbelow(1 << 30)

    def send(self, payload: bytes) -> None:
        head = struct.pack("!BBHII", 0x80, 8, self._sequence & 0xFFFF, self._time & 0xFFFFFFFF, self._number)
        self._sequence += 1
        self._time += 160
        with contextlib.suppress(OSError):  # the other side has just closed its port: the call is ending
            self._socket.sendto(head + payload, self._to)

    def close(self) -> None:
        self._socket.close()


def payload(tone: float) -> bytes:
    """Twenty milliseconds of a tone, or of silence, in A-law."""
    if not tone:
        return b"\xd5" * 160
    samples = [int(8000 * math.sin(2 * math.pi * tone * n / 8000)) for n in range(160)]
    return bytes(_alaw(s) for s in samples)


def _alaw(sample: int) -> int:
    sign = 0x80 if sample >= 0 else 0
    value = min(abs(sample), 32635)
    exponent = max(0, value.bit_length() - 8) if value >= 256 else 0
    mantissa = (value >> (exponent + 3 if exponent else 4)) & 0x0F
    return (sign | exponent << 4 | mantissa) ^ 0x55


def _take(control: socket.socket, streams: list[dict[int, Stream]]) -> bool:
    """Do what was ordered since; False when nobody is there any more."""
    while True:
        try:
            message, fds, _, _ = socket.recv_fds(control, MESSAGE.size, 1)
        except BlockingIOError:
            return True
        if not message:
            return False
        start, number, address, port = MESSAGE.unpack(message)
        slot = streams[number % SLOTS]
        if start:
            slot[number] = Stream(socket.socket(fileno=fds[0]), (socket.inet_ntoa(address), port), number)
        elif number in slot:
            slot.pop(number).close()


def main(control: socket.socket, tone: float) -> None:
    """Send what is due, until the other end closes."""
    control.setblocking(False)
    streams: list[dict[int, Stream]] = [{} for _ in range(SLOTS)]
    frame, due = payload(tone), time.monotonic()
    for n in itertools.count():
        if not _take(control, streams):
            return
        for stream in streams[n % SLOTS].values():
            stream.send(frame)
        due = max(due + FRAME / SLOTS, time.monotonic() - FRAME)  # what is late by a whole frame is late for good
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), float(sys.argv[2]))
