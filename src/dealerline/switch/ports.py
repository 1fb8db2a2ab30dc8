"""What the switch needs of the world, as Protocols. Twins that live in memory are in ``memory.py``, shipped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Known:
    """What the records know of a caller that routing may use. Numbers are persons' ids, 0: nobody.

    ``standing``: what his number is listed as: "", blocked, nuisance or vip. ``named``: who serves this VIP, the first
    choice first. ``by``: where he is known by what he keyed, what that was (plate, vin_end, card, order or repair), and
    ``car`` the car that it is of. ``among``: of whom he is one by what he keyed, the likeliest first; ``tried``: the
    digits he keyed last where they did not say who he is, for the agent to see.
    """

    customer: int = 0
    level: str = ""
    owner: int = 0
    last: int = 0  # whom he last spoke with
    named: tuple[int, ...] = ()
    standing: str = ""
    by: str = ""
    car: int = 0
    among: tuple[int, ...] = ()
    tried: str = ""


class Callers(Protocol):
    """Who a caller is, asked when he arrives; nobody waits for the answer, and a call goes on without one."""

    def ask(self, number: str, store: int, answer: Callable[[Known | None], None]) -> None:
        """Call ``answer`` in the event loop, once: what is known, or None when nothing is or nobody could be asked."""
        ...

    def identify(self, digits: str, store: int, answer: Callable[[str, Known | None], None]) -> None:
        """Whom of that store's customers the digits mean. ``answer`` as above: found and who he is, several and
        among whom, or not_found (nobody), unanswered (nobody could be asked, or not in time).
        """
        ...


class Keeper(Protocol):
    """A small thing that outlives the switch, whole: what was kept last is what the next switch finds."""

    def load(self) -> Any:
        """JSON values, or None when nothing was kept or nothing can be read."""
        ...

    def save(self, value: Any) -> None:
        """On the disk when this returns, unless the disk refuses, which raises nothing."""
        ...


class Journal(Protocol):
    """Facts out. Never waits for the database; a durable fact is on disk when this returns."""

    def write(self, fact: Fact) -> None: ...

    def write_many(self, facts: Sequence[Fact]) -> None:
        """The facts of one event, in order; one disk sync for all of them when any is durable."""
        ...


class Shared(dict[str, Any]):
    """A message that many pages get: turned into JSON once."""

    data: bytes | None = None


class Desk(Protocol):
    """One signed-in browser page (or robot) of an agent."""

    person: int

    def send(self, message: dict[str, Any]) -> None:
        """Queue a message for the page; never blocks, never raises."""
        ...

    def close(self) -> None:
        """Send what is queued, then end the connection."""
        ...
