"""Work left over: what becomes it, whose it is, how it ends; and how promised call-backs were kept."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from dealerline.apps.backlog import jobs
from dealerline.apps.backlog.logic import feeding, items
from dealerline.apps.backlog.models import Callback, Item, Rating, Rules
from dealerline.apps.calls.logic import journal
from dealerline.apps.calls.models import Alarm, VoiceMessage
from dealerline.domain.facts import Fact
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
        return {"cancelled": True, "call": "c"}

    for module in ("backlog.logic.promises", "common.desks"):
        monkeypatch.setattr(f"dealerline.apps.{module}.ask_switch", ask)
    monkeypatch.setattr("dealerline.apps.common.desks.tell_switch", lambda path, body: said.append((path, body)))
    yield said


def lost(store: Any, ago: float = 600, waited: float = 60) -> Told:
    """A caller who hung up while he waited."""
    told = Told(store, began=round(timezone.now().timestamp()) - ago)
    told("queue.entered", 1, queue=0, position=1)("queue.announced", 6, queue=0, position=1, wait=120)
    told("queue.left", waited, queue=0, reason="abandoned", waited=waited).end(waited)
    return told


def answered(store: Any, agent: Any, ago: float = 300, out: bool = False) -> Told:
    told = Told(store, began=round(timezone.now().timestamp()) - ago)
    if out:
        told.facts[0].data.update(direction="out", from_number="", to_number=NUMBER)
    told("talk.started", 10, agent=agent.pk)
    return told.end(60, agent)


def one(**wanted: Any) -> Item:
    return Item.objects.get(**wanted)


# what becomes work --------------------------------------------------------------------------------------------------
def test_a_caller_lost_three_times_is_one_item_due_by_its_first_loss(world: World) -> None:
    for ago in (1800, 1200, 600):
        lost(world.east, ago).take_in()
    item = one()
    assert (item.kind, item.number, item.times) == ("lost", NUMBER, 3)
    assert item.due_at - item.first_at == timedelta(minutes=30) and item.last_at > item.first_at


@pytest.mark.parametrize("out", [False, True])
def test_a_later_talk_in_or_out_closes_it_as_reached(world: World, out: bool) -> None:
    lost(world.east, 900).take_in()
    call = answered(world.east, world.bob, 300, out).take_in()
    item = one()
    assert item.result == "reached" and item.done_call == call.pk and item.done_at is not None
    lost(world.east, 60, 20).take_in()
    assert Item.objects.filter(done_at=None).count() == 1, "lost anew is work anew"


def test_a_loss_that_is_told_after_the_talk_is_no_work(world: World) -> None:
    answered(world.east, world.bob, 300).take_in()
    lost(world.east, 900).take_in()
    assert not Item.objects.exists()


def test_who_spoke_in_another_store_is_still_lost_here(world: World) -> None:
    lost(world.east, 900).take_in()
    answered(world.west, world.charlie).take_in()
    assert one().done_at is None


def test_the_same_facts_again_change_nothing(world: World) -> None:
    told = lost(world.east)
    told.take_in()
    told.take_in()
    feeding.adopt(timezone.now() - timedelta(days=1))
    assert one().times == 1


def test_a_message_that_is_told_after_the_hang_up_is_a_message_and_no_loss(world: World) -> None:
    told = lost(world.east)
    told.take_in()
    told("voicemail.recorded", 61, path="voicemail/a.wav", seconds=7, node="m", message="complaint").take_in()
    item = one()
    assert (item.kind, item.sort, item.message is not None) == ("message", "complaint", True)


def test_the_clock_stands_still_while_the_line_is_closed(world: World) -> None:
    from dealerline.apps.organisation.models import Hours, HoursInterval

    hours = Hours.objects.create(store=world.east, name_zh="日")
    for weekday in range(7):
        HoursInterval.objects.create(hours=hours, weekday=weekday, opens="09:00", closes="18:00")
    world.east.lines.update(hours=hours)
    evening = timezone.localtime().replace(hour=17, minute=50, second=0, microsecond=0) - timedelta(days=1)
    Told(world.east, began=evening.timestamp())("queue.entered", 0, queue=0, position=1).end(60).take_in()
    due = timezone.localtime(one().due_at)
    assert (due.hour, due.minute) == (9, 21), "9 minutes on that day, the other 21 on the next"


def test_the_groups_rules_say_how_soon(world: World) -> None:
    Rules.objects.create(lost_minutes=5)
    lost(world.east).take_in()
    assert one().due_at - one().first_at == timedelta(minutes=5)


def test_an_anonymous_caller_cannot_be_rung_back_and_is_no_work(world: World) -> None:
    told = lost(world.east)
    told.facts[0].data["from_number"] = ""
    told.take_in()
    assert not Item.objects.exists()


def test_a_bad_mark_is_work_and_alarms_the_lead(
    world: World, asked: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    Rating.objects.create(store=world.east, bad=2)
    told = Told(world.east)("talk.started", 5, agent=world.alice.pk)("talk.ended", 60, agent=world.alice.pk, reason="x")
    with django_capture_on_commit_callbacks(execute=True):
        told("rating.given", 70, agent=world.alice.pk, mark=1).end(75).take_in()
    item = one()
    assert (item.kind, item.mark, item.sort) == ("rating", 1, "complaint")
    assert Alarm.objects.get().code == "backlog.bad_mark"
    (path, body), = asked
    assert path == "notice" and world.lena.pk in body["people"] and world.alice.pk not in body["people"]
    told = Told(world.east)("talk.started", 5, agent=world.alice.pk)("talk.ended", 60, agent=world.alice.pk, reason="x")
    told("rating.given", 70, agent=world.alice.pk, mark=4).end(75).take_in()
    assert Item.objects.count() == 1


# whose it is --------------------------------------------------------------------------------------------------------
def test_of_two_who_claim_at_once_one_wins_and_the_other_is_told_who(world: World) -> None:
    lost(world.east).take_in()
    path = f"/api/backlog/{one().pk}"
    alice, bob = world.browser("alice"), world.browser("bob")
    assert alice.send("POST", f"{path}/claim").json()["owner"]["name"] == "Alice"
    answer = bob.send("POST", f"{path}/claim")
    assert answer.status_code == 409 and answer.json()["text"]["en"] == "Alice has just claimed this."
    assert answer.json()["current"]["owner"]["name"] == "Alice"
    assert alice.send("POST", f"{path}/claim").status_code == 200, "once more is no harm"
    assert alice.get("/api/backlog/counts").json() == {"open": 1, "free": 0, "mine": 1, "overdue": 0}


def test_it_is_done_with_a_result_and_a_note_and_may_be_opened_again(world: World) -> None:
    lost(world.east).take_in()
    path, alice = f"/api/backlog/{one().pk}", world.browser("alice")
    version = alice.get("/api/backlog").json()["items"][0]["version"]
    done = alice.send("PATCH", path, {"version": version, "result": "reached", "note": "wants a test drive"}).json()
    assert done["done_by"]["name"] == done["owner"]["name"] == "Alice" and done["note"] == "wants a test drive"
    assert alice.get("/api/backlog?state=open").json()["total"] == 0
    assert alice.send("PATCH", path, {"version": version, "result": "no_need"}).status_code == 409, "an old version"
    again = alice.send("PATCH", path, {"version": done["version"], "result": ""}).json()
    assert again["done_at"] is None and alice.get("/api/backlog?state=mine").json()["total"] == 1


def test_what_is_anothers_is_for_the_lead_to_give_to_somebody_else(
    world: World, asked: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    lost(world.east).take_in()
    path = f"/api/backlog/{one().pk}"
    mine = world.browser("alice").send("POST", f"{path}/claim").json()
    give = {"version": mine["version"], "owner": world.bob.pk}
    assert world.browser("bob").send("PATCH", path, give).status_code == 403
    wrong = world.browser("lena").send("PATCH", path, {**give, "owner": world.charlie.pk})
    assert wrong.status_code == 400 and "owner" in wrong.json()["fields"]
    with django_capture_on_commit_callbacks(execute=True):
        given = world.browser("lena").send("PATCH", path, give).json()
    assert given["owner"]["name"] == "Bob"
    assert [body["people"] for path, body in asked if path == "notice"] == [[world.bob.pk]]


def test_a_voice_message_is_the_same_in_both_places(world: World) -> None:
    told = Told(world.east)
    told("voicemail.recorded", 20, path="voicemail/a.wav", seconds=7, node="m", message="other").end(30).take_in()
    item, alice = one(), world.browser("alice")
    row = alice.send("POST", f"/api/backlog/{item.pk}/claim").json()
    message = VoiceMessage.objects.get()
    assert (message.state, message.assigned_id) == ("assigned", world.alice.pk)
    done = {"version": row["version"], "result": "written", "sort": "suggestion"}
    alice.send("PATCH", f"/api/backlog/{item.pk}", done)
    message.refresh_from_db()
    assert (message.state, message.kind, message.done_at is not None) == ("done", "suggestion", True)
    alice.send("PATCH", f"/api/voice-messages/{message.pk}", {"version": message.version, "state": "new"})
    assert one().done_at is None and one().result == ""


def test_ringing_back_claims_it_and_dials_a_number_that_the_agent_sees_masked(
    world: World, asked: list[Any]
) -> None:
    from dealerline.apps.audit.models import AuditEntry

    lost(world.east).take_in()
    item, alice = one(), world.browser("alice")
    shown = alice.get("/api/backlog").json()["items"][0]["number"]
    answer = alice.send("POST", f"/api/backlog/{item.pk}/ring")
    assert answer.status_code == 200 and answer.json()["owner"]["name"] == "Alice"
    assert asked == [("dial_for", {"person": world.alice.pk, "number": NUMBER, "line": item.line,
                                   "purpose": "service"})]
    assert "****" in shown and NUMBER not in answer.content.decode()
    assert AuditEntry.objects.filter(action="ring_back", object_id=str(item.pk)).count() == 1
    assert world.browser("bob").send("POST", f"/api/backlog/{item.pk}/ring").status_code == 409


def test_what_cannot_be_dialled_says_so_and_stays_nobodys(world: World) -> None:
    lost(world.east).take_in()
    alice = world.browser("alice")
    assert alice.send("POST", f"/api/backlog/{one().pk}/ring").status_code == 503
    assert one().owner is None and alice.get("/api/backlog/counts").json()["free"] == 1
    alice.send("POST", f"/api/backlog/{one().pk}/claim")
    assert alice.send("POST", f"/api/backlog/{one().pk}/ring").status_code == 503
    assert one().owner == world.alice, "what was his before stays his"


def test_charlie_of_another_store_sees_and_does_nothing(world: World, asked: list[Any]) -> None:
    lost(world.east).take_in()
    promise(world)
    item, charlie = one(kind="lost"), world.browser("charlie")
    for method, path, body in (
        ("POST", f"/api/backlog/{item.pk}/claim", {}),
        ("POST", f"/api/backlog/{item.pk}/ring", {}),
        ("PATCH", f"/api/backlog/{item.pk}", {"version": 1, "note": "x"}),
        ("POST", f"/api/callbacks/{Callback.objects.get().pk}/cancel", {}),
    ):
        assert charlie.send(method, path, body).status_code == 404, path
    assert charlie.get("/api/backlog").json()["total"] == 0
    assert charlie.get("/api/backlog/counts").json()["open"] == 0
    assert charlie.get("/api/callbacks").json()["promised"] == 0
    assert not asked


def test_filters_and_search(world: World) -> None:
    lost(world.east).take_in()
    alice = world.browser("alice")
    assert alice.get("/api/backlog?kind=lost&state=free&q=5678").json()["total"] == 1
    assert alice.get("/api/backlog?kind=message").json()["total"] == 0
    assert alice.get("/api/backlog?q=9999").json()["total"] == 0
    assert alice.get("/api/backlog?state=nonsense").status_code == 422


def test_what_is_overdue_is_red_and_alarms_the_lead_once(
    world: World, asked: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    lost(world.east, ago=3600).take_in()
    assert world.browser("alice").get("/api/backlog?state=overdue").json()["items"][0]["overdue"]
    with django_capture_on_commit_callbacks(execute=True):
        jobs.watch_backlog.func(0)
        jobs.watch_backlog.func(60)
    notices = [body for path, body in asked if path == "notice"]
    assert len(notices) == 1 and world.lena.pk in notices[0]["people"]
    assert Alarm.objects.get(code="backlog.overdue").count == 1
    assert items.tell_overdue(timezone.now()) == 0


# promises -----------------------------------------------------------------------------------------------------------
def promise(world: World, ago: float = 1800, due: float = 600, number: str = NUMBER, store: Any = None) -> str:
    """A caller of the east was promised to be rung; the promise's id."""
    key, now = str(uuid.uuid4()), timezone.now().timestamp()
    told = Told(store or world.east, began=round(now) - ago)
    told("queue.entered", 1, queue=0, position=1)("queue.left", 30, queue=0, reason="key", waited=29)
    told("callback.promised", 40, callback=key, number=number, asked_from=CUSTOMER, queue=0, line=0,
         due=now - ago + due)  # fmt: skip
    assert told.end(50).take_in().outcome == "callback"
    return key


