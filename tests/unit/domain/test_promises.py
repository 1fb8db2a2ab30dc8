"""What one of ours promised a customer: states, times, shares."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.domain.promises import shares, states, telling, times
from dealerline.domain.promises.shares import Row
from dealerline.domain.promises.states import ENDS, OWED, TABLE, On, State
from tests.unit.domain.test_hours_and_ids import Week

ZONE = "Asia/Shanghai"
WEEK = Week(tuple((day, 9 * 60, 18 * 60) for day in range(6)))  # nine to six, closed on Sundays


def at(day: int, hour: int, minute: int = 0) -> float:
    """November 2026: the 2nd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo(ZONE)).timestamp()


def told(moment: float | None) -> str:
    return "" if moment is None else datetime.fromtimestamp(moment, ZoneInfo(ZONE)).strftime("%d %H:%M")


def chosen(now: float, hours: Week | None = None) -> dict[str, str]:
    return {c.code: told(c.at) for c in times.choices(now, times.Clock(ZONE, hours))}


# states -------------------------------------------------------------------------------------------------------------
def test_a_promise_is_reminded_of_and_kept() -> None:
    assert states.step(states.step("open", "remind"), "reached") == State.KEPT


def test_whoever_was_late_can_still_keep_it_and_every_end_can_be_taken_back() -> None:
    assert states.step("broken", "keep") == State.KEPT
    assert {states.step(end, "reopen") for end in ENDS} == {State.OPEN}


@given(st.sampled_from(State), st.lists(st.sampled_from(On), max_size=12))
def test_no_walk_leaves_the_table_and_an_illegal_event_changes_nothing(state: State, events: list[On]) -> None:
    for on in events:
        if states.may(state, on):
            state = states.step(state, on)
            assert state in State
        else:
            with pytest.raises(states.IllegalChange):
                states.step(state, on)


def test_whatever_is_owed_can_come_to_each_end_and_no_end_is_stuck() -> None:
    for state in OWED:
        assert {to for (a, _), to in TABLE.items() if a == state} >= ENDS
    for end in ENDS:
        assert states.may(end, On.REOPEN)


# times --------------------------------------------------------------------------------------------------------------
def test_the_quick_choices_in_words_on_a_monday_morning() -> None:
    assert chosen(at(2, 9, 20)) == {
        "half_hour": "02 09:50", "hour": "02 10:20", "noon": "02 12:00", "six": "02 18:00",
        "tomorrow_morning": "03 10:00", "tomorrow_afternoon": "03 16:00", "monday": "09 10:00"}  # fmt: skip


def test_what_is_over_today_keeps_its_key_but_has_no_time() -> None:
    found = chosen(at(2, 18, 0))
    assert list(found) == list(times.CODES)
    assert found["noon"] == found["six"] == "" and found["hour"] == "02 19:00"


def test_opening_hours_stretch_an_hour_over_the_night_and_move_tomorrow_past_sunday() -> None:
    saturday = at(7, 17, 40)
    found = {c.code: c for c in times.choices(saturday, times.Clock(ZONE, WEEK))}
    assert told(found["hour"].at) == "09 09:40" and found["hour"].moved
    assert told(found["tomorrow_morning"].at) == "09 10:00"
    assert chosen(saturday)["tomorrow_morning"] == "08 10:00", "a store that asks for no hours promises for Sunday"


def test_by_six_is_closing_time_where_the_store_closes_before_and_the_next_morning_when_it_is_closed() -> None:
    early = Week(tuple((day, 9 * 60, 17 * 60 + 30) for day in range(6)))
    six = times.choices(at(2, 16), times.Clock(ZONE, early))[3]
    assert told(six.at) == "02 17:30" and six.moved
    assert times.choices(at(2, 16), times.Clock(ZONE, WEEK))[3] == times.Choice("six", at(2, 18))
    sunday = times.choices(at(8, 11), times.Clock(ZONE, WEEK))[3]
    assert told(sunday.at) == "09 09:00" and sunday.moved


@given(st.floats(at(1, 0), at(29, 0)), st.sampled_from([None, WEEK, Week()]))
def test_every_choice_lies_ahead_and_in_opening_hours(now: float, hours: Week | None) -> None:
    clock = times.Clock(ZONE, hours)
    for choice in times.choices(now, clock):
        if choice.at is not None:
            assert choice.at > now and choice.at - now < times.LONGEST
            assert hours is None or choice.code == "hour" or clock.within(choice.at - 1) - choice.at < 1


