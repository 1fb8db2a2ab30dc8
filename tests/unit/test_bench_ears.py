"""The measuring ears: tones told apart, and the moment from which a change is heard for good."""

from __future__ import annotations

import pytest

from bench.ears import Change, Ear, amplitude, loud
from bench.rtp import payload
from bench.sip import Agent

VOICE, OTHER = 2450.0, 2650.0


def ear_with(*heard: float) -> Ear:
    """An ear that received a packet of each of these tones, twenty milliseconds apart, the first at 1.0."""
    ear = Ear(Agent(("127.0.0.1", 5060), "nobody"))
    ear.packets.extend((1.0 + 0.02 * n, payload(hertz)) for n, hertz in enumerate(heard))
    return ear


def test_a_tone_is_told_from_another_and_from_silence() -> None:
    assert amplitude(payload(VOICE), VOICE) == pytest.approx(8000, rel=0.02)
    assert amplitude(payload(VOICE), OTHER) < 100
    assert amplitude(payload(0), VOICE) < 100
    assert loud(payload(VOICE)) and not loud(payload(0))


def test_a_change_is_dated_by_its_first_packet() -> None:
    ear = ear_with(*[VOICE] * 10, *[OTHER] * 10)
    change = Change(ear, (OTHER,), (VOICE,), since=0.5)
    assert change.come()
    assert change.at == pytest.approx(1.2)


def test_one_lost_packet_is_no_change() -> None:
    ear = ear_with(*[VOICE] * 10, 0, *[VOICE] * 10)
    assert not Change(ear, (), (VOICE,), since=0.5).come()


def test_packets_that_stop_coming_are_silence_too() -> None:
    ear = ear_with(VOICE)
    ear.packets.extend((1.3 + 0.02 * n, payload(VOICE)) for n in range(5))
    change = Change(ear, (VOICE,), (), since=0.5)
    assert change.come()
    assert change.at == pytest.approx(1.3)


def test_what_was_heard_before_the_verb_does_not_count() -> None:
    ear = ear_with(*[OTHER] * 10, *[VOICE] * 10)
    assert not Change(ear, (OTHER,), (), since=1.19).come()


def test_a_change_may_come_in_over_several_looks() -> None:
    ear = ear_with(VOICE, OTHER, OTHER, OTHER)
    change = Change(ear, (OTHER,), (VOICE,), since=0.5)
    assert not change.come()
    ear.packets.extend((1.08 + 0.02 * n, payload(OTHER)) for n in range(3))
    assert change.come()
    assert change.at == pytest.approx(1.02)


def test_a_gap_is_the_longest_silence_without_a_packet_of_its_own_length() -> None:
    ear = ear_with(*[VOICE] * 5, *[0] * 10, *[VOICE] * 5)
    assert ear.gap(0.99, 1.39) == pytest.approx(0.2)
