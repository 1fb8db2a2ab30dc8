"""Many leads among few people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

P = TypeVar("P")


def share(count: int, people: Sequence[P]) -> list[P]:
    """Who gets the first, the second, ...: in turn, so that nobody has two more than another. Raises ValueError."""
    if count and not people:
        raise ValueError("nobody to share among")
    return [people[n % len(people)] for n in range(count)]
