"""What people write and hear: the call record, recordings with rights and audit, voice messages as work, the board."""

from __future__ import annotations

import csv
import io
import json
import uuid
import wave
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.calls.logic import calls, export, recordings
from dealerline.apps.calls.models import (
    Call,
    CallLeg,
    CallRecord,
    CallRecordVersion,
    Event,
    Matter,
    Queue,
    Recording,
    Result,
    VoiceMessage,
)
from dealerline.apps.common.sheets import cell
from dealerline.apps.customers.models import Customer
from dealerline.apps.flows.models import Flow, FlowVersion
from dealerline.domain.service import Tally
from dealerline.settings import Settings
from tests.integration.records.conftest import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def chosen(world: World) -> dict[str, int]:
    return {
        "matter": Matter.objects.create(code="price", name_zh="价格").pk,
        "result": Result.objects.create(code="told", name_zh="已答复").pk,
    }


def uuid7() -> str:
    """As the switch makes them: the time in front."""
    stamp = int(timezone.now().timestamp() * 1000)
    return str(uuid.UUID(int=(stamp << 80) | (7 << 76) | (2 << 62) | 12345))


def put(world: World, who: str, call: Any, **body: Any) -> Any:
    return world.browser(who).send("PUT", f"/api/calls/{call}/record", body)


def test_a_draft_is_kept_then_finished_and_each_finished_text_with_its_author(
    world: World, make_call: Callable[..., Any], chosen: dict[str, int]
) -> None:
    call = make_call().pk
    draft = put(world, "alice", call, notes="试", draft=True, version=0).json()
    assert (draft["version"], draft["draft"], draft["author"]) == (1, True, "Alice")
    done = put(world, "alice", call, notes="试驾", draft=False, version=1, **chosen).json()
    assert (done["version"], done["draft"], done["matter"]) == (2, False, chosen["matter"])
    changed = put(world, "lena", call, notes="试驾周六", draft=True, version=2, author=world.alice.pk, **chosen).json()
    assert (changed["draft"], changed["author"], changed["edited_by"]) == (False, "Alice", "Lena")  # stays finished
    assert [(v.version, v.author.name if v.author else "") for v in CallRecordVersion.objects.order_by("version")] == [
        (2, "Alice"),
        (3, "Lena"),
    ]


def test_of_two_who_save_at_once_the_second_sees_the_firsts_words_and_loses_nothing(
    world: World, make_call: Callable[..., Any]
) -> None:
    call = make_call().pk
    put(world, "alice", call, notes="hers", version=0)
    late = put(world, "lena", call, notes="the lead's", version=0, author=world.alice.pk)
    assert (late.status_code, late.json()["code"], late.json()["current"]["notes"]) == (409, "stale", "hers")
    assert CallRecord.objects.get().notes == "hers"


def test_a_finished_record_needs_its_matter_result_and_date(
    world: World, make_call: Callable[..., Any], chosen: dict[str, int]
) -> None:
    call = make_call().pk
    assert set(put(world, "alice", call, draft=False, version=0).json()["fields"]) == {"matter", "result"}
    Result.objects.update(needs_follow_up=True)
    assert set(put(world, "alice", call, draft=False, version=0, **chosen).json()["fields"]) == {"follow_up_at"}
    when = (timezone.now() + timedelta(days=1)).isoformat()
    assert put(world, "alice", call, draft=False, version=0, follow_up_at=when, **chosen).status_code == 200


def test_a_record_can_be_written_before_the_database_knows_its_call(world: World) -> None:
    call = uuid7()
    assert world.browser("alice").get(f"/api/calls/{call}/record").json() is None
    assert put(world, "alice", call, notes="early", version=0).status_code == 200
    assert world.browser("alice").get(f"/api/calls/{call}/record").json()["notes"] == "early"
    assert put(world, "charlie", call, notes="not his", version=1).status_code == 404
    assert world.browser("bob").get(f"/api/calls/{call}/record").status_code == 404
    assert world.browser("lena").get("/api/calls").json()["total"] == 0  # a stub is no call yet


def test_an_old_id_that_never_was_a_call_makes_no_stub(world: World) -> None:
    old = uuid.UUID(int=(1_600_000_000_000 << 80) | (7 << 76) | (2 << 62))
    assert put(world, "alice", old, notes="x", version=0).status_code == 404
    assert not Call.objects.exists()


