"""Rows of the file for taking away: those of the page's list, of stores whose data the person may export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from dealerline.apps.accounts.facade import Person, sees_numbers
from dealerline.apps.customers.logic import customers
from dealerline.apps.customers.models import Car, Customer, Order
from dealerline.apps.organisation.facade import store_codes
from dealerline.domain import numbers

PART = 1000
MOST_MEANT = 100_000  # of a search that is taken away
NARROW = ("kind", "level", "label", "intention", "purchase_status")


def rows(person: Person, kind: str, filters: Mapping[str, Any], among: QuerySet[Any] | None = None) -> QuerySet[Any]:
    """What of ``kind`` the list with these filters has (q: search, store, and NARROW), as far as he may take it away.

    ``among``: only of these customers.
    """
    stores = person.stores_for("customers.export")
    store = int(filters["store"]) if filters.get("store") else None
    narrow = {name: str(filters[name]) for name in NARROW if filters.get(name)}
    found, ids = customers.meant(person, str(filters.get("q", "")), store, MOST_MEANT, **narrow)
    if ids is not None:
        found = found.filter(pk__in=ids)
    if among is not None:
        found = found.filter(pk__in=among.values("pk"))
    if not stores.every:
        found = found.filter(store_id__in=sorted(stores.ids))
    if kind == "customers":
        return found.order_by("-pk")
    of: dict[str, QuerySet[Any]] = {
        "cars": Car.objects.select_related("customer", "brand"), "orders": Order.objects.select_related("customer")}
    mine = of[kind].filter(customer__in=found.prefetch_related(None).values("pk"))
    if kind == "orders" and not stores.every:
        mine = mine.filter(store_id__in=sorted(stores.ids))
    return mine.prefetch_related("customer__phones").order_by("-pk")


def sees_all_numbers(person: Person) -> bool:
    """Whether nothing is masked for him in what he may export."""
    return all(sees_numbers(person, store) for store in store_codes() if store in person.stores_for("customers.export"))


def drawn(person: Person, kind: str, found: QuerySet[Any], most: int) -> Iterator[dict[str, Any]]:
    """The rows as an import has them, newest first, at most ``most``; numbers masked by role."""
    sees: dict[int | None, bool] = {}
    names = store_codes()

    def shown(number: str, store: int | None) -> str:
        if store not in sees:
            sees[store] = sees_numbers(person, store)
        return number if sees[store] else numbers.masked(number)

    left, after = most, None
    while left > 0:
        part = list((found if after is None else found.filter(pk__lt=after))[:min(PART, left)])
        for row in part:
            yield _DRAW[kind](row, shown, names)
        if len(part) < PART:
            return
        left, after = left - len(part), part[-1].pk


def _customer(row: Customer, shown: Any, stores: Mapping[int, str]) -> dict[str, Any]:
    phones = [shown(phone.e164, row.store_id) for phone in row.phones.all()]
    return {"name": row.name, "phone": phones[:1], "phone2": phones[1:], "number": row.number, "kind": row.kind,
            "title": row.title, "company": row.company, "level": row.level, "labels": row.labels, "need": row.need,
            "intention": row.intention, "email": row.email, "address": row.address, "birthday": row.birthday,
            "notes": row.notes, "store": stores.get(row.store_id, "")}


def _owner(row: Customer, shown: Any) -> dict[str, Any]:
    return {"owner_number": row.number, "owner_name": row.name,
            "owner_phone": [shown(phone.e164, row.store_id) for phone in row.phones.all()]}


def _car(row: Car, shown: Any, stores: Mapping[int, str]) -> dict[str, Any]:
    return {**_owner(row.customer, shown), "vin": row.vin, "plate": row.plate,
            "brand": str(row.brand) if row.brand else "", "model": row.model, "year": row.year, "colour": row.colour,
            "mileage_km": row.mileage_km, "bought_on": row.bought_on, "insurance_until": row.insurance_until,
            "inspection_until": row.inspection_until, "insurer": row.insurer, "warranty_until": row.warranty_until,
            "next_service_on": row.next_service_on, "next_service_km": row.next_service_km,
            "store": stores.get(row.customer.store_id, "")}


def _order(row: Order, shown: Any, stores: Mapping[int, str]) -> dict[str, Any]:
    return {**_owner(row.customer, shown), "number": row.number, "model": row.model, "status": row.status,
            "amount": row.amount, "ordered_on": row.ordered_on, "expected_on": row.expected_on,
            "delivered_on": row.delivered_on,
            "store": stores.get(row.store_id, "")}


_DRAW: Mapping[str, Any] = {"customers": _customer, "cars": _car, "orders": _order}
