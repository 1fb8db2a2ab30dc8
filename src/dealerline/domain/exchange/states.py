"""What becomes of an import: one table of steps, each with who causes it.

``checking``, ``importing`` and ``undoing`` are a job's; it may die in them and begin again where it was, since its
place is kept with every chunk. ``waiting`` is an import that another one keeps from beginning.
"""

from __future__ import annotations

from collections.abc import Mapping

STEPS: Mapping[str, Mapping[str, str]] = {
    "uploaded": {"plan": "checking"},
    "checking": {"checked": "checked", "fail": "failed"},
    "checked": {"plan": "checking", "start": "waiting"},
    "waiting": {"begin": "importing", "stop": "stopped"},
    "importing": {"finish": "done", "stop": "stopped", "fail": "stopped"},
    "stopped": {"start": "waiting", "undo": "undoing"},
    "done": {"undo": "undoing"},
    "undoing": {"finish": "undone", "fail": "done"},
    "undone": {},
    "failed": {"plan": "checking"},
}
AT_WORK = ("checking", "waiting", "importing", "undoing")
"""States in which a job has something to do."""
REMOVABLE = ("uploaded", "checked", "failed", "undone")
"""States in which an import can be forgotten: nothing of it stands in the records."""


class IllegalStep(ValueError):
    """That cannot be done with an import in this state."""


def step(state: str, what: str) -> str:
    """The state after ``what``. Raises IllegalStep and changes nothing."""
    try:
        return STEPS[state][what]
    except KeyError:
        raise IllegalStep(f"{what} in state {state}") from None
