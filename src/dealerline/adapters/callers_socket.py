"""Asks the records who a caller is: the switch's side of a socket that the scribe serves (``callers_server.py``).

The rule of the file: the loop never waits. A question is a line written to a connection that is there; without one, or
with one that does not take it in, the answer is None at once, and after ``LIMIT`` seconds in any case.

A line asks ``{"id": 7, "number": "+8613812345678", "store": 3, "until": 1800000000.5}``; the answer is
``{"id": 7, "known": {...}}`` with the fields of ``Known``, or with null. With ``"keys": "12345"`` in place of the
number it asks whom those digits mean; the answer has ``result`` as well (found, not_found, several), or nobody looked.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from dealerline.switch.ports import Known

log = logging.getLogger(__name__)

NAME = "callers.sock"
LIMIT = 1.0
RETRY_SECONDS = 0.5
MOST_WAITING = 2000
MOST_BYTES = 256 * 1024  # not taken in by the other side: it is not listening any more

Answer = Callable[[Known | None], None]
Found = Callable[[str, Known | None], None]
UNANSWERED = "unanswered"


def address(folder: int) -> str:
    """The socket's address by an open descriptor of its folder: a path of any depth fits into 108 bytes."""
    return f"/proc/self/fd/{folder}/{NAME}"


class Reply(msgspec.Struct):
    """One answer as it comes."""

    id: int
    known: Known | None = None
    result: str = UNANSWERED


class SocketCallers:
    """The port ``Callers``."""

    def __init__(self, folder: Path, limit: float = LIMIT) -> None:
        self._folder = folder
        self._limit = limit
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, tuple[Callable[[Reply], None], asyncio.TimerHandle]] = {}
        self._last = 0
        self._decoder = msgspec.json.Decoder(Reply)
        self.unanswered = 0

    def ask(self, number: str, store: int, answer: Answer) -> None:
        """See ports.py."""
        self._ask({"number": number, "store": store}, lambda reply: answer(reply.known))

    def identify(self, digits: str, store: int, answer: Found) -> None:
        """See ports.py."""
        self._ask({"keys": digits, "store": store}, lambda reply: answer(reply.result, reply.known))

    def _ask(self, question: dict[str, Any], answer: Callable[[Reply], None]) -> None:
        loop, writer = asyncio.get_running_loop(), self._writer
        full = len(self._waiting) >= MOST_WAITING
        if writer is None or full or writer.transport.get_write_buffer_size() > MOST_BYTES:
            self.unanswered += 1
            loop.call_soon(answer, Reply(0))
            return
        self._last += 1
        self._waiting[self._last] = (answer, loop.call_later(self._limit, self._late, self._last))
        line = {"id": self._last, **question, "until": time.time() + self._limit}
        writer.write(json.dumps(line).encode() + b"\n")

    def _late(self, question: int) -> None:
        answer, _ = self._waiting.pop(question)
        self.unanswered += 1
        answer(Reply(question))

    async def run(self) -> None:
        """Keep a connection, for ever."""
        while True:
            with contextlib.suppress(OSError):
                await self._talk()
            await asyncio.sleep(RETRY_SECONDS)

    async def _talk(self) -> None:
        folder = os.open(self._folder, os.O_PATH | os.O_DIRECTORY)
        try:
            reader, writer = await asyncio.open_unix_connection(address(folder))
        finally:
            os.close(folder)
        self._writer = writer
        try:
            while line := await reader.readline():
                self._said(line)
        except ValueError:
            log.error("an answer about a caller was longer than any can be; connecting anew")
        finally:
            self._writer = None
            writer.close()
            self._forget()

    def _said(self, line: bytes) -> None:
        try:
            reply = self._decoder.decode(line)
        except msgspec.MsgspecError as error:
            log.error("an answer about a caller cannot be read: %s", error)
            return
        answer, timer = self._waiting.pop(reply.id, (None, None))
        if answer is not None and timer is not None:
            timer.cancel()
            answer(reply)

    def _forget(self) -> None:
        """The connection is gone: whoever waits goes on without an answer."""
        waiting, self._waiting = self._waiting, {}
        for answer, timer in waiting.values():
            timer.cancel()
            self.unanswered += 1
            answer(Reply(0))
