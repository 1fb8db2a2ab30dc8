"""Promises to customers and everybody's list of work: made once, reminded of, gone upwards, kept, counted."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.calls.models import Alarm
from dealerline.apps.common import timeline
from dealerline.apps.customers.models import Car, Customer, CustomerPhone
from dealerline.apps.history import facade as history
from dealerline.apps.promises.logic import keeping, personal
from dealerline.apps.promises.models import Promise, Snooze, StoreRules, Task
from tests.integration.records.conftest import World
from tests.integration.records.telling import CUSTOMER, Told

pytestmark = pytest.mark.django_db
NUMBER = f"+86{CUSTOMER}"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """What the switch was asked for, and it did it."""
    said: list[tuple[str, dict[str, Any]]] = []

    def ask(path: str, method: str = "GET", body: dict[str, Any] | None = None, timeout: float = 0.5) -> dict[str, Any]:
        said.append((path, body or {}))
        return {"call": "c"}

    monkeypatch.setattr("dealerline.apps.common.desks.ask_switch", ask)
    for module in ("desks", "telling"):
        monkeypatch.setattr(f"dealerline.apps.common.{module}.tell_switch",
                            lambda path, body: said.append((path, body)))
    yield said


@pytest.fixture
def him(world: World) -> Customer:
    """A customer of the east with two numbers and a car."""
    customer: Customer = Customer.objects.create(store=world.east, name="张三")
    CustomerPhone.objects.create(customer=customer, e164=NUMBER, primary=True)
    CustomerPhone.objects.create(customer=customer, e164="+862166668888")
    Car.objects.create(customer=customer, plate="沪A12345")
    return customer


def ahead(minutes: float = 60) -> str:
    return (timezone.now() + timedelta(minutes=minutes)).isoformat()


def make(browser: Any, **values: Any) -> Any:
    body = {"id": str(uuid.uuid4()), "due_at": ahead(), **values}
    return browser.send("POST", "/api/promises", body)


def made(browser: Any, **values: Any) -> Promise:
    answer = make(browser, **values)
    assert answer.status_code == 200, answer.content
    return Promise.objects.get(pk=answer.json()["id"])


def change(browser: Any, row: Promise, **values: Any) -> Any:
    return browser.send("PATCH", f"/api/promises/{row.pk}", {"version": row.version, **values})


def age(row: Promise, minutes: float) -> None:
    """As if everything about it had happened so long ago."""
    for name in ("made_at", "first_due_at", "due_at", "remind_at", "lead_at", "manager_at", "lapse_at"):
        setattr(row, name, getattr(row, name) - timedelta(minutes=minutes))
    row.save()


# making -------------------------------------------------------------------------------------------------------------
def test_a_promise_in_a_call_knows_its_customer_his_car_and_the_moment(
    world: World, him: Customer, make_call: Callable[..., Any]
) -> None:
    call, alice = make_call(customer=him), world.browser("alice")
    car = him.cars.get()
    body = {"id": str(uuid.uuid4()), "due_at": ahead(), "call": str(call.pk), "second": 42.5, "car": car.pk}
    first, again = (alice.send("POST", "/api/promises", body).json() for _ in range(2))
    assert first == again and Promise.objects.count() == 1, "told twice it is made once"
    assert (first["customer"]["name"], first["car"]["name"], first["second"]) == ("张三", "沪A12345", 42.5)
    assert first["owner"]["name"] == "Alice" and "****" in first["number"] and first["first_due_at"] == first["due_at"]
    row = Promise.objects.get()
    assert (row.number, row.store, row.call_id) == (NUMBER, world.east, call.pk)
    assert [c.field for c in history.of_object("promises.promise", row.pk)] == ["+"]
    assert AuditEntry.objects.filter(action="promise", object_id=str(row.pk)).count() == 1


def test_a_page_that_was_cut_off_tells_later_when_it_was_said(world: World, him: Customer) -> None:
    said, due = timezone.now() - timedelta(minutes=20), timezone.now() - timedelta(minutes=5)
    row = made(world.browser("alice"), customer=him.pk, made_at=said.isoformat(), due_at=due.isoformat())
    assert row.made_at == said and row.due_at == due, "it is late already, and counts as such"


@pytest.mark.parametrize(("wrong", "field"), [
    ({"due_at": ahead(-1)}, "due_at"), ({"due_at": ahead(60 * 24 * 400)}, "due_at"), ({"what": "other"}, "text"),
    ({"car": 999_999}, "car"), ({"customer": None}, "customer"), ({"owner": 999_999}, "owner")])  # fmt: skip
def test_what_cannot_be_promised_says_what_to_change(
    world: World, him: Customer, wrong: dict[str, Any], field: str
) -> None:
    answer = make(world.browser("alice"), **{"customer": him.pk, **wrong})
    assert answer.status_code == 400 and set(answer.json()["fields"]) == {field}
    assert not Promise.objects.exists()


def test_charlie_can_promise_nothing_to_the_easts_customers_nor_take_their_ids(
    world: World, him: Customer, make_call: Callable[..., Any]
) -> None:
    charlie, row = world.browser("charlie"), made(world.browser("alice"), customer=him.pk)
    call = make_call(customer=him)
    for values in ({"customer": him.pk}, {"id": str(row.pk), "customer": him.pk}):
        assert make(charlie, **values).status_code == 404
    theirs, unknown = (make(charlie, call=str(each)) for each in (call.pk, uuid.uuid4()))
    assert theirs.status_code == 400 and theirs.json() == unknown.json(), "as unknown to him as a call to come"
    assert make(charlie, owner=world.alice.pk, call=str(uuid.uuid4()), store=world.east.pk).status_code == 404
    assert charlie.get(f"/api/promises/choices?store={world.east.pk}").status_code == 404


def test_the_quick_times_keep_the_stores_hours_unless_it_wants_none(world: World) -> None:
    from dealerline.apps.organisation.models import Hours

    hours = Hours.objects.create(store=world.east, name_zh="无")  # never open
    world.east.lines.update(hours=hours)
    path = f"/api/promises/choices?store={world.east.pk}"
    found = world.browser("alice").get(path).json()
    assert [c["code"] for c in found["choices"]][:2] == ["half_hour", "hour"] and found["messages"] is False
    StoreRules.objects.create(store=world.east, opening_hours=False, remind_minutes=1)
    assert not any(c["moved"] for c in world.browser("alice").get(path).json()["choices"])


# its life -----------------------------------------------------------------------------------------------------------
def test_its_owner_is_reminded_then_the_leads_hear_of_it_then_the_manager(
    world: World, him: Customer, asked: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    row = made(world.browser("alice"), customer=him.pk)

    def told(minutes: float) -> list[list[int]]:
        row.refresh_from_db()
        age(row, minutes)
        asked.clear()
        with django_capture_on_commit_callbacks(execute=True):
            keeping.watch(timezone.now())
        with django_capture_on_commit_callbacks(execute=True):
            keeping.watch(timezone.now())  # a second look tells nobody anew
        return [body["people"] for path, body in asked if path == "notice"]

    assert told(30) == [], "half an hour before its time nobody is disturbed"
    assert told(16) == [[world.alice.pk]]
    row.refresh_from_db()
    assert row.state == "reminded"
    assert told(15) == [[world.alice.pk]] and not Alarm.objects.exists()
    assert told(16) == [[world.lena.pk]] and Alarm.objects.filter(code="promises.late").count() == 1
    assert told(45) == [[world.max.pk]], "not the whole group's"
    told(60 * 24 * 7)
    row.refresh_from_db()
    assert (row.state, row.ended_how) == ("broken", "lapse")
    assert change(world.browser("alice"), row, do="reopen").json()["state"] == "open"
    assert told(1) == []
    row.refresh_from_db()
    assert row.state == "reminded", "taken back, it does not lapse again within the minute"


def test_one_whose_owner_has_left_goes_to_the_leads(
    world: World, him: Customer, asked: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    row = made(world.browser("alice"), customer=him.pk)
    world.alice.is_active = False
    world.alice.save()
    age(row, 50)
    with django_capture_on_commit_callbacks(execute=True):
        keeping.watch(timezone.now())
    assert [world.lena.pk] in [body["people"] for path, body in asked if path == "notice"]
    bob = world.browser("bob")
    (free,) = bob.get("/api/todos?view=free").json()["items"]
    assert (free["id"], free["owner"]) == (str(row.pk), None), "anybody keeps it"
    row.refresh_from_db()
    assert change(bob, row, due_at=ahead(60)).json()["fields"].keys() == {"due_at"}, "by putting it off only"


def called(store: Any, agent: Any, direction: str = "out", number: str = NUMBER) -> Any:
    told = Told(store, began=round(timezone.now().timestamp()) - 60)
    ours = {"direction": direction, "from_number": number if direction == "in" else "",
            "to_number": number if direction == "out" else "02388880001"}  # fmt: skip
    told.facts[0].data.update(ours)
    told("talk.started", 10, agent=agent.pk)
    return told.end(50, agent).take_in()


@pytest.mark.parametrize(("agent", "direction", "number", "state"), [
    ("alice", "out", NUMBER, "kept"), ("bob", "out", "+862166668888", "kept"), ("alice", "in", NUMBER, "open"),
    ("alice", "out", "+8613900000000", "open")])  # fmt: skip
def test_ringing_back_is_kept_by_whoever_reached_him_on_any_of_his_numbers(
    world: World, him: Customer, agent: str, direction: str, number: str, state: str
) -> None:
    row = made(world.browser("alice"), customer=him.pk)
    quote = made(world.browser("alice"), customer=him.pk, what="quote")
    age(row, 5)
    age(quote, 5)
    call = called(world.east, getattr(world, agent), direction, number)
    row.refresh_from_db()
    quote.refresh_from_db()
    assert row.state == state and quote.state == "open", "a quote is not sent by ringing"
    if state == "kept":
        assert (row.ended_how, row.ended_call, row.ended_by) == ("reached", call.pk, getattr(world, agent))


def test_a_stranger_who_becomes_a_customer_after_the_call_has_his_promises_in_his_file(
    world: World, him: Customer, make_call: Callable[..., Any]
) -> None:
    call = make_call(number="+8613900001111")
    row = made(world.browser("alice"), call=str(call.pk))
    assert row.customer is None and row.number == "+8613900001111"
    call.customer = him
    call.save()
    keeping.watch(timezone.now())
    row.refresh_from_db()
    assert row.customer == him


def test_a_call_before_it_or_in_another_store_keeps_nothing(world: World, him: Customer) -> None:
    row = made(world.browser("alice"), customer=him.pk)
    called(world.east, world.alice)  # began a minute before the promise
    age(row, 5)
    called(world.west, world.charlie)
    row.refresh_from_db()
    assert row.state == "open"


def test_what_is_kept_by_word_needs_a_note_and_can_be_taken_back(world: World, him: Customer) -> None:
    alice = world.browser("alice")
    row = made(alice, customer=him.pk, what="quote")
    assert set(change(alice, row, do="keep").json()["fields"]) == {"note"}
    kept = change(alice, row, do="keep", note="发到微信了").json()
    assert (kept["state"], kept["ended_how"], kept["ended_by"]["name"]) == ("kept", "keep", "Alice")
    late = change(alice, row, do="withdraw")
    assert late.status_code == 409 and late.json()["code"] == "stale" and late.json()["current"]["state"] == "kept"
    row.refresh_from_db()
    assert change(alice, row, do="break", note="x").json()["code"] == "not_now"
    again = change(alice, row, do="reopen").json()
    assert (again["state"], again["ended_at"], again["ended_how"]) == ("open", None, "")
    fields = {c.field for c in history.of_object("promises.promise", row.pk)}
    assert {"+", "state", "ended_at", "note"} <= fields


def test_put_off_it_is_measured_by_the_first_time_and_the_customer_was_told(world: World, him: Customer) -> None:
    alice = world.browser("alice")
    row = made(alice, customer=him.pk)
    later = change(alice, row, do="move", due_at=ahead(300)).json()
    assert later["first_due_at"] == row.first_due_at.isoformat().replace("+00:00", "Z")[:23] + "Z"
    assert later["due_at"] > later["first_due_at"] and later["told_at"] is not None
    row.refresh_from_db()
    assert row.lead_at > row.due_at > row.remind_at > row.first_due_at


def test_only_its_owner_or_a_lead_gives_it_on(world: World, him: Customer, asked: list[Any]) -> None:
    row = made(world.browser("alice"), customer=him.pk)
    assert change(world.browser("bob"), row, owner=world.bob.pk).status_code == 403
    assert change(world.browser("lena"), row, owner=world.charlie.pk).status_code == 400
    assert change(world.browser("lena"), row, owner=world.bob.pk).json()["owner"]["name"] == "Bob"


def test_ringing_dials_a_number_that_the_agent_sees_masked(world: World, him: Customer, asked: list[Any]) -> None:
    alice = world.browser("alice")
    row = made(alice, customer=him.pk)
    asked.clear()
    answer = alice.send("POST", f"/api/promises/{row.pk}/ring")
    assert answer.status_code == 200 and NUMBER not in answer.content.decode()
    assert asked == [("dial_for", {"person": world.alice.pk, "number": NUMBER, "line": 0, "purpose": "service"})]
    assert AuditEntry.objects.filter(action="ring_back", object_id=str(row.pk)).count() == 1
    for path in (f"/api/promises/{row.pk}/ring", f"/api/todos/promise/{row.pk}/ring"):
        assert world.browser("charlie").send("POST", path).status_code == 404


def test_the_pop_the_timeline_and_the_lists_show_it(world: World, him: Customer) -> None:
    alice = world.browser("alice")
    row = made(alice, customer=him.pk, text="问保险")
    age(row, 90)
    change(alice, made(alice, customer=him.pk, what="quote"), do="keep", note="已发")
    (warned,) = alice.get(f"/api/customers/{him.pk}/warnings").json()
    assert warned["kind"] == "promise" and warned["tone"] == "lost" and "Alice" in warned["text"]["zh"]
    entries = timeline.of_customers(world.alice, [him.pk], ["promise"])
    assert [e.title["en"].split(" ")[0] for e in entries] == ["Promise", "Promised", "Promised"]
    assert list(timeline.of_customers(world.charlie, [him.pk], ["promise"])) == []
    assert alice.get("/api/promises?state=late&mine=true").json()["total"] == 1
    assert alice.get(f"/api/promises?customer={him.pk}&q=问保险").json()["total"] == 1


def test_the_report_counts_by_person_and_store_and_only_for_leads(world: World, him: Customer) -> None:
    alice, bob = world.browser("alice"), world.browser("bob")
    change(alice, made(alice, customer=him.pk, what="quote"), do="keep", note="x")
    late = made(alice, customer=him.pk, what="quote")
    age(late, 90)
    change(alice, late, do="told", note="说了")
    made(bob, customer=him.pk)
    assert alice.get("/api/promises/report").status_code == 403
    found = world.browser("lena").get("/api/promises/report?days=7").json()
    assert [(p["name"], p["made"], p["kept_share"]) for p in found["people"]] == [("Alice", 2, 0.5), ("Bob", 1, None)]
    assert (found["all"]["owed_late"], found["all"]["late_told"], found["all"]["owed"]) == (1, 1, 1)
    assert 1790 < found["all"]["late_worst"] < 1900
    assert [s["id"] for s in found["stores"]] == [world.east.pk]
    assert world.browser("walter").get("/api/promises/report").json()["all"]["made"] == 0


def test_an_erased_customer_leaves_the_figures_and_nothing_else(world: World, him: Customer) -> None:
    row = made(world.browser("alice"), customer=him.pk, text="问保险", car=him.cars.get().pk)
    assert personal.export(him.pk)["promises"][0]["text"] == "问保险" and list(personal.holds(him.pk))
    assert personal.erase(him.pk) == {"promise_words": 1}
    row.refresh_from_db()
    assert (row.number, row.text, row.state) == ("", "", "open"), "that is what holds erasing back"


# tasks and the list of work -----------------------------------------------------------------------------------------
def task(browser: Any, world: World, **values: Any) -> Any:
    body = {"id": str(uuid.uuid4()), "title": "查配件", "due_at": ahead(30), "store": world.east.pk, **values}
    return browser.send("POST", "/api/tasks", body)


def test_a_lead_gives_a_task_to_a_person_or_a_store_and_an_agent_only_to_himself(
    world: World, asked: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    lena, alice = world.browser("lena"), world.browser("alice")
    with django_capture_on_commit_callbacks(execute=True):
        assert task(lena, world, owner=world.alice.pk).json()["owner"]["name"] == "Alice"
    assert [body["people"] for path, body in asked if path == "notice"] == [[world.alice.pk]]
    assert task(lena, world, owner=0).status_code == 200
    assert task(alice, world, owner=world.alice.pk).status_code == 200
    assert task(alice, world, owner=world.bob.pk).status_code == task(alice, world, owner=0).status_code == 403
    assert task(world.browser("charlie"), world, owner=world.charlie.pk).status_code == 404
    counts = alice.get("/api/todos/counts").json()
    assert (counts["mine"], counts["free"]) == (2, 1)
    assert lena.get("/api/tasks?given=true").json()["total"] == 2


def test_one_list_of_promises_tasks_and_work_left_over_by_what_is_due_first(
    world: World, him: Customer, asked: list[Any]
) -> None:
    from tests.integration.records.test_backlog import lost

    alice = world.browser("alice")
    lost(world.east, 600).take_in()
    row = made(alice, customer=him.pk)
    task(alice, world, owner=world.alice.pk, due_at=ahead(5))
    found = alice.get("/api/todos").json()
    assert [t["kind"] for t in found["items"]] == ["task", "promise"] and found["counts"]["free"] == 1
    (free,) = alice.get("/api/todos?view=free").json()["items"]
    assert free["kind"] == "leftover" and "****" in free["number"]
    assert alice.send("POST", f"/api/todos/leftover/{free['id']}/ring").json()["owner"]["name"] == "Alice"
    assert {t["kind"] for t in alice.get("/api/todos?kind=promise").json()["items"]} == {"promise"}
    done = alice.send("POST", f"/api/todos/promise/{row.pk}/finish", {"version": 1, "result": "kept", "note": "x"})
    assert done.json()["result"] == "kept"
    assert [t["kind"] for t in alice.get("/api/todos?view=done").json()["items"]] == ["promise"]
    assert alice.send("POST", f"/api/todos/promise/{row.pk}/reopen").json()["done_at"] is None
    assert world.browser("charlie").get("/api/todos?view=free").json()["items"] == []


def test_whoever_was_not_reached_comes_again_in_a_quarter_of_an_hour(world: World, him: Customer) -> None:
    alice = world.browser("alice")
    row = made(alice, customer=him.pk)
    path = f"/api/todos/promise/{row.pk}"
    assert alice.send("POST", f"{path}/finish", {"version": 1, "result": "again"}).json()["done_at"] is None
    row.refresh_from_db()
    assert row.tries == 1 and row.state == "open" and alice.get("/api/todos").json()["items"] == []
    (aside,) = alice.get("/api/todos?view=aside").json()["items"]
    assert aside["why"] == "again" and aside["until"] > timezone.now().isoformat()
    alice.send("POST", f"{path}/reopen")
    assert alice.get("/api/todos").json()["counts"]["mine"] == 1


def test_put_aside_with_a_reason_it_is_out_of_his_sight_only(world: World, him: Customer) -> None:
    alice = world.browser("alice")
    row = made(alice, customer=him.pk)
    path = f"/api/todos/promise/{row.pk}/aside"
    assert set(alice.send("POST", path, {"until": ahead(-1), "reason": "x"}).json()["fields"]) == {"until"}
    assert set(alice.send("POST", path, {"until": ahead(), "reason": " "}).json()["fields"]) == {"reason"}
    assert alice.send("POST", path, {"until": ahead(), "reason": "等配件"}).json()["why"] == "等配件"
    assert alice.get("/api/todos/counts").json()["aside"] == 1 and Promise.objects.get().due_at == row.due_at
    assert world.browser("bob").send("POST", path, {"until": ahead(), "reason": "x"}).status_code == 200
    assert world.browser("charlie").send("POST", path, {"until": ahead(), "reason": "x"}).status_code == 404
    alice.send("DELETE", path)
    assert [s.person for s in Snooze.objects.all()] == [world.bob]


def test_a_result_that_a_kind_does_not_have_and_ids_of_nothing_are_refused(world: World, him: Customer) -> None:
    alice, row = world.browser("alice"), made(world.browser("alice"), customer=him.pk)
    body = {"version": 1, "result": "no_need"}
    assert alice.send("POST", f"/api/todos/promise/{row.pk}/finish", body).status_code == 400
    for path in ("promise/x", "leftover/x", f"task/{uuid.uuid4()}", f"nothing/{row.pk}", "leftover/" + "9" * 40):
        assert alice.send("POST", f"/api/todos/{path}/finish", body).status_code == 404


def test_a_task_that_is_due_is_told_once_and_whoever_rings_for_a_store_takes_it(
    world: World, him: Customer, asked: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    answer = task(world.browser("lena"), world, customer=him.pk, owner=0)
    Task.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    asked.clear()
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            keeping.watch(datetime.now(tz=timezone.get_current_timezone()))
    assert [body["people"] for path, body in asked if path == "notice"] == [[world.lena.pk]]
    alice, key = world.browser("alice"), answer.json()["id"]
    assert alice.send("POST", f"/api/todos/task/{key}/ring").json()["owner"]["name"] == "Alice"
    done = alice.send("POST", f"/api/todos/task/{key}/finish", {"version": 2, "result": "done"}).json()
    assert done["result"] == "done" and Task.objects.get().ended_by == world.alice