def test_the_record_names_the_customer_of_the_call(world: World, make_call: Callable[..., Any]) -> None:
    call = make_call(number="+8613900000000")
    customer = Customer.objects.create(store=world.east, name="张三")
    theirs = Customer.objects.create(store=world.west, name="李四")
    assert put(world, "alice", call.pk, version=0, customer=theirs.pk).status_code == 404
    assert put(world, "alice", call.pk, version=0, customer=customer.pk).json()["customer"] == customer.pk
    call.refresh_from_db()
    assert call.customer == customer


@pytest.mark.parametrize(
    "body",
    [{"notes": "a\x00b"}, {"notes": "x" * 30_000}, {"matter": 10**30}, {"version": -1}, {"follow_up_at": "tomorrow"}],
)
def test_wrong_fields_are_told_and_change_nothing(world: World, make_call: Callable[..., Any], body: Any) -> None:
    answer = world.browser("alice").send("PUT", f"/api/calls/{make_call().pk}/record", body)
    assert answer.status_code == 422
    assert answer.json()["fields"]
    assert not CallRecord.objects.exists()


@pytest.mark.parametrize("body", [[], "x", 1, None])
def test_a_body_that_is_no_form_is_refused_whole(world: World, make_call: Callable[..., Any], body: Any) -> None:
    alice = world.browser("alice")
    answer = alice.generic(
        "PUT",
        f"/api/calls/{make_call().pk}/record",
        json.dumps(body),
        content_type="application/json",
        headers={"X-CSRFToken": alice.token},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert not CallRecord.objects.exists()


def test_choices_are_trees_with_the_shared_and_the_stores_own(world: World) -> None:
    above = Matter.objects.create(code="sale", name_zh="销售", name_en="Sale")
    Matter.objects.create(code="price", name_zh="价格", parent=above)
    Matter.objects.create(code="east", name_zh="东店活动", store=world.east)
    Matter.objects.create(code="old", name_zh="旧", active=False)
    shown = world.browser("alice").get("/api/record-choices", {"store": world.east.pk}).json()["matters"]
    assert [(m["code"], [c["code"] for c in m["children"]]) for m in shown] == [("sale", ["price"]), ("east", [])]
    assert [m["code"] for m in world.browser("charlie").get("/api/record-choices").json()["matters"]] == ["sale"]


# recordings ---------------------------------------------------------------------------------------------------------
def test_listening_is_audited_once_not_for_each_range(world: World, make_call: Callable[..., Any]) -> None:
    recording = make_call().recordings.get()
    alice = world.browser("alice")
    path = f"/api/recordings/{recording.pk}/audio"
    answer = alice.get(path, headers={"Range": "bytes=0-"})
    assert answer["X-Accel-Redirect"] == f"/protected-recordings/{recording.path}"
    assert alice.get(path, headers={"Range": "bytes=5000-"}).status_code == 200
    [entry] = AuditEntry.objects.filter(action="listen")
    assert (entry.person_id, entry.object_id, entry.store_id) == (world.alice.pk, str(recording.pk), world.east.pk)


def test_a_recording_not_ready_and_one_that_is_gone_say_so(world: World, make_call: Callable[..., Any]) -> None:
    young = make_call(joined=False).recordings.get()
    answer = world.browser("alice").get(f"/api/recordings/{young.pk}/audio")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    old = make_call().recordings.get()
    recordings.file_of(old.path).unlink()
    assert world.browser("alice").get(f"/api/recordings/{old.pk}/audio").status_code == 410


def side(path: Path, hertz: float, seconds: float) -> None:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(
            (np.sin(2 * np.pi * hertz * np.arange(int(seconds * 8000)) / 8000) * 9000).astype("<i2").tobytes()
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


@pytest.fixture
def stopped(
    world: World, make_call: Callable[..., Any], product: Settings, monkeypatch: pytest.MonkeyPatch
) -> Recording:
    """Two sides on the disk, the talk over."""
    monkeypatch.setattr(recordings, "SETTLE_SECONDS", -1.0)
    recording = make_call(joined=False).recordings.get()
    side(product.recordings / "raw" / "a.wav", 1200, 2)
    side(product.recordings / "raw" / "c.wav", 400, 1.5)
    Recording.objects.filter(pk=recording.pk).update(
        agent_path=str(product.recordings / "raw" / "a.wav"), customer_path="raw/c.wav"
    )
    return recording


def test_a_recording_is_joined_proved_drawn_and_its_sides_removed(
    world: World, stopped: Recording, product: Settings
) -> None:
    assert recordings.join(str(stopped.pk)) == "joined"
    assert recordings.join(str(stopped.pk)) == "joined"  # again does no harm
    stopped.refresh_from_db()
    assert (stopped.seconds, stopped.bytes) == (2.0, 16000 * 4 + 44)
    assert list((product.recordings / "raw").iterdir()) == []
    alice = world.browser("alice")
    assert alice.get(f"/api/recordings/{stopped.pk}/check").json()["ok"] is True
    peaks = alice.get(f"/api/recordings/{stopped.pk}/peaks").json()
    assert peaks["seconds"] == 2.0
    assert 0.2 < peaks["right"][0] < 0.3
    with recordings.file_of(stopped.path).open("r+b") as file:
        file.seek(1000)
        file.write(b"altered")
    assert alice.get(f"/api/recordings/{stopped.pk}/check").json()["ok"] is False


def test_sides_still_being_written_are_left_for_later(stopped: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "SETTLE_SECONDS", 60.0)
    with pytest.raises(recordings.StillWriting):
        recordings.join(str(stopped.pk))
    stopped.refresh_from_db()
    assert stopped.state == "stopped"


def test_a_full_disk_keeps_the_sides_and_the_sweep_joins_them_afterwards(
    stopped: Recording, product: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dealerline.apps.calls import jobs
    from dealerline.apps.calls.models import Alarm

    room = recordings.shutil.disk_usage
    monkeypatch.setattr(recordings.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10}))
    with pytest.raises(recordings.DiskFull):
        jobs.join_recording(str(stopped.pk))
    assert Alarm.objects.get().code == "recording.disk_full"
    assert len(list((product.recordings / "raw").iterdir())) == 2
    monkeypatch.setattr(recordings.shutil, "disk_usage", room)
    Recording.objects.filter(pk=stopped.pk).update(started_at=timezone.now() - timedelta(hours=1))
    jobs.sweep_recordings(0)
    stopped.refresh_from_db()
    assert stopped.state == "joined"


def test_a_talk_during_which_everything_died_is_closed_by_the_sweep(stopped: Recording) -> None:
    Recording.objects.filter(pk=stopped.pk).update(state="recording", started_at=timezone.now() - timedelta(hours=1))
    import os

    for path in (recordings.root() / "raw").iterdir():
        os.utime(path, (1, 1))
    assert recordings.orphans(timezone.now()) == [str(stopped.pk)]
    assert recordings.join(str(stopped.pk)) == "joined"


def test_each_stores_rule_ends_its_recordings_and_the_row_says_so(world: World, stopped: Recording) -> None:
    recordings.join(str(stopped.pk))
    assert recordings.retime(world.west.pk, 1) == 0
    assert recordings.expire(timezone.now() + timedelta(days=300)) == 0
    assert recordings.retime(world.east.pk, 30) == 1
    path = recordings.file_of(Recording.objects.get(pk=stopped.pk).path)
    assert path.is_file()
    assert recordings.expire(timezone.now() + timedelta(days=31)) == 1
    assert not path.exists()
    answer = world.browser("alice").get(f"/api/recordings/{stopped.pk}/audio")
    assert (answer.status_code, answer.json()["code"]) == (410, "gone")


# lists, messages, board -----------------------------------------------------------------------------------------------
def test_the_list_of_calls_is_filtered_at_the_server(world: World, make_call: Callable[..., Any]) -> None:
    first = make_call(agent=world.alice, arrived_at=timezone.now() - timedelta(days=2))
    second = make_call(agent=world.bob, number="+8613900001111", outcome="abandoned")
    lena = world.browser("lena")

    def found(**query: Any) -> set[str]:
        return {row["id"] for row in lena.get("/api/calls", query).json()["items"]}

    one, two = str(first.pk), str(second.pk)
    assert found() == {one, two}
    assert found(agent=world.alice.pk) == {one}
    assert found(outcome="abandoned") == found(q="1390000") == found(q="139 0000 1111") == {two}
    assert found(**{"from": (timezone.now() - timedelta(days=1)).isoformat()}) == {two}
    assert found(store=world.west.pk) == found(direction="out") == set()


def test_the_calls_page_tells_the_callers_way_in_the_words_of_the_flow_that_ran(
    world: World, make_call: Callable[..., Any]
) -> None:
    flow, call = Flow.objects.get(code="plain"), make_call(path=["1", "0"])
    node = {"type": "menu", "prompts": "menu", "title": {"zh": "销售菜单", "en": "Sales menu"}, "on_timeout": "bye",
            "keys": {"1": {"to": "bye", "title": {"zh": "预约试驾", "en": "Test drive"}}}}
    for version, start in ((1, "menu"), (2, "bye")):  # the version in force has no menu any more
        FlowVersion.objects.create(flow=flow, version=version, text="", document={
            "start": start, "title": {"zh": "销售", "en": "Sales"},
            "nodes": {"bye": {"type": "hangup"}} | ({"menu": node} if start == "menu" else {})})
    facts: list[tuple[str, dict[str, Any]]] = [
        ("flow.started", {"flow": flow.pk, "version": 1}), ("flow.node", {"node": "menu", "kind": "menu"}),
        ("flow.key", {"digits": "0", "node": "menu"}), ("flow.key", {"digits": "1", "node": "menu"})]
    for seq, (kind, data) in enumerate(facts, 1):
        Event.objects.create(id=uuid.uuid4(), call=call.pk, seq=seq, kind=kind, data=data, at=timezone.now())
    lena = world.browser("lena")
    assert lena.get(f"/api/calls/{call.pk}").json()["path"] == [{"zh": "预约试驾", "en": "Test drive"}]
    told = [event["text"]["en"] for event in lena.get(f"/api/calls/{call.pk}/events").json()]
    assert told == ["The flow begins: Sales", "Flow node: Sales menu", "The caller keys 0",
                    "The caller keys 1: Test drive"]


def test_the_export_is_for_managers_disarms_formulas_and_is_audited(
    world: World, make_call: Callable[..., Any]
) -> None:
    customer = Customer.objects.create(store=world.east, name="=cmd|'/c calc'!A1")
    make_call(customer=customer)
    make_call(store=world.west, agent=world.charlie)
    assert world.browser("lena").get("/api/calls/export").status_code == 403
    answer = world.browser("max").get("/api/calls/export")
    text = b"".join(answer.streaming_content).decode()
    assert answer["X-Dealerline-Rows"] == "1" and answer["X-Dealerline-More"] == "no"
    assert text.startswith("\ufeff时间,方向")
    assert "'=cmd" in text
    assert len(text.strip().splitlines()) == 2
    assert AuditEntry.objects.get(action="export").detail["rows"] == 1


def test_the_export_keeps_the_filters_speaks_the_readers_language_and_masks_as_the_list_does(
    world: World, make_call: Callable[..., Any]
) -> None:
    make_call(outcome="abandoned", number="+8613900001111")
    make_call(arrived_at=timezone.now() - timedelta(days=2))
    make_call(agent=world.bob)
    max_ = world.browser("max")

    def table(**query: Any) -> list[list[str]]:
        answer = max_.get("/api/calls/export", query, headers={"Accept-Language": "en"})
        return list(csv.reader(b"".join(answer.streaming_content).decode().removeprefix("\ufeff").splitlines()))

    whole = table()
    assert whole[0][:3] == ["Time", "Direction", "Customer's number"] and len(whole) == 4
    assert [row[0] for row in whole[1:]] == sorted((row[0] for row in whole[1:]), reverse=True), "the newest first"
    assert [row[2] for row in table(outcome="abandoned")[1:]] == ["'+8613900001111"]
    assert len(table(**{"from": (timezone.now() - timedelta(days=1)).isoformat()})) == 3
    assert {row[9] for row in whole[1:]} == {"Answered", "Hung up while waiting"}
    shown = {row["number"] for row in world.browser("alice").get("/api/calls").json()["items"]}
    assert all("*" in number for number in shown)
    listed = export.lines(world.alice, export.rows_of(world.max, calls.search(world.alice)), export.columns("en"))
    assert {row[2] for row in csv.reader("".join(listed).splitlines()[1:])} == {cell(n) for n in shown}


def test_the_export_of_many_pages_has_every_call_once(
    world: World, make_call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = timezone.now() - timedelta(hours=1)
    made = [f"02388{n:06}" for n in range(11)]
    for n, number in enumerate(made):
        make_call(arrived_at=at - timedelta(minutes=n // 3), number=number)
    monkeypatch.setattr(export, "PART", 2)
    max_ = world.browser("max")
    rows = list(csv.reader(b"".join(max_.get("/api/calls/export").streaming_content).decode().splitlines()))[1:]
    assert sorted(row[2] for row in rows) == made
    monkeypatch.setattr(export, "AT_MOST", 5)
    answer = max_.get("/api/calls/export")
    assert (answer["X-Dealerline-Rows"], answer["X-Dealerline-More"]) == ("5", "yes")
    assert len(b"".join(answer.streaming_content).decode().splitlines()) == 6


def test_a_message_is_taken_finished_and_given_to_others_only_by_the_lead(
    world: World, make_call: Callable[..., Any]
) -> None:
    message = VoiceMessage.objects.create(
        id=uuid.uuid4(), call=make_call(), left_at=timezone.now(), path="voicemail/m.wav"
    )
    path = f"/api/voice-messages/{message.pk}"
    alice = world.browser("alice")
    assert alice.send("PATCH", path, {"version": 1, "assigned": world.bob.pk}).status_code == 403
    assert alice.send("PATCH", path, {"version": 1, "assigned": world.alice.pk}).json()["state"] == "assigned"
    assert world.browser("bob").send("PATCH", path, {"version": 2, "state": "done"}).status_code == 403
    assert world.browser("lena").send("PATCH", path, {"version": 1, "note": "x"}).status_code == 409
    given = world.browser("lena").send("PATCH", path, {"version": 2, "assigned": world.bob.pk}).json()
    assert given["assigned"]["name"] == "Bob"
    done = world.browser("bob").send("PATCH", path, {"version": 3, "state": "done", "note": "已回电"}).json()
    assert (done["state"], done["note"]) == ("done", "已回电")
    assert alice.get("/api/voice-messages?state=open").json()["total"] == 0
    assert world.browser("lena").send("PATCH", path, {"version": 4, "assigned": world.charlie.pk}).status_code == 400


def test_the_boards_figures_count_what_the_definitions_say(world: World, make_call: Callable[..., Any]) -> None:
    queue = Queue.objects.create(store=world.east, code="sales", name_zh="销售", service_seconds=20)
    now = timezone.now()
    stays = [("answered", 5), ("answered", 30), ("abandoned", 50), ("abandoned", 3), ("key", 70), ("timeout", 60)]
    for reason, waited in stays:
        call = make_call(queue=queue, queued_at=now, ended_at=now + timedelta(seconds=40),
                         outcome="answered" if reason == "answered" else "abandoned", waited_seconds=waited)
        Event.objects.create(id=uuid.uuid4(), kind="queue.left", at=now, call=call.pk, store=world.east.pk,
                             data={"queue": queue.pk, "reason": reason, "waited": waited})
    [row] = world.browser("alice").get("/api/board/today").json()["queues"]
    assert (row["offered"], row["answered"], row["abandoned"], row["within"]) == (6, 2, 2, 1)
    assert (row["abandons"], row["sent_on"], row["lost_late"]) == ([1, 0, 1, 0], 1, 2)
    day = Tally()  # the live board counts the same facts by the same rule
    for reason, waited in stays:
        day.left(reason, waited, queue.service_seconds)
    assert row["service_level"] == pytest.approx(day.level) == 0.25
    assert (row["average_wait"], row["longest_wait"], row["average_talk"]) == (17.5, 70, 40)
    assert world.browser("charlie").get("/api/board/today").json() == {"queues": [], "hours": []}


def test_the_story_of_a_call_is_told_in_both_languages(world: World, make_call: Callable[..., Any]) -> None:
    from dealerline.apps.calls.models import Event

    call = make_call()
    for seq, (kind, data) in enumerate(
        [
            (
                "call.arrived",
                {"direction": "in", "from_number": "13812345678", "to_number": "02388880001", "line": call.line_id},
            ),
            ("talk.started", {"agent": world.alice.pk}),
            ("call.ended", {"by": "customer", "cause": "16"}),
        ],
        1,
    ):
        Event.objects.create(
            id=uuid.uuid4(), kind=kind, at=timezone.now(), call=call.pk, seq=seq, store=world.east.pk, data=data
        )
    shown = world.browser("lena").get(f"/api/calls/{call.pk}/events").json()
    assert [event["text"]["en"] for event in shown] == [
        "Call from 13812345678 to 02388880001 (Sales)",
        "Alice answers",
        "The call ends (by the customer)",
    ]
    assert shown[1]["text"]["zh"] == "Alice 接听"
    masked = world.browser("alice").get(f"/api/calls/{call.pk}/events").content.decode()
    assert "13812345678" not in masked
    assert CallLeg.objects.count() == 1
