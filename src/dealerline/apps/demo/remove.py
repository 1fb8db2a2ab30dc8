"""Taking the demo away: exactly what was added, and nothing else.

The rule of the file: a row goes if the ledger has it and no row that stays points at it. Rows that people added stay,
and so does every demo row they hang on, up to the root; what is kept is named. Foreign keys are read from the
database itself, so that a table added later is seen too.

Two kinds of rows belong to the demo although nobody entered them: calls that came through the demo's simulated
carrier, with all that was derived from or written about them; and second factors of the demo's sign-ins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from dealerline.apps.audit.facade import record
from dealerline.apps.demo.load.ledger import table
from dealerline.apps.demo.load.run import LOCK
from dealerline.apps.demo.load.sounds import remove_files
from dealerline.apps.demo.models import DemoLoad, DemoObject

_FOREIGN_KEYS = """
SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text
  FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
 WHERE c.contype = 'f' AND cardinality(c.conkey) = 1 AND c.connamespace = current_schema()::regnamespace
"""
_PRIMARY_KEYS = """
SELECT c.conrelid::regclass::text, a.attname
  FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
 WHERE c.contype = 'p' AND cardinality(c.conkey) = 1 AND c.connamespace = current_schema()::regnamespace
"""
# What hangs on a call of the demo's carrier, directly or below: table, the column that names its parent, the parent.
_OF_CALLS = (
    ("calls_callleg", "call_id", "calls_call"),
    ("calls_participant", "call_id", "calls_call"),
    ("calls_transfer", "call_id", "calls_call"),
    ("calls_recording", "call_id", "calls_call"),
    ("calls_track", "call_id", "calls_call"),
    ("calls_voicemessage", "call_id", "calls_call"),
    ("calls_callrecord", "call_id", "calls_call"),
    ("calls_callrecordversion", "record_id", "calls_callrecord"),
    ("backlog_callback", "call_id", "calls_call"),
    ("backlog_item", "call_id", "calls_call"),
    ("backlog_loss", "call_id", "calls_call"),
)
# What the night works out about customers and writes about changes of theirs, which nobody entered; and what people can
# only add and never remove (consents, erasings): it holds nothing.
_WORKED_OUT = (
    ("segments_score", "customer_id", "customers_customer"),
    ("segments_mark", "customer_id", "customers_customer"),
    ("segments_run", "rule_id", "segments_labelrule"),
    ("segments_runchange", "customer_id", "customers_customer"),
    ("privacy_consent", "customer_id", "customers_customer"),
    ("privacy_erasure", "customer_id", "customers_customer"),
    ("privacy_tombstone", "erasure_id", "privacy_erasure"),
    ("history_change", "store_id", "organisation_store"),
    # Whoever tries the demo makes promises and tasks in its stores: nobody owes anything once they are gone.
    ("promises_promise", "store_id", "organisation_store"),
    ("promises_task", "store_id", "organisation_store"),
    ("promises_snooze", "person_id", "accounts_person"),
    # What the finder found among its customers, and what whoever tried it merged.
    ("duplicates_pair", "store_id", "organisation_store"),
    ("duplicates_pair", "other_store_id", "organisation_store"),
    ("duplicates_merge", "store_id", "organisation_store"),
    ("duplicates_move", "merge_id", "duplicates_merge"),
)
# What hangs on a lead of the demo, whoever wrote it: people who try the demo, and the clock that pools leads.
_OF_LEADS = ("leads_leadevent", "leads_handover", "leads_leadphoto", "leads_lead_helpers")
_LEDGER = DemoObject._meta.db_table
_PERSON = "accounts_person"


@dataclass(frozen=True, slots=True)
class Kept:
    """A demo row that stays, and the row that holds it."""

    table: str
    key: str
    name: str
    held_by: str


@dataclass(slots=True)
class Removed:
    """What happened: rows removed by table, rows kept."""

    counts: dict[str, int] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    files: int = 0


def remove() -> Removed:
    """Remove the demo. Does nothing when there is none."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if not DemoObject.objects.exists():
            return Removed()
        removal = _Removal()
        files = removal.run()
    done = removal.done
    for path in files:
        path.unlink(missing_ok=True)
    remove_files()
    (settings.DEALERLINE.secrets / "sign-ins.txt").unlink(missing_ok=True)
    done.files = len(files)
    record(None, "purge", object_type="demo", detail={"rows": sum(done.counts.values()), "kept": len(done.kept)})
    return done


