"""A million invented customers with their cars, orders, repairs and past calls, put into a demo's database by SQL."""

from __future__ import annotations

import random
import sys
import time
from typing import Any

import psycopg

from dealerline.apps.customers.logic.names import pinyin_of
from dealerline.runtime.stack import Stack

# The first numbers of mobiles. A customer's other eight digits are spread by a factor that shares none with 10**8.
MOBILES = [*range(134, 140), *range(147, 153), *range(155, 160), 166, *range(170, 179), *range(180, 190), 198, 199]
FACTOR = 61803399
# As often as in China: every fourteenth is a Wang, every fourteenth a Li, every fiftieth of a house of two characters.
SURNAMES = dict.fromkeys("陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕", 20) | {
    "王": 72, "李": 72, "张": 68, "刘": 54, "欧阳": 6, "司马": 3, "上官": 3}
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红建文辉力健凯鑫波斌宇浩晨阳雪梅琳慧莹佳倩颖欣怡子梓涵轩雨"
    "泽博嘉俊诗思梦瑶婷志国海峰龙飞鹏翔云春兰凤莲珍荣德福贵永长庆兴家成东新立民安乐天一小晓亚美爱丹妮菲璐瑞祥"
)
NAMES = 50_000  # drawn so many times; the commonest comes out dozens of times, most once
COMPANY = 0.02  # share of companies

