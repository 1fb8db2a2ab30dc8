"""The page of states in the reference is what the tables say."""

from __future__ import annotations

from pathlib import Path

from tools import draw_states


def test_the_page_of_states_is_drawn_from_the_tables() -> None:
    assert Path(draw_states.TARGET).read_text(encoding="utf-8") == draw_states.page(), "run tools/draw_states.py"
