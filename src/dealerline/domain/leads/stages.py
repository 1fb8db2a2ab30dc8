"""Which stages a group, or a brand, has: a set of them works only when a lead can begin, be won and be lost in it."""

from __future__ import annotations

from collections.abc import Iterable

KINDS = frozenset({"open", "won", "lost"})


def missing(kinds: Iterable[str]) -> frozenset[str]:
    """The kinds of which a set has no stage; empty when it is whole."""
    return KINDS - set(kinds)
