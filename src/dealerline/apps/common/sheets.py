"""Cells of files that spreadsheets open: none is ever taken for a formula."""

from __future__ import annotations

from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # full-width ones count in East Asia


def cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: such texts get a quote in front."""
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(FORMULA_STARTS) else text
