"""Where a telephone number is from and who carries it.

The rule of the file: the city of China's fixed lines by area code and of its mobile numbers by the first seven digits,
the carrier of mobile numbers by the first three or four; of a foreign number the country. Numbers that were taken
along to another carrier keep their old prefix: it is where a number came from, not where it is. The table lies beside
this file, made from phonenumbers by tools/make_number_places.py, and is read when it is first asked.
"""

from __future__ import annotations

import gzip
import json
import sys
from array import array
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeVar

import phonenumbers

FIRST_MOBILE = 1_300_000
MOBILE_DIGITS = 11

CARRIERS = {
    "mobile": {"zh": "中国移动", "en": "China Mobile"},
    "unicom": {"zh": "中国联通", "en": "China Unicom"},
    "telecom": {"zh": "中国电信", "en": "China Telecom"},
    "broadnet": {"zh": "中国广电", "en": "China Broadnet"},
}


@dataclass(frozen=True, slots=True)
class Place:
    """``country``: ISO 3166, two letters. ``zh``/``en``: the city, else the country. ``carrier``: a key of CARRIERS."""

    country: str = ""
    zh: str = ""
    en: str = ""
    carrier: str = ""


V = TypeVar("V")

NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class _Table:
    places: list[tuple[str, str]]
    fixed: dict[str, int]
    carriers: dict[str, str]
    countries: dict[str, tuple[str, str]]
    mobile: array[int]


@cache
def _table() -> _Table:
    packed = files("dealerline.domain").joinpath("number_places.bin.gz").read_bytes()
    head, _, body = gzip.decompress(packed).partition(b"\n")
    values = json.loads(head)
    mobile = array("H")
    mobile.frombytes(body)
    if sys.byteorder == "big":
        mobile.byteswap()
    return _Table([(zh, en) for zh, en in values["places"]], values["fixed"], values["carriers"],
                  {code: (zh, en) for code, (zh, en) in values["countries"].items()}, mobile)


def place_of(e164: str) -> Place:
    """Where a number in E.164 is from; NOWHERE for an extension, a short number, or one that no country has."""
    if not e164.startswith("+"):
        return NOWHERE
    table = _table()
    if e164.startswith("+86"):
        return _chinese(e164[3:], table)
    try:
        country = phonenumbers.region_code_for_number(phonenumbers.parse(e164))
    except phonenumbers.NumberParseException:
        return NOWHERE
    if not country or country not in table.countries:
        return NOWHERE
    return Place(country, *table.countries[country])


def _chinese(national: str, table: _Table) -> Place:
    if national[:1] == "1" and len(national) == MOBILE_DIGITS and national[1] != "0":
        slot = int(national[:7]) - FIRST_MOBILE
        place = table.places[table.mobile[slot]] if 0 <= slot < len(table.mobile) else ("", "")
        return Place("CN", *place, _longest(national, table.carriers, 4) or "")
    index = _longest(national, table.fixed, 7)
    return Place("CN", *table.places[index]) if index is not None else Place("CN")


def _longest(digits: str, table: dict[str, V], most: int) -> V | None:
    return next((table[digits[:n]] for n in range(most, 1, -1) if digits[:n] in table), None)
