"""Alice owns it, Bob is her colleague, Charlie is of another store: who may do what. That outsiders see nothing on any
route and in any table is shown in test_records_guessing.py, which is made from the routes and tables themselves.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import transaction
from django.utils import timezone

from dealerline.apps.calls.models import Call, CallRecord, Queue, Track, VoiceMessage
from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.customers.models import Customer, CustomerPhone
from dealerline.apps.leads.models import LeadPhoto
from dealerline.apps.routing.models import QueueRule
from tests.integration.records.conftest import Browser, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def things(world: World, make_call: Callable[..., Any]) -> dict[str, Any]:
    """One of each, of the east store."""
    customer = Customer.objects.create(store=world.east, name="张三")
    CustomerPhone.objects.create(customer=customer, e164="+8613812345678", primary=True)
    call = make_call(customer=customer)
    CallRecord.objects.create(call=call, notes="private words", author=world.alice)
    message = VoiceMessage.objects.create(id=uuid.uuid4(), call=call, left_at=timezone.now(), path="voicemail/a.wav")
    from django.conf import settings

    (settings.DEALERLINE.recordings / "voicemail").mkdir()
    (settings.DEALERLINE.recordings / "voicemail" / "a.wav").write_bytes(b"RIFF")
    track = Track.objects.create(
        id=uuid.uuid4(), call=call, party="p1", role="agent", agent=world.alice, started_at=timezone.now(), seconds=1,
        state="joined", path=call.recordings.get().path,
    )  # fmt: skip
    queue = Queue.objects.create(store=world.east, code="sales", name_zh="east 销售")
    QueueRule.objects.create(queue=queue)
    from dealerline.apps.backlog.models import Callback, Item

    now = timezone.now()
    promised = Callback.objects.create(
        id=uuid.uuid4(), call=call, store=world.east, number="+8613812345678", promised_at=now, due_at=now
    )
    left = Item.objects.create(
        kind="message", store=world.east, number="+8613812345678", call=call, message=message, first_at=now,
        last_at=now, due_at=now, owner=world.alice,
    )  # fmt: skip
    from dealerline.apps.promises.models import Promise, Task

    owed = Promise.objects.create(
        id=uuid.uuid4(), store=world.east, customer=customer, number="+8613812345678", text="private words", call=call,
        owner=world.alice, first_due_at=now, due_at=now, remind_at=now, lead_at=now, manager_at=now, lapse_at=now,
    )  # fmt: skip
    task = Task.objects.create(
        id=uuid.uuid4(), store=world.east, title="private words", owner=world.alice, due_at=now, customer=customer
    )
    from dealerline.apps.leads.logic import work

    lead = work.create(world.alice, customer=customer, store=world.east.pk, owner=world.alice.pk,
                       values={"need": "private words"})  # fmt: skip
    event = work.write_event(lead, "discount", world.bob, "private words", state="open")
    photo = LeadPhoto.objects.create(
        id=uuid.uuid4(), lead=lead, event=event, by=world.alice, path="a.jpg", content_type="image/jpeg", width=1,
        height=1, size=4, sha256="0",
    )  # fmt: skip
    settings.DEALERLINE.photos.mkdir()
    (settings.DEALERLINE.photos / "a.jpg").write_bytes(b"JPEG")
    return {
        "promise": owed.pk,
        "task": task.pk,
        "lead": lead.pk,
        "event": event.pk,
        "photo": photo.pk,
        "stage": lead.stage_id + 1,
        "queue": queue.pk,
        "item": left.pk,
        "callback": promised.pk,
        "track": track.pk,
        "customer": customer.pk,
        "call": call.pk,
        "recording": call.recordings.get().pk,
        "message": message.pk,
    }


ROUTES = [
    ("GET", "/api/customers/{customer}", None),
    ("GET", "/api/customers/{customer}/file", None),
    ("GET", "/api/customers/{customer}/score", None),
    ("GET", "/api/customers/{customer}/consents", None),
    ("PATCH", "/api/customers/{customer}", {"version": 1, "need": "x"}),
    ("GET", "/api/calls/{call}", None),
    ("GET", "/api/calls/{call}/events", None),
    ("GET", "/api/calls/{call}/lanes", None),
    ("GET", "/api/calls/{call}/record", None),
    ("PUT", "/api/calls/{call}/record", {"notes": "x", "version": 1}),
    ("GET", "/api/recordings/{recording}/audio", None),
    ("GET", "/api/recordings/{recording}/peaks", None),
    ("GET", "/api/recordings/{recording}/check", None),
    ("GET", "/api/recordings/{recording}/copy", None),
    ("GET", "/api/tracks/{track}/audio", None),
    ("GET", "/api/tracks/{track}/check", None),
    ("PATCH", "/api/voice-messages/{message}", {"version": 1, "note": "x"}),
    ("GET", "/api/voice-messages/{message}/audio", None),
    ("GET", "/api/routing/queues/{queue}", None),
    ("POST", "/api/backlog/{item}/claim", {}),
    ("PATCH", "/api/backlog/{item}", {"version": 1, "note": "x"}),
    ("GET", "/api/promises/{promise}", None),
    ("PATCH", "/api/promises/{promise}", {"version": 1, "do": "again"}),
    ("GET", "/api/tasks/{task}", None),
    ("PATCH", "/api/tasks/{task}", {"version": 1, "note": "x"}),
    ("GET", "/api/customers/{customer}/warnings", None),
    ("POST", "/api/todos/task/{task}/finish", {"version": 1, "result": "done"}),
    ("POST", "/api/todos/promise/{promise}/reopen", {}),
    ("DELETE", "/api/todos/promise/{promise}/aside", None),
    ("GET", "/api/leads/{lead}", None),
    ("GET", "/api/leads/{lead}/photos/{photo}", None),
    ("PATCH", "/api/leads/{lead}", {"version": 1, "need": "x"}),
    ("POST", "/api/leads/{lead}/move", {"version": 1, "stage": "{stage}"}),
    ("POST", "/api/leads/{lead}/hand-over", {"version": 1, "store": "{east}"}),
    ("POST", "/api/leads/{lead}/claim", {}),
    ("POST", "/api/leads/{lead}/join", {}),
    ("POST", "/api/leads/{lead}/number", {}),
    ("POST", "/api/leads/{lead}/events", {"kind": "note", "text": "x"}),
]
LISTS = [
    "/api/customers?q=138",
    "/api/customers?q=张三",
    "/api/customers",
    "/api/calls",
    "/api/calls?q=5678",
    "/api/voice-messages",
    "/api/leads",
    "/api/leads/board",
    "/api/leads/counts",
    "/api/leads/reactions",
    "/api/backlog",
    "/api/backlog/counts",
    "/api/callbacks",
    "/api/promises",
    "/api/tasks",
    "/api/todos",
    "/api/todos?view=free",
    "/api/todos/counts",
    "/api/service/waits",
    "/api/service/marks",
    "/api/pop?number=%2B8613812345678",
    "/api/board/today",
    "/api/lists",
    "/api/record-choices",
    "/api/routing/queues",
]


def test_alice_has_hers_and_what_is_beyond_her_is_her_managers(world: World, things: dict[str, Any]) -> None:
    """That Charlie is told there is nothing, on these and on every other route: test_records_guessing.py."""
    known = {**things, "east": world.east.pk}
    alice, manager = world.browser("alice"), world.browser("max")
    answers, expected = {}, {}
    for method, template, given in ROUTES:
        beyond = template.endswith(("/lanes", "/copy")) or "/tracks/" in template  # not hers to hear or give away
        body = given and {k: known[v[1:-1]] if isinstance(v, str) and v[1:-1] in known else v for k, v in given.items()}
        for who, browser in (("alice", alice), ("max", manager)):
            if who == "alice" or beyond:
                with transaction.atomic():
                    answers[who, method, template] = browser.send(method, template.format(**things), body).status_code
                    transaction.set_rollback(True)
                expected[who, method, template] = 403 if beyond and who == "alice" else 200
    assert answers == expected


def test_a_colleague_sees_the_call_but_does_not_listen_or_write(world: World, things: dict[str, Any]) -> None:
    bob = world.browser("bob")
    page = bob.get(f"/api/calls/{things['call']}").json()
    assert page["recordings_list"][0]["may_listen"] is False
    assert bob.get(f"/api/recordings/{things['recording']}/audio").status_code == 403
    assert bob.send("PUT", f"/api/calls/{things['call']}/record", {"notes": "mine", "version": 1}).status_code == 403


def test_the_lead_of_the_store_listens_and_the_manager_of_the_other_does_not(
    world: World, things: dict[str, Any]
) -> None:
    path = f"/api/recordings/{things['recording']}/audio"
    assert world.browser("lena").get(path).status_code == 200
    assert world.browser("gina").get(path).status_code == 200
    assert world.browser("walter").get(path).status_code == 404


def test_numbers_are_masked_for_agents_and_whole_for_leads(world: World, things: dict[str, Any]) -> None:
    for path in (
        "/api/calls",
        f"/api/calls/{things['call']}",
        "/api/customers",
        "/api/pop?number=13812345678",
        f"/api/customers/{things['customer']}/file",
        "/api/voice-messages",
        "/api/backlog",
        "/api/callbacks",
    ):
        assert "13812345678" not in world.browser("alice").get(path).content.decode(), path
        assert "13812345678" in world.browser("lena").get(path).content.decode(), path
    world.east.agents_see_numbers = True
    world.east.save()
    assert "13812345678" in world.browser("alice").get("/api/pop?number=13812345678").content.decode()


def test_every_scoped_table_hides_the_east_from_charlie(world: World, things: dict[str, Any]) -> None:
    checked = 0
    for model in apps.get_models():
        rows = model._default_manager.all()
        if isinstance(rows, ScopedQuerySet):
            for row in rows.visible_to(world.charlie):
                store = row
                for part in rows.store_path.split("__"):
                    store = getattr(store, part)
                assert store == world.west.pk or (store is None and rows.shared_when_null), (model, row)
            checked += 1
    assert checked > 20


def test_a_person_without_any_grant_sees_nothing(world: World, things: dict[str, Any]) -> None:
    from dealerline.apps.accounts.models import Person

    nobody = Person.objects.create_user("nobody", name="Nobody", store=world.east)
    browser = Browser().become(nobody)
    for path in LISTS:
        text = browser.get(path).content.decode()
        assert "张三" not in text
        assert "5678" not in text
    assert not Call.objects.visible_to(nobody).exists()


SCREENS = sorted((model._meta.app_label, model._meta.model_name or "") for model in admin.site._registry)


@pytest.mark.parametrize(("app", "model"), SCREENS)
def test_each_back_office_screen_opens_by_role_and_shows_only_ones_own(
    world: World, things: dict[str, Any], app: str, model: str
) -> None:
    path = f"/admin/{app}/{model}/"
    assert world.browser("ada").get(path).status_code == 200
    assert world.browser("alice").get(path).status_code in (302, 403)
    manager = world.browser("walter").get(path)
    assert manager.status_code in (200, 403)
    if manager.status_code == 200 and model not in ("region", "brand"):
        shown = manager.content.decode().split('id="changelist-form"')[-1]
        assert "east店" not in shown
        assert "Alice" not in shown


def test_a_manager_cannot_open_change_or_remove_rows_of_another_store(world: World) -> None:
    walter = world.browser("walter")
    line = world.east.lines.get()
    for path in (
        f"/admin/organisation/line/{line.pk}/change/",
        f"/admin/organisation/store/{world.east.pk}/change/",
        f"/admin/organisation/line/{line.pk}/delete/",
        f"/admin/accounts/person/{world.alice.pk}/change/",
    ):
        answer = walter.get(path)
        assert answer.status_code in (302, 403), path
        assert "east店" not in answer.content.decode()
