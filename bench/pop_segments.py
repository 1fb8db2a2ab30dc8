"""Groups by rule counted as the page counts them, the night's labels, levels and indexes, duplicates: in one process.

The peers are what one would write first: the same question joined and grouped by the object mapper; each customer
scored by the same measures one at a time; each customer's doubles looked for one customer after another.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
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
        taken, found = timed(partial(groups.count, groups.read_rule(asked), scope), TIMES)
        rows.append({"segments": name, **spread(taken), "found": found.count, "more": "more" if found.more else ""})
    return rows


def counted_plainly() -> list[dict[str, Any]]:
    """The peer of some rules: joined, grouped and counted by the object mapper, to the last one."""
    from django.db.models import Count, QuerySet, Sum
    from django.utils import timezone

    from dealerline.apps.customers.models import Customer
    from dealerline.apps.segments.logic.groups import at_most

    seen, now = Customer.objects.all(), timezone.now()
    asked: dict[str, QuerySet[Customer]] = {
        "a car of 2012 to 2014": seen.filter(cars__year__range=(2012, 2014)).distinct(),
        "called in the last 90 days": seen.filter(calls__arrived_at__gte=now - timedelta(days=90)).distinct(),
        "five calls in a year": seen.filter(calls__arrived_at__gte=now - timedelta(days=365)).annotate(
            n=Count("calls")).filter(n__gte=5),
        "spent 350,000 in all": seen.filter(orders__status="delivered").annotate(
            n=Sum("orders__amount")).filter(n__gte=350_000),
    }
    rows = []
    for name, found in asked.items():
        with at_most(PEER_SECONDS):
            taken, count = timed(found.count, 1)
        rows.append({"segments": f"joined and counted (peer): {name}", **spread(taken), "found": count})
    return rows


def night() -> list[dict[str, Any]]:
    """The indexes of many customers beside one at a time; then a rule for labels, when it is new and when it is old."""
    from dealerline.apps.customers.models import Customer
    from dealerline.apps.segments.logic import labels, scores
    from dealerline.apps.segments.models import LabelRule, Segment

    everybody = list(Customer.objects.order_by("-pk").values_list("pk", flat=True)[:SCORED])
    taken, count = timed(lambda: scores.recompute(everybody), 1)
    rows = [_speed("indexes worked out", count, taken[0])]
    taken, _ = timed(lambda: [scores.recompute([key]) for key in everybody[:SCORED_PEER]], 1)
    rows.append(_speed("indexes, one customer at a time (peer)", SCORED_PEER, taken[0]))
    group = Segment.objects.create(name="bench", rule=RULES["insured for 30 days more"], sharing="group")
    given = LabelRule.objects.create(name="bench", segment=group, sets="label", value="续保")
    for title in ("a rule's labels, the first night", "the same, when all have theirs"):
        taken, run = timed(lambda: labels.run(given, None), 1)
        rows.append(_speed(title, run.given, taken[0]))
    return rows


def _speed(title: str, customers: int, seconds: float) -> dict[str, Any]:
    return {"night": title, "customers": customers, "seconds": round(seconds, 2),
            "a second": round(customers / seconds) if customers else ""}


def doubles() -> list[dict[str, Any]]:
    """All looked at, one new customer, and the plain way: everybody with his number or his car, one after another."""
    from django.db.models import Q

    from dealerline.apps.customers.models import Customer, CustomerPhone
    from dealerline.apps.duplicates.logic import finding

    taken, run = timed(finding.run_whole, 1)
    rows = [{"duplicates": "all customers", "customers": run.customers, "seconds": round(taken[0], 2),
             "pairs": run.pairs}]
    known = CustomerPhone.objects.select_related("customer").order_by("-pk")[:DOUBLES_PEER]
    new = Customer.objects.create(store_id=known[0].customer.store_id, name=known[0].customer.name)
    CustomerPhone.objects.create(customer=new, e164=known[0].e164, primary=True)
    taken, part = timed(finding.run_part, 1)
    rows.append({"duplicates": "one new customer", "customers": 1, "seconds": round(taken[0], 3),
                 "pairs": part.pairs if part is not None else 0})

    def plainly() -> int:
        found = 0
        for phone in known:
            car = phone.customer.cars.first()
            same = Q(phones__e164=phone.e164) | Q(cars__vin=car.vin if car else "-")
            found += Customer.objects.filter(same).exclude(pk=phone.customer_id).distinct().count()
        return found

    taken, found = timed(plainly, 1)
    rows.append({"duplicates": "one after another (peer)", "customers": DOUBLES_PEER, "seconds": round(taken[0], 2),
                 "pairs": found})
    return rows


def keyed_plainly(store: int, tails: list[str]) -> list[dict[str, Any]]:
    """The peer of who a caller keyed that he is: one filter over all that ends with the digits."""
    from django.db.models import Q

    from dealerline.apps.customers.models import Customer

    def ask(digits: str) -> int:
        ends = Q(cars__vin__endswith=digits) | Q(cars__plate__endswith=digits) | Q(cards__number__endswith=digits)
        ends |= Q(orders__number__endswith=digits) | Q(repairs__number__endswith=digits)
        return Customer.objects.filter(ends, store=store).distinct().count()

    times, found = [], 0
    for digits in tails:
        taken, count = timed(partial(ask, digits), 1)
        times += taken
        found += count == 1
    return [{"keyed": "all that ends so, by the object mapper (peer)", **spread(times), "found": found}]


def main() -> None:
    """``STORE TAIL ...`` on the command line; each table when it is made, as a line: its name, its rows, as JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealerline.config.settings")
    os.environ["DEALERLINE_PROCESS"] = "web"
    import django

    django.setup()
    store, tails = int(sys.argv[1]), sys.argv[2:]
    tables = {"segments": lambda: counted() + counted_plainly(), "keyed": lambda: keyed_plainly(store, tails),
              "duplicates": doubles, "night": night}
    for name, made in tables.items():
        print(json.dumps([name, made()]), flush=True)


if __name__ == "__main__":
    main()
