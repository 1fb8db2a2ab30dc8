"""Looking for duplicates: in the background, a few minutes after a change, and once a night among all.

The rule of the file: the database says which customers share a key (a telephone, a VIN ...), in one statement a rule;
whether two of them are one is for dealerline.domain.duplicates to say. A key that many share names nobody.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import combinations, islice
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from dealerline.apps.duplicates.models import Pair, PairState, Run
from dealerline.domain.duplicates import Facts, Number, verdict

SHARED_BY_AT_MOST = 8
"""A telephone in more files than these is a switchboard's, a plate "unknown": it says nothing about anybody."""
PIECE = 2000
LOCK = 7_264_017

_FOLDED = "regexp_replace(regexp_replace(upper({}), '[^[:alnum:]]', '', 'g'), '(^|[^0-9])0+([0-9]+)$', '\\1\\2')"

KEYS: Mapping[str, str] = {  # rule -> customer, key
    "phone": "SELECT customer_id AS c, e164 AS k FROM customers_customerphone",
    "vin": "SELECT customer_id AS c, vin AS k FROM customers_car WHERE vin <> ''",
    "plate": "SELECT customer_id AS c, plate AS k FROM customers_car WHERE plate <> ''",
    "company": "SELECT id AS c, name_pinyin AS k FROM customers_customer WHERE (company <> '' OR kind = 'company')",
}
KEYS_OF_A_NIGHT: Mapping[str, str] = {  # nothing finds these by index
    "company": "SELECT id AS c, store_id || '|' || name_pinyin || '|' || lower(CASE WHEN company <> '' THEN company "
               "ELSE name END) AS k FROM customers_customer WHERE company <> '' OR kind = 'company'",
    "card": f"SELECT customer_id AS c, {_FOLDED.format('number')} AS k FROM customers_membershipcard",
    "key": f"SELECT id AS c, external_source || '|' || {_FOLDED.format('external_key')} AS k FROM customers_customer "
           "WHERE external_key <> ''",
}
_WHOLE = "SELECT array_agg(DISTINCT c) FROM ({keys}) AS s GROUP BY k HAVING count(DISTINCT c) BETWEEN 2 AND %s"
_PART = ("SELECT array_agg(DISTINCT s.c) FROM ({keys}) AS s JOIN (SELECT DISTINCT k FROM ({keys}) AS m "
         "WHERE m.c = ANY(%s)) AS mine ON mine.k = s.k GROUP BY s.k HAVING count(DISTINCT s.c) BETWEEN 2 AND %s")
NAMESAKES_AT_MOST = 200
"""People who are read alike are many; their company is asked for afterwards."""

T = TypeVar("T")


def _groups(rules: Mapping[str, str], customers: Sequence[int] | None) -> set[tuple[int, int]]:
    """Pairs that share a key, the smaller id first; of a part only pairs with one of those customers in it."""
    found: set[tuple[int, int]] = set()
    wanted = set(customers or ())
    with connection.cursor() as cursor:
        for rule, keys in rules.items():
            many = NAMESAKES_AT_MOST if rule == "company" else SHARED_BY_AT_MOST
            if customers is None:
                cursor.execute(_WHOLE.format(keys=keys), [many])
            else:
                cursor.execute(_PART.format(keys=keys), [list(customers), many])
            for (ids,) in cursor.fetchall():
                found.update(pair for pair in combinations(sorted(ids), 2)
                             if customers is None or not wanted.isdisjoint(pair))
    return found


def _pieces(items: Iterable[T]) -> Iterator[list[T]]:
    """As many at a time as one statement asks for."""
    rest = iter(items)
    while piece := list(islice(rest, PIECE)):
        yield piece


def facts(customers: Iterable[int]) -> dict[int, Facts]:
    """What the rules look at, of many customers in six statements."""
    ids = sorted(set(customers))
    parts: dict[str, dict[int, set[Any]]] = {name: defaultdict(set) for name in ("p", "v", "l", "c", "t")}
    with connection.cursor() as cursor:

        def rows(statement: str) -> list[tuple[Any, ...]]:
            cursor.execute(statement, [ids])
            return list(cursor.fetchall())

        for customer, number, verified in rows(
                "SELECT customer_id, e164, verified_at IS NOT NULL FROM customers_customerphone "
                "WHERE customer_id = ANY(%s)"):
            parts["p"][customer].add(Number(number, verified))
        for customer, vin, plate in rows("SELECT customer_id, vin, plate FROM customers_car "
                                         "WHERE customer_id = ANY(%s)"):
            parts["v"][customer].update({vin} - {""})
            parts["l"][customer].update({plate} - {""})
        for customer, number in rows("SELECT customer_id, number FROM customers_membershipcard "
                                     "WHERE customer_id = ANY(%s)"):
            parts["c"][customer].add(number)
        for customer, other in rows("SELECT customer_id, other_id FROM customers_tie WHERE customer_id = ANY(%s) "
                                    "AND until IS NULL"):
            parts["t"][customer].add(other)
        people = rows("SELECT id, store_id, name, kind, name_pinyin, title, company, birthday, external_source, "
                      "external_key FROM customers_customer WHERE id = ANY(%s)")
    return {
        key: Facts(key, store, name, kind, pinyin, title, company, birthday,
                   tuple(sorted(parts["p"][key], key=lambda n: (n.e164, n.verified))), frozenset(parts["v"][key]),
                   frozenset(parts["l"][key]), frozenset(parts["c"][key]),
                   frozenset({(source, outside)} if outside else ()), frozenset(parts["t"][key]))
        for key, store, name, kind, pinyin, title, company, birthday, source, outside in people}


