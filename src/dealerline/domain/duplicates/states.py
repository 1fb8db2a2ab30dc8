"""What becomes of a pair: found, told apart, merged, taken back. The finder never touches what a person decided."""

from __future__ import annotations

FOUND, DISMISSED, MERGED, UNDONE = "found", "dismissed", "merged", "undone"

TABLE: dict[tuple[str, str], str] = {
    (FOUND, "dismiss"): DISMISSED,
    (FOUND, "merge"): MERGED,
    (DISMISSED, "reopen"): FOUND,
    (DISMISSED, "merge"): MERGED,
    (MERGED, "undo"): UNDONE,
    (UNDONE, "merge"): MERGED,
    (UNDONE, "dismiss"): DISMISSED,
    (UNDONE, "reopen"): FOUND,
}


def after(state: str, event: str) -> str | None:
    """The state an event leads to; None where it cannot happen."""
    return TABLE.get((state, event))
