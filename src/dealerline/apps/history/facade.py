"""What other apps may use of the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone

from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.common.copying import as_json, copy_rows
from dealerline.apps.history.models import Change, Source

__all__ = [
    "Change",
    "Source",
    "forget_customer",
    "of_customer",
    "of_object",
    "record",
    "record_many",
    "record_new",
    "record_removed",
    "snapshot",
]

NEW = "+"
"""The field of a row that was made: ``new`` holds all its values."""
REMOVED = "-"
"""The field of a row that was removed: ``old`` holds all its values."""
COLUMNS = ("at", "by_id", "source", "object_type", "object_id", "customer_id", "store_id", "field", "old", "new")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, models.Model):
        return value.pk
    return value


def snapshot(row: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    """The values of those fields as JSON can keep them; foreign keys by their ``_id`` names."""
    return {field: _plain(getattr(row, field)) for field in fields}


def record(row: models.Model, before: Mapping[str, Any], *, by: Any, source: str = Source.PAGE,
           customer: int | None = None, store: int | None = None) -> dict[str, tuple[Any, Any]]:
    """Write what differs between ``before`` (a snapshot) and the row as it is now; field -> (old, new).

    ``by``: a person or None (a job). Call it in the transaction of the change.
    """
    after = snapshot(row, before)
    changed = {field: (old, after[field]) for field, old in before.items() if old != after[field]}
    _write(row, changed, by, source, customer, store)
    return changed


def record_new(row: models.Model, fields: Iterable[str], *, by: Any, source: str = Source.PAGE,
               customer: int | None = None, store: int | None = None) -> None:
    """Write that the row was made, with its values that are not empty."""
    values = {field: value for field, value in snapshot(row, fields).items() if value not in (None, "", [], {})}
    _write(row, {NEW: (None, values)}, by, source, customer, store)


def record_many(rows: Iterable[tuple[models.Model, Mapping[str, tuple[Any, Any]], int | None, int | None]], *, by: Any,
                source: str) -> None:
    """Write the changes of many rows at once: (row, field -> (old, new) as JSON, customer, store) of each."""
    at, who = timezone.now(), getattr(by, "pk", None)
    copy_rows(Change, COLUMNS, (
        (at, who, str(source), row._meta.label_lower, str(row.pk), customer, store, field, as_json(old), as_json(new))
        for row, changed, customer, store in rows for field, (old, new) in changed.items()))


def record_removed(row: models.Model, fields: Iterable[str], *, by: Any, source: str = Source.PAGE,
                   customer: int | None = None, store: int | None = None) -> None:
    """Write that the row is about to be removed, with its values that are not empty."""
    values = {field: value for field, value in snapshot(row, fields).items() if value not in (None, "", [], {})}
    _write(row, {REMOVED: (values, None)}, by, source, customer, store)


def _write(row: models.Model, changed: Mapping[str, tuple[Any, Any]], by: Any, source: str, customer: int | None,
           store: int | None) -> None:
    Change.objects.bulk_create(
        Change(by_id=getattr(by, "pk", None), source=source, object_type=row._meta.label_lower,
               object_id=str(row.pk), customer_id=customer, store_id=store, field=field, old=old, new=new)
        for field, (old, new) in changed.items())


def of_object(object_type: str, object_id: Any) -> ScopedQuerySet[Change]:
    """What became of one row, newest first."""
    return Change.objects.filter(object_type=object_type, object_id=str(object_id)).select_related("by")


def of_customer(customer: int) -> ScopedQuerySet[Change]:
    """What became of a customer and all that is his, newest first."""
    return Change.objects.filter(customer_id=customer).select_related("by")


def forget_customer(customer: int) -> int:
    """Blank the values of his changes, for he was erased on request: that and when something changed stays."""
    return Change.objects.filter(customer_id=customer).update(old=None, new=None)
