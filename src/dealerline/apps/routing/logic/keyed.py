"""Whom of a store's customers the digits mean that a caller keyed, for the switch, in one SQL statement.

It looks at each index once, as ``callers.py`` does. The digits are all those of a plate, card, order or repair order,
whose letters nobody can key, or the last six of a VIN. Whoever rings keys what he likes, so only exactly one customer
is an answer; of several the agent chooses. Part of a plate is no answer.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
from django.db import connection

from dealerline.apps.routing.logic.callers import LAST, OF_CUSTOMER, OWNER

AMONG = 9
"""So many of several are told: each has a figure to choose him by."""


def _digits(column: str) -> str:
    """As the indexes of customers say it (migration 0006)."""
    return f"regexp_replace({column}, '[^0-9]', '', 'g')"


KEYED = f"""
WITH hit AS MATERIALIZED (
    (SELECT 1 AS rank, 'plate' AS by, c.customer_id AS customer, c.id AS car FROM customers_car c
      WHERE {_digits("c.plate")} = %(digits)s AND c.gone_on IS NULL)
    UNION ALL (SELECT 2, 'vin_end', c.customer_id, c.id FROM customers_car c
                WHERE right(c.vin, 6) = %(digits)s AND c.gone_on IS NULL)
    UNION ALL (SELECT 3, 'card', m.customer_id, 0 FROM customers_membershipcard m
                WHERE {_digits("m.number")} = %(digits)s)
    UNION ALL (SELECT 4, 'order', o.customer_id, coalesce(o.car_id, 0) FROM customers_order o
                WHERE {_digits("o.number")} = %(digits)s)
    UNION ALL (SELECT 5, 'repair', r.customer_id, coalesce(r.car_id, 0) FROM customers_repair r
                WHERE {_digits("r.number")} = %(digits)s)
), own AS MATERIALIZED (
    SELECT hit.rank, hit.by, hit.car, u.id, u.level FROM hit JOIN customers_customer u ON u.id = hit.customer
     WHERE u.store_id = %(store)s
), who AS MATERIALIZED (
    SELECT id, level, by, car FROM own ORDER BY rank, car DESC LIMIT 1
), talks AS MATERIALIZED ({OF_CUSTOMER})
SELECT ARRAY(SELECT id FROM own GROUP BY id ORDER BY min(rank), id DESC LIMIT {AMONG}),
       (SELECT id FROM who), (SELECT level FROM who), {OWNER}, {LAST}, (SELECT by FROM who), (SELECT car FROM who)
"""


def identified(digits: str, store: int) -> tuple[str, dict[str, Any] | None]:
    """found, or several, and the fields of the switch's ``Known``; not_found and None."""
    if not re.fullmatch(r"[0-9]{3,20}", digits):
        return "not_found", None
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        row = cursor.execute(KEYED, {"digits": digits, "store": store}, prepare=True).fetchone()
    assert row is not None
    among, customer, level, owner, last, by, car = row
    if not among:
        return "not_found", None
    if len(among) > 1:
        return "several", {"among": among}
    return "found", {"customer": customer, "level": level, "owner": owner, "last": last, "by": by, "car": car}
