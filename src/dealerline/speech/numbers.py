"""How Mandarin says numbers and letters: pure, no imports of ours."""

from __future__ import annotations

DIGITS = "零一二三四五六七八九"
_TELEPHONE = str.maketrans("0123456789", "零幺二三四五六七八九")
_PLAIN = str.maketrans("0123456789", DIGITS)
_SMALL = ("", "十", "百", "千")
_LARGE = ("", "万", "亿", "兆")

#: Letters as Chinese speakers say them, in characters, so that the Mandarin voice speaks them in its own accent.
LETTERS = {
    "A": "诶", "B": "比", "C": "西", "D": "迪", "E": "伊", "F": "艾弗", "G": "吉", "H": "艾尺", "I": "艾", "J": "杰",
    "K": "开", "L": "艾勒", "M": "艾姆", "N": "恩", "O": "欧", "P": "批", "Q": "丘", "R": "阿尔", "S": "艾斯",
    "T": "提", "U": "优", "V": "维", "W": "达不溜", "X": "艾克斯", "Y": "歪", "Z": "贼德",
}  # fmt: skip


def spell(text: str, *, telephone: bool = True) -> str:
    """Digit by digit and letter by letter; 1 is 幺 when ``telephone``. Other characters are dropped."""
    digits = _TELEPHONE if telephone else _PLAIN
    return "".join(LETTERS.get(c, c.translate(digits) if c.isdigit() else "") for c in text.upper())


def year(text: str) -> str:
    """A year digit by digit: 2026 is 二零二六."""
    return text.translate(_PLAIN)


def _section(number: int) -> str:
    """1..9999 with every zero run said once; 2 before 千 and 百 is 两 (put in by `cardinal`)."""
    text, zero = "", False
    for power in (3, 2, 1, 0):
        digit = number // 10**power % 10
        if digit == 0:
            zero = bool(text)
            continue
        if zero:
            text += "零"
        zero = False
        text += ("两" if digit == 2 and power >= 2 else DIGITS[digit]) + _SMALL[power]
    return text


def cardinal(number: int) -> str:
    """The number as counted: 12 is 十二, 128800 is 十二万八千八百, 2000 is 两千. At most 16 digits."""
    if number < 0:
        return "负" + cardinal(-number)
    if number == 0:
        return "零"
    if number >= 10**16:
        return spell(str(number), telephone=False)
    sections = []
    while number:
        sections.append(number % 10000)
        number //= 10000
    text = ""
    for place in range(len(sections) - 1, -1, -1):
        section = sections[place]
        if section == 0:
            if text and not text.endswith("零") and any(sections[:place]):
                text += "零"
            continue
        if text and section < 1000 and not text.endswith("零"):
            text += "零"
        said = _section(section)
        text += ("两" if said == "二" and place else said) + _LARGE[place]
    # 一十二 is 十二 at the very start, but 一百一十二 keeps its 一
    return text[1:] if text.startswith("一十") else text


def decimal(text: str) -> str:
    """``"12.50"`` is 十二点五零, ``"128,800"`` is 十二万八千八百, ``"007"`` digit by digit."""
    text = text.replace(",", "").replace("，", "")
    whole, _, part = text.partition(".")
    leading_zero = len(whole) > 1 and whole.startswith("0")
    said = spell(whole, telephone=False) if leading_zero else cardinal(int(whole or "0"))
    return said + ("点" + spell(part, telephone=False) if part else "")


def counted(text: str) -> str:
    """A number before a measure word: 2 is 两, otherwise as `decimal`."""
    return "两" if text == "2" else decimal(text)
