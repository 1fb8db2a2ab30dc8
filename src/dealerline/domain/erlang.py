"""What queueing theory says of a queue whose callers come by chance: Erlang C, and Erlang A with callers who give up.

Sources: A. K. Erlang 1917 (C); C. Palm 1957 and A. Mandelbaum, S. Zeltyn, "Service Engineering in Action: The
Palm/Erlang-A Queue", 2007 (A). Times are seconds, rates per second; arrivals, handling and patience are exponential.
"""

from __future__ import annotations

import math
from collections.abc import Callable

STEPS = 4000  # of an integral; even


def waits(agents: int, load: float) -> float:
    """Erlang C: the share of callers who wait at all. ``load``: calls a second times seconds a call, below agents."""
    blocked = 1.0  # Erlang B, by its recursion
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return agents * blocked / (agents - load * (1 - blocked))


def level_c(agents: int, rate: float, handling: float, within: float) -> float:
    """The share of callers answered within so many seconds, when nobody gives up."""
    load = rate * handling
    return 1 - waits(agents, load) * math.exp(-(agents - load) * within / handling)


def mean_wait_c(agents: int, rate: float, handling: float) -> float:
    """Seconds that a caller waits on average, when nobody gives up."""
    load = rate * handling
    return waits(agents, load) * handling / (agents - load)


def _integral(of: Callable[[float], float], begin: float, end: float) -> float:
    """Simpson's rule."""
    step = (end - begin) / STEPS
    inner = sum((4 if n % 2 else 2) * of(begin + n * step) for n in range(1, STEPS))
    return step / 3 * (of(begin) + of(end) + inner)


def level_a(agents: int, rate: float, handling: float, patience: float, within: float) -> tuple[float, float]:
    """(share of all callers who are answered within so many seconds, share who give up); ``patience`` is a mean."""

    def weight(wait: float) -> float:
        """Of a wait that would be so long, but for a factor."""
        stay = patience * (1 - math.exp(-wait / patience))
        return math.exp(rate * stay - agents * wait / handling)

    load = rate * handling
    below, term = 0.0, 1.0  # sum over j < agents of load^j / j! by (load^(agents-1) / (agents-1)!)
    for n in range(agents - 1, -1, -1):
        below += term
        term *= n / load
    end = 1.0
    while weight(end) > 1e-20:
        end *= 2
    every = _integral(weight, 0, end)
    total = below + rate * every
    at_once = below / total
    soon = _integral(lambda wait: rate * weight(wait) * math.exp(-wait / patience), 0, within) / total
    gone = (1 + (rate - agents / handling) * every) / total
    return at_once + soon, gone
