"""An installation of before: what people wrote when a call had one record is theirs after the upgrade, unchanged."""

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
from dealerline.settings import PYTHON_PATH

CALL = "01930000-0000-7000-8000-000000000001"


@pytest.fixture
def old(database: Stack) -> Iterator[str]:
    """The address of an empty database of its own."""
    settings = database.settings
    server = f"postgresql://dealerline:{settings.secret('postgres')}@127.0.0.1:{settings.postgres_port}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS upgrade")
        connection.execute("CREATE DATABASE upgrade")
    yield f"{server}/upgrade"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE upgrade WITH (FORCE)")


def migrate(address: str, folder: Path, *to: str) -> None:
    """As ``up`` does, by a process of its own, since this one has another database open."""
    environment = os.environ | {"PYTHONPATH": PYTHON_PATH, "DATABASE_URL": address, "DEALERLINE_DATA": str(folder),
                                "DJANGO_SETTINGS_MODULE": "dealerline.config.settings"}  # fmt: skip
    done = subprocess.run([sys.executable, "-m", "django", "migrate", "-v", "0", *to], env=environment, check=False,
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_records_of_before_keep_their_author_their_words_and_their_versions(old: str, tmp_path: Path) -> None:
    for app, name in (("calls", "0004"), ("audit", "0003"), ("accounts", "0003"), ("demo", "0001")):
        migrate(old, tmp_path, app, name)
    with psycopg.connect(old, autocommit=True) as connection:

        def one(statement: str, *values: Any) -> Any:
            found = connection.execute(statement, values).fetchone()
            return found[0] if found else None

        alice = one("INSERT INTO accounts_person (username, name, name_en, mobile, password, language, is_active, "
                    "must_change_password, created_at) VALUES ('alice', 'Alice', '', '', '', 'en', true, false, now()) "
                    "RETURNING id")  # fmt: skip
        connection.execute(
            "INSERT INTO calls_call (id, direction, from_number, to_number, customer_number, language, path, outcome, "
            "ended_by, cause, waited_seconds, talk_seconds, hold_seconds, wrap_seconds, offers, seq) "
            "VALUES (%s, 'in', '', '', '', '', '[]', 'answered', '', '', 0, 0, 0, 0, 0, 0)", (CALL,))  # fmt: skip
        connection.execute("INSERT INTO calls_callrecord (call_id, notes, follow_up_note, draft, version, author_id, "
                           "created_at, updated_at) VALUES (%s, '试驾', '', false, 2, %s, now(), now())",
                           (CALL, alice))  # fmt: skip
        connection.execute("INSERT INTO calls_callrecordversion (record_id, version, at, author_id, content) "
                           "VALUES (%s, 2, now(), %s, '{}')", (CALL, alice))  # fmt: skip
    migrate(old, tmp_path)
    with psycopg.connect(old, autocommit=True) as connection:
        kept = connection.execute(
            "SELECT r.call_id::text, r.notes, p.name, v.version FROM calls_callrecord r "
            "JOIN accounts_person p ON p.id = r.author_id JOIN calls_callrecordversion v ON v.record_id = r.id"
        ).fetchall()
        assert kept == [(CALL, "试驾", "Alice", 2)]
        again = (
            "INSERT INTO calls_callrecord (id, call_id, notes, follow_up_note, draft, version, author_id, created_at, "
            "updated_at) VALUES (gen_random_uuid(), %s, '', '', true, 1, %s, now(), now())"
        )
        connection.execute(again, (CALL, None))  # another may write of the same call now
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(again, (CALL, alice))  # one has one entry
