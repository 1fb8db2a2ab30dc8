"""What other apps and the adapters may use of customers."""

from __future__ import annotations

from typing import Any

from dealerline.apps.accounts.facade import Person
from dealerline.apps.customers.logic import bulk, business, finding, taking
from dealerline.apps.customers.logic.access import close_with, follow_with, lock_customer, need_open, open_customer
from dealerline.apps.customers.logic.by_rule import set_by_rule
from dealerline.apps.customers.logic.car_facts import facts_of as car_facts
from dealerline.apps.customers.logic.customers import (
    access_customer,
    alike,
    create,
    main_number,
    numbers_of,
    owns_order,
    sharing_numbers,
    with_number,
)
from dealerline.apps.customers.logic.identity import among as identify
from dealerline.apps.customers.logic.names import pinyin_of, sort_key
from dealerline.apps.customers.logic.personal import identifiers, store_of
from dealerline.apps.customers.logic.phone_facts import facts_of as phone_facts
from dealerline.apps.customers.logic.phones import count_reveal
from dealerline.apps.customers.models import Car, Customer, CustomerLevel

__all__ = [
    "CustomerLevel",
    "access_customer",
    "add_order",
    "alike",
    "bulk",
    "car_facts",
    "close_with",
    "count_reveal",
    "create",
    "finding",
    "follow_with",
    "has_car",
    "identifiers",
    "identify",
    "lock_customer",
    "main_number",
    "need_open",
    "numbers_of",
    "open_customer",
    "owns_order",
    "phone_facts",
    "pinyin_of",
    "set_by_rule",
    "sharing_numbers",
    "sort_key",
    "store_of",
    "taking",
    "with_number",
]


def has_car(customer: int, car: int) -> bool:
    """Whether that car is one of his."""
    return Car.objects.filter(pk=car, customer=customer).exists()


def add_order(person: Person, customer: int, values: dict[str, Any]) -> int:
    """A new order of his in the store that ``values`` name; its id. Raises Problem, NotAllowed."""
    return int(business.ORDERS.add(person, Customer.objects.get(pk=customer), values, "page").pk)
