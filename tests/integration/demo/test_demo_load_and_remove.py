"""The demo comes and goes in a real database: the same twice, and nothing else goes with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dealerline.runtime.stack import Stack
from dealerline.settings import CHECKOUT
from tests.helpers import open_folder

LOAD = ("load_demo", "--now", "2026-11-22T11:00+08:00", "--days", "20")
LEDGER = ("demo_demoload", "demo_demoobject")
# Written by the machinery itself: jobs, audit (append-only), what Django remembers of its own tables.
APART = ("procrastinate_", "audit_", "django_")


@pytest.fixture(scope="module")
def centre() -> Iterator[Stack]:
    """A database with the start data, and nothing else running."""
    with open_folder("dealerline-demo") as folder, Stack(folder / "data", children=("postgres",)) as stack:
        for command in (("migrate", "-v", "0"), ("load_prompts",), ("load_defaults",)):
            done = manage(stack, *command)
            assert done.returncode == 0, done.stderr
        yield stack


def manage(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **stack.environment(), "DJANGO_SETTINGS_MODULE": "dealerline.config.settings"}
    return subprocess.run([sys.executable, "-m", "django", *arguments], cwd=CHECKOUT, env=environment, text=True,
                          capture_output=True, timeout=170, check=False)


def connect(stack: Stack) -> psycopg.Connection[Any]:
    settings = stack.settings
    return psycopg.connect(host="127.0.0.1", port=settings.postgres_port, dbname="dealerline", user="dealerline",
                           password=settings.secret("postgres"), autocommit=True)


def contents(stack: Stack) -> dict[str, tuple[int, str]]:
    """Table -> how many rows, and what stands for all of their values."""
    with connect(stack) as base:
        tables = [row[0] for row in base.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace").fetchall()]
        found = {}
        for name in tables:
            if name not in LEDGER and not name.startswith(APART):
                values = "coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '')"
                row = base.execute(f'SELECT count(*), {values} FROM "{name}" t').fetchone()
                assert row is not None
                found[name] = (row[0], row[1])
        return found


def one(stack: Stack, sql: str, *values: Any) -> Any:
    with connect(stack) as base:
        row = base.execute(sql, values).fetchone()
        return row[0] if row and len(row) == 1 else row


def files(stack: Stack) -> set[Path]:
    folders = (stack.settings.recordings, stack.settings.run)
    return {p for folder in folders for p in folder.rglob("*.*") if "demo" in p.name or "raw" in p.parts}


def test_the_demo_comes_goes_and_leaves_the_database_as_it_was(centre: Stack) -> None:
    before = contents(centre)
    assert before["flows_flow"][0] >= 10, "the start data is there"
    loaded = manage(centre, *LOAD)
    assert loaded.returncode == 0, loaded.stderr
    there = contents(centre)
    assert there["organisation_store"][0] == 6
    assert there["accounts_person"][0] == 30
    assert there["customers_customer"][0] == 2000
    assert there["calls_call"][0] > 900
    assert there["calls_event"][0] > 10_000
    assert (centre.settings.secrets / "sign-ins.txt").stat().st_mode & 0o777 == 0o600
    assert files(centre)

    again = manage(centre, "load_demo", "--now", "2026-12-24T08:00+08:00", "--days", "30")
    assert again.returncode == 0
    assert "there already, counted from 2026-11-22" in again.stdout
    assert contents(centre) == there, "a second load changes nothing"

    sign_ins = centre.settings.secrets / "sign-ins.txt"
    first = sign_ins.read_text().splitlines()[1:]
    sign_ins.unlink()
    assert "made anew" in manage(centre, "load_demo").stdout
    second = sign_ins.read_text().splitlines()[1:]
    assert [line.split()[0] for line in second] == [line.split()[0] for line in first]
    assert not {line.split()[1] for line in second} & {line.split()[1] for line in first}

    removed = manage(centre, "remove_demo")
    assert removed.returncode == 0, removed.stderr
    assert "Kept" not in removed.stdout
    assert contents(centre) == before
    assert not files(centre)
    assert not (centre.settings.secrets / "sign-ins.txt").exists()
    assert one(centre, "SELECT count(*) FROM demo_demoobject") == 0
    assert one(centre, "SELECT count(*) FROM audit_auditentry WHERE action = 'purge'") == 1
    assert "no demo to remove" in manage(centre, "remove_demo").stdout


def test_what_people_added_stays_and_holds_what_it_hangs_on(centre: Stack) -> None:
    assert manage(centre, *LOAD).returncode == 0
    store = one(centre, "SELECT id FROM organisation_store WHERE code = 'binhai'")
    agent = one(centre, "SELECT id FROM accounts_person WHERE username = 'agent15'")
    carrier = one(centre, "SELECT id FROM organisation_carrier")
    with connect(centre) as base:
        base.execute(
            "INSERT INTO customers_customer (store_id, kind, name, title, name_pinyin, company, level, labels, notes,"
            " need, created_by_id, created_at, updated_at, version)"
            " VALUES (%s, 'person', '真客户', '', '', '', 'normal', '[]', '', '', %s, now(), now(), 1)", [store, agent])
        call = (
            "INSERT INTO calls_call SELECT (jsonb_populate_record(c, jsonb_build_object('id', %s::uuid, 'carrier_id',"
            " %s::int))).* FROM calls_call c LIMIT 1"
        )
        base.execute(call, ["01900000-0000-7000-8000-000000000001", carrier])  # somebody pressed "ring me"
        base.execute(call, ["01900000-0000-7000-8000-000000000002", 4711])  # came over a real trunk
    removed = manage(centre, "remove_demo")
    assert removed.returncode == 0, removed.stderr

    assert one(centre, "SELECT count(*) FROM customers_customer") == 1
    assert one(centre, "SELECT name FROM customers_customer") == "真客户"
    assert one(centre, "SELECT string_agg(code, ',') FROM organisation_store") == "binhai"
    assert one(centre, "SELECT string_agg(code, ',') FROM organisation_region") == "north", "it keeps its region"
    assert "天津滨海店" in removed.stdout or "Tianjin Binhai" in removed.stdout
    assert "真客户" in removed.stdout, "says what holds it"
    username, active, password = one(centre, "SELECT username, is_active, password FROM accounts_person")
    assert (username, active) == ("agent15", False), "stays as a name"
    assert password.startswith("!"), "but nobody signs in as him"
    assert one(centre, "SELECT string_agg(right(id::text, 1), ',') FROM calls_call") == "2", "only the real call"

    refused = manage(centre, *LOAD)
    assert refused.returncode != 0
    assert "store binhai" in refused.stderr
    with connect(centre) as base:
        base.execute("DELETE FROM customers_customer")
        base.execute("DELETE FROM calls_call")
    assert "Kept" not in manage(centre, "remove_demo").stdout
    assert one(centre, "SELECT count(*) FROM organisation_store") == 0