def tell(world: World, kind: str, key: str, ago: float = 60, **data: Any) -> None:
    fact = Fact(str(uuid.uuid4()), f"callback.{kind}", timezone.now().timestamp() - ago, "", 0, world.east.pk, 0,
                {"callback": key, **data})  # fmt: skip
    journal.take_in([fact], "journal-x", 1)


def test_a_promise_is_no_lost_caller_and_ends_what_he_was_lost_for(world: World) -> None:
    lost(world.east, 3600).take_in()
    promise(world)
    assert one().result == "no_need"
    lost(world.east, 300).take_in()
    assert Item.objects.filter(done_at=None).count() == 0, "he will be rung anyway"


def test_how_promises_were_kept_is_told_for_the_day(world: World, asked: list[Any]) -> None:
    tell(world, "kept", promise(world), how="dialled", late=-20.0)
    tell(world, "kept", promise(world, number="+8613900000001"), how="own_call", late=70.0)
    tell(world, "unreached", promise(world, number="+8613900000002"), reason="busy", tries=3)
    gone = promise(world, number="+8613900000003")
    promise(world, number="+8613900000004")
    assert world.browser("alice").send("POST", f"/api/callbacks/{gone}/cancel").status_code == 403
    assert world.browser("lena").send("POST", f"/api/callbacks/{gone}/cancel").status_code == 200
    assert asked[-1] == ("callback_cancel", {"callback": gone, "person": world.lena.pk})
    tell(world, "cancelled", gone, by=str(world.lena.pk))
    answer = world.browser("lena").get("/api/callbacks").json()
    rows = answer.pop("items")
    assert answer == {"promised": 5, "in_time": 1, "late": 1, "unreached": 1, "cancelled": 1, "open": 1, "overdue": 1,
                      "kept_share": 0.3333}  # fmt: skip
    assert {row["state"] for row in rows} == {"kept", "unreached", "cancelled", "open"}


