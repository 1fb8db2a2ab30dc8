"""The customer file by its routes: made, changed by two at once, removed, remembered, masked, nothing to outsiders."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.calls.models import Call
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
    for _ in range(2):  # the page reads it again
        assert alice.get(f"/api/customers/{things['customer']}/file").status_code == 200
    assert world.browser("charlie").get(f"/api/customers/{things['customer']}/file").status_code == 404
    assert [(one.username, one.object_id) for one in AuditEntry.objects.filter(action="look")] == [
        ("alice", str(things["customer"]))]  # fmt: skip
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
    # how it was paid is the payment's own, not by what way the change came
    paid = {"kind": "part", "amount": "9", "paid_on": "2026-11-01", "way": "微信"}
    made = alice.send("POST", f"{path}/payments", paid).json()
    said = alice.send("PATCH", f"/api/payments/{made['id']}", {"version": 1, "way": "现金", "note": "x"}).json()
    assert (made["way"], said["way"], said["note"]) == ("微信", "现金", "x")
    assert set(Change.objects.filter(object_type="customers.payment").values_list("source", flat=True)) == {"page"}
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


@pytest.mark.parametrize(
    ("text", "by", "plate"),
    [
        ("138 1234 5678", "number", ""),
        ("沪A·12345", "plate", "沪A12345"),
        ("12345", "plate_part", "沪A12345"),
        (VIN, "vin", "沪A12345"),
        (VIN[-6:], "vin_end", "沪A12345"),
        (VIN[-8:].lower(), "vin_end", "沪A12345"),
        ("c1", "card", ""),
    ],
)
def test_a_caller_is_known_by_whatever_he_says(
    world: World, things: dict[str, Any], text: str, by: str, plate: str
) -> None:
    alice = world.browser("alice")
    found = alice.get("/api/identify", {"q": text}).json()
    assert [(m["by"], m["customer"]["name"], (m["car"] or {"plate": ""})["plate"]) for m in found] == [
        (by, "张三", plate)]  # fmt: skip
    assert world.browser("charlie").get("/api/identify", {"q": text}).json() == []
    pop = alice.get("/api/pop", {"q": text}).json()
    assert (pop["known"], pop["customer"]["name"]) == (True, "张三")
    assert alice.get("/api/pop", {"q": "99999"}).json()["known"] is False
    for number in (Order.objects.get().number, Repair.objects.get().number):
        assert [m["customer"]["name"] for m in alice.get("/api/identify", {"q": number.lower()}).json()] == ["张三"]


def test_the_car_he_most_likely_rings_about_is_on_top_and_warnings_over_all(
    world: World, things: dict[str, Any]
) -> None:
    zhang = Customer.objects.get(pk=things["customer"])
    today = timezone.localdate()
    for plate, more in (("沪B00001", {"recall": "安全气囊"}), ("沪B00002", {"next_service_on": today}),
                        ("沪B00003", {"bought_on": today}), ("沪B00004", {"gone_on": today})):  # fmt: skip
        Car.objects.create(customer=zhang, plate=plate, **more)
    theirs = Car.objects.create(customer_id=things["wife"], plate="沪B00005")
    CarRole.objects.create(car=theirs, customer=zhang, role="payer")
    alice = world.browser("alice")

    def top() -> Any:
        return alice.get("/api/pop", {"number": NUMBER}).json()

    pop = top()
    assert [(car["plate"], car["because"]) for car in pop["cars"]] == [
        ("沪A12345", "repair"), ("沪B00001", ""), ("沪B00002", ""), ("沪B00003", ""), ("沪B00005", "")]  # fmt: skip
    assert (pop["cars_count"], pop["cars"][-1]["role"]) == (5, "payer")
    assert [(tie["kind"], tie["customer"]["name"]) for tie in pop["ties"]] == [("spouse", "李四")]
    assert [booking["text"] for booking in pop["bookings"]] == ["首保"]
    assert ["open recall" in warning["text"]["en"] for warning in pop["warnings"]] == [True]
    alice.send("PATCH", f"/api/repairs/{things['repair']}", {"version": 1, "stage": "closed"})
    assert [car["because"] for car in top()["cars"]][:2] == ["recall", ""]
    CustomerPhone.objects.filter(customer=zhang).update(do_not_call=True, do_not_call_why="已投诉骚扰")
    first = top()["warnings"][0]
    assert (first["tone"], first["text"]["en"]) == ("lost", "Do not call (已投诉骚扰)")
    asked = alice.get("/api/pop", {"q": "沪B00003"}).json()["cars"][0]
    assert (asked["plate"], asked["because"]) == ("沪B00003", "asked")
    assert alice.get("/api/pop", {"q": "沪B00005"}).json()["customer"]["name"] == "李四"
    # and whoever is taken of several comes with the car he was found by, else with his own likeliest one
    taken = alice.get(f"/api/customers/{zhang.pk}/file", {"car": theirs.pk}).json()["cars"][0]
    assert (taken["plate"], taken["because"]) == ("沪B00005", "asked")
    assert alice.get(f"/api/customers/{zhang.pk}/file").json()["cars"][0]["because"] == "recall"
    choices = alice.get("/api/file-choices", {"store": world.east.pk}).json()
    assert "Alice" in {one["name"] for one in choices["people"]}
    assert alice.get("/api/file-choices", {"store": world.west.pk}).status_code == 404


def test_everything_that_happened_is_in_one_list_by_pages_and_kinds(
    world: World, things: dict[str, Any], make_call: Callable[..., Any]
) -> None:
    call = make_call(customer_id=things["customer"])
    for n in range(30):  # of one day: none is lost between two pages
        Order.objects.create(customer_id=things["customer"], store=world.east, number=f"X{n}", model="x",
                             ordered_on="2026-01-01")  # fmt: skip
    alice = world.browser("alice")
    path = f"/api/customers/{things['customer']}/timeline"
    seen: list[Any] = []
    before: dict[str, str] = {}
    while True:
        page = alice.get(path, {"limit": 7, **before}).json()
        seen += page["items"]
        if page["next"] is None:
            break
        before = {"before": page["next"]}
    assert [entry["at"] for entry in seen] == sorted((entry["at"] for entry in seen), reverse=True)
    assert len({entry["text"] for entry in seen if entry["text"].startswith("X")}) == 30
    assert {"call", "order", "repair", "booking", "change"} <= {entry["kind"] for entry in seen}
    assert [entry["object_id"] for entry in seen if entry["kind"] == "call"] == [str(call.pk)]
    made = next(e for e in seen if e["kind"] == "change" and e["title"]["en"] == "New: car")
    assert (made["title"]["zh"], made["by"]) == ("新建车辆", "Alice")
    assert {e["kind"] for e in alice.get(path, {"kinds": "repair,booking"}).json()["items"]} == {"repair", "booking"}
    assert alice.get(path, {"kinds": "nothing"}).json()["items"] == []
    mine = [entry for entry in seen if entry["by"] == "Alice"]
    assert 0 < len(mine) < len(seen)
    assert alice.get(path, {"by": "Alice", "limit": 100}).json()["items"] == mine
    assert "Alice" in alice.get(f"{path}-people").json()
    assert world.browser("charlie").get(f"{path}-people").status_code == 404
    assert world.browser("charlie").get(path).status_code == 404


def test_a_company_with_500_cars_and_a_customer_with_2000_calls_stay_one_page(
    world: World, make_call: Callable[..., Any]
) -> None:
    firm = Customer.objects.create(store=world.east, name="大众出租", kind="company")
    CustomerPhone.objects.create(customer=firm, e164=NUMBER, primary=True)
    Car.objects.bulk_create(Car(customer=firm, plate=f"沪X{n:05d}") for n in range(500))
    sample = make_call(customer=firm)
    times = [timezone.now() - timedelta(hours=n) for n in range(2000)]
    Call.objects.bulk_create(Call(id=uuid.uuid4(), customer=firm, customer_number=NUMBER, store=world.east,
                                  line=sample.line, arrived_at=at, outcome="answered") for at in times)  # fmt: skip
    alice = world.browser("alice")
    pop = alice.get("/api/pop", {"number": NUMBER}).json()
    assert (len(pop["cars"]), pop["cars_count"], len(pop["calls"])) == (20, 500, 5)
    assert alice.get("/api/cars", {"customer": firm.pk, "q": "x00499"}).json()["total"] == 1
    cars = alice.get("/api/cars", {"customer": firm.pk, "page": 10}).json()
    assert (cars["total"], len(cars["items"])) == (500, 50)
    with CaptureQueriesContext(connection) as queries:
        page = alice.get(f"/api/customers/{firm.pk}/timeline", {"kinds": "call", "limit": 50}).json()
    assert len(page["items"]) == 50
    assert len(queries) < 15
