"""Leads from the first call to the order: who has them, who may do what, how fast people react, what is neglected."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from dealerline.apps.accounts.models import Person, RoleGrant
from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.common import timeline
from dealerline.apps.common.errors import Problem
from dealerline.apps.customers.models import Customer, CustomerPhone, Order
from dealerline.apps.history.models import Change
from dealerline.apps.leads import jobs
from dealerline.apps.leads.logic import personal, watching, work
from dealerline.apps.leads.models import Handover, Lead, LeadEvent, LeadPhoto, LostReason, Rules, Stage
from dealerline.apps.organisation.models import Brand, Region, Store
from dealerline.domain.leads.photos import LARGEST
from dealerline.settings import Settings
from tests.integration.records.conftest import Browser, World
from tests.unit.domain.test_leads import exif, jpeg, segment

NUMBER = "+8613812345678"
# Every test but that of the race has ``world`` and by it the database.


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the switch was asked for."""
    found: list[tuple[str, dict[str, Any]]] = []

    def ask(path: str, method: str = "GET", body: dict[str, Any] | None = None, timeout: float = 0.5) -> dict[str, Any]:
        found.append((path, body or {}))
        return {}

    monkeypatch.setattr("dealerline.apps.common.desks.ask_switch", ask)
    for module in ("desks", "telling"):
        monkeypatch.setattr(f"dealerline.apps.common.{module}.tell_switch",
                            lambda path, body: found.append((path, body)))
    return found


@pytest.fixture
def customer(world: World) -> Customer:
    row = Customer.objects.create(store=world.east, name="张三", title="先生")
    CustomerPhone.objects.create(customer=row, e164=NUMBER, primary=True)
    return row


@pytest.fixture
def brand(world: World) -> Brand:
    row = Brand.objects.create(code="audi", name_zh="奥迪", name_en="Audi")
    world.east.brands.add(row)
    return row


def make(browser: Browser, customer: Customer, **values: Any) -> dict[str, Any]:
    answer = browser.send("POST", "/api/leads", {"customer": customer.pk, **values})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def stage(name: str) -> int:
    return Stage.objects.get(name_en=name).pk


def aged(lead: int, **ago: float) -> None:
    """As if somebody had got it that long ago."""
    then = timezone.now() - timedelta(**ago)
    due = work.due(Lead.objects.get(pk=lead).store_id, then)
    Lead.objects.filter(pk=lead).update(handed_at=then, last_at=then, reaction_due=due)
    Handover.objects.filter(lead=lead).update(at=then, due_at=due)


