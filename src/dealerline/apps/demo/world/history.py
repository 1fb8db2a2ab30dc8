"""A year of calls as stories: who rang which line when, how long he waited, who answered, what was written.

A story is made of plain values; ``facts.py`` tells it in the journal's words, and the records' own projector derives
calls, legs and messages from those, so that demo calls are made exactly as real ones are.

Realism comes from few causes: hours and weekdays have their loads, holidays are quiet, people have days off and are
busy while they talk, so callers queue; those with a car in the workshop ring more often.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dealerline.apps.demo.world import SEED
from dealerline.apps.demo.world.catalogue import WANTS, models_of
from dealerline.apps.demo.world.customers import Customer
from dealerline.apps.demo.world.layout import HOURS, LINES, PEOPLE, STORES, Staff, Store
from dealerline.apps.demo.world.numbers import mobile

DAYS = 365
A_DAY = 59  # calls of the whole group on an ordinary day
ZONE = ZoneInfo("Asia/Shanghai")
PATIENCE = 95.0  # seconds a caller waits on average before he gives up

_KINDS = {"sales": 30, "repair": 38, "new_car": 9, "rescue": 8, "complaints": 7, "group": 8}
_WEEKDAY = {  # Monday first
    "sales": (0.85, 0.8, 0.8, 0.9, 1.05, 1.4, 1.35),
    "repair": (1.3, 1.05, 1.0, 1.0, 1.1, 1.05, 0.65),
    "new_car": (0.85, 0.85, 0.9, 0.95, 1.05, 1.3, 1.25),
    "rescue": (1.1, 0.95, 0.95, 0.95, 1.1, 1.0, 0.95),
    "complaints": (1.4, 1.15, 1.0, 1.0, 0.95, 0.75, 0.6),
    "group": (1.1, 1.0, 1.0, 1.0, 1.05, 1.0, 0.9),
}
_OFFICE = (0, 0, 0, 0, 0, 0, 1, 3, 11, 20, 22, 17, 9, 13, 18, 17, 13, 8, 4, 3, 2, 1, 1, 0)
_ROAD = (2, 1, 1, 1, 1, 2, 5, 11, 12, 8, 6, 5, 5, 5, 5, 6, 8, 12, 11, 8, 6, 5, 4, 3)
_TALK = {"sales": 175, "repair": 140, "new_car": 190, "rescue": 210, "complaints": 330}
_KEYS = {
    "sales": ("1", "2", "3", "0"),
    "repair": ("1", "2", "3", "0"),
    "new_car": ("1", "2", "3"),
    "complaints": ("1", "1", "2", "0"),
    "rescue": (),
}


@dataclass(frozen=True, slots=True)
class Note:
    """What the agent wrote. ``follow_up``: days later, 0 none."""

    matter: str
    result: str
    text: str
    follow_up: int


@dataclass(slots=True)
class Story:
    """One call.

    Moments are seconds since the epoch; lengths are seconds. ``offers``: (login, offered, ended, result).
    """

    serial: int
    arrived: float
    direction: str
    store: str
    line: str
    rung: str  # "line" or "group": which published number
    number: str  # the customer's, E.164, or "" when withheld
    customer: int  # his serial, 0 when unknown
    language: str
    keys: tuple[str, ...] = ()
    queue: str = ""
    queued: float = 0.0
    offers: list[tuple[str, float, float, str]] = field(default_factory=list)
    agent: str = ""
    answered: float = 0.0
    hold: tuple[float, float] | None = None
    ended: float = 0.0
    ended_by: str = "customer"
    wrap: float = 0.0
    message: float = 0.0  # seconds of voice message, 0 none
    closed: bool = False
    note: Note | None = None


@lru_cache(maxsize=4096)
def _poisson_cut(rng_seed: str, mean: float) -> int:
    """A whole number around ``mean``, normal with the spread of a Poisson."""
    return max(0, round(random.Random(rng_seed).gauss(mean, mean**0.5)))


class _Day:
    """One day of the group: draws its calls in the order of time and keeps who is busy until when."""

    def __init__(
        self, index: int, day: date, quiet: bool, regulars: Mapping[str, Sequence[Customer]], strangers: Sequence[str]
    ) -> None:
        self.index, self.day, self.quiet = index, day, quiet
        self.regulars, self.strangers = regulars, strangers
        self.rng = random.Random(f"{SEED}/calls/{index}")
        self.busy: dict[str, float] = {}
        self.midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp()

    def stories(self) -> Iterator[Story]:
        count = _poisson_cut(f"{SEED}/count/{self.index}", A_DAY * (0.35 if self.quiet else 1.0))
        drawn = sorted((self._moment() for _ in range(count)), key=lambda m: m[0])
        for serial, (at, kind) in enumerate(drawn):
            yield self._story(self.index * 1000 + serial, at, kind)

    def _moment(self) -> tuple[float, str]:
        weekday = self.day.weekday()
        kinds = list(_KINDS)
        kind = self.rng.choices(kinds, [_KINDS[k] * _WEEKDAY[k][weekday] for k in kinds])[0]
        hour = self.rng.choices(range(24), _ROAD if kind == "rescue" else _OFFICE)[0]
        return self.midnight + hour * 3600 + self.rng.random() * 3600, kind

    # -- one call
    def _story(self, serial: int, at: float, kind: str) -> Story:
        rng = self.rng
        rung = "group" if kind == "group" else "line"
        line = rng.choices(("sales", "repair", "complaints"), (45, 45, 10))[0] if kind == "group" else kind
        store = rng.choices(STORES, [s.share for s in STORES])[0]
        if (
            kind in ("sales", "repair", "complaints")
            and rng.random() < 0.11
            and 9 * 3600 < at - self.midnight < 18 * 3600
        ):
            return self._call_out(serial, at, store, line)
        who = self._caller(store, line)
        number, customer = (who.phones[0][0], who.serial) if isinstance(who, Customer) else (who, 0)
        language = who.language if isinstance(who, Customer) else ("en" if rng.random() < 0.02 else "zh")
        story = Story(serial, at, "in", store.code, line, rung, number, customer, language)
        model = who.car if isinstance(who, Customer) else rng.choice(models_of(store.brands)).name
        menu = rng.uniform(9, 26) if line != "rescue" else rng.uniform(11, 15)
        keys = ["2" if language == "en" else "1"] if line != "rescue" else []
        if rung == "group":
            east = store.region == "east"
            shops = [s.code for s in STORES if s.region == store.region]
            keys += [
                {"sales": "1", "repair": "2", "complaints": "4"}[line],
                "1" if east else "2",
                str(shops.index(store.code) + 1),
            ]
        if not self._open(line, at):
            return self._closed(story, keys, menu)
        if rng.random() < 0.025:
            story.keys, story.ended = tuple(keys), at + menu * 0.6  # hung up in the menu
            return story
        if rung == "group":
            menu += rng.uniform(12, 25)
        if _KEYS[line]:
            keys.append(rng.choice(_KEYS[line]))
        story.keys = tuple(keys)
        story.queue = {"new_car": "sales"}.get(line, line)
        story.queued = at + menu
        return self._wait(story, store, model)

    def _caller(self, store: Store, line: str) -> Customer | str:
        known = {"sales": 0.45, "new_car": 0.3, "repair": 0.84, "rescue": 0.7, "complaints": 0.9}[line]
        if self.rng.random() < known:
            return self.rng.choice(self.regulars[store.code])
        return "" if self.rng.random() < 0.03 else self.rng.choice(self.strangers)

    def _open(self, line: str, at: float) -> bool:
        if line == "rescue":
            return True
        hours = next(kind.hours for kind in LINES if kind.kind == line)
        minute = (at - self.midnight) / 60
        return not self.quiet and any(
            d == self.day.weekday() and start <= minute < end for d, start, end in HOURS[hours][2]
        )

    def _closed(self, story: Story, keys: list[str], menu: float) -> Story:
        rng = self.rng
        story.closed = True
        story.keys = tuple(keys)
        story.ended = story.arrived + menu
        if rng.random() < 0.4:
            story.keys = (*keys, "1") if story.line != "complaints" else story.keys  # there every caller may leave one
            story.message = round(rng.uniform(9, 48), 1)
            story.ended += story.message + 14
        return story

    # -- waiting, talking
    def _on_duty(self, queue: str, store: Store) -> list[Staff]:
        people = [(n, p) for n, p in enumerate(PEOPLE) if queue in p.queues and store.code in p.serves]
        there = [p for n, p in people if (n * 3 + self.index) % 7 not in (0, 1)]  # two days off a week
        return there or [p for _, p in people]

    def _wait(self, story: Story, store: Store, model: str) -> Story:
        rng = self.rng
        patience = rng.expovariate(1 / PATIENCE) + 6
        free = sorted(self._on_duty(story.queue, store), key=lambda p: (self.busy.get(p.login, 0.0), p.login))
        at = max(story.queued, self.busy.get(free[0].login, 0.0)) + rng.uniform(0.05, 0.4)
        if rng.random() < 0.12:
            at += rng.uniform(5, 90)  # people are away from their desks, too
        person = free[0]
        if rng.random() < 0.045 and len(free) > 1 and at + 20 < story.queued + patience:
            story.offers.append((person.login, at, at + 20, "no_answer"))
            self.busy[person.login] = at + 300
            person, at = free[1], max(at + 20.2, self.busy.get(free[1].login, 0.0) + 0.1)
        answer = at + min(19.0, rng.lognormvariate(1.5, 0.5))
        if answer > story.queued + patience:
            gone = story.queued + patience
            if at < gone:
                story.offers.append((person.login, at, gone, "caller_gone"))
            story.ended = gone
            if rng.random() < 0.12 and not (at < gone):
                story.keys = (*story.keys, "*")
                story.message = round(rng.uniform(8, 40), 1)
                story.ended += story.message + 12
            return story
        story.offers.append((person.login, at, answer, "answered"))
        return self._talk(story, person.login, answer, model)

    def _talk(self, story: Story, login: str, answer: float, model: str) -> Story:
        rng = self.rng
        wants = WANTS[story.line]
        _, matter, result, text, follow_up = rng.choices(wants, [w[0] for w in wants])[0]
        length = max(8.0, rng.lognormvariate(0, 0.62) * _TALK[story.line])
        if matter == "other.wrong_number":
            length = rng.uniform(8, 20)
        story.agent, story.answered, story.ended = login, answer, answer + min(length, 1500)
        if length > 60 and rng.random() < 0.16:
            start = answer + length * rng.uniform(0.2, 0.5)
            story.hold = (start, min(story.ended - 5, start + rng.uniform(8, 70)))
        story.ended_by = "customer" if rng.random() < 0.72 else "agent"
        story.wrap = min(120.0, rng.lognormvariate(3.1, 0.6))
        self.busy[login] = story.ended + story.wrap
        if rng.random() < 0.94:
            story.note = Note(matter, result, text.format(model=model), follow_up)
        return story

    def _call_out(self, serial: int, at: float, store: Store, line: str) -> Story:
        """An agent rings a customer back."""
        rng = self.rng
        who = rng.choice(self.regulars[store.code])
        person = min(self._on_duty(line, store), key=lambda p: (self.busy.get(p.login, 0.0), p.login))
        at = max(at, self.busy.get(person.login, 0.0) + 2)
        story = Story(serial, at, "out", store.code, line, "line", who.phones[0][0], who.serial, who.language)
        ring = rng.uniform(5, 22)
        if rng.random() < 0.27:
            story.agent, story.ended, story.ended_by = person.login, at + ring + 12, "agent"
            self.busy[person.login] = story.ended + 5
            return story
        self._talk(story, person.login, at + ring, who.car)
        if story.note is not None:
            story.note = Note(story.note.matter, "answered", f"回访：{story.note.text}", 0)
        return story


def strangers() -> list[str]:
    """Numbers of callers whom nobody knows yet."""
    rng = random.Random(f"{SEED}/strangers")
    return [mobile(30_000_000 + n) for n in sorted(rng.sample(range(9_999_999), 2600))]


def stories(
    base: date, until: float, people: Sequence[Customer], holidays: frozenset[date], days: int = DAYS
) -> Iterator[Story]:
    """All calls from ``days`` days before ``base`` to the moment ``until``, in the order of time within each day.

    The draw of a day depends on its distance from ``base``, its weekday and whether it is a holiday, on nothing else.
    """
    regulars: dict[str, list[Customer]] = {store.code: [] for store in STORES}
    for one in people:
        weight = 1 + 2 * any(r.open for r in one.repairs) + any(o.open for o in one.orders)
        regulars[one.store] += [one] * weight
    unknown = strangers()
    for index in range(-days, 1):
        day = base + timedelta(days=index)
        for story in _Day(index, day, day in holidays, regulars, unknown).stories():
            if story.ended + story.wrap < until:
                yield story
