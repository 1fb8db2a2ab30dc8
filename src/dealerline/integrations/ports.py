"""What we need of a dealer-management system: that it says what is new, in files or otherwise, and nothing else.

A connector knows no table of ours and no Django. It hands over batches of rows of one kind; the records check them,
bring them in once, and tell it what became of each. A connector for another system is a folder beside ``folder`` with
a class of this shape, its own exception type below ``ConnectorError``, and its tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class ConnectorError(Exception):
    """An outside system cannot be reached or read; ``zh`` and ``en`` say what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one kind, as a file. ``kind`` is "" when only the headings tell; ``sha256`` is of the content."""

    name: str
    path: Path
    kind: str
    sha256: str
    size: int


class Connector(Protocol):
    """A system that is asked now and then."""

    def new(self) -> Iterator[Batch]:
        """What is whole and was not done with yet, in the order in which it has to be brought in.

        Raises ConnectorError when the system cannot be reached. What cannot be read is skipped, never blocks the rest.
        """
        ...

    def done(self, batch: Batch, report: Iterator[str] | None) -> None:
        """It was brought in. ``report``: rows that could not be, as pieces of a CSV file; None when there are none."""
        ...

    def refused(self, batch: Batch, zh: str, en: str) -> None:
        """It could not be read at all, and why."""
        ...
