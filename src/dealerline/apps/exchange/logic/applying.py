"""The import itself: checked rows brought in a chunk at a time, each chunk whole or not at all.

The rule of the file: the place where to go on is written in the transaction of the chunk. However often the job dies,
each row is brought in once. Every chunk is decided anew, since the records may have changed since the dry run.
"""

from __future__ import annotations

import json
from contextlib import suppress

from django.db import connection, transaction
from django.utils import timezone

from dealerline.apps.common.telling import show_changed, tell_rows
from dealerline.apps.exchange.logic.bringing import Brought, bring_in
from dealerline.apps.exchange.logic.deciding import Row, Rule, Words, as_row, decide
from dealerline.apps.exchange.logic.staging import count, file_of, rule_of
from dealerline.apps.exchange.models import ImportRow, ImportRun
from dealerline.domain.exchange.states import step

CHUNK = 1000
LIVE = ("new", "update", "same", "skip")


def apply(run: ImportRun) -> None:
    """Bring in what is left; afterwards the import is ``done``, or ``stopped`` when somebody asked for it."""
    if run.state == "waiting":
        run.state, run.behind = step(run.state, "begin"), None
        run.started_at = run.started_at or timezone.now()
        run.save()
    rule, words = rule_of(run), Words.now()
    while True:
        if ImportRun.objects.filter(pk=run.pk, stop_wanted=True).exists():
            _end(run, "stop")
            return
        rows = list(ImportRow.objects.filter(run=run, line__gt=run.at_line).order_by("line")[:CHUNK])
        if not rows:
            _end(run, "finish")
            return
        with transaction.atomic():
            _chunk(run, [row for row in rows if row.action in LIVE], rule, words)
            run.at_line = rows[-1].line
            run.done_rows += len(rows)
            ImportRun.objects.filter(pk=run.pk).update(at_line=run.at_line, done_rows=run.done_rows)


def _end(run: ImportRun, what: str) -> None:
    run.refresh_from_db()
    run.state, run.stop_wanted, run.counts = step(run.state, what), False, count(run)
    if what == "finish":
        run.finished_at = timezone.now()
    gone = file_of(run) if what == "finish" and run.file else None
    if gone is not None:
        run.file = ""
    run.save()
    show(run)
    if gone is not None:
        with suppress(OSError):  # its rows are in the table; the file itself is personal data lying about
            gone.unlink(missing_ok=True)


def show(run: ImportRun) -> None:
    """Screens of the stores that it wrote into read again: once, when it is done."""
    stores = ImportRow.objects.filter(run=run, outcome__in=("done", "undone")).order_by()
    for store in stores.values_list("store_id", flat=True).distinct():
        show_changed("customer", store=store or run.store_id)


def _chunk(run: ImportRun, staged: list[ImportRow], rule: Rule, words: Words) -> None:
    left = [as_row(row.line, row.values, []) for row in staged]
    done: list[tuple[Row, Brought | None]] = []
    while left:
        decide(left, rule, words)
        now: list[Row] = []
        later: list[Row] = []
        seen: set[int] = set()
        for row in left:
            # Two rows of the same chunk that mean one of ours: the second sees what the first has made of it.
            (later if row.found.id in seen else now).append(row)
            seen |= {row.found.id} if row.found.id is not None else set()
        made = bring_in(now, rule, by=run.person, source="connector" if run.source_id else "import")
        done += [(row, made.get(row.line)) for row in now]
        left = [as_row(row.line, row.values, []) for row in later]
    _remember(run, done)
    tell_rows((news for row, brought in done if brought for news in brought.news(run.kind, row.store)),
              by=run.person_id)


def _remember(run: ImportRun, done: list[tuple[Row, Brought | None]]) -> None:
    """What became of each row: the base of the report and of taking the import back."""
    rows = []
    for row, brought in done:
        changed = brought.changed if brought else None
        rows.append({
            "line": row.line, "action": row.action, "object": brought.id if brought else row.found.id,
            "made": brought.made if brought else [], "before": changed.before if changed else {},
            "after": changed.after if changed else {}, "faults": [fault.as_json() for fault in row.faults],
            "outcome": "done" if brought else ""})
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE exchange_importrow r SET action = n.action, object_id = n.object, made = n.made, before = n.before,
                   after = n.after, faults = n.faults, outcome = n.outcome
              FROM jsonb_to_recordset(%s) AS n(line int, action text, object bigint, made jsonb, before jsonb,
                                               after jsonb, faults jsonb, outcome text)
             WHERE r.run_id = %s AND r.line = n.line""",
            [json.dumps(rows, ensure_ascii=False), run.pk],
        )
