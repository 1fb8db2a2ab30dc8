"""Many calls with hang-ups and verbs at every step, at once; afterwards there is nothing left of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.soak import clean, soak

CALLS = 250


@pytest.mark.timeout(240)
async def test_of_some_hundred_calls_that_end_at_any_step_nothing_is_left(cache: Path, tmp_path: Path) -> None:
    """The long one is ``./dealerline bench soak``: docs/benchmarks.md."""
    row = await soak(tmp_path, CALLS, seed=4)
    assert clean(row), row
    assert row["verbs"] > 20 and row["answered"] > 20 and row["hung_up"] > 20, "something was done"
