"""Decided rows brought into the records: made, changed, counted. In one transaction with the place where to go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dealerline.apps.common import telling
from dealerline.apps.customers.facade import bulk
from dealerline.apps.exchange.logic.deciding import Row, Rule


@dataclass(slots=True)
class Brought:
    """What became of a row: the rows made for it (kind, id, values), what changed, its id and whose it is."""

    id: int
    customer: int | None
    made: list[list[Any]] = field(default_factory=list)
    changed: bulk.Changed | None = None

    def news(self, kind: str, store: int) -> Iterator[tuple[int, telling.Row]]:
        """What others are told of it, with the store."""
        for of, pk, _values in self.made:
            yield store, telling.Row(of, pk, pk if of == "customers" else self.customer, "made")
        if self.changed is not None and self.changed.after:
            yield (self.changed.store or store,
                   telling.Row(kind, self.id, self.customer, "changed", tuple(sorted(self.changed.after))))


def bring_in(rows: list[Row], rule: Rule, *, by: Any, source: str) -> dict[int, Brought]:
    """Make and change what ``rows`` ask for; line -> what became of it."""
    result: dict[int, Brought] = {}
    new = [row for row in rows if row.action == "new"]
    owners = _make_owners([row for row in new if row.new_owner is not None and row.owner is None], by, source)
    whose = [row.owner or owners[_who(row)][0] if row.new_owner or row.owner else None for row in new]
    wanted = [bulk.New(row.store, row.fields, customer) for row, customer in zip(new, whose, strict=True)]
    made = bulk.make(rule.kind, wanted, by=by, source=source)
    for row, customer, pk in zip(new, whose, made, strict=True):
        result[row.line] = brought = Brought(pk, pk if rule.kind == "customers" else customer)
        if row.new_owner is not None and row.owner is None and owners[_who(row)][1] == row.line:
            brought.made.append(["customers", owners[_who(row)][0], row.new_owner])
        brought.made.append([rule.kind, pk, row.fields])
    update = {row.found.id: row for row in rows if row.action == "update" and row.found.id is not None}
    changes = bulk.change(
        rule.kind, {pk: row.fields for pk, row in update.items()}, fill=rule.existing == "fill", by=by, source=source
    )
    for pk, row in update.items():
        changed = changes.get(pk)
        result[row.line] = Brought(pk, changed.customer if changed else None, changed=changed)
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
