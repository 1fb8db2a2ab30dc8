"""Reads the spool's segments into the database, each fact once.

The rule of the file: the position in a segment moves in the transaction that inserts the facts before it, so dying
anywhere repeats nothing and loses nothing. A line that cannot be a fact is put into ``spool/quarantine/`` and an
alarm tells of it; it never stops the others.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psycopg
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, connection

from dealerline.apps.calls import facade as calls
from dealerline.domain.facts import KINDS, Fact

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.1
RETRY_SECONDS = 0.5
BATCH_BYTES = 256 * 1024
SEGMENT = re.compile(r"journal-.+-(\d+)\.jsonl")


class BrokenLine(ValueError):
    """A line that is no fact; the text says why, without the line's content."""


@dataclass(slots=True)
class Batch:
    """Facts of a piece of a segment. ``end``: the position after it."""

    facts: list[Fact]
    broken: list[tuple[bytes, str]]
    end: int


def parse(line: bytes) -> Fact:
    """The fact on a line. Raises BrokenLine."""
    try:
        fact = msgspec.json.decode(line, type=Fact)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BrokenLine(f"not a fact: {error}") from error
    try:
        uuid.UUID(fact.id)
        if fact.call:
            uuid.UUID(fact.call)
    except ValueError as error:
        raise BrokenLine("an id is not a UUID") from error
    if not 0 < fact.at < 253_000_000_000:
        raise BrokenLine("the time is impossible")
    if len(fact.kind) > 32 or fact.kind not in KINDS:
        raise BrokenLine("the kind is unknown")
    missing = [name for name in KINDS[fact.kind].needs if name not in fact.data]
    if missing:
        raise BrokenLine(f"{fact.kind} lacks {', '.join(missing)}")
    if b"\\u0000" in line:
        raise BrokenLine("a NUL character, which no database text can hold")
    return fact


def closed(path: Path) -> bool:
    """Whether nobody will write to this segment again: its writer is gone, or has begun a newer one."""
    found = SEGMENT.fullmatch(path.name)
    if found is None:
        return False
    pid = found.group(1)
    newest = max((other.name for other in path.parent.glob(f"journal-*-{pid}.jsonl")), default=path.name)
    if newest != path.name:
        return True
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True
    return b"python" not in command and b"dealerline" not in command  # the number was given to another program


class SpoolReader:
    """Tails the folder until ``stop`` is set."""

    def __init__(self, folder: Path, stop: threading.Event, lock: int = 0) -> None:
        self._folder = folder
        self._stop = stop
        self._lock = lock
        self._locked = False
        self._positions: dict[str, int] = {}
        self.taken = 0

    def run(self) -> None:
        """For ever: take in what is there, wait a little; on losing the database, try again."""
        troubled = False
        while not self._stop.is_set():
            try:
                if not self._alone():
                    self._stop.wait(RETRY_SECONDS)
                    continue
                busy = self.step()
                if troubled:
                    log.info("the database is back; facts that waited are in")
                troubled = False
                if not busy:
                    self._stop.wait(IDLE_SECONDS)
            except (DatabaseError, InterfaceError, psycopg.Error) as error:
                if not troubled:
                    log.warning("the database is away (%s): facts wait in the spool", type(error).__name__)
                troubled = True
                self._forget()
                self._stop.wait(RETRY_SECONDS)
            except OSError:
                log.exception("the spool cannot be read")
                self._stop.wait(RETRY_SECONDS)
        self._forget()

    def _forget(self) -> None:
        with contextlib.suppress(Exception):
            connection.close()
        self._locked = False

    def _alone(self) -> bool:
        """Hold the lock that only one scribe can hold; it goes with the connection."""
        if self._locked and connection.connection is not None and not connection.connection.closed:
            return True
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [self._lock])
            row = cursor.fetchone()
        self._locked = bool(row and row[0])
        if self._locked:
            self._positions = calls.positions()
        return self._locked

    def step(self) -> bool:
        """One batch of each segment, oldest first. Whether anything was taken in."""
        busy = False
        for path in sorted(self._folder.glob("journal-*.jsonl")):
            if self._stop.is_set():
                break
            busy = self._segment(path) or busy
        return busy

    def _segment(self, path: Path) -> bool:
        done = self._positions.get(path.name, 0)
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return False
        if size > done:
            # Asked before reading: a segment closed now can have no more than what is read next.
            batch = self._read(path, done, last=closed(path))
            if batch.end > done:
                self._take(path.name, batch)
                return True
            return False
        if closed(path) and path.stat().st_size == done:
            path.unlink(missing_ok=True)
            calls.forget_segment(path.name)
            self._positions.pop(path.name, None)
        return False

    def _read(self, path: Path, start: int, *, last: bool) -> Batch:
        with path.open("rb") as file:
            file.seek(start)
            data = file.read(BATCH_BYTES)
            if b"\n" not in data:
                data += file.readline()  # a line longer than a batch
            whole = data.rfind(b"\n") + 1
            if last and not file.read(1):
                whole = len(data)  # a closed segment's half line: it will not grow
        facts: list[Fact] = []
        broken: list[tuple[bytes, str]] = []
        for line in data[:whole].split(b"\n"):
            if not line.strip():
                continue
            try:
                facts.append(parse(line))
            except BrokenLine as error:
                broken.append((line, str(error)))
        return Batch(facts, broken, start + whole)

    def _take(self, segment: str, batch: Batch) -> None:
        for line, why in batch.broken:
            self._quarantine(segment, line, why)
        try:
            self.taken += calls.take_in(batch.facts, segment, batch.end)
        except (DataError, IntegrityError):
            self._one_by_one(segment, batch)
        self._positions[segment] = batch.end

    def _one_by_one(self, segment: str, batch: Batch) -> None:
        """The batch holds something the database refuses: find it, and take in the rest."""
        start = self._positions.get(segment, 0)
        for fact in batch.facts:
            try:
                self.taken += calls.take_in([fact], segment, start)
            except (DataError, IntegrityError) as error:
                self._quarantine(segment, msgspec.json.encode(fact), f"refused by the database: {type(error).__name__}")
        calls.take_in([], segment, batch.end)

    def _quarantine(self, segment: str, line: bytes, why: str) -> None:
        folder = self._folder / "quarantine"
        folder.mkdir(exist_ok=True)
        with (folder / segment).open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        log.error("a line of %s was put aside: %s", segment, why)
        calls.raise_alarm("journal.broken_line", segment, {"why": why})
