"""How a cell becomes a value, and what is refused with which reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.domain import numbers
from dealerline.domain.exchange import KINDS, clean
from dealerline.domain.exchange.cleaning import phone
from dealerline.domain.exchange.states import STEPS, IllegalStep, step

CUSTOMERS, CARS, ORDERS, REPAIRS, CARDS = (KINDS[name] for name in ("customers", "cars", "orders", "repairs", "cards"))


def value(kind: str, column: str, text: str) -> object:
    row = clean(KINDS[kind], {"name": "张三", "number": "1", "vin": "LSVAM4187C2184841", column: text})
    assert not row.faults, row.faults
    return row.values.get(column)


def fault(kind: str, column: str, text: str) -> str:
    row = clean(KINDS[kind], {"name": "张三", "number": "1", "vin": "LSVAM4187C2184841", column: text})
    assert [f.column for f in row.faults] == [column]
    assert row.faults[0].zh and row.faults[0].en
    return row.faults[0].code


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("138 1234 5678", ["+8613812345678"]),
        ("13812345678.0", ["+8613812345678"]),
        ("+86-138-1234-5678", ["+8613812345678"]),
        ("１３８１２３４５６７８", ["+8613812345678"]),
        ("023-68881234", ["+862368881234"]),
        ("023-68881234转801", ["+862368881234"]),
        ("13812345678/13912345678", ["+8613812345678", "+8613912345678"]),
        ("+44 20 7946 0958", ["+442079460958"]),
        ("0086 138 1234 5678", ["+8613812345678"]),
        ("013812345678", ["+8613812345678"]),
        ("'13812345678", ["+8613812345678"]),
        ('="13812345678"', ["+8613812345678"]),
        ("\u202d13812345678\u202c", ["+8613812345678"]),
        ("13812345678、未知", ["+8613812345678"]),
        ("400-800-1234", ["+864008001234"]),
        ("10086", ["+8610086"]),
    ],
)
def test_numbers_of_every_shape_become_one(text: str, wanted: list[str]) -> None:
    assert clean(CUSTOMERS, {"name": "张三", "phone": text}).values["phones"] == wanted


# 179 is no mobile's beginning, but that of cheap carriers' prefixes (17951): the plans take it off.
@given(st.integers(13_000_000_000, 19_999_999_999).filter(lambda number: number // 10**8 != 179))
def test_the_quick_way_for_mobiles_says_what_the_numbering_plans_say(number: int) -> None:
    assert phone(str(number)) == numbers.e164(str(number))


def test_what_is_wrong_is_told_by_its_code() -> None:
    assert fault("customers", "phone", "1.38123E+10") == "rounded"
    for none in ("张三", "138123456789", "1381234567", "00000000000", "手机13812345678", "+"):
        assert fault("customers", "phone", none) == "phone", none
    assert fault("customers", "phone", "68881234") == "area_code"
    assert fault("customers", "level", "超级") == "choice"
    assert fault("customers", "notes", "=HYPERLINK(1)") == "formula"
    assert fault("customers", "company", "#REF!") == "error_value"
    assert fault("customers", "title", "长" * 21) == "long"
    assert fault("cars", "plate", "渝A1234O") == "plate"
    assert fault("cars", "insurance_until", "2024-02-30") == "date"
    assert fault("cars", "insurance_until", "01/02/2024") == "date_order"
    for far in ("1024-01-01", "1900-01-01", "2999-01-01", "1949-12-31"):
        assert fault("cars", "insurance_until", far) == "date_far", far
    for none in ("20240230", "2023年2月29日", "2024-13-01", "60", "0", "-1", "明天", "24-3-1"):
        assert fault("cars", "insurance_until", none) == "date", none
    assert fault("customers", "birthday", "1900-01-01") == "date_far"
    assert fault("cars", "mileage_km", "-5") == "whole"
    assert fault("repairs", "promised_at", "2024-01-01 25:00") == "time"
    assert fault("cards", "balance", "much") == "money"
    for vin in ("LSVAM4187C218484O", "LSVAM4187C218484", "0" * 17):
        assert [f.code for f in clean(CARS, {"vin": vin}).faults] == ["vin"], vin
    for plate in ("渝I12345", "渝A123456", "12345", "临A12345", "京A12345警"):
        assert [f.code for f in clean(CARS, {"plate": plate}).faults] == ["plate"], plate
    assert [f.code for f in clean(CUSTOMERS, {"phone": "13812345678"}).faults] == ["missing"]


def test_dates_and_amounts_as_people_and_spreadsheets_write_them() -> None:
    for text in ("2024-3-1", "2024/03/01", "2024.3.1", "2024年3月1日", "20240301", "45352", "2024-03-01 00:00:00"):
        assert value("cars", "insurance_until", text) == "2024-03-01", text
    assert value("cars", "insurance_until", "2024/3/1 12:30") == value("cars", "insurance_until", "45352.75")
    assert value("customers", "birthday", "1938-05-06") == "1938-05-06"
    assert value("repairs", "promised_at", "2024/3/1 9:05") == "2024-03-01T09:05:00"
    assert value("repairs", "promised_at", "45352.378472") == "2024-03-01T09:05:00"
    assert value("orders", "amount", "¥ 123,456.7") == "123456.70"
    assert value("orders", "amount", "12.5万") == "125000.00"
    assert value("cars", "mileage_km", "12,000 公里") == 12000
    assert value("cars", "plate", "渝a·d12345") == "渝AD12345"
    assert value("customers", "labels", "老客户，VIP、老客户") == ["老客户", "VIP"]
    assert value("customers", "company", "无") is None


def test_names_of_every_kind_stay_as_they_are() -> None:
    odd = ("👨\u200d👩\u200d👧", "𠮷野", "+1", "@SUM(1)")
    for name in ("买买提·吐尔逊", "李", "王小明😀", "O'Brien", "Anna Maria", *odd):
        assert value("customers", "name", name) == name
    assert value("customers", "name", "张　　三") == value("customers", "name", "\ufeff张\u202e三\u200b") == "张三"
    assert [f.code for f in clean(CUSTOMERS, {"name": "\u200b"}).faults] == ["missing"], "a name that nobody sees"
    assert "phones" not in clean(CUSTOMERS, {"name": "李", "phone": "匿名"}).values


def test_an_order_that_is_delivered_is_not_open() -> None:
    assert clean(ORDERS, {"number": "a 1", "status": "已交车"}).values == {
        "number": "A1", "status": "delivered", "open": False,
    }  # fmt: skip
    assert clean(REPAIRS, {"number": "r1", "stage": "in repair"}).values["open"] is True


@given(st.dictionaries(st.sampled_from([column.name for column in CARS.columns]), st.text(max_size=60)))
def test_no_text_whatever_makes_cleaning_stumble(cells: dict[str, str]) -> None:
    for kind in KINDS.values():
        row = clean(kind, cells)
        assert all(f.zh and f.en for f in row.faults)
        assert all(kind.column(f.column) for f in row.faults)


def test_every_step_of_an_import_ends_in_a_state_of_the_table() -> None:
    assert all(after in STEPS for steps in STEPS.values() for after in steps.values())
    with pytest.raises(IllegalStep):
        step("undone", "start")


@pytest.mark.parametrize(
    ("kind", "column", "text", "wanted"),
    [
        ("repairs", "received_at", "2024-03-01T14:30:00+08:00", "2024-03-01T06:30:00+00:00"),
        ("repairs", "received_at", "2024-03-01T14:30:00.5Z", "2024-03-01T14:30:00+00:00"),
        ("repairs", "received_at", "2024/3/1 下午2:30", "2024-03-01T14:30:00"),
        ("repairs", "received_at", "2024-03-01 12:30 AM", "2024-03-01T00:30:00"),
        ("repairs", "received_at", "2024年3月1日14点30分", "2024-03-01T14:30:00"),
        ("repairs", "received_at", "2024 年 3 月 1 日", "2024-03-01T00:00:00"),
        ("cars", "insurance_until", "2024年3月1日 星期五", "2024-03-01"),
        ("cars", "insurance_until", "2024-03-01T00:00:00+08:00", "2024-03-01"),
        ("cars", "mileage_km", "1.2万公里", 12000),
        ("cars", "plate", "未上牌", None),
        ("cars", "colour", "暂无", None),
        ("orders", "amount", "1,2345.675", "12345.68"),
        ("orders", "amount", "12.5万元", "125000.00"),
        ("orders", "number", "ｄ 1", "D1"),
        ("orders", "owner_number", "c 12", "C12"),
        ("customers", "company", "'-公司", "-公司"),
        ("customers", "company", "'=SUM(A1)", "=SUM(A1)"),
    ],
)
def test_what_other_systems_and_people_write_becomes_one(kind: str, column: str, text: str, wanted: object) -> None:
    assert value(kind, column, text) == wanted


@pytest.mark.parametrize(
    ("kind", "column", "text", "code"),
    [
        ("orders", "amount", "1.234,56", "money"),
        ("orders", "amount", "12,34", "money"),
        ("cards", "balance", "99999999.999", "money"),
        ("orders", "number", "1.23E+15", "rounded"),
        ("customers", "key", "1.23e+15", "rounded"),
        ("customers", "name", "？？?", "lost"),
        ("customers", "name", "张\ufffd", "lost"),
        ("customers", "phone", "+86+8613812345678", "phone"),
        ("repairs", "received_at", "2024-03-01 13:61", "time"),
        ("repairs", "received_at", "2024-03-01T10:00:00+99:00", "time"),
    ],
)
def test_what_would_be_guessed_or_was_lost_is_refused(kind: str, column: str, text: str, code: str) -> None:
    assert fault(kind, column, text) == code
