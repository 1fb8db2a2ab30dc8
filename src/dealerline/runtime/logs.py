"""What the children say, as JSON lines in one folder, turned over by size."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

_LONGEST_LINE = 16_000


class LogFile:
    """``<folder>/<name>.log``: one JSON object a line. A line that already is one is kept as it is.

    When the file passes ``limit`` bytes it becomes ``<name>.log.1`` and so on, ``keep`` old ones are kept.
    """

    def __init__(self, folder: Path, name: str, *, limit: int = 10_000_000, keep: int = 4) -> None:
        self.path = folder / f"{name}.log"
        self.name = name
        self._limit = limit
        self._keep = keep
        self._rest = b""
        folder.mkdir(parents=True, exist_ok=True)
        self._open()

    def _open(self) -> None:
        # O_NOFOLLOW: the supervisor may be root while the folder's owner is not.
        self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
        self._size = os.fstat(self._handle).st_size

    def feed(self, data: bytes) -> None:
        """Bytes as they came out of a child; whole lines are written, the rest waits."""
        self._rest += data
        *lines, self._rest = self._rest.split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self.line(line[:_LONGEST_LINE].decode("utf-8", "replace").rstrip())

    def line(self, text: str) -> None:
        """One line, wrapped unless it is a JSON object already. Never raises: a full disk must not stop a child."""
        if not text:
            return
        if not (text.startswith("{") and text.endswith("}")):
            text = json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "name": self.name,
                               "text": text}, ensure_ascii=False)
        data = text.encode() + b"\n"
        try:
            os.write(self._handle, data)
        except OSError:
            return
        self._size += len(data)
        if self._size > self._limit:
            self._turn()

    def _turn(self) -> None:
        os.close(self._handle)
        for number in range(self._keep, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            newer = self.path if number == 1 else self.path.with_name(f"{self.path.name}.{number - 1}")
            if newer.exists():
                newer.replace(older)
        self._open()

    def close(self) -> None:
        self.feed(b"\n")
        os.close(self._handle)


def tail(path: Path, count: int = 12) -> list[str]:
    """The last lines of a log in plain words, for people."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 64_000))
            lines = file.read().decode("utf-8", "replace").splitlines()[-count:]
    except OSError:
        return []
    return [plain(line) for line in lines]


def plain(line: str) -> str:
    """A JSON line as a person reads it."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict):
        return line
    text = entry.get("text") or entry.get("message") or entry.get("event") or line
    at = entry.get("at", "")
    if isinstance(at, int | float):
        at = datetime.fromtimestamp(at, UTC).isoformat()
    return f"{str(at)[11:19]} {text}".strip()
