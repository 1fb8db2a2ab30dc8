"""Levels and labels set by a rule: many customers, each locked, with history, none overwritten unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from dealerline.apps.common.copying import among, as_json
from dealerline.apps.common.telling import Row, show_changed, tell_rows
from dealerline.apps.customers.models import Customer, LevelSource
from dealerline.apps.history import facade as history

CHUNK = 1000
READ = ("store_id", "name", "level", "level_source", "labels")  # what rules decide by: half of a night is reading
Decide = Callable[[Customer], dict[str, Any]]
"""A locked customer -> what to set of ``level`` and ``labels``; empty: nothing."""

# One statement for a piece, since one for each customer is most of a night. Who set a level stays where it is the same.
WRITE = """
UPDATE customers_customer AS c
   SET level = n.level, labels = n.labels, version = c.version + 1, updated_at = %(now)s,
       level_source = CASE WHEN n.level = c.level THEN c.level_source ELSE %(source)s END,
       level_because = CASE WHEN n.level = c.level THEN c.level_because ELSE %(because)s END,
       level_at = CASE WHEN n.level = c.level THEN c.level_at ELSE %(now)s END
  FROM unnest(%(ids)s::bigint[], %(levels)s::text[], %(labels)s::text[]::jsonb[]) AS n (id, level, labels)
 WHERE c.id = n.id
"""


@dataclass(slots=True)
class _Changed:
    """A customer with his new level and labels, and what differs: field -> (old, new)."""

    row: Customer
    fields: dict[str, tuple[Any, Any]]


def set_by_rule(customers: Iterable[int], decide: Decide, *, by: Any, because: str = "",
                after: Callable[[list[int]], None] | None = None) -> int:
    """Ask ``decide`` of each customer and set what it says; ``after`` is told of each piece in its transaction.

    ``because``: the rule's name, kept beside the level. Each piece of a thousand is a transaction of its own: an
    interrupted run has done whole pieces. How many changed.
    """
    keys, count = sorted(set(customers)), 0
    stores: set[int] = set()
    for start in range(0, len(keys), CHUNK):
        with transaction.atomic():
            rows = Customer.objects.select_for_update().filter(pk__in=among(keys[start:start + CHUNK])).order_by("pk")
            changed = [one for one in (_decided(row, decide) for row in rows.only(*READ)) if one.fields]
            if changed:
                _write(changed, by, because)
            if after is not None:
                after([one.row.pk for one in changed])
        count += len(changed)
        stores |= {one.row.store_id for one in changed}
    for store in stores:
        show_changed("customer", store=store)
    return count


def _decided(row: Customer, decide: Decide) -> _Changed:
    changed = {}
    for field, value in decide(row).items():
        old = getattr(row, field)
        if field in ("level", "labels") and value != old:
            changed[field] = (old, value)
            setattr(row, field, value)
    return _Changed(row, changed)


def _write(changed: Sequence[_Changed], by: Any, because: str) -> None:
    """Write a piece with its history, and tell those who hear of every change."""
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {
            "now": timezone.now(), "source": LevelSource.RULE.value, "because": because[:120],
            "ids": [one.row.pk for one in changed], "levels": [one.row.level for one in changed],
            "labels": [as_json(one.row.labels) for one in changed]})
    history.record_many(((one.row, one.fields, one.row.pk, one.row.store_id) for one in changed),
                        by=by, source=history.Source.RULE)
    tell_rows(((one.row.store_id, Row("customers", one.row.pk, one.row.pk, "changed", tuple(one.fields)))
               for one in changed), by=by.pk if by is not None else None)
