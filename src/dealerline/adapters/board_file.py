"""Today's figures and the board's alarms in ``run/board.json``, so that a restarted switch counts on.

The rule of the file: it is written once a second when something changed; what was counted after that is in the
journal's newest segment, and is counted from there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from dealerline.domain.facts import Fact
from dealerline.switch.boards import Boards

log = logging.getLogger(__name__)

EVERY = 1.0


class BoardFile:
    """Saves once a second after a change, restores once."""

    def __init__(self, path: Path, boards: Boards) -> None:
        self._path = path
        self._boards = boards
        self._last = ""

    def start(self) -> None:
        """Save from now on."""
        self._boards.core.later(EVERY, self._again)

    def _again(self) -> None:
        self._boards.core.later(EVERY, self._again)
        self.save()

    def save(self) -> None:
        """Write the file if something changed. A full disk costs only the figures of a restart."""
        text = json.dumps(self._boards.pack(), separators=(",", ":"))
        if text == self._last:
            return
        beside = self._path.with_suffix(".new")
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            log.warning("board.json cannot be written: %s", error.strerror)
            return
        self._last = text

    def restore(self, facts: Callable[[], Iterable[Fact]]) -> None:
        """Count on from the file and the facts written since."""
        try:
            packed = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            packed = {}
        try:
            self._boards.restore(packed if isinstance(packed, dict) else {}, facts)
        except (KeyError, TypeError, ValueError):
            log.warning("board.json cannot be read; today's figures begin anew")
