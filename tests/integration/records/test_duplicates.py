"""One customer in two files: found, looked at, merged with all that is his, and taken apart again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.customers.facade import finding as importing
from dealerline.apps.customers.models import (
    Car,
    CarRole,
    Customer,
    CustomerPhone,
    MembershipCard,
    Order,
    Repair,
    Tie,
)
from dealerline.apps.duplicates.facade import now_called
from dealerline.apps.duplicates.logic import finding, own
from dealerline.apps.duplicates.logic.moving import relations
from dealerline.apps.duplicates.models import Merge, Move, Pair
from dealerline.apps.history.facade import of_object
from dealerline.apps.leads.logic import work
from dealerline.apps.leads.models import Lead
from dealerline.apps.privacy import facade as consents
from dealerline.apps.promises.models import Task
from dealerline.apps.routing.logic.callers import who_is
from tests.integration.records.conftest import Browser, World

pytestmark = pytest.mark.django_db
MOBILE, VIN = "+8613800138000", "LSVAU2A37N2183294"


def snapshot() -> dict[str, Any]:
    """Every row of everything that can hang on a customer or on his car, but what grows by looking."""
    found: dict[str, Any] = {}
    tables = {Customer, Car, Lead, *(child for model in (Customer, Car, Lead) for child, _ in relations(model))}
    for model in tables:
        label = model._meta.label_lower
        if label != "history.change":
            rows = model._base_manager.order_by("pk").values()
            found[label] = [{k: v for k, v in row.items() if k not in ("updated_at", "version")} for row in rows]
    return found


@pytest.fixture
def two(world: World, make_call: Callable[..., Any]) -> tuple[Any, Any]:
    """张三 twice in the east: as the sales people know him, and as the workshop does. They have met one another."""
    old = Customer.objects.create(store=world.east, name="张三", title="先生", notes="rings late", labels=["车友"],
                                  level="silver", external_source="dms", external_key="7")  # fmt: skip
    new = Customer.objects.create(store=world.east, name="张 三", number="AT9", notes="has a dog", labels=["VIP"],
                                  company="大众", external_source="dms", external_key="8")  # fmt: skip
    for customer in (old, new):
        CustomerPhone.objects.create(customer=customer, e164=MOBILE, primary=True, do_not_call=customer is new,
                                     do_not_call_why="asked us" if customer is new else "")  # fmt: skip
        car = Car.objects.create(customer=customer, vin=VIN, plate="粤B12345", mileage_km=9000 + customer.pk)
        CarRole.objects.create(car=car, customer=customer, role="owner")
        Repair.objects.create(customer=customer, car=car, store=world.east, number=f"R{customer.pk}", work="oil")
        make_call(customer=customer, number=MOBILE, joined=False)
    CustomerPhone.objects.create(customer=new, e164="+8613900139000")
    Car.objects.create(customer=new, plate="粤B99999")
    MembershipCard.objects.create(customer=new, number="C1")
    Tie.objects.create(customer=old, other=Customer.objects.create(store=world.west, name="王芳"), kind="spouse")
    work.create(world.bob, customer=new, store=world.east.pk, owner=world.bob.pk, values={"need": "SUV"})
    Lead.objects.filter(customer=new).update(created_at=timezone.now() - timedelta(days=9))
    lead = Lead.objects.get(customer=new)
    lead.pk, lead.customer, lead.owner, lead.client_id, lead.created_at = None, old, world.alice, None, timezone.now()
    lead.save()
    work.write_event(lead, "note", world.alice, "wants it in red")
    consents.write(world.lena, new, channel="sms", purpose="marketing", state="refused", source="call")
    Task.objects.create(id=uuid.uuid4(), store=world.east, title="ring", due_at=timezone.now(), customer=new)
    return old, new


def preview(browser: Browser, one: Any, other: Any, **more: Any) -> dict[str, Any]:
    answer = browser.send("POST", "/api/duplicates/preview", {"one": one.pk, "other": other.pk, **more})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def merge(browser: Browser, seen: dict[str, Any], **take: str) -> Any:
    body = {"kept": seen["kept"]["id"], "gone": seen["gone"]["id"], "take": take, "stamp": seen["stamp"]}
    return browser.send("POST", "/api/duplicates/merges", body)


def story(browser: Browser, customer: Any) -> list[dict[str, Any]]:
    """The merges on his page, and no change that a merge made."""
    found = browser.get(f"/api/customers/{customer.pk}/timeline?kinds=merge,change").json()["items"]
    assert not [entry for entry in found if "(Merging)" in entry["title"]["en"]]
    return [entry for entry in found if entry["kind"] == "merge"]


def test_found_looked_at_merged_and_taken_apart_with_nothing_lost(world: World, two: tuple[Any, Any]) -> None:
    old, new = two
    before = snapshot()
    assert finding.run_part() is not None  # the first look is among all
    assert finding.run_part() is None  # nobody is new since
    lena, charlie, alice = (world.browser(name) for name in ("lena", "charlie", "alice"))
    (pair,) = lena.get("/api/duplicates").json()["items"]
    assert {reason["rule"] for reason in pair["reasons"]} == {"vin", "phone", "plate"}
    assert alice.get("/api/duplicates").status_code == 403
    assert charlie.send("POST", "/api/duplicates/preview", {"one": old.pk, "other": new.pk}).status_code == 404
    assert alice.send("POST", "/api/duplicates/preview", {"one": old.pk, "other": new.pk}).status_code == 403

    seen = preview(lena, old, new, kept=old.pk)
    assert snapshot() == before  # a preview leaves nothing behind
    assert {one["label"] for one in seen["joined"]} == {
        "customers.customerphone", "customers.car", "customers.carrole", "leads.lead"}  # fmt: skip
    assert {one["label"]: one["count"] for one in seen["moves"]}["calls.call"] == 1
    takes = {one["field"]: (one["take"], one["why"]) for one in seen["fields"]}
    assert takes["notes"] == ("both", "joined")
    assert takes["level"] == ("kept", "only")  # the newer file's is the one that each begins with
    assert takes["kind"] == ("kept", "same")
    CustomerPhone.objects.create(customer=new, e164="+8613700137000")  # a colleague adds a number meanwhile
    stale = merge(lena, seen)
    assert stale.status_code == 409
    assert stale.json()["current"]["changed"] == [{"zh": "电话", "en": "phones"}]
    CustomerPhone.objects.filter(e164="+8613700137000").delete()

    done = merge(lena, preview(lena, old, new, kept=old.pk), name="gone", company="kept")
    assert done.status_code == 200, done.content
    old.refresh_from_db()
    assert (old.name, old.company, old.notes, old.labels) == ("张 三", "", "rings late\nhas a dog", ["车友", "VIP"])
    assert old.number == "AT9"
    phones = {phone.e164: phone for phone in old.phones.all()}
    assert set(phones) == {MOBILE, "+8613900139000"}
    assert phones[MOBILE].do_not_call
    assert [car.plate for car in old.cars.order_by("plate")] == ["粤B12345", "粤B99999"]
    assert old.cars.get(vin=VIN).repairs.count() == 2
    assert old.cars.get(vin=VIN).mileage_km == 9000 + new.pk
    lead = Lead.objects.get(customer=old)  # Bob had it first; Alice helps, and her words are there
    assert (lead.owner, list(lead.helpers.all())) == (world.bob, [world.alice])
    assert "wants it in red" in lead.events.values_list("text", flat=True)
    assert old.calls.count() == 2
    assert old.consents.count() == 1
    assert not Customer.objects.filter(pk=new.pk).exists()

    # Everybody who knows the one merged away comes to the one he is in.
    assert now_called(new.pk) == old.pk
    assert lena.get(f"/api/customers/{new.pk}").json()["id"] == old.pk
    assert lena.get(f"/api/customers/{new.pk}/file").json()["customer"]["id"] == old.pk
    assert charlie.get(f"/api/customers/{new.pk}").status_code == 404
    assert lena.get("/api/pop?number=" + MOBILE.replace("+", "%2B")).json()["other_matches"] == []
    assert (who_is(MOBILE, world.east.pk) or {})["customer"] == old.pk
    again = importing.find("customers", [importing.Ask(world.east.pk, "dms", key) for key in ("8", "7")])
    assert [one.id for one in again] == [old.pk, old.pk]
    assert merge(lena, seen).json()["code"] == "merged_already"
    assert "merged" in of_object("customers.customer", old.pk).values_list("field", flat=True)
    (told,) = story(lena, old)  # one entry, not one for each row that went along
    assert (told["title"]["en"], told["text"], told["by"]) == ("Merged with 张 三", "AT9", "Lena")
    assert told["link"] == f"/duplicates?state=merged&customer={old.pk}"
    assert [entry["link"] for entry in story(alice, old)] == [""]  # who may not merge is told and led nowhere

    key = done.json()["id"]
    assert charlie.send("POST", f"/api/duplicates/merges/{key}/undo").status_code == 404
    back = lena.send("POST", f"/api/duplicates/merges/{key}/undo").json()
    assert back["left"] == []
    assert snapshot() == before
    assert lena.get(f"/api/customers/{new.pk}").json()["id"] == new.pk
    assert [entry["title"]["zh"] for entry in story(lena, old)] == ["与“张 三”的合并已撤销", "并入了“张 三”"]
    assert [entry["title"]["zh"] for entry in story(lena, new)] == ["并入“张三”已撤销", "被并入“张三”"]
    assert lena.send("POST", f"/api/duplicates/merges/{key}/undo").json()["code"] == "undone_already"
    assert list(AuditEntry.objects.filter(action__in=["merge", "undo_merge"]).order_by("pk").values_list(
        "action", flat=True)) == ["merge", "undo_merge"]  # fmt: skip
    assert lena.get("/api/duplicates").json()["items"] == []  # taken back is not found again by itself
    assert len(lena.get("/api/duplicates?state=undone").json()["items"]) == 1


def test_a_chain_is_taken_back_from_its_end_and_what_was_changed_since_stays(world: World) -> None:
    a, b, c = (Customer.objects.create(store=world.east, name=name) for name in ("甲", "乙", "丙"))
    orders = [Order.objects.create(customer=one, store=world.east, number=f"O{one.pk}", model="X") for one in (a, b)]
    lena = world.browser("lena")
    first = merge(lena, preview(lena, a, b, kept=b.pk)).json()["id"]
    second = merge(lena, preview(lena, b, c, kept=c.pk), name="gone").json()["id"]
    assert now_called(a.pk) == now_called(b.pk) == c.pk
    refused = lena.send("POST", f"/api/duplicates/merges/{first}/undo")
    assert (refused.status_code, refused.json()["code"], refused.json()["merge"]) == (409, "later_merge", second)
    Order.objects.filter(pk=orders[1].pk).update(customer=Customer.objects.create(store=world.east, name="丁"))
    Customer.objects.filter(pk=c.pk).update(name="丙丙")
    told = lena.send("POST", f"/api/duplicates/merges/{second}/undo").json()["left"]
    assert [one["what"]["en"] for one in told] == ["customer 丙丙 name", f"order O{b.pk}"]
    assert now_called(a.pk) == b.pk
    assert lena.send("POST", f"/api/duplicates/merges/{first}/undo").json()["left"] == []
    assert Order.objects.get(pk=orders[0].pk).customer_id == a.pk
    assert Customer.objects.get(pk=c.pk).name == "丙丙"


def test_the_order_of_a_lead_won_after_a_merge_goes_back_with_its_lead(world: World) -> None:
    a, b = (Customer.objects.create(store=world.east, name=name) for name in ("甲", "乙"))
    lead = work.create(world.bob, customer=b, store=world.east.pk, owner=world.bob.pk, values={"need": "SUV"})
    lena = world.browser("lena")
    done = merge(lena, preview(lena, a, b, kept=a.pk)).json()["id"]
    won, other = (Order.objects.create(customer=a, store=world.east, number=number, model="X") for number in "12")
    gone = {"kind": "moved", "label": "removed.part", "field": "customer_id", "object_id": "1"}
    Move.objects.create(merge_id=done, seq=9999, before=b.pk, after=a.pk, **gone)
    Lead.objects.filter(pk=lead.pk).update(order=won)
    told = lena.send("POST", f"/api/duplicates/merges/{done}/undo").json()["left"]
    assert [one["what"]["en"] for one in told] == ["removed.part"], "a part that is not there any more"
    assert Lead.objects.get(pk=lead.pk).customer_id == Order.objects.get(pk=won.pk).customer_id == b.pk
    assert Order.objects.get(pk=other.pk).customer_id == a.pk


def test_a_company_with_five_hundred_cars_twice_is_one_with_each_car_once(world: World) -> None:
    fleets = [Customer.objects.create(store=world.east, name="大众出租", kind="company") for _ in range(2)]
    for fleet in fleets:
        cars = Car.objects.bulk_create(Car(customer=fleet, vin=f"LSV{n:014d}", plate=f"粤B{n:05d}") for n in range(500))
        Repair.objects.bulk_create(Repair(customer=fleet, car=car, store=world.east, number=f"{fleet.pk}-{n}", work="x")
                                   for n, car in enumerate(cars))  # fmt: skip
    lena = world.browser("lena")
    seen = preview(lena, *fleets)
    begin = timezone.now()
    done = merge(lena, seen).json()
    assert timezone.now() - begin < timedelta(seconds=6)
    assert Car.objects.count() == 500
    assert {car.repairs.count() for car in Car.objects.all()[:5]} == {2}
    assert lena.send("POST", f"/api/duplicates/merges/{done['id']}/undo").json()["left"] == []
    assert [fleet.cars.count() for fleet in fleets] == [500, 500]


def test_two_stores_need_the_right_in_both_and_not_the_same_is_remembered(world: World) -> None:
    east = Customer.objects.create(store=world.east, name="李四")
    west = Customer.objects.create(store=world.west, name="李四")
    for customer in (east, west):
        Car.objects.create(customer=customer, vin=VIN)
    finding.run_whole()
    pair = Pair.objects.get()
    lena, gina, walter = (world.browser(name) for name in ("lena", "gina", "walter"))
    for browser in (lena, walter):
        assert browser.get("/api/duplicates").json()["items"] == []
        assert browser.get("/api/duplicates/counts").json()["found"] == 0
        assert browser.send("POST", f"/api/duplicates/{pair.pk}/dismiss", {}).status_code == 404
        assert browser.send("POST", "/api/duplicates/preview", {"one": east.pk, "other": west.pk}).status_code == 404
    assert preview(gina, east, west)["warnings"]
    assert gina.send("POST", f"/api/duplicates/{pair.pk}/dismiss", {"note": "father and son"}).status_code == 200
    third = Customer.objects.create(store=world.east, name="李四")
    CustomerPhone.objects.create(customer=third, e164=MOBILE)
    key = merge(gina, preview(gina, east, third, kept=third.pk)).json()["id"]
    finding.run_whole()
    told = Pair.objects.get(low=west.pk, high=third.pk)  # who is not the one is not the one he was merged into
    assert (told.state, told.note) == ("dismissed", "father and son")
    assert own.erase(third.pk) == {"merges": 1}
    assert Merge.objects.get(pk=key).row == {}
    assert not Move.objects.exists()


def test_every_table_that_hangs_on_a_customer_is_moved(world: World) -> None:
    """Asked of the database itself: a foreign key that Django's relations do not show would hold a merge up."""
    known = {(child._meta.db_table, column.column) for model in (Customer, Car) for child, column in relations(model)}
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c JOIN pg_attribute a "
                       "ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] WHERE c.contype = 'f' AND "
                       "c.confrelid::regclass::text IN ('customers_customer', 'customers_car')")
        assert set(cursor.fetchall()) <= known
    assert apps.is_installed("dealerline.apps.duplicates")
