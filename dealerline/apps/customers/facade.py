"""What other apps and the adapters may use of customers."""

from __future__ import annotations

from dealerline.apps.customers.logic.numbers import normalise_number

__all__ = ["normalise_number"]
