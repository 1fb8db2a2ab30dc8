"""Number plates of China: how one is written, of what kind it is, and why it can be none.

The rule of the file: GA 36-2018 (plates of the People's Republic), with what the field still meets of older ones. A
plate is kept without marks (``沪A12345``); writing it again changes nothing. The letters I and O stand in no serial.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

Text = dict[str, str]

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_TRADITIONAL = str.maketrans("雲遼魯蘇浙贛陝閩貴粵寧瓊滬渝領學掛應臨", "云辽鲁苏浙赣陕闽贵粤宁琼沪渝领学挂应临")
_MARKS = re.compile(r"[\s·•・.．。\-—–_]+")

BATTERY, PLUGIN = "DABCE", "FGHJK"
"""First letters of a small new-energy car's serial: driven by a battery alone, or not alone."""

KINDS: dict[str, Text] = {
    "ordinary": {"zh": "普通", "en": "ordinary"},
    "battery": {"zh": "新能源（纯电）", "en": "new energy (battery)"},
    "plugin": {"zh": "新能源（非纯电）", "en": "new energy (not battery alone)"},
    "large_new": {"zh": "大型新能源", "en": "large new energy"},
    "police": {"zh": "警车", "en": "police"},
    "trailer": {"zh": "挂车", "en": "trailer"},
    "learner": {"zh": "教练车", "en": "driving school"},
    "hong_kong": {"zh": "港入出境", "en": "Hong Kong, cross-border"},
    "macau": {"zh": "澳入出境", "en": "Macau, cross-border"},
    "embassy": {"zh": "使馆", "en": "embassy"},
    "consulate": {"zh": "领馆", "en": "consulate"},
    "emergency": {"zh": "应急救援", "en": "emergency rescue"},
    "temporary": {"zh": "临时", "en": "temporary"},
    "airport": {"zh": "民航", "en": "airport"},
    "military": {"zh": "军队", "en": "military"},
    "armed_police": {"zh": "武警", "en": "armed police"},
    "other": {"zh": "其他", "en": "other"},
}
"""What a plate can be. "other" is what is none of China's: a foreign car's, perhaps, or a slip."""