# the story ------------------------------------------------------------------------------------------------------------
def test_from_the_call_over_a_test_drive_and_a_discount_to_the_order(
    world: World, customer: Customer, brand: Brand, said: list[Any], django_capture_on_commit_callbacks: Any,
    make_call: Callable[..., Any],
) -> None:  # fmt: skip
    """Bob takes the call and gives the lead to Alice; Lena, who assigns, grants the discount; Alice wins."""
    alice, bob, lena = (world.browser(name) for name in ("alice", "bob", "lena"))
    call = make_call(customer=customer)
    with django_capture_on_commit_callbacks(execute=True):
        lead = make(bob, customer, call=str(call.pk), brand=brand.pk, model="A6L", budget_to=450_000, intention="A",
                    owner=world.alice.pk, need="下周提车")
    path = f"/api/leads/{lead['id']}"
    assert (lead["state"], lead["origin"], lead["owner"]["name"], lead["number"]) == (
        "waiting", "call", "Alice", "+86138****5678")
    assert any(kind == "notice" and body["people"] == [world.alice.pk] for kind, body in said)
    assert any(kind == "changed" and body["kind"] == "lead" and body["store"] == world.east.pk for kind, body in said)

    event = str(uuid.uuid4())
    drive = {"kind": "drive", "car": "A6L 试驾车", "route": "环路", "licence": True, "place": "店内",
             "latitude": 31.2, "longitude": 121.4, "client_id": event, "next_step": "报价",
             "next_at": (timezone.now() + timedelta(days=1)).isoformat()}
    for _ in range(2):  # the telephone had no answer and sends it again
        assert alice.send("POST", f"{path}/events", drive).status_code == 200
    seen = alice.get(path).json()
    assert [e["kind"] for e in seen["events"]] == ["created", "drive"], "once"
    assert (seen["state"], seen["next_step"], seen["events"][1]["data"]["licence"]) == ("active", "报价", True)
    assert seen["handovers"][0]["seconds"] is not None

    asked = alice.send("POST", f"{path}/events", {"kind": "discount", "amount": 8000, "text": "对手报价更低"}).json()
    assert asked["state"] == "open"
    answer = f"{path}/events/{asked['id']}/answer"
    assert alice.send("POST", answer, {"granted": True}).status_code == 403, "not by who asked"
    for amount in (0, 8001):
        assert "amount" in lena.send("POST", answer, {"granted": True, "amount": amount}).json()["fields"]
    assert lena.send("POST", answer, {"granted": True, "amount": 6000, "text": "最多这么多"}).status_code == 200
    assert lena.send("POST", answer, {"granted": False}).status_code == 409, "once"

    version = alice.get(path).json()["version"]
    won = {"version": version, "stage": stage("Won")}
    theirs = Order.objects.create(customer=Customer.objects.create(store=world.east, name="李四"), store=world.east,
                                  number="SO2", model="A6L")
    assert alice.send("POST", f"{path}/move", {**won, "order": theirs.pk}).status_code == 400
    order = Order.objects.create(customer=customer, store=world.east, number="SO1", model="A6L")
    assert alice.send("POST", f"{path}/move", {**won, "order": order.pk}).json()["order"]["name"] == "SO1"
    assert bob.send("PATCH", path, {"version": version + 1, "need": "x"}).status_code in (403, 409)

    told = [entry.title["en"] for entry in timeline.of_customers(world.alice, [customer.pk], ["lead"])]
    assert told == ["Lead: Won", "Answer", "Discount asked for", "Test drive", "New lead"]
    assert Change.objects.filter(object_type="leads.lead", customer=customer, field="state", new="won").exists()
    assert set(AuditEntry.objects.filter(object_type="lead").values_list("action", flat=True)) == {"lead"}


def test_winning_makes_the_order_once_and_one_that_cannot_be_leaves_the_lead_as_it_was(
    world: World, customer: Customer
) -> None:
    alice = world.browser("alice")
    lead = make(alice, customer, model="A6L")
    path = f"/api/leads/{lead['id']}/move"
    Order.objects.create(customer=customer, store=world.east, number="SO1", model="A6L")
    new = {"number": "SO1", "model": "A6L", "amount": "438800.00", "expected_on": "2027-01-15"}
    won = {"version": lead["version"], "stage": stage("Won"), "new_order": new}
    taken = alice.send("POST", path, won)
    assert (taken.status_code, taken.json()["code"], Lead.objects.get().state) == (400, "taken", "active")
    assert alice.send("POST", path, {**won, "new_order": {**new, "model": ""}}).status_code in (400, 422)
    new["number"] = ""
    answers = [alice.send("POST", path, won) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409] and answers[1].json()["code"] == "stale"
    order = customer.orders.exclude(number="SO1").get()
    assert answers[0].json()["order"] == {"id": order.pk, "name": order.number}
    assert (order.status, order.salesperson_id, str(order.amount), order.store_id) == (
        "ordered", world.alice.pk, "438800.00", world.east.pk)
    assert order.steps.get().status == "ordered"


# protection -----------------------------------------------------------------------------------------------------------
def test_the_second_is_told_who_has_the_customer_and_may_join(world: World, customer: Customer, brand: Brand) -> None:
    lead = make(world.browser("alice"), customer, brand=brand.pk)
    bob = world.browser("bob")
    refused = bob.send("POST", "/api/leads", {"customer": customer.pk, "brand": brand.pk})
    held = refused.json()
    assert (refused.status_code, held["code"], held["held"]["owner"]) == (409, "held", "Alice")
    assert held["held"]["store"]["en"] == "Store east" and "5678" not in refused.content.decode()
    late = bob.send("POST", f"/api/leads/{lead['id']}/events", {"kind": "visit"})
    assert (late.status_code, late.json()["code"]) == (403, "not_yours") and "Alice" in late.json()["text"]["en"]
    assert bob.send("POST", f"/api/leads/{lead['id']}/join", {}).status_code == 200
    assert bob.send("POST", f"/api/leads/{lead['id']}/events", {"kind": "visit"}).status_code == 200
    assert make(bob, customer)["brand"] is None, "another make is another matter"


