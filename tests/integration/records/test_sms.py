"""Marks by text message: asked after the call by a provider's real HTTP, answered by his request to us."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dealerline.apps.backlog.models import Item, Rating
from dealerline.apps.calls.models import Alarm, Call, Event
from dealerline.apps.common import timeline
from dealerline.apps.customers.models import Customer, CustomerPhone
from dealerline.apps.messaging.logic import sending
from dealerline.apps.messaging.models import Asked, OptOut, Provider, State, Text, mark_of
from tests.integration.records.conftest import World
from tests.integration.records.telling import CUSTOMER, Told
from tests.integration.records.test_records_back_office import submit
from tests.unit.integrations.test_sms import provider as provider

pytestmark = pytest.mark.django_db(transaction=False)


@pytest.fixture
def via(provider: Any, world: World) -> Any:
    """A provider that takes texts, and a store that asks by them."""
    provider.row = Provider.objects.create(url=provider.url)
    provider.reply = f"/api/sms/{provider.row.token}"
    Rating.objects.create(store=world.east, asks=True, texts=True, bad=2)
    return provider


def talked(world: World, mark: int = 0, at: float | None = None) -> Call:
    told = Told(world.east, at)("talk.started", 5, agent=world.alice.pk)
    told("talk.ended", 60, agent=world.alice.pk, reason="x")
    if mark:
        told("rating.given", 70, agent=world.alice.pk, mark=mark)
    return told.end(75).take_in()


def answers(world: World, via: Any, text: str, key: str = "", number: str = CUSTOMER) -> int:
    body = {"from": number, "text": text, "id": key}
    return int(world.browser("alice").post(via.reply, body, content_type="application/json").status_code)


def test_who_gave_no_mark_by_key_is_asked_by_text_and_his_bad_mark_is_work_and_an_alarm(
    world: World, via: Any
) -> None:
    talked(world, mark=5)
    assert not Text.objects.exists()
    customer = Customer.objects.create(store=world.east, name="张三")
    CustomerPhone.objects.create(customer=customer, e164=f"+86{CUSTOMER}", primary=True)
    call = talked(world)
    assert sending.deliver(timezone.now()) == 1
    (body,) = (json.loads(body) for body in via.bodies)
    assert body["to"] == CUSTOMER and "回复数字" in body["text"] and "east" in body["text"]
    assert Text.objects.get().state == State.SENT
    assert sending.deliver(timezone.now()) == 0
    assert answers(world, via, "２分", "k1") == 200
    call.refresh_from_db()
    assert (call.rating, call.rated_id) == (2, world.alice.pk)
    assert Event.objects.get(call=call.pk, kind="rating.given").data["by"] == "sms"
    assert Item.objects.get().kind == "rating"
    assert Alarm.objects.get().code == "backlog.bad_mark"
    assert answers(world, via, "5", "k2") == 200
    assert answers(world, via, "２分", "k1") == 200
    call.refresh_from_db()
    assert call.rating == 2, "the first counts"
    assert Text.objects.filter(purpose="reply").count() == 2, "one that came twice counts once"
    kinds = [entry.text for entry in timeline.of_customers(world.alice, [customer.pk], ["text"])]
    assert "２分" in kinds and len(kinds) == 3
    assert timeline.of_customers(world.charlie, [customer.pk], ["text"]) == []


def test_nobody_is_asked_twice_in_a_month_nor_after_he_said_no_nor_late(world: World, via: Any) -> None:
    talked(world, at=round(timezone.now().timestamp()) - 86_400.0)
    assert not Text.objects.exists(), "the journal read again a day later"
    talked(world)
    talked(world)
    assert Asked.objects.count() == 1
    assert answers(world, via, "退订") == 200
    assert OptOut.objects.filter(pk=mark_of(f"+86{CUSTOMER}")).exists()
    Asked.objects.update(until=timezone.now() - timedelta(days=60))
    talked(world)
    assert Asked.objects.count() == 1


def test_a_provider_that_is_away_is_tried_again_and_then_told_of(world: World, via: Any) -> None:
    talked(world)
    via.status = 503
    now = timezone.now()
    assert sending.deliver(now) == 0
    row = Text.objects.get()
    assert (row.state, row.tries, row.error) == (State.WAITING, 1, "status 503")
    assert row.next_at is not None and row.next_at > now
    for _ in range(4):
        Text.objects.update(next_at=now)
        sending.deliver(now)
    row.refresh_from_db()
    assert (row.state, row.next_at) == (State.FAILED, None)
    assert Alarm.objects.get().code == "messaging.failed"
    assert len(via.bodies) == 5
    assert len({json.loads(body)["id"] for body in via.bodies}) == 1


def test_a_reply_at_a_wrong_address_or_of_no_sense_is_refused(world: World, via: Any) -> None:
    browser = world.browser("alice")
    assert browser.post("/api/sms/guessed", {"from": CUSTOMER, "text": "5"}).status_code == 404
    assert browser.post(via.reply, "[1]", content_type="application/json").status_code == 400
    assert answers(world, via, "5", number="nobody") == 422
    assert browser.post(via.reply, "x" * 20_000, content_type="text/plain").status_code == 413
    form = f"from=%2B86{CUSTOMER}&text=5"
    assert browser.post(via.reply, form, content_type="application/x-www-form-urlencoded").status_code == 200
    assert not Asked.objects.exists()


def test_an_administrator_sets_the_provider_and_tries_it(world: World, provider: Any) -> None:
    ada, path = world.browser("ada"), "/admin/messaging/provider/add/"
    assert "http:// or https://" in submit(ada, path, url="ftp://x.example/")
    assert "with {number} in it" in submit(ada, path, url=provider.url, body="{")
    assert submit(ada, path, url=provider.url, headers="Authorization: Bearer abc") == ""
    row = Provider.objects.get()
    change = f"/admin/messaging/provider/{row.pk}/change/"
    assert f"/api/sms/{row.token}" in ada.get(change).content.decode()
    assert world.browser("max").get(change).status_code in (302, 403)
    world.ada.mobile = "+8613900000001"
    world.ada.save()
    ada.post("/admin/messaging/provider/", {"action": "send_test", "_selected_action": row.pk,
                                           "csrfmiddlewaretoken": ada.token})  # fmt: skip
    assert json.loads(provider.bodies[0])["to"] == "13900000001"
    assert Text.objects.get().state == State.SENT
