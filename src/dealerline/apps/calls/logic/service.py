"""How well callers were told what to expect, and what they thought of us. In SQL, over the calls of some days."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.organisation.facade import store_names

# Who was told an expected wait and was answered: the wait he had from then on. Who gave up has no real wait to compare.
# A forecast is good when it is within a minute, or within a third of what it said.
WAITS = """
SELECT q.id, q.store_id, q.name_zh, coalesce(nullif(q.name_en, ''), q.name_zh), count(*),
       round(avg(c.told_wait)::numeric, 1)::float8, round(avg(real)::numeric, 1)::float8,
       round(avg(abs(real - c.told_wait))::numeric, 1)::float8,
       round(avg((abs(real - c.told_wait) <= greatest(60, c.told_wait / 3))::int)::numeric, 4)::float8,
       round(avg((real <= c.told_wait)::int)::numeric, 4)::float8
  FROM (SELECT *, extract(epoch FROM answered_at - told_at) AS real FROM calls_call
         WHERE arrived_at >= %(since)s AND direction = 'in' AND told_wait IS NOT NULL AND answered_at > told_at) AS c
  JOIN calls_queue q ON q.id = c.queue_id
 WHERE (%(every)s OR c.store_id = ANY(%(stores)s)) AND (%(store)s::bigint IS NULL OR c.store_id = %(store)s)
 GROUP BY q.id ORDER BY q.store_id, q.id
"""
# A mark is for the person, and counts for the part of the house whose line it was; the group's number, complaints and
# whatever else is not a store's sales or workshop are the centre's own.
MARKS = """
SELECT c.store_id, c.rated_id, p.name, CASE WHEN l.kind IN ('sales', 'new_car') THEN 'sales'
            WHEN l.kind IN ('repair', 'rescue') THEN 'after_sales' ELSE 'centre' END AS part,
       c.rating, count(*) FILTER (WHERE c.arrived_at >= %(since)s), count(*) FILTER (WHERE c.arrived_at < %(since)s)
  FROM calls_call c LEFT JOIN accounts_person p ON p.id = c.rated_id
  LEFT JOIN organisation_line l ON l.id = c.line_id
 WHERE c.arrived_at >= %(before)s AND c.rating IS NOT NULL
   AND (%(every)s OR c.store_id = ANY(%(stores)s)) AND (%(store)s::bigint IS NULL OR c.store_id = %(store)s)
 GROUP BY 1, 2, 3, 4, 5 ORDER BY c.store_id, p.name
"""
PARTS = ("sales", "after_sales", "centre")
MARK_VALUES = range(1, 6)
BAD = 2


def _rows(sql: str, person: Person, permission: str, store: int | None, **times: datetime) -> list[Any]:
    stores = person.stores_for(permission)
    with connection.cursor() as cursor:
        cursor.execute(sql, {**times, "every": stores.every, "stores": sorted(stores.ids), "store": store})
        return list(cursor.fetchall())


def waits(person: Person, since: datetime, store: int | None) -> list[dict[str, Any]]:
    """A queue: told and real waits (s), their mean difference, the shares of good forecasts and of waits not longer."""
    rows = _rows(WAITS, person, "board.view", store, since=since)
    return [
        {"queue": queue, "store": at, "name": {"zh": zh, "en": en}, "calls": count, "told": told, "real": real,
         "error": error, "good": good, "not_longer": kept}
        for queue, at, zh, en, count, told, real, error, good, kept in rows]


@dataclass(slots=True)
class Marks:
    """How often each mark was given: in the days asked for, and in as many days before them."""

    now: Counter[int] = field(default_factory=Counter)
    before: Counter[int] = field(default_factory=Counter)

    def add(self, mark: int, now: int, before: int) -> None:
        self.now[mark] += now
        self.before[mark] += before

    def figures(self) -> dict[str, Any]:
        return {"count": self.now.total(), "average": _mean(self.now), "before": _mean(self.before),
                "bad": sum(self.now[mark] for mark in MARK_VALUES if mark <= BAD),
                "spread": [self.now[mark] for mark in MARK_VALUES]}


def _mean(marks: Counter[int]) -> float | None:
    total = marks.total()
    return round(sum(mark * count for mark, count in marks.items()) / total, 2) if total else None


def marks(person: Person, days: int, store: int | None) -> dict[str, Any]:
    """Customers' marks of so many days, beside as many days before: of all, of sales, after-sales and centre, of each
    store, of each person. Whose marks they are is for leads to see, and one's own.
    """
    since = timezone.now() - timedelta(days=days)
    rows = _rows(MARKS, person, "board.view", store, since=since, before=since - timedelta(days=days))
    leads = person.stores_for("records.edit_others")
    every, parts = Marks(), {part: Marks() for part in PARTS}
    stores: dict[int, dict[str, Marks]] = {}
    people: dict[int, dict[tuple[int, str], Marks]] = {}
    for at, who, name, part, *told in rows:
        here = stores.setdefault(at or 0, {key: Marks() for key in ("", *PARTS)})
        for kept in (every, parts[part], here[""], here[part]):
            kept.add(*told)
        if at in leads or who == person.pk:
            people.setdefault(at or 0, {}).setdefault((who or 0, name or ""), Marks()).add(*told)
    names = store_names({at for at in stores if at})
    return {
        **every.figures(), "parts": [{"part": part, **kept.figures()} for part, kept in parts.items()],
        "stores": [{"store": at, "name": names.get(at), **here[""].figures(),
                    "parts": [{"part": part, **here[part].figures()} for part in PARTS],
                    "people": _ranked(people.get(at, {}))}
                   for at, here in stores.items() if here[""].now.total()]}


def _ranked(people: dict[tuple[int, str], Marks]) -> list[dict[str, Any]]:
    """The least content customers' people first."""
    rows = [{"person": who, "name": name, **kept.figures()} for (who, name), kept in people.items() if kept.now.total()]
    return sorted(rows, key=lambda row: (row["average"] or 0, row["name"]))
