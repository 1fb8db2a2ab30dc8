"""Telling a customer a few words by text message, without knowing who brings them.

The app that can bring them registers itself with ``use`` in its ``AppConfig.ready``. An app that has something to tell
asks ``channel()`` each time, and hears with ``hear`` what became of its messages; it knows them by their ids.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Message:
    """One to be sent. ``purpose``: who asks for it, as ``promise``; ``number`` in E.164."""

    number: str
    text: str
    purpose: str
    store: int
    customer: int | None = None
    call: UUID | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one. ``state``: sent or failed; ``why`` without number or words."""

    id: UUID
    purpose: str
    state: str
    why: str = ""


class Channel(Protocol):
    """Something that brings words to a telephone number."""

    def ready(self) -> bool:
        """Whether anybody is set up who brings them."""
        ...

    def refuses(self, number: str) -> str:
        """Why nothing can be sent to that number: ``not_mobile``, ``opted_out``; "" when it can."""
        ...

    def send(self, message: Message) -> UUID | None:
        """Have it sent after the transaction; None when nobody takes it."""
        ...


_channel: Channel | None = None
_hearers: dict[str, Callable[[Outcome], None]] = {}


def use(channel: Channel | None) -> None:
    """From now on words go this way; None: no way."""
    global _channel
    _channel = channel


def channel() -> Channel | None:
    """The way there is now, or None where nobody is set up."""
    return _channel if _channel is not None and _channel.ready() else None


def hear(purpose: str, tell: Callable[[Outcome], None]) -> None:
    """Have ``tell`` called, in a transaction, with the end of every message of that purpose."""
    _hearers[purpose] = tell


def tell_outcome(outcome: Outcome) -> None:
    """A message has its end: whoever asked for it hears of it."""
    tell = _hearers.get(outcome.purpose)
    if tell is not None:
        tell(outcome)
