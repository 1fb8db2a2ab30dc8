"""What a rule that sets labels or levels does to one customer. The decision is one table.

Who set what is kept: what a person set by hand is not overwritten, unless the rule says it may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# (he fits the rule, he has it already, this rule set it, somebody set another by hand) -> what to do
SET, TAKE_BACK, KEEP, HELD = "set", "take_back", "keep", "held"


@dataclass(frozen=True, slots=True)
class Case:
    """One customer and one rule.

    ``fits``: he is in the group; ``has``: he has the label (level) already; ``ours``: this rule gave it to him;
    ``by_hand``: the level he has, or the label's absence, is what a person decided.
    """

    fits: bool
    has: bool
    ours: bool
    by_hand: bool


TABLE: Mapping[tuple[bool, bool], str] = {
    (True, True): KEEP,
    (True, False): SET,
    (False, True): TAKE_BACK,
    (False, False): KEEP,
}


def decide(case: Case, *, overwrite: bool, take_back: bool) -> str:
    """``set``, ``take_back``, ``keep`` (nothing to do) or ``held`` (it would change, but a person decided)."""
    step = TABLE[case.fits, case.has]
    if step == SET and case.by_hand and not overwrite:
        return HELD
    if step == TAKE_BACK and not (case.ours and take_back):
        return KEEP
    return step
