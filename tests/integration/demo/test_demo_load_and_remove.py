"""The demo comes and goes in a real database: the same twice, and nothing else goes with it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command
from django.db import connection

from dealerline.apps.accounts.models import Person
from dealerline.apps.demo.world import layout
from dealerline.apps.duplicates.logic import merging
from dealerline.apps.duplicates.models import Pair
from dealerline.apps.leads.jobs import watch_leads
from dealerline.apps.setup.facade import load_defaults
from dealerline.settings import Settings

LOAD = ("load_demo", "--now", "2026-11-22T11:00+08:00", "--days", "12")
LEDGER = ("demo_demoload", "demo_demoobject")
# Written by the machinery itself: jobs, audit (append-only), what Django remembers of its own tables.
APART = ("procrastinate_", "audit_", "django_")

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    """A management command; what it said."""
    said = io.StringIO()
    call_command(*arguments, stdout=said)
    return said.getvalue()


def one(sql: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    return row[0] if row is not None and len(row) == 1 else row


def rows(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def do(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def contents() -> dict[str, tuple[int, str]]:
    """Table -> how many rows, and what stands for all of their values."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        tables = [row[0] for row in cursor.fetchall()]
        found = {}
        for name in tables:
            if name not in LEDGER and not name.startswith(APART):
                values = "coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '')"
                cursor.execute(f'SELECT count(*), {values} FROM "{name}" t')
                found[name] = cursor.fetchone()
    return found


def files(product: Settings) -> set[Path]:
    folders = (product.recordings, product.run)
    return {p for folder in folders for p in folder.rglob("*.*") if "demo" in p.name or "raw" in p.parts}


def somebody_merges_the_surest_pair() -> None:
    person, pair = Person.objects.get(username="group1"), Pair.objects.order_by("-score", "pk")[0]
    kept, gone = merging.ordered(*merging.both(person, pair.low, pair.high))
    merging.merge(person, kept.pk, gone.pk, {}, merging.stamp_of(kept, gone))


@pytest.fixture(autouse=True)
def start_data(db: None) -> None:
    load_defaults(date(2026, 11, 22))


def test_the_demo_comes_and_goes_and_leaves_the_database_as_it_was(product: Settings) -> None:
    before = contents()
    assert before["flows_flow"][0] >= 10, "the start data is there"
    run(*LOAD)
    there = contents()
    assert there["organisation_store"][0] == 6
    assert there["accounts_person"][0] == 32
    assert there["customers_customer"][0] == 2000 + 18
    assert there["customers_booking"][0] == 81
    assert there["customers_tie"][0] > 100
    assert one("SELECT count(*) FROM customers_customer WHERE name_sort = ''") == 0
    assert one("SELECT count(*) FROM customers_car WHERE (vin <> '' AND maker_zh = '') OR plate_kind = 'other'") == 0
    assert one("SELECT count(*) FROM customers_membershipcard c JOIN LATERAL (SELECT * FROM customers_cardmovement m "
               "WHERE m.card_id = c.id ORDER BY m.at DESC LIMIT 1) m ON m.points_after <> c.points "
               "OR m.balance_after <> c.balance") == 0  # fmt: skip
    assert there["calls_call"][0] > 500
    assert there["calls_event"][0] > 8 * there["calls_call"][0]
    assert there["calls_recording"][0] == 14
    assert there["routing_queuerule"][0] == there["calls_queue"][0]
    assert there["routing_dutyshift"][0] == 28
    assert there["leads_lead"][0] == 108
    assert {name for (name,) in rows("SELECT DISTINCT state FROM promises_promise")} >= {"open", "kept"}
    assert there["promises_promise"][0] > 20 and there["promises_task"][0] == 9
    assert {name for (name,) in rows("SELECT DISTINCT state FROM leads_lead")} == {
        "waiting", "active", "pool", "won", "lost"}
    assert one("SELECT count(*) FROM duplicates_pair WHERE state = 'found'") == 15, "households are none"
    somebody_merges_the_surest_pair()
    watch_leads(0)  # a week later: the clock has put leads into the pool
    assert one("SELECT count(*) FROM history_change") > 20
    assert len(files(product)) > 28, "two sides of each recording, the messages' sounds, the list of callers"

    run("remove_demo")
    assert contents() == before
    assert not files(product)
    assert not (product.secrets / "sign-ins.txt").exists()
    assert one("SELECT count(*) FROM demo_demoobject") == 0
    assert one("SELECT count(*) FROM audit_auditentry WHERE action = 'purge'") == 1
    assert one("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'join_recording'") == 0
    assert "no demo to remove" in run("remove_demo")


def test_a_second_load_on_another_day_changes_nothing(product: Settings) -> None:
    run(*LOAD)
    there = contents()
    assert "counted from 2026-11-22" in run("load_demo", "--now", "2026-12-24T08:00+08:00")
    assert contents() == there