_OFFICE = f"[{PROVINCES}][A-HJ-Z]"
_SIGN = "[0-9A-HJ-NP-Z]"
_GRAMMAR: tuple[tuple[str, re.Pattern[str]], ...] = tuple((kind, re.compile(pattern)) for kind, pattern in (
    ("hong_kong", rf"粤Z{_SIGN}{{4}}港"),
    ("macau", rf"粤Z{_SIGN}{{4}}澳"),
    ("emergency", rf"[{PROVINCES}][XS]{_SIGN}{{4}}应急"),
    ("police", rf"{_OFFICE}{_SIGN}{{4}}警"),
    ("trailer", rf"{_OFFICE}{_SIGN}{{4}}挂"),
    ("learner", rf"{_OFFICE}{_SIGN}{{4}}学"),
    ("consulate", rf"{_OFFICE}{_SIGN}{{4}}领"),
    ("embassy", r"使\d{6}|\d{6}使"),
    ("temporary", rf"{_OFFICE}{_SIGN}{{4,5}}临|临{_OFFICE}{_SIGN}{{5}}"),
    ("airport", rf"民航[A-HJ-NP-Z]{_SIGN}{{4}}"),
    ("armed_police", rf"WJ[{PROVINCES}]?\d{{4}}[0-9A-Z]"),
    ("military", r"[A-HJ-NP-Z]{2}\d{5}"),
    ("battery", rf"{_OFFICE}[{BATTERY}]{_SIGN}\d{{4}}"),
    ("plugin", rf"{_OFFICE}[{PLUGIN}]{_SIGN}\d{{4}}"),
    ("large_new", rf"{_OFFICE}\d{{5}}[DF]"),
    ("ordinary", rf"{_OFFICE}{_SIGN}{{5}}"),
))
MOST_LETTERS = 2
"""Letters that an ordinary serial may have at most."""
LONGEST = 12


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate as it was read. ``reason``: why it can be none, and what to look at; ``meant``: what it may have been."""

    text: str
    kind: str
    plausible: bool
    reason: Text | None = None
    meant: str = ""


def normalised(raw: str) -> str:
    """As it is kept and compared: big letters, half width, no marks, the provinces' short names in simplified writing.

    >>> normalised(" 沪a·d12345 ")
    '沪AD12345'
    """
    text = folded(raw, _MARKS).translate(_TRADITIONAL)
    return text[:40]


def folded(raw: str, marks: re.Pattern[str]) -> str:
    """Half width, big, without ``marks``; what taking a mark away put together is folded again, until all is done."""
    text = raw
    for _ in range(len(raw) + 2):
        again = unicodedata.normalize("NFKC", marks.sub("", unicodedata.normalize("NFKC", text)).upper())
        if again == text:
            break
        text = again
    return text


def read(raw: str) -> Plate:
    """The plate, its kind, and whether it can be one."""
    text = normalised(raw)
    kind = _kind(text)
    if kind == "ordinary" and sum(c.isalpha() for c in text[2:]) > MOST_LETTERS:
        return Plate(text, "other", False, {
            "zh": f"普通号牌的序号里最多有 {MOST_LETTERS} 个字母，请核对。",
            "en": f"An ordinary plate has at most {MOST_LETTERS} letters in its serial: look again."})
    if kind:
        return Plate(text, kind, True)
    reason, meant = _why(text)
    return Plate(text, "other", False, reason, meant)


def is_new_energy(kind: str) -> bool:
    """Whether a plate of that kind is green."""
    return kind in ("battery", "plugin", "large_new")


def _kind(text: str) -> str:
    return next((kind for kind, pattern in _GRAMMAR if pattern.fullmatch(text)), "")


def _why(text: str) -> tuple[Text, str]:
    """What is wrong with a plate that fits nothing, the first thing that helps."""
    slip = text[:2] + text[2:].replace("O", "0").replace("I", "1")
    if slip != text and _kind(slip):
        return {"zh": f"号牌序号里没有字母 I 和 O，您是不是要填 {slip}？",
                "en": f"No serial has the letters I or O: is it {slip}?"}, slip
    if not text:
        return {"zh": "请填写车牌号。", "en": "Enter a plate."}, ""
    if text[0] not in PROVINCES:
        bare = re.fullmatch(rf"[A-HJ-Z]{_SIGN}{{5,6}}", text)
        return ({"zh": "缺少省份简称，例如 沪A12345。", "en": "The province is missing, as in 沪A12345."} if bare else
                {"zh": "车牌以省份简称开头，例如 沪A12345。",
                 "en": "A plate begins with the short name of a province, as in 沪A12345."}), ""
    if len(text) < 2 or not re.fullmatch("[A-HJ-Z]", text[1]):
        return {"zh": "省份简称后面是一个字母（没有 I），例如 沪A。",
                "en": "Behind the province stands one letter (never I), as in 沪A."}, ""
    return _why_serial(text[2:])


def _why_serial(serial: str) -> tuple[Text, str]:
    if serial[-1:] in ("警", "挂", "学", "领", "港", "澳"):
        last = serial[-1]
        return {"zh": f"“{last}”前面是四位字母或数字，例如 沪A1234{last}；港澳牌照以粤Z开头。",
                "en": f'Before "{last}" stand four letters or digits, as in 沪A1234{last}; those of Hong Kong and '
                      "Macau begin with 粤Z."}, ""
    odd = next((c for c in serial if not re.fullmatch(_SIGN, c)), "")
    if odd:
        return {"zh": f"“{odd}”不能出现在车牌序号里。", "en": f'"{odd}" stands in no plate.'}, ""
    if len(serial) < 5:
        return {"zh": f"序号少了 {5 - len(serial)} 位：普通号牌 5 位，新能源 6 位。",
                "en": f"{5 - len(serial)} too few behind the letter: ordinary plates have 5, new-energy ones 6."}, ""
    if len(serial) > 6:
        return {"zh": f"序号多了 {len(serial) - 6} 位：普通号牌 5 位，新能源 6 位。",
                "en": f"{len(serial) - 6} too many behind the letter: ordinary plates have 5, new-energy ones 6."}, ""
    return {"zh": "六位序号是新能源号牌：小型车第一位是 D 或 F 等字母、后四位是数字，大型车最后一位是 D 或 F。",
            "en": "Six behind the letter are a new-energy plate: small cars begin with a letter as D or F and end in "
                  "four digits; large ones end in D or F."}, ""
