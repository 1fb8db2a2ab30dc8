"""Processes: who they are, whether they live, how they end with everything they started.

A process is known by its number and its start time (in clock ticks since boot), because numbers are used again.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of the process table."""

    pid: int
    parent: int
    group: int
    state: str
    ticks: int


def look(pid: int) -> Seen | None:
    """The process of that number, or None. A zombie is there, with state ``Z``."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in brackets may hold spaces and brackets itself.
    parts = text[text.rindex(")") + 2:].split()
    return Seen(pid, int(parts[1]), int(parts[2]), parts[0], int(parts[19]))


def ticks(pid: int) -> int:
    """The process's start time, or 0 when it is gone."""
    seen = look(pid)
    return seen.ticks if seen else 0


def alive(pid: int, started: int) -> bool:
    """Whether that very process (not a later one of the same number) still runs."""
    seen = look(pid)
    return seen is not None and seen.ticks == started and seen.state != "Z"


def table() -> list[Seen]:
    """Every process there is."""
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [seen for seen in map(look, numbers) if seen]


def group_members(group: int) -> list[Seen]:
    """The living processes of a process group."""
    return [seen for seen in table() if seen.group == group and seen.state != "Z"]


def signal_group(group: int, number: signal.Signals) -> bool:
    """Signal a whole process group; False when nobody is left in it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def end_groups(groups: Iterable[int], seconds: float = 5.0) -> None:
    """End process groups: first asked, then killed. Returns when none of their members is left."""
    left = {group for group in groups if signal_group(group, signal.SIGTERM)}
    until = time.monotonic() + seconds
    while left and time.monotonic() < until:
        time.sleep(0.05)
        left = {group for group in left if group_members(group)}
    for group in left:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def tied_to_parent(number: signal.Signals) -> Callable[[], None]:
    """For ``preexec_fn``: the kernel sends the child ``number`` when its parent dies, however it dies."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # died between fork and here
            os._exit(1)

    return tie
