"""A million invented customers with their cars, orders, repairs and past calls, put into a demo's database by SQL."""

from __future__ import annotations

import sys
import time
from typing import Any

import psycopg

from dealerline.runtime.stack import Stack

FIRST = 13000000000  # numbers of the invented customers: +86 130..., one after another
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红建文辉力健凯鑫波斌宇浩晨阳雪梅琳慧莹佳倩颖欣怡"

CUSTOMERS = """
INSERT INTO customers_customer (store_id, kind, name, title, name_pinyin, company, level, labels, notes, need,
                                created_at, updated_at, version)
SELECT (ARRAY(SELECT id FROM organisation_store ORDER BY id))[1 + i %% 6], 'person',
       substr(%(surnames)s::text, 1 + i * 7 %% length(%(surnames)s::text), 1)
           || substr(%(given)s::text, 1 + i * 11 %% length(%(given)s::text), 1)
           || substr(%(given)s::text, 1 + i / 50 %% length(%(given)s::text), 1),
       '先生', 'ce ' || i %% 9973, '', (ARRAY['normal','silver','gold','vip'])[1 + i %% 4], '[]', '', '', now(), now(),
       1
  FROM generate_series(1, %(n)s) AS i;
INSERT INTO customers_customerphone (customer_id, e164, raw, use, "primary")
SELECT id, '+86' || (%(first)s + row_number() OVER (ORDER BY id)), '', 'mobile', true
  FROM customers_customer WHERE id > %(after)s;
INSERT INTO customers_car (customer_id, vin, plate, model, colour, year, mileage_km)
SELECT c.id, '', '沪A' || upper(lpad(to_hex(c.id), 6, '0')), 'ID.4 X', '', 2022, 20000
  FROM customers_customer c WHERE c.id > %(after)s;
INSERT INTO customers_order (customer_id, store_id, number, model, status, amount, open, ordered_on)
SELECT c.id, c.store_id, 'B' || c.id, 'ID.4 X', 'ordered', 200000, c.id %% 5 = 0, current_date
  FROM customers_customer c WHERE c.id > %(after)s AND c.id %% 3 = 0;
INSERT INTO customers_repair (customer_id, store_id, number, stage, work, open, received_at)
SELECT c.id, c.store_id, 'R' || c.id, 'working', '保养', c.id %% 4 = 0, now()
  FROM customers_customer c WHERE c.id > %(after)s AND c.id %% 2 = 0;
"""
# As in life: in the order of their arrival, ids too (UUIDv7), so that one customer's calls lie far from each other.
CALLS = """
INSERT INTO calls_call (id, direction, from_number, to_number, customer_number, customer_id, store_id, line_id,
    language, path, outcome, ended_by, cause, arrived_at, ended_at, waited_seconds, talk_seconds,
    hold_seconds, wrap_seconds, offers, seq)
SELECT (lpad(to_hex((extract(epoch FROM k.at) * 1000)::bigint), 12, '0') || '7' || substr(k.noise, 1, 3) || '8'
        || substr(k.noise, 4, 15))::uuid, 'in', k.e164, '+862100000000', k.e164, k.customer_id, k.store_id,
       (SELECT id FROM organisation_line ORDER BY id LIMIT 1), 'zh', '[]', 'answered', 'customer', '16',
       k.at, k.at + interval '2 minutes', 5, 120, 0, 0, 1, 1
  FROM (SELECT p.e164, p.customer_id, c.store_id, md5(p.id::text || '-' || n) AS noise,
               now() - n * interval '60 days' - (p.id * 7919 %% 5184000) * interval '1 second' AS at
          FROM customers_customerphone p JOIN customers_customer c ON c.id = p.customer_id,
               generate_series(1, %(each)s) AS n
         WHERE p.customer_id > %(after)s) AS k
 ORDER BY k.at
"""
INDEXES = """
SELECT format('DROP INDEX %I', i.indexname), i.indexdef
  FROM pg_indexes i LEFT JOIN pg_constraint c ON c.conname = i.indexname
 WHERE i.schemaname = 'public' AND c.oid IS NULL AND (i.tablename LIKE 'customers%' OR i.tablename = 'calls_call')
"""


def database(stack: Stack) -> psycopg.Connection[Any]:
    """The stack's database, as its owner."""
    return psycopg.connect(
        host="127.0.0.1",
        port=stack.settings.postgres_port,
        user="dealerline",
        dbname="dealerline",
        password=stack.settings.secret("postgres"),
        autocommit=True,
    )


def fill(stack: Stack, customers: int, calls_each: int) -> None:
    """Put ``customers`` more into the demo's database, each with ``calls_each`` past calls; says what took how long.

    Indexes are dropped for the filling and made again after it: the same indexes, in a tenth of the time.
    """
    with database(stack) as connection:
        columns = dict(
            connection.execute(
                "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = 'calls_call'"
            ).fetchall()
        )
        missing = [c for c, nullable in columns.items() if nullable == "NO" and c not in CALLS]
        if missing:
            raise RuntimeError(f"calls_call has new columns that the bench does not fill: {missing}")
        indexes = connection.execute(INDEXES).fetchall()
        after = connection.execute("SELECT coalesce(max(id), 0) FROM customers_customer").fetchone()
        assert after
        values = {
            "n": customers,
            "first": FIRST,
            "after": after[0],
            "each": calls_each,
            "surnames": SURNAMES,
            "given": GIVEN,
        }
        # What we put in refers to rows we put in: the database need not look at each reference.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '512MB'")
        for drop, _ in indexes:
            connection.execute(drop)
        _timed(connection, "customers", CUSTOMERS, values)
        connection.execute("ANALYZE")
        _timed(connection, "calls", CALLS, values)
        _timed(connection, "indexes", ";\n".join(definition for _, definition in indexes), None)
        _timed(connection, "vacuum", "VACUUM ANALYZE;\nCHECKPOINT", None)
        size = connection.execute("SELECT pg_size_pretty(pg_database_size('dealerline'))").fetchone()
        assert size
        sys.stderr.write(f"the database has {size[0]}\n")


def _timed(connection: psycopg.Connection[Any], what: str, statements: str, values: dict[str, Any] | None) -> None:
    began = time.monotonic()
    for statement in filter(str.strip, statements.split(";\n")):
        connection.execute(statement, values)
    sys.stderr.write(f"{what}: {time.monotonic() - began:.0f} s\n")


def known_people(stack: Stack, username: str, count: int) -> list[tuple[str, str, str]]:
    """(number, name, plate) of invented customers whom that person may see: those of his own store, at random."""
    with database(stack) as connection:
        return connection.execute(
            "SELECT p.e164, c.name, a.plate FROM customers_customerphone p"
            " JOIN customers_customer c ON c.id = p.customer_id JOIN customers_car a ON a.customer_id = c.id"
            " WHERE c.store_id = (SELECT store_id FROM accounts_person WHERE username = %s) AND p.e164 > %s"
            " ORDER BY md5(p.e164) LIMIT %s",
            (username, f"+86{FIRST}", count),
        ).fetchall()


def number(n: int) -> str:
    """The n-th invented customer's number, E.164."""
    return f"+86{FIRST + n}"
