"""The switch's configuration from ``run/directory.json``.

The rule of the file: a broken or missing file never takes the running configuration away; the last good one stays,
with an alarm. The file is written beside and renamed (by the scribe), so half a file is never read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from dealerline.switch.directory import Snapshot

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25


class FileDirectory:
    """Reads the file when its time, size or inode changed; tells subscribers in the event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._snapshot = Snapshot()
        self._seen: tuple[int, int, int] | None = None
        self._subscribers: list[Callable[[Snapshot], None]] = []
        self._decoder = msgspec.json.Decoder(Snapshot)
        self.problem = ""

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def subscribe(self, changed: Callable[[Snapshot], None]) -> None:
        self._subscribers.append(changed)

    def look(self) -> bool:
        """Read the file if it changed. True when there is a new snapshot (subscribers were told)."""
        try:
            stat = self._path.stat()
        except OSError:
            self.problem = "missing"
            return False
        seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            snapshot = self._decoder.decode(self._path.read_bytes())
        except (OSError, msgspec.MsgspecError) as error:
            self.problem = f"unreadable: {error}"
            log.error("directory.json cannot be used, the last good configuration stays: %s", error)
            return False
        self.problem = ""
        self._snapshot = snapshot
        for changed in self._subscribers:
            changed(snapshot)
        return True

    async def watch(self) -> None:
        """Look four times a second, for ever."""
        while True:
            self.look()
            await asyncio.sleep(POLL_SECONDS)
