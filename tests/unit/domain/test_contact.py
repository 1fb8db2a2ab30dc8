"""Whether a customer may be contacted; and what a labelling rule does to him."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from dealerline.domain.contact import CHANNELS, PURPOSES, REASONS, WITHOUT, Word, may_contact
from dealerline.domain.labelling import HELD, KEEP, SET, TAKE_BACK, Case, decide

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def word(state: str, days: int = 1, channel: str = "call", purpose: str = "marketing") -> Word:
    return Word(channel, purpose, state, NOON - timedelta(days=days))


@pytest.mark.parametrize(("channel", "purpose"), list(product(CHANNELS, PURPOSES)))
def test_without_a_word_of_his_advertising_needs_consent_and_nothing_else_does(channel: str, purpose: str) -> None:
    allowed, reason = may_contact([], channel, purpose, NOON)
    assert allowed is WITHOUT[purpose] and reason in REASONS


def test_the_newest_word_counts_and_a_general_refusal_covers_everything() -> None:
    assert may_contact([word("granted", 3)], "call", "marketing", NOON) == (True, "granted")
    assert may_contact([word("granted", 3), word("withdrawn", 2)], "call", "marketing", NOON) == (False, "withdrawn")
    said = [word("granted", 3), word("refused", 2, "any", "any")]
    assert may_contact(said, "sms", "service", NOON) == (False, "refused")
    assert may_contact([*said, word("granted", 1)], "call", "marketing", NOON) == (True, "granted")
    assert may_contact([word("granted"), word("refused")], "call", "marketing", NOON) == (False, "refused")


def test_what_he_says_later_does_not_count_yet() -> None:
    assert may_contact([word("granted", -1)], "call", "marketing", NOON) == (False, "needs_consent")


def test_do_not_call_and_erased_win_over_consent_but_not_over_his_own_wish() -> None:
    said = [word("granted")]
    assert may_contact(said, "call", "marketing", NOON, do_not_call=True) == (False, "do_not_call")
    assert may_contact(said, "sms", "marketing", NOON, do_not_call=True)[1] == "needs_consent"
    assert may_contact(said, "call", "service", NOON, do_not_call=True, asked=True) == (True, "asked")
    assert may_contact(said, "call", "service", NOON, erased=True, asked=True) == (False, "erased")


@pytest.mark.parametrize(("hour", "allowed"), [(8, False), (9, True), (19, True), (20, False)])
def test_advertising_by_telephone_keeps_the_quiet_hours(hour: int, allowed: bool) -> None:
    at = NOON.replace(hour=hour)
    assert may_contact([word("granted")], "call", "marketing", at)[0] is allowed
    assert may_contact([word("granted", channel="sms")], "sms", "marketing", at)[0]
    assert may_contact([], "call", "service", at)[0]


def test_a_channel_that_there_is_not_is_a_mistake_in_the_code() -> None:
    with pytest.raises(ValueError, match="pigeon"):
        may_contact([], "pigeon", "service", NOON)


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
