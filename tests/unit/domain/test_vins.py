"""VINs: the check digit warns, what no car can have is refused with words, maker and year are read from it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.apps.demo.world.catalogue import MODELS
from dealerline.apps.demo.world.numbers import vin
from dealerline.domain import vins

SIGNS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("1M8GDM9AXKP042788", ""),  # the example that everybody reckons with
        ("11111111111111111", ""),
        ("1m8g-dm9a xkp0 42788", ""),
        ("1M8GDM9A1KP042788", "check_digit"),
        ("1M8GDM9AXKP04278", "length"),
        ("1M8GDM9AXKP0427888", "length"),
        ("IM8GDM9AXKP042788", "characters"),
        ("1M8GDM9AXKPO42788", "characters"),
        ("1M8GDM9AXKP0427沪8", "characters"),
        ("", "length"),
    ],
)
def test_what_is_wrong_with_a_vin_is_told(written: str, code: str) -> None:
    verdict = vins.check(written)
    assert verdict.code == code
    assert (verdict.reason is None) is (code == "")
    assert verdict.impossible is (code in ("length", "characters"))


@given(st.text(alphabet=SIGNS, min_size=17, max_size=17))
def test_the_check_digit_makes_any_well_formed_vin_right_and_every_other_digit_wrong(body: str) -> None:
    digit = vins.check_digit(body)
    assert vins.check(body[:8] + digit + body[9:]).code == ""
    other = "5" if digit != "5" else "6"
    assert vins.check(body[:8] + other + body[9:]).code == "check_digit"


@given(st.text(max_size=60))
def test_any_text_is_checked_without_an_error(raw: str) -> None:
    assert vins.check(raw).code in ("", "length", "characters", "check_digit")
    assert vins.normalised(vins.normalised(raw)) == vins.normalised(raw)
    vins.maker(raw)
    vins.model_year(raw, 2026)


@given(st.integers(0, 10_000), st.sampled_from(MODELS), st.integers(2014, 2026))
def test_maker_and_model_year_of_the_demos_cars_are_read_from_their_vins(seed: int, model: object, year: int) -> None:
    made = vin(random.Random(seed), model.maker, year)  # type: ignore[attr-defined]
    assert vins.check(made).code == ""
    assert vins.model_year(made, 2026) == year
    assert vins.maker(made) is not None


@pytest.mark.parametrize(("letter", "this_year", "year"), [("A", 2026, 2010), ("T", 2026, 2026), ("V", 2026, 2027),
                                                           ("W", 2026, 1998), ("9", 2026, 2009), ("0", 2026, None),
                                                           ("U", 2026, None)])  # fmt: skip
def test_the_model_year_is_the_latest_that_the_letter_can_mean(letter: str, this_year: int, year: int | None) -> None:
    assert vins.model_year("LSVAM4188" + letter + "2123456", this_year) == year


def test_an_unknown_maker_is_none_and_a_short_vin_has_no_type() -> None:
    assert vins.maker("ZZZ") is None
    assert vins.type_key("LSV") == ""
    assert vins.maker("lsv123") == ("上汽大众", "SAIC Volkswagen")


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("LSV", "SAIC Volkswagen"), ("LFV", "FAW-Volkswagen"), ("LSG", "SAIC-GM"), ("LZW", "SAIC-GM-Wuling"),
        ("LBV", "BMW Brilliance"), ("LE4", "Beijing Benz"), ("LHG", "GAC Honda"), ("LVH", "Dongfeng Honda"),
        ("LVG", "GAC Toyota"), ("LFM", "FAW Toyota"), ("LGB", "Dongfeng Nissan"), ("LVS", "Changan Ford"),
        ("LVR", "Changan Mazda"), ("LS5", "Changan"), ("LGX", "BYD"), ("LB3", "Geely"), ("LRW", "Tesla (Shanghai)"),
        ("LFP", "FAW (Hongqi, Bestune)"), ("LGW", "Great Wall"), ("LET", "Jiangxi Isuzu"), ("LJX", "JMC Ford"),
        ("LVB", "Foton"), ("LKL", "Higer"), ("WMZ", "MINI"), ("LUC", "Honda (China)"),
    ],
)  # fmt: skip
def test_makers_are_known_by_the_beginning_of_their_vins(code: str, make: str) -> None:
    made = vins.maker(code + "AA418")
    assert made is not None and made[1] == make


def test_every_code_of_a_maker_is_three_signs_that_a_vin_can_have_and_has_one_maker() -> None:
    codes = [code for table in (vins._MADE_IN_CHINA, vins._NEWER, vins._IMPORTED)
             for row in table.strip().splitlines() for code in row.split("|")[0].split()]  # fmt: skip
    assert len(codes) == len(set(codes)) == len(vins.MAKERS)
    assert all(len(code) == 3 and vins.check(code).code == "length" for code in codes)
