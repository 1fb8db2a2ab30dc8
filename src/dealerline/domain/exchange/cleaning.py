"""How a cell becomes a value: entry rules that keep data uniform, and what is wrong with a cell in both languages.

The rule of the file: nothing is guessed that could be wrong. A date of which day and month cannot be told apart, a
number that a spreadsheet has rounded, a word that is no stage: the row is refused, with the reason and what to do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dealerline.domain import numbers, plates, vins
from dealerline.domain.exchange.kinds import Column, Kind
from dealerline.domain.exchange.mapping import plain

Words = tuple[str, str]
_SEEN = frozenset("\n\t\u200c\u200d") | {chr(code) for code in range(0xE0020, 0xE0080)}  # joiners, and flags' letters
_CONSTANT = re.compile(r"=\"([^\"]*)\"|'(?=[\d+=@＝＋－＠-])(.*)", re.DOTALL)
_LOCAL = re.compile(r"(?!400|800)[2-8]\d{6,7}")
MOST_LABELS = 20
FIRST_YEAR, LAST_YEAR, FIRST_BIRTH = 1950, 2100, 1901  # 1900 is what spreadsheets make of an empty cell
_SERIAL_START = date(1899, 12, 30)  # day 0 of a spreadsheet's dates
_SERIALS = range(18_000, 75_000)  # 1949 to 2105, as days of a spreadsheet
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_WHOLE_DATE = re.compile(r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})\s?日?")
_WEEKDAY = re.compile(r"[(\s]*(?:星期|周)[一二三四五六日天][)\s]*")
_CLOCK = re.compile(r"(上午|下午|晚上|am|pm)?\s?(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2}))?(?:\.\d+)?[分秒]?"
                    r"\s?(am|pm)?", re.IGNORECASE)
_AFTERNOON = ("下午", "晚上", "pm")
_ZONE = re.compile(r"(?<=\d)\s?(?:Z|[+-]\d{2}:?\d{2})$", re.IGNORECASE)  # behind a time of another system
_MONEY_MARKS = re.compile(r"[¥￥\s]|cny|rmb|元|人民币", re.IGNORECASE)
_AMOUNT = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,4}(?:,\d{4})+|\d+)(\.\d+)?(?:e\+?\d{1,2})?", re.IGNORECASE)
_ROUNDED = re.compile(r"\d(?:\.\d+)?e\+?\d+", re.IGNORECASE)
_HAN_GAP = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")  # names of two characters are often spread out
_UNITS = re.compile(r"[,，\s]|公里|千米|km|分|点", re.IGNORECASE)
ONE_IN_THE_GROUP = ("customers", "cards")
EMPTY = frozenset({"", "-", "--", "—", "/", "无", "暂无", "没有", "空", "待补", "未填", "未填写", "不详", "n/a", "null",
                   "none", "nil"})
NO_PLATE = frozenset({"无牌", "无车牌", "未上牌", "待上牌", "未挂牌", "新车", "新车未上牌"})
LONGEST_AMOUNT = Decimal("99999999.99")  # as the tables hold it


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell. ``column``: ours, or "" for the row."""

    column: str
    code: str
    zh: str
    en: str

    def as_json(self) -> dict[str, str]:
        """For the list of faults."""
        return {"column": self.column, "code": self.code, "zh": self.zh, "en": self.en}


@dataclass(slots=True)
class Cleaned:
    """A row as values JSON can hold: of filled columns only. ``faults``: the row is refused when there are any."""

    values: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


class _Refused(Exception):
    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.code, self.zh, self.en = code, zh, en


