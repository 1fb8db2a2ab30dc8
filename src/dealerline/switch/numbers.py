"""Telephone numbers: one way to write them, and what of them a person may see."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers

COUNTRY = "CN"


@lru_cache(maxsize=4096)
def e164(raw: str) -> str:
    """A number as +COUNTRY..., or as it came when it is no ordinary number (extensions, anonymous: "")."""
    text = raw.strip()
    if not any(c.isdigit() for c in text):
        return ""
    try:
        number = phonenumbers.parse(text, COUNTRY)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_possible_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def masked(number: str) -> str:
    """The middle hidden: +8613812345678 -> +86138****5678; short ones keep only their last two digits."""
    if len(number) < 8:
        return "*" * max(len(number) - 2, 0) + number[-2:]
    head = len(number) - 8
    return f"{number[:head]}****{number[-4:]}"


def dialable(number: str) -> str:
    """As a carrier of this country wants it dialled; "" when it is nothing that can be dialled."""
    text = "".join(c for c in number if c.isdigit() or c == "+")
    if not 3 <= len(text.lstrip("+")) <= 15 or "+" in text[1:]:
        return ""
    try:
        parsed = phonenumbers.parse(text, COUNTRY)
    except phonenumbers.NumberParseException:
        return text if text.isdigit() else ""
    if not phonenumbers.is_possible_number(parsed):
        return text if text.isdigit() else ""
    if parsed.country_code != 86:
        return f"00{parsed.country_code}{phonenumbers.national_significant_number(parsed)}"
    national = phonenumbers.national_significant_number(parsed)
    return national if national.startswith(("1", "400", "800")) or len(national) < 9 else f"0{national}"
