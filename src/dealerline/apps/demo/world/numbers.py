"""Telephone numbers, plates and VINs that are well-formed and belong to nobody.

Rule: no number of the demo may reach a person. Mobile numbers are drawn from 154, a segment that China's numbering
plan has never given to an operator. Fixed numbers begin with 9 behind the area code, which no subscriber's number
does (9 is kept for service codes). The group's 400 number and the fax numbers follow the same rule: 400-3 is not
among the 400 prefixes that operators sell.
"""

from __future__ import annotations

import random

MOBILE_PREFIX = "+86154"
"""Demo customers, callers and staff: +86154 and eight digits."""

_VIN_VALUES = {
    **{str(d): d for d in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"  # 2010 = A; I, O, Q, U, Z and 0 are not used
_PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O


def mobile(serial: int) -> str:
    """E.164 of the demo's mobile number ``serial`` (0 .. 99,999,999)."""
    if not 0 <= serial < 100_000_000:
        raise ValueError("a mobile serial has at most eight digits")
    return f"{MOBILE_PREFIX}{serial:08d}"


def fixed(area: str, serial: int) -> str:
    """E.164 of a demo fixed line: ``area`` without its leading 0 ("21"), ``serial`` 0 .. 9,999,999."""
    if not 0 <= serial < 10_000_000:
        raise ValueError("a fixed serial has at most seven digits")
    return f"+86{area}9{serial:07d}"


def is_demo_number(e164: str) -> bool:
    """Whether ``e164`` lies in one of the ranges above."""
    if e164.startswith((MOBILE_PREFIX, "+864003")):
        return True
    return any(e164.startswith(f"+86{area}9") for area in ("10", "21", "22", "571"))


def vin_check_digit(vin: str) -> str:
    """The ninth character that makes ``vin`` (17 characters, the ninth ignored) right, by GB 16735 / ISO 3779."""
    if len(vin) != 17:
        raise ValueError("a VIN has 17 characters")
    try:
        total = sum(_VIN_VALUES[c] * w for c, w in zip(vin, _VIN_WEIGHTS, strict=True))
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} cannot stand in a VIN") from error
    return "X" if total % 11 == 10 else str(total % 11)


def vin(rng: random.Random, maker: str, year: int) -> str:
    """A VIN of ``maker`` (its three-character world manufacturer identifier) for a model year from 2010 to 2039."""
    body = "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ123456789") for _ in range(5))
    tail = rng.choice("ABCDEFGH") + f"{rng.randrange(1_000_000):06d}"
    bare = f"{maker}{body}0{_VIN_YEARS[year - 2010]}{tail}"
    return bare[:8] + vin_check_digit(bare) + bare[9:]


def plate(rng: random.Random, office: str, new_energy: bool = False) -> str:
    """A plate of ``office`` (province and letter, "沪A") by GA 36: five characters, six for a new-energy car.

    Small new-energy cars have D (battery) or F (hybrid) first, then a letter or digit, then four digits.
    """
    if new_energy:
        second = rng.choice(_PLATE_LETTERS) if rng.random() < 0.4 else str(rng.randrange(10))
        return f"{office}{rng.choice('DDF')}{second}{rng.randrange(10_000):04d}"
    characters = [str(rng.randrange(10)) for _ in range(5)]
    for place in rng.sample(range(5), rng.choice((0, 1, 1, 2))):
        characters[place] = rng.choice(_PLATE_LETTERS)
    return office + "".join(characters)
