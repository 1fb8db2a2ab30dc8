"""Many rows of another system found in the file at once: which of ours is meant by each.

The rule of the file: the surest way decides. The outside system's own key, then the number a row has by itself
(customer number, VIN, order number ...), then the same number of a telephone together with the same name, or a plate.
Rows are looked for in their own store; a number that is one in the whole group and stands in another store is told as
such, so that nobody writes into a store that is not his.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection


@dataclass(slots=True)
class Ask:
    """What is known of a row. ``phones`` are E.164; ``by_phone``: the number alone is enough, whatever the name."""

    store: int
    source: str = ""
    key: str = ""
    number: str = ""
    phones: list[str] = field(default_factory=list)
    name: str = ""
    vin: str = ""
    plate: str = ""
    by_phone: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Which of ours it is, and whose. ``elsewhere``: in another store than was asked for: to be looked at

    before it is used. ``similar``: somebody else who has the same number.
    """

    id: int | None = None
    customer: int | None = None
    store: int | None = None
    elsewhere: bool = False
    similar: int | None = None


NOTHING = Found()

_ASKS = """WITH a AS (SELECT * FROM jsonb_to_recordset(%s) AS a(i int, store bigint, source text, key text, number text,
    phones text[], name text, vin text, plate text, by_phone bool)) """

_PHONES = """
SELECT a.i, min(c.id) FILTER (WHERE (c.name = a.name OR a.by_phone) AND {key}),
       min(c.id) FILTER (WHERE c.name <> a.name OR NOT {key})
  FROM a CROSS JOIN LATERAL unnest(a.phones) AS p(e164)
  JOIN customers_customerphone n ON n.e164 = p.e164 JOIN customers_customer c ON c.id = n.customer_id
   AND c.store_id = a.store GROUP BY a.i
"""
_KEY = "(a.key = '' OR {0}.external_key IN ('', a.key) OR {0}.external_source <> a.source)"
"""Two rows of a system are two of ours, however alike: what has another key of it is not meant."""
_CARS = """
SELECT a.i, (SELECT min(r.id) FROM customers_car r JOIN customers_customer c ON c.id = r.customer_id
              WHERE r.{column} = a.{column} AND c.store_id = a.store AND {sure})
  FROM a WHERE a.{column} <> ''
"""
_TABLES: Mapping[str, tuple[str, str, str]] = {  # table, its customer, its store
    "customers": ("customers_customer", "t.id", "t.store_id"),
    "cars": ("customers_car", "t.customer_id", "c.store_id"),
    "orders": ("customers_order", "t.customer_id", "t.store_id"),
    "repairs": ("customers_repair", "t.customer_id", "t.store_id"),
    "cards": ("customers_membershipcard", "t.customer_id", "c.store_id")}
_MERGED = """
SELECT a.i, m.now FROM a JOIN duplicates_merge m ON m.undone_at IS NULL
   AND {same} WHERE {given}
"""
"""Customers merged into another are still called by their old keys in the systems that lists come from."""
ONE_IN_THE_GROUP = ("customers", "cards")
"""Kinds whose numbers are one in the whole group; the others' are one in their store."""


def find(kind: str, asks: Sequence[Ask]) -> list[Found]:
    """Which of ours each of them is, in their order."""
    if not asks:
        return []
    rows = json.dumps([{"i": i, "store": ask.store, "source": ask.source, "key": ask.key, "number": ask.number,
                        "phones": ask.phones, "name": ask.name, "vin": ask.vin, "plate": ask.plate,
                        "by_phone": ask.by_phone} for i, ask in enumerate(asks)])
    ids: dict[int, int] = {}
    similar: dict[int, int] = {}
    with connection.cursor() as cursor:

        def look(query: str) -> list[tuple[Any, ...]]:
            cursor.execute(_ASKS + query, [rows])
            return list(cursor.fetchall())

        table = _TABLES[kind][0]
        if any(ask.key for ask in asks):
            ids.update(look(f"SELECT a.i, t.id FROM a JOIN {table} t ON t.external_source = a.source "
                            "AND t.external_key = a.key WHERE a.key <> ''"))
            if kind == "customers":
                for i, found in look(_MERGED.format(given="a.key <> ''", same="m.external_source = a.source "
                                                    "AND m.external_key = a.key AND m.external_key <> ''")):
                    ids.setdefault(i, found)
        if kind == "cars":
            # A plate goes over to the next car: with two VINs they are two cars.
            for column, sure in (("vin", "true"), ("plate", f"{_KEY.format('r')} AND '' IN (r.vin, a.vin)")):
                for i, found in look(_CARS.format(column=column, sure=sure)):
                    if found is not None:
                        ids.setdefault(i, found)
        else:
            for i, found in look(_by_number(kind, table)):
                ids.setdefault(i, found)
        if kind == "customers":
            for i, found in look(_MERGED.format(given="a.number <> ''",
                                                same="m.number = a.number AND m.number <> ''")):
                ids.setdefault(i, found)
            for i, same, other in look(_PHONES.format(key=_KEY.format("c"))):
                if same is not None:
                    ids.setdefault(i, same)
                if other is not None:
                    similar[i] = other
        places = _places(cursor, kind, set(ids.values()))
    result = []
    for i, ask in enumerate(asks):
        customer, store = places.get(ids.get(i, 0), (None, None))
        if store is not None and store != ask.store:
            result.append(Found(ids.get(i), customer, store, elsewhere=True))
        else:
            result.append(Found(ids.get(i), customer, store, similar=similar.get(i) if i not in ids else None))
    return result


def _by_number(kind: str, table: str) -> str:
    same_store = "" if kind in ONE_IN_THE_GROUP else "AND t.store_id = a.store"
    return f"SELECT a.i, t.id FROM a JOIN {table} t ON t.number = a.number {same_store} WHERE a.number <> ''"


def _places(cursor: Any, kind: str, ids: set[int]) -> dict[int, tuple[int | None, int | None]]:
    table, customer, store = _TABLES[kind]
    join = "JOIN customers_customer c ON c.id = t.customer_id" if "c." in store else ""
    cursor.execute(f"SELECT t.id, {customer}, {store} FROM {table} t {join} WHERE t.id = ANY(%s)", [sorted(ids)])
    return {row: (owner, place) for row, owner, place in cursor.fetchall()}
