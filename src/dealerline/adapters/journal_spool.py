"""The journal on disk: append-only segments of JSON lines in ``spool/``, which the scribe takes into the database.

Rules of the file. A fact reaches the kernel before ``write_many`` returns, so that the switch's own death loses
nothing; a durable one reaches the disk, so that the machine's death loses nothing either; the others follow within a
second. A full disk never stops a call: facts wait in memory, at most ``KEEP`` of them, and are written in order once
there is room. A segment is only ever appended to by the process whose id it carries; half a line left by a full disk
is cut off again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from dealerline.domain.facts import KINDS, Fact, check
from dealerline.switch.openbook import OpenBook

log = logging.getLogger(__name__)

KEEP = 100_000
SEGMENT_BYTES = 8 * 1024 * 1024
SEGMENT_SECONDS = 600.0
SYNC_SECONDS = 0.5


class SpoolJournal:
    """Facts into segments. ``checkpoint``: a file for the open calls, written with each new segment.
    ``on_trouble(text)`` is told when the disk refuses, and "" when it works again.
    """

    def __init__(self, folder: Path, checkpoint: Path, on_trouble: Callable[[str], None] | None = None) -> None:
        self._folder = folder
        self._on_trouble = on_trouble
        self._encoder = msgspec.json.Encoder()
        self._fd = -1
        self._good = 0  # bytes of whole lines in the open segment
        self._opened = 0.0
        self._dirty = False
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._trouble = ""
        self.dropped = 0
        self.book = OpenBook()
        self._checkpoint = checkpoint
        self._tail = checkpoint.with_suffix(".tail")
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def waiting(self) -> int:
        """Facts that wait in memory because the disk refuses them."""
        return len(self._waiting)

    def read_back(self) -> OpenBook:
        """The calls that were open when the last switch ended: its last checkpoint, and the segment it wrote to then.

        The scribe may have taken that segment in and removed it already; a second (hard) link to it keeps it for us.
        Call this before the first write.
        """
        try:
            self.book.calls = json.loads(self._checkpoint.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.book.calls = {}
        for fact in self.newest():
            self.book.note(fact)
        return self.book

    def newest(self) -> Iterator[Fact]:
        """The facts of the segment that was written to last."""
        try:
            lines = self._tail.read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            with contextlib.suppress(msgspec.MsgspecError):  # the last line of a machine that lost power
                yield msgspec.json.decode(line, type=Fact)

    def write(self, fact: Fact) -> None:
        self.write_many((fact,))

    def write_many(self, facts: Sequence[Fact]) -> None:
        lines: list[tuple[bytes, bool]] = []
        for fact in facts:
            check(fact)
            self.book.note(fact)
            lines.append((self._encoder.encode(fact) + b"\n", KINDS[fact.kind].durable))
        if self._waiting:
            self._keep(lines)
            return
        self._put(lines)

    def _put(self, lines: list[tuple[bytes, bool]]) -> bool:
        if not lines:
            return True
        data = b"".join(line for line, _ in lines)
        try:
            self._segment(len(data))
            written = 0
            while written < len(data):
                written += os.write(self._fd, data[written:])
            self._good += len(data)
            if any(durable for _, durable in lines):
                os.fdatasync(self._fd)
                self._dirty = False
            else:
                self._dirty = True
        except OSError as error:
            self._cut()
            self._keep(lines)
            self._tell(error.strerror or str(error))
            return False
        return True

    def _segment(self, more: int) -> None:
        now = time.time()
        if self._fd >= 0 and (self._good + more <= SEGMENT_BYTES and now - self._opened < SEGMENT_SECONDS):
            return
        if self._fd >= 0:
            os.fdatasync(self._fd)
            os.close(self._fd)
            self._fd = -1
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now)) + f".{int(now * 1e6) % 1_000_000:06d}"
        path = self._folder / f"journal-{stamp}-{os.getpid()}.jsonl"
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        self._good, self._opened = os.fstat(self._fd).st_size, now
        beside = self._checkpoint.with_suffix(".new")
        beside.write_text(json.dumps(self.book.calls), encoding="utf-8")
        beside.replace(self._checkpoint)
        beside.unlink(missing_ok=True)
        beside.hardlink_to(path)
        beside.replace(self._tail)

    def _cut(self) -> None:
        if self._fd < 0:
            return
        try:
            os.ftruncate(self._fd, self._good)
        except OSError:
            log.exception("the journal's segment could not be cut back to whole lines; a new one is begun")
            os.close(self._fd)
            self._fd = -1

    def _keep(self, lines: Iterable[tuple[bytes, bool]]) -> None:
        self._waiting.extend(lines)
        if len(self._waiting) <= KEEP:
            return
        # What must never be lost stays longest.
        rest = deque(item for item in self._waiting if item[1])
        while len(rest) > KEEP:
            rest.popleft()
        self.dropped += len(self._waiting) - len(rest)
        self._waiting = rest

    def _tell(self, text: str) -> None:
        if text == self._trouble:
            return
        self._trouble = text
        if text:
            log.error("the journal cannot be written: %s", text)
        if self._on_trouble is not None:
            self._on_trouble(text)

    def retry(self) -> None:
        """Write what waits, if the disk takes it again."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(500, len(self._waiting)))]
            rest, self._waiting = self._waiting, deque()
            done = self._put(batch)
            self._waiting.extend(rest)
            if not done:
                return
        self._tell("")

    async def run(self) -> None:
        """Bring the undurable to the disk twice a second, and what waits too, for ever."""
        while True:
            await asyncio.sleep(SYNC_SECONDS)
            if self._waiting:
                self.retry()
            elif self._fd >= 0 and time.time() - self._opened > SEGMENT_SECONDS and self._good:
                self._rotate()
            if self._dirty and self._fd >= 0:
                self._dirty = False
                await asyncio.get_running_loop().run_in_executor(None, _sync, os.dup(self._fd))

    def _rotate(self) -> None:
        """Begin a new segment even when nothing happens, so that the scribe can remove the old one."""
        try:
            self._segment(SEGMENT_BYTES + 1)
        except OSError as error:
            self._tell(error.strerror or str(error))

    def close(self) -> None:
        """Write what waits, sync, and let go of the segment."""
        self.retry()
        if self._fd >= 0:
            os.fdatasync(self._fd)
            os.close(self._fd)
            self._fd = -1


def _sync(fd: int) -> None:
    try:
        os.fdatasync(fd)
    except OSError:
        log.exception("the journal could not be brought to the disk")
    finally:
        os.close(fd)
