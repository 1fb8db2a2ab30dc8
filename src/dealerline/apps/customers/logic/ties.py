"""Household and company: who is what to whom. A tie is kept once and read from both ends."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.errors import NotFound
from dealerline.apps.customers.logic import rows
from dealerline.apps.customers.logic.access import access_customer
from dealerline.apps.customers.models import Customer, Tie

FIELDS = ("other_id", "kind", "note", "since", "until")
SHOWN = 100


def drawn(tie: Tie, seen_from: int) -> dict[str, Any]:
    """A tie as it looks from one end."""
    near = tie.customer_id == seen_from
    other = tie.other if near else tie.customer
    return {"id": tie.pk, "kind": tie.kind if near else Tie.OPPOSITE[tie.kind],
            "customer": {"id": other.pk, "name": other.name, "kind": other.kind, "level": other.level,
                         "store": other.store_id},
            "note": tie.note, "since": tie.since, "until": tie.until, "version": tie.version}


TIE = rows.Kind(
    "tie", Tie, FIELDS, lambda tie: (tie.customer_id, tie.customer.store_id), {"zh": "这条关系", "en": "this tie"},
    lambda person, tie: drawn(tie, tie.customer_id), ("customer", "other"))


def of_customer(person: Person, customer: Customer) -> list[dict[str, Any]]:
    """His ties to people whom the viewer may see; those that last first. A company of hundreds shows a hundred."""
    scope = Customer.objects.visible_to(person, rows.VIEW).values("pk")
    found = Tie.objects.filter(Q(customer=customer) | Q(other=customer)).select_related("customer", "other")
    if not person.stores_for(rows.VIEW).every:
        found = found.filter(customer__in=scope, other__in=scope)
    return [drawn(tie, customer.pk) for tie in found.order_by("-until", "id")[:SHOWN]]


def add(person: Person, customer: Customer, other: int, values: dict[str, Any], source: str) -> dict[str, Any]:
    """Tie somebody to a customer; the same tie again, from whichever end, gives the one that is there."""
    them = _other(person, customer, other)
    _in_order(values)
    kind = values["kind"]
    same = Tie.objects.select_related("customer", "other").filter(
        Q(customer=customer, other=them, kind=kind) | Q(customer=them, other=customer, kind=Tie.OPPOSITE[kind])).first()
    if same is None:
        same = rows.create(TIE, person, Tie(customer=customer, other=them, **values), source)
    return drawn(same, customer.pk)


def change(person: Person, customer: Customer, key: int, version: int, values: dict[str, Any],
           source: str) -> dict[str, Any]:
    """Change a tie of his, said as it looks from his end."""
    tie = _of(person, customer, key)
    if "kind" in values and tie.customer_id != customer.pk:
        values = {**values, "kind": Tie.OPPOSITE[values["kind"]]}
    tie = rows.change(TIE, person, key, version, values, source,
                      before_saving=lambda row: _in_order({"since": row.since, "until": row.until}))
    return drawn(tie, customer.pk)


def remove(person: Person, customer: Customer, key: int, version: int, source: str) -> None:
    """Take a tie away."""
    _of(person, customer, key)
    rows.remove(TIE, person, key, version, source)


def _of(person: Person, customer: Customer, key: int) -> Tie:
    tie = rows.access(TIE, person, key)
    if customer.pk not in (tie.customer_id, tie.other_id):
        raise NotFound
    return tie


def _other(person: Person, customer: Customer, other: int) -> Customer:
    try:
        found = access_customer(person, other)
    except NotFound:
        raise rows.invalid(other={"zh": "没有这位客户，或者您无权查看。",
                                  "en": "There is no such customer, or he is not yours to see."}) from None
    if found.pk == customer.pk:
        raise rows.invalid(other={"zh": "不能与自己建立关系。", "en": "Nobody is tied to himself."})
    return found


def _in_order(values: dict[str, Any]) -> None:
    since, until = values.get("since"), values.get("until")
    if since and until and until < since:
        raise rows.invalid(until={"zh": "结束日期早于起始日期。", "en": "It ends before it begins."})
