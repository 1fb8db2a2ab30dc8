"""What can go wrong when something is to be spoken."""

from __future__ import annotations


class SpeechError(Exception):
    """Speaking failed; the text says why and what would mend it. ``code`` is for programs, ``zh`` for people."""

    code = "speech_failed"

    def __init__(self, text: str, zh: str = "") -> None:
        super().__init__(text)
        self.zh = zh or text


class EngineError(SpeechError):
    """One engine could not speak; the next one is tried."""

    code = "engine_failed"


class BadRequest(SpeechError):
    """The request cannot be spoken by any engine: empty, too long, unknown language or voice."""

    code = "bad_request"