def test_a_call_back_not_reached_is_work_until_somebody_speaks_with_him(world: World) -> None:
    key = promise(world)
    tell(world, "tried", key, 120, result="busy", tries=3)
    tell(world, "unreached", key, 120, reason="busy", tries=3)
    item = one()
    assert (item.kind, item.times, item.number) == ("callback", 3, NUMBER)
    shown = world.browser("alice").get("/api/backlog").json()["items"][0]
    assert shown["tries"] == 3 and datetime.fromisoformat(shown["promised_at"])
    answered(world.east, world.alice, 60, out=True).take_in()
    assert one().result == "reached"


def test_asked_once_more_it_is_the_same_promise_on_the_new_number(world: World) -> None:
    key = promise(world)
    told = Told(world.east)
    told("callback.promised", 5, callback=key, number="+8613900000009", asked_from=CUSTOMER, queue=0, line=0,
         due=told.began + 900, again=True).end(9).take_in()  # fmt: skip
    assert Callback.objects.get().number == "+8613900000009"


def test_the_expected_time_and_the_mark_are_kept_with_the_call(world: World) -> None:
    told = Told(world.east)("queue.entered", 1, queue=0, position=2)
    told("queue.announced", 10, queue=0, position=2, wait=120)("queue.announced", 40, queue=0, position=1, wait=60)
    told("talk.started", 100, agent=world.alice.pk)("talk.ended", 160, agent=world.alice.pk, reason="x")
    call = told("rating.given", 170, agent=world.alice.pk, mark=5).end(175).take_in()
    assert call.told_wait == 120 and call.told_at is not None and (call.rating, call.rated_id) == (5, world.alice.pk)


