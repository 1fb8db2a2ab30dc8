"""The live board's rows: queues, people, lines, as they are now.

The rule of the file: nothing is changed here, and no row holds a caller's number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dealerline.domain import presence
from dealerline.switch.core import Core
from dealerline.switch.directory import Person, Queue
from dealerline.switch.model import TALKS, Call
from dealerline.switch.today import Today

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

Rows = dict[int, dict[str, Any]]
PARTS = ("queues", "people", "lines")


class BoardView:
    """Reads the core's state."""

    def __init__(self, core: Core, engine: Engine, today: Today) -> None:
        self.core = core
        self.engine = engine
        self.today = today

    def rows(self) -> dict[str, Rows]:
        """Every row of the group, by part and id."""
        lookup = self.core.lookup
        talking: dict[int, int] = {}
        borrowed: dict[int, int] = {}
        live: dict[int, int] = {}
        for call in self.core.calls.values():
            live[call.line] = live.get(call.line, 0) + (not call.stands)  # of a promise nobody is on the line yet
            if call.queue and call.phase in TALKS:
                talking[call.queue] = talking.get(call.queue, 0) + 1
                if self._lent(call, call.person):
                    borrowed[call.queue] = borrowed.get(call.queue, 0) + 1
        shown = (p for p in lookup.people.values() if p.id in self.core.seats or p.id in lookup.queues_of)
        return {
            "queues": {
                q.id: self._queue(q, talking.get(q.id, 0), borrowed.get(q.id, 0)) for q in lookup.queues.values()
            },
            "people": {p.id: self._person(p) for p in shown},
            "lines": {
                line.id: {
                    "id": line.id,
                    "store": line.store,
                    "name": line.name,
                    "kind": line.kind,
                    "live": live.get(line.id, 0),
                }
                for line in lookup.lines.values()
            },
        }

    def _lent(self, call: Call, person: int) -> int:
        """The other store, if he is on a call of another store's queue; else 0."""
        queue, known = self.core.lookup.queues.get(call.queue), self.core.lookup.people.get(person)
        return queue.store if queue is not None and known is not None and queue.store != known.store else 0

    def _queue(self, queue: Queue, talking: int, borrowed: int) -> dict[str, Any]:
        router, day = self.engine.queueing.router, self.today.of(queue.id)
        waiting = router.waiting(queue.id)
        return {
            "id": queue.id,
            "store": queue.store,
            "name": queue.name,
            "service_seconds": queue.service_seconds,
            "limits": [queue.alarm_waiting, queue.alarm_oldest, queue.alarm_level],
            "waiting": waiting,
            "oldest": router.oldest(queue.id) if waiting else None,
            "expected": self._expected(queue.id) if waiting else None,
            "ready": router.free(queue.id),
            "present": router.present(queue.id),
            "talking": talking,
            "borrowed": borrowed,
            "answered": day.answered,
            "within": day.within,
            "lost_late": day.lost_late,
            "abandons": list(day.abandons),
            "sent_on": day.sent_on,
            "level": _rounded(day.level, 4),
            "average_wait": _rounded(day.average_wait, 1),
            "average_talk": _rounded(day.average_talk, 1),
        }

    def _expected(self, queue: int) -> int | None:
        """What somebody who comes now has to expect, in seconds: as long as who is last, and his turn after him."""
        router = self.engine.queueing.router
        wait = router.expected_wait(router.callers(queue)[-1], self.core.now)
        return None if wait is None else round(wait)

    def _person(self, person: Person) -> dict[str, Any]:
        seat = self.core.seats.get(person.id)
        state = seat.presence if seat is not None else presence.Agent(person.id)
        call = seat.call if seat is not None else None
        return {
            "id": person.id,
            "name": person.name,
            "store": person.store,
            "state": state.state,
            "reason": state.reason,
            "since": state.since,
            "until": state.until,
            "lent": (self._lent(call, person.id) or None) if call is not None and not call.ended else None,
            "call_since": call.talk_started or None if call is not None and not call.ended else None,
        }


def _rounded(value: float | None, places: int) -> float | None:
    return None if value is None else round(value, places)


def changes(old: dict[str, Rows], new: dict[str, Rows]) -> tuple[dict[str, Rows], dict[str, dict[int, int]]]:
    """(rows that are new or other than before, ids of rows that are gone with their stores), by part."""
    other: dict[str, Rows] = {}
    gone: dict[str, dict[int, int]] = {}
    for part in PARTS:
        before, after = old[part], new[part]
        rows = {key: row for key, row in after.items() if before.get(key) != row}
        away = {key: before[key]["store"] for key in before.keys() - after.keys()}
        # Who changed his store is gone for those who see the old one only.
        moved = (key for key in rows if key in before and before[key]["store"] != rows[key]["store"])
        away |= {key: before[key]["store"] for key in moved}
        if rows:
            other[part] = rows
        if away:
            gone[part] = away
    return other, gone
