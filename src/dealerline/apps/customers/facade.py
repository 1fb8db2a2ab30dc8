"""What other apps and the adapters may use of customers."""

from __future__ import annotations

from dealerline.apps.customers.logic.by_rule import set_by_rule
from dealerline.apps.customers.logic.customers import access_customer
from dealerline.apps.customers.logic.names import pinyin_of
from dealerline.apps.customers.logic.personal import identifiers, numbers_of, store_of
from dealerline.apps.customers.models import CustomerLevel

__all__ = ["CustomerLevel", "access_customer", "identifiers", "numbers_of", "pinyin_of", "set_by_rule", "store_of"]
