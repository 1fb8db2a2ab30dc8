"""Whether a customer may be contacted; and what a labelling rule does to him."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealerline.domain.contact import (
    CHANNELS,
    COUNTED,
    PURPOSES,
    REASONS,
    UNASKED,
    WITHOUT,
    Contact,
    Hours,
    Limits,
    Word,
    free_again,
    may_contact,
    purpose_of_lead,
)
from dealerline.domain.labelling import HELD, KEEP, SET, TAKE_BACK, Case, decide

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def word(state: str, days: int = 1, channel: str = "call", purpose: str = "marketing") -> Word:
    return Word(channel, purpose, state, NOON - timedelta(days=days))


@pytest.mark.parametrize(("channel", "purpose"), list(product(CHANNELS, PURPOSES)))
def test_without_a_word_of_his_advertising_needs_consent_and_nothing_else_does(channel: str, purpose: str) -> None:
    allowed, reason = told([], channel, purpose, NOON)
    assert allowed is WITHOUT[purpose] and reason in REASONS


def told(*values: Any, **more: Any) -> tuple[bool, str]:
    """Whether, and why."""
    return may_contact(*values, **more)[:2]


def test_the_newest_word_counts_and_a_general_refusal_covers_everything() -> None:
    assert told([word("granted", 3)], "call", "marketing", NOON) == (True, "granted")
    assert told([word("granted", 3), word("withdrawn", 2)], "call", "marketing", NOON) == (False, "withdrawn")
    said = [word("granted", 3), word("refused", 2, "any", "any")]
    assert told(said, "sms", "service", NOON) == (False, "refused")
    assert told([*said, word("granted", 1)], "call", "marketing", NOON) == (True, "granted")
    assert told([word("granted"), word("refused")], "call", "marketing", NOON) == (False, "refused")


def test_what_he_says_later_does_not_count_yet() -> None:
    assert told([word("granted", -1)], "call", "marketing", NOON) == (False, "needs_consent")


def test_do_not_call_and_erased_win_over_consent_but_not_over_his_own_wish() -> None:
    said = [word("granted")]
    assert told(said, "call", "marketing", NOON, do_not_call=True) == (False, "do_not_call")
    assert may_contact(said, "sms", "marketing", NOON, do_not_call=True)[1] == "needs_consent"
    assert told(said, "call", "service", NOON, do_not_call=True, asked=True) == (True, "asked")
    assert told(said, "call", "service", NOON, erased=True, asked=True) == (False, "erased")


@pytest.mark.parametrize(("hour", "allowed"), [(8, False), (9, True), (19, True), (20, False)])
def test_advertising_by_telephone_keeps_the_quiet_hours(hour: int, allowed: bool) -> None:
    at = NOON.replace(hour=hour)
    assert may_contact([word("granted")], "call", "marketing", at)[0] is allowed
    assert may_contact([word("granted", channel="sms")], "sms", "marketing", at)[0]
    assert may_contact([], "call", "service", at)[0]


def test_a_channel_that_there_is_not_is_a_mistake_in_the_code() -> None:
    with pytest.raises(ValueError, match="pigeon"):
        may_contact([], "pigeon", "service", NOON)


# how often -----------------------------------------------------------------------------------------------------------
MOST = st.one_of(st.none(), st.integers(1, 4))
LIMITS = st.builds(Limits, MOST, MOST, st.integers(1, 9))
WANTED = st.lists(st.tuples(st.sampled_from(["call", "sms", "wechat"]), st.integers(0, 40)), max_size=25)


@settings(max_examples=60)
@given(LIMITS, WANTED)
def test_whoever_asks_before_each_advertisement_never_sends_too_many(limits: Limits, wanted: list[Any]) -> None:
    sent: list[Contact] = []
    span = timedelta(days=limits.days)
    for channel, hours in sorted(wanted, key=lambda one: one[1]):
        now = NOON + timedelta(hours=8 * hours)
        again = free_again(sent, channel, limits, now)
        if again is None:
            sent.append(Contact(channel, now))
            continue
        assert again > now and free_again(sent, channel, limits, again) is None, "then he may be contacted again"
        assert free_again(sent, channel, limits, again - timedelta(seconds=1)) is not None, "and not before"
    for one in sent:
        window = [other.channel for other in sent if one.at - span < other.at <= one.at]
        assert limits.all is None or len(window) <= limits.all
        assert limits.channel is None or window.count(one.channel) <= limits.channel


def test_what_serves_him_is_held_back_by_no_advertising_and_the_answer_says_from_when() -> None:
    had = [Contact("call", NOON - timedelta(days=2)), Contact("call", NOON - timedelta(days=1))]
    said, limits = [word("granted", channel="any")], Limits(2, 3, 7)
    answer = may_contact(said, "call", "marketing", NOON, contacts=had, limits=limits)
    assert answer == (False, "too_often", NOON + timedelta(days=5))
    assert may_contact(said, "call", "service", NOON, contacts=had, limits=limits).allowed
    assert may_contact(said, "sms", "marketing", NOON, contacts=had, limits=limits).allowed
    three = [*had, Contact("sms", NOON - timedelta(days=3))]
    assert may_contact(said, "sms", "marketing", NOON, contacts=three, limits=limits).again == NOON + timedelta(days=4)
    late = [Contact("call", at - timedelta(hours=10)) for _, at in had]
    again = may_contact(said, "call", "marketing", NOON, contacts=late, limits=limits).again
    assert again == (NOON + timedelta(days=5)).replace(hour=9), "two in the night: in the morning"
    here = NOON.astimezone(ZoneInfo("Asia/Shanghai"))  # eight in the evening there: the hours are over
    assert may_contact(said, "call", "marketing", here, contacts=had, limits=limits).again == (
        here + timedelta(days=6)).replace(hour=9)  # fmt: skip


@pytest.mark.parametrize(("hour", "day", "begins"), [(8, 0, 9), (12, 0, 12), (20, 1, 9), (23, 1, 9)])
def test_the_next_moment_in_the_hours(hour: int, day: int, begins: int) -> None:
    at = NOON.replace(hour=hour)
    assert Hours().next(at) == NOON.replace(hour=begins) + timedelta(days=day)


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_rule_overwrites_what_a_person_set_only_when_it_may(by_hand: bool, overwrite: bool) -> None:
    wanted = HELD if by_hand and not overwrite else SET
    assert decide(Case(True, False, False, by_hand), overwrite=overwrite, take_back=True) == wanted


def test_a_rule_takes_back_only_what_it_gave() -> None:
    assert decide(Case(False, True, True, False), overwrite=False, take_back=True) == TAKE_BACK
    assert decide(Case(False, True, False, True), overwrite=True, take_back=True) == KEEP
    assert decide(Case(False, True, True, False), overwrite=False, take_back=False) == KEEP
    assert decide(Case(True, True, False, True), overwrite=True, take_back=True) == KEEP


def test_a_lead_who_turned_to_us_is_served_and_one_who_did_not_is_advertised_to() -> None:
    served = {"call", "walk_in", "web", "show", "other", ""}
    assert {purpose_of_lead(origin) for origin in served} == {"service"}
    assert {purpose_of_lead(origin) for origin in UNASKED} == {COUNTED}
