"""The dry run: a file read once into rows of its import, each with what is wrong with it or what will happen.

The rule of the file: it reads as a stream and writes with COPY, a chunk at a time, so that 100,000 rows take seconds
and no memory. Nothing of ours is touched but the import's own rows, and checking again begins from nothing.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count

from dealerline.apps.common.access import StoreSet
from dealerline.apps.common.errors import Problem
from dealerline.apps.exchange.logic import reading
from dealerline.apps.exchange.logic.deciding import Row, Rule, Words, as_row, decide
from dealerline.apps.exchange.models import ImportRow, ImportRun
from dealerline.domain.exchange import KINDS, Cleaned, clean
from dealerline.domain.exchange.states import step

CHUNK = 2000
_COLUMNS = ("run_id", "line", "cells", "values", "faults", "keys", "action", "object_id", "store_id", "similar", "made",
            "before", "after", "outcome", "why")


def file_of(run: ImportRun) -> Path:
    """Where the uploaded file lies."""
    return Path(settings.DEALERLINE.exchange) / run.file


def rule_of(run: ImportRun) -> Rule:
    """How this import decides, with the stores its person may write to by now."""
    person = run.person or (run.source.made_by if run.source else None)
    stores: StoreSet = person.stores_for("customers.import") if person is not None else StoreSet()
    return Rule(run.kind, run.store_id, stores, run.system, run.existing, run.alike, run.owners)


def check(run: ImportRun) -> None:
    """Read, clean and decide all rows; afterwards the import is ``checked``, or ``failed`` with the reason."""
    ImportRow.objects.filter(run=run).delete()
    run.done_rows, run.total_rows, run.counts, run.error, run.at_line = 0, 0, {}, {}, 0
    try:
        with reading.opened(file_of(run), run.filename, run.sheet) as sheet:
            if sheet.headings != run.headings:
                raise reading.Unreadable(
                    "changed", "文件与上传时不同，请重新上传。", "The file is not as it was uploaded: upload it again."
                )
            _stage(run, sheet.rows)
    except Problem as problem:
        ImportRow.objects.filter(run=run).delete()
        run.error, run.state = problem.text, step(run.state, "fail")
        run.save()
        return
    with transaction.atomic():
        _mark_twins(run)
        run.counts = count(run)
        run.total_rows = run.done_rows
        run.done_rows = 0
        run.state = step(run.state, "checked")
        run.save()


def count(run: ImportRun) -> dict[str, int]:
    """How many rows there are of each action."""
    found = ImportRow.objects.filter(run=run).order_by().values_list("action").annotate(n=Count("pk"))
    return {str(action): int(n) for action, n in found}


def _stage(run: ImportRun, rows: Iterator[reading.Row]) -> None:
    rule, words, kind = rule_of(run), Words.now(), KINDS[run.kind]
    while chunk := list(itertools.islice(rows, CHUNK)):
        cells, cleaned = [], []
        for _line, texts in chunk:
            cells.append({name: texts[index] for name, index in run.mapping.items()
                          if index < len(texts) and texts[index].strip()})
            cleaned.append(clean(kind, cells[-1]))
        decided = [
            as_row(line, found.values, found.faults) for (line, _texts), found in zip(chunk, cleaned, strict=True)
        ]
        decide(decided, rule, words)
        with transaction.atomic():
            _copy(run, cells, cleaned, decided)
            run.done_rows += len(chunk)
            ImportRun.objects.filter(pk=run.pk).update(done_rows=run.done_rows)


def _copy(run: ImportRun, cells: list[dict[str, str]], cleaned: list[Cleaned], rows: list[Row]) -> None:
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    with connection.cursor() as cursor, cursor.copy(
            f"COPY exchange_importrow ({names}) FROM STDIN") as copy:
        for texts, clean_row, row in zip(cells, cleaned, rows, strict=True):
            changed = row.changed
            after = dict(changed.after) if changed else {}
            if row.new_owner is not None and row.owner is None and row.action == "new":
                after["owner"] = row.new_owner
            copy.write_row((
                run.pk, row.line, _json(texts), _json(row.values),
                _json([fault.as_json() for fault in row.faults]), _keys(run, clean_row), row.action, row.found.id,
                row.store or None, row.found.similar, "[]", _json(changed.before if changed else {}), _json(after), "",
                _json(row.note)))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _keys(run: ImportRun, row: Cleaned) -> list[str]:
    """By which rows of the file are the same: also by the number alone, when the rule says that it is enough.

    Rows with keys of their system are as many as there are keys, whoever has the same name, number or plate.
    """
    if run.system and "key" in row.values:
        return [key for key in row.keys if not key.partition("|")[2].startswith(("phone ", "plate "))]
    if run.kind == "customers" and run.alike == "phone":
        store = row.values.get("store", "")
        return [*row.keys, *(f"{store}|phone {number}" for number in row.values.get("phones", []))]
    return row.keys


def _mark_twins(run: ImportRun) -> None:
    """Of rows that mean the same, one counts: the last when the file updates, else the first."""
    counts = "max" if run.existing == "update" else "min"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH k AS (SELECT line, unnest(keys) AS key FROM exchange_importrow WHERE run_id = %(run)s
                          AND action <> 'bad'
                       UNION SELECT line, 'id ' || object_id FROM exchange_importrow
                              WHERE run_id = %(run)s AND action <> 'bad' AND object_id IS NOT NULL),
                 w AS (SELECT key, {counts}(line) AS keep FROM k GROUP BY key HAVING count(*) > 1),
                 t AS (SELECT k.line, {counts}(w.keep) AS keep FROM k JOIN w USING (key) WHERE k.line <> w.keep
                        GROUP BY k.line)
            UPDATE exchange_importrow r SET action = 'twice', twin = t.keep FROM t
             WHERE r.run_id = %(run)s AND r.line = t.line""",
            {"run": run.pk},
        )
