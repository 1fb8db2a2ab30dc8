"""A customer is told by text message that a promise is late but not forgotten: shown first, sent once, told if not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.common import timeline
from dealerline.apps.customers.models import Customer
from dealerline.apps.messaging.logic import sending
from dealerline.apps.messaging.models import Provider, State, Text
from dealerline.apps.privacy.models import Consent, QuietHours
from dealerline.apps.promises.logic import keeping
from dealerline.apps.promises.models import Promise, StoreRules, Telling
from tests.integration.records.conftest import World
from tests.integration.records.telling import CUSTOMER
from tests.integration.records.test_promises import age, ahead, asked, him, made
from tests.unit.integrations.test_sms import provider as provider

pytestmark = pytest.mark.django_db
__all__ = ["asked", "him"]


@pytest.fixture
def late(world: World, him: Customer, asked: list[Any]) -> Iterator[Promise]:
    """Alice promised 张三 to ring back by an hour ago."""
    row = made(world.browser("alice"), customer=him.pk)
    age(row, 120)
    StoreRules.objects.create(store=world.east, opening_hours=False)
    QuietHours.objects.create(begin=time(0), end=time(23, 59, 59))
    yield row


@pytest.fixture
def via(provider: Any) -> Any:
    Provider.objects.create(url=provider.url)
    return provider


def path(row: Promise) -> str:
    return f"/api/promises/{row.pk}/message"


def send(browser: Any, row: Promise, **values: Any) -> Any:
    row.refresh_from_db()
    return browser.send("POST", path(row), {"version": row.version, "text": "没有忘记", **values})


def test_without_a_provider_the_page_says_so_and_nothing_is_sent(world: World, late: Promise) -> None:
    alice = world.browser("alice")
    assert "Nobody is set up" in alice.get(path(late)).json()["why_not"]["en"]
    assert send(alice, late).json()["code"] == "no_message" and not Text.objects.exists()
    assert world.browser("charlie").get(path(late)).status_code == 404
    assert send(world.browser("charlie"), late).status_code == 404


def test_the_words_are_shown_sent_once_and_he_counts_as_told_when_the_provider_took_them(
    world: World, late: Promise, via: Any
) -> None:
    alice = world.browser("alice")
    Telling.objects.create(words_zh="{customer}：{what}，{time}，{store}")
    found = alice.get(path(late)).json()
    assert found["why_not"] is None and found["texts"]["zh"].startswith("张三：回电，") and "****" in found["number"]
    assert found["language"] == "zh" and "We have not forgotten" in found["texts"]["en"]
    answer = send(alice, late, text=found["texts"]["zh"], due_at=ahead(30)).json()
    assert (answer["message"]["state"], answer["told_at"], answer["late"]) == ("waiting", None, False)
    assert sending.deliver(timezone.now()) == 1
    (body,) = (json.loads(body) for body in via.bodies)
    assert body["to"] == CUSTOMER and body["text"] == found["texts"]["zh"]
    now = alice.get(f"/api/promises/{late.pk}").json()
    assert now["message"]["state"] == "sent" and now["told_by"]["name"] == "Alice"
    assert alice.get(path(late)).json()["sent_before"] and send(alice, late).json()["code"] == "told_already"
    assert send(alice, late, anew=True).status_code == 200 and Text.objects.count() == 2
    (told, *_) = timeline.of_customers(world.alice, [late.customer_id], ["text"])
    assert "not forgotten" in told.title["en"]
    assert AuditEntry.objects.filter(action="promise", detail={"do": "message"}).count() == 2


def test_one_that_is_not_taken_is_told_on_the_promise_in_the_timeline_and_to_its_sender(
    world: World, late: Promise, via: Any, asked: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    via.status = 400
    assert send(world.browser("alice"), late).status_code == 200
    asked.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert sending.deliver(timezone.now()) == 0
    late.refresh_from_db()
    assert (late.message_state, late.told_at) == ("failed", None) and late.message_why
    assert [body["people"] for where, body in asked if where == "notice"] == [[world.alice.pk]]
    (told,) = timeline.of_customers(world.alice, [late.customer_id], ["text"])
    assert told.tone == "lost" and "not sent" in told.title["en"]
    via.status = 200
    assert send(world.browser("alice"), late).status_code == 200, "what did not go out may be sent again"


def test_who_refused_messages_gets_none_and_who_asked_not_to_be_rung_still_does(
    world: World, late: Promise, him: Customer, via: Any
) -> None:
    alice = world.browser("alice")
    him.phones.update(do_not_call=True)
    assert alice.get(path(late)).json()["why_not"] is None
    Consent.objects.create(customer=him, channel="sms", purpose="service", state="refused", source="call")
    assert "he refused" in alice.get(path(late)).json()["why_not"]["en"]
    assert send(alice, late).json()["code"] == "no_message"
    assert keeping.telling.by_itself(timezone.now()) == 0


def test_by_itself_only_where_the_group_wants_it_once_and_not_in_the_night(
    world: World, late: Promise, via: Any
) -> None:
    def told() -> int:
        keeping.watch(timezone.now())
        return Text.objects.count()

    assert told() == 0, "off as shipped"
    rules = Telling.objects.create(after_minutes=90)
    assert told() == 0, "not so late yet"
    Telling.objects.filter(pk=rules.pk).update(after_minutes=30)
    QuietHours.objects.update(begin=time(0), end=time(0))
    assert told() == 0, "the hours are over"
    QuietHours.objects.update(end=time(23, 59, 59))
    assert told() == 1 and told() == 1
    sending.deliver(timezone.now())
    late.refresh_from_db()
    assert (late.message_state, late.message_by, late.told_by) == ("sent", None, None) and late.told_at
    assert Text.objects.get().state == State.SENT
    assert timezone.now() - late.message_at < timedelta(minutes=1)
