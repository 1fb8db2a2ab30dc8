"""Levels and labels set by a rule: many customers, each locked, with history, none overwritten unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from dealerline.apps.common.telling import Row, show_changed, tell_rows
from dealerline.apps.customers.models import Customer, LevelSource
from dealerline.apps.history import facade as history

CHUNK = 500
Decide = Callable[[Customer], dict[str, Any]]
"""A locked customer -> what to set of ``level`` and ``labels``; empty: nothing."""


def set_by_rule(customers: Iterable[int], decide: Decide, *, by: Any, because: str = "",
                after: Callable[[list[int]], None] | None = None) -> int:
    """Ask ``decide`` of each customer and set what it says; ``after`` is told of each piece in its transaction.

    ``because``: the rule's name, kept beside the level. Each piece of 500 is a transaction of its own: an interrupted
    run has done whole pieces. How many changed.
    """
    keys, changed, stores = sorted(set(customers)), 0, set()
    for start in range(0, len(keys), CHUNK):
        with transaction.atomic():
            done: list[int] = []
            told: list[tuple[int, Row]] = []
            for row in Customer.objects.select_for_update().filter(pk__in=keys[start:start + CHUNK]).order_by("pk"):
                values = {field: value for field, value in decide(row).items() if field in ("level", "labels")}
                before = history.snapshot(row, ("level", "labels"))
                for field, value in values.items():
                    setattr(row, field, value)
                if history.snapshot(row, before) == before:
                    continue
                if row.level != before["level"]:
                    row.level_source, row.level_because = LevelSource.RULE, because[:120]
                    row.level_at = timezone.now()
                row.version += 1
                row.save(update_fields=["level", "level_source", "level_because", "level_at", "labels", "version",
                                        "updated_at"])
                history.record(row, before, by=by, source=history.Source.RULE, customer=row.pk, store=row.store_id)
                done.append(row.pk)
                stores.add(row.store_id)
                told.append((row.store_id, Row("customers", row.pk, row.pk, "changed", tuple(
                    field for field in before if history.snapshot(row, (field,))[field] != before[field]))))
            tell_rows(told, by=by.pk if by is not None else None)
            if after is not None:
                after(done)
        changed += len(done)
    for store in stores:
        show_changed("customer", store=store)
    return changed
