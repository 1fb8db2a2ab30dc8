"""Columns guessed from headings, in Chinese and in English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.domain.exchange import KINDS, fingerprint, guess, guess_kind, places


@pytest.mark.parametrize(
    ("headings", "kind", "wanted"),
    [
        ("姓名,手机号,备注", "customers", {"name": 0, "phone": 1, "notes": 2}),
        ("序号,客户姓名,联系电话（必填）,客户级别", "customers", {"name": 1, "phone": 2, "level": 3}),
        ("Name,Mobile,E-mail", "customers", {"name": 0, "phone": 1, "email": 2}),
        (
            "车主姓名,手机,车牌号码,车架号,保险到期日",
            "cars",
            {"owner_name": 0, "owner_phone": 1, "plate": 2, "vin": 3, "insurance_until": 4},
        ),
        ("Order No,Customer,Mobile,Model,Status", "orders", {"number": 0, "owner_name": 1, "owner_phone": 2, "model": 3,
                                                             "status": 4}),
        ("工单号,车牌号,维修项目,进厂时间", "repairs", {"number": 0, "plate": 1, "work": 2, "received_at": 3}),
        ("会员卡号,客户姓名,手机号码,积分,余额", "cards", {"number": 0, "owner_name": 1, "owner_phone": 2, "points": 3,
                                                        "balance": 4}),
    ],
)  # fmt: skip
def test_kind_and_columns_are_guessed(headings: str, kind: str, wanted: dict[str, int]) -> None:
    given_headings = headings.split(",")
    assert guess_kind(given_headings) == kind
    assert guess(KINDS[kind], given_headings) == wanted


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_our_own_headings_come_in_again_without_a_question(kind: object) -> None:
    kind = KINDS[kind.name]  # type: ignore[attr-defined]
    for headings in ([column.zh for column in kind.columns], [column.en for column in kind.columns]):
        assert guess(kind, headings) == {column.name: place for place, column in enumerate(kind.columns)}
        assert guess_kind(headings) == kind.name


@given(st.lists(st.text(max_size=20), max_size=40))
def test_no_column_is_given_twice(headings: list[str]) -> None:
    found = guess(KINDS[guess_kind(headings)], headings)
    assert len(set(found.values())) == len(found)
    assert all(0 <= place < len(headings) for place in found.values())
    assert fingerprint(headings) == fingerprint(headings[::-1])


def test_two_columns_of_the_same_heading_are_remembered_as_two() -> None:
    assert sorted(places(["姓名", "电话", "电话", ""]).values()) == [0, 1, 2, 3]
    assert places(["电话", "姓名", "电话"])["电话"] == 0
