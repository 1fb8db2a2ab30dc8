"""Whom the digits mean that a caller keys: exactly one customer of the store, or nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.utils import timezone

from dealerline.apps.accounts.models import Person
from dealerline.apps.customers.models import Car, Customer, CustomerPhone, MembershipCard, Order, Repair
from dealerline.apps.routing.facade import identified
from dealerline.apps.routing.logic.keyed import KEYED
from tests.integration.records.conftest import World
from tests.integration.records.telling import CUSTOMER, Told

pytestmark = pytest.mark.django_db


def customer(world: World, plate: str = "", vin: str = "", **fields: Any) -> Customer:
    row = Customer.objects.create(**{"store": world.east, "name": "张三", "level": "gold"} | fields)
    if plate or vin:
        Car.objects.create(customer=row, plate=plate, vin=vin)
    return row


def means(world: World, digits: str) -> tuple[str, int, str]:
    result, known = identified(digits, world.east.pk)
    return result, (known or {}).get("customer", 0), (known or {}).get("by", "")


@pytest.mark.parametrize(("plate", "digits"), [("沪A12345", "12345"), ("沪AD12345", "12345"), ("沪A1B3C5", "135")])
def test_a_plate_is_told_by_all_its_digits(world: World, plate: str, digits: str) -> None:
    one = customer(world, plate)
    assert means(world, digits) == ("found", one.pk, "plate")
    assert means(world, digits[:-1]) == ("not_found", 0, "")  # a part of it is none
    assert means(world, "") == means(world, "1" * 21) == means(world, "12a45") == ("not_found", 0, "")


def test_a_vins_end_a_card_an_order_and_a_repair_order_tell_him_too(world: World) -> None:
    one = customer(world, vin="LSVAA4182E2184847")
    MembershipCard.objects.create(customer=one, number="VIP-000321")
    Order.objects.create(customer=one, store=world.east, number="SO-2026-17")
    Repair.objects.create(customer=one, store=world.east, number="RO7700")
    found = [means(world, digits) for digits in ("184847", "000321", "202617", "7700")]
    assert found == [("found", one.pk, way) for way in ("vin_end", "card", "order", "repair")]


def test_of_digits_of_two_people_both_are_told_and_two_cars_of_one_are_his(world: World) -> None:
    one = customer(world, "沪A12345")
    Car.objects.create(customer=one, plate="沪AD12345")
    assert means(world, "12345") == ("found", one.pk, "plate")
    two = customer(world, "苏B12345")
    assert identified("12345", world.east.pk) == ("several", {"among": [two.pk, one.pk]})
    Car.objects.filter(customer=two).update(gone_on=timezone.localdate())  # sold
    assert means(world, "12345") == ("found", one.pk, "plate")


def test_the_pop_lists_whom_he_may_be_and_takes_nobody_for_him(world: World) -> None:
    one, two = customer(world, "沪A12345"), customer(world, "苏B12345", name="李四")
    there = customer(world, "浙C12345", store=world.west, name="外店")
    asked = [("among", row.pk) for row in (one, two, there)]
    shown = world.browser("alice").get("/api/pop?" + urlencode(asked)).json()
    assert (shown["known"], shown["customer"], shown["cars"]) == (False, None, [])
    assert {row["id"] for row in shown["other_matches"]} == {one.pk, two.pk}
    CustomerPhone.objects.create(customer=one, e164="+8613812340000")
    shown = world.browser("alice").get("/api/pop?" + urlencode([*asked, ("number", "13812340000")])).json()
    assert (shown["customer"]["id"], [row["id"] for row in shown["other_matches"]]) == (one.pk, [two.pk])


def test_the_call_of_who_keyed_who_he_is_is_his_whatever_his_number_says(world: World) -> None:
    CustomerPhone.objects.create(customer=customer(world, name="号码的主人"), e164="+86" + CUSTOMER)
    one = customer(world, "沪A12345")
    told = Told(world.east)("caller.identified", 9, result="found", way="plate", customer=one.pk)
    assert told.end(12).take_in().customer == one
    assert Told(world.east)("caller.identified", 9, result="found", way="plate", customer=1 << 40).take_in().customer


def test_people_of_another_store_are_not_looked_for(world: World) -> None:
    customer(world, "沪A12345", store=world.west)
    assert means(world, "12345") == ("not_found", 0, "")
    one = customer(world, "沪B12345")
    assert means(world, "12345") == ("found", one.pk, "plate")


def test_the_answer_has_what_routing_uses(world: World, make_call: Callable[..., Any]) -> None:
    one = customer(world, "沪A12345")
    car = one.cars.get().pk
    assert identified("12345", world.east.pk)[1] == {
        "customer": one.pk, "level": "gold", "owner": 0, "last": 0, "by": "plate", "car": car,
    }  # fmt: skip
    make_call(agent=world.alice, customer=one, arrived_at=timezone.now() - timedelta(days=1))
    Order.objects.create(customer=one, store=world.east, number="SO1", open=True, salesperson=world.bob)
    known = identified("12345", world.east.pk)[1] or {}
    assert (known["owner"], known["last"]) == (world.bob.pk, world.alice.pk)
    Person.objects.filter(pk__in=[world.alice.pk, world.bob.pk]).update(is_active=False)
    known = identified("12345", world.east.pk)[1] or {}
    assert (known["owner"], known["last"]) == (0, 0)  # who left is nobody


def test_every_look_goes_by_an_index(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + KEYED, {"digits": "123456", "store": world.east.pk})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan" not in plan, plan
    for index in ("car_plate_digits", "car_vin_tail", "card_digits", "order_digits", "repair_digits", "call_customer"):
        assert index in plan, plan


def test_the_pop_shows_who_he_keyed_he_is_and_only_to_whoever_may_see_him(world: World) -> None:
    owner, caller = customer(world, "沪A12345"), customer(world, name="李四")
    CustomerPhone.objects.create(customer=caller, e164="+8613812345678")
    Car.objects.create(customer=owner, plate="沪C54321")
    meant = f"/api/pop?number={quote('+8613812345678')}&customer={owner.pk}&car={owner.cars.order_by('id')[0].pk}"
    pop = world.browser("alice").get(meant).json()
    assert pop["customer"]["id"] == owner.pk and pop["cars"][0]["plate"] == "沪A12345"
    assert [row["id"] for row in pop["other_matches"]] == [caller.pk], "and whose number it is stands beside him"
    Customer.objects.filter(pk=owner.pk).update(store=world.west)
    assert world.browser("alice").get(meant).json()["customer"]["id"] == caller.pk
