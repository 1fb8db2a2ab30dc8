"""What the switch needs of the world, as Protocols. Twins that live in memory are in ``memory.py``, shipped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from dealerline.domain.facts import Fact
from dealerline.switch.directory import Snapshot


class Timer(Protocol):
    """Something that will happen unless it is cancelled."""

    def cancel(self) -> None:
        """Forget it; harmless when it already happened."""
        ...


class Clock(Protocol):
    """Time, so that tests can run on their own."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        ...

    def later(self, seconds: float, what: Callable[[], None]) -> Timer:
        """Call ``what`` once after so many seconds."""
        ...


class Directory(Protocol):
    """Configuration in."""

    def snapshot(self) -> Snapshot:
        """The newest snapshot; never blocks."""
        ...

    def subscribe(self, changed: Callable[[Snapshot], None]) -> None:
        """Call ``changed`` in the event loop whenever a new snapshot is there."""
        ...


class Journal(Protocol):
    """Facts out. Never waits for the database; a durable fact is on disk when this returns."""

    def write(self, fact: Fact) -> None: ...

    def write_many(self, facts: Sequence[Fact]) -> None:
        """The facts of one event, in order; one disk sync for all of them when any is durable."""
        ...


class Desk(Protocol):
    """One signed-in browser page (or robot) of an agent."""

    person: int

    def send(self, message: dict[str, Any]) -> None:
        """Queue a message for the page; never blocks, never raises."""
        ...

    def close(self) -> None:
        """Send what is queued, then end the connection."""
        ...