def test_forecasts_and_marks_are_told_by_queue_and_by_person(world: World) -> None:
    from dealerline.apps.calls.models import Queue

    queue = Queue.objects.create(store=world.east, code="sales", name_zh="销售")
    for said, after, mark in ((120, 100, 5), (60, 300, 2)):
        told = Told(world.east)("queue.entered", 1, queue=queue.pk, position=2)
        told("queue.announced", 10, queue=queue.pk, position=2, wait=said)
        told("queue.left", 10 + after, queue=queue.pk, reason="answered", waited=9 + after)
        told("talk.started", 10 + after, agent=world.alice.pk)("talk.ended", 400, agent=world.alice.pk, reason="x")
        told("rating.given", 410, agent=world.alice.pk, mark=mark).end(420).take_in()
    (row,) = world.browser("alice").get("/api/service/waits").json()
    assert (row["calls"], row["told"], row["real"], row["error"]) == (2, 90, 200, 130)
    assert (row["good"], row["not_longer"]) == (0.5, 0.5)
    marks = world.browser("lena").get("/api/service/marks").json()
    assert (marks["count"], marks["average"], marks["bad"]) == (2, 3.5, 1)
    assert marks["stores"][0]["people"] == [
        {"person": world.alice.pk, "name": "Alice", "count": 2, "average": 3.5, "before": None, "bad": 1,
         "spread": [0, 1, 0, 0, 1]}]  # fmt: skip
    parts = {one.pop("part"): one for one in marks["parts"]}
    assert [parts[part]["count"] for part in ("sales", "after_sales", "centre")] == [2, 0, 0], "by his line"
    assert parts["sales"]["spread"] == [0, 1, 0, 0, 1]
    low = world.browser("lena").get("/api/calls", {"mark": 2}).json()["items"]
    assert [row["rating"] for row in low] == [2]
    assert world.browser("bob").get("/api/service/marks").json()["stores"][0]["people"] == [], "not whose they are"
    assert world.browser("alice").get("/api/calls").json()["items"][0]["rating"] in (2, 5)
    assert world.browser("charlie").get("/api/service/waits").json() == []
    assert world.browser("charlie").get("/api/service/marks").json()["count"] == 0


def test_only_one_open_item_a_lost_number_can_be_in_the_table(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'one_open_item_a_lost_number'")
        row = cursor.fetchone()
    assert row is not None and "UNIQUE" in row[0] and "done_at IS NULL" in row[0]