def tidy(text: str) -> str:
    """Without signs that nobody sees and outer blanks; inner ones single, except line breaks.

    What spreadsheets and our exports put before a text so that it stays one (``'138``, ``="138"``, ``'=x``) goes; what
    joins emoji stays.
    """
    kept = "".join(c for c in text if c in _SEEN or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    bare = re.sub(r"[ \t\u00a0\u3000]+", " ", kept).strip()
    constant = _CONSTANT.fullmatch(bare)
    return (constant[1] or constant[2] or "").strip() if constant else bare


def clean(kind: Kind, cells: Mapping[str, str]) -> Cleaned:
    """A row. ``cells``: column of ours -> the text that stood there."""
    result = Cleaned()
    for column in kind.columns:
        text = tidy(cells.get(column.name, ""))
        if text.casefold() in EMPTY or (column.sort == "plate" and text in NO_PLATE):
            continue
        try:
            if text.startswith(("=", "＝")) and not cells[column.name].lstrip().startswith("'"):
                raise _Refused("formula", "单元格是公式，请改为数值后再导入。",
                               "The cell is a formula: replace it by its value (copy, then paste as values).")
            if text.startswith("#") and text.rstrip("!?").upper() in _ERRORS:
                raise _Refused("error_value", f"单元格是错误值 {text}。", f"The cell holds an error, {text}.")
            if "\ufffd" in text or not text.strip("?？"):
                raise _Refused("lost", "文字在导出时已丢失（变成了问号）：请从原系统重新导出为 UTF-8 或 .xlsx。",
                               "The characters were lost when the list was exported (there are question marks in their "
                               "place): export it again as UTF-8 or .xlsx.")
            value = _SORTS[column.sort](text, column)
            if value != []:
                result.values[column.name] = value
        except _Refused as refused:
            result.faults.append(Fault(column.name, refused.code, refused.zh, refused.en))
    faulty = {fault.column for fault in result.faults}
    for group in kind.needs:
        if not any(name in result.values or name in faulty for name in group):
            named = [found for name in group if (found := kind.column(name))]
            result.faults.append(Fault(group[0], "missing", "缺少" + "或".join(column.zh for column in named) + "。",
                                       " or ".join(column.en for column in named) + " is missing."))
    if not result.faults:
        _derive(kind, result)
    return result


_ERRORS = ("#N/A", "#REF", "#VALUE", "#NAME", "#DIV/0", "#NULL", "#NUM", "#SPILL")


# cells --------------------------------------------------------------------------------------------------------------
def _text(text: str, column: Column) -> str:
    if len(text) > column.longest:
        raise _Refused("long", f"内容超过 {column.longest} 个字。", f"Longer than {column.longest} characters.")
    if column.name in ("number", "owner_number", "key") and _ROUNDED.fullmatch(text):
        raise _rounded()
    return text if column.name == "notes" else re.sub(r"\s*\n\s*", " ", text)


def _phones(text: str, column: Column) -> list[str]:
    found: list[str] = []
    for part in re.split(r"[;；,，、/|\n]| {2,}", text):
        if not part.strip() or numbers.is_anonymous(part):
            continue
        number = phone(part)
        if number not in found:
            found.append(number)
    if len(found) > 5:
        raise _Refused("phones", "一个单元格里的号码超过五个。", "More than five numbers in one cell.")
    return found


def phone(text: str) -> str:
    """A number as E.164. Raises what is wrong with it."""
    text = unicodedata.normalize("NFKC", text).strip()
    if _ROUNDED.fullmatch(text):
        raise _rounded()
    text = re.sub(r"\.0$", "", text)
    bare = re.sub(r"[\s\-]", "", text)
    mobile = _MOBILE.fullmatch(bare)
    if mobile:
        return "+86" + mobile.group(1)  # the usual case, a hundred times faster than asking the numbering plans
    why = numbers.why_not(text)
    if why is not None:
        raise _Refused("phone", why["zh"], why["en"])
    dialled = re.sub(r"(?:转|ext\.?|x|#)\s*\d+$", "", text, flags=re.IGNORECASE).strip()
    found = numbers.e164(dialled) if numbers.is_plausible(dialled) else ""
    if not found.startswith("+") or len(set(bare.removeprefix("+"))) == 1:
        raise _Refused("phone", "不是有效的电话号码。", "Not a telephone number.")
    if _LOCAL.fullmatch(bare) and not numbers.in_plan(found):
        raise _Refused("area_code", "固定电话缺少区号，例如 023-68881234。",
                       "A landline without its area code: write 023-68881234.")
    return found


def _rounded() -> _Refused:
    return _Refused("rounded", "号码已被表格软件改成科学计数，末几位已丢失，请把该列设为文本后重新导出。",
                    "The spreadsheet has turned the number into scientific notation and lost its last digits: "
                    "export it again with the column as text.")


def _plate(text: str, column: Column) -> str:
    plate = plates.read(text)
    if not plate.plausible and plate.reason is not None:
        raise _Refused("plate", plate.reason["zh"], plate.reason["en"])
    return plate.text


def _vin(text: str, column: Column) -> str:
    verdict = vins.check(text)
    if verdict.impossible and verdict.reason is not None:
        raise _Refused("vin", verdict.reason["zh"], verdict.reason["en"])
    if len(set(vins.normalised(text))) == 1:  # all the cars that have it would be one
        raise _Refused("vin", "VIN 是占位的重复字符，请留空或填写真实 VIN。",
                       "One sign repeated is no VIN: leave it empty, or write the real one.")
    return vins.normalised(text)  # a wrong check digit is a warning on the car's page: some imported cars have none


def _whole(text: str, column: Column) -> int:
    bare = _UNITS.sub("", unicodedata.normalize("NFKC", text))
    if re.fullmatch(r"\d{1,5}(?:\.\d{1,4})?万", bare):  # to whole units: 1.2万 is 12000
        bare = str(int(Decimal(bare[:-1]) * 10_000))
    digits = re.sub(r"\.0+$", "", bare)
    if not re.fullmatch(r"\d{1,9}", digits):
        raise _Refused("whole", "应为整数，例如 12000。", "A whole number is wanted, as 12000.")
    return int(digits)


def _year(text: str, column: Column) -> int:
    found = re.fullmatch(r"(\d{4})(?:\.0)?(?:款|年|年款)?", text)
    if not found or not FIRST_YEAR <= int(found.group(1)) <= LAST_YEAR:
        raise _Refused("year", "应为四位年份，例如 2024。", "A year of four digits is wanted, as 2024.")
    return int(found.group(1))


def _money(text: str, column: Column) -> str:
    bare = _MONEY_MARKS.sub("", unicodedata.normalize("NFKC", text))
    factor = Decimal(10_000) if bare.endswith("万") else Decimal(1)
    bare = bare.removesuffix("万")
    if not _AMOUNT.fullmatch(bare):  # a comma that parts no thousands may be a decimal one
        raise _Refused("money", "应为金额，例如 123456.00。", "An amount is wanted, as 123456.00.")
    amount = (Decimal(bare.replace(",", "")) * factor).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if amount > LONGEST_AMOUNT:
        raise _Refused("money", f"金额不能超过 {LONGEST_AMOUNT}。", f"An amount is {LONGEST_AMOUNT} at most.")
    return str(amount)


def _choice(text: str, column: Column) -> str:
    wanted = plain(text)
    for value, words in column.choices.items():
        if wanted == plain(value) or wanted in {plain(word) for word in words}:
            return value
    zh, en = ("、".join(words[0] for words in column.choices.values()), ", ".join(column.choices))
    raise _Refused("choice", f"只能是：{zh}。", f"One of these is wanted: {en}.")


def _labels(text: str, column: Column) -> list[str]:
    found = list(dict.fromkeys(part.strip() for part in re.split(r"[;；,，、|/\n]", text) if part.strip()))
    if len(found) > MOST_LABELS or any(len(label) > 20 for label in found):
        raise _Refused("labels", f"最多 {MOST_LABELS} 个标签，每个不超过 20 个字。",
                       f"At most {MOST_LABELS} labels of 20 characters each.")
    return found


def _day(text: str, first_year: int = FIRST_YEAR) -> date:
    text = unicodedata.normalize("NFKC", text).strip()
    found = _WHOLE_DATE.fullmatch(text) or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    if found:
        try:
            day = date(*(int(part) for part in found.groups()))
        except ValueError:
            raise _Refused("date", "没有这一天。", "There is no such day.") from None
    elif re.fullmatch(r"\d{5}(?:\.\d+)?", text) and int(float(text)) in _SERIALS:
        day = _SERIAL_START + timedelta(days=int(float(text)))
    elif re.fullmatch(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}", text):
        raise _Refused("date_order", "看不出月和日的先后，请写成 2024-01-31。",
                       "Day and month cannot be told apart: write 2024-01-31.")
    else:
        raise _Refused("date", "应为日期，例如 2024-01-31。", "A date is wanted, as 2024-01-31.")
    if not first_year <= day.year <= LAST_YEAR:
        raise _Refused("date_far", f"年份应在 {first_year} 到 {LAST_YEAR} 之间。",
                       f"The year must lie between {first_year} and {LAST_YEAR}.")
    return day


def _date(text: str, column: Column) -> str:
    """Exports often have a weekday or a time behind the day, which say nothing."""
    day, _clock = _parted(_ZONE.sub("", text) if ":" in text else text)
    return _day(day, FIRST_BIRTH if column.name == "birthday" else FIRST_YEAR).isoformat()


def _parted(text: str) -> tuple[str, re.Match[str] | None]:
    """A day as it is written, and the clock behind it."""
    text = _WEEKDAY.sub(" ", unicodedata.normalize("NFKC", text)).strip()
    found = re.fullmatch(rf"(.*?\d日?)(?:[ T]\s*|(?<=日))({_CLOCK.pattern})", text, re.IGNORECASE)
    return (found[1], _CLOCK.fullmatch(found[2])) if found else (text, None)


def _time(text: str, column: Column) -> str:
    """Of the store's wall clock, without a zone (who writes it to a table knows the zone), or with the one it names."""
    text = unicodedata.normalize("NFKC", text).strip()
    serial = re.fullmatch(r"(\d{5})(\.\d+)", text)
    if serial:  # of a day, to the minute
        minutes = round(float(serial[2]) * 1440)
        return (datetime.combine(_day(serial[1]), datetime.min.time()) + timedelta(minutes=minutes)).isoformat()
    zone = _ZONE.search(text) if ":" in text else None
    day, clock = _parted(text[:zone.start()] if zone else text)
    if clock is None and (zone or " " in day) and not _WHOLE_DATE.fullmatch(day):
        raise _no_time()
    hour, minute, second = (int(clock[part] or 0) for part in (2, 3, 4)) if clock else (0, 0, 0)
    half = (clock[1] or clock[5] or "").lower() if clock else ""
    if half and hour <= 12:
        hour = hour % 12 + 12 * (half in _AFTERNOON)
    if hour > 23 or minute > 59 or second > 59:
        raise _no_time()
    moment = datetime.combine(_day(day), time(hour, minute, second))
    if zone is None:
        return moment.isoformat()
    try:
        return datetime.fromisoformat(moment.isoformat() + zone[0].strip().upper()).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise _no_time() from None


def _no_time() -> _Refused:
    return _Refused("time", "应为时间，例如 2024-01-31 14:30。", "A time is wanted, as 2024-01-31 14:30.")


_SORTS: Mapping[str, Callable[[str, Column], Any]] = {
    "text": _text, "phone": _phones, "plate": _plate, "vin": _vin, "date": _date, "time": _time, "whole": _whole,
    "year": _year, "money": _money, "choice": _choice, "labels": _labels}


# rows ---------------------------------------------------------------------------------------------------------------
def _derive(kind: Kind, row: Cleaned) -> None:
    """What follows from the values: whether an order is open, and the keys by which the same thing is known again."""
    values = row.values
    if kind.name == "customers":
        values["name"] = _HAN_GAP.sub("", values["name"])
        phones = [*values.pop("phone", []), *values.pop("phone2", [])]
        if phones:
            values["phones"] = list(dict.fromkeys(phones))
        row.keys = [f"phone {number} {values['name']}" for number in values.get("phones", [])]
    for name in ("number", "owner_number"):
        if name in values:
            values[name] = unicodedata.normalize("NFKC", str(values[name])).upper().replace(" ", "")
    if "number" in values:
        row.keys.append(f"number {values['number']}")
    if kind.name == "cars":
        row.keys = [f"{name} {values[name]}" for name in ("vin", "plate") if name in values][:1]
    if kind.name == "orders" and "status" in values:
        values["open"] = values["status"] not in ("delivered", "cancelled")
    if kind.name == "repairs" and "stage" in values:
        values["open"] = values["stage"] != "closed"
    store = values.get("store", "")
    whole = kind.name in ONE_IN_THE_GROUP  # their numbers are one in the whole group, the others' in their store
    row.keys = [f"{'' if whole and key.startswith('number ') else store}|{key}" for key in row.keys]
    if "key" in values:
        row.keys.append(f"|key {values['key']}")
