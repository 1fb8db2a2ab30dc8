"""An import taken back: rows it made are removed, rows it changed get their old values.

The rule of the file: what somebody used or changed since stays, and is told with the reason. Last rows first, a chunk
in a transaction, so that it can die and go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from dealerline.apps.common.telling import Row, tell_rows
from dealerline.apps.customers.facade import bulk
from dealerline.apps.exchange.logic.applying import show
from dealerline.apps.exchange.logic.staging import count
from dealerline.apps.exchange.models import ImportRow, ImportRun
from dealerline.domain.exchange.states import step

CHUNK = 500
Words = dict[str, str]
KEPT: dict[str, Words] = {
    "changed": {"zh": "导入后有人修改过，未删除。", "en": "It was changed since: not removed."},
    "used": {"zh": "导入后已被使用（通话、订单、车辆等），未删除。",
             "en": "It was used since (calls, orders, cars ...): not removed."},
    "gone": {"zh": "已不存在。", "en": "It is not there any more."}}


def undo(run: ImportRun) -> None:
    """Take back what is left to take back; afterwards the import is ``undone``."""
    while True:
        rows = list(ImportRow.objects.filter(run=run, outcome="done").order_by("-line")[:CHUNK])
        if not rows:
            break
        with transaction.atomic():
            _chunk(run, rows)
            run.done_rows = max(0, run.done_rows - len(rows))
            ImportRun.objects.filter(pk=run.pk).update(done_rows=run.done_rows)
    # Customers whose cars or orders went in a later chunk could not go before: once more for them.
    _again(run)
    run.refresh_from_db()
    run.state, run.undone_at = step(run.state, "finish"), timezone.now()
    kept = ImportRow.objects.filter(run=run, outcome="kept").count()
    run.counts = count(run) | ({"kept": kept} if kept else {})
    run.save()
    show(run)


def _chunk(run: ImportRun, rows: list[ImportRow]) -> None:
    changed = {row.object_id: bulk.Changed(row.before, row.after) for row in rows if row.after and row.object_id}
    fields = bulk.set_back(run.kind, changed, by=run.person, source="import")
    whose = _whose(run.kind, changed)
    kept = _remove(run, rows)
    tell_rows(((row.store_id or run.store_id, Row(run.kind, row.object_id, whose[row.object_id], "changed", back))
               for row in rows if row.object_id in whose
               and (back := tuple(sorted(set(row.after) - set(fields.get(row.object_id, ())))))), by=run.person_id)
    for row in rows:
        row.outcome, row.why = "undone", {}
        reason = next((kept[(kind, pk)] for kind, pk, _values in row.made if (kind, pk) in kept), "")
        if reason:
            row.outcome, row.why = "kept", KEPT[reason]
        elif row.object_id in fields:
            names = ", ".join(fields[row.object_id])
            row.outcome = "kept"
            row.why = (KEPT["gone"] if names == "gone" else
                       {"zh": f"导入后又有人修改了：{names}，这些内容未恢复。",
                        "en": f"Changed again since, and left as it is: {names}."})
    ImportRow.objects.bulk_update(rows, ["outcome", "why"], batch_size=CHUNK)


def _remove(run: ImportRun, rows: Iterable[ImportRow]) -> dict[tuple[str, int], str]:
    """Why rows that these made were not removed. What belongs to others first, then customers."""
    by_kind: dict[str, dict[int, tuple[int, dict[str, Any]]]] = {}
    for row in rows:
        for kind, pk, values in row.made:
            by_kind.setdefault(kind, {})[pk] = (row.store_id or run.store_id, values)
    kept: dict[tuple[str, int], str] = {}
    for kind in sorted(by_kind, key=lambda name: (name == "customers", name)):
        whose = _whose(kind, by_kind[kind])
        stay = bulk.remove(kind, {pk: values for pk, (_store, values) in by_kind[kind].items()})
        kept.update({(kind, pk): why for pk, why in stay.items()})
        tell_rows(((store, Row(kind, pk, whose.get(pk), "removed")) for pk, (store, _values) in by_kind[kind].items()
                   if pk not in stay), by=run.person_id)
    return kept


def _whose(kind: str, ids: Iterable[int]) -> dict[int, int]:
    """The customer of each of those rows."""
    rows = bulk.model_of(kind).objects.filter(pk__in=list(ids))
    return dict(rows.values_list("pk", "pk" if kind == "customers" else "customer_id"))


def _again(run: ImportRun) -> None:
    rows = [row for row in ImportRow.objects.filter(run=run, outcome="kept", why=KEPT["used"])
            if any(kind == "customers" for kind, _pk, _values in row.made)]
    with transaction.atomic():
        for start in range(0, len(rows), CHUNK):
            part = rows[start:start + CHUNK]
            kept = _remove(run, part)
            for row in part:
                reasons = {kept.get((kind, pk), "") for kind, pk, _values in row.made}
                if reasons <= {"", "gone"}:
                    row.outcome, row.why = "undone", {}
            ImportRow.objects.bulk_update(part, ["outcome", "why"], batch_size=CHUNK)
