"""Groups of customers by rule: what is refused and why, what a rule says in words, who fits."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.domain.segments import Field, RuleError, describe, dump, known_fields, matches, parse, register
from dealerline.domain.segments.rule import CONDITIONS_AT_MOST, DEEPEST, HOWS, NO_VALUE, RELATIVE

TODAY = date(2026, 3, 1)


def c(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def g(how: str, *of: Any) -> dict[str, Any]:
    return {"how": how, "of": list(of)}


def fits(rule: Any, **customer: Any) -> bool:
    return matches(parse(rule), {key.replace("__", "."): value for key, value in customer.items()}, TODAY)


def car(**values: Any) -> dict[str, Any]:
    return {f"car.{key}": value for key, value in values.items()}


@pytest.mark.parametrize(
    ("rule", "path", "says"),
    [
        (None, "", "condition or a group"),
        (g("all"), "", "empty"),
        (g("both", c("name", "filled")), "", "joined"),
        (g("all", c("nonsense", "filled")), "of.0", "Choose a field"),
        (g("all", c("level", "contains", "x")), "of.0", "Choose how to compare"),
        (g("all", c("level", "one_of", ["emperor"])), "of.0", "no such value"),
        (g("all", c("store", "one_of", ["1"])), "of.0", "no such value"),
        (g("all", c("name", "filled"), c("spent", "at_least", "much")), "of.1", "Enter a number"),
        (g("all", c("spent", "between", [9, 3])), "of.0", "after the second"),
        (g("all", c("spent", "at_least", float("nan"))), "of.0", "Enter a number"),
        (g("all", c("car.insurance_until", "within_next", -1)), "of.0", "number of days"),
        (g("all", c("car.insurance_until", "before", "31.12.2026")), "of.0", "as 2026-03-01"),
        (g("all", c("labels", "has_any", [])), "of.0", "at least one"),
        (g("all", c("name", "contains", "  ")), "of.0", "Enter a text"),
        (g("one_car", c("level", "one_of", ["vip"])), "of.0", "fields of the car only"),
        (g("one_car", g("one_call", c("call.rating", "filled"))), "of.0", "cannot hold another"),
        (g("all", *[c("name", "filled")] * (CONDITIONS_AT_MOST + 1)), "", "Too many"),
        (c("level", "one_of", ["vip"] * 2000), "", "50 values at most"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_where_it_is(rule: Any, path: str, says: str) -> None:
    with pytest.raises(RuleError, match=says) as error:
        parse(rule)
    assert error.value.path == path
    assert error.value.text["zh"]


def test_groups_too_deep_are_refused() -> None:
    rule = g("all", c("name", "filled"))
    for _ in range(DEEPEST):
        rule = g("any", rule)
    with pytest.raises(RuleError, match="deep"):
        parse(rule)


def test_a_car_condition_is_met_by_any_car_and_one_car_means_the_same_car() -> None:
    cars = [car(model="X5", mileage=10), car(model="Polo", mileage=90_000)]
    both = [c("car.model", "equals", "x5"), c("car.mileage", "at_least", 50_000)]
    assert fits(g("all", *both), car=cars)
    assert not fits(g("one_car", *both), car=cars)
    assert fits(g("one_car", c("car.model", "contains", "pol"), both[1]), car=cars)
    assert not fits(g("one_car", both[0]), car=[])


@pytest.mark.parametrize(
    ("op", "value", "day", "expected"),
    [
        ("within_next", 30, TODAY, True),
        ("within_next", 30, TODAY + timedelta(days=30), True),
        ("within_next", 30, TODAY + timedelta(days=31), False),
        ("within_next", 30, TODAY - timedelta(days=1), False),
        ("within_last", 0, TODAY, True),
        ("not_within_last", 180, None, True),
        ("not_within_last", 180, TODAY - timedelta(days=181), True),
        ("not_within_last", 180, TODAY - timedelta(days=180), False),
        ("before", "2026-03-01", TODAY, False),
        ("after", "2026-02-28", TODAY, True),
        ("between", ["2026-03-01", "2026-03-01"], TODAY, True),
        ("empty", None, None, True),
        ("filled", None, None, False),
    ],
)
def test_dates_count_whole_days_with_both_ends(op: str, value: Any, day: date | None, expected: bool) -> None:
    assert fits(g("all", c("last_seen", op, value)), last_seen=day) is expected


def test_what_is_not_known_meets_nothing_but_that_it_is_not_known() -> None:
    assert not fits(g("all", c("rating", "at_most", 3)))
    assert fits(g("none", c("rating", "at_most", 3)))
    assert fits(g("all", c("rating", "empty")))
    assert fits(g("all", c("labels", "has_none", ["x"])))
    assert fits(g("all", c("open_order", "no")))


def test_a_rule_in_plain_words() -> None:
    rule = parse(g(
        "all", c("level", "one_of", ["vip", "gold"]), g("any", c("last_contact", "not_within_last", 90),
                                                      c("spent", "at_least", 10000)),
        g("one_car", c("car.brand", "one_of", [7]), c("car.insurance_until", "within_next", 30)),
        g("none", c("labels", "has_any", ["员工"]))))  # fmt: skip
    said = describe(rule, lambda lookup, key: {"zh": "宝马", "en": "BMW"})
    assert said["en"] == (
        "Customers: level is one of VIP, Gold and (last contact (a call that was answered) is not within the last 90 "
        "days, or never or spent in all is at least 10,000 CNY) and one car of his for which (car brand is one of BMW "
        "and car insured until is within the next 30 days) and not (labels has any of “员工”)."
    )
    assert said["zh"] == (
        "客户：级别是 VIP、金卡，并且（最近联系不在最近90天内（或从未），或者累计消费不少于 10,000 元），并且"
        "有同一车辆满足（车辆品牌是 宝马，并且车辆保险到期在今后30天内），并且不满足（标签有任一 “员工”）。"
    )


def test_another_area_adds_a_field_once() -> None:
    register(Field("level", "choice", "级别", "level", choices=known_fields()[4].choices))
    with pytest.raises(ValueError, match="level"):
        register(Field("level", "text", "级别", "level"))


def _value(field: Field, op: str, draw: Any) -> Any:
    if op in NO_VALUE:
        return None
    if field.kind == "text":
        return draw(st.text("aB国1%_\\", min_size=1, max_size=3))
    if field.kind == "labels":
        return draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=2))
    if field.kind == "choice":
        values = sorted(field.choices) if field.choices else [1, 2]
        return draw(st.lists(st.sampled_from(values), min_size=1, max_size=2))
    if op in RELATIVE:
        return draw(st.integers(0, 36_500))
    if field.kind in ("date", "time"):
        one = st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(str)
    else:
        one = st.integers(-5, 100_000)
    return sorted([draw(one), draw(one)]) if op == "between" else draw(one)


@st.composite
def rules(draw: Any, inside: str = "customer", depth: int = 3) -> Any:
    """Any rule there can be."""
    if depth and draw(st.booleans()):
        how = draw(st.sampled_from(HOWS if inside == "customer" else HOWS[:3]))
        within = how.removeprefix("one_") if how.startswith("one_") else inside
        return g(how, *draw(st.lists(rules(within, depth - 1), min_size=1, max_size=3)))
    field = draw(st.sampled_from([field for field in known_fields() if inside in ("customer", field.of)]))
    op = draw(st.sampled_from(sorted(field.operators)))
    return c(field.code, op, _value(field, op, draw))


@given(rules())
def test_every_rule_has_words_in_both_languages_and_a_verdict(data: Any) -> None:
    rule = parse(data)
    said = describe(rule)
    assert said["zh"].startswith("客户：") and said["en"].startswith("Customers: ")
    assert "…" not in said["zh"] + said["en"]
    assert matches(rule, {}, TODAY) in (True, False)
    assert matches(parse(g("none", data)), {}, TODAY) is not matches(rule, {}, TODAY)
    assert parse(json.loads(json.dumps(dump(rule)))) == rule