class _Removal:
    def __init__(self) -> None:
        self.done = Removed()
        self.cursor: Any = None
        self.primary: dict[str, str] = {}
        self.references: dict[str, list[tuple[str, str]]] = defaultdict(list)  # parent -> (child, column)

    def run(self) -> list[Path]:
        with connection.cursor() as self.cursor:
            self._read_schema()
            self._enter_carrier_calls()
            self._enter_what_hangs_on_leads()
            self._enter_rows_of_lists()
            self._second_factors()
            self._find_kept()
            files = self._files()
            self._jobs()
            self._events()
            self._delete()
            self._close_people()
        DemoLoad.objects.all().delete()
        return files

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        self.cursor.execute(sql, values)
        return list(self.cursor.fetchall())

    def _read_schema(self) -> None:
        self.primary = dict(self._rows(_PRIMARY_KEYS))
        for child, column, parent in self._rows(_FOREIGN_KEYS):
            self.references[parent].append((child, column))

    def _enter_carrier_calls(self) -> None:
        """Calls that really happened over the simulated carrier join the ledger, with their rows."""
        self._rows_into_ledger(
            "calls_call",
            f"""
            SELECT c.id::text FROM calls_call c JOIN "{_LEDGER}" d ON d."table" = 'organisation_carrier'
             AND d.key = c.carrier_id::text""",
        )
        for child, column, parent in (*_OF_CALLS, *_WORKED_OUT):
            key = self.primary[child]
            self._rows_into_ledger(
                child,
                f"""
                SELECT x."{key}"::text FROM "{child}" x JOIN "{_LEDGER}" d ON d."table" = '{parent}'
                 AND d.key = x."{column}"::text""",
            )

    def _enter_what_hangs_on_leads(self) -> None:
        """What became of the demo's leads since it was loaded."""
        for child in _OF_LEADS:
            self._rows_into_ledger(
                child,
                f"""
                SELECT x.id::text FROM "{child}" x JOIN "{_LEDGER}" d ON d."table" = 'leads_lead'
                 AND d.key = x.lead_id::text""",
            )

    def _enter_rows_of_lists(self) -> None:
        """A list of the demo that somebody had checked again has new rows."""
        self._rows_into_ledger("exchange_importrow", f"""
            SELECT x.id::text FROM exchange_importrow x JOIN "{_LEDGER}" d ON d."table" = 'exchange_importrun'
             AND d.key = x.run_id::text""")

    def _rows_into_ledger(self, name: str, keys: str) -> None:
        self.cursor.execute(
            f'INSERT INTO "{_LEDGER}" ("table", key) SELECT %s, k.key FROM ({keys}) AS k(key) ON CONFLICT DO NOTHING',
            [name],
        )

    def _second_factors(self) -> None:
        for child, column in self.references[_PERSON]:
            if child.startswith("otp_"):
                self.cursor.execute(
                    f"""DELETE FROM "{child}" WHERE "{column}"::text IN
                    (SELECT key FROM "{_LEDGER}" WHERE "table" = %s)""",
                    [_PERSON],
                )

    # -- what stays
    def _find_kept(self) -> None:
        """Fill the temporary table ``kept``: demo rows that a row that stays points at, and so on up to the roots."""
        self.cursor.execute(
            "CREATE TEMPORARY TABLE kept (tbl text, key text, by_tbl text, by_key text, PRIMARY KEY (tbl, key)) "
            "ON COMMIT DROP"
        )
        tables = {row[0] for row in self._rows(f'SELECT DISTINCT "table" FROM "{_LEDGER}"')}
        found = 1
        while found:
            found = sum(
                self._keep_parents(parent, child, column)
                for parent in tables
                for child, column in self.references[parent]
            )
        for name, key, by_table, by_key in self._rows("SELECT tbl, key, by_tbl, by_key FROM kept ORDER BY tbl, key"):
            self.done.kept.append(Kept(name, key, self._name(name, key), self._name(by_table, by_key)))

    def _keep_parents(self, parent: str, child: str, column: str) -> int:
        key = self.primary.get(child)
        if key is None:
            return 0
        self.cursor.execute(
            f"""
            INSERT INTO kept SELECT %s, d.key, %s, min(c."{key}"::text)
              FROM "{child}" c JOIN "{_LEDGER}" d ON d."table" = %s AND d.key = c."{column}"::text
              LEFT JOIN "{_LEDGER}" own ON own."table" = %s AND own.key = c."{key}"::text
              LEFT JOIN kept k ON k.tbl = %s AND k.key = c."{key}"::text
             WHERE own.key IS NULL OR k.key IS NOT NULL
             GROUP BY d.key ON CONFLICT DO NOTHING""",
            [parent, child, parent, child, child],
        )
        return int(self.cursor.rowcount)

    def _name(self, name: str, key: str) -> str:
        """A row in words: its model and how it calls itself."""
        for model in apps.get_models(include_auto_created=True):
            if model._meta.db_table == name:
                row = model._base_manager.filter(pk=key).first()
                return f"{model._meta.verbose_name} {row if row is not None else key}"
        return f"{name} {key}"

    # -- going
    def _files(self) -> list[Path]:
        folder = settings.DEALERLINE.recordings
        rows = self._rows(f"""
            SELECT r.path, r.peaks_path, r.agent_path, r.customer_path FROM calls_recording r JOIN "{_LEDGER}" d
                ON d."table" = 'calls_recording' AND d.key = r.id::text
              LEFT JOIN kept k ON k.tbl = d."table" AND k.key = d.key WHERE k.key IS NULL
            UNION ALL SELECT t.path, t.peaks_path, t.raw_path, '' FROM calls_track t JOIN "{_LEDGER}" d
                ON d."table" = 'calls_track' AND d.key = t.id::text
              LEFT JOIN kept k ON k.tbl = d."table" AND k.key = d.key WHERE k.key IS NULL
            UNION ALL SELECT m.path, '', '', '' FROM calls_voicemessage m JOIN "{_LEDGER}" d
                ON d."table" = 'calls_voicemessage' AND d.key = m.id::text
              LEFT JOIN kept k ON k.tbl = d."table" AND k.key = d.key WHERE k.key IS NULL""")
        names = {name for row in rows for name in row if name}
        photos = self._rows(f"""
            SELECT p.path FROM leads_leadphoto p JOIN "{_LEDGER}" d ON d."table" = 'leads_leadphoto'
               AND d.key = p.id::text LEFT JOIN kept k ON k.tbl = d."table" AND k.key = d.key WHERE k.key IS NULL""")
        files = [folder / name for name in sorted(names)] + [settings.DEALERLINE.photos / row[0] for row in photos]
        return [file for file in files if file.is_file()]

    def _jobs(self) -> None:
        """Recordings and tracks that the worker has not made ready yet need not be any more."""
        for name, task, argument in (
            ("calls_recording", "join_recording", "recording"),
            ("calls_track", "keep_track", "track"),
        ):
            self.cursor.execute(
                f"""DELETE FROM procrastinate_jobs j USING "{_LEDGER}" d WHERE d."table" = %s
                   AND j.status = 'todo' AND j.task_name = %s AND j.args->>%s = d.key""",
                [name, task, argument],
            )

    def _events(self) -> None:
        """The journal is append-only but for this: facts of the demo's own calls."""
        self.cursor.execute("SET LOCAL dealerline.purge = 'demo'")
        self.cursor.execute(f"""
            DELETE FROM calls_event e USING "{_LEDGER}" d WHERE d."table" = 'calls_call' AND d.key::uuid = e.call
               AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.tbl = 'calls_call' AND k.key = d.key)""")
        self.done.counts["calls_event"] = self.cursor.rowcount

    def _delete(self) -> None:
        """Foreign keys are checked once all is gone, so the order of tables does not matter."""
        self.cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for (name,) in self._rows(f'SELECT DISTINCT "table" FROM "{_LEDGER}" ORDER BY 1'):
            key = self.primary[name]
            self.cursor.execute(
                f"""
                DELETE FROM "{name}" t USING "{_LEDGER}" d WHERE d."table" = %s AND d.key = t."{key}"::text
                   AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.tbl = %s AND k.key = d.key)""",
                [name, name],
            )
            self.done.counts[name] = self.cursor.rowcount
        self.cursor.execute(f"""DELETE FROM "{_LEDGER}" d WHERE NOT EXISTS
            (SELECT 1 FROM kept k WHERE k.tbl = d."table" AND k.key = d.key)""")
        self.cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.cursor.execute("DROP TABLE kept")

    def _close_people(self) -> None:
        """A demo person who must stay as a name can no longer sign in."""
        keys = [int(kept.key) for kept in self.done.kept if kept.table == _PERSON]
        table("accounts.Person").objects.filter(pk__in=keys).update(is_active=False, password=make_password(None))


def lines_of(done: Removed) -> Iterator[str]:
    """The result in words, a line each."""
    rows = sum(done.counts.values())
    if not rows and not done.kept:
        yield "There is no demo to remove."
        return
    yield f"Removed {rows} rows and {done.files} files of the demo."
    if done.kept:
        yield f"Kept {len(done.kept)} demo rows, because rows that people added hang on them:"
        yield from (f"  {kept.name}  (held by {kept.held_by})" for kept in done.kept)
        yield "Change or remove those, then remove the demo once more. Demo people who stay can no longer sign in."
