"""The customer file's rules that need no database: what a text may mean, what history and warnings show."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.apps.customers.logic.changes import _masked
from dealerline.apps.customers.logic.identity import asked
from dealerline.apps.customers.logic.timeline import OBJECTS, _field, both
from dealerline.apps.customers.logic.warned import _phones
from dealerline.apps.customers.models import Tie, TieKind


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("138 1234 5678", {"e164": "+8613812345678", "plate": "13812345678", "code": "13812345678"}),
        ("沪A·12345", {"plate": "沪A12345", "part": "沪A12345", "code": "沪A·12345"}),
        ("12345", {"plate": "12345", "part": "12345", "code": "12345"}),
        ("E2123456", {"plate": "E2123456", "tail": "E2123456", "code": "E2123456"}),
        ("LSVAM4188E2123456", {"vin": "LSVAM4188E2123456", "code": "LSVAM4188E2123456"}),
        ("so000001-1", {"plate": "SO0000011", "code": "SO000001-1", "tail": "SO0000011"}),
        ("%_\\", {"plate": "%\\", "code": "%_\\"}),
        ("", {"code": "-"}),
    ],
)
def test_a_text_is_looked_for_in_the_ways_it_can_mean(text: str, ways: dict[str, str]) -> None:
    assert {way: value for way, value in asked(text).items() if value} == ways


@given(st.text(max_size=80))
def test_any_text_can_be_asked_for(text: str) -> None:
    assert all("%" not in asked(text)[way] for way in ("tail", "part", "vin"))


def test_history_masks_numbers_wherever_they_stand() -> None:
    number, shown = "+8613812345678", "+86138****5678"
    assert _masked(number, "e164", True) == shown
    assert _masked({"e164": number, "use": "home"}, "+", True) == {"e164": shown, "use": "home"}
    assert _masked({"name": "张三", "phones": [number]}, "+", False) == {"name": "张三", "phones": [shown]}
    assert _masked([number], "phones", False) == [shown]
    assert _masked("张三", "name", False) == "张三"
    assert _masked(None, "e164", True) is None


def test_every_tie_has_an_opposite_and_its_opposite_is_itself() -> None:
    for kind in TieKind.values:
        assert Tie.OPPOSITE[Tie.OPPOSITE[kind]] == kind


def test_every_field_of_the_file_has_words_in_chinese() -> None:
    from dealerline.apps.customers.logic import business, cars, club, customers, phones, ties

    kinds: list[Any] = [customers.CUSTOMER, phones.PHONE, ties.TIE, cars.CAR, cars.ROLE, business.ORDER,
                        business.PAYMENT, business.REPAIR, business.LINE, business.BOOKING, club.CARD]  # fmt: skip
    assert {kind.model._meta.label_lower for kind in kinds} == set(OBJECTS)
    plain = {"VIN"}
    for kind in kinds:
        assert any("\u4e00" <= c <= "\u9fff" for c in both(kind.model._meta.verbose_name)["zh"]), kind.name
        for field in kind.fields:
            zh = _field(kind.model, field)["zh"]
            assert zh in plain or any("\u4e00" <= c <= "\u9fff" for c in zh), (kind.name, field)


def test_one_barred_number_is_named_and_all_of_them_bar_the_customer() -> None:
    def phone(end: str, barred: bool, why: str = "") -> tuple[Any, ...]:
        return ("phone", 1, end, barred, why, None)

    assert _phones(1, [phone("5678", False)]) == []
    (one,) = _phones(1, [phone("5678", True, "投诉"), phone("1111", False)])
    assert (one.tone, one.text["en"]) == ("warn", "Do not call …5678 (投诉)")
    (every,) = _phones(1, [phone("5678", True), phone("1111", True)])
    assert (every.tone, every.text["en"], every.text["zh"]) == ("lost", "Do not call", "勿扰：不要外呼")
