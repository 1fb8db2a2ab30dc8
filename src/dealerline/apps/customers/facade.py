"""What other apps and the adapters may use of customers."""

from __future__ import annotations

from dealerline.apps.customers.logic.by_rule import set_by_rule
from dealerline.apps.customers.logic import bulk, finding
from dealerline.apps.customers.logic.customers import access_customer
from dealerline.apps.customers.logic.customers import (
           access_customer,
           main_number,
           numbers_of,
           owns_order,
           sharing_numbers,
)
from dealerline.apps.customers.logic.names import pinyin_of
from dealerline.apps.customers.models import Car, CustomerLevel, CustomerPhone

__all__ = ["CustomerLevel", "access_customer", "pinyin_of", "set_by_rule"]
__all__ = ["CustomerLevel", "access_customer", "bulk", "finding", "pinyin_of"]
__all__ = ["CustomerLevel", "access_customer", "has_car", "main_number", "pinyin_of"]


def main_number(customer: int) -> str:
    """The number to ring him by, E.164; "" when he has none."""
    found = CustomerPhone.objects.filter(customer=customer).order_by("-primary", "pk").values_list("e164", flat=True)
    return found.first() or ""


def has_car(customer: int, car: int) -> bool:
    """Whether that car is one of his."""
    return Car.objects.filter(pk=car, customer=customer).exists()
__all__ = ["CustomerLevel", "access_customer", "main_number", "numbers_of", "owns_order", "pinyin_of",
           "sharing_numbers"]