def _keep(pairs: Iterable[tuple[int, int]], run: int) -> int:
    """Write those that somebody should look at; how many are new. What a person decided stays."""
    new = 0
    for piece in _pieces(sorted(pairs)):
        known = facts(one for pair in piece for one in pair)
        rows = []
        for low, high in piece:
            if low not in known or high not in known:
                continue
            a, b = known[low], known[high]
            found = verdict(a, b)
            if found.same:
                rows.append(Pair(low=low, high=high, store_id=a.store, other_store_id=b.store, score=found.score,
                                 seen_run=run, reasons=[{"rule": reason.rule, "what": reason.what,
                                                         "points": reason.points} for reason in found.reasons]))
        if not rows:
            continue
        have = {(pair.low, pair.high): pair.pk for pair in Pair.objects.filter(low__in=[row.low for row in rows])}
        new += sum((row.low, row.high) not in have for row in rows)
        Pair.objects.bulk_create(rows, update_conflicts=True, unique_fields=["low", "high"],
                                 update_fields=["store_id", "other_store_id", "score", "reasons", "seen_run"])
    return new


def look_at(customers: Sequence[int], run: int = 0) -> int:
    """Look for those who may be these customers; pairs of theirs that are no longer alike go. How many new ones."""
    ids = sorted(set(customers))
    if not ids:
        return 0
    pairs = _groups(KEYS, ids)
    found = Pair.objects.filter(state=PairState.FOUND).filter(Q(low__in=ids) | Q(high__in=ids))
    old = set(found.values_list("low", "high"))
    new = _keep(pairs | old, run)
    if old:
        known = facts(one for pair in old for one in pair)
        dead = [pair for pair in old if not (pair[0] in known and pair[1] in known
                                             and verdict(known[pair[0]], known[pair[1]]).same)]
        for low, high in dead:
            Pair.objects.filter(low=low, high=high, state=PairState.FOUND).delete()
    return new


_MARKS = {"customer": "customers_customer", "phone": "customers_customerphone", "car": "customers_car",
          "card": "customers_membershipcard", "change": "history_change"}
_NEW = {
    "customer": "SELECT id FROM customers_customer WHERE id > %s ORDER BY id",
    "phone": "SELECT customer_id FROM customers_customerphone WHERE id > %s ORDER BY id",
    "car": "SELECT customer_id FROM customers_car WHERE id > %s ORDER BY id",
    "card": "SELECT customer_id FROM customers_membershipcard WHERE id > %s ORDER BY id",
    "change": "SELECT customer_id FROM history_change WHERE id > %s AND customer_id IS NOT NULL AND source <> 'merge' "
              "AND object_type IN ('customers.customer', 'customers.customerphone', 'customers.car', 'customers.tie', "
              "'customers.membershipcard') ORDER BY id"}


def _marks() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"(SELECT coalesce(max(id), 0) FROM {table})" for table in
                                             _MARKS.values()))
        return dict(zip(_MARKS, cursor.fetchone(), strict=True))


def run_part(at_most: int = 20_000) -> Run | None:
    """Look at whoever is new or was changed since the last run. None: nobody was. More than ``at_most``: the night."""
    last = Run.objects.exclude(marks={}).first()
    if last is None:
        return run_whole()
    marks = _marks()
    customers: set[int] = set()
    with connection.cursor() as cursor:
        for name, statement in _NEW.items():
            if marks[name] > last.marks.get(name, 0):
                cursor.execute(statement + " LIMIT %s", [last.marks.get(name, 0), at_most + 1])
                customers.update(customer for (customer,) in cursor.fetchall())
    if not customers and marks == last.marks:
        return None
    if len(customers) > at_most:
        return run_whole()
    return _timed(Run(marks=marks, customers=len(customers)), sorted(customers))


def run_whole() -> Run:
    """Look among all customers, and let go of pairs that are no longer alike."""
    return _timed(Run(whole=True, marks=_marks()), None)


def _timed(run: Run, customers: list[int] | None) -> Run:
    began = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])  # one run at a time
        run.save()
        if customers is None:
            cursor.execute("SELECT count(*) FROM customers_customer")
            (run.customers,) = cursor.fetchone()
            run.pairs = _keep(_groups({**KEYS, **KEYS_OF_A_NIGHT}, None), run.pk)
            Pair.objects.filter(state=PairState.FOUND).exclude(seen_run=run.pk).filter(found_at__lt=run.at).delete()
        else:
            run.pairs = sum(look_at(piece, run.pk) for piece in _pieces(customers))
        run.seconds = round(time.monotonic() - began, 2)
        run.save()
        Run.objects.filter(at__lt=timezone.now() - timedelta(days=30)).delete()
    return run
