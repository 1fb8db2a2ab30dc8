"""Decided rows brought into the records: made, changed, counted. In one transaction with the place where to go on."""

from __future__ import annotations

import json
from typing import Any

from dealerline.apps.customers.facade import bulk
from dealerline.apps.exchange.logic.deciding import Row, Rule

Made = list[list[Any]]


def bring_in(
    rows: list[Row], rule: Rule, *, by: Any, source: str
) -> dict[int, tuple[Made, bulk.Changed | None, int | None]]:
    """Make and change what ``rows`` ask for; line -> (rows made: kind, id, values; what changed; the row's id)."""
    result: dict[int, tuple[Made, bulk.Changed | None, int | None]] = {}
    new = [row for row in rows if row.action == "new"]
    owners = _make_owners([row for row in new if row.new_owner is not None and row.owner is None], by, source)
    wanted = [bulk.New(row.store, row.fields, row.owner or owners[_who(row)][0] if row.new_owner or row.owner else None)
              for row in new]
    for row, pk in zip(new, bulk.make(rule.kind, wanted, by=by, source=source), strict=True):
        made: Made = []
        if row.new_owner is not None and row.owner is None and owners[_who(row)][1] == row.line:
            made.append(["customers", owners[_who(row)][0], row.new_owner])
        made.append([rule.kind, pk, row.fields])
        result[row.line] = (made, None, pk)
    update = {row.found.id: row for row in rows if row.action == "update" and row.found.id is not None}
    changes = bulk.change(
        rule.kind, {pk: row.fields for pk, row in update.items()}, fill=rule.existing == "fill", by=by, source=source
    )
    for pk, row in update.items():
        result[row.line] = ([], changes.get(pk), pk)
    return result


def _who(row: Row) -> str:
    owner = row.new_owner or {}
    known_by = [owner["number"]] if "number" in owner else [owner.get("name"), *sorted(owner.get("phones", []))]
    return json.dumps([row.store, known_by], ensure_ascii=False)


def _make_owners(rows: list[Row], by: Any, source: str) -> dict[str, tuple[int, int]]:
    """Customers that rows name and nobody knows yet, each once: who -> (his id, the line that made him)."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(_who(row), row)
    ids = bulk.make("customers", [bulk.New(row.store, row.new_owner or {}) for row in first.values()], by=by,
                    source=source)
    return {who: (pk, row.line) for (who, row), pk in zip(first.items(), ids, strict=True)}
