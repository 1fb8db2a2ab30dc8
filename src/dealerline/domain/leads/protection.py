"""One customer, one make of car, one of ours: no second open lead beside the first.

The rule of the file: the same customer counts wherever his lead is; somebody with one of his numbers counts where the
person may see leads, since what he may not see he cannot be told about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """An open lead that may stand in the way."""

    lead: int
    customer: int
    brand: int | None
    store: int


def in_the_way(
    customer: int, brand: int | None, open_leads: Iterable[Held], seen: Callable[[int], bool]
) -> Held | None:
    """The lead that protects the customer; his own before a namesake's.

    ``open_leads``: of him and of those with one of his numbers.
    """
    same = sorted((held for held in open_leads if held.brand == brand), key=lambda h: (h.customer != customer, h.lead))
    return next((held for held in same if held.customer == customer or seen(held.store)), None)
