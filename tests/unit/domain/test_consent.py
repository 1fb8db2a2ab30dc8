"""Breaks that a lead has to consent to."""

from __future__ import annotations

import pytest

from dealerline.domain import consent, presence


def test_every_end_of_a_request_is_one_of_the_three() -> None:
    assert set(consent.TABLE.values()) == set(consent.ENDS)
    assert consent.end("a page was reloaded") == ""


@pytest.mark.parametrize(
    ("state", "reason", "event"),
    [
        ("offline", "", "signed_out"),
        ("reserved", "", "call_offered"),
        ("busy", "no_answer", "taken_out"),
        ("busy", "device_lost", "taken_out"),
        ("busy", "meeting", ""),  # back from a call he made during another break: the request still stands
        ("away", "asleep", ""),
        ("talking", "", ""),
        ("wrap", "", ""),
        ("ready", "", ""),
    ],
)
def test_what_a_change_of_state_is_for_a_request(state: str, reason: str, event: str) -> None:
    assert consent.ended_by(state, reason) == event
    assert not event or consent.end(event) == "withdrawn"


def test_one_may_ask_wherever_there_is_something_to_go_away_from() -> None:
    assert set(presence.STATES) - {"offline", "supervising"} == consent.MAY_ASK
