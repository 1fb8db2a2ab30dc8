"""What other apps and the adapters may use of customers."""

from __future__ import annotations

from dealerline.apps.customers.logic.customers import (
           access_customer,
           main_number,
           numbers_of,
           owns_order,
           sharing_numbers,
)
from dealerline.apps.customers.logic.names import pinyin_of
from dealerline.apps.customers.models import CustomerLevel

__all__ = ["CustomerLevel", "access_customer", "main_number", "numbers_of", "owns_order", "pinyin_of",
           "sharing_numbers"]
