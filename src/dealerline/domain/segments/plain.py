"""Whether one customer fits a rule, worked out in plain steps: the meaning that the database's statement must have.

A customer is a mapping: codes of his own fields -> values, and "car", "call", "order", "repair" -> lists of mappings by
those fields' codes. A time is given as the day it lies on in the installation's zone. What is missing is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from dealerline.domain.segments.days import span
from dealerline.domain.segments.rule import Condition, Group, Rule

Values = Mapping[str, Any]


def matches(rule: Rule, customer: Values, today: date) -> bool:
    """Whether he fits."""
    return _matches(rule, customer, customer, "customer", today)


def _matches(rule: Rule, customer: Values, row: Values, inside: str, today: date) -> bool:
    if isinstance(rule, Group):
        if rule.entity:
            return any(all(_matches(part, customer, one, rule.entity, today) for part in rule.of)
                       for one in customer.get(rule.entity, ()))
        parts = (_matches(part, customer, row, inside, today) for part in rule.of)
        return all(parts) if rule.how == "all" else any(parts) if rule.how == "any" else not any(parts)
    if rule.field.of != inside:
        return any(_holds(rule, one, today) for one in customer.get(rule.field.of, ()))
    return _holds(rule, row, today)


def _holds(rule: Condition, row: Values, today: date) -> bool:
    value, kind = row.get(rule.field.code), rule.field.kind
    if kind == "yesno":
        return bool(value) == (rule.op == "yes")
    if kind == "labels":
        have, want = set(value or ()), set(rule.value)
        return {"has_any": bool(have & want), "has_all": want <= have, "has_none": not have & want}[rule.op]
    if kind == "choice":
        return (value in rule.value) == (rule.op == "one_of")
    if rule.op in ("empty", "filled"):
        return (value is None or value == "") == (rule.op == "empty")
    if kind == "text":
        return _text(rule, str(value or "").lower())
    if kind in ("number", "money"):
        return value is not None and _number(rule, float(value))
    return _day(rule, value, today)


def _text(rule: Condition, value: str) -> bool:
    wanted = rule.value.lower()
    return bool({"contains": wanted in value, "starts": value.startswith(wanted), "equals": value == wanted}[rule.op])


def _number(rule: Condition, value: float) -> bool:
    if rule.op == "between":
        return bool(rule.value[0] <= value <= rule.value[1])
    return bool(value >= rule.value if rule.op == "at_least" else value <= rule.value)


def _day(rule: Condition, value: date | None, today: date) -> bool:
    first, end = span(rule.op, rule.value, today)
    within = value is not None and (first is None or value >= first) and (end is None or value < end)
    return not within if rule.op == "not_within_last" else within
