"""Customers' numbers are masked by role.

The rule: who holds ``numbers.see`` in a store sees that store's numbers whole (leads, handlers, dispatchers,
managers, administrators). Everybody else sees them masked, ``+86138****5678``, unless the store lets its agents see
numbers.
"""

from __future__ import annotations

from dealerline.apps.common.access import Viewer
from dealerline.apps.organisation.facade import agents_see_numbers_in


def mask(number: str) -> str:
    """The number with its middle hidden. Short numbers keep their last two digits only."""
    if len(number) < 8:
        return "*" * max(0, len(number) - 2) + number[-2:]
    head = 6 if number.startswith("+") else 3
    return number[:head] + "****" + number[-4:]


def sees_numbers(viewer: Viewer, store: int | None) -> bool:
    """Whether the person sees whole numbers of that store; without a store, whether he does so everywhere."""
    seen = viewer.stores_for("numbers.see")
    if seen.every or (store is not None and store in seen):
        return True
    return agents_see_numbers_in(store)
