"""The live board as pages get it: once whole, then what changed, twice a second at most; and its alarms.

Rules of the file. A page is sent rows of the stores it may see and of no other. A message is made once for all pages
that see the same stores, and turned into JSON once. Whoever looks for the first time, or anew, gets the whole; what
changed follows, in order (``rev`` grows). Alarms are looked after whether somebody looks or not, and each beginning and
end is a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from dealerline.domain import boardalarms, hours
from dealerline.domain.boardalarms import Alarm, Figures, Key, Limits, Trouble
from dealerline.switch.boardview import PARTS, BoardView, Rows, changes
from dealerline.switch.core import Core
from dealerline.switch.ports import Desk, Shared
from dealerline.switch.today import Today

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

EVERY = 0.5
ALARMS_EVERY = 1.0
OPEN_EVERY = 30.0
RECENT = 30  # ended alarms that are still shown
NOTHING: dict[str, Rows] = {part: {} for part in PARTS}


class Boards:
    """Who looks, what they know, and which alarms are on. ``looks``: a page -> the stores it sees."""

    def __init__(self, core: Core, engine: Engine, zone: str = "Asia/Shanghai") -> None:
        self.core = core
        self.engine = engine
        self.today = Today(core, zone)
        self.view = BoardView(core, engine, self.today)
        self.looks: dict[Desk, frozenset[int]] = {}
        self.alarms: dict[Key, Alarm] = {}
        self.ended: list[Alarm] = []
        self.rev = 0
        self._fresh: set[Desk] = set()
        self._rows = NOTHING
        self._dirty = True
        self._alarms_dirty: dict[str, Alarm] = {}
        self._open: dict[int, bool] = {}
        self._open_at = 0.0

    def start(self) -> None:
        """From now on."""
        self.core.later(EVERY, self._again)
        self.core.later(ALARMS_EVERY, self._watch)

    def mark(self) -> None:
        """Something changed that a board may show."""
        self._dirty = True

    # looking
    # ------------------------------------------------------------------------------------------------------------
    def look(self, desk: Desk, stores: frozenset[int]) -> None:
        """This page wants the board: whole with the next beat."""
        self.looks[desk] = stores
        self._fresh.add(desk)

    def leave(self, desk: Desk) -> None:
        """It looks no more."""
        self.looks.pop(desk, None)
        self._fresh.discard(desk)

    def _again(self) -> None:
        self.core.later(EVERY, self._again)
        self._dirty |= self.today.turn()
        if not self.looks:
            self._alarms_dirty.clear()
        elif self._dirty or self._fresh or self._alarms_dirty:
            self.beat()

    def beat(self) -> None:
        """Tell every page what it does not know yet."""
        self._dirty = False
        new = self.view.rows()
        rows, gone = changes(self._rows, new)
        self._rows = new
        alarms, self._alarms_dirty = self._alarms_dirty, {}
        fresh, self._fresh = self._fresh, set()
        if rows or gone or alarms:
            self.rev += 1
        wholes: dict[frozenset[int], Shared] = {}
        parts: dict[frozenset[int], Shared | None] = {}
        for desk, stores in self.looks.items():
            if desk in fresh:
                if stores not in wholes:
                    wholes[stores] = self._whole(stores)
                desk.send(wholes[stores])
            elif rows or gone or alarms:
                if stores not in parts:
                    parts[stores] = self._part(stores, rows, gone, alarms.values())
                part = parts[stores]
                if part is not None:
                    desk.send(part)

    def _whole(self, stores: frozenset[int]) -> Shared:
        made = {part: [r for r in self._rows[part].values() if r["store"] in stores] for part in PARTS}
        alarms = [self._alarm(a) for a in (*self.alarms.values(), *self.ended) if a.store in stores]
        return Shared({"type": "board", **made, "alarms": alarms, "rev": self.rev, "now": self.core.now})

    def _part(
        self,
        stores: frozenset[int],
        rows: dict[str, Rows],
        gone: dict[str, dict[int, int]],
        alarms: Iterable[Alarm],
    ) -> Shared | None:
        """What is new for who sees these stores; None when nothing is."""
        made: dict[str, Any] = {}
        for part, found in rows.items():
            seen = [row for row in found.values() if row["store"] in stores]
            if seen:
                made[part] = seen
        away: dict[str, list[int]] = {}
        for part, left in gone.items():
            there = {row["id"] for row in made.get(part, [])}  # went to another store that is seen too
            if keys := [key for key, store in left.items() if store in stores and key not in there]:
                away[part] = keys
        if away:
            made["gone"] = away
        if told := [self._alarm(alarm) for alarm in alarms if alarm.store in stores]:
            made["alarms"] = told
        if not made:
            return None
        return Shared({"type": "board_changes", **made, "rev": self.rev, "now": self.core.now})

    # alarms
    # ------------------------------------------------------------------------------------------------------------
    def _watch(self) -> None:
        self.core.later(ALARMS_EVERY, self._watch)
        self.look_for_alarms()

    def look_for_alarms(self) -> None:
        """Raise what is beyond its limit, end what is over."""
        troubles, stores = self._troubles()
        raised, changed = boardalarms.step(self.alarms, troubles, self.core.now)
        for key in raised:
            value, limit = troubles[key]
            alarm = Alarm(self.core.new_id(), key[0], key[1], stores[key], value, limit, self.core.now)
            self.alarms[key] = alarm
            self._alarms_dirty[alarm.id] = alarm
            self.core.fact(
                "alarm.raised",
                store=alarm.store,
                alarm=alarm.id,
                what=alarm.kind,
                subject=alarm.subject,
                value=value,
                limit=limit,
            )
        for alarm in changed:
            if alarm.ended is None:
                told = replace(alarm, quiet=None) != replace(self.alarms[alarm.key], quiet=None)
                self.alarms[alarm.key] = alarm
                if told and alarm.kind not in ("over_break", "oldest"):  # these grow with every second: pages count
                    self._alarms_dirty[alarm.id] = alarm
            else:
                self._end(alarm)

    def _end(self, alarm: Alarm) -> None:
        assert alarm.ended is not None
        del self.alarms[alarm.key]
        self.ended = [alarm, *self.ended][:RECENT]
        self._alarms_dirty[alarm.id] = alarm
        seconds = round(alarm.ended - alarm.since, 3)
        self.core.fact(
            "alarm.ended",
            store=alarm.store,
            alarm=alarm.id,
            what=alarm.kind,
            subject=alarm.subject,
            value=alarm.value,
            seconds=seconds,
        )

    def _troubles(self) -> tuple[dict[Key, Trouble], dict[Key, int]]:
        """What is beyond its limit, and whose store it is."""
        lookup, router, now = self.core.lookup, self.engine.queueing.router, self.core.now
        troubles: dict[Key, Trouble] = {}
        stores: dict[Key, int] = {}
        self._look_at_hours()
        for queue in lookup.queues.values():
            day, waiting = self.today.of(queue.id), router.waiting(queue.id)
            oldest = router.oldest(queue.id) if waiting else None
            figures = Figures(
                waiting,
                now - oldest if oldest else 0.0,
                day.level,
                day.answered + day.lost_late,
                router.present(queue.id),
                self._open.get(queue.store, False),
            )
            limits = Limits(queue.alarm_waiting, queue.alarm_oldest, queue.alarm_level, queue.alarm_nobody)
            found = boardalarms.queue_troubles(queue.id, figures, limits)
            troubles |= found
            stores |= dict.fromkeys(found, queue.store)
        for seat in self.core.seats.values():
            person = lookup.people.get(seat.person)
            store = lookup.stores.get(person.store) if person is not None else None
            if store is not None and store.alarm_over_break and seat.presence.state == "busy":
                found = boardalarms.over_break(seat.person, seat.presence.until, now)
                troubles |= found
                stores |= dict.fromkeys(found, store.id)
        return troubles, stores

    def _look_at_hours(self) -> None:
        """Which stores have a line that is open. Hours begin on the minute, so twice a minute is enough."""
        if 0 <= self.core.now - self._open_at < OPEN_EVERY:
            return
        self._open_at, self._open = self.core.now, {}
        lookup = self.core.lookup
        for line in lookup.lines.values():
            store, times = lookup.stores.get(line.store), lookup.hours.get(line.hours)
            if store is None or times is None or self._open.get(store.id):
                continue
            self._open[store.id] = hours.status(times, store.timezone, self.core.now).kind == "open"

    def _alarm(self, alarm: Alarm) -> dict[str, Any]:
        lookup = self.core.lookup
        person = lookup.people.get(alarm.subject) if alarm.kind == "over_break" else None
        queue = lookup.queues.get(alarm.subject) if alarm.kind != "over_break" else None
        return {
            "id": alarm.id,
            "kind": alarm.kind,
            "store": alarm.store,
            "queue": queue.id if queue is not None else None,
            "person": person.id if person is not None else None,
            "name": queue.name if queue is not None else {"zh": person.name, "en": person.name} if person else None,
            "value": alarm.value,
            "limit": alarm.limit,
            "since": alarm.since,
            "ended": alarm.ended,
        }

    # what outlives the switch
    # ---------------------------------------------------------------------------------------------
    def pack(self) -> dict[str, Any]:
        """Today's figures and the alarms, as JSON values."""
        return {
            "today": self.today.pack(),
            "alarms": [asdict(alarm) for alarm in self.alarms.values()],
            "ended": [asdict(alarm) for alarm in self.ended],
        }

    def restore(self, packed: dict[str, Any], facts: Callable[[], Iterable[Any]]) -> None:
        """As it was; ``facts``: those of the journal's newest segment."""
        self.today.restore(packed.get("today", {}), facts())
        self.alarms = {alarm.key: alarm for alarm in (Alarm(**row) for row in packed.get("alarms", []))}
        self.ended = [Alarm(**row) for row in packed.get("ended", [])]
