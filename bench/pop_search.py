"""The search for customers by kinds of fragments: through the edge as pages ask, and beside what one would write first.

The peer is one filter with ``icontains`` over name, pinyin, number and plate. It is asked inside one Django process,
and so is ours beside it; it is asked less often, since each of its questions takes seconds.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

from bench.report import spread

PEER_COUNT = 5
Known = tuple[str, str, str, str]  # number, name, pinyin, plate


def fragments(people: list[Known]) -> dict[str, list[str]]:
    """What is typed, by kind: each of somebody who is there, at last of nobody."""
    persons = [each for each in people if len(each[1]) <= 4]
    three = [each for each in persons if len(each[1]) == 3]
    return {
        "whole name": [name for _, name, _, _ in persons],
        "given name, two characters": [name[1:] for _, name, _, _ in three],
        "one character of the given name": [name[-1] for _, name, _, _ in persons],
        "surname, one character": [name[0] for _, name, _, _ in persons],
        "pinyin whole": [pinyin.split()[0] for _, _, pinyin, _ in persons],
        "pinyin, five letters of it": [pinyin.split()[0][-5:] for _, _, pinyin, _ in persons],
        "initials, all": [pinyin.split()[-1] for _, _, pinyin, _ in persons],
        "initials, the last two": [pinyin.split()[-1][-2:] for _, _, pinyin, _ in persons],
        "number, last four digits": [e164[-4:] for e164, _, _, _ in people],
        "number, six digits": [e164[-7:-1] for e164, _, _, _ in people],
        "number, its first five digits": [e164[3:8] for e164, _, _, _ in people],
        "plate, five characters": [plate[-5:] for _, _, _, plate in people],
        "plate, three characters": [plate[-3:] for _, _, _, plate in people],
        "nobody": [f"龘{name[-1]}" for _, name, _, _ in persons],
    }


def timed(ask: Callable[[str], int], queries: list[str]) -> tuple[list[float], int]:
    """Seconds of each, and how many found somebody."""
    times, found = [], 0
    for query in queries:
        began = time.perf_counter()
        found += bool(ask(query))
        times.append(time.perf_counter() - began)
    return times, found


def through_edge(page: Any, who: str, kinds: dict[str, list[str]]) -> list[dict[str, Any]]:
    """``GET /api/customers?q=`` through edge and web, one after the other."""
    rows = []
    for kind, queries in kinds.items():
        times, found = timed(lambda q: page.get(f"/api/customers?q={urllib.parse.quote(q)}")["total"], queries)
        rows.append({"P5": f"search, {who}: {kind}", **spread(times), "found": found})
    return rows


def main() -> None:
    """Ours beside the peer, as the group's manager, who sees every store and every number."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealerline.config.settings")
    os.environ["DEALERLINE_PROCESS"] = "web"
    import django

    django.setup()
    from django.db.models import Q, QuerySet

    from dealerline.apps.accounts.models import Person
    from dealerline.apps.common.paging import paged, paged_ids
    from dealerline.apps.customers.logic import customers
    from dealerline.apps.customers.models import Customer

    kinds = json.loads(sys.stdin.read())
    person = Person.objects.get(username=sys.argv[1])

    def page_of(rows: QuerySet[Customer]) -> int:
        return int(paged(rows, 1, lambda customer: customers.as_json(person, customer))["total"])

    def ours(query: str) -> int:
        seen, found = customers.meant(person, query)
        assert found is not None
        return int(paged_ids(found, seen, 1, lambda customer: customers.as_json(person, customer))["total"])

    def peer(query: str) -> int:
        rows = Customer.objects.visible_to(person, "customers.view").prefetch_related("phones").order_by("-id")
        any_of = Q(name__icontains=query) | Q(name_pinyin__icontains=query)
        return page_of(rows.filter(any_of | Q(phones__e164__icontains=query) | Q(cars__plate__icontains=query)))

    rows = []
    random.seed(7)
    for kind, queries in kinds.items():
        ours(queries[0])
        times, found = timed(ours, queries)
        theirs, _ = timed(peer, random.sample(queries, PEER_COUNT))
        own, other = spread(times), spread(theirs)
        rows.append({"P5": f"search by icontains (peer): {kind}", **other})
        rows.append(
            {"P5": f"search: {kind}", **own, "ratio": round(other["median_ms"] / own["median_ms"], 1), "found": found}
        )
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
