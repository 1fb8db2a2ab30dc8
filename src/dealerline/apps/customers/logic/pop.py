"""The screen pop: everything about a caller in one SQL statement.

It is prepared once a connection, since planning it takes longer than running it. The database builds the JSON, so
that the answer costs one look at each index and no objects. Numbers are masked inside the statement, store by store,
by the rules of accounts/logic/masking.py (who) and dealerline.domain.numbers (how). Nothing of a store that the person
does not see is ever read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common import warnings
from dealerline.apps.common.live import LiveCall
from dealerline.apps.customers.logic.customers import SHOWN as FIELDS
from dealerline.apps.customers.models import Tie
from dealerline.domain import numbers
from dealerline.domain.number_places import CARRIERS
from dealerline.domain.numbers import HIDDEN, SHORT_SHOWN, SHOWN

CALLS_SHOWN = 5
MATCHES_SHOWN = 10
CARS_SHOWN = 20
TIES_SHOWN = 10
BOOKINGS_SHOWN = 5
DUE_DAYS = 30
"""So many days before service, inspection or insurance a car is likely to be what he rings about."""


def masked(column: str, store: str) -> str:
    """SQL for a number as the person may see it. Needs ``organisation_store`` joined as ``store``."""
    return f"""CASE WHEN %(sees_every)s::bool OR {store}.id = ANY(%(sees)s::bigint[]) OR {store}.agents_see_numbers
             THEN {column}
        WHEN length({column}) < {HIDDEN + SHOWN}
             THEN repeat('*', greatest(length({column}) - {SHORT_SHOWN}, 0)) || right({column}, {SHORT_SHOWN})
        ELSE left({column}, -{HIDDEN + SHOWN}) || repeat('*', {HIDDEN}) || right({column}, {SHOWN}) END"""


def _words(zh: str, en: str, when: str) -> str:
    """SQL for a text in both languages, null unless ``when``; without English the Chinese stands for it."""
    return f"""CASE WHEN {when} THEN json_build_object('zh', {zh}, 'en', coalesce(nullif({en}, ''), {zh})) END"""


def _carrier(column: str) -> str:
    """SQL for the name of a carrier, null for an unknown one."""
    cases = " ".join(f"WHEN '{code}' THEN json_build_object('zh', '{name['zh']}', 'en', '{name['en']}')"
                     for code, name in CARRIERS.items())
    return f"CASE {column} {cases} END"


def _customer(row: str) -> str:
    shown = ", ".join(f"'{field}', {row}.{field}" for field in FIELDS)
    return f"""json_build_object(
        'id', {row}.id, {shown}, 'store', {row}.store_id, 'version', {row}.version,
        'level_set', CASE WHEN {row}.level_source <> '' THEN json_build_object(
            'by', {row}.level_source, 'because', {row}.level_because, 'at', {row}.level_at) END,
        'phones', coalesce((SELECT json_agg(json_build_object(
            'id', p.id, 'number', {masked("p.e164", "s")}, 'use', p.use, 'primary', p.primary,
            'extension', p.extension, 'used_by', p.used_by, 'country', p.country,
            'city', {_words("p.city_zh", "p.city_en", "p.city_zh <> ''")}, 'carrier', {_carrier("p.carrier")},
            'verified_at', p.verified_at, 'verified_how', p.verified_how, 'do_not_call', p.do_not_call,
            'do_not_call_why', p.do_not_call_why, 'version', p.version) ORDER BY p.primary DESC, p.id)
                     FROM customers_customerphone p JOIN organisation_store s ON s.id = {row}.store_id
                    WHERE p.customer_id = {row}.id), '[]'::json))"""


def _due(column: str) -> str:
    return f"{column} <= %(today)s::date + {DUE_DAYS}"


def _opposite(column: str) -> str:
    """SQL for what a tie is when it is read from its other end."""
    cases = " ".join(f"WHEN '{kind}' THEN '{other}'" for kind, other in Tie.OPPOSITE.items())
    return f"CASE {column} {cases} END"


POP = f"""
WITH target AS MATERIALIZED (
    SELECT c.id AS call, coalesce(%(customer)s::bigint, c.customer_id) AS chosen, coalesce(nullif(%(number)s::text, ''),
                                                                                   c.customer_number, '') AS number,
           coalesce(%(line)s::bigint, c.line_id) AS line
      FROM (SELECT 1) AS one
      LEFT JOIN calls_call c ON c.id = %(call)s::uuid
           AND (%(calls_every)s::bool OR c.store_id = ANY(%(calls)s::bigint[]))
), found AS MATERIALIZED (
    SELECT u.*, hit.sure, row_number() OVER (
               ORDER BY (u.id = t.chosen) DESC NULLS LAST, hit.sure DESC,
                        (u.store_id = (SELECT l.store_id FROM organisation_line l WHERE l.id = t.line)) DESC NULLS LAST,
                        u.updated_at DESC, u.id) AS place
      FROM target t
      JOIN LATERAL (SELECT h.id, bool_or(h.sure) AS sure FROM (
                        SELECT p.customer_id AS id, true AS sure FROM customers_customerphone p
                         WHERE p.e164 = t.number AND t.number <> ''
                        UNION ALL SELECT t.chosen, true WHERE t.chosen IS NOT NULL
                        UNION ALL SELECT unnest(%(among)s::bigint[]), false) AS h GROUP BY h.id) AS hit ON true
      JOIN customers_customer u ON u.id = hit.id
     WHERE %(every)s::bool OR u.store_id = ANY(%(stores)s::bigint[])
     ORDER BY place LIMIT {MATCHES_SHOWN}
), best AS MATERIALIZED (SELECT * FROM found WHERE place = 1 AND sure),
past AS MATERIALIZED (
    SELECT k.* FROM (
        (SELECT c.* FROM calls_call c JOIN best b ON c.customer_id = b.id
          WHERE c.arrived_at IS NOT NULL ORDER BY c.arrived_at DESC LIMIT 20)
        UNION
        (SELECT c.* FROM calls_call c JOIN target t ON c.customer_number = t.number AND t.number <> ''
          WHERE c.arrived_at IS NOT NULL ORDER BY c.arrived_at DESC LIMIT 20)
    ) AS k
    WHERE (%(calls_every)s::bool OR k.store_id = ANY(%(calls)s::bigint[])) AND k.id IS DISTINCT FROM %(call)s::uuid
    ORDER BY k.arrived_at DESC LIMIT {CALLS_SHOWN}
), owned AS MATERIALIZED (
    SELECT c.id, 'owner' AS role FROM best b JOIN customers_car c ON c.customer_id = b.id WHERE c.gone_on IS NULL
    UNION ALL
    SELECT c.id, min(r.role) FROM best b JOIN customers_carrole r ON r.customer_id = b.id AND r.until IS NULL
      JOIN customers_car c ON c.id = r.car_id AND c.customer_id <> b.id AND c.gone_on IS NULL
      JOIN customers_customer o ON o.id = c.customer_id
     WHERE %(every)s::bool OR o.store_id = ANY(%(stores)s::bigint[])
     GROUP BY c.id
), likely AS MATERIALIZED (
    SELECT c.*, w.role, w.because, row_number() OVER (ORDER BY w.rank, c.bought_on DESC NULLS LAST, c.id DESC) AS place
      FROM (SELECT x.id, x.role, y.because, y.rank FROM owned x JOIN customers_car c ON c.id = x.id,
            LATERAL (SELECT * FROM (VALUES
                (0, 'asked', c.id = %(car)s::bigint),
                (1, 'repair', EXISTS (SELECT 1 FROM customers_repair r WHERE r.car_id = c.id AND r.open
                                       AND (%(every)s::bool OR r.store_id = ANY(%(stores)s::bigint[])))),
                (2, 'recall', c.recall <> ''),
                (3, 'service', {_due("c.next_service_on")}),
                (4, 'inspection', {_due("c.inspection_until")}),
                (5, 'insurance', {_due("c.insurance_until")}),
                (6, 'newest', true)) AS v(rank, because, holds) WHERE v.holds ORDER BY v.rank LIMIT 1) AS y) AS w
      JOIN customers_car c ON c.id = w.id
     ORDER BY place LIMIT {CARS_SHOWN}
)
SELECT json_build_object(
    'known', EXISTS (SELECT 1 FROM best),
    'customer', (SELECT {_customer("b")} FROM best b),
    'other_matches', coalesce((SELECT json_agg({_customer("f")} ORDER BY f.place) FROM found f
                               WHERE f.place > 1 OR NOT f.sure),
                              '[]'::json),
    'cars', coalesce((SELECT json_agg(json_build_object(
            'id', c.id, 'vin', c.vin, 'vin_warning', c.vin_warning, 'plate', c.plate, 'plate_kind', c.plate_kind,
            'model', c.model, 'year', c.year, 'colour', c.colour,
            'brand', {_words("r.name_zh", "r.name_en", "r.id IS NOT NULL")},
            'maker', {_words("c.maker_zh", "c.maker_en", "c.maker_zh <> ''")},
            'mileage_km', c.mileage_km, 'mileage_on', c.mileage_on, 'bought_on', c.bought_on,
            'insurance_until', c.insurance_until, 'inspection_until', c.inspection_until,
            'warranty_until', c.warranty_until, 'next_service_on', c.next_service_on,
            'next_service_km', c.next_service_km, 'recall', c.recall, 'role', c.role,
            'because', CASE WHEN c.place = 1 THEN c.because ELSE '' END) ORDER BY c.place)
        FROM likely c LEFT JOIN organisation_brand r ON r.id = c.brand_id), '[]'::json),
    'cars_count', (SELECT count(*) FROM owned),
    'ties', coalesce((SELECT json_agg(t.row) FROM (SELECT json_build_object(
            'id', t.id, 'kind', t.kind, 'note', t.note, 'customer', json_build_object(
                'id', o.id, 'name', o.name, 'kind', o.kind, 'level', o.level, 'store', o.store_id)) AS row
        FROM best b JOIN LATERAL (
            SELECT t.id, t.kind, t.note, t.until, t.other_id FROM customers_tie t WHERE t.customer_id = b.id
            UNION ALL
            SELECT t.id, {_opposite("t.kind")}, t.note, t.until, t.customer_id FROM customers_tie t
             WHERE t.other_id = b.id) AS t ON t.until IS NULL OR t.until >= %(today)s::date
        JOIN customers_customer o ON o.id = t.other_id
         AND (%(every)s::bool OR o.store_id = ANY(%(stores)s::bigint[]))
        ORDER BY t.id LIMIT {TIES_SHOWN}) AS t), '[]'::json),
    'bookings', coalesce((SELECT json_agg(k.row) FROM (SELECT json_build_object(
            'id', k.id, 'kind', k.kind, 'at', k.at, 'text', k.text, 'state', k.state, 'store', k.store_id,
            'plate', coalesce(c.plate, '')) AS row
        FROM best b JOIN customers_booking k ON k.customer_id = b.id AND k.state IN ('booked', 'confirmed', 'arrived')
         AND (%(every)s::bool OR k.store_id = ANY(%(stores)s::bigint[])) AND k.at >= %(today)s::date - 1
        LEFT JOIN customers_car c ON c.id = k.car_id ORDER BY k.at LIMIT {BOOKINGS_SHOWN}) AS k), '[]'::json),
    'orders', coalesce((SELECT json_agg(o.row) FROM (SELECT json_build_object(
            'id', o.id, 'number', o.number, 'model', o.model, 'status', o.status, 'amount', o.amount,
            'store', o.store_id,
            'ordered_on', o.ordered_on, 'expected_on', o.expected_on, 'open', o.open) AS row
        FROM best b JOIN customers_order o ON o.customer_id = b.id
         AND (%(every)s::bool OR o.store_id = ANY(%(stores)s::bigint[]))
        ORDER BY o.open DESC, o.ordered_on DESC NULLS LAST, o.id DESC LIMIT 10) AS o), '[]'::json),
    'repairs', coalesce((SELECT json_agg(r.row) FROM (SELECT json_build_object(
            'id', r.id, 'number', r.number, 'stage', r.stage, 'work', r.work, 'amount', r.amount, 'store', r.store_id,
            'received_at', r.received_at, 'promised_at', r.promised_at, 'open', r.open,
            'plate', coalesce(c.plate, '')) AS row
        FROM best b JOIN customers_repair r ON r.customer_id = b.id
         AND (%(every)s::bool OR r.store_id = ANY(%(stores)s::bigint[]))
        LEFT JOIN customers_car c ON c.id = r.car_id
        ORDER BY r.open DESC, r.received_at DESC NULLS LAST, r.id DESC LIMIT 10) AS r), '[]'::json),
    'card', (SELECT json_build_object('number', m.number, 'level', m.level, 'points', m.points, 'balance', m.balance,
                                      'valid_until', m.valid_until)
        FROM best b JOIN customers_membershipcard m ON m.customer_id = b.id ORDER BY m.id DESC LIMIT 1),
    'calls', coalesce((SELECT json_agg(json_build_object(
            'id', k.id, 'at', k.arrived_at, 'direction', k.direction, 'outcome', k.outcome, 'seconds', k.talk_seconds,
            'line_name', CASE WHEN l.id IS NULL THEN NULL ELSE json_build_object('zh', l.name_zh, 'en',
                              coalesce(nullif(l.name_en, ''), l.name_zh)) END,
            'agent_name', coalesce(a.name, ''),
            'matter', CASE WHEN m.id IS NULL THEN NULL ELSE json_build_object('zh', m.name_zh, 'en',
                           coalesce(nullif(m.name_en, ''), m.name_zh)) END,
            'result', CASE WHEN u.id IS NULL THEN NULL ELSE json_build_object('zh', u.name_zh, 'en',
                           coalesce(nullif(u.name_en, ''), u.name_zh)) END,
            'notes', coalesce(d.notes, '')) ORDER BY k.arrived_at DESC)
        FROM past k LEFT JOIN organisation_line l ON l.id = k.line_id LEFT JOIN accounts_person a ON a.id = k.agent_id
        LEFT JOIN LATERAL (
            SELECT (array_agg(w.matter_id ORDER BY w.draft, w.updated_at DESC))[1] AS matter_id,
                   (array_agg(w.result_id ORDER BY w.draft, w.updated_at DESC))[1] AS result_id,
                   CASE WHEN count(*) = 1 THEN max(w.notes)
                        ELSE string_agg(coalesce(p.name || ': ', '') || w.notes, E'\n' ORDER BY w.created_at)
                             FILTER (WHERE w.notes <> '') END AS notes
              FROM calls_callrecord w LEFT JOIN accounts_person p ON p.id = w.author_id WHERE w.call_id = k.id
        ) AS d ON true LEFT JOIN calls_matter m ON m.id = d.matter_id
        LEFT JOIN calls_result u ON u.id = d.result_id), '[]'::json)
)::text, (SELECT b.id FROM best b)
"""


def wait_for_call(call: UUID, seconds: float = 1.0) -> bool:
    """Wait until the call's first fact is in the database, which is a tenth of a second behind. Whether it is."""
    end = time.monotonic() + seconds
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT 1 FROM calls_call WHERE id = %s AND arrived_at IS NOT NULL)", [call])
            row = cursor.fetchone()
        if row and row[0]:
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.05)


