"""The screen pop: known and new callers, one statement, indexes; the short form; searching."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.calls.models import Call, CallRecord, Matter, Result
from dealerline.apps.common.live import LiveCall
from dealerline.apps.customers import api as customers_api
from dealerline.apps.customers.logic.pop import POP, parameters, pop
from dealerline.apps.customers.models import Car, Customer, CustomerPhone, MembershipCard, Order, Repair
from dealerline.apps.customers.rest import people
from dealerline.apps.history.models import Change
from dealerline.domain.numbers import e164, masked
from tests.integration.records.conftest import World

pytestmark = pytest.mark.django_db

NUMBER = "+8613812345678"


@pytest.fixture
def zhang(world: World) -> Customer:
    customer = Customer.objects.create(store=world.east, name="张三", title="先生", level="vip", labels=["老客户"])
    CustomerPhone.objects.create(customer=customer, e164=NUMBER, primary=True)
    car = Car.objects.create(customer=customer, plate="沪A12345", model="朗逸")
    Order.objects.create(customer=customer, store=world.east, number="O1", model="ID.3", open=False)
    Order.objects.create(customer=customer, store=world.east, number="O2", model="途观L", status="ready")
    Repair.objects.create(customer=customer, store=world.east, number="R1", car=car, work="保养")
    MembershipCard.objects.create(customer=customer, number="C1", points=120)
    return customer


def get(world: World, who: str = "lena", **query: Any) -> Any:
    return world.browser(who).get("/api/pop", query).json()


def test_a_known_caller_is_drawn_whole(world: World, zhang: Customer, make_call: Callable[..., Any]) -> None:
    call = make_call(customer=zhang)
    CallRecord.objects.create(
        call=call,
        author=world.alice,
        notes="试驾",
        matter=Matter.objects.create(code="m", name_zh="购车"),
        result=Result.objects.create(code="r", name_zh="已答复"),
    )
    answer = get(world, number="138 1234 5678")
    assert answer["known"]
    assert (answer["customer"]["name"], answer["customer"]["level"], answer["customer"]["labels"]) == (
        "张三",
        "vip",
        ["老客户"],
    )
    assert [phone["number"] for phone in answer["customer"]["phones"]] == [NUMBER]
    assert answer["cars"][0]["plate"] == "沪A12345"
    assert [order["number"] for order in answer["orders"]] == ["O2", "O1"]  # open ones first
    assert (answer["repairs"][0]["number"], answer["repairs"][0]["plate"]) == ("R1", "沪A12345")
    assert answer["card"]["points"] == 120
    assert (answer["calls"][0]["id"], answer["calls"][0]["matter"]["zh"], answer["calls"][0]["notes"]) == (
        str(call.pk),
        "购车",
        "试驾",
    )


def test_the_pop_is_one_statement(world: World, zhang: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    world.lena.stores_for("calls.view")  # rights are read with the session, before
    sent: list[str] = []
    run = psycopg.Cursor.execute

    def count(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        sent.append(str(query)[:20])
        return run(self, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", count)
    with CaptureQueriesContext(connection) as queries:
        pop(world.lena, NUMBER, None, None)
    assert (len(sent), len(queries)) == (1, 0)


def test_the_pop_reads_indexes_only(world: World, zhang: Customer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN " + POP,
            parameters(world.gina, NUMBER, None, None),
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    for index in ("phone_e164", "call_number", "call_customer"):
        assert index in plan
    for table in ("customers_customerphone", "customers_customer", "calls_call"):
        assert f"Seq Scan on {table} " not in plan


def test_a_first_caller_is_new(world: World) -> None:
    answer = get(world, number="13900000000")
    assert (answer["known"], answer["customer"], answer["calls"], answer["cars"]) == (False, None, [], [])


@pytest.mark.parametrize("number", ["", "anonymous", "+", "'; DROP TABLE x; --", "8001", "1" * 40, "%", "\\", "１２３"])
def test_strange_numbers_are_nobody_and_no_error(world: World, zhang: Customer, number: str) -> None:
    assert get(world, number=number)["known"] is False


def test_of_two_with_the_same_number_the_one_of_the_rung_line_is_first(world: World, zhang: Customer) -> None:
    other = Customer.objects.create(store=world.west, name="李四")
    CustomerPhone.objects.create(customer=other, e164=NUMBER)
    for store, name in ((world.west, "李四"), (world.east, "张三")):
        answer = get(world, "gina", number=NUMBER, line=store.lines.get().pk)
        assert answer["customer"]["name"] == name
        assert len(answer["other_matches"]) == 1
    assert get(world, "lena", number=NUMBER)["other_matches"] == []


def test_a_masked_number_is_found_by_its_call(world: World, zhang: Customer, make_call: Callable[..., Any]) -> None:
    call = make_call()
    answer = get(world, "alice", number="+86138****5678", call=str(call.pk))
    assert answer["customer"]["name"] == "张三"
    assert str(call.pk) not in [row["id"] for row in answer["calls"]]  # the call itself is not its own history


@pytest.mark.parametrize("number", ["+8613812345678", "+862388880001", "+1234567", "10086", "8001"])
def test_the_statement_masks_as_everything_else_does(world: World, zhang: Customer, number: str) -> None:
    zhang.phones.all().delete()
    CustomerPhone.objects.create(customer=zhang, e164=e164(number), primary=True)
    shown = get(world, "alice", number=number)["customer"]
    assert [phone["number"] for phone in shown["phones"]] == [masked(e164(number))]


def test_a_call_too_young_for_the_database_is_asked_of_the_switch(
    world: World, zhang: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers_api, "live_call", lambda call: LiveCall("13812345678", world.east.pk, 1))
    assert get(world, "alice", number="138****5678", call=str(uuid.uuid4()))["customer"]["name"] == "张三"
    assert get(world, "charlie", number="138****5678", call=str(uuid.uuid4()))["known"] is False


def test_another_stores_call_does_not_unmask_its_number(
    world: World, zhang: Customer, make_call: Callable[..., Any]
) -> None:
    assert get(world, "charlie", number="*", call=str(make_call().pk))["known"] is False


def test_the_short_form_makes_the_customer_once_however_often_it_is_sent(world: World) -> None:
    alice = world.browser("alice")
    body = {"name": "王五", "phone": "139 0000 1111", "plate": "沪a·d12345", "model": "Model Y", "need": "试驾"}
    first, second = (alice.send("POST", "/api/customers", body) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    customer = Customer.objects.get()
    assert (customer.store, customer.created_by, customer.need) == (world.east, world.alice, "试驾")
    assert customer.phones.get().e164 == "+8613900001111"
    assert customer.cars.get().plate == "沪AD12345"
    assert get(world, number="13900001111")["customer"]["name"] == "王五"


def test_a_new_caller_whose_number_is_masked_is_saved_with_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customers_api, "live_call", lambda call: LiveCall("13900002222", world.east.pk, 1))
    answer = world.browser("alice").send(
        "POST", "/api/customers", {"name": "赵六", "phone": "", "call": str(uuid.uuid4())}
    )
    assert answer.json()["phones"][0]["number"] == "+86139****2222"
    assert CustomerPhone.objects.get().e164 == "+8613900002222"


def test_a_caller_whose_number_is_masked_gives_it_to_somebody_in_the_file_already(
    world: World, zhang: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, call = f"/api/customers/{zhang.pk}/phones", str(uuid.uuid4())
    alice = world.browser("alice")
    monkeypatch.setattr(people, "live_call", lambda call: LiveCall("13900002222", world.east.pk, 1))
    for _twice in range(2):
        added = alice.send("POST", path, {"number": "", "call": call})
        assert (added.status_code, added.json()["number"]) == (200, "+86139****2222")
    assert CustomerPhone.objects.filter(customer=zhang, e164="+8613900002222").count() == 1
    told = AuditEntry.objects.filter(object_type="phone", object_id=added.json()["id"])
    assert [entry.detail["call"] for entry in told] == [call, call]
    assert Change.objects.filter(object_type="customers.customerphone", source="call").exists()
    for nobody in (LiveCall("anonymous", world.east.pk, 1), LiveCall("13900003333", world.west.pk, 2), None):
        monkeypatch.setattr(people, "live_call", lambda call, nobody=nobody: nobody)
        assert set(alice.send("POST", path, {"number": "", "call": call}).json()["fields"]) == {"phone"}


def test_the_short_form_says_what_is_missing_and_keeps_to_ones_own_stores(world: World) -> None:
    alice = world.browser("alice")
    assert set(alice.send("POST", "/api/customers", {"name": " ", "phone": "13900001111"}).json()["fields"]) == {"name"}
    assert set(alice.send("POST", "/api/customers", {"name": "王", "phone": "12"}).json()["fields"]) == {"phone"}
    theirs = alice.send("POST", "/api/customers", {"name": "王", "phone": "13900001111", "store": world.west.pk})
    assert theirs.status_code == 403
    assert not Customer.objects.exists()


def test_two_who_change_one_customer_are_told(world: World, zhang: Customer) -> None:
    path = f"/api/customers/{zhang.pk}"
    assert world.browser("alice").send("PATCH", path, {"version": 1, "notes": "first"}).json()["version"] == 2
    late = world.browser("bob").send("PATCH", path, {"version": 1, "notes": "second"})
    assert late.status_code == 409
    assert late.json()["current"]["notes"] == "first"
    assert Customer.objects.get().notes == "first"


@pytest.mark.parametrize("query", ["张三", "三", "zhangsan", "zs", "沪A123", "12345", NUMBER, "1234"])
def test_a_lead_finds_by_name_pinyin_plate_and_part_of_a_number(world: World, zhang: Customer, query: str) -> None:
    items = world.browser("lena").get("/api/customers", {"q": query}).json()["items"]
    assert [item["name"] for item in items] == ["张三"]


def test_who_sees_numbers_masked_cannot_find_them_digit_by_digit(world: World, zhang: Customer) -> None:
    alice = world.browser("alice")
    Car.objects.all().delete()
    for query, found in (("13812345678", 1), ("5678", 1), ("1381234", 0), ("234567", 0), ("138", 0)):
        assert alice.get("/api/customers", {"q": query}).json()["total"] == found, query


def test_a_name_with_html_stays_text(world: World) -> None:
    name = "<script>alert(1)</script>"
    alice = world.browser("alice")
    alice.send("POST", "/api/customers", {"name": name, "phone": "13900001111"})
    answer = alice.get("/api/customers")
    assert answer["Content-Type"].startswith("application/json")
    assert answer.json()["items"][0]["name"] == name
    assert Call.objects.count() == 0
