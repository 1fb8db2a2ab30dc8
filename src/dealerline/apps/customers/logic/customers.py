"""Finding, creating and changing customers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from dealerline.apps.accounts.facade import Person, sees_numbers
from dealerline.apps.common.access import NO_STORES, StoreSet
from dealerline.apps.common.errors import NotAllowed
from dealerline.apps.customers.logic import cars, phones, rows
from dealerline.apps.customers.logic.access import access_customer
from dealerline.apps.customers.models import Customer, CustomerPhone, Label, LevelSource, Order
from dealerline.apps.history.facade import Source
from dealerline.apps.search.facade import find_customers

__all__ = ["CUSTOMER", "access_customer", "as_json", "change", "create", "meant"]

EDITABLE = ("name", "title", "kind", "number", "company", "level", "labels", "notes", "need", "language", "email",
            "address", "birthday", "intention", "purchase_status", "wants_model", "budget_from", "budget_to", "buys_by",
            "needs")
SHOWN = ("number", "name", "title", "kind", "level", "labels", "company", "notes", "need", "language", "email",
         "address", "birthday", "intention", "purchase_status", "wants_model", "budget_from", "budget_to", "buys_by",
         "needs")
LABEL_AT_MOST = 40
NAMELESS = rows.invalid(name={"zh": "请填写姓名。", "en": "Enter a name."})
NUMBER_TAKEN = {"zh": "已有这个客户编号。", "en": "There is a customer with that number already."}


def as_json(person: Person, customer: Customer) -> dict[str, Any]:
    """A customer as the pages see him, numbers masked by role."""
    whole = sees_numbers(person, customer.store_id)
    return {
        "id": customer.pk, **{field: getattr(customer, field) for field in SHOWN}, "store": customer.store_id,
        "version": customer.version, "level_set": level_set(customer),
        "phones": [phones.drawn(phone, whole) for phone in customer.phones.all()]}


CUSTOMER = rows.Kind("customer", Customer, ("store_id", *EDITABLE, "level_source", "level_because"),
                     lambda row: (row.pk, row.store_id), {"zh": "这位客户", "en": "this customer"}, as_json)


def level_set(customer: Customer) -> dict[str, Any] | None:
    """What set his level, and when; None when nothing has yet."""
    if not customer.level_source:
        return None
    return {"by": customer.level_source, "because": customer.level_because, "at": customer.level_at}


def narrowed(found: QuerySet[Customer], *, label: str = "", **values: str) -> QuerySet[Customer]:
    """Those with the values given; empty ones say nothing."""
    found = found.filter(**{field: value for field, value in values.items() if value})
    return found.filter(labels__contains=[label.strip()]) if label.strip() else found


def meant(person: Person, query: str, store: int | None = None, most: int | None = None,
          **narrow: str) -> tuple[QuerySet[Customer], list[int] | None]:
    """(customers the person sees, ids of those meant by a part of a name, number or plate, as they are shown).

    Without a text nobody is meant in particular: None. ``narrow``: see ``narrowed``; of many who are meant the first
    of those left are given, not what is left of the first. ``most``: a thousand unless told. See apps/search.
    """
    seen = narrowed(Customer.objects.visible_to(person, "customers.view").prefetch_related("phones"), **narrow)
    if store is not None:
        seen = seen.filter(store_id=store)
    if not query.strip():
        return seen, None
    visible = person.stores_for("customers.view")
    if store is not None:
        visible = StoreSet(ids=frozenset((store,))) if store in visible else NO_STORES
    among = narrowed(Customer.objects.all(), **narrow).values("pk") if any(narrow.values()) else None
    return seen, find_customers(query.strip(), visible, person.stores_for("numbers.see"), person.store_id, among,
                                most)


def create(person: Person, *, store: int, phone: str, call_number: str, values: dict[str, Any],
           plate: str = "", model: str = "", anyway: bool = False, source: str = Source.PAGE) -> Customer:
    """The short form: a customer with a number, perhaps a car. ``call_number`` (from the call) is used when ``phone``
    is empty.

    Repeating it gives the customer made before: the same name and number in the same store is the same person.
    """
    if not person.can("customers.edit", store):
        raise NotAllowed
    name = str(values.get("name", "")).strip()
    if not name:
        raise NAMELESS
    e164 = phones.read_number(phone)[0] if phone.strip() else call_number
    with transaction.atomic():
        # Two clicks at once: the second waits here, and then finds the first one's customer.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [f"customer {e164} {name}", store])
        if e164:
            same = Customer.objects.filter(store_id=store, name=name, phones__e164=e164).first()
            if same is not None:
                return same
        customer = Customer(store_id=store, created_by=person)
        _put(customer, {field: values[field] for field in EDITABLE if field in values} | {"name": name}, person)
        rows.create(CUSTOMER, person, customer, source, NUMBER_TAKEN)
        if e164:
            phones.add(person, customer, phone if phone.strip() else e164, source, primary=True)
        if plate.strip() or model.strip():
            cars.add(person, customer, {"plate": plate, "model": model.strip()}, anyway, source)
    return customer


def change(person: Person, customer: Customer, values: dict[str, Any], version: int, source: str) -> Customer:
    """Change the fields given. Raises Problem ``stale`` (409) with the newer row when somebody saved meanwhile."""
    wanted = {field: values[field] for field in EDITABLE if field in values}
    if "name" in wanted and not str(wanted["name"]).strip():
        raise NAMELESS
    return rows.change(CUSTOMER, person, customer.pk, version, {}, source, taken=NUMBER_TAKEN,
                       before_saving=lambda row: _put(row, wanted, person))


def _put(customer: Customer, values: dict[str, Any], person: Person) -> None:
    """Set the fields given, and what follows from them."""
    wanted = dict(values)
    if "name" in wanted:
        wanted["name"] = " ".join(str(wanted["name"]).split())
    if "number" in wanted:
        wanted["number"] = (wanted["number"] or "").strip().upper() or None
    if "labels" in wanted:
        wanted["labels"] = tidy_labels(wanted["labels"])
    if "level" in wanted and wanted["level"] != customer.level:
        customer.level_source, customer.level_because, customer.level_at = LevelSource.PERSON, "", timezone.now()
    for field, value in wanted.items():
        setattr(customer, field, value)
    if customer.birthday and not date(1900, 1, 1) <= customer.birthday <= timezone.localdate():
        raise rows.invalid(birthday={"zh": "生日不对，请核对。", "en": "Nobody is born then: look again."})
    if customer.budget_from and customer.budget_to and customer.budget_to < customer.budget_from:
        raise rows.invalid(budget_to={"zh": "预算上限低于下限。", "en": "The budget's end is below its beginning."})


def tidy_labels(labels: Iterable[str]) -> list[str]:
    """Each once, without spaces around; new words join the list that others choose from."""
    words = list(dict.fromkeys(text for label in labels if (text := " ".join(label.split()))))
    long = next((text for text in words if len(text) > LABEL_AT_MOST), None)
    if long is not None:
        raise rows.invalid(labels={"zh": f"标签最多 {LABEL_AT_MOST} 个字：{long[:20]}…",
                                   "en": f"A label has at most {LABEL_AT_MOST} characters: {long[:20]}…"})
    Label.objects.bulk_create([Label(text=text) for text in words], ignore_conflicts=True)
    return words


def numbers_of(customer: int) -> list[str]:
    """His numbers, E.164, the main one first."""
    return list(CustomerPhone.objects.filter(customer=customer).order_by("-primary", "id").values_list("e164",
                                                                                                       flat=True))


def main_number(customer: int) -> str:
    """His main number, E.164; "" where he has none."""
    return next(iter(numbers_of(customer)), "")


def sharing_numbers(customer: int) -> set[int]:
    """Him and every customer with one of his numbers, of whichever store."""
    found = CustomerPhone.objects.filter(e164__in=numbers_of(customer)).values_list("customer_id", flat=True)
    return {customer, *found}


def with_number(person: Person, number: str) -> list[int]:
    """Those whom he may see who have that number, E.164."""
    found = Customer.objects.visible_to(person, rows.VIEW).filter(phones__e164=number).order_by("pk")
    return list(found.values_list("pk", flat=True).distinct()[:20]) if number else []


def alike(person: Person, name: str, phone: str) -> list[tuple[Customer, str]]:
    """Who of those he may see has that number, or that very name, and by which; at most three. Raises Problem."""
    e164, name = phones.read_number(phone)[0] if phone.strip() else "", " ".join(name.split())
    seen = Customer.objects.visible_to(person, rows.VIEW).prefetch_related("phones").order_by("pk")
    by_number = list(seen.filter(phones__e164=e164).distinct()[:3]) if e164 else []
    by_name = seen.filter(name=name).exclude(pk__in=[row.pk for row in by_number])[:3] if len(name) > 1 else []
    return [*((row, "phone") for row in by_number), *((row, "name") for row in by_name)][:3]


def owns_order(customer: int, order: int) -> bool:
    """Whether that order is his."""
    return Order.objects.filter(pk=order, customer=customer).exists()
