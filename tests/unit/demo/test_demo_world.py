"""The demo's people and its year of calls: the same every time, and believable."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice

import pytest
import yaml

from dealerline.apps.accounts.logic.roles import ROLE_PERMISSIONS
from dealerline.apps.demo.world import layout
from dealerline.apps.demo.world.customers import Customer, everyone
from dealerline.apps.demo.world.facts import Ids, Sound, Utterance, call_id, tell
from dealerline.apps.demo.world.history import ZONE, Story, stories
from dealerline.apps.demo.world.promises import promises
from dealerline.apps.setup.logic.start_data import MATTERS, RESULTS
from dealerline.domain import ivr
from dealerline.domain.facts import check
from dealerline.settings import CHECKOUT

BASE = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=ZONE).timestamp()
HOLIDAY = date(2026, 10, 1)


@pytest.fixture(scope="module")
def people() -> list[Customer]:
    return everyone()


@pytest.fixture(scope="module")
def year(people: list[Customer]) -> list[Story]:
    return list(stories(BASE, NOON, people, frozenset({HOLIDAY})))


@pytest.fixture(scope="module")
def ids() -> Ids:
    stores = {s.code: n for n, s in enumerate(layout.STORES, 1)}
    lines = {(s, k.kind): n * 10 + m for s, n in stores.items() for m, k in enumerate(layout.LINES)}
    return Ids(
        stores=stores,
        lines=lines,
        group_line=1,
        numbers={key: f"+86{line}" for key, line in lines.items()},
        group_number=layout.GROUP_NUMBER,
        queues={(s, q.code): n for n, (s, q) in enumerate(((s, q) for s in stores for q in layout.QUEUES), 1)},
        people={p.login: n for n, p in enumerate(layout.PEOPLE, 1)},
        flows=dict.fromkeys([1, *lines.values()], (1, 1, 2, 1)),
        carrier=9,
    )


def test_the_same_customers_come_out_every_time(people: list[Customer]) -> None:
    assert everyone() == people
    assert len(people) == 2000


def test_names_are_of_many_kinds(people: list[Customer]) -> None:
    names = [one.name for one in people]
    assert any("·" in name for name in names)
    assert any(len(name) == 2 for name in names)
    assert any(name.startswith("欧阳") for name in names)
    assert sum(one.kind == "company" and len(one.cars) > 1 for one in people) > 40


def test_thirty_two_people_hold_all_ten_roles_and_twenty_have_desk_phones() -> None:
    held = {role for person in layout.PEOPLE for role, _ in person.roles}
    assert len(layout.PEOPLE) == 32
    assert held == set(ROLE_PERMISSIONS)
    assert sum(person.phone for person in layout.PEOPLE) >= 20
    assert len({person.extension for person in layout.PEOPLE}) == 32


def test_every_queue_has_somebody() -> None:
    for store in layout.STORES:
        for queue in ("sales", "repair", "complaints", "rescue"):
            assert any(queue in p.queues and store.code in p.serves for p in layout.PEOPLE), (store.code, queue)


def test_a_year_holds_about_twenty_thousand_calls_none_of_them_to_come(year: list[Story]) -> None:
    assert 18_000 < len(year) < 24_000
    assert max(story.ended for story in year) < NOON
    assert min(story.arrived for story in year) > NOON - 367 * 86400


def test_the_year_is_the_same_again_and_moves_with_its_base_day(people: list[Customer], year: list[Story]) -> None:
    first = year[:3000]
    assert list(islice(stories(BASE, NOON, people, frozenset({HOLIDAY})), 3000)) == first
    week = timedelta(days=7)
    moved = islice(stories(BASE + week, NOON + week.total_seconds(), people, frozenset({HOLIDAY + week})), 3000)
    for before, after in zip(first, moved, strict=True):
        assert after.arrived - before.arrived == week.total_seconds()
        assert (after.number, after.agent, after.note) == (before.number, before.agent, before.note)


def test_days_and_hours_have_their_loads(year: list[Story]) -> None:
    at = [datetime.fromtimestamp(story.arrived, ZONE) for story in year]
    hours = Counter(moment.hour for moment in at)
    days = Counter(moment.date() for moment in at)
    assert hours[10] > 5 * hours[6]
    assert hours[3] > 0, "somebody breaks down at night, too"
    assert days[HOLIDAY] < statistics.median(days.values()) * 0.6
    service = [m.weekday() for m, s in zip(at, year, strict=True) if s.line == "repair" and s.direction == "in"]
    assert Counter(service)[0] > Counter(service)[6], "the workshop's Mondays are busier than its Sundays"


def test_some_callers_wait_and_some_give_up(year: list[Story]) -> None:
    queued = [story for story in year if story.queue]
    answered = [story for story in queued if story.answered]
    within = sum(story.answered - story.queued <= 20 for story in answered) / len(queued)
    assert 0.75 < within < 0.95
    assert 0.02 < 1 - len(answered) / len(queued) < 0.12


def test_nobody_talks_in_two_calls_at_once(year: list[Story]) -> None:
    last: dict[str, float] = {}
    for story in sorted((s for s in year if s.answered), key=lambda s: s.answered):
        assert story.answered >= last.get(story.agent, 0.0), story
        last[story.agent] = story.ended


def test_what_agents_wrote_is_in_the_trees_of_the_start_data(year: list[Story]) -> None:
    matters = {child[0] for _, _, _, _, children in MATTERS for child in children}
    results = {code for code, *_ in RESULTS}
    written = [story.note for story in year if story.note]
    assert {note.matter for note in written} <= matters
    assert {note.result for note in written} <= results
    assert any(note.follow_up for note in written)


def test_every_story_is_told_in_facts_that_the_journal_takes(year: list[Story], ids: Ids) -> None:
    for story in year[-1500:]:
        facts = tell(story, ids, None, Utterance("voicemail/x.wav", 3.0))
        for fact in facts:
            check(fact)
        assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1))
        assert [fact.at for fact in facts] == sorted(fact.at for fact in facts)
        assert {fact.call for fact in facts} == {call_id(story)}
        assert sum(fact.kind == "call.ended" for fact in facts) == 1


def test_a_recorded_story_says_where_its_sides_are(year: list[Story], ids: Ids) -> None:
    story = next(s for s in reversed(year) if s.answered and s.direction == "in")
    kinds = {f.kind: f for f in tell(story, ids, Sound("raw/a.wav", "raw/c.wav", 12.0))}
    assert kinds["recording.started"].data["customer_path"] == "raw/c.wav"
    assert kinds["recording.stopped"].data["seconds"] == 12.0
    assert kinds["recording.started"].at < kinds["recording.stopped"].at <= kinds["call.ended"].at


def test_who_speaks_english_chooses_it(people: list[Customer], year: list[Story]) -> None:
    foreign = {one.serial for one in people if one.language == "en"}
    assert foreign
    keyed = [s for s in year if s.customer in foreign and s.keys and s.line != "rescue"]
    assert keyed
    assert all(story.language == "en" and story.keys[0] == "2" for story in keyed)


def test_every_key_of_the_stories_means_something_in_the_flow_that_ran(year: list[Story], ids: Ids) -> None:
    kinds = {k.kind: k for k in layout.LINES}
    shipped = {p.stem: ivr.build(yaml.safe_load(p.read_text(encoding="utf-8")))
               for p in (CHECKOUT / "assets" / "flows").glob("**/*.yaml")}
    names = {ids.group_line: ("group-400", "group-400")} | {
        line: (kinds[kind].open_flow, kinds[kind].closed_flow or kinds[kind].open_flow)
        for (_, kind), line in ids.lines.items()}
    numbered = list(shipped)
    flows = {line: (numbered.index(is_open), 1, numbered.index(closed), 1) for line, (is_open, closed) in names.items()}
    for story in year[-4000:]:
        flow = shipped["store"]
        for fact in tell(story, replace(ids, flows=flows), None, Utterance("m.wav", 9.0)):
            if fact.kind == "flow.started":
                flow = shipped[numbered[fact.data["flow"]]]
            elif fact.kind == "flow.key" and fact.data["node"] != "language":
                assert ivr.chosen(flow, fact.data["node"], fact.data["digits"]), (story, fact.data)


def test_promises_are_mostly_kept_and_nothing_falls_due_in_the_first_hours(year: list[Story]) -> None:
    found = promises(year, NOON)
    assert found == promises(year, NOON) and len(found) > 150
    states = Counter(one.state for one in found)
    assert states["kept"] / len(found) > 0.7 and states["broken"] > 2 and states["released"] > 2
    owed = [one for one in found if not one.ended]
    assert len(owed) > 5 and not any(NOON < one.due < NOON + 6600 for one in owed)
    assert all(one.made < one.due and one.made < (one.ended or NOON) <= NOON + 86_400 for one in found)