CUSTOMERS = """
INSERT INTO customers_customer (store_id, kind, name, title, name_pinyin, company, level, labels, notes, need,
                                created_at, updated_at, version)
SELECT (ARRAY(SELECT id FROM organisation_store ORDER BY id))[1 + i %% 6], 'person',
       n.name, '先生', n.pinyin, '', (ARRAY['normal','silver','gold','vip'])[1 + i %% 4],
       CASE WHEN i %% 10 = 0 THEN '["老客户"]' WHEN i %% 23 = 0 THEN '["大客户", "车队"]' ELSE '[]' END::jsonb, '', '',
       now(), now(), 1
  FROM generate_series(1, %(n)s) AS i JOIN bench_names n ON n.id = i::bigint * 7919 %% %(names)s;
INSERT INTO customers_customerphone (customer_id, e164, raw, use, "primary")
SELECT id, '+86' || (%(mobiles)s::int[])[1 + n %% cardinality(%(mobiles)s::int[])]
           || lpad((n * %(factor)s %% 100000000)::text, 8, '0'), 'bench', 'mobile', true
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM customers_customer WHERE id > %(after)s) AS c;
INSERT INTO customers_car (customer_id, vin, plate, model, colour, year, mileage_km, bought_on, insurance_until)
SELECT c.id, 'LSVAM4187C2' || lpad((c.id %% 1000000)::text, 6, '0'), '沪A' || upper(lpad(to_hex(c.id), 6, '0')),
       (ARRAY['ID.4 X', 'Passat', 'Tiguan L'])[1 + c.id %% 3], '', 2012 + c.id %% 14, 20000 + c.id %% 90000,
       current_date - (c.id * 7919 %% 5000)::int, current_date + (c.id * 6007 %% 730)::int - 365
  FROM customers_customer c WHERE c.id > %(after)s;
INSERT INTO customers_order (customer_id, store_id, number, model, status, amount, open, ordered_on)
SELECT c.id, c.store_id, 'B' || c.id, 'ID.4 X', CASE WHEN c.id %% 5 = 0 THEN 'ordered' ELSE 'delivered' END,
       90000 + c.id %% 300000, c.id %% 5 = 0, current_date - (c.id * 7919 %% 1500)::int
  FROM customers_customer c WHERE c.id > %(after)s AND c.id %% 3 = 0;
INSERT INTO customers_repair (customer_id, store_id, number, stage, work, open, received_at, amount)
SELECT c.id, c.store_id, 'R' || c.id, CASE WHEN c.id %% 4 = 0 THEN 'working' ELSE 'closed' END, '保养', c.id %% 4 = 0,
       now() - (c.id * 104729 %% 1000) * interval '1 day', 300 + c.id %% 9000
  FROM customers_customer c WHERE c.id > %(after)s AND c.id %% 2 = 0;
INSERT INTO customers_membershipcard (customer_id, number, level, points, balance)
SELECT c.id, 'M' || lpad(c.id::text, 9, '0'), 'gold', c.id %% 5000, c.id %% 900
  FROM customers_customer c WHERE c.id > %(after)s AND c.id %% 10 = 0;
"""
# As in life: in the order of their arrival, ids too (UUIDv7), so that one customer's calls lie far from each other.
CALLS = """
INSERT INTO calls_call (id, direction, from_number, to_number, customer_number, customer_id, store_id, line_id,
    language, path, outcome, ended_by, cause, arrived_at, answered_at, ended_at, waited_seconds, talk_seconds,
    hold_seconds, wrap_seconds, offers, seq, purpose)
SELECT (lpad(to_hex((extract(epoch FROM k.at) * 1000)::bigint), 12, '0') || '7' || substr(k.noise, 1, 3) || '8'
        || substr(k.noise, 4, 15))::uuid, 'in', k.e164, '+862100000000', k.e164, k.customer_id, k.store_id,
       (SELECT id FROM organisation_line ORDER BY id LIMIT 1), 'zh', '[]', 'answered', 'customer', '16',
       k.at, k.at + interval '5 seconds', k.at + interval '2 minutes', 5, 120, 0, 0, 1, 1, ''
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
            "after": after[0],
            "each": calls_each,
            "names": NAMES,
            "mobiles": MOBILES,
            "factor": FACTOR,
        }
        # What we put in refers to rows we put in: the database need not look at each reference.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '512MB'")
        for drop, _ in indexes:
            connection.execute(drop)
        connection.execute("CREATE TEMP TABLE bench_names (id bigint PRIMARY KEY, name text, pinyin text)")
        with connection.cursor().copy("COPY bench_names FROM STDIN") as copy:
            for row in enumerate(names()):
                copy.write_row((row[0], row[1], pinyin_of(row[1])))
        _timed(connection, "customers", CUSTOMERS, values)
        connection.execute("ANALYZE")
        _timed(connection, "calls", CALLS, values)
        _timed(connection, "indexes", ";\n".join(definition for _, definition in indexes), None)
        _timed(connection, "vacuum", "VACUUM ANALYZE;\nCHECKPOINT", None)
        size = connection.execute("SELECT pg_size_pretty(pg_database_size('dealerline'))").fetchone()
        assert size
        sys.stderr.write(f"the database has {size[0]}\n")


def names() -> list[str]:
    """Invented names, of persons and a few companies, the same every time."""
    chance = random.Random(7)
    surnames = chance.choices(list(SURNAMES), list(SURNAMES.values()), k=NAMES)
    given = list(GIVEN)
    weights = [1 / (place + 8) for place in range(len(given))]  # the first are the commonest
    made = []
    for surname in surnames:
        chars = chance.choices(given, weights, k=2 if chance.random() < 0.83 else 1)
        if chance.random() < COMPANY:
            made.append(f"{surname}{''.join(chars)}{chance.choice(['商贸', '物流', '建筑', '科技'])}有限公司")
        else:
            made.append(surname + "".join(chars))
    return made


def _timed(connection: psycopg.Connection[Any], what: str, statements: str, values: dict[str, Any] | None) -> None:
    began = time.monotonic()
    for statement in filter(str.strip, statements.split(";\n")):
        connection.execute(statement, values)
    sys.stderr.write(f"{what}: {time.monotonic() - began:.0f} s\n")


def known_tails(stack: Stack, store: int, count: int) -> list[str]:
    """The last six of VINs of that store's invented customers, at random."""
    with database(stack) as connection:
        return [tail for (tail,) in connection.execute(
            "SELECT right(a.vin, 6) FROM customers_car a JOIN customers_customer c ON c.id = a.customer_id"
            " WHERE c.store_id = %s AND a.vin LIKE 'LSVAM4187C2%%' ORDER BY md5(a.id::text) LIMIT %s",
            (store, count)).fetchall()]


def known_people(stack: Stack, username: str, count: int) -> list[tuple[str, str, str, str]]:
    """(number, name, pinyin, plate) of invented customers of that person's own store, at random."""
    with database(stack) as connection:
        return connection.execute(
            "SELECT p.e164, c.name, c.name_pinyin, a.plate FROM customers_customerphone p"
            " JOIN customers_customer c ON c.id = p.customer_id JOIN customers_car a ON a.customer_id = c.id"
            " WHERE c.store_id = (SELECT store_id FROM accounts_person WHERE username = %s) AND p.raw = 'bench'"
            " ORDER BY md5(p.e164) LIMIT %s",
            (username, count),
        ).fetchall()


def number(n: int) -> str:
    """The n-th invented customer's number, E.164."""
    return f"+86{MOBILES[n % len(MOBILES)]}{n * FACTOR % 10**8:08}"