def test_he_who_asks_for_it_gets_it_when_its_owner_says_yes(world: World, customer: Customer) -> None:
    lead = make(world.browser("alice"), customer)
    for _ in range(2):
        assert world.browser("bob").send("POST", "/api/lead-requests", {"customer": customer.pk}).status_code == 200
    asked = LeadEvent.objects.get(kind="ask")
    path = f"/api/leads/{lead['id']}/events/{asked.pk}/answer"
    assert world.browser("bob").send("POST", path, {"granted": True}).status_code == 403
    assert world.browser("alice").send("POST", path, {"granted": True}).status_code == 200
    assert Lead.objects.get().owner == world.bob
    assert world.browser("charlie").send("POST", "/api/lead-requests", {"customer": customer.pk}).status_code == 404


def test_a_namesake_with_the_same_number_is_protected_where_one_may_see_him(world: World, customer: Customer) -> None:
    make(world.browser("alice"), customer)
    for store, name in ((world.east, "bob"), (world.west, "charlie")):
        twin = Customer.objects.create(store=store, name="张先生")
        CustomerPhone.objects.create(customer=twin, e164=NUMBER, primary=True)
        answer = world.browser(name).send("POST", "/api/leads", {"customer": twin.pk})
        assert answer.status_code == (409 if store == world.east else 200)


def test_somebody_met_outside_is_made_with_his_lead_once_and_asked_for_when_he_may_be_in_the_files(
    world: World, customer: Customer
) -> None:
    alice, bob, key = world.browser("alice"), world.browser("bob"), str(uuid.uuid4())
    new = {"new_customer": {"name": "李 四", "title": "女士", "phone": "139 0000 0001"}, "client_id": key}
    answers = [alice.send("POST", "/api/leads", new) for _ in range(2)]  # the telephone had no answer
    assert [one.status_code for one in answers] == [200, 200], answers[0].content
    lead = answers[0].json()
    assert lead["id"] == answers[1].json()["id"] and lead["state"] == "active", "the same key is the same row"
    assert Customer.objects.filter(name="李 四").count() == Lead.objects.count() == 1
    assert bob.send("POST", "/api/leads", new).json()["code"] == "taken"

    late = {"new_customer": {"name": "张先生", "phone": NUMBER}, "client_id": str(uuid.uuid4())}
    told = bob.send("POST", "/api/leads", late)
    assert (told.status_code, told.json()["code"]) == (409, "known") and "12345678" not in told.content.decode()
    assert told.json()["known"] == [{"customer": {"id": customer.pk, "name": "张三", "title": "先生"},
                                     "number": "+86138****5678", "by": "phone"}]
    by_name = bob.send("POST", "/api/leads", {"new_customer": {"name": "张三"}}).json()
    assert [one["by"] for one in by_name["known"]] == ["name"]
    assert Customer.objects.count() == 2, "nobody was made"
    make(bob, customer, client_id=late["client_id"])  # it is him

    anyway = {"new_customer": {"name": "张太太", "phone": NUMBER, "anyway": True}, "client_id": str(uuid.uuid4())}
    held = alice.send("POST", "/api/leads", anyway)
    assert (held.status_code, held.json()["held"]["customer"]) == (409, customer.pk)
    assert not Customer.objects.filter(name="张太太").exists(), "both or neither"
    for bad in ({"new_customer": {"name": "无号", "phone": "12"}}, {}):
        assert alice.send("POST", "/api/leads", bad).status_code == 400
    elsewhere = {"new_customer": {"name": "张三", "phone": NUMBER}}
    assert world.browser("charlie").send("POST", "/api/leads", elsewhere).status_code == 200, "nothing is told of east"


def test_the_database_has_the_last_word(world: World, customer: Customer) -> None:
    make(world.browser("alice"), customer)
    row = Lead.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Lead.objects.create(customer=customer, store=world.west, stage=row.stage)


@pytest.fixture
def two(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Customer, list[Person]]]:
    """A customer and two colleagues that every connection sees, taken away afterwards: tables that nobody may rewrite
    cannot be emptied as pytest's transactional tests do it."""
    with django_db_blocker.unblock():
        region = Region.objects.create(code="race", name_zh="race")
        store = Store.objects.create(code="race", name_zh="race", region=region)
        row = Customer.objects.create(store=store, name="张三")
        CustomerPhone.objects.create(customer=row, e164=NUMBER, primary=True)
        people = [Person.objects.create_user(f"race{n}", name=f"Race {n}", store=store) for n in range(2)]
        for person in people:
            RoleGrant.objects.create(person=person, role="agent", scope="store", store=store)
        try:
            yield row, people
        finally:
            for rows in (Lead, Change, Stage, LostReason, RoleGrant, Person, Customer, Store, Region):
                rows.objects.all().delete()


