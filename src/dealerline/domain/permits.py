"""Permission to ring somebody for what needs it: signed by the records, which know what he agreed to, and read by the
switch, which asks no database.

The rules of the file: a permission is for one person of ours, one number, one purpose and ``SECONDS`` at most; whoever
reads it lets it through once (``Spent``).
"""

from __future__ import annotations

import hashlib
import hmac

from dealerline.domain.contact import QUIET

SECONDS = 60
NEEDED = QUIET
"""Purposes for which a page has to show one; what serves a customer needs none."""


def make(secret: str, person: int, number: str, purpose: str, until: float) -> str:
    """``number``: E.164; ``until``: epoch seconds."""
    return f"{int(until)}.{_sign(secret, person, number, purpose, int(until))}"


def holds(permit: str, secret: str, person: int, number: str, purpose: str, now: float) -> bool:
    """Whether it is ours, for exactly this, and not too old."""
    until, _, signature = permit.partition(".")
    if not (until.isascii() and until.isdigit() and len(until) < 12 and now <= int(until) <= now + SECONDS + 5):
        return False
    right = _sign(secret, person, number, purpose, int(until))
    return hmac.compare_digest(right.encode(), signature.encode("utf-8", "replace"))


def _sign(secret: str, person: int, number: str, purpose: str, until: int) -> str:
    said = f"permit {person} {number} {purpose} {until}"
    return hmac.new(secret.encode(), said.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


class Spent:
    """Permissions that were used, for as long as they could be shown again."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def spend(self, permit: str, now: float) -> bool:
        """Whether it was not used before; from now on it was."""
        self._until = {old: until for old, until in self._until.items() if until >= now}
        if permit in self._until:
            return False
        self._until[permit] = now + SECONDS + 5
        return True
