"""Plates of China: kinds told apart, slips explained, writing it again changes nothing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.apps.demo.world.numbers import plate
from dealerline.domain.plates import KINDS, PROVINCES, is_new_energy, normalised, read


@pytest.mark.parametrize(
    ("written", "kept", "kind"),
    [
        ("沪A12345", "沪A12345", "ordinary"),
        (" 沪 a · 12-345 ", "沪A12345", "ordinary"),
        ("滬Ａ１２３４５", "沪A12345", "ordinary"),
        ("京N8P8F8", "京N8P8F8", "ordinary"),
        ("沪ad12345", "沪AD12345", "battery"),
        ("粤BB12345", "粤BB12345", "battery"),
        ("京AF12345", "京AF12345", "plugin"),
        ("京AFA1234", "京AFA1234", "plugin"),
        ("京A12345D", "京A12345D", "large_new"),
        ("沪A1234警", "沪A1234警", "police"),
        ("湘AQ123挂", "湘AQ123挂", "trailer"),
        ("京A0123学", "京A0123学", "learner"),
        ("粤Z12A4港", "粤Z12A4港", "hong_kong"),
        ("粤Z1234澳", "粤Z1234澳", "macau"),
        ("使014578", "使014578", "embassy"),
        ("014578使", "014578使", "embassy"),
        ("沪A0023领", "沪A0023领", "consulate"),
        ("川X0001应急", "川X0001应急", "emergency"),
        ("沪A12345临", "沪A12345临", "temporary"),
        ("WJ京12345", "WJ京12345", "armed_police"),
        ("民航A1234", "民航A1234", "airport"),
        ("HB-7722", "HB7722", "other"),
    ],
)
def test_a_plate_is_kept_in_one_form_and_its_kind_is_known(written: str, kept: str, kind: str) -> None:
    found = read(written)
    assert (found.text, found.kind) == (kept, kind)
    assert found.plausible is (kind != "other")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "Enter a plate"),
        ("A12345", "province is missing"),
        ("12345", "begins with the short name of a province"),
        ("沪I12345", "one letter"),
        ("沪112345", "one letter"),
        ("沪A1234O", "沪A12340"),
        ("沪A123", "2 too few"),
        ("沪A1234567", "1 too many"),
        ("沪A12?45", '"?" stands in no plate'),
        ("沪ABCD12", "at most 2 letters"),
        ("沪A123456", "new-energy"),
        ("湘AQ1234挂", 'Before "挂" stand four'),
    ],
)
def test_what_can_be_no_plate_is_told_why(written: str, says: str) -> None:
    found = read(written)
    assert not found.plausible
    assert found.reason is not None
    assert says in found.reason["en"]
    assert found.reason["zh"]


def test_a_slip_of_o_and_0_is_offered_put_right() -> None:
    assert read("沪A1234O").meant == "沪A12340"
    assert read(read("沪AD1234I").meant).plausible


@given(st.text(max_size=40))
def test_any_text_is_read_without_an_error_and_normalising_twice_changes_nothing(raw: str) -> None:
    found = read(raw)
    assert read(found.text).kind == found.kind
    assert normalised(found.text) == found.text
    assert found.kind in KINDS
    assert found.plausible == (found.reason is None)


@given(
    st.sampled_from(PROVINCES),
    st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ"),
    st.lists(st.sampled_from("0123456789"), min_size=5, max_size=5),
    st.sets(st.integers(0, 4), max_size=2),
    st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ"),
)
def test_every_serial_with_at_most_two_letters_is_ordinary(
    province: str, office: str, serial: list[str], places: set[int], letter: str
) -> None:
    for place in places:
        serial[place] = letter
    assert read(f"{province}{office}{''.join(serial)}").kind == "ordinary"


@given(st.integers(0, 10_000), st.booleans())
def test_the_demos_plates_are_plates(seed: int, green: bool) -> None:
    found = read(plate(random.Random(seed), "沪A", green))
    assert found.plausible
    assert is_new_energy(found.kind) is green
