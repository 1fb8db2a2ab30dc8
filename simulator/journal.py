"""Reading along in the centre's journal (its spool on the same machine), to know where a simulated caller has got to.

Only for the simulator's own wishes ("hang up while you wait in the queue"); nothing is ever written or removed here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HOLD = 1 << 20  # bytes read at once from one segment


class JournalTail:
    """``read()`` gives the facts written since the last call; ``skip()`` forgets what is there now."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._offsets: dict[Path, int] = {}

    def skip(self) -> None:
        """Begin at the present end of every segment."""
        self._offsets = {path: path.stat().st_size for path in self._segments() if path.exists()}

    def read(self) -> list[dict[str, Any]]:
        """New facts in the order written; half a line at the end waits for its rest."""
        facts: list[dict[str, Any]] = []
        for path in self._segments():
            offset = self._offsets.get(path, 0)
            try:
                with path.open("rb") as segment:
                    segment.seek(offset)
                    data = segment.read(HOLD)
            except OSError:  # the scribe removed it meanwhile
                self._offsets.pop(path, None)
                continue
            whole = data.rfind(b"\n") + 1
            self._offsets[path] = offset + whole
            facts += [fact for line in data[:whole].splitlines() if (fact := _decode(line)) is not None]
        return facts

    def _segments(self) -> list[Path]:
        return sorted(self._spool.glob("journal-*.jsonl")) if self._spool.is_dir() else []


def _decode(line: bytes) -> dict[str, Any] | None:
    try:
        fact = json.loads(line)
    except ValueError:
        return None
    return fact if isinstance(fact, dict) else None


def same_number(one: str, other: str) -> bool:
    """Whether two spellings are likely the same number: the last eight digits agree, or all when there are fewer."""
    left, right = ("".join(c for c in text if c.isdigit()) for text in (one, other))
    length = min(8, len(left), len(right))
    return length > 0 and left[-length:] == right[-length:]
