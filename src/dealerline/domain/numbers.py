"""Telephone numbers: one way to write them, one way to dial them, and what of them a person may see.

The rule of the file: the switch and the records ask here, so that they never disagree about one caller. A number is
written as E.164 where it can be one, else as its bare digits; writing it again changes nothing. Numbers without a
country are China's. The numbering plans come from the package phonenumbers, which is tables and no I/O.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers

HOME = "CN"
LONGEST = 20
"""Characters of a number as it is kept; what carriers send beyond that is no number."""
HIDDEN, SHOWN = 4, 4
"""Digits that masking hides, and the last ones that it shows."""
SHORT_SHOWN = 2
"""Of a number too short for that: the last ones that masking shows."""
MOBILE_DIGITS = 11
_EXTENSION = re.compile(
    r"(?:\s*[,;]?\s*(?:ext(?:ension)?\.?|x|#|转|分机(?:号)?)\s*[:：.]?\s*|(?<=\d{7})-)(\d{1,6})\s*$", re.IGNORECASE)
"""An extension as people write it; behind a hyphen only where seven digits of the number stand before it."""
_NOBODY = frozenset({"anonymous", "unknown", "unavailable", "private", "restricted", "withheld", "nonumber", "匿名",
                     "未知", "无号码", "隐藏号码"})


@lru_cache(maxsize=20_000)
def e164(raw: str) -> str:
    """A number as it is compared and stored: ``+8613812345678``; else its digits as rung (``8001``); "" without any."""
    text = _without_extension(raw.strip())
    digits = _digits(text)
    if not any(c != "+" for c in digits):
        return ""
    # As written first, which knows an extension from a number; the digits alone when that says nothing.
    for tried in (text, digits[:LONGEST]):
        number = _parsed(tried)
        if number is not None:
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return digits[:LONGEST]


def masked(number: str) -> str:
    """Four digits hidden before the last four: +8613812345678 -> +86138****5678. Short ones keep their last two.

    ``apps/customers/logic/pop.py`` says the same in SQL.
    """
    if len(number) < HIDDEN + SHOWN:
        return "*" * max(len(number) - SHORT_SHOWN, 0) + number[-SHORT_SHOWN:]
    return number[: -HIDDEN - SHOWN] + "*" * HIDDEN + number[-SHOWN:]


def dialable(number: str) -> str:
    """As a carrier of this country wants it dialled; "" when it is nothing that can be dialled."""
    text = _digits(number)
    if not 3 <= len(text.lstrip("+")) <= 15 or "+" in text[1:]:
        return ""
    parsed = _parsed(text)
    if parsed is None:
        return text if text.isdigit() else ""
    national = phonenumbers.national_significant_number(parsed)
    if parsed.country_code != 86:
        return f"00{parsed.country_code}{national}"
    return national if national.startswith(("1", "400", "800")) or len(national) < 9 else f"0{national}"


def in_plan(number: str) -> bool:
    """Whether the numbering plans have such a number: a subscriber's, or a short one as 10086."""
    parsed = _parsed(_digits(number))
    if parsed is not None and phonenumbers.is_valid_number(parsed):
        return True
    short = phonenumbers.PhoneNumber(country_code=86, national_number=int(_digits(number).lstrip("+") or 0))
    return phonenumbers.is_valid_short_number(short)


def significant(number: str) -> str:
    """A published number without the ways of writing it: +86, 0086 and a leading 0 make no difference."""
    digits = _digits(number).replace("+", "")
    if digits.startswith("0086"):
        digits = digits[4:]
    elif number.startswith("+86") or (digits.startswith("86") and len(digits) >= 12):
        digits = digits[2:]
    return digits.lstrip("0")


def is_plausible(raw: str) -> bool:
    """Whether a person's input can be rung at all: 3 to 20 digits, nothing but the usual marks between."""
    return bool(re.fullmatch(r"[0-9+()\-. ]{3,30}", raw.strip())) and 3 <= sum(c.isdigit() for c in raw) <= LONGEST


def extension(raw: str) -> str:
    """The extension behind a number, "" when there is none: ``021-6123 4567 转 8001`` -> ``8001``."""
    text = raw.strip()
    found = _EXTENSION.search(unicodedata.normalize("NFKC", text))
    return found[1] if found and _without_extension(text) != text else ""


def is_anonymous(raw: str) -> bool:
    """Whether a carrier says with this that it does not say who rings."""
    return re.sub(r"[\s_-]", "", raw).lower().partition("@")[0] in _NOBODY


def why_not(raw: str) -> dict[str, str] | None:
    """Why what somebody typed is no number to keep, and what to change; None when it is one."""
    text = _without_extension(unicodedata.normalize("NFKC", raw).strip(" \t\r\n,;，；。"))
    digits = _digits(text)
    bare = digits.replace("+", "")
    if is_anonymous(raw):
        return {"zh": "来电没有显示号码，请向客户询问。", "en": "The caller's number was withheld: ask for one."}
    odd = next((c for c in text if not (c in "+()-. /–—" or c.isdecimal())), "")
    if odd or not bare:
        return {"zh": f"电话号码里不能有“{odd}”。" if odd else "请填写电话号码，只用数字。",
                "en": f'A number has no "{odd}" in it.' if odd else "Enter a telephone number, digits only."}
    if not 3 <= len(bare) <= LONGEST:
        return {"zh": f"电话号码有 3 到 {LONGEST} 位数字，这里有 {len(bare)} 位。",
                "en": f"A number has 3 to {LONGEST} digits, this has {len(bare)}."}
    if "+" in digits.lstrip("+"):
        return {"zh": "“+”只能在号码最前面；多个号码请用分号隔开。",
                "en": 'A "+" stands in front of a number only; several numbers are parted by semicolons.'}
    home = significant(text)
    if "+" not in digits.removeprefix("+86") and not digits.startswith("00") and re.match("1[3-9]", home) \
            and len(home) in (10, 12, 13):
        return {"zh": f"手机号码是 {MOBILE_DIGITS} 位，这里有 {len(home)} 位。",
                "en": f"A mobile number has {MOBILE_DIGITS} digits, this has {len(home)}."}
    return None


def _without_extension(text: str) -> str:
    """The number without the extension behind it, where what is left is a number that can be."""
    found = _EXTENSION.search(unicodedata.normalize("NFKC", text))
    if not found:
        return text
    rest = unicodedata.normalize("NFKC", text)[:found.start()]
    return rest if _parsed(_digits(rest)) is not None else text


def _digits(text: str) -> str:
    """The digits (full-width ones, too) and plus signs of a text."""
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text if c.isdecimal() or c == "+")


def _parsed(text: str) -> phonenumbers.PhoneNumber | None:
    """What the numbering plans make of it, or None when it is no number that can be."""
    try:
        number = phonenumbers.parse(text, HOME)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None
