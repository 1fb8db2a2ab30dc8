"""Telephone numbers: E.164 inside, as people write them outside. Numbers without a country are China's."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

HOME = "CN"


@lru_cache(maxsize=20_000)
def normalise_number(raw: str) -> str:
    """E.164 where the number can be one (``+8613812345678``).

    Else its digits as rung ("8001"); "" when there is no number.
    """
    text = raw.strip()
    digits = re.sub(r"[^0-9+]", "", text)
    if not any(c.isdigit() for c in digits):
        return ""
    try:
        number = phonenumbers.parse(text, HOME)
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    return digits[:20]


def is_plausible(raw: str) -> bool:
    """Whether a person's input can be rung at all: 3 to 20 digits, nothing but the usual marks between."""
    return bool(re.fullmatch(r"[0-9+()\-. ]{3,30}", raw.strip())) and 3 <= sum(c.isdigit() for c in raw) <= 20
