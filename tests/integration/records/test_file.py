"""The customer file by its routes: made, changed by two at once, removed, remembered, masked, nothing to outsiders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.customers.logic import phones
from dealerline.apps.customers.models import Car, CarRole, Customer, CustomerPhone, MembershipCard, Order, Repair, Tie
from dealerline.apps.history.models import Change
from tests.integration.records.conftest import Browser, World

pytestmark = pytest.mark.django_db

NUMBER = "+8613812345678"
VIN = "LSVAM4182E2123456"
TOMORROW = (timezone.now() + timedelta(days=1)).isoformat()


@pytest.fixture
def things(world: World) -> dict[str, Any]:
    """A customer of the east store with one of everything, made by its routes; and another of the west."""
    alice = world.browser("alice")

    def post(path: str, body: Any) -> Any:
        answer = alice.send("POST", path, body)
        assert answer.status_code == 200, (path, answer.content.decode())
        return answer.json()

    customer = post("/api/customers", {"name": "张三", "phone": "138 1234 5678"})
    of = f"/api/customers/{customer['id']}"
    wife = post("/api/customers", {"name": "李四", "phone": "021-61234567-801"})
    car = post(f"{of}/cars", {"vin": VIN, "plate": "沪a·12345", "mileage_km": 20000, "model": "朗逸"})
    order = post(f"{of}/orders", {"model": "途观L", "car": car["id"], "amount": "198800.00"})
    repair = post(f"{of}/repairs", {"work": "保养", "car": car["id"], "promised_at": TOMORROW})
    card = post(f"{of}/cards", {"number": "C1"})
    west = Customer.objects.create(store=world.west, name="外人")
    return {
        "customer": customer["id"], "wife": wife["id"], "west": west.pk, "phone": customer["phones"][0]["id"],
        "car": car["id"], "order": order["id"], "repair": repair["id"], "card": card["id"],
        "tie": post(f"{of}/ties", {"other": wife["id"], "kind": "spouse"})["id"],
        "role": post(f"/api/cars/{car['id']}/roles", {"customer": wife["id"], "role": "driver"})["id"],
        "payment": post(f"/api/orders/{order['id']}/payments",
                        {"kind": "deposit", "amount": "5000", "paid_on": "2026-11-01"})["id"],
        "line": post(f"/api/repairs/{repair['id']}/lines",
                     {"text": "更换前刹车片", "price": "680", "declined": True, "ask_again_on": "2026-12-01"})["id"],
        "booking": post(f"{of}/bookings", {"at": TOMORROW, "car": car["id"], "text": "首保"})["id"],
    }  # fmt: skip


CHANGING: list[tuple[str, str, Any]] = [
    ("PATCH", "/api/customers/{customer}/phones/{phone}", {"used_by": "本人"}),
    ("PATCH", "/api/customers/{customer}/ties/{tie}", {"note": "x"}),
    ("PATCH", "/api/cars/{car}", {"colour": "白"}),
    ("PATCH", "/api/roles/{role}", {"note": "x"}),
    ("PATCH", "/api/orders/{order}", {"notes": "x"}),
    ("PATCH", "/api/payments/{payment}", {"note": "x"}),
    ("PATCH", "/api/repairs/{repair}", {"said": "异响"}),
    ("PATCH", "/api/repair-lines/{line}", {"declined_why": "贵"}),
    ("PATCH", "/api/bookings/{booking}", {"state": "confirmed"}),
    ("PATCH", "/api/cards/{card}", {"level": "gold"}),
]
READING = [
    "/api/cars/{car}", "/api/orders/{order}", "/api/repairs/{repair}", "/api/bookings/{booking}", "/api/cards/{card}",
    "/api/cards/{card}/movements", "/api/customers/{customer}/ties", "/api/customers/{customer}/cards",
    "/api/customers/{customer}/changes",
]  # fmt: skip
ADDING: list[tuple[str, Any]] = [
    ("/api/customers/{customer}/phones", {"number": "13900001111"}),
    ("/api/customers/{customer}/phones/{phone}/reveal", {}),
    ("/api/customers/{customer}/ties", {"other": 1, "kind": "friend"}),
    ("/api/customers/{customer}/cars", {"model": "x"}),
    ("/api/cars/{car}/roles", {"customer": 1, "role": "payer"}),
    ("/api/customers/{customer}/orders", {"model": "x"}),
    ("/api/orders/{order}/payments", {"kind": "part", "amount": "1", "paid_on": "2026-11-01"}),
    ("/api/customers/{customer}/repairs", {"work": "x"}),
    ("/api/repairs/{repair}/lines", {"text": "x"}),
    ("/api/customers/{customer}/bookings", {"at": TOMORROW}),
    ("/api/customers/{customer}/cards", {"number": "C9"}),
    ("/api/cards/{card}/movements", {"version": 1, "kind": "earned", "points": 1}),
]
LISTS = ["/api/cars", "/api/orders", "/api/repairs", "/api/bookings", "/api/declined-work"]
ROUTES = {path.split("?")[0] for path in (*(path for _, path, _ in CHANGING), *READING, *(path for path, _ in ADDING))}
ROUTES |= {*LISTS, "/api/labels", "/api/car-facts"}


def test_outsiders_are_told_that_there_is_nothing_on_any_route(
    world: World, things: dict[str, Any], anonymous: Browser
) -> None:
    charlie, alice = world.browser("charlie"), world.browser("alice")
    asked = [
        *(("GET", path, None) for path in READING),
        *CHANGING,
        *(("DELETE", f"{path}?version=1", None) for _, path, _ in CHANGING),
        *(("POST", path, body) for path, body in ADDING),
    ]
    for method, path, body in asked:
        where = path.format(**things)
        sent = {"version": 1, **body} if method == "PATCH" else body
        theirs = charlie.send(method, where, sent)
        if theirs.status_code != 405:  # what cannot be removed at all
            assert theirs.status_code == 404, (method, where, theirs.content.decode())
            assert theirs.json()["code"] == "not_found"
            assert anonymous.send(method, where, sent).status_code == 401, where
    for path in LISTS:
        mine = alice.get(path).json()
        assert mine["total"] == 1, path
        assert charlie.get(path).json()["total"] == 0, path
        assert charlie.get(path, {"customer": things["customer"]}).status_code == 404
    there = charlie.get("/api/car-facts", {"vin": VIN, "plate": "沪A12345"}).json()
    assert there["there"] == []
    assert alice.get("/api/car-facts", {"plate": "沪A12345"}).json()["there"][0]["customer"]["name"] == "张三"
    assert not Change.objects.filter(by=world.charlie).exists()


def test_of_two_who_change_a_row_the_second_is_told_and_has_overwritten_nothing(
    world: World, things: dict[str, Any]
) -> None:
    alice, bob = world.browser("alice"), world.browser("bob")
    for method, path, body in CHANGING:
        where = path.format(**things)
        first = alice.send(method, where, {"version": 1, **body})
        assert first.status_code == 200, (where, first.content.decode())
        assert first.json()["version"] == 2, where
        late = bob.send(method, where, {"version": 1, **body})
        assert late.status_code == 409, where
        assert late.json()["current"]["version"] == 2
        same = bob.send(method, where, {"version": 2, **body})  # nothing new: not a version of its own
        assert (same.status_code, same.json()["version"]) == (200, 2), where
    of = world.browser("alice").get(f"/api/customers/{things['customer']}/changes").json()
    assert {row["by"]["name"] for row in of["items"]} == {"Alice"}
    fields = {(row["object_type"], row["field"]): (row["old"], row["new"]) for row in of["items"]}
    assert fields["customers.car", "colour"] == ("", "白")
    assert fields["customers.booking", "state"] == ("booked", "confirmed")
    assert fields["customers.customer", "+"][1]["name"] == "张三"


def test_numbers_are_kept_told_apart_barred_and_verified(world: World, things: dict[str, Any]) -> None:
    alice = world.browser("alice")
    of = f"/api/customers/{things['customer']}/phones"
    second = alice.send("POST", of, {"number": "021-6123 4567转 801", "used_by": "妻子", "use": "home"}).json()
    assert (second["extension"], second["city"]["en"], second["carrier"]) == ("801", "Shanghai", None)
    assert second["number"] == "+8621****4567"
    first = alice.get(f"/api/customers/{things['customer']}").json()["phones"][0]
    assert (first["number"], first["carrier"]["en"], first["primary"]) == ("+86138****5678", "China Mobile", True)
    again = alice.send("POST", of, {"number": "+86 21 61234567"}).json()
    assert again["id"] == second["id"]
    barred = alice.send("PATCH", f"{of}/{second['id']}", {
        "version": 1, "primary": True, "do_not_call": True, "do_not_call_why": "只接受短信", "verified_how": "rung"})
    assert (barred.json()["primary"], barred.json()["verified_at"] is not None) == (True, True)
    assert CustomerPhone.objects.filter(customer=things["customer"], primary=True).count() == 1
    for bad in ("", "abc", "12", "1381234567", "anonymous", "138****5678"):
        answer = alice.send("POST", of, {"number": bad})
        assert (answer.status_code, set(answer.json()["fields"])) == (400, {"phone"}), bad
    version = CustomerPhone.objects.get(pk=second["id"]).version
    assert alice.send("DELETE", f"{of}/{second['id']}?version={version}").status_code == 200
    assert CustomerPhone.objects.get(customer=things["customer"]).primary


def test_a_masked_number_is_shown_once_counted_and_audited(
    world: World, things: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phones, "REVEALS_AN_HOUR", 2)
    alice = world.browser("alice")
    path = f"/api/customers/{things['customer']}/phones/{things['phone']}/reveal"
    assert alice.send("POST", path).json() == {"number": NUMBER, "this_hour": 1, "today": 1, "an_hour": 2}
    assert alice.send("POST", path).json()["this_hour"] == 2
    assert alice.send("POST", path).status_code == 429
    assert AuditEntry.objects.filter(action="reveal", person=world.alice).count() == 3
    assert world.browser("lena").send("POST", path).json()["number"] == NUMBER  # she sees it anyway
    assert not AuditEntry.objects.filter(action="reveal", person=world.lena).exists()
    history = alice.get(f"/api/customers/{things['customer']}/changes").content.decode()
    assert "13812345678" not in history
    assert NUMBER in world.browser("lena").get(f"/api/customers/{things['customer']}/changes").content.decode()


def test_a_tie_is_read_from_both_ends_and_never_shows_another_stores_customer(
    world: World, things: dict[str, Any]
) -> None:
    gina, alice = world.browser("gina"), world.browser("alice")
    father = gina.send("POST", f"/api/customers/{things['customer']}/ties", {"other": things["west"], "kind": "parent"})
    assert father.json()["customer"]["name"] == "外人"
    assert [(t["kind"], t["customer"]["name"]) for t in alice.get(
        f"/api/customers/{things['customer']}/ties").json()] == [("spouse", "李四")]
    back = gina.get(f"/api/customers/{things['west']}/ties").json()
    assert [(t["kind"], t["customer"]["name"]) for t in back] == [("child", "张三")]
    for bad in (things["customer"], things["west"], 10**9):
        answer = alice.send("POST", f"/api/customers/{things['customer']}/ties", {"other": bad, "kind": "friend"})
        assert set(answer.json()["fields"]) == {"other"}
    mirrored = alice.send("POST", f"/api/customers/{things['wife']}/ties",
                          {"other": things["customer"], "kind": "spouse"})
    assert mirrored.json()["id"] == things["tie"]
    assert Tie.objects.count() == 2


def test_a_car_says_what_it_is_and_a_new_owner_takes_it_over(world: World, things: dict[str, Any]) -> None:
    alice = world.browser("alice")
    car = alice.get(f"/api/cars/{things['car']}").json()
    assert (car["plate"], car["plate_kind"]["en"], car["maker"]["zh"], car["year"]) == (
        "沪A12345", "ordinary", "上汽大众", 2014)  # fmt: skip
    assert car["vin_warning"] is None
    of = f"/api/customers/{things['wife']}/cars"
    twin = alice.send("POST", of, {"vin": VIN[:11] + "999999"}).json()  # its own type, another check digit
    assert (twin["model"], twin["year"], "check digit" in twin["vin_warning"]["en"]) == ("朗逸", 2014, True)
    for body, field in (({"plate": "沪A1234O"}, "plate"), ({"vin": "LSV123"}, "vin"),
                        ({"vin": "LSVOM4188E2123456"}, "vin"), ({}, "plate"),
                        ({"model": "x", "brand_id": 999}, "brand_id")):  # fmt: skip
        answer = alice.send("POST", of, body)
        assert (answer.status_code, set(answer.json()["fields"])) == (400, {field}), body
    abroad = alice.send("POST", of, {"plate": "HB 7722", "anyway": True}).json()
    assert (abroad["plate"], abroad["plate_kind"]["en"]) == ("HB7722", "other")
    sold = alice.send("POST", f"/api/cars/{things['car']}/roles",
                      {"customer": things["wife"], "role": "owner", "since": "2026-11-20"})  # fmt: skip
    assert sold.status_code == 200, sold.content
    roles = alice.get(f"/api/cars/{things['car']}").json()
    assert roles["customer"] == things["wife"]
    assert {(r["role"], r["customer"]["name"], r["until"]) for r in roles["roles"]} == {
        ("owner", "李四", None), ("owner", "张三", "2026-11-20"), ("driver", "李四", None)}  # fmt: skip
    assert CarRole.objects.filter(car=things["car"], role="owner", until__isnull=True).count() == 1
    body = {"customer": things["wife"], "role": "payer", "since": "2026-11-20", "until": "2026-01-01"}
    wrong = alice.send("POST", f"/api/cars/{things['car']}/roles", body)
    assert set(wrong.json()["fields"]) == {"until"}


def test_orders_and_repairs_go_by_steps_and_declined_work_is_asked_again(world: World, things: dict[str, Any]) -> None:
    alice = world.browser("alice")
    path = f"/api/orders/{things['order']}"
    ready = alice.send("PATCH", path, {"version": 1, "status": "ready"}).json()
    done = alice.send("PATCH", path, {"version": 2, "status": "delivered"}).json()
    assert [step["status"] for step in done["steps"]] == ["enquiry", "ready", "delivered"]
    assert (ready["open"], done["open"], done["paid"]) == (True, False, "5000.00")
    assert done["delivered_on"] is not None
    back = alice.send("POST", f"{path}/payments", {"kind": "refund", "amount": "10", "paid_on": "2026-11-01"})
    assert set(back.json()["fields"]) == {"amount"}
    path = f"/api/repairs/{things['repair']}"
    alice.send("POST", f"{path}/lines", {"text": "机油", "quantity": 2, "price": "100.50"})
    closed = alice.send("PATCH", path, {"version": 1, "stage": "closed"}).json()
    assert (closed["open"], closed["total"], closed["closed_at"] is not None) == (False, "201.00", True)
    due = alice.get("/api/declined-work", {"due": "2026-12-01"}).json()["items"]
    assert [(row["text"], row["customer"]["name"], row["car"]["plate"]) for row in due] == [
        ("更换前刹车片", "张三", "沪A12345")]  # fmt: skip
    assert alice.get("/api/declined-work", {"due": "2026-11-30"}).json()["total"] == 0
    theirs = alice.send("PATCH", path, {"version": 2, "car": Car.objects.create(customer_id=things["west"]).pk})
    assert set(theirs.json()["fields"]) == {"car"}
    number = Order.objects.get(pk=things["order"]).number
    twice = alice.send("POST", f"/api/customers/{things['customer']}/orders", {"model": "x", "number": number})
    assert twice.json()["code"] == "taken"
    # another store counts for itself
    Repair.objects.create(customer_id=things["west"], store=world.west, number=closed["number"], work="x")
    west = alice.send("POST", f"/api/customers/{things['customer']}/orders", {"model": "x", "store": world.west.pk})
    assert set(west.json()["fields"]) == {"store"}
    past = alice.send("POST", f"/api/customers/{things['customer']}/bookings", {"at": "2020-01-01T00:00:00Z"})
    assert set(past.json()["fields"]) == {"at"}


def test_a_card_holds_what_was_put_on_it_and_never_less_than_nothing(world: World, things: dict[str, Any]) -> None:
    alice = world.browser("alice")
    path = f"/api/cards/{things['card']}/movements"
    put = alice.send("POST", path, {"version": 1, "kind": "topped_up", "money": "500.00", "points": 50, "text": "充值"})
    assert (put.json()["card"]["balance"], put.json()["card"]["points"]) == ("500.00", 50)
    assert alice.send("POST", path, {"version": 1, "kind": "topped_up", "money": "500.00"}).status_code == 409
    for body, field in (({"kind": "paid", "money": "-500.01"}, "money"), ({"kind": "spent", "points": -51}, "points"),
                        ({"kind": "paid", "money": "5"}, "points"), ({"kind": "earned"}, "points")):  # fmt: skip
        answer = alice.send("POST", path, {"version": 2, **body})
        assert (answer.status_code, set(answer.json()["fields"])) == (400, {field}), body
    alice.send("PATCH", f"/api/cards/{things['card']}", {"version": 2, "blocked": True})
    assert alice.send("POST", path, {"version": 3, "kind": "paid", "money": "-1"}).json()["code"] == "blocked"
    card = MembershipCard.objects.get()
    assert (card.points, str(card.balance)) == (50, "500.00")
    assert [row["kind"] for row in alice.get(path).json()["items"]] == ["topped_up"]


@pytest.mark.parametrize(
    "name", ["李", "买买提·艾力", "阿依古丽·吐尔逊江·买买提明", "王😀👨‍👩‍👧", "𠮷田", "A" * 120, "张" * 120]
)
def test_names_of_every_kind_are_kept_found_and_sorted(world: World, name: str) -> None:
    alice = world.browser("alice")
    made = alice.send("POST", "/api/customers", {"name": name, "phone": "13900001111"})
    assert made.json()["name"] == name
    changed = alice.send("PATCH", f"/api/customers/{made.json()['id']}", {
        "version": 1, "intention": "A", "purchase_status": "talking", "wants_model": "Model Y", "budget_to": 300000,
        "labels": [" 老客户 ", "老客户", "😀"], "level": "vip", "birthday": "1990-02-28"}).json()  # fmt: skip
    assert (changed["labels"], changed["level_set"]["by"]) == (["老客户", "😀"], "person")
    found = alice.get("/api/customers", {"q": name[:40], "sort": "name", "label": "老客户", "intention": "A"}).json()
    assert [row["name"] for row in found["items"]] == [name]
    assert {row["text"] for row in alice.get("/api/labels", {"q": "老"}).json()} == {"老客户"}
    for body in ({"name": "x" * 121}, {"labels": ["x" * 41]}, {"birthday": "2090-01-01"}, {"birthday": "2025-02-30"},
                 {"budget_from": 400000}, {"name": "  "}):  # fmt: skip
        answer = alice.send("PATCH", f"/api/customers/{made.json()['id']}", {"version": 2, **body})
        assert answer.status_code in (400, 422), body
    assert Customer.objects.get(pk=made.json()["id"]).version == 2
