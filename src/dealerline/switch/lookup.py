"""The snapshot made quick to ask: dictionaries by id, numbers to lines, prompts to sounds, flows built once.

The rule of the file: a broken flow never replaces a good one; the last version that could be built stays and
``problems`` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dealerline.domain import hours, ivr
from dealerline.domain.numbers import significant
from dealerline.settings import CHECKOUT
from dealerline.switch.directory import (
    BusyReason,
    Carrier,
    DeskPhone,
    FlowVersion,
    Hours,
    Line,
    Person,
    Queue,
    Snapshot,
    Store,
    Viewer,
    Wall,
)

FALLBACK_LANGUAGES = ("zh", "en")
# The shipped tone by its place in the program, for when even the directory does not know it: anything but silence.
BEEP = f"sound:{CHECKOUT}/assets/prompts/zh/tone.missing"
MISSING = "tone.missing"  # the shipped tone that stands for a prompt without sound


@dataclass(frozen=True, slots=True)
class BuiltFlow:
    version: FlowVersion
    flow: ivr.Flow


@dataclass(slots=True)
class Lookup:
    """One snapshot, indexed. Made whole, never changed."""

    snapshot: Snapshot
    stores: dict[int, Store] = field(default_factory=dict)
    hours: dict[int, Hours] = field(default_factory=dict)
    lines: dict[int, Line] = field(default_factory=dict)
    by_number: dict[str, Line] = field(default_factory=dict)
    queues: dict[int, Queue] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    viewers: dict[int, Viewer] = field(default_factory=dict)
    queues_of: dict[int, list[int]] = field(default_factory=dict)  # person -> queues
    phones: dict[int, DeskPhone] = field(default_factory=dict)
    carriers: dict[int, Carrier] = field(default_factory=dict)
    reasons: dict[str, BusyReason] = field(default_factory=dict)
    walls: dict[int, Wall] = field(default_factory=dict)
    flows: dict[int, BuiltFlow] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)  # customer's level -> priority that is added
    problems: dict[int, str] = field(default_factory=dict)  # flow -> what is wrong with its newest version
    _prompts: dict[tuple[str, str, int], str] = field(default_factory=dict)

    def line_priority(self, number: int) -> int:
        """What callers of that line have on top of the queue's priority; 0 for a line that is gone."""
        line = self.lines.get(number)
        return line.priority if line is not None else 0

    def queue_by_code(self, code: str, store: int) -> Queue | None:
        """A queue as flows name it: a code (the store's own, else the first of that code anywhere), or
        ``store/code``.
        """
        at, slash, code = code.rpartition("/")
        if slash:
            return next((q for q in self.queues.values() if q.code == code and self._code_of(q.store) == at), None)
        found = [q for q in self.queues.values() if q.code == code]
        return next((q for q in found if q.store == store), found[0] if found else None)

    def _code_of(self, store: int) -> str:
        at = self.stores.get(store)
        return at.code if at else ""

    def open(self, number: int, now: float) -> bool:
        """Whether those opening hours are open, in the time zone of the store whose line has them; such as are not
        there are not.
        """
        opening = self.hours.get(number)
        if opening is None:
            return False
        store = next((self.stores.get(line.store) for line in self.lines.values() if line.hours == number), None)
        return hours.status(opening, store.timezone if store else "Asia/Shanghai", now).kind == "open"

    def line_by_name(self, name: str, store: int) -> Line | None:
        """A line as flows name it: an id, ``store/kind``, a kind of the same store, or a number."""
        if name.isdigit() and int(name) in self.lines:
            return self.lines[int(name)]
        code, slash, kind = name.replace(":", "/").rpartition("/")
        for line in self.lines.values():
            if line.kind == kind and (line.store == store if not slash else self._code_of(line.store) == code):
                return line
        return self.by_number.get(significant(name)) if significant(name) else None

    def sound(self, key: str, language: str, store: int) -> tuple[str, bool]:
        """What to play for a prompt, and whether it is in the language asked for (a tone when there is nothing at
        all).
        """
        for wanted in (key, MISSING):
            for tried in dict.fromkeys((language, *FALLBACK_LANGUAGES)):
                for owner in (store, 0):
                    path = self._prompts.get((wanted, tried, owner))
                    if path:
                        return f"sound:{path}", wanted == key and tried == language
        return BEEP, False

    def has_sound(self, key: str) -> bool:
        """Whether there is sound for a prompt in any language, for every store."""
        return any((key, language, 0) in self._prompts for language in FALLBACK_LANGUAGES)


def build(snapshot: Snapshot, old: Lookup | None = None) -> Lookup:
    """Index a snapshot; flows that did not change are taken over from ``old``, broken ones too."""
    made = Lookup(snapshot)
    made.stores = {s.id: s for s in snapshot.stores}
    made.hours = {h.id: h for h in snapshot.hours}
    made.lines = {line.id: line for line in snapshot.lines}
    made.by_number = {significant(n): line for line in snapshot.lines for n in line.numbers if significant(n)}
    made.queues = {q.id: q for q in snapshot.queues}
    made.levels = dict(snapshot.levels)
    made.people = {p.id: p for p in snapshot.people}
    made.viewers = {p.id: Viewer(p.id, p.name, p.store, desk=True, board=True) for p in snapshot.people}
    made.viewers |= {v.id: v for v in snapshot.viewers}
    made.phones = {p.id: p for p in snapshot.phones}
    made.carriers = {c.id: c for c in snapshot.carriers}
    made.walls = {wall.id: wall for wall in snapshot.walls}
    made.reasons = {r.code: r for r in snapshot.reasons}
    for queue in snapshot.queues:
        for person in queue.agents:
            if person in made.people:
                made.queues_of.setdefault(person, []).append(queue.id)
    made._prompts = {(p.key, p.language, p.store): p.path for p in snapshot.prompts}
    _flows(made, old.flows if old else {})
    return made


def _flows(made: Lookup, old: Mapping[int, BuiltFlow]) -> None:
    for version in made.snapshot.flows:
        before = old.get(version.id)
        if before is not None and before.version == version:
            made.flows[version.id] = before
            continue
        try:
            made.flows[version.id] = BuiltFlow(version, ivr.build(version.document))
        except ivr.FlowErrors as error:
            made.problems[version.id] = str(error)
            if before is not None:
                made.flows[version.id] = before