def test_the_printed_sign_ins_are_private_and_open_the_door(product: Settings) -> None:
    run(*LOAD)
    sign_ins = product.secrets / "sign-ins.txt"
    assert sign_ins.stat().st_mode & 0o777 == 0o600
    rows = [line.split() for line in sign_ins.read_text().splitlines()[1:]]
    assert [row[0] for row in rows] == [person.login for person in layout.PEOPLE]
    for login, password in ((rows[0][0], rows[0][1]), (rows[-1][0], rows[-1][1])):
        assert check_password(password, one("SELECT password FROM accounts_person WHERE username = %s", login))


def test_lost_sign_ins_are_made_anew(product: Settings) -> None:
    run(*LOAD)
    sign_ins = product.secrets / "sign-ins.txt"
    first = [line.split()[1] for line in sign_ins.read_text().splitlines()[1:]]
    sign_ins.unlink()
    assert "made anew" in run("load_demo")
    second = [line.split()[1] for line in sign_ins.read_text().splitlines()[1:]]
    assert len(second) == len(first)
    assert not set(first) & set(second)


def test_every_line_leads_to_flows_and_every_caller_to_somebody(product: Settings) -> None:
    run(*LOAD)
    assert one("SELECT count(*) FROM organisation_number") == 37
    assert one("SELECT count(*) FROM organisation_line WHERE active AND holiday_flow_id IS NULL") == 1, "the 400 number"
    assert one("SELECT count(*) FROM calls_queue q WHERE NOT EXISTS "
               "(SELECT 1 FROM calls_queuemember m WHERE m.queue_id = q.id)") == 0
    assert one("SELECT count(DISTINCT role) FROM accounts_rolegrant") == 10
    assert one("SELECT count(*) FROM calls_callrecord WHERE matter_id IS NULL OR result_id IS NULL") == 0
    assert one("SELECT count(*) FROM calls_call WHERE customer_id IS NOT NULL") > 200
    assert one("SELECT max(ended_at) < '2026-11-22T03:00:00Z' FROM calls_call") is True, "nothing is still to come"


COPY_OF_A_CALL = (
    "INSERT INTO calls_call SELECT (jsonb_populate_record(c, jsonb_build_object('id', %s::uuid,"
    " 'carrier_id', %s::int))).* FROM calls_call c WHERE customer_id IS NULL LIMIT 1"
)


@pytest.fixture
def real_customer(product: Settings) -> Callable[[], None]:
    """Somebody used the demo and then worked: a real customer in a demo store, written down by a demo agent."""

    def add() -> None:
        do(
            "INSERT INTO customers_customer (store_id, kind, name, title, name_pinyin, company, level, labels, notes,"
            " need, created_by_id, created_at, updated_at, version) SELECT s.id, 'person', '真客户', '', '', '',"
            " 'normal', '[]', '', '', p.id, now(), now(), 1 FROM organisation_store s, accounts_person p"
            " WHERE s.code = 'binhai' AND p.username = 'agent15'"
        )

    return add


def test_what_people_added_stays_and_holds_what_it_hangs_on(real_customer: Callable[[], None]) -> None:
    run(*LOAD)
    real_customer()
    said = run("remove_demo")
    assert one("SELECT string_agg(name, ',') FROM customers_customer") == "真客户"
    assert one("SELECT string_agg(code, ',') FROM organisation_store") == "binhai"
    assert one("SELECT string_agg(code, ',') FROM organisation_region") == "north", "a kept store keeps its region"
    username, active, password = one("SELECT username, is_active, password FROM accounts_person")
    assert (username, active) == ("agent15", False), "stays as a name"
    assert password.startswith("!"), "but nobody signs in as him"
    assert "真客户" in said, "says what holds the rest"

    with pytest.raises(CommandError, match="store binhai"):
        run(*LOAD)
    do("DELETE FROM customers_customer")
    assert "Kept" not in run("remove_demo")
    assert one("SELECT count(*) FROM organisation_store") == 0


def test_simulated_calls_go_with_the_demo_and_real_ones_stay(product: Settings) -> None:
    run(*LOAD)
    carrier = one("SELECT id FROM organisation_carrier")
    do(COPY_OF_A_CALL, "01900000-0000-7000-8000-000000000001", carrier)  # somebody pressed "ring me"
    do(COPY_OF_A_CALL, "01900000-0000-7000-8000-000000000002", 4711)  # came over a real trunk
    run("remove_demo")
    assert str(one("SELECT id FROM calls_call")).endswith("2")


def test_real_rows_in_the_way_are_named_and_nothing_is_loaded(product: Settings) -> None:
    do("INSERT INTO organisation_region (code, name_zh, name_en) VALUES ('east', '真的华东', '')")
    before = contents()
    with pytest.raises(CommandError, match="region east"):
        run(*LOAD)
    assert contents() == before


def test_a_moment_without_time_zone_is_refused(product: Settings) -> None:
    with pytest.raises(CommandError, match="time zone"):
        run("load_demo", "--now", "2026-11-22T11:00")
