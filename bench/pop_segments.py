"""Groups by rule counted as the page counts them, the night's labels, levels and indexes, duplicates: in one process.

The peers are what one would write first: the same question joined and grouped by the object mapper; each customer
scored by the same measures one at a time; each customer's doubles looked for one customer after another.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bench.report import spread

MANAGER = "group1"
TIMES = 5
PEER_SECONDS = 60.0
SCORED = 50_000  # so many customers of the night are enough to know its speed
SCORED_PEER, DOUBLES_PEER = 500, 200


def rule(how: str, *of: Any) -> dict[str, Any]:
    """A group of rules."""
    return {"how": how, "of": list(of)}


def one(field: str, op: str, value: Any = None) -> dict[str, Any]:
    """One rule."""
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


RULES: dict[str, dict[str, Any]] = {
    "a label": rule("all", one("labels", "has_any", ["车队"])),
    "a car of 2012 to 2014": rule("all", one("car.year", "between", [2012, 2014])),
    "insured for 30 days more": rule("all", one("car.insurance_until", "within_next", 30)),
    "called in the last 90 days": rule("all", one("call.at", "within_last", 90)),
    "not in touch for 90 days": rule("all", one("last_contact", "not_within_last", 90)),
    "five calls in a year": rule("all", one("calls_year", "at_least", 5)),
    "spent 350,000 in all": rule("all", one("spent", "at_least", 350_000)),
    "VIP, and spent or called": rule(
        "all", one("level", "one_of", ["vip"]),
        rule("any", one("spent_year", "at_least", 200_000), one("call.at", "within_last", 10))),
    "gold, no label, no open repair": rule(
        "all", one("level", "one_of", ["gold"]), one("labels", "has_none", ["老客户"]),
        rule("none", one("repair.open", "yes"))),
    "one car: old, and insured no more": rule(
        "one_car", one("car.year", "at_most", 2014), one("car.insurance_until", "before", "2026-01-01")),
    "nobody: 500 calls in a year": rule("all", one("calls_year", "at_least", 500)),
}


def timed(what: Callable[[], Any], times: int) -> tuple[list[float], Any]:
    """Seconds of each time, and the last answer."""
    taken, answer = [], None
    for _ in range(times):
        began = time.perf_counter()
        answer = what()
        taken.append(time.perf_counter() - began)
    return taken, answer


def counted() -> list[dict[str, Any]]:
    """Each rule counted as the page does, and how many fit."""
    from dealerline.apps.accounts.models import Person
    from dealerline.apps.segments.logic import groups
    from dealerline.apps.segments.logic.statement import Scope

    scope, rows = Scope.of(Person.objects.get(username=MANAGER)), []
    for name, asked in RULES.items():
        taken, found = timed(lambda asked=asked: groups.count(groups.read_rule(asked), scope), TIMES)  # type: ignore[misc]
        rows.append({"segments": name, **spread(taken), "found": found.count, "more": "more" if found.more else ""})
    return rows
