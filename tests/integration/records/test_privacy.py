"""Consent, the file of one person, and erasing him: his name, numbers, words and voices go; calls still count."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.backlog.models import Callback, Item
from dealerline.apps.calls.logic.journal import project
from dealerline.apps.calls.models import Call, CallRecord, CallRecordVersion, Event, Recording, VoiceMessage
from dealerline.apps.common import contacted
from dealerline.apps.customers.models import Car, Customer, CustomerPhone, MembershipCard, Order, Repair
from dealerline.apps.exchange.models import ImportRow, ImportRun
from dealerline.apps.history import facade as history
from dealerline.apps.leads.models import Lead, LeadEvent, Stage
from dealerline.apps.messaging.models import Purpose, Text
from dealerline.apps.privacy import facade as privacy
from dealerline.apps.privacy.logic import retention
from dealerline.apps.privacy.models import Consent, Erasure, QuietHours
from dealerline.apps.promises.models import Promise, Task
from dealerline.apps.routing.models import CallerListing
from dealerline.domain import permits
from tests.integration.records.conftest import World
from tests.integration.records.telling import Told

NUMBER = "+8613812345678"
SECRETS = ("诸葛亮", "13812345678", "沪A12345", "LSVAU2180N2183294", "卧龙", "private words")


@pytest.fixture
def zhuge(world: World, make_call: Callable[..., Any]) -> Customer:
    """A customer of the east with something everywhere, and a call from his number that is linked to nobody."""
    customer = Customer.objects.create(store=world.east, name="诸葛亮", notes="卧龙", number="AT9", labels=["卧龙"])
    CustomerPhone.objects.create(customer=customer, e164=NUMBER, primary=True)
    Car.objects.create(customer=customer, plate="沪A12345", vin="LSVAU2180N2183294", model="A6", mileage_km=5)
    Order.objects.create(customer=customer, store=world.east, number="O1", model="A6", status="delivered", amount=9,
                         open=False)  # fmt: skip
    Repair.objects.create(customer=customer, store=world.east, number="R1", work="保养", open=True)
    call = make_call(customer=customer)
    make_call(customer=None)
    for n, kind in enumerate(("call.arrived", "callback.promised"), 1):
        data = {
            "direction": "in", "from_number": "13812345678", "to_number": "02388880001", "number": NUMBER,
            "line": world.east.lines.get().pk}  # fmt: skip
        Event.objects.create(id=uuid.uuid4(), kind=kind, at=timezone.now(), call=call.pk, seq=n, data=data)
    record = CallRecord.objects.create(call=call, notes="private words", author=world.alice)
    CallRecordVersion.objects.create(record=record, version=1, content={"notes": "private words", "matter": 3})
    (settings.DEALERLINE.recordings / "voicemail").mkdir()
    (settings.DEALERLINE.recordings / "voicemail" / "a.wav").write_bytes(b"RIFF")
    VoiceMessage.objects.create(id=uuid.uuid4(), call=call, left_at=timezone.now(), path="voicemail/a.wav", note="卧龙")
    now = timezone.now()
    Item.objects.create(kind="lost", store=world.east, number=NUMBER, call=call, first_at=now, last_at=now, due_at=now,
                        note="private words")  # fmt: skip
    Callback.objects.create(id=uuid.uuid4(), call=call, store=world.east, number=NUMBER, asked_from=NUMBER,
                            promised_at=now, due_at=now, state="kept")  # fmt: skip
    stage = Stage.objects.create(name_zh="新")
    lead = Lead.objects.create(customer=customer, store=world.east, stage=stage, state="won", need="卧龙",
                               closed_at=now)  # fmt: skip
    LeadEvent.objects.create(lead=lead, kind="note", text="private words", data={"who": "卧龙", "km": 5}, place="卧龙")
    times = dict.fromkeys(("first_due_at", "due_at", "remind_at", "lead_at", "manager_at", "lapse_at"), now)
    Promise.objects.create(id=uuid.uuid4(), store=world.east, customer=customer, number=NUMBER, text="卧龙",
                           state="kept", **times)  # fmt: skip
    Task.objects.create(id=uuid.uuid4(), store=world.east, number=NUMBER, title="诸葛亮", due_at=now)
    run = ImportRun.objects.create(kind="customers", store=world.east, filename="a.csv", size=1)
    ImportRow.objects.create(run=run, line=1, action="new", object_id=customer.pk, cells={"a": "诸葛亮"},
                             outcome="done", made=[["customers", customer.pk, {"name": "诸葛亮"}]])  # fmt: skip
    CallerListing.objects.create(number=NUMBER, kind="vip", store=world.east)
    before = history.snapshot(customer, ["need"])
    customer.need = "卧龙"
    customer.save()
    history.record(customer, before, by=world.alice, customer=customer.pk, store=world.east.pk)
    return customer


@pytest.mark.django_db
def test_consent_is_only_added_and_the_newest_word_counts(world: World, zhuge: Customer) -> None:
    alice, path = world.browser("alice"), f"/api/customers/{zhuge.pk}/consents"
    noon = timezone.localtime().replace(hour=12)
    assert privacy.may_contact(zhuge.pk, "call", "marketing", noon)[:2] == (False, "needs_consent")
    word = {"channel": "call", "purpose": "marketing", "state": "granted", "source": "paper"}
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()
    assert alice.send("POST", path, word | {"at": yesterday}).status_code == 200
    assert privacy.may_contact(zhuge.pk, "call", "marketing", noon + timedelta(days=1))[:2] == (True, "granted")
    late = noon.replace(hour=22) + timedelta(days=1)
    assert privacy.may_contact(zhuge.pk, "call", "marketing", late)[:2] == (False, "quiet_hours")
    never = word | {"purpose": "any", "state": "refused", "source": "call"}
    shown = alice.send("POST", path, never).json()
    assert shown["do_not_call"] and len(shown["history"]) == 2
    assert {cell["allowed"] for cell in shown["table"] if cell["channel"] == "call"} == {False}
    assert privacy.may_contact(zhuge.pk, "call", "service", noon + timedelta(days=1), asked=True)[:2] == (True, "asked")
    future = (timezone.now() + timedelta(days=1)).isoformat()
    assert "at" in alice.send("POST", path, word | {"at": future}).json()["fields"]
    assert AuditEntry.objects.filter(action="consent", object_id=str(zhuge.pk)).count() == 2
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Consent.objects.update(state="granted")


@pytest.mark.django_db
def test_advertising_is_counted_from_what_was_done_and_then_has_to_wait(
    world: World, zhuge: Customer, django_assert_num_queries: Any
) -> None:
    alice, noon = world.browser("alice"), timezone.localtime().replace(hour=12)
    Consent.objects.create(customer=zhuge, channel="any", purpose="marketing", state="granted", source="paper",
                           at=noon - timedelta(days=30))  # fmt: skip
    QuietHours.objects.create(begin=time(0), end=time(23, 59, 59))

    def rung(purpose: str, days: float, outcome: str = "no_answer") -> datetime:
        at = noon - timedelta(days=days)
        facts = Told(world.east, at.timestamp())
        facts.facts[0].data.update(direction="out", to_number="13812345678", from_number="", purpose=purpose)
        Call.objects.filter(pk=facts.end(5).take_in().pk).update(outcome=outcome)
        return at

    rung("service", 1)
    rung("", 1)
    rung("marketing", 9)
    rung("marketing", 1, "failed")
    assert privacy.may_contact(zhuge.pk, "call", "marketing", noon).allowed, "none of these counts"
    path = "/api/privacy/may-ring?number=138 1234 5678"
    permit, key = alice.get(f"{path}&purpose=marketing").json()["permit"], settings.DEALERLINE.secret("desk")
    assert permits.holds(permit, key, world.alice.pk, NUMBER, "marketing", timezone.now().timestamp())
    first = rung("marketing", 2)
    rung("marketing", 1)
    with django_assert_num_queries(1):
        assert len(contacted.of_customer(zhuge.pk, noon - timedelta(days=7))) == 2
    again = first + timedelta(days=7)
    assert privacy.may_contact(zhuge.pk, "call", "marketing", noon) == (False, "too_often", again)
    assert privacy.may_contact(zhuge.pk, "call", "service", noon).allowed
    Text.objects.create(purpose=Purpose.ADVERT, number=NUMBER, text="x", customer=zhuge, state="sent")
    assert not privacy.may_contact(zhuge.pk, "sms", "marketing").allowed, "three by all channels"
    told = alice.get(f"{path}&purpose=marketing").json()
    assert (told["known"], told["allowed"]) == (True, False) and "as often as" in told["reason"]["en"] and told["again"]
    assert told["permit"] == "" and alice.get(path).json()["allowed"]
    stranger = world.browser("charlie").get(f"{path}&purpose=marketing").json()
    assert (stranger["known"], stranger["again"]) == (False, None), "he learns nothing of the east's customers"
    shown = alice.get(f"/api/customers/{zhuge.pk}/consents").json()
    assert [row["count"] for row in shown["advertising"]["channels"]] == [2, 1, 0, 0]
    assert {cell["allowed"] for cell in shown["table"] if cell["purpose"] == "marketing"} == {False}


@pytest.mark.django_db
def test_the_file_of_one_person_holds_what_every_part_knows(world: World, zhuge: Customer) -> None:
    path = f"/api/customers/{zhuge.pk}/personal-data"
    assert world.browser("alice").get(path).status_code == 403
    assert world.browser("walter").get(path).status_code == 404
    body = world.browser("max").get(path)
    with zipfile.ZipFile(io.BytesIO(body.content)) as archive:
        data, page = json.loads(archive.read("data.json")), archive.read("index.html").decode()
    names = {section["name"] for section in data["sections"]}
    assert {"customer", "customerphone", "car", "order", "repair", "calls", "records", "recordings", "messages",
            "left_over", "callbacks", "caller_lists", "history", "leads", "lead_events", "promises", "tasks",
            "import_rows"} <= names  # fmt: skip
    assert len(next(one for one in data["sections"] if one["name"] == "calls")["rows"]) == 2
    for secret in SECRETS:
        assert secret in page and secret in json.dumps(data, ensure_ascii=False)
    assert AuditEntry.objects.get(action="personal_export").object_id == str(zhuge.pk)


@pytest.mark.django_db
def test_a_person_is_erased_in_two_steps_and_his_calls_still_count(
    world: World, zhuge: Customer, django_capture_on_commit_callbacks: Any
) -> None:
    gina, path = world.browser("gina"), f"/api/customers/{zhuge.pk}/erasure"
    assert world.browser("max").get(path).status_code == 403  # it takes a manager of the group
    assert world.browser("walter").get(path).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        shown = gina.get(path).json()
    assert [text["en"] for text in shown["holds"]] == ["Repair R1 is not finished."]
    goes = {row["name"]["en"]: row["count"] for row in shown["goes"]}
    assert (goes["His number in calls"], goes["Recordings"], goes["Caller lists"]) == (2, 2, 1)
    assert Customer.objects.get(pk=zhuge.pk).name == "诸葛亮"
    assert len(list(settings.DEALERLINE.recordings.rglob("*.wav"))) == 3  # a preview removes nothing
    assert gina.send("POST", f"{path}/confirm", {"name": "诸葛亮"}).status_code == 404  # not asked for yet
    assert "note" in gina.send("POST", path, {"reason": "other"}).json()["fields"]
    assert gina.send("POST", path, {"reason": "request"}).json()["state"] == "asked"
    assert gina.send("POST", path, {"reason": "request"}).json()["code"] == "asked"
    assert gina.send("POST", f"{path}/confirm", {"name": "诸葛"}).json()["code"] == "invalid"
    assert gina.send("POST", f"{path}/confirm", {"name": "诸葛亮"}).json()["code"] == "held"
    Repair.objects.update(open=False)
    MembershipCard.objects.create(customer=zhuge, number="C1")

    with django_capture_on_commit_callbacks(execute=True):
        assert gina.send("POST", f"{path}/confirm", {"name": "诸葛亮"}).json()["state"] == "done"
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
        tables = [row[0] for row in cursor.fetchall()]
        for table in tables:
            cursor.execute(f'SELECT coalesce(string_agg(t::text, \' \'), \'\') FROM "{table}" AS t')
            text = cursor.fetchone()[0]  # type: ignore[index]
            assert not [secret for secret in SECRETS if secret in text], table
    assert not list(settings.DEALERLINE.recordings.rglob("*.wav"))
    calls = list(Call.objects.all())
    assert [(call.customer_id, call.talk_seconds, call.customer_number) for call in calls] == [(zhuge.pk, 10, "")] * 2
    assert set(Recording.objects.values_list("state", "reason")) == {("expired", "erased")}
    assert Order.objects.get().amount == 9 and Car.objects.get().model == "A6"
    assert Item.objects.get().result == "no_need" and Task.objects.get().state == "dropped"
    assert Lead.objects.get().state == "won" and LeadEvent.objects.get().data == {"who": "", "km": 5}
    assert ImportRow.objects.get().outcome == "kept"
    project({str(call.pk) for call in calls})  # folding the facts anew brings nothing back
    assert not Call.objects.exclude(customer_number="").exists()

    assert privacy.may_contact(zhuge.pk, "call", "service")[:2] == (False, "erased")
    known = privacy.was_erased([("phone", NUMBER), ("plate", "沪a12345"), ("phone", "+8613900000000")], world.east.pk)
    assert set(known) == {("phone", NUMBER), ("plate", "沪a12345")}
    assert not privacy.was_erased([("phone", NUMBER)], world.west.pk)
    assert gina.send("POST", path, {"reason": "request"}).json()["code"] == "erased"
    word = {"channel": "any", "purpose": "any", "state": "granted", "source": "store"}
    assert gina.send("POST", f"/api/customers/{zhuge.pk}/consents", word).json()["code"] == "erased"
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    for method, where, body in (
        ("PATCH", f"/api/customers/{zhuge.pk}", {"version": Customer.objects.get(pk=zhuge.pk).version, "name": "诸葛"}),
        ("POST", f"/api/customers/{zhuge.pk}/phones", {"number": NUMBER}),
        ("POST", f"/api/customers/{zhuge.pk}/cars", {"plate": "沪A12345"}),
        ("POST", "/api/leads", {"customer": zhuge.pk, "store": world.east.pk}),
        ("POST", "/api/promises", {"id": str(uuid.uuid4()), "customer": zhuge.pk, "due_at": soon}),
        ("POST", "/api/tasks", {"id": str(uuid.uuid4()), "customer": zhuge.pk, "due_at": soon,
                                "title": "x", "owner": world.people["gina"].pk, "store": world.east.pk}),
    ):  # fmt: skip  # a closed file knows nobody again
        assert gina.send(method, where, body).json()["code"] == "erased", where
    assert gina.send("POST", f"{path}/confirm", {"name": "诸葛亮"}).json()["code"] == "erased"
    assert AuditEntry.objects.filter(action="erase").count() == 2
    listed = gina.get("/api/privacy/erasures").json()["items"]
    assert [(row["state"], row["ended_by"]) for row in listed] == [("done", "Gina")]
    assert Erasure.objects.get().counts["calls"]["call_numbers"] == 2


@pytest.mark.django_db
def test_what_is_kept_too_long_is_counted_first_and_purged_at_night(
    world: World, make_call: Callable[..., Any]
) -> None:
    old = timezone.now() - timedelta(days=100)
    stranger, known = make_call(ended_at=old), make_call(number="+8613900000000")
    CallRecord.objects.create(call=stranger, notes="private words", author=world.alice)
    CallRecord.objects.update(updated_at=old)
    gina = world.browser("gina")
    assert {row["kind"] for row in gina.get("/api/privacy/retention").json()["items"]} >= {
        "strangers", "notes", "left_over", "history"}  # fmt: skip
    assert gina.send("POST", "/api/privacy/retention/strangers/preview", {"days": 90}).json() == {"count": 1}
    assert gina.send("PUT", "/api/privacy/retention/strangers", {"days": 3}).json()["code"] == "invalid"
    assert gina.send("PUT", "/api/privacy/retention/nonsense", {"days": 90}).status_code == 404
    for kind in ("strangers", "notes"):
        assert gina.send("PUT", f"/api/privacy/retention/{kind}", {"days": 90}).status_code == 200
    Recording.objects.filter(call=stranger.pk).update(state="joined", delete_after=old)
    tonight = gina.get("/api/privacy/retention/tonight").json()
    assert {row["kind"]: row["count"] for row in tonight} == {"strangers": 1, "notes": 1, "recordings": 1}
    assert Call.objects.get(pk=stranger.pk).customer_number, "a dry run takes nothing"
    assert world.browser("max").get("/api/privacy/retention/tonight").status_code == 403
    assert retention.purge(timezone.now()) == {"strangers": 1, "notes": 1}
    assert Call.objects.get(pk=stranger.pk).customer_number == ""
    assert Call.objects.get(pk=known.pk).customer_number == "+8613900000000"
    assert CallRecord.objects.get().notes == ""
    assert AuditEntry.objects.get(action="purge").detail == {"strangers": 1, "notes": 1}
    assert retention.purge(timezone.now()) == {"strangers": 0, "notes": 0}
    for method, path in (("GET", ""), ("PUT", "/strangers"), ("POST", "/strangers/preview")):
        assert world.browser("max").send(method, f"/api/privacy/retention{path}", {"days": 90}).status_code == 403