def at_once(people: list[Person], do: Callable[[Person], Any]) -> list[Any]:
    """Ten times at the same moment, each with a connection of its own; results and errors."""
    results: list[Any] = []
    begin = threading.Barrier(10)
    connection.ensure_connection()
    ours = connection.connection.info  # the test's database, whatever other folders' fixtures made of the settings
    where = {"NAME": ours.dbname, "PORT": str(ours.port), "PASSWORD": ours.password}

    def one(pk: int) -> None:
        connection.settings_dict = {**connection.settings_dict, **where}
        person = Person.objects.get(pk=pk)
        begin.wait(10)
        try:
            results.append(do(person))
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(people[n % 2].pk,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [getattr(result, "code", "done") if isinstance(result, Lead | Problem) else result for result in results]


def test_of_ten_at_once_one_gets_the_customer_and_of_ten_one_the_pools_lead(
    two: tuple[Customer, list[Person]], monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, people = two
    monkeypatch.setattr("dealerline.apps.common.desks.tell_switch", lambda *_: None)
    monkeypatch.setattr("dealerline.apps.common.telling.tell_switch", lambda *_: None)
    made = at_once(people, lambda p: work.create(p, customer=customer, store=customer.store_id, owner=None, values={}))
    assert sorted(made) == ["done"] + ["held"] * 9
    Lead.objects.update(state="pool")
    claims = at_once(people, lambda p: work.claim(p, Lead.objects.get()))
    winner = Lead.objects.get().owner
    assert winner in people
    assert sorted(claims) == ["claimed"] * 5 + ["done"] * 5, "the winner may ask again"
    assert LeadEvent.objects.filter(kind="claim").count() == 1


# hand-over, reactions -------------------------------------------------------------------------------------------------
def test_a_lead_goes_to_another_store_with_a_clock_and_its_follow_up_is_measured(
    world: World, customer: Customer, said: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    alice, charlie, walter = (world.browser(name) for name in ("alice", "charlie", "walter"))
    lead = make(alice, customer)
    path = f"/api/leads/{lead['id']}"
    body = {"version": lead["version"], "store": world.west.pk, "note": "客户搬到西区"}
    assert world.browser("bob").send("POST", f"{path}/hand-over", body).status_code == 403
    assert alice.send("POST", f"{path}/hand-over", {**body, "person": world.charlie.pk}).status_code == 400
    with django_capture_on_commit_callbacks(execute=True):
        assert alice.send("POST", f"{path}/hand-over", body).json() == {"lead": None}
    assert any(kind == "notice" and world.walter.pk in body["people"] for kind, body in said)
    assert alice.get(path).status_code == 404
    seen = charlie.get(path).json()
    assert (seen["state"], seen["owner"], seen["can"]["take"]) == ("waiting", None, True)
    assert (lead["customer"]["seen"], seen["customer"]["seen"]) == (True, False), "his file stays where it is"
    assert charlie.send("POST", f"{path}/claim", {}).json()["owner"]["name"] == "Charlie"
    assert charlie.get(path).json()["reacted_at"] is None, "taking is no reaction"
    aged(lead["id"], minutes=5)
    assert charlie.send("POST", f"{path}/events", {"kind": "call", "text": "约周六看车"}).status_code == 200

    figures = walter.get("/api/leads/reactions").json()
    assert figures["stores"] == [{**figures["all"], "store": {"zh": "west店", "en": "Store west"}}]
    assert (figures["all"]["in_time"], figures["people"][0]["person"]) == (1, "Charlie")
    assert 290 < figures["all"]["median_seconds"] < 310 and figures["all"]["in_time_share"] == 1
    given = alice.get("/api/leads/reactions").json()
    assert given["all"]["reacted"] == 1 and given["late"] == [], "who gave it away follows what becomes of it"


def test_a_late_reaction_is_late_whatever_time_is_written_down(world: World, customer: Customer) -> None:
    lead = make(world.browser("bob"), customer, owner=world.alice.pk)
    aged(lead["id"], minutes=45)
    said = (timezone.now() - timedelta(minutes=40)).isoformat()
    alice = world.browser("alice")
    assert alice.send("POST", f"/api/leads/{lead['id']}/events", {"kind": "call", "at": said}).status_code == 200
    figures = alice.get("/api/leads/reactions").json()
    assert figures["all"]["late"] == 1 and figures["late"][0]["customer"] == "张三"


def test_of_other_stores_only_their_names_are_told_to_hand_over_to(world: World) -> None:
    stores = {s["name"]["en"]: s for s in world.browser("charlie").get("/api/leads/choices").json()["stores"]}
    assert (stores["Store east"]["seen"], stores["Store east"]["people"]) == (False, [])
    assert "Charlie" in [person["name"] for person in stores["Store west"]["people"]]


def test_who_made_a_lead_for_the_store_fills_it_in_and_gives_it_until_somebody_takes_it(
    world: World, customer: Customer
) -> None:
    bob, path = world.browser("bob"), "/api/leads/"
    lead = make(bob, customer, owner=0)
    assert lead["owner"] is None
    filled = bob.send("PATCH", f"{path}{lead['id']}", {"version": 1, "model": "A6L"}).json()
    assert world.browser("alice").send("PATCH", f"{path}{lead['id']}", {"version": 2, "model": "x"}).status_code == 403
    body = {"version": filled["version"], "store": world.east.pk, "person": world.alice.pk}
    assert bob.send("POST", f"{path}{lead['id']}/hand-over", body).json()["lead"]["owner"]["name"] == "Alice"
    assert bob.send("PATCH", f"{path}{lead['id']}", {"version": 3, "model": "x"}).status_code == 403


# the pool -------------------------------------------------------------------------------------------------------------
def test_a_lead_without_a_reaction_goes_to_the_pool_and_the_quicker_of_two_has_it(
    world: World, customer: Customer, said: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    lead = make(world.browser("bob"), customer, owner=world.alice.pk)
    aged(lead["id"], minutes=20)
    jobs.watch_leads(0)
    assert Lead.objects.get().state == "waiting"
    aged(lead["id"], minutes=31)
    with django_capture_on_commit_callbacks(execute=True):
        jobs.watch_leads(0)
    row = Lead.objects.get()
    assert (row.state, row.owner, row.pool_reason) == ("pool", None, "no_reaction")
    told = {pk for kind, body in said if kind == "notice" for pk in body["people"]}
    assert world.lena.pk in told and world.alice.pk in told
    path = f"/api/leads/{lead['id']}"
    bob = world.browser("bob")
    assert bob.send("POST", f"{path}/events", {"kind": "call"}).status_code in (403, 409)
    said.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert bob.send("POST", f"{path}/claim", {}).json()["state"] == "waiting"
    assert [(body["people"], body["text"]["en"]) for kind, body in said if kind == "notice"] == [
        ([world.alice.pk], f"Bob claimed a lead of yours from the pool: {customer.name}.")]
    slower = world.browser("alice").send("POST", f"{path}/claim", {})
    assert (slower.status_code, slower.json()["code"], slower.json()["text"]["en"]) == (
        409, "claimed", "Bob has claimed this lead.")
    assert world.browser("charlie").send("POST", f"{path}/claim", {}).status_code == 404


def test_an_overdue_next_step_and_a_long_silence_lead_to_the_pool_by_the_groups_rules(
    world: World, customer: Customer
) -> None:
    alice = world.browser("alice")
    lead = make(alice, customer, next_step="邀约到店", next_at=(timezone.now() + timedelta(days=1)).isoformat())
    now = timezone.now()
    Rules.objects.create(overdue_days=2, silent_days=7)
    assert watching.pool_neglected(now + timedelta(days=2)) == 0
    assert watching.pool_neglected(now + timedelta(days=3, minutes=1)) == 1
    row = Lead.objects.get()
    assert row.pool_reason == "overdue"
    work.claim(world.alice, row)
    assert alice.send("POST", f"/api/leads/{lead['id']}/events", {"kind": "call", "next_step": ""}).status_code == 200
    assert watching.pool_neglected(timezone.now() + timedelta(days=8)) == 1
    assert Lead.objects.get().pool_reason == "silent"


def test_a_talk_with_the_customer_is_a_reaction_though_nobody_wrote_it_down(
    world: World, customer: Customer, make_call: Callable[..., Any]
) -> None:
    came = make_call(customer=customer, answered_at=timezone.now() - timedelta(minutes=20))
    lead = make(world.browser("bob"), customer, owner=world.alice.pk, call=str(came.pk))
    aged(lead["id"], minutes=10)
    assert watching.hear_calls(timezone.now()) == 0, "the call it came from is none"
    make_call(customer=customer)
    assert watching.hear_calls(timezone.now()) == 1
    row = Lead.objects.get()
    assert row.state == "active" and row.events.filter(kind="call", by=None).count() == 1
    assert watching.pool_neglected(timezone.now() + timedelta(hours=5)) == 0


# losing, stages, versions ---------------------------------------------------------------------------------------------
def test_losing_needs_a_reason_and_can_be_taken_back_unless_he_is_anothers_by_then(
    world: World, customer: Customer
) -> None:
    alice = world.browser("alice")
    lead = make(alice, customer)
    path = f"/api/leads/{lead['id']}/move"
    lost = {"version": lead["version"], "stage": stage("Lost")}
    refused = alice.send("POST", path, lost)
    assert refused.status_code == 400 and "lost_reason" in refused.json()["fields"]
    lost["lost_reason"] = LostReason.objects.first().pk  # type: ignore[union-attr]
    gone = alice.send("POST", path, lost).json()
    assert (gone["state"], gone["stage"]["kind"]) == ("lost", "lost")
    assert alice.send("POST", path, lost).json()["code"] == "stale"
    again = {"version": gone["version"], "stage": stage("Contacted")}
    other = make(world.browser("bob"), customer)
    assert alice.send("POST", path, again).json()["code"] == "held"
    Lead.objects.filter(pk=other["id"]).delete()
    back = alice.send("POST", path, again).json()
    assert (back["state"], back["lost_reason"], back["closed_at"]) == ("active", None, None)


def test_a_brand_may_have_stages_of_its_own_and_a_lead_that_changes_brand_keeps_its_place(
    world: World, customer: Customer, brand: Brand
) -> None:
    alice = world.browser("alice")
    lead = make(alice, customer)
    path = f"/api/leads/{lead['id']}"
    moved = alice.send("POST", f"{path}/move", {"version": 1, "stage": stage("Contacted")}).json()
    for position, (name, kind) in enumerate([("Fresh", "open"), ("Warm", "open"), ("Signed", "won"), ("Gone", "lost")]):
        Stage.objects.create(name_zh=name, name_en=name, kind=kind, brand=brand, position=position)
    changed = alice.send("PATCH", path, {"version": moved["version"], "brand": brand.pk}).json()
    assert changed["stage"]["name"]["en"] == "Warm"
    wrong = alice.send("POST", f"{path}/move", {"version": changed["version"], "stage": stage("Visited")})
    assert wrong.status_code == 400
    columns = [c["stage"]["name"]["en"] for c in alice.get(f"/api/leads/board?brand={brand.pk}").json()]
    assert columns == ["Fresh", "Warm", "Signed", "Gone"]


def test_two_who_edit_at_once_are_told_and_impossible_values_say_what_to_change(
    world: World, customer: Customer
) -> None:
    alice = world.browser("alice")
    lead = make(alice, customer)
    path = f"/api/leads/{lead['id']}"
    assert alice.send("PATCH", path, {"version": 1, "model": "Q5L"}).status_code == 200
    stale = world.browser("lena").send("PATCH", path, {"version": 1, "model": "A4L"})
    assert (stale.status_code, stale.json()["current"]["model"]) == (409, "Q5L")
    for body, field in (({"budget_from": 300, "budget_to": 200}, "budget_to"), ({"brand": 999_999}, "brand"),
                        ({"next_at": "2027-01-01T00:00:00Z"}, "next_step")):  # fmt: skip
        refused = alice.send("PATCH", path, {"version": 2, **body})
        assert refused.status_code == 400 and list(refused.json()["fields"]) == [field]
    future = (timezone.now() + timedelta(hours=1)).isoformat()
    for body, field in (({"kind": "note"}, "text"), ({"kind": "drive"}, "car"), ({"kind": "quote"}, "price"),
                        ({"kind": "discount"}, "amount"), ({"kind": "visit", "at": future}, "at")):  # fmt: skip
        refused = alice.send("POST", f"{path}/events", body)
        assert refused.status_code == 400 and list(refused.json()["fields"]) == [field]


# photos, numbers ------------------------------------------------------------------------------------------------------
def test_a_photo_of_a_visit_is_kept_once_without_its_place_and_only_for_those_who_see_the_lead(
    world: World, customer: Customer, product: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    alice = world.browser("alice")
    lead = make(alice, customer)
    event = alice.send("POST", f"/api/leads/{lead['id']}/events", {"kind": "visit", "place": "客户公司"}).json()
    path = f"/api/leads/{lead['id']}/events/{event['id']}/photos/{uuid.uuid4()}"
    picture = jpeg(segment(0xE1, exif(6)), tail=bytes(3 << 20))  # larger than a form may be

    def put(browser: Browser, content: bytes, where: str = path) -> Any:
        return browser.generic("PUT", where, content, content_type="image/jpeg", headers={"X-CSRFToken": browser.token})

    for _ in range(2):
        assert put(alice, picture).status_code == 200
    assert put(alice, picture + b"x").status_code == 409
    assert put(world.browser("bob"), picture, path[:-4] + "0000").status_code == 403
    assert put(world.browser("charlie"), picture).status_code == 404
    assert put(alice, b"<svg onload=alert(1)>", path[:-4] + "0000").status_code == 415
    assert put(alice, picture + bytes(LARGEST), path[:-4] + "0000").status_code == 413
    kept = LeadPhoto.objects.get()
    assert b"31.2304N" not in (product.photos / kept.path).read_bytes()
    address = alice.get(f"/api/leads/{lead['id']}").json()["events"][-1]["photos"][0]["address"]
    shown = world.browser("bob").get(address)
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    assert world.browser("charlie").get(address).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        assert personal.erase(customer.pk)["lead_photos"] == 1
        assert (product.photos / kept.path).exists(), "a preview is rolled back"
    assert not (product.photos / kept.path).exists() and not LeadPhoto.objects.exists()


def test_who_has_the_lead_sees_its_number_by_one_click_and_that_is_audited(
    world: World, customer: Customer, said: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = make(world.browser("alice"), customer)
    path = f"/api/leads/{lead['id']}"
    assert world.browser("bob").send("POST", f"{path}/number", {}).status_code == 403
    assert world.browser("alice").send("POST", f"{path}/number", {}).json() == {"number": NUMBER}
    with monkeypatch.context() as patch:
        patch.setattr("dealerline.apps.customers.logic.phones.REVEALS_AN_HOUR", 1)
        assert world.browser("alice").send("POST", f"{path}/number", {}).status_code == 429, "not a list to carry off"
    assert world.browser("alice").send("POST", f"{path}/ring", {}).status_code == 200
    assert ("dial_for", {"person": world.alice.pk, "number": NUMBER, "line": world.east.lines.get().pk,
                         "purpose": "service"}) in said
    assert list(AuditEntry.objects.filter(object_type="lead").order_by("id").values_list("action", flat=True)) == [
        "lead", "reveal", "reveal", "ring_back"]


def test_lists_are_found_by_name_pinyin_and_number_but_not_digit_by_digit(
    world: World, customer: Customer, brand: Brand
) -> None:
    alice = world.browser("alice")
    make(alice, customer, brand=brand.pk, model="Q5L")
    for q in ("张三", "zs", "zhangsan", "5678", "13812345678", "q5l"):
        assert alice.get(f"/api/leads?q={q}").json()["total"] == 1, q
    assert alice.get("/api/leads?q=45678").json()["total"] == 0
    assert alice.get("/api/leads?state=mine").json()["total"] == 1
    assert world.browser("bob").get("/api/leads?state=mine").json()["total"] == 0
    assert alice.get("/api/leads/counts").json() == {"open": 1, "mine": 1, "waiting": 0, "pool": 0, "due": 0}
    shown = alice.get("/api/leads/board").json()
    assert shown[0]["total"] == 1 and shown[0]["items"][0]["customer"]["name"] == "张三"


def test_a_sales_consultant_works_without_a_desk(world: World, customer: Customer) -> None:
    sam = Person.objects.create_user("sam", name="Sam", store=world.east)
    RoleGrant.objects.create(person=sam, role="sales", scope="store", store=world.east)
    browser = Browser().become(Person.objects.get(pk=sam.pk))
    lead = make(browser, customer)
    assert browser.send("POST", f"/api/leads/{lead['id']}/events", {"kind": "visit"}).status_code == 200
    assert browser.get("/api/leads/reactions").status_code == 200
