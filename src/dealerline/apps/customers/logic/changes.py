"""The history of a customer as people read it: in their stores, numbers masked as everywhere else."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from dealerline.apps.accounts.facade import Person, sees_numbers
from dealerline.apps.customers.logic import rows
from dealerline.apps.customers.models import Customer
from dealerline.apps.history import facade as history
from dealerline.domain import numbers

NUMBERS = ("e164", "raw")
"""Fields whose values are telephone numbers."""


def of_customer(person: Person, customer: Customer, object_type: str = "",
                object_id: str = "") -> QuerySet[history.Change]:
    """What became of him and all that is his, newest first; of other stores' rows only where he may see them."""
    found = history.of_customer(customer.pk)
    stores = person.stores_for(rows.VIEW)
    if not stores.every:
        found = found.filter(Q(store__in=sorted(stores.ids)) | Q(store__isnull=True))
    if object_type:
        found = found.filter(object_type=object_type)
    if object_id:
        found = found.filter(object_id=object_id)
    return found.order_by("-id")


def sees(person: Person, customer: Customer) -> bool:
    """Whether numbers in his history are shown whole."""
    return sees_numbers(person, customer.store_id)


def draw(change: history.Change, whole: bool) -> dict[str, Any]:
    """One change."""
    phone = change.object_type == "customers.customerphone"
    old, new = (change.old, change.new) if whole else (
        _masked(change.old, change.field, phone), _masked(change.new, change.field, phone))
    return {"id": change.pk, "at": change.at,
            "by": {"id": change.by_id, "name": change.by.name} if change.by else None, "source": change.source,
            "object_type": change.object_type, "object_id": change.object_id, "field": change.field, "old": old,
            "new": new}


def _masked(value: Any, field: str, phone: bool) -> Any:
    """A value without whole numbers: those of phones, alone or among all the values of a row."""
    if isinstance(value, dict):
        return {key: _masked(part, key, phone) for key, part in value.items()}
    if isinstance(value, list) and field == "phones":
        return [_masked(part, "e164", True) for part in value]
    if phone and field in NUMBERS and isinstance(value, str):
        return numbers.masked(value)
    return value
