"""The demo group as plain values, drawn from one seed: no Django, no clock, no I/O.

Each part of the world draws from its own stream (``stream("cars")``...), so that a change in one part does not move
another.
"""

from __future__ import annotations

import random

SEED = "antu-auto-group-1"


def stream(part: str) -> random.Random:
    """The random numbers of one part of the world; the same sequence on every machine and Python version."""
    return random.Random(f"{SEED}/{part}")
