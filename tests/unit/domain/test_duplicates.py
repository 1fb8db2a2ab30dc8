"""Who is one customer in two files, and what their one file says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealerline.domain.duplicates import (
    RULES,
    SURE_ENOUGH,
    Choice,
    Facts,
    Given,
    Number,
    Side,
    choose,
    folded_key,
    likeness,
    survivor,
    value_of,
    verdict,
)
from dealerline.domain.duplicates.states import TABLE, after

MOBILE = "+8613800138000"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def zhang(**values: object) -> Facts:
    return replace(Facts(1, 1, "张三", pinyin="zhangsan zs", phones=(Number(MOBILE),)), **values)  # type: ignore[arg-type]


def test_the_same_name_on_the_same_telephone_is_one_customer_and_the_reason_is_told() -> None:
    found = verdict(zhang(), zhang(id=2))
    assert found.same
    assert [(reason.rule, reason.what) for reason in found.reasons] == [("phone", MOBILE)]


def test_two_reasons_say_more_than_one() -> None:
    one = verdict(zhang(), zhang(id=2)).score
    two = verdict(zhang(plates=frozenset({"粤B12345"})), zhang(id=2, plates=frozenset({"粤B12345"}))).score
    assert one < two <= 99


@pytest.mark.parametrize(
    ("mine", "theirs", "like"),
    [("张三", "张 三", "same"), ("王女士", "王芳", "alike"), ("王女士", "李芳", "other"), ("李明", "李鸣", "alike"),
     ("Tom Li", "tom  li", "same"), ("李", "李明", "other"), ("张三", "张三（公司）", "alike"),
     ("张三", "张三丰", "other"),
     ("买买提·艾力", "买买提艾力", "same")],
)  # fmt: skip
def test_how_alike_names_are(mine: str, theirs: str, like: str) -> None:
    reading = {"李明": "liming lm", "李鸣": "liming lm"}
    a, b = (zhang(name=name, pinyin=reading.get(name, "")) for name in (mine, theirs))
    assert likeness(a, b) == likeness(b, a) == like


def test_husband_and_wife_on_one_verified_number_are_two() -> None:
    home = (Number(MOBILE, verified=True),)
    wife = zhang(id=2, name="王芳", pinyin="wangfang wf", phones=home)
    found = verdict(zhang(phones=home, vins=frozenset({"V"})), replace(wife, vins=frozenset({"V"})))
    assert found.against == ("household",)
    assert not found.same
    assert not verdict(zhang(tied=frozenset({2})), zhang(id=2)).same
    assert not verdict(zhang(birthday=date(1980, 1, 1)), zhang(id=2, birthday=date(2001, 1, 1))).same


def test_a_telephone_alone_with_another_name_is_not_enough_and_a_woman_is_not_a_man() -> None:
    assert not verdict(zhang(), zhang(id=2, name="李四", pinyin="lisi ls")).same
    lady = zhang(id=2, name="王女士", pinyin="wangnvshi wns")
    assert verdict(zhang(name="王芳", pinyin="wangfang wf"), lady).same
    assert not verdict(zhang(name="王刚", pinyin="wanggang wg", title="先生"), lady).same


def test_only_a_vin_a_card_or_a_key_reaches_across_stores() -> None:
    for code, rule in RULES.items():
        same = {"phone": {}, "vin": {"vins": frozenset({"V"})}, "plate": {"plates": frozenset({"P"})},
                "card": {"cards": frozenset({"VIP-0012"})}, "key": {"keys": frozenset({("dms", "7")})},
                "company": {"company": "大众公司"}}[code]  # fmt: skip
        phones = (Number(MOBILE),) if code == "phone" else ()
        a, b = zhang(phones=phones, **same), zhang(id=2, phones=phones, **same)
        assert verdict(a, b).same, code
        assert verdict(a, replace(b, store=2)).same is rule.across, code


def test_a_card_is_the_same_card_however_it_is_written() -> None:
    assert folded_key("vip-0012") == folded_key("VIP12")
    assert folded_key("VIP-0012") != folded_key("VIP-0120")
    assert folded_key("000") == folded_key("0")


names = st.sampled_from(["张三", "张 三", "王女士", "王芳", "李", "", "🚗", "Tom", "tom.li"])
facts = st.builds(
    Facts, st.integers(1, 4), st.integers(1, 2), names, st.sampled_from(["person", "company"]),
    st.sampled_from(["", "zhangsan zs", "wangfang wf"]), st.sampled_from(["", "先生", "女士", "Mr."]),
    st.sampled_from(["", "大众"]), st.none() | st.just(date(1980, 1, 1)) | st.just(date(1990, 1, 1)),
    st.lists(st.builds(Number, st.sampled_from([MOBILE, "+861"]), st.booleans()), max_size=2).map(tuple),
    *[st.frozensets(st.sampled_from(["A1", "B0002", "b2"]), max_size=2)] * 3,
    st.frozensets(st.tuples(st.just("dms"), st.sampled_from(["1", "01", "2"])), max_size=1),
    st.frozensets(st.integers(1, 4), max_size=1),
)  # fmt: skip


@settings(deadline=None)
@given(facts, facts)
def test_it_does_not_matter_who_comes_first(a: Facts, b: Facts) -> None:
    assert verdict(a, b) == verdict(b, a)
    assert 0 <= verdict(a, b).score <= 99


@settings(deadline=None)
@given(facts, facts)
def test_nothing_but_the_rules_for_it_joins_two_stores(a: Facts, b: Facts) -> None:
    b = replace(b, store=a.store + 1)
    assert {reason.rule for reason in verdict(a, b).reasons} <= {"vin", "card", "key"}


@settings(deadline=None)
@given(facts, facts)
def test_what_speaks_against_it_is_enough(a: Facts, b: Facts) -> None:
    found = verdict(a, b)
    assert found.same == (found.score >= SURE_ENOUGH and not found.against)


sides = st.builds(Side, st.integers(1, 9), st.sampled_from([NOW, NOW - timedelta(days=1)]), st.booleans(),
                  st.integers(0, 2), st.integers(0, 2))  # fmt: skip


@settings(deadline=None)
@given(sides, sides)
def test_the_same_one_stays_whoever_comes_first(a: Side, b: Side) -> None:
    assert a.id == b.id or survivor(a, b) == survivor(b, a)


def test_the_one_with_more_on_it_stays_then_the_older() -> None:
    full, bare = Side(1, NOW, used=9), Side(2, NOW - timedelta(days=9))
    assert survivor(full, bare) == full
    assert survivor(full, replace(bare, outside=True)).id == 2
    assert survivor(replace(full, used=0), bare).id == 2


def test_hand_before_machine_newer_before_older_and_never_emptiness() -> None:
    old, new = NOW - timedelta(days=1), NOW
    assert choose("level", Given("vip", old, True), Given("gold", new)) == Choice("kept", "by_hand")
    assert choose("name", Given("张三", old), Given("张三丰", new)) == Choice("gone", "newer")
    assert choose("name", Given("", new, True), Given("张三", old)).take == "gone"
    assert choose("notes", Given("rings late", old), Given("has a dog", new)).take == "both"
    assert choose("budget_from", Given(0, old), Given(None, new)).take == "kept"


def test_what_is_joined_loses_nothing_and_says_nothing_twice() -> None:
    assert value_of("both", ["a", "b"], ["b", "c"]) == ["a", "b", "c"]
    assert value_of("both", "rings late", "has a dog") == "rings late\nhas a dog"
    assert value_of("both", "rings late", "late") == "rings late"


def test_a_pair_cannot_be_merged_twice_and_can_be_looked_at_again() -> None:
    assert after("merged", "merge") is None
    assert after("merged", "undo") == "undone"
    assert after("dismissed", "reopen") == "found"
    assert set(TABLE.values()) == {"found", "dismissed", "merged", "undone"}
