"""Telephone numbers of our own people: E.164 or nothing. Numbers without a country are China's."""

from __future__ import annotations

import phonenumbers

HOME = "CN"


def e164(raw: str) -> str:
    """The number as ``+8613812345678``, or "" when it can be none.

    Possible, not valid: the demo's numbers lie in segments that were never given to an operator, on purpose.
    """
    try:
        number = phonenumbers.parse(raw.strip(), HOME)
    except phonenumbers.NumberParseException:
        return ""
    if number.extension or not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
