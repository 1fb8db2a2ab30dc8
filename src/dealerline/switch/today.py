"""Today's figures of each queue, counted from the facts as they are written, so that the board never asks a database.

Rules of the file. Only facts are counted, each once: a switch that was killed counts on from its file and from the
facts that its journal wrote after that. The day is the installation's; at midnight every figure begins anew, and a
caller counts on the day on which his waiting ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dealerline.domain.facts import Fact
from dealerline.domain.service import Tally
from dealerline.switch.core import Core

COUNTED = frozenset({"queue.left", "queue.entered", "queue.returned", "call.ended"})
REMEMBERED = 500  # facts counted last, so that none is counted again after a restart
OVERLAP = 5.0


class Today:
    """``tallies``: by queue. ``changed``: queues counted since they were last looked at."""

    def __init__(self, core: Core, zone: str) -> None:
        self.core = core
        self._zone = ZoneInfo(zone)
        self.day = ""
        self.tallies: dict[int, Tally] = {}
        self._served: dict[str, tuple[int, float]] = {}  # answered calls: their queue, since when
        self._last: deque[str] = deque(maxlen=REMEMBERED)
        self._at = 0.0
        core.noted = self.note
        self.turn()

    def turn(self) -> bool:
        """A new day may have begun; whether it has."""
        day = datetime.fromtimestamp(self.core.now, self._zone).date().isoformat()
        if day == self.day:
            return False
        self.day = day
        self.tallies.clear()
        return True

    def of(self, queue: int) -> Tally:
        """That queue's figures, made when there are none."""
        found = self.tallies.get(queue)
        if found is None:
            found = self.tallies[queue] = Tally()
        return found

    def note(self, facts: Sequence[Fact]) -> None:
        """Facts were written."""
        for fact in facts:
            if fact.kind in COUNTED:
                self._count(fact)

    def _count(self, fact: Fact) -> None:
        self.turn()
        self._last.append(fact.id)
        self._at = max(self._at, fact.at)
        served = self._served.pop(fact.call, None)
        if served is not None:
            self.of(served[0]).spoke(max(0.0, fact.at - served[1]))
        if fact.kind != "queue.left":
            return
        number, reason = int(fact.data["queue"]), str(fact.data["reason"])
        queue = self.core.lookup.queues.get(number)
        self.of(number).left(reason, float(fact.data["waited"]), queue.service_seconds if queue else 20)
        if reason == "answered":
            self._served[fact.call] = (number, fact.at)

    # what outlives the switch -------------------------------------------------------------------------------------
    def pack(self) -> dict[str, Any]:
        """Everything, as JSON values."""
        return {
            "day": self.day,
            "tallies": {str(queue): asdict(tally) for queue, tally in self.tallies.items()},
            "served": {call: list(served) for call, served in self._served.items()},
            "last": list(self._last),
            "at": self._at,
        }

    def restore(self, packed: dict[str, Any], after: Iterable[Fact]) -> None:
        """As it was when it was packed, and the facts that were written since. Yesterday's figures are none."""
        self._served = {call: (int(q), float(at)) for call, (q, at) in packed.get("served", {}).items()}
        if packed.get("day") == self.day:
            self.tallies = {int(queue): Tally(**tally) for queue, tally in packed["tallies"].items()}
        known = set(packed.get("last", []))
        self._last.extend(packed.get("last", []))
        self._at = float(packed.get("at", 0.0))
        since = self._at - OVERLAP
        midnight = datetime.fromtimestamp(self.core.now, self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        for fact in after:
            if fact.kind in COUNTED and fact.at >= max(since, midnight.timestamp()) and fact.id not in known:
                self._count(fact)