def caller_of(person: Person, call: UUID) -> str:
    """The customer's number of a call in the database, E.164; "" when there is none, or he may not see the call."""
    scope = person.stores_for("calls.view")
    with connection.cursor() as cursor:
        cursor.execute("SELECT customer_number FROM calls_call WHERE id = %s AND (%s OR store_id = ANY(%s))",
                       [call, scope.every, sorted(scope.ids)])
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def number_of(person: Person, call: UUID, live: LiveCall | None) -> str:
    """The customer's number of a call, which the switch knows before the database does; "" as in ``caller_of``."""
    if live is None:
        return caller_of(person, call)
    return numbers.e164(live.number) if live.store in person.stores_for("calls.view") else ""


def parameters(person: Person, number: str, call: UUID | None, line: int | None, customer: int | None = None,
               car: int | None = None, among: Sequence[int] = ()) -> dict[str, Any]:
    """What the statement asks: who looks and what he may see, and whom he asks for."""
    seen, calls = person.stores_for("customers.view"), person.stores_for("calls.view")
    sees = person.stores_for("numbers.see")
    return {
        "number": number, "call": call, "line": line, "customer": customer, "car": car, "among": list(among),
        "every": seen.every,
        "stores": sorted(seen.ids), "today": timezone.localdate(),
        "calls_every": calls.every, "calls": sorted(calls.ids), "sees_every": sees.every, "sees": sorted(sees.ids)}


def pop(person: Person, number: str, call: UUID | None, line: int | None, customer: int | None = None,
        car: int | None = None, among: Sequence[int] = ()) -> str:
    """The pop as JSON text. ``number`` in E.164 or ""; then the call's own number is used, if that call may be seen.

    ``customer``: of that customer, whatever the number; ``car``: the one he was found by comes first; ``among``: who he
    may be as well, none of whom is taken for him.
    """
    return _asked(person, number, call, line, customer, car, among)[0]


def pop_with_warnings(person: Person, number: str, call: UUID | None, line: int | None, customer: int | None = None,
                      car: int | None = None, among: Sequence[int] = ()) -> str:
    """The pop, and what other parts of the centre warn of; each of those is one more look at an index."""
    text, known = _asked(person, number, call, line, customer, car, among)
    found = warnings.of_customers(person, [known]) if known is not None else []
    return f'{text[:-1]}, "warnings": {json.dumps(found, ensure_ascii=False, cls=DjangoJSONEncoder)}}}'


def _asked(person: Person, *wanted: Any) -> tuple[str, int | None]:
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        row = cursor.execute(POP, parameters(person, *wanted), prepare=True).fetchone()
    assert row is not None
    return str(row[0]), row[1]