def test_the_reminder_comes_a_quarter_before_or_half_way_when_time_is_short() -> None:
    clock = times.Clock(ZONE)
    assert times.alarms(at(2, 9), at(2, 18), times.Rules(), clock).remind == at(2, 17, 45)
    assert times.alarms(at(2, 9), at(2, 9, 20), times.Rules(), clock).remind == at(2, 9, 10)


def test_a_promise_late_at_closing_time_goes_up_the_next_morning() -> None:
    alarms = times.alarms(at(2, 9), at(2, 17, 55), times.Rules(), times.Clock(ZONE, WEEK))
    assert told(alarms.lead) == "03 09:10" and told(alarms.manager) == "03 09:55"


@given(st.floats(0, 1e6), st.floats(-1e3, 1e6), st.floats(0, 1e5), st.floats(0, 1e5), st.floats(0, 1e6))
def test_alarms_come_in_their_order_and_step_by_step(
    made: float, length: float, remind: float, lead: float, manager: float
) -> None:
    alarms = times.alarms(made, made + length, times.Rules(remind, lead, manager), times.Clock(ZONE))
    moments = [alarms.remind, alarms.owner, alarms.lead, alarms.manager, alarms.lapse]
    assert moments == sorted(moments)
    steps = [times.reached_step(alarms, moment) for moment in moments[1:4]]
    assert steps == sorted(steps) and times.reached_step(alarms, alarms.owner - 1) == 0 and steps[-1] == 3


# shares -------------------------------------------------------------------------------------------------------------
def test_the_share_is_kept_in_time_of_all_that_count() -> None:
    rows = [Row("kept", 100, 90), Row("kept", 100, 160, told=True), Row("broken", 100, 500), Row("open", 100, None),
            Row("open", 900, None), Row("released", 100, 50), Row("reminded", 600, None)]  # fmt: skip
    found = shares.shares((("a", row) for row in rows), now=300)["a"]
    assert (found.in_time, found.kept_late, found.broken, found.owed_late, found.owed, found.released) == (
        1, 1, 1, 1, 2, 1)  # fmt: skip
    assert found.kept_share == 0.25 and found.late_told == 1
    assert (found.late_median, found.late_worst) == (130, 200)


def test_nothing_counted_is_no_share_and_not_nought() -> None:
    assert shares.shares([("a", Row("open", 900, None))], now=1)["a"].kept_share is None


@given(st.lists(st.builds(Row, st.sampled_from([s.value for s in State]), st.floats(0, 1000),
                          st.one_of(st.none(), st.floats(0, 2000)), st.booleans())), st.floats(0, 2000))  # fmt: skip
def test_every_promise_is_counted_once(rows: list[Row], now: float) -> None:
    for share in shares.shares((("a", row) for row in rows), now).values():
        assert share.made == len(rows) == share.counted + share.owed + share.released
        assert share.late_told <= share.late and (share.kept_share or 0) <= 1
        assert all(late >= 0 for late in share.lateness)


# told by text message -----------------------------------------------------------------------------------------------
@given(st.text(max_size=80), st.dictionaries(st.sampled_from(telling.PLACES), st.text(max_size=20)))
def test_words_with_known_places_can_be_filled_with_anything(words: str, values: dict[str, str]) -> None:
    filled = telling.filled(words, values)
    assert len(filled) <= telling.LONGEST
    if "{" not in words:
        assert filled == words.strip()


def test_a_brace_in_a_name_is_only_a_brace_and_a_place_that_there_is_not_is_named() -> None:
    assert telling.filled("{customer}: {what}", {"customer": "{what}", "what": "x"}) == "{what}: x"
    assert telling.wrong_places("{customer} {name} {}") == ["name", ""]
    assert not [w for words in (telling.WORDS, telling.LATER) for w in words.values() if telling.wrong_places(w)]


def test_it_is_told_of_by_itself_in_opening_hours_and_not_days_later() -> None:
    clock, due = times.Clock(ZONE, WEEK), at(7, 17, 50)  # a Saturday: twenty minutes later is Monday at 9:10
    assert not telling.is_due(due, at(7, 18, 10), 1200, clock)
    assert not telling.is_due(due, at(9, 9, 10), 1200, clock), "a day is over"
    assert telling.is_due(due, at(7, 18, 10), 1200, times.Clock(ZONE))
    assert telling.is_due(at(5, 17, 50), at(6, 9, 10), 1200, clock)
    assert telling.may_tell("failed", anew=False) and not telling.may_tell("sent", anew=False)


def test_an_end_that_is_taken_back_long_after_its_time_has_its_week_again() -> None:
    rules = times.Rules()
    assert times.reopened(at(9, 12), at(20, 12), rules) == at(27, 12)
    assert times.reopened(at(27, 12), at(10, 12), rules) == at(27, 12), "what has longer keeps it"
