"""A small thing of the switch's that outlives it, in one file of JSON: see ``switch.ports.Keeper``.

The rule of the file: written beside, synced and renamed, so that the next switch finds the old or the new one whole.
Mode 0600: it may hold telephone numbers. A disk that refuses costs what a restart would have found, and is logged.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


class KeptFile:
    """One value in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Any:
        """What was saved last; None when there is nothing that can be read."""
        try:
            return json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.error("%s cannot be read: %s", self._path.name, error)
            return None

    def save(self, value: Any) -> None:
        """On the disk when this returns."""
        beside = self._path.with_suffix(".new")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(value, file, ensure_ascii=False, separators=(",", ":"))
                file.flush()
                os.fdatasync(file.fileno())
            beside.replace(self._path)
        except OSError as error:
            log.error("%s cannot be written: %s", self._path.name, error.strerror)
