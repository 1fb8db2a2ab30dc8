"""Two files of one customer: what makes them the same, what speaks against it, and what their one file then says.

Pure rules; times are given, never asked.
"""

from __future__ import annotations

from dealerline.domain.duplicates.choosing import Choice, Given, Side, choose, survivor, value_of
from dealerline.domain.duplicates.rules import (
    AGAINST,
    RULES,
    SURE_ENOUGH,
    Facts,
    Number,
    Reason,
    Verdict,
    folded_key,
    likeness,
    verdict,
)

__all__ = [
    "AGAINST", "RULES", "SURE_ENOUGH", "Choice", "Facts", "Given", "Number", "Reason", "Side", "Verdict", "choose",
    "folded_key", "likeness", "survivor", "value_of", "verdict",
]
