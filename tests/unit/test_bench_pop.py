"""The bench of the pop: a table is shown when it is made, not when all are."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.pop import tables_inside

BREAKS = """
import json
print(json.dumps(["first", [{"n": 1}]]), flush=True)
raise SystemExit(3)
"""


def test_a_table_is_there_before_the_next_and_stays_when_that_one_fails(tmp_path: Path) -> None:
    (tmp_path / "breaks.py").write_text(BREAKS)
    stack: Any = SimpleNamespace(environment=lambda: os.environ | {"PYTHONPATH": str(tmp_path)})
    tables = tables_inside(stack, "breaks")
    assert next(tables) == ("first", [{"n": 1}])
    with pytest.raises(RuntimeError, match="breaks ended with 3"):
        next(tables)
