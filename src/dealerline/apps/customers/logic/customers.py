"""Finding, creating and changing customers."""

from __future__ import annotations

import re
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet

from dealerline.apps.accounts.facade import Person, sees_numbers
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.customers.models import Car, Customer, CustomerPhone, Order
from dealerline.domain import numbers

FOUND_AT_MOST = 1000
EDITABLE = ("name", "title", "kind", "company", "level", "labels", "notes", "need")


def access_customer(person: Person, customer: int, permission: str = "customers.view") -> Customer:
    """The customer, if the person may.

    Outsiders are told that there is none; insiders without the right, that they may not.
    """
    row = Customer.objects.visible_to(person, "customers.view").filter(pk=customer).first()
    if row is None:
        raise NotFound
    if permission != "customers.view" and not person.can(permission, row.store_id):
        raise NotAllowed
    return row


def as_json(person: Person, customer: Customer) -> dict[str, Any]:
    """A customer as the pages see him, numbers masked by role."""
    whole = sees_numbers(person, customer.store_id)
    return {
        "id": customer.pk, "number": customer.number, "name": customer.name, "title": customer.title,
        "kind": customer.kind, "level": customer.level, "labels": customer.labels, "company": customer.company,
        "notes": customer.notes, "need": customer.need, "store": customer.store_id, "version": customer.version,
        "phones": [{"id": phone.pk, "number": phone.e164 if whole else numbers.masked(phone.e164), "use": phone.use,
                    "primary": phone.primary} for phone in customer.phones.all()]}


def search(person: Person, query: str, store: int | None = None) -> QuerySet[Customer]:
    """Customers by name, pinyin (``zhangsan``, ``zs``), part of a number or of a plate.

    Who sees numbers masked finds by a whole number or its last four digits only: else the search would unmask them
    one digit at a time.
    """
    rows = Customer.objects.visible_to(person, "customers.view").prefetch_related("phones")
    if store is not None:
        rows = rows.filter(store_id=store)
    text = query.strip()
    if not text:
        return rows
    if not text.isascii() or not re.search(r"\d{3}", text):
        hits: list[Any] = [Customer.objects.filter(name__contains=text).values("pk")]
    else:
        hits = [Customer.objects.filter(number=text.upper()).values("pk")]
    if text.isascii() and re.search("[a-z]", text.lower()):
        hits.append(Customer.objects.filter(name_pinyin__contains=text.lower().replace(" ", "")).values("pk"))
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 3 and numbers.is_plausible(text):
        hits.extend(_by_number(person, text, digits))
    if len(text) >= 3 and re.search(r"\d", text):
        hits.append(Car.objects.filter(plate__contains=text.upper().replace(" ", "").replace("·",
                                                                                             "")).values("customer_id"))
    first, *rest = hits
    return rows.filter(pk__in=first.union(*rest) if rest else first)


def _by_number(person: Person, text: str, digits: str) -> list[Any]:
    whole = CustomerPhone.objects.filter(e164=numbers.e164(text)).values("customer_id")
    stores = person.stores_for("numbers.see")
    if stores.every:
        return [whole, CustomerPhone.objects.filter(e164__contains=digits).values("customer_id")]
    found = [whole]
    if stores:
        found.append(CustomerPhone.objects.filter(
            e164__contains=digits, customer__store_id__in=sorted(stores.ids)).values("customer_id"))
    if len(digits) == 4:
        found.append(CustomerPhone.objects.filter(e164__endswith=digits).values("customer_id"))
    return found


def _phone_or_problem(raw: str) -> str:
    if not numbers.is_plausible(raw):
        text = {"zh": "请填写电话号码，只用数字。", "en": "Enter a telephone number, digits only."}
        raise Problem("invalid", "请检查标红的内容。", "Please check what is marked.", fields={"phone": text})
    return numbers.e164(raw)


def create(person: Person, *, store: int, phone: str, call_number: str, values: dict[str, Any],
           plate: str = "", model: str = "") -> Customer:
    """The short form: a customer with a number, perhaps a car. ``call_number`` (from the call) is used when ``phone``
    is empty.

    Repeating it gives the customer made before: the same name and number in the same store is the same person.
    """
    if not person.can("customers.edit", store):
        raise NotAllowed
    name = str(values.get("name", "")).strip()
    if not name:
        raise Problem("invalid", "请检查标红的内容。", "Please check what is marked.",
                      fields={"name": {"zh": "请填写姓名。", "en": "Enter a name."}})
    e164 = _phone_or_problem(phone) if phone.strip() else call_number
    with transaction.atomic():
        # Two clicks at once: the second waits here, and then finds the first one's customer.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [f"customer {e164} {name}", store])
        if e164:
            same = Customer.objects.filter(store_id=store, name=name, phones__e164=e164).first()
            if same is not None:
                return same
        customer = Customer(store_id=store, created_by=person)
        for field in EDITABLE:
            if field in values:
                setattr(customer, field, values[field])
        customer.name = name
        customer.save()
        if e164:
            CustomerPhone.objects.create(customer=customer, e164=e164, raw=phone or e164, primary=True)
        if plate.strip() or model.strip():
            Car.objects.create(customer=customer, plate=plate.strip().upper().replace(" ", "").replace("·", ""),
                               model=model.strip())
    return customer


def change(person: Person, customer: Customer, values: dict[str, Any], version: int) -> Customer:
    """Change the fields given. Raises Problem ``stale`` (409) with the newer row when somebody saved meanwhile."""
    wanted = {field: values[field] for field in EDITABLE if field in values}
    if "name" in wanted and not str(wanted["name"]).strip():
        raise Problem("invalid", "请检查标红的内容。", "Please check what is marked.",
                      fields={"name": {"zh": "请填写姓名。", "en": "Enter a name."}})
    with transaction.atomic():
        row = Customer.objects.select_for_update().get(pk=customer.pk)
        if row.version != version:
            raise Problem("stale", "别人刚刚修改了这位客户，请查看最新内容。",
                          "Somebody changed this customer just now: look at the newer version.", status=409,
                          extra={"current": as_json(person, row)})
        for field, value in wanted.items():
            setattr(row, field, value)
        row.version = F("version") + 1
        row.save()
    row.refresh_from_db()
    return row


def add_phone(customer: Customer, raw: str, use: str) -> None:
    """One more number; harmless when he has it already."""
    CustomerPhone.objects.get_or_create(customer=customer, e164=_phone_or_problem(raw), defaults={"raw": raw,
                                                                                                  "use": use})


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


def owns_order(customer: int, order: int) -> bool:
    """Whether that order is his."""
    return Order.objects.filter(pk=order, customer=customer).exists()
