"""A rule read from data, checked, with errors that say what to change and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dealerline.domain.segments.choices import OF
from dealerline.domain.segments.fields import Field, field_of

HOWS = ("all", "any", "none", "one_car", "one_call", "one_order", "one_repair")
DEEPEST = 5
CONDITIONS_AT_MOST = 50
DAYS_AT_MOST = 36_500
TEXT_AT_MOST = 120
CHOICES_AT_MOST = 50
NUMBER_AT_MOST = 10**12
NO_VALUE = frozenset({"empty", "filled", "yes", "no"})
RELATIVE = frozenset({"within_next", "within_last", "not_within_last"})


class RuleError(ValueError):
    """What is wrong with a rule. ``path``: where, as "of.0.of.2"; "" is the whole rule."""

    def __init__(self, path: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.path, self.text = path, {"zh": zh, "en": en}


@dataclass(frozen=True, slots=True)
class Condition:
    """``value``: days (int), a number, a text, a date, a tuple of codes or ids, a pair, or None."""

    field: Field
    op: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Group:
    """``how``: one of ``HOWS``."""

    how: str
    of: tuple[Rule, ...]

    @property
    def entity(self) -> str:
        """Whose group it is when it is about one and the same; "" otherwise."""
        return self.how.removeprefix("one_") if self.how.startswith("one_") else ""


Rule = Condition | Group


def parse(data: Any) -> Group:
    """The rule in ``data`` (as JSON gives it). Raises RuleError."""
    rule = _rule(data, "", "customer", 1)
    if not isinstance(rule, Group):
        rule = Group("all", (rule,))
    count = sum(1 for _ in conditions(rule))
    if count > CONDITIONS_AT_MOST:
        raise RuleError("", f"条件太多：最多 {CONDITIONS_AT_MOST} 条，现在 {count} 条。",
                        f"Too many conditions: {CONDITIONS_AT_MOST} at most, there are {count}.")
    return rule


def dump(rule: Rule) -> dict[str, Any]:
    """The rule as data, and nothing else: what ``parse`` did not ask for is not kept."""
    if isinstance(rule, Group):
        return {"how": rule.how, "of": [dump(part) for part in rule.of]}
    value = [_plain(one) for one in rule.value] if isinstance(rule.value, tuple) else _plain(rule.value)
    return {"field": rule.field.code, "op": rule.op} | ({} if value is None else {"value": value})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def conditions(rule: Rule) -> Iterator[Condition]:
    """Every condition of a rule."""
    if isinstance(rule, Condition):
        yield rule
    else:
        for part in rule.of:
            yield from conditions(part)


def _rule(data: Any, path: str, inside: str, depth: int) -> Rule:
    if not isinstance(data, Mapping):
        raise RuleError(path, "这里应为一条条件或一个条件组。", "Here has to be a condition or a group of conditions.")
    return _group(data, path, inside, depth) if "how" in data else _condition(data, path, inside)


def _group(data: Mapping[str, Any], path: str, inside: str, depth: int) -> Group:
    how, parts = data["how"], data.get("of")
    if how not in HOWS:
        raise RuleError(path, "请选择条件组的连接方式。", "Choose how the conditions of this group are joined.")
    if depth > DEEPEST:
        raise RuleError(path, f"条件组最多嵌套 {DEEPEST} 层。", f"Groups can be {DEEPEST} deep at most.")
    if how.startswith("one_"):
        if inside != "customer":
            raise RuleError(path, "“同一”条件组里不能再放“同一”条件组。",
                            "A group about one and the same cannot hold another such group.")
        inside = how.removeprefix("one_")
    if not isinstance(parts, list) or not parts:
        raise RuleError(path, "这个条件组还是空的：请添加条件，或删除该组。",
                        "This group is empty: add a condition, or remove the group.")
    if len(parts) > CONDITIONS_AT_MOST:
        raise RuleError(path, f"条件太多：最多 {CONDITIONS_AT_MOST} 条。",
                        f"Too many conditions: {CONDITIONS_AT_MOST} at most.")
    before = f"{path}." if path else ""
    return Group(how, tuple(_rule(part, f"{before}of.{at}", inside, depth + 1) for at, part in enumerate(parts)))


def _condition(data: Mapping[str, Any], path: str, inside: str) -> Condition:
    code = data.get("field")
    field = field_of(code) if isinstance(code, str) else None
    if field is None:
        raise RuleError(path, "请选择字段。", "Choose a field.")
    if inside not in ("customer", field.of):
        raise RuleError(path, f"“同一{OF[inside]['zh']}”条件组里只能用{OF[inside]['zh']}的字段。",
                        f"A group about one {OF[inside]['en']} takes fields of the {OF[inside]['en']} only.")
    op = data.get("op")
    if not isinstance(op, str) or op not in field.operators:
        raise RuleError(path, f"请为“{field.zh}”选择比较方式。", f"Choose how to compare “{field.en}”.")
    return Condition(field, op, None if op in NO_VALUE else _value(field, op, data.get("value"), path))


def _value(field: Field, op: str, value: Any, path: str) -> Any:
    if field.kind == "text":
        return _text(field, value, path)
    if field.kind in ("choice", "labels"):
        return _several(field, value, path)
    read = _number if field.kind in ("number", "money") else _day
    if op in RELATIVE:
        return _days(field, value, path)
    if op != "between":
        return read(field, value, path)
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise RuleError(path, f"请为“{field.zh}”填写起止两个值。", f"Enter both ends for “{field.en}”.")
    ends: list[Any] = [read(field, end, path) for end in value]
    low, high = ends
    if low > high:
        raise RuleError(path, f"“{field.zh}”：起始值大于结束值。",
                        f"“{field.en}”: the first value is after the second.")
    return low, high


def _text(field: Field, value: Any, path: str) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > TEXT_AT_MOST or "\x00" in text:
        raise RuleError(path, f"请为“{field.zh}”填写文字（最多 {TEXT_AT_MOST} 字）。",
                        f"Enter a text for “{field.en}” ({TEXT_AT_MOST} characters at most).")
    return text


def _several(field: Field, value: Any, path: str) -> tuple[Any, ...]:
    values = value if isinstance(value, (list, tuple)) else [value]
    if len(values) > CHOICES_AT_MOST:
        raise RuleError(path, f"“{field.zh}”最多选择 {CHOICES_AT_MOST} 项，现在有 {len(values)} 项。",
                        f"Choose {CHOICES_AT_MOST} values at most for “{field.en}”, there are {len(values)}.")
    if not values:
        raise RuleError(path, f"请为“{field.zh}”选择至少一项。", f"Choose at least one value for “{field.en}”.")
    if field.lookup:
        good = all(isinstance(one, int) and not isinstance(one, bool) and 0 < one < 2**63 for one in values)
    elif field.kind == "labels":
        return tuple(_text(field, one, path) for one in values)
    else:
        good = all(isinstance(one, str) and one in (field.choices or {}) for one in values)
    if not good:
        raise RuleError(path, f"“{field.zh}”没有这个选项。", f"“{field.en}” has no such value.")
    return tuple(values)


def _days(field: Field, value: Any, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= DAYS_AT_MOST:
        raise RuleError(path, f"请为“{field.zh}”填写天数（0 到 {DAYS_AT_MOST} 的整数）。",
                        f"Enter a number of days for “{field.en}” (a whole number from 0 to {DAYS_AT_MOST}).")
    return value


def _number(field: Field, value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= NUMBER_AT_MOST:
        raise RuleError(path, f"请为“{field.zh}”填写数字。", f"Enter a number for “{field.en}”.")
    return value


def _day(field: Field, value: Any, path: str) -> date:
    try:
        found = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, date) or not 1900 <= found.year <= 2200:
        raise RuleError(path, f"请为“{field.zh}”填写日期，例如 2026-03-01。",
                        f"Enter a date for “{field.en}”, as 2026-03-01.")
    return found
