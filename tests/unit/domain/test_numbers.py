"""Telephone numbers: written one way, dialled one way, masked one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.domain.numbers import dialable, e164, extension, in_plan, is_plausible, masked, significant, why_not


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("138 1234 5678", "+8613812345678"),
        ("+86 138-1234-5678", "+8613812345678"),
        ("１３８１２３４５６７８", "+8613812345678"),
        ("13812345678;isub=1", "+8613812345678"),
        ("13812345678 ext 5", "+8613812345678"),
        ("0238888001", "+86238888001"),
        ("0044 20 7946 0958", "+442079460958"),
        ("8001", "8001"),
        ("desk8001", "8001"),
        ("8001 ", "8001"),
        ("1" * 40, "1" * 20),
        ("anonymous", ""),
        ("+", ""),
        ("²", ""),
        ("", ""),
    ],
)
def test_a_number_is_kept_in_one_form_however_it_was_written(written: str, kept: str) -> None:
    assert e164(written) == kept


@given(st.one_of(st.text(max_size=50), st.text(alphabet="0123456789+ -()#*extp;", max_size=30)))
def test_what_the_switch_wrote_stays_as_it_is_when_the_records_write_it_again(raw: str) -> None:
    once = e164(raw)
    assert e164(once) == once
    assert len(once) <= 20


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613812345678", "+86138****5678"),
        ("13812345678", "138****5678"),
        ("+862388880001", "+8623****0001"),
        ("+442079460958", "+4420****0958"),
        ("+1234567", "****4567"),
        ("8001", "**01"),
        ("110", "*10"),
        ("", ""),
    ],
)
def test_masking_hides_the_middle(number: str, shown: str) -> None:
    assert masked(number) == shown


@given(st.text(alphabet="+0123456789", min_size=3, max_size=20))
def test_no_number_is_too_short_to_hide_something(number: str) -> None:
    assert "*" in masked(number)
    assert len(masked(number)) == len(number)


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("+8613812345678", "13812345678"),
        ("13812345678", "13812345678"),
        ("+862388880001", "02388880001"),
        ("+864008001234", "4008001234"),
        ("+442079460958", "00442079460958"),
        ("10086", "10086"),
        ("110", "110"),
        ("12", ""),
        ("²²²", ""),
        ("++1", ""),
        ("1" * 16, ""),
    ],
)
def test_a_number_is_dialled_as_a_carrier_of_the_country_wants_it(number: str, dialled: str) -> None:
    assert dialable(number) == dialled


def test_a_published_number_is_the_same_however_the_carrier_writes_it() -> None:
    assert len({significant(n) for n in ("+862388880001", "00862388880001", "02388880001", "862388880001")}) == 1


@pytest.mark.parametrize(("written", "fine"), [("13812345678", True), ("12", False), ("=1+1", False), ("138x", False)])
def test_what_cannot_be_rung_is_refused(written: str, fine: bool) -> None:
    assert is_plausible(written) is fine


def test_a_number_is_in_the_plan_or_not() -> None:
    assert all(in_plan(n) for n in ("13800138000", "+8613800138000", "02388880001", "10086", "4008001234", "110"))
    assert not any(in_plan(n) for n in ("12", "", "1380013800", "ask Bob"))


@pytest.mark.parametrize(
    ("written", "kept", "behind"),
    [
        ("021-61234567-8001", "+862161234567", "8001"),
        ("021 6123 4567 转 8001", "+862161234567", "8001"),
        ("(010)6400 1234 分机：22", "+861064001234", "22"),
        ("+44 20 7946 0958 x12", "+442079460958", "12"),
        ("13812345678#9", "+8613812345678", "9"),
        ("138-1234-5678", "+8613812345678", ""),
        ("021-6123-4567", "+862161234567", ""),
        ("400-123-4567", "+864001234567", ""),
        ("8001", "8001", ""),
        ("", "", ""),
    ],
)
def test_an_extension_is_told_from_the_number(written: str, kept: str, behind: str) -> None:
    assert (e164(written), extension(written), why_not(written) is None) == (kept, behind, kept != "")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("anonymous", "withheld"),
        ("Anonymous@anonymous.invalid", "withheld"),
        ("匿名", "withheld"),
        ("abc", 'no "a"'),
        ("", "digits only"),
        ("12", "3 to 20 digits, this has 2"),
        ("1" * 30, "3 to 20 digits, this has 30"),
        ("1381234567", "11 digits, this has 10"),
        ("+86 138 1234 56789", "11 digits, this has 12"),
    ],
)
def test_what_is_no_number_is_told_why(written: str, says: str) -> None:
    assert says in (why_not(written) or {}).get("en", "")


@given(st.one_of(st.text(max_size=40), st.text(alphabet="0123456789+ -()#转x", max_size=30)))
def test_what_is_kept_has_digits_and_asking_never_fails(raw: str) -> None:
    if why_not(raw) is None:
        assert any(c.isdigit() for c in e164(raw))
    assert len(extension(raw)) <= 6
