"""What other apps may use of the search."""

from __future__ import annotations

from dealerline.apps.search.logic.customers import FOUND_AT_MOST, find_customers

__all__ = ["FOUND_AT_MOST", "find_customers"]
