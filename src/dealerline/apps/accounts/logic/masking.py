"""Whether a person sees customers' numbers whole or masked.

The rule: who holds ``numbers.see`` in a store sees that store's numbers whole (leads, handlers, dispatchers,
managers, administrators). Everybody else sees them masked (``+86138****5678``, see ``dealerline.domain.numbers``),
unless the store lets its agents see numbers.
"""

from __future__ import annotations

from dealerline.apps.common.access import Viewer
from dealerline.apps.organisation.facade import agents_see_numbers_in


def sees_numbers(viewer: Viewer, store: int | None) -> bool:
    """Whether the person sees whole numbers of that store; without a store, whether he does so everywhere."""
    seen = viewer.stores_for("numbers.see")
    if seen.every or (store is not None and store in seen):
        return True
    return agents_see_numbers_in(store)
