"""What time does to a waiting caller: needs relax, patience ends, overflow rules come true.

The rule of the file: everything is worked out from when he began to wait and the queue's rules, so that a restart, or a
change of the rules in between, comes to the same. What depends on others (expected wait, length, opening hours) is
looked at when he enters and every ``RECHECK`` seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from dealerline.domain.routing.rules import Overflow
from dealerline.domain.routing.state import Caller, Levels, Queue

RECHECK = 10.0


def wants_at(queue: Queue, since: float, now: float) -> tuple[Levels, Levels]:
    """(must, nice): what an agent must have, and should have, at ``now`` for somebody who waits since then."""
    if not queue.rules.needs:
        return (), ()
    must, nice = dict[int, int](), list[tuple[int, int]]()
    for need in queue.rules.needs:
        level = need.at(since, now)
        if level > 0 and need.must:
            must[need.skill] = max(level, must.get(need.skill, 0))
        elif level > 0:
            nice.append((need.skill, level))
    return tuple(sorted(must.items())), tuple(sorted(nice))


def changes(queue: Queue, caller: Caller, now: float) -> Iterator[tuple[float, str, object]]:
    """(when, what, which) of everything that the clock alone will bring this caller: relax, patience, overflow."""
    for need in queue.rules.needs:
        for seconds, level in need.relax:
            if caller.since + seconds > now:
                yield caller.since + seconds, "relax", (need.skill, level, need.must)
    if caller.keep and caller.keep_until > now:
        yield caller.keep_until, "patience", caller.keep
    for rule in queue.rules.overflow:
        if rule in caller.done:
            continue
        if rule.when == "waited" and caller.since + rule.value > now:
            yield caller.since + rule.value, "overflow", rule


def due(queue: Queue, caller: Caller, now: float) -> float | None:
    """When to look at this caller again; None: only when something happens."""
    times = [when for when, _, _ in changes(queue, caller, now)]
    if any(rule not in caller.done and _again(rule, queue, caller, now) for rule in queue.rules.overflow):
        times.append(now + RECHECK)
    return min(times, default=None)


def _again(rule: Overflow, queue: Queue, caller: Caller, now: float) -> bool:
    """Whether only looking again tells if this rule has come true."""
    if rule.when == "waited":
        return bool(rule.hours) and caller.since + rule.value <= now
    if rule.when == "nobody":
        return bool(rule.hours) and not queue.present
    return True


def came_true(rule: Overflow, queue: Queue, caller: Caller, now: float) -> bool:
    """Whether this rule applies to this waiting caller now, opening hours apart."""
    if rule.when == "waited":
        return now >= caller.since + rule.value
    if rule.when == "nobody":
        return not queue.present
    before = queue.waiting.rank(caller.rank)
    if rule.when == "length":
        return before >= rule.value
    # With nobody there the wait has no end that could be told.
    return not queue.present or queue.mean_handling(now) * (before + 1) / queue.present >= rule.value
