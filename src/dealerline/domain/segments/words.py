"""A rule in plain words, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dealerline.domain.segments.choices import OF, UNITS
from dealerline.domain.segments.fields import Field
from dealerline.domain.segments.rule import Condition, Group, Rule

Names = Callable[[str, Any], dict[str, str]]
"""(lookup, id) -> both names, of what the records know."""


def _unnamed(lookup: str, key: Any) -> dict[str, str]:
    return {"zh": f"#{key}", "en": f"#{key}"}


def describe(rule: Rule, names: Names = _unnamed) -> dict[str, str]:
    """One sentence a language."""
    return {"zh": "客户：" + _zh(rule, names, True) + "。", "en": "Customers: " + _en(rule, names, True) + "."}


_ZH = {"all": "，并且", "any": "，或者", "none": "，也不满足"}
_EN = {"all": " and ", "any": " or ", "none": " or "}


def _join(rule: Group, language: str, names: Names) -> str:
    """The parts joined; a group inside a group stands in brackets."""
    say = _zh if language == "zh" else _en
    parts = [say(part, names, False) for part in rule.of]
    if rule.entity:
        return ("，并且" if language == "zh" else " and ").join(parts)
    return (_ZH if language == "zh" else _EN)[rule.how].join(parts)


def _zh(rule: Rule, names: Names, top: bool) -> str:
    if isinstance(rule, Condition):
        return _condition(rule, "zh", names)
    text = _join(rule, "zh", names)
    if rule.entity:
        return f"有同一{OF[rule.entity]['zh']}满足（{text}）"
    if rule.how == "none":
        return f"不满足（{text}）"
    return text if top or len(rule.of) == 1 else f"（{text}）"


def _en(rule: Rule, names: Names, top: bool) -> str:
    if isinstance(rule, Condition):
        return _condition(rule, "en", names)
    text = _join(rule, "en", names)
    if rule.entity:
        return f"one {OF[rule.entity]['en']} of his for which ({text})"
    if rule.how == "none":
        return f"not ({text})"
    return text if top or len(rule.of) == 1 else f"({text})"


def _condition(rule: Condition, language: str, names: Names) -> str:
    field, zh = rule.field, language == "zh"
    name = field.words[language]
    if field.of != "customer":
        name = f"{OF[field.of]['zh']}{name}" if zh else f"{OF[field.of]['en']} {name}"
    if field.kind == "yesno":
        right = rule.op == "yes"
        return (name if right else f"不是“{name}”") if zh else (name if right else f"not: {name}")
    operator = field.operators[rule.op][language]
    if rule.value is None:
        return f"{name}{operator}" if zh else f"{name} {operator}"
    value = _value(field, rule, language, names)
    if "…" in operator:
        return name + operator.replace("…", value) if zh else f"{name} {operator.replace('…', value)}"
    return f"{name}{operator} {value}" if zh else f"{name} {operator} {value}"


def _value(field: Field, rule: Condition, language: str, names: Names) -> str:
    zh, value = language == "zh", rule.value
    unit = UNITS[field.unit][language]
    if field.kind in ("choice", "labels"):
        words = [_choice(field, one, language, names) for one in value]
        return ("、" if zh else ", ").join(words)
    if field.kind == "text":
        return f"“{value}”"
    if rule.op == "between":
        low, high = (_plain(one) for one in value)
        text = f"{low} 至 {high}" if zh else f"{low} and {high}"
    else:
        text = _plain(value)
    return f"{text} {unit}" if unit else text


def _plain(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)


def _choice(field: Field, value: Any, language: str, names: Names) -> str:
    if field.lookup:
        return names(field.lookup, value)[language]
    if field.choices is not None:
        return field.choices[value][language]
    return f"“{value}”"
