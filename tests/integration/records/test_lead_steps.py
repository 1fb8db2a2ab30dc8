"""Next steps of leads in everybody's list of work: rung, finished with a result, taken back."""

from __future__ import annotations

import uuid
from datetime import time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.customers.models import Customer, CustomerPhone
from dealerline.apps.leads.logic import personal
from dealerline.apps.leads.models import Lead, LeadEvent, Stage
from dealerline.apps.privacy.models import Consent, QuietHours
from tests.integration.records.conftest import Browser, World
from tests.integration.records.test_leads import NUMBER, make
from tests.integration.records.test_records_back_office import submit


@pytest.fixture
def customer(world: World) -> Customer:
    row = Customer.objects.create(store=world.east, name="张三", title="先生")
    CustomerPhone.objects.create(customer=row, e164=NUMBER, primary=True)
    return row


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the switch was asked for."""
    found: list[tuple[str, dict[str, Any]]] = []

    def ask(path: str, method: str = "GET", body: dict[str, Any] | None = None, timeout: float = 0.5) -> dict[str, Any]:
        found.append((path, body or {}))
        return {}

    monkeypatch.setattr("dealerline.apps.common.desks.ask_switch", ask)
    monkeypatch.setattr("dealerline.apps.common.desks.tell_switch", lambda path, body: found.append((path, body)))
    return found


def planned(browser: Browser, customer: Customer, **values: Any) -> int:
    """A lead with a step that was due an hour ago; its id."""
    due = (timezone.now() - timedelta(hours=1)).isoformat()
    return int(make(browser, customer, next_step="邀约到店", next_at=due, model="A6L", **values)["id"])


def todos(browser: Browser, view: str = "mine") -> list[dict[str, Any]]:
    return [row for row in browser.get(f"/api/todos?view={view}").json()["items"] if row["kind"] == "lead"]


def finish(browser: Browser, row: dict[str, Any], result: str, note: str = "") -> Any:
    return browser.send("POST", f"/api/todos/lead/{row['id']}/finish",
                        {"version": row["version"], "result": result, "note": note})


def test_a_next_step_is_rung_finished_in_the_thread_and_taken_back(
    world: World, customer: Customer, asked: list[Any]
) -> None:
    alice = world.browser("alice")
    lead = planned(alice, customer)
    row = todos(alice)[0]
    assert (row["title"]["en"], row["late"], row["number"], row["link"], row["results"]) == (
        "邀约到店", True, "+86138****5678", f"/leads/{lead}", ["reached", "done", "again"])
    assert todos(world.browser("bob")) == [] and todos(world.browser("bob"), "free") == [], "a colleague's"
    assert world.browser("bob").send("POST", f"/api/todos/lead/{lead}/ring", {}).status_code == 403
    assert finish(world.browser("bob"), row, "done").status_code == 403
    assert finish(world.browser("charlie"), row, "done").status_code == 404

    assert alice.send("POST", f"/api/todos/lead/{lead}/ring", {}).status_code == 200
    assert asked == [("dial_for", {"person": world.alice.pk, "number": NUMBER, "line": world.east.lines.get().pk,
                                   "purpose": "service"})]
    assert finish(alice, {**row, "version": 99}, "reached").json()["code"] == "stale"
    assert finish(alice, row, "reached", "周六来").json()["done_at"] is not None
    event = LeadEvent.objects.get(lead=lead, kind="call")
    assert (event.text, event.data["reached"], Lead.objects.get().next_step) == ("邀约到店 · 周六来", True, "")
    assert todos(alice) == [] and [one["result"] for one in todos(alice, "done")] == ["reached"]
    assert finish(alice, row, "reached").status_code == 409, "once"

    back = alice.send("POST", f"/api/todos/lead/{lead}/reopen", {}).json()
    assert (back["done_at"], back["title"]["zh"]) == (None, "邀约到店")
    assert todos(alice)[0]["due_at"] == row["due_at"] and todos(alice, "done") == []
    assert LeadEvent.objects.get(pk=event.pk).data["undone"] is True
    assert {"ring_back", "task"} <= set(AuditEntry.objects.filter(object_type="lead").values_list("action", flat=True))


def test_who_did_not_ask_for_it_is_not_rung_from_a_list_before_he_agreed(
    world: World, customer: Customer, asked: list[Any]
) -> None:
    alice = world.browser("alice")
    lead = planned(alice, customer, origin="referral")
    path = f"/api/todos/lead/{lead}"
    assert todos(alice)[0]["purpose"] == "marketing"
    may = alice.get(f"{path}/may-ring").json()
    assert (may["allowed"], may["again"]) == (False, None) and "needs consent" in may["reason"]["en"]
    for way in (f"{path}/ring", f"/api/leads/{lead}/ring"):
        refused = alice.send("POST", way, {})
        assert (refused.status_code, refused.json()["code"]) == (409, "may_not_ring")
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    task = {"id": str(uuid.uuid4()), "title": "回访", "due_at": later, "owner": world.alice.pk,
            "store": world.east.pk, "customer": customer.pk, "purpose": "survey"}  # fmt: skip
    assert alice.send("POST", "/api/tasks", task).json()["purpose"] == "survey"
    Consent.objects.create(customer=customer, channel="call", purpose="survey", state="refused", source="call")
    assert alice.send("POST", f"/api/todos/task/{task['id']}/ring", {}).json()["code"] == "may_not_ring"
    changed = {"version": 1, "purpose": "service"}
    assert alice.send("PATCH", f"/api/tasks/{task['id']}", changed).json()["purpose"] == "service"
    assert asked == [], "nothing was dialled"
    Consent.objects.create(customer=customer, channel="call", purpose="marketing", state="granted", source="paper")
    QuietHours.objects.create(begin=time(0), end=time(23, 59, 59))
    for way, purpose in ((path, "marketing"), (f"/api/todos/task/{task['id']}", "service")):
        assert alice.send("POST", f"{way}/ring", {}).status_code == 200
        assert asked[-1][1]["purpose"] == purpose
    version = Lead.objects.get().version
    patch = {"version": version, "purpose": "service"}
    assert alice.send("PATCH", f"/api/leads/{lead}", patch).json()["purpose"] == "service", "he asked for it himself"


def test_who_was_not_reached_comes_again_and_a_newer_step_is_not_overwritten_by_undoing(
    world: World, customer: Customer, asked: list[Any]
) -> None:
    alice = world.browser("alice")
    lead = planned(alice, customer)
    again = finish(alice, todos(alice)[0], "again")
    assert again.status_code == 200 and again.json()["done_at"] is None
    assert todos(alice) == [] and todos(alice, "aside")[0]["why"] == "again"
    assert LeadEvent.objects.get(lead=lead, kind="call").data["reached"] is False
    assert alice.send("POST", f"/api/todos/lead/{lead}/reopen", {}).json()["title"]["zh"] == "邀约到店"
    assert LeadEvent.objects.get(lead=lead, kind="call").data["undone"] is True and todos(alice, "aside") == []
    assert finish(alice, todos(alice)[0], "done").status_code == 200
    version = Lead.objects.get().version
    later = {"version": version, "next_step": "报价", "next_at": timezone.now().isoformat()}
    assert alice.send("PATCH", f"/api/leads/{lead}", later).status_code == 200
    assert alice.send("POST", f"/api/todos/lead/{lead}/reopen", {}).json()["code"] == "wrong_state"
    personal.erase(customer.pk)
    assert todos(alice) == [] and todos(alice, "done") == []


def test_whoever_rings_for_a_store_has_the_lead_and_a_first_reaction_is_not_undone(
    world: World, customer: Customer, asked: list[Any]
) -> None:
    bob = world.browser("bob")
    lead = planned(world.browser("alice"), customer, owner=0)
    assert [row["owner"] for row in todos(bob, "free")] == [None]
    rung = bob.send("POST", f"/api/todos/lead/{lead}/ring", {}).json()
    assert rung["owner"]["name"] == "Bob" and todos(world.browser("alice"), "free") == []
    assert finish(bob, rung, "reached").status_code == 200
    assert Lead.objects.get().state == "active" and Lead.objects.get().reacted_at is not None
    assert bob.send("POST", f"/api/todos/lead/{lead}/reopen", {}).json()["code"] == "reacted"
    assert bob.send("POST", "/api/todos/lead/999999/reopen", {}).status_code == 404
    assert bob.send("POST", "/api/todos/lead/x/ring", {}).status_code == 404


def test_a_lead_that_waits_for_its_first_contact_is_work_too_by_its_clock(world: World, customer: Customer) -> None:
    alice, bob = world.browser("alice"), world.browser("bob")
    lead = Lead.objects.get(pk=make(bob, customer, owner=world.alice.pk)["id"])
    (row,) = todos(alice)
    assert (row["title"]["en"], row["results"], todos(bob)) == ("First contact", ["reached", "again"], [])
    assert lead.reaction_due is not None and row["due_at"][:19] == lead.reaction_due.isoformat()[:19]
    assert finish(alice, row, "done").status_code == 400, "a note is no reaction"
    assert finish(alice, row, "again", "忙线").json()["title"]["zh"] == "再次联系"
    lead.refresh_from_db()
    assert (lead.state, lead.next_step) == ("active", "再次联系") and lead.reacted_at is not None
    assert [row["title"]["zh"] for row in todos(alice, "aside")] == ["再次联系"]


def test_a_discount_that_was_asked_for_waits_in_the_list_of_who_may_answer_and_is_answered_there(
    world: World, customer: Customer
) -> None:
    alice, lena, max_ = (world.browser(name) for name in ("alice", "lena", "max"))
    lead = planned(alice, customer)
    asked = {"kind": "discount", "amount": 8000, "text": "对手更低"}
    event = alice.send("POST", f"/api/leads/{lead}/events", asked).json()["id"]

    def waits(browser: Browser, view: str = "mine") -> list[str]:
        items = browser.get(f"/api/todos?view={view}").json()["items"]
        return [f"{row['title']['en']}/{row['result']}" for row in items if row["kind"] == "lead_ask"]

    what = "Alice asks for CNY 8,000 off/"
    assert (waits(alice), waits(alice, "free"), waits(world.browser("walter"), "free")) == ([], [], [])
    assert waits(lena) == waits(max_) == waits(world.browser("gina"), "free") == [what]
    finish_it = f"/api/todos/lead_ask/{event}/finish"
    body = {"version": 1, "result": "granted", "note": "仅限本周"}
    assert alice.send("POST", finish_it, body).status_code == 404
    assert max_.send("POST", finish_it, body).json()["result"] == "granted"
    assert lena.send("POST", finish_it, body).status_code == 409
    assert (waits(lena), waits(max_, "done")) == ([], [what + "granted"])
    assert max_.send("POST", f"/api/todos/lead_ask/{event}/reopen").status_code == 409
    answer = LeadEvent.objects.get(answers=event)
    assert (answer.text, answer.data["amount"]) == ("仅限本周", 8000)
    seen = alice.get(f"/api/leads/{lead}?events=1").json()
    assert ([one["kind"] for one in seen["events"]], seen["events_total"]) == (["answer"], 3), "the newest"
    alice.send("POST", f"/api/leads/{lead}/events", {**asked, "amount": 1})
    alice.send("POST", f"/api/leads/{lead}/events", {"kind": "note", "text": "later"})
    kinds = [one["kind"] for one in alice.get(f"/api/leads/{lead}?events=1").json()["events"]]
    assert kinds == ["discount", "note"], "what waits for an answer is there however old it is"


def test_a_stage_is_retired_in_the_browser_but_not_the_last_of_its_kind(world: World, customer: Customer) -> None:
    lead = planned(world.browser("alice"), customer)
    ada = world.browser("ada")
    lost, first = Stage.objects.get(kind="lost"), Lead.objects.get(pk=lead).stage
    path = "/admin/leads/stage/{}/change/"
    assert "last active stage" in submit(ada, path.format(lost.pk), active=None)
    assert "its kind and its brand stay" in submit(ada, path.format(first.pk), kind="won")
    assert submit(ada, path.format(first.pk), active=None, name_zh="新") == ""
    second = Stage.objects.create(name_zh="流失", kind="lost", position=9)
    assert submit(ada, path.format(lost.pk), active=None) == ""
    assert ada.get(f"/admin/leads/stage/{second.pk}/delete/").status_code == 403
    columns = [column["stage"]["id"] for column in ada.get("/api/leads/board").json()]
    assert first.pk in columns and lost.pk not in columns, "a lead that stands on it is still seen"
