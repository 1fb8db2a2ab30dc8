"""A promised call-back: what may follow, by hours and tries, and that it always comes to one end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealerline.domain import callbacks
from dealerline.domain.callbacks import ENDS, TABLE, IllegalCallback, On, Promise, Rules, State, step

NOON = 1_800_000_000.0
ALWAYS = Rules(3, 600, lambda at: at)


def promise(**changes: Any) -> Promise:
    made = Promise(
        id="p", store=1, line=1, queue=10, number="+8613812345678", asked_from="+8613812345678", language="zh",
        arrived=NOON - 60, priority=0, promised=NOON, due=NOON + 300,
    )  # fmt: skip
    return replace(made, **changes)


def opens_at(opening: float) -> Rules:
    return Rules(3, 600, lambda at: max(at, opening))


def walk(p: Promise, *events: On | tuple[On, Any], rules: Rules = ALWAYS, now: float = NOON) -> Promise:
    for event in events:
        on, what = event if isinstance(event, tuple) else (event, None)
        p = step(p, on, now, rules, what)
    return p


def test_a_promise_is_kept_when_its_place_comes_up() -> None:
    p = walk(promise(), On.LEFT, (On.OFFER, "c1"), On.TAKEN, (On.ANSWERED, "dialled"))
    assert p.state is State.KEPT and p.reason == "dialled" and p.arrived == NOON - 60


def test_nobody_answers_three_times_and_people_have_to_see_to_it() -> None:
    p = walk(promise(), On.LEFT, (On.OFFER, "c"), On.TAKEN, (On.FAILED, "busy"))
    assert p.state is State.RESTING and p.until == NOON + 600 and p.tries == 1
    p = walk(p, On.TIME, (On.OFFER, "c"), On.TAKEN, (On.FAILED, "no_answer"), now=NOON + 600)
    assert p.until == NOON + 1200
    p = walk(p, On.TIME, (On.OFFER, "c"), On.TAKEN, (On.FAILED, "no_answer"), now=NOON + 1200)
    assert p.state is State.UNREACHED and (p.tries, p.reason) == (3, "no_answer")


def test_a_closed_line_rings_at_its_next_opening_and_never_before() -> None:
    rules = opens_at(NOON + 9000)
    p = walk(promise(), On.LEFT, rules=rules)
    assert p.state is State.RESTING and p.until == NOON + 9000
    assert walk(p, On.TIME, rules=rules).state is State.RESTING
    assert walk(p, On.TIME, rules=rules, now=NOON + 9000).state is State.WAITING


def test_a_line_that_never_opens_again_leaves_it_to_people() -> None:
    assert walk(promise(), On.LEFT, rules=Rules(3, 600, lambda at: None)).state is State.UNREACHED


def test_he_rings_himself_and_is_not_rung_besides() -> None:
    p = walk(promise(), On.LEFT, (On.OFFER, "c"), (On.RINGS, "own"))
    assert p.state is State.RETURNED
    assert walk(p, (On.SPOKE, "own_call")).state is State.KEPT
    assert walk(p, On.WENT).state is State.WAITING
    again = walk(p, (On.AGAIN, ("+8613900000000", NOON + 900, 0.0)))
    assert (again.state, again.number, again.call, again.arrived) == (
        State.PROMISED, "+8613900000000", "own", NOON - 60,
    )  # fmt: skip


def test_engaged_because_he_is_ringing_us_is_no_try() -> None:
    p = walk(promise(), On.LEFT, (On.OFFER, "c"), On.TAKEN, (On.RINGS, "own"), (On.FAILED, "busy"))
    assert p.state is State.RETURNED and p.tries == 0


def test_a_restart_gives_him_his_place_again_and_counts_no_try() -> None:
    for events in ([On.LEFT], [On.LEFT, (On.OFFER, "c")], [On.LEFT, (On.OFFER, "c"), On.TAKEN]):
        p = walk(promise(), *events, On.RESTARTED)
        assert p.state is State.WAITING and p.tries == 0 and p.arrived == NOON - 60


def test_a_pause_outlives_a_restart() -> None:
    p = walk(promise(), On.LEFT, (On.OFFER, "c"), On.TAKEN, (On.FAILED, "busy"), On.RESTARTED)
    assert p.state is State.RESTING and p.until == NOON + 600


def test_what_cannot_happen_changes_nothing() -> None:
    with pytest.raises(IllegalCallback):
        step(promise(), On.ANSWERED, NOON, ALWAYS)
    ended = walk(promise(), On.CANCEL)
    for on in On:
        with pytest.raises(IllegalCallback):
            step(ended, on, NOON, ALWAYS)


def test_numbers_that_may_be_promised_a_call() -> None:
    for raw in ("13812345678", "+8613812345678", "02188880000", "2388880001", "07553300112"):
        assert callbacks.accepted(raw), raw
    for raw in ("", "110", "8001", "0014155552671", "+442079460000", "4008001234", "138", "anonymous", "1381234567"):
        assert not callbacks.accepted(raw), raw


def test_the_time_told_is_the_next_that_can_be_said() -> None:
    assert [callbacks.within(s) for s in (None, 10, 300, 301, 3600, 3601)] == [None, 5, 5, 10, 60, None]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(On)), st.floats(0, 7200)), max_size=40), st.floats(0, 20_000))
def test_whatever_happens_it_ends_once_where_the_table_says_and_within_its_tries(
    events: list[tuple[On, float]], opening: float
) -> None:
    rules, p, now = opens_at(NOON + opening), promise(), NOON
    brings: dict[On, Any] = {
        On.OFFER: "c", On.RINGS: "own", On.FAILED: "busy", On.SPOKE: "own_call",
        On.AGAIN: ("+8613900000000", NOON, 0.0),
    }  # fmt: skip
    for on, passed in events:
        now += passed
        before = p
        try:
            p = step(p, on, now, rules, brings.get(on))
        except IllegalCallback:
            assert (before.state, on) not in TABLE and p is before
            continue
        assert before.state not in ENDS, "an end is an end"
        assert p.state in TABLE[(before.state, on)].to
        assert (p.arrived, p.priority, p.id) == (before.arrived, before.priority, before.id), "his place is his"
        assert p.tries <= rules.tries and (p.tries < rules.tries or not p.open)
        if p.state is State.WAITING:
            assert now >= NOON + opening and now >= p.not_before, "nobody is rung outside the hours or in a pause"
        if p.state is State.RESTING:
            assert p.until >= now
        assert (p.state is State.RETURNED) <= bool(p.own)
