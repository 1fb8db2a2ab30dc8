"""Who a number is, for the switch, in one SQL statement.

It looks at each index once or twice, so that it takes the same time with a million customers and ten million calls.
It is prepared once a connection. Of several customers with the number the store's own comes first. People who have
left are nobody.
"""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection

from dealerline.domain import numbers

CALLS_LOOKED_AT = 20

OWNER = """
       coalesce((SELECT o.salesperson_id FROM who JOIN customers_order o ON o.customer_id = who.id AND o.open
                   JOIN accounts_person a ON a.id = o.salesperson_id AND a.is_active
                  ORDER BY o.ordered_on DESC NULLS LAST, o.id DESC LIMIT 1),
                (SELECT r.adviser_id FROM who JOIN customers_repair r ON r.customer_id = who.id AND r.open
                   JOIN accounts_person a ON a.id = r.adviser_id AND a.is_active
                  ORDER BY r.received_at DESC NULLS LAST, r.id DESC LIMIT 1), 0)
"""
"""Who looks after the customer in ``who``."""

LAST = """
       coalesce((SELECT t.agent_id FROM talks t JOIN accounts_person a ON a.id = t.agent_id AND a.is_active
                  WHERE t.arrived_at IS NOT NULL ORDER BY t.arrived_at DESC LIMIT 1), 0)
"""
"""Whom he spoke with last, of ``talks``."""

OF_CUSTOMER = f"""
    SELECT t.agent_id, t.arrived_at FROM who CROSS JOIN LATERAL (
        SELECT c.agent_id, c.arrived_at FROM calls_call c WHERE c.customer_id = who.id
         ORDER BY c.arrived_at DESC LIMIT {CALLS_LOOKED_AT}) AS t
"""

WHO = f"""
WITH who AS MATERIALIZED (
    SELECT u.id, u.level FROM customers_customerphone p JOIN customers_customer u ON u.id = p.customer_id
     WHERE p.e164 = %(number)s ORDER BY (u.store_id = %(store)s) DESC, u.updated_at DESC, u.id LIMIT 1
), listing AS MATERIALIZED (
    SELECT l.id, l.kind FROM routing_callerlisting l
     WHERE l.number = %(number)s AND (l.store_id IS NULL OR l.store_id = %(store)s)
       AND (l.until IS NULL OR l.until > now())
     ORDER BY (l.store_id IS NOT NULL) DESC LIMIT 1
), talks AS MATERIALIZED (
    (SELECT c.agent_id, c.arrived_at FROM calls_call c WHERE c.customer_number = %(number)s
      ORDER BY c.arrived_at DESC LIMIT {CALLS_LOOKED_AT})
    UNION ALL {OF_CUSTOMER}
)
SELECT coalesce((SELECT id FROM who), 0),
       coalesce((SELECT level FROM who), ''),
       {OWNER}, {LAST},
       ARRAY(SELECT n.person_id FROM listing l JOIN routing_namedperson n ON n.listing_id = l.id AND l.kind = 'vip'
                JOIN accounts_person a ON a.id = n.person_id AND a.is_active ORDER BY n.place, n.id),
       coalesce((SELECT kind FROM listing), '')
"""


def who_is(number: str, store: int) -> dict[str, Any] | None:
    """The fields of the switch's ``Known``; None when nothing is known of the number."""
    wanted = numbers.e164(number)
    if not wanted:
        return None
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        row = cursor.execute(WHO, {"number": wanted, "store": store}, prepare=True).fetchone()
    assert row is not None
    customer, level, owner, last, named, standing = row
    if not (customer or last or standing):
        return None
    return {"customer": customer, "level": level, "owner": owner, "last": last, "named": list(named),
            "standing": standing}
