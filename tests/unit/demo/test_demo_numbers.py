"""Numbers, plates and VINs of the demo are well-formed and nobody's."""

from __future__ import annotations

import random
import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.apps.demo.world import layout
from dealerline.apps.demo.world.customers import everyone
from dealerline.apps.demo.world.history import strangers
from dealerline.apps.demo.world.numbers import MOBILE_PREFIX, is_demo_number, mobile, plate, vin, vin_check_digit

# Check digits that stand in the literature: the example of 49 CFR 565 and two built of one character only.
KNOWN_VINS = ("1M8GDM9AXKP042788", "11111111111111111", "5GZCZ43D13S812715")


@pytest.mark.parametrize("text", KNOWN_VINS)
def test_the_check_digit_is_the_one_of_known_vins(text: str) -> None:
    assert vin_check_digit(text) == text[8]


@pytest.mark.parametrize("text", ["LSV", "LSVIO34D13S812715", "lsvaa34d13s812715"])
def test_what_is_no_vin_gets_no_check_digit(text: str) -> None:
    with pytest.raises(ValueError, match="VIN"):
        vin_check_digit(text)


@given(st.integers(), st.sampled_from(["LSV", "LFV", "LW4"]), st.integers(2010, 2039))
def test_every_vin_checks_itself_and_has_no_letter_that_looks_like_a_digit(seed: int, maker: str, year: int) -> None:
    made = vin(random.Random(seed), maker, year)
    assert re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", made)
    assert made.startswith(maker)
    assert made[8] == vin_check_digit(made)


@given(st.integers(), st.booleans())
def test_plates_follow_chinas_grammar(seed: int, new_energy: bool) -> None:
    made = plate(random.Random(seed), "沪A", new_energy)
    wanted = r"沪A[DF][A-HJ-NP-Z0-9]\d{4}" if new_energy else r"沪A[A-HJ-NP-Z0-9]{5}"
    assert re.fullmatch(wanted, made)
    assert sum(c.isdigit() for c in made) >= 3


def test_no_number_of_the_demo_can_be_a_persons() -> None:
    numbers = [number for one in everyone() for number, _ in one.phones] + strangers()
    numbers += [number(p) for p in layout.PEOPLE for number in (layout.staff_mobile, layout.night_mobile)]
    numbers += [layout.duty_mobile(s) for s in layout.STORES]
    assert all(is_demo_number(number) for number in numbers)
    mobiles = [number for number in numbers if number.startswith(MOBILE_PREFIX)]
    assert mobiles
    assert not any(phonenumbers.is_valid_number(phonenumbers.parse(number)) for number in mobiles)


def test_published_numbers_are_each_published_once_and_possible_to_dial() -> None:
    published = [layout.number_of(s, k) for s in layout.STORES for k in layout.LINES] + [layout.GROUP_NUMBER]
    published += [layout.fax_of(s) for s in layout.STORES]
    assert len(set(published)) == len(published) == 37
    assert all(is_demo_number(n) and phonenumbers.is_possible_number(phonenumbers.parse(n)) for n in published)


def test_a_serial_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="eight digits"):
        mobile(100_000_000)


def test_two_customers_never_share_number_plate_vin_or_document() -> None:
    people = everyone()
    for values in (
        [n for one in people for n, _ in one.phones],
        [car.plate for one in people for car in one.cars],
        [car.vin for one in people for car in one.cars],
        [o.number for one in people for o in one.orders],
        [r.number for one in people for r in one.repairs],
        [c.number for one in people for c in one.cards],
    ):
        assert len(set(values)) == len(values)
