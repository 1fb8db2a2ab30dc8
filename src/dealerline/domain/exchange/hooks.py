"""When an address that did not answer is called again, what that holds up, and which events a subscription means."""

from __future__ import annotations

from collections.abc import Sequence

DELAYS = (10, 60, 300, 1800, 7200, 21_600, 43_200, 86_400)
"""Seconds after the first try, the second ...; after the last one it is given up, two days after it happened."""
KINDS = ("customer.changed", "lead.changed", "promise.changed", "task.changed", "call.ended")
"""Events that there are today; a subscription may name others, and families as ``lead.*``."""


LONGEST = sum(DELAYS)
"""Seconds from the first try to the last."""
ABOUT_ONE = frozenset({400, 406, 409, 411, 413, 415, 422})
"""Answers that refuse one event, not all: such an event is tried again by itself and holds up no other."""
ROWS = 500
"""So many rows one event names at most."""


def next_try(tries: int) -> int | None:
    """Seconds until the next try after so many; None when it is given up."""
    return DELAYS[tries - 1] if tries <= len(DELAYS) else None


def wants(kinds: Sequence[str], kind: str) -> bool:
    """Whether a subscription to ``kinds`` means an event of that kind."""
    family = kind.partition(".")[0]
    return any(wanted in (kind, "*", f"{family}.*") for wanted in kinds)
