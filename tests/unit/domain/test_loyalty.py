"""The loyalty index: shown with its parts, changed by anybody, and never beyond its ends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.domain.loyalty import DEFAULTS, INDEXES, MEASURES, FormulaError, in_words, index, parse, spread


def row(measure: str = "visits", weight: Any = 10, zero: Any = 0, full: Any = 4) -> dict[str, Any]:
    return {"measure": measure, "weight": weight, "zero": zero, "full": full}


def test_parts_add_up_to_the_index_and_what_is_not_known_counts_for_nothing() -> None:
    formula = parse([row(weight=30), row("recency", 10, 500, 100), row("rating", 60, 1, 5)])
    found = index(formula, {"visits": 2, "recency": 100, "rating": None})
    assert [share.points for share in found.shares] == [37.5, 25.0, None]
    assert found.value == 62
    assert index(formula, {}).value is None


def test_a_share_stops_at_both_ends() -> None:
    assert index(parse([row()]), {"visits": 99}).value == 100
    assert index(parse([row("recency", 1, 540, 60)]), {"recency": 9999}).value == 0


@pytest.mark.parametrize(
    ("data", "part", "says"),
    [
        ([], None, "at least one"),
        ("x", None, "at least one"),
        ([row("height")], 0, "Choose a measure"),
        ([row(), row()], 1, "twice"),
        ([row(weight=0)], 0, "more than 0"),
        ([row(weight="much")], 0, "numbers"),
        ([row(zero=4)], 0, "the same"),
    ],
)
def test_what_is_wrong_with_a_formula(data: Any, part: int | None, says: str) -> None:
    with pytest.raises(FormulaError, match=says) as error:
        parse(data)
    assert error.value.part == part


@given(st.dictionaries(st.sampled_from(sorted(MEASURES)), st.none() | st.floats(-1e6, 1e6)))
def test_an_index_lies_between_0_and_100_and_its_points_make_it(measures: dict[str, float | None]) -> None:
    for formula in DEFAULTS.values():
        found = index(formula, measures)
        points = [share.points for share in found.shares if share.points is not None]
        assert (found.value is None) == (not points)
        assert found.value is None or (0 <= found.value <= 100 and abs(found.value - sum(points)) < 0.6)


def test_the_shipped_formulas_can_be_read_and_the_spread_has_ten_steps() -> None:
    assert set(DEFAULTS) == set(INDEXES)
    assert in_words(DEFAULTS["loyalty"])["en"].startswith("25% days since last seen")
    assert spread([0, 9, 10, 99, 100, None]) == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
