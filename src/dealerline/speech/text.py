"""Text as people write it, into text as it is said: dates, times, money, telephone numbers, plates, numbers.

The phonemiser's own number reading is wrong for just what a dealership says most (telephone numbers, plates, 9:30,
order numbers), so every number is turned into words here, most special pattern first; Mandarin output has no digits
left. Pure: the same text always gives the same words, which is what the cache of spoken texts is keyed by.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from dealerline.speech import lexicon
from dealerline.speech.numbers import cardinal, counted, decimal, spell, year

#: Counts up when a rule changes, so that cached audio of the old reading is not used again.
RULES_VERSION = 1

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_MEASURES = (
    "位|个|分钟|小时|天|周|年|辆|台|次|元|块|万|千|公里|米|升|张|份|项|名|人|件|条|家|间|层|倍|种|款|期|遍|声|秒|克|公斤"
    "|吨|度|岁|本|套"
)
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"

Rule = tuple[re.Pattern[str], "str | Callable[[re.Match[str]], str]"]


def _clean(text: str) -> str:
    """Full-width letters and digits to plain ones, control characters and emoji out, blanks to one."""
    kept = []
    for char in text:
        code = ord(char)
        if 0xFF10 <= code <= 0xFF19 or 0xFF21 <= code <= 0xFF3A or 0xFF41 <= code <= 0xFF5A or char in "％＋－．＃＊":
            kept.append(chr(code - 0xFEE0))
        elif char in "￥":
            kept.append("¥")
        elif char not in "℃°" and unicodedata.category(char) in ("Cc", "Cf", "So", "Cs", "Co", "Cn"):
            kept.append(" ")
        else:
            kept.append(char)
    return re.sub(r"\s+", " ", "".join(kept)).strip()


def _clock(match: re.Match[str]) -> str:
    hour, minute = int(match["h"]), int(match["m"])
    said = counted(str(hour)) + "点"
    if minute == 30:
        said += "半"
    elif minute:
        said += ("零" if minute < 10 else "") + cardinal(minute) + "分"
    if match["s"]:
        said += decimal(match["s"].lstrip("0") or "0") + "秒"
    return said


def _groups(digits: str) -> tuple[str, ...]:
    """A telephone number in the groups people say it in."""
    if len(digits) == 11 and digits.startswith("1"):
        return digits[:3], digits[3:7], digits[7:]
    if len(digits) == 10 and digits[:3] in ("400", "800"):
        return digits[:3], digits[3:6], digits[6:]
    if digits.startswith("0") and len(digits) in (10, 11, 12):
        area = 3 if digits[1] in "12" else 4
        middle = area + (len(digits) - area) // 2
        return digits[:area], digits[area:middle], digits[middle:]
    return (digits,)


def _telephone(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0].removeprefix("+86"))
    return "，".join(spell(group) for group in _groups(digits))


def _money(match: re.Match[str]) -> str:
    amount = match["n"].replace(",", "")
    if re.fullmatch(r"\d+\.0+", amount):
        amount = amount.split(".")[0]
    return decimal(amount) + (match["unit"] or "") + "元"


def _date(match: re.Match[str]) -> str:
    return f"{year(match['y'])}年{cardinal(int(match['m']))}月{cardinal(int(match['d']))}日"


def _discount(match: re.Match[str]) -> str:
    digits = match[1]
    return (spell(digits, telephone=False) if "." not in digits else decimal(digits)) + "折"


def _plate(match: re.Match[str]) -> str:
    return f"{match[1]}{spell(match[2])}，{spell(match[3])}"


_ZH: tuple[Rule, ...] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        # plates and identifiers before anything that would eat their digits
        (rf"([{PROVINCES}])([A-Z])[·\-\s]?([A-Z0-9]{{5,6}})(?![A-Za-z0-9])", _plate),
        (r"(?<![A-Za-z0-9])(?=[A-Z0-9]{17}(?![A-Za-z0-9]))(?=[A-Z]*\d)[A-HJ-NPR-Z0-9]{17}", lambda m: spell(m[0])),
        (
            r"((?:订单|工单|维修单|保单|会员|卡|单|编|工|合同|发票|流水)号(?:码|是|为|：|:|\s)*)([A-Za-z0-9][A-Za-z0-9\-]*)",
            lambda m: m[1].replace(":", "：") + spell(m[2]),
        ),
        (r"((?:验证码|密码|尾号|分机|内线)(?:是|为|：|:|\s)*)(\d+)", lambda m: m[1].replace(":", "：") + spell(m[2])),
        # telephone numbers
        (r"(?:\+86[ -]?)?(?<!\d)1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)", _telephone),
        (r"(?<!\d)[48]00[ -]?\d{3}[ -]?\d{4}(?!\d)|(?<!\d)[48]00-\d{4}-\d{3}(?!\d)", _telephone),
        (r"(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)", _telephone),
        (r"(?<!\d)(?:95\d{3,4}|100\d\d|12[13]\d\d|96\d{3,4})(?=\D|$)(?!元|公里|万|辆|位|个|年)", _telephone),
        (r"(?<![\d.])(?:110|119|120|122)(?![\d.%]|[^，。！？\s电报求救叫拨请或、])", _telephone),
        # dates and times
        (r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)", _date),
        (r"(?<!\d)(\d{4})\s?年", lambda m: year(m[1]) + "年"),
        (r"(?P<h>[01]?\d|2[0-4])[:：](?P<m>[0-5]\d)(?:[:：](?P<s>[0-5]\d))?(?!\d)", _clock),
        (r"(?<=[点半分日月号])\s?[-–—~～至]+\s?(?=[\d一二三四五六七八九十两零])", "到"),
        (r"(?<=\d)\s?[-–—~～]\s?(?=\d)", "到"),
        (r"(?<!\d)2\s?点(?!\d)", "两点"),
        # money, shares
        (rf"¥\s?(?P<n>{_NUMBER})\s?(?P<unit>[万亿])?元?", _money),
        (rf"(?P<n>{_NUMBER})\s?(?P<unit>[万亿])?\s?元", _money),
        (rf"({_NUMBER})\s?%", lambda m: "百分之" + decimal(m[1])),
        (r"(\d+(?:\.\d+)?)\s?折", _discount),
        # units people write in letters
        (r"(?<=\d)\s?km/h", "公里每小时"),
        (r"(?<=\d)\s?(?:km|KM)(?![A-Za-z])", "公里"),
        (r"(?<=\d)\s?kWh(?![A-Za-z])", "度"),
        (r"(?<=\d)\s?℃", "摄氏度"),
        (r"(?<![A-Za-z\d.])(\d+(?:\.\d+)?)\s?L(?![A-Za-z])", r"\1升"),
        # keys of a telephone: a pause before the digit, without which it is swallowed
        (r"按\s?(\d)(?:\s?号?键)?", lambda m: "按，" + spell(m[1], telephone=False)),
        # the rest
        (r"第\s?(\d+)", lambda m: "第" + decimal(m[1])),
        (rf"(?<![\d.,])({_NUMBER})\s?(?=(?:{_MEASURES}))", lambda m: counted(m[1])),
        (r"(?<![\d.,])-(?=\d)", "负"),
        (r"(?<=[A-Za-z])\d+", lambda m: spell(m[0], telephone=False)),  # A6, X5: model names
        (r"\d{9,}", lambda m: spell(m[0])),
        (_NUMBER, lambda m: decimal(m[0])),
        (r"(?<![A-Za-z])([A-Z])(?![A-Za-z])", lambda m: spell(m[1])),
        (r"\s?&\s?", "和"),
        (r"\s?\+\s?", "加"),
        (r"[·•/\\|_~#*=<>{}\[\]\"“”‘’「」『』《》]", " "),
        (r"(?<=[^A-Za-z ]) +| +(?=[^A-Za-z ])", ""),
    )
)


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def _english_date(match: re.Match[str]) -> str:
    month = int(match["m"])
    return f"{_MONTHS[month - 1]} {int(match['d'])}, {match['y']}" if 1 <= month <= 12 else match[0]


_ENGLISH_DIGITS = dict(
    zip("0123456789", ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), strict=True)
)


def _english_spell(text: str) -> str:
    return " ".join(_ENGLISH_DIGITS.get(c, c) for c in text.upper() if c.isalnum())


def _english_telephone(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0].removeprefix("+86"))
    return ", ".join(_english_spell(group) for group in _groups(digits))


def _english_clock(match: re.Match[str]) -> str:
    hour, minute = int(match["h"]), int(match["m"])
    half = "a.m." if hour % 24 < 12 else "p.m."
    said = str((hour - 1) % 12 + 1) + (f" oh {minute}" if 0 < minute < 10 else f" {minute}" if minute else "")
    return f"{said} {half}"


_EN: tuple[Rule, ...] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (rf"\b({'|'.join(lexicon.ENGLISH)})\b", lambda m: lexicon.ENGLISH[m[1]]),
        (r"(?:\+86[ -]?)?(?<!\d)1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)", _english_telephone),
        (r"(?<!\d)[48]00[ -]?\d{3}[ -]?\d{4}(?!\d)", _english_telephone),
        (r"(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)", _english_telephone),
        (rf"([{PROVINCES}])([A-Z])[·\-\s]?([A-Z0-9]{{5,6}})(?![A-Za-z0-9])", lambda m: _english_spell(m[2] + m[3])),
        (r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)", _english_date),
        (r"(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?!\d)(?!\s?[ap]\.?m)", _english_clock),
        (rf"(?:¥|RMB|CNY)\s?({_NUMBER})", r"\1 yuan"),
        (r"(?<=\d)\s?km/h", " kilometers per hour"),
        (r"(?<=\d)\s?km\b", " kilometers"),
        (r"(?<=\d)\s?kWh\b", " kilowatt hours"),
        (r"(?<=\d)\s?%", " percent"),
        (r"(?<=\d),(?=\d{3})", ""),
        (r"\d{9,}", lambda m: _english_spell(m[0])),
        (r"\s?&\s?", " and "),
        (r"[·•\\|_~#*=<>{}\[\]\"“”]", " "),
        (r"\s+", " "),
    )
)


def language_of(language: str) -> str:
    """``zh`` or ``en`` for any tag such as ``zh-hans`` or ``en-GB``. Raises ValueError for any other language."""
    short = language.lower().replace("_", "-").split("-")[0]
    if short not in ("zh", "en"):
        raise ValueError(f"no voice speaks {language!r}; use zh or en")
    return short


def normalise(text: str, language: str) -> str:
    """The words to speak. Mandarin comes back without digits. Raises ValueError for an unknown language."""
    said = _clean(text)
    for pattern, replacement in _ZH if language_of(language) == "zh" else _EN:
        said = pattern.sub(replacement, said)
    return said.strip()


def sentences(text: str) -> list[str]:
    """Split where the voice breathes, so that one sentence is one inference and pauses are even."""
    parts = re.split(
        r"(?<=[。！？!?；;])|(?<=\.)(?<!\b[A-Z]\.)(?<!\.[am]\.)(?<!Mr\.)(?<!Ms\.)(?<!Mrs\.)(?<!Dr\.)\s(?=[A-Z])", text
    )
    return [part.strip() for part in parts if part and part.strip(" 。.")]
