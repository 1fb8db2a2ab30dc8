"""How well callers were told what to expect, and what they thought of us. In SQL, over the calls of some days."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

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
MARKS = """
SELECT c.store_id, c.rated_id, p.name, count(*), round(avg(c.rating)::numeric, 2)::float8,
       count(*) FILTER (WHERE c.rating <= 2)
  FROM calls_call c LEFT JOIN accounts_person p ON p.id = c.rated_id
 WHERE c.arrived_at >= %(since)s AND c.rating IS NOT NULL
   AND (%(every)s OR c.store_id = ANY(%(stores)s)) AND (%(store)s::bigint IS NULL OR c.store_id = %(store)s)
 GROUP BY c.store_id, c.rated_id, p.name ORDER BY c.store_id, avg(c.rating), p.name
"""


def _rows(sql: str, person: Person, permission: str, since: datetime, store: int | None) -> list[Any]:
    stores = person.stores_for(permission)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"since": since, "every": stores.every, "stores": sorted(stores.ids), "store": store})
        return list(cursor.fetchall())


def waits(person: Person, since: datetime, store: int | None) -> list[dict[str, Any]]:
    """A queue: told and real waits (s), their mean difference, the shares of good forecasts and of waits not longer."""
    return [
        {"queue": queue, "store": at, "name": {"zh": zh, "en": en}, "calls": count, "told": told, "real": real,
         "error": error, "good": good, "not_longer": kept}
        for queue, at, zh, en, count, told, real, error, good, kept in _rows(WAITS, person, "board.view", since, store)]


def marks(person: Person, since: datetime, store: int | None) -> dict[str, Any]:
    """The mean of customers' marks: of all, of each store, of each person. Whose marks they are is for leads to see."""
    rows = _rows(MARKS, person, "board.view", since, store)
    leads = person.stores_for("records.edit_others")
    names = store_names({row[0] for row in rows if row[0]})
    stores: dict[int, list[Any]] = {}
    for row in rows:
        stores.setdefault(row[0] or 0, []).append(row)
    return {**_mean(rows), "stores": [
        {"store": at, "name": names.get(at), **_mean(theirs), "people": [
            {"person": who or 0, "name": name or "", "count": count, "average": average, "bad": bad}
            for _, who, name, count, average, bad in theirs if at in leads or who == person.pk]}
        for at, theirs in stores.items()]}


def _mean(rows: list[Any]) -> dict[str, Any]:
    count = sum(row[3] for row in rows)
    total = sum(row[3] * row[4] for row in rows)
    return {"count": count, "average": round(total / count, 2) if count else None, "bad": sum(row[5] for row in rows)}
