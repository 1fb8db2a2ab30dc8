"""Alice owns it, Bob is her colleague, Charlie of another store must see nothing: on every route and in every table."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.utils import timezone

from dealerline.apps.calls.models import Call, CallRecord, Queue, Track, VoiceMessage
from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.customers.models import Customer, CustomerPhone
from dealerline.apps.leads.models import LeadPhoto
from dealerline.apps.routing.models import QueueRule
from dealerline.config.api import api
from tests.integration.records import test_file
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
OWN_TESTS = ("segments", "label-rules", "loyalty", "privacy",  # test_segments.py, test_privacy.py
             "imports", "exports", "sources", "keys", "hooks", "upsert")  # test_records_import.py and its neighbours
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


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_alice_sees_hers_and_charlie_is_told_there_is_nothing(
    world: World, things: dict[str, Any], method: str, path: str, body: Any
) -> None:
    beyond = path.endswith(("/lanes", "/copy")) or "/tracks/" in path  # not hers to hear or give away: her manager's
    path = path.format(**things)
    known = {**things, "east": world.east.pk}
    if body:
        body = {k: known[v[1:-1]] if isinstance(v, str) and v[1:-1] in known else v for k, v in body.items()}
    assert world.browser("max" if beyond else "alice").send(method, path, body).status_code == 200
    assert not beyond or world.browser("alice").send(method, path, body).status_code == 403
    theirs = world.browser("charlie").send(method, path, body)
    assert theirs.status_code == 404
    missing = world.browser("charlie").send(method, path.rsplit("/", 2)[0] + f"/{uuid.uuid4()}", body)
    assert "private words" not in theirs.content.decode()
    assert missing.status_code in (404, 405, 422)


@pytest.mark.parametrize("path", LISTS)
def test_no_list_shows_charlie_anything_of_the_east(world: World, things: dict[str, Any], path: str) -> None:
    answer = world.browser("charlie").get(path)
    assert answer.status_code == 200
    text = answer.content.decode()
    for secret in ("张三", "13812345678", "private words", str(things["call"]), "east"):
        assert secret not in text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        *ROUTES,
        *[("GET", path, None) for path in LISTS],
        ("GET", "/api/system", None),
        ("GET", "/api/me", None),
        ("POST", "/api/desk/ticket", {}),
        ("GET", "/api/calls/export", None),
    ],
)
def test_nobody_sees_anything_without_signing_in(
    anonymous: Browser, world: World, things: dict[str, Any], method: str, path: str, body: Any
) -> None:
    answer = anonymous.send(method, path.format(**things), body)
    assert answer.status_code == 401
    assert answer.json()["code"] == "signed_out"


def test_every_route_is_in_these_tests_or_open_on_purpose() -> None:
    """A new route must be added above, else nobody has shown that Charlie sees nothing on it."""
    known = {path.split("?")[0] for _, path, _ in ROUTES} | {path.split("?")[0] for path in LISTS}
    known |= test_file.ROUTES
    on_purpose = {
        "/api/session",
        "/api/health",
        "/api/me",
        "/api/me/password",
        "/api/me/totp",
        "/api/me/totp/confirm",
        "/api/desk/ticket",
        "/api/sms/{token}",  # a provider, by the secret in the address: test_sms.py
        "/api/wall/ticket",  # by the key of a wall's link: test_records_walls.py
        "/api/system",
        "/api/calls/export",
        "/api/backlog/{item}/ring",  # these two ask the switch: test_backlog.py
        "/api/callbacks/{callback}/cancel",
        "/api/promises/choices",  # these too, and what asks the switch: test_promises.py
        "/api/promises/report",
        "/api/promises/{promise}/ring",
        *(f"/api/todos/{{kind}}/{{key}}/{do}" for do in ("ring", "finish", "reopen", "aside")),  # some of them above
        "/api/leads/choices",  # names of the group's stores, to hand a lead over to: test_leads.py
        "/api/lead-requests",  # these ask the switch, or bring a body of their own: test_leads.py
        "/api/leads/{lead}/ring",
        "/api/leads/{lead}/events/{event}/answer",
        "/api/leads/{lead}/events/{event}/photos/{photo}",
        "/api/customers/{customer}/personal-data",  # by rights that few have: test_privacy.py
        "/api/customers/{customer}/erasure",
        "/api/customers/{customer}/erasure/confirm",
    }
    names = {"{recording}": "{recording}", "{call}": "{call}", "{customer}": "{customer}", "{message}": "{message}"}
    for path in api.get_openapi_schema(path_prefix="/api/")["paths"]:
        if path.startswith(("/api/setup", "/api/demo")) or path.split("/")[2] in OWN_TESTS:
            continue  # their own tests
        assert path in known | on_purpose, path
    assert names


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
