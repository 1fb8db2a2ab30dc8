"""A centre that lives by itself for some minutes: callers on all lines, robot agents who take them, some who give up.

For looking at boards and for showing the demo. What comes is planned ahead (``plan``), the same for the same seed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from simulator.ari import AriError
from simulator.texts import Trouble

KINDS = ("sales", "new_car", "repair", "rescue", "complaints")
GIVE_UP = 0.2  # so many do not stay on the line until somebody answers
TALK = (15.0, 90.0)
MOST_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Coming:
    """One caller: when, in seconds from the beginning, and what he does (as ``POST /ring`` takes it)."""

    at: float
    errand: dict[str, Any]


def plan(directory: dict[str, Any], minutes: float, a_minute: float, seed: int) -> list[Coming]:
    """Who rings in that time, in order; nobody when there are no lines with numbers."""
    chance = random.Random(seed)
    lines = [line for line in directory.get("lines", []) if line["numbers"] and line["kind"] in KINDS]
    made: list[Coming] = []
    at = 0.0
    while lines and (at := at + chance.expovariate(a_minute / 60)) < minutes * 60:
        line = chance.choice(lines)
        english = chance.random() < 0.15
        errand: dict[str, Any] = {
            "to": str(line["numbers"][0]), "caller": "known" if chance.random() < 0.7 else "stranger",
            "language": "en" if english else "zh", "stay": round(chance.uniform(*TALK), 1)}
        if line["kind"] != "rescue":
            errand["keys"] = ("2" if english else "1") + "0"
        if chance.random() < GIVE_UP:
            errand |= {"hang_up_at": chance.choice(("queue", "offered", "greeting"))}
        made.append(Coming(round(at, 2), errand))
    return made


class Life:
    """At most one at a time."""

    def __init__(self, ring: Callable[[dict[str, Any]], Coroutine[Any, Any, object]]) -> None:
        self._ring = ring
        self._task: asyncio.Task[None] | None = None
        self.left = 0

    def begin(self, coming: list[Coming]) -> None:
        """From now on; what went on before ends."""
        self.end()
        self.left = len(coming)
        self._task = asyncio.create_task(self._go(coming), name="life")

    def end(self) -> None:
        """Nobody more rings; who is on the telephone stays."""
        if self._task is not None:
            self._task.cancel()
        self._task, self.left = None, 0

    async def _go(self, coming: list[Coming]) -> None:
        before = 0.0
        for one in coming:
            await asyncio.sleep(one.at - before)
            before = one.at
            self.left -= 1
            with contextlib.suppress(Trouble, AriError):  # the carrier may be away for a while
                await self._ring(one.errand)
