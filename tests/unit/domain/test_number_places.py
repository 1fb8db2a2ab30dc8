"""Where numbers are from: as libphonenumber says it, out of a small table of our own."""

from __future__ import annotations

import random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.domain.number_places import CARRIERS, NOWHERE, Place, _table, place_of


@pytest.mark.parametrize(
    ("number", "place"),
    [
        ("+8613812345678", Place("CN", "江苏省连云港市", "Lianyungang, Jiangsu", "mobile")),
        ("+8618601234567", Place("CN", "北京市", "Beijing", "unicom")),
        ("+8619212345678", Place("CN", "", "", "broadnet")),  # nobody has published the cities of this block yet
        ("+862161234567", Place("CN", "上海市", "Shanghai", "")),
        ("+8675512345678", Place("CN", "广东省深圳市", "Shenzhen, Guangdong", "")),
        ("+864001234567", Place("CN", "", "", "")),
        ("+85291234567", Place("HK", "香港", "Hong Kong", "")),
        ("+442079460958", Place("GB", "英国", "United Kingdom", "")),
        ("+9991234567", NOWHERE),
        ("8001", NOWHERE),
        ("", NOWHERE),
        ("+", NOWHERE),
        ("+86", Place("CN", "", "", "")),
    ],
)
def test_a_number_is_from_a_city_of_a_carrier_or_from_a_country(number: str, place: Place) -> None:
    assert place_of(number) == place


@given(st.text(alphabet="+0123456789", max_size=20))
def test_no_number_makes_it_stumble(number: str) -> None:
    found = place_of(number)
    assert found.carrier in ("", *CARRIERS)
    assert len(found.zh) <= 60
    assert len(found.en) <= 80


def test_every_place_fits_its_column() -> None:
    assert max(len(zh) for zh, _ in _table().places) <= 60
    assert max(len(en) for _, en in _table().places) <= 80


def test_the_table_has_the_carriers_of_libphonenumber() -> None:
    from phonenumbers.carrierdata import CARRIER_DATA

    theirs = {key[2:]: names["en"] for key, names in CARRIER_DATA.items() if key.startswith("86")}
    assert {prefix: CARRIERS[code]["en"] for prefix, code in _table().carriers.items()} == theirs
    number = phonenumbers.parse(f"+86138{random.Random(1).randrange(10**8):08d}")
    assert place_of(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)).carrier == "mobile"
