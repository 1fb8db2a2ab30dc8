"""The port to whatever can send a customer a few words: a text message, an instant message. There is no such channel
yet: ``channel()`` is None, the pages say so, and people ring instead.
"""

from __future__ import annotations

from typing import Protocol


class Channel(Protocol):
    """Something that brings words to a telephone number."""

    def send(self, number: str, text: str) -> bool:
        """Whether it took them; what becomes of them later is its own matter."""
        ...


_channel: Channel | None = None


def use(channel: Channel | None) -> None:
    """From now on words go this way; None: no way."""
    global _channel
    _channel = channel


def channel() -> Channel | None:
    """The way there is."""
    return _channel
