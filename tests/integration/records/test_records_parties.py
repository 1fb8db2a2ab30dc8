"""Calls of more than two in the records: who took part, what each wrote, the timeline, the audit log, and who may know.

Alice answers, asks Bob, brings in Charlie of the other store and an expert by number; Lena listens, hidden.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.calls.logic import journal
from dealerline.apps.calls.models import CallLeg, CallRecord, CallRecordVersion, Matter, Participant, Result, Transfer
from dealerline.domain.facts import Fact
from tests.integration.records.conftest import World
from tests.integration.records.telling import CUSTOMER, Told

pytestmark = pytest.mark.django_db

EXPERT = "13900001111"


def conference(world: World, visible: bool = False) -> Told:
    told = Told(world.east)("talk.started", 5, agent=world.alice.pk)
    told("hold.started", 20, agent=world.alice.pk)
    told("invite.started", 20, agent=world.alice.pk, how="consult", target_kind="person", target=world.bob.pk,
         party="p2")  # fmt: skip
    told("party.joined", 24, party="p2", role="agent", agent=world.bob.pk, number="")
    told("talk.started", 24, agent=world.bob.pk)
    told("invite.ended", 24, how="consult", party="p2", result="answered")
    told("hold.ended", 30, agent=world.bob.pk)
    told("invite.started", 31, agent=world.alice.pk, how="invite", target_kind="person", target=world.charlie.pk,
         party="p3")  # fmt: skip
    told("party.joined", 35, party="p3", role="agent", agent=world.charlie.pk, number="")
    told("talk.started", 35, agent=world.charlie.pk)
    told("invite.ended", 35, how="invite", party="p3", result="answered")
    told("invite.started", 36, agent=world.alice.pk, how="invite", target_kind="number", target=EXPERT, party="p4")
    told("party.joined", 40, party="p4", role="outside", agent=0, number=EXPERT)
    told("invite.ended", 40, how="invite", party="p4", result="answered")
    told("supervision.started", 41, agent=world.lena.pk, mode="listen", watched=world.alice.pk, visible=visible)
    told("party.joined", 41, party="p5", role="lead", agent=world.lena.pk, number="")
    told("supervision.changed", 45, agent=world.lena.pk, mode="whisper")
    told("room.entered", 46, party="p3", room="s1", agent=world.alice.pk)
    told("party.muted", 47, party="p4", agent=world.alice.pk)
    told("recording.paused", 48, agent=world.alice.pk)
    told("supervision.ended", 50, agent=world.lena.pk, reason="left")
    told("party.left", 50, party="p5", role="lead", agent=world.lena.pk, number="", reason="left", seconds=9)
    told("transfer.done", 55, agent=world.alice.pk, how="consult", target_kind="person", target=world.bob.pk)
    told("talk.ended", 55, agent=world.alice.pk, reason="transfer")
    told("party.left", 58, party="p4", role="outside", agent=0, number=EXPERT, reason="hung_up", seconds=18)
    return told.end(60, world.bob, world.charlie)


# who took part --------------------------------------------------------------------------------------------------------
def test_the_calls_page_lists_everyone_who_took_part_and_who_handed_over_to_whom(world: World) -> None:
    call = conference(world).take_in()
    page = world.browser("lena").get(f"/api/calls/{call.pk}").json()
    assert [(p["role"], p["name"] or p["number"], p["how"], p["left"]) for p in page["participants"]] == [
        ("agent", "Alice", "", "transferred"),
        ("agent", "Bob", "consult", "hung_up"),
        ("agent", "Charlie", "invite", "hung_up"),
        ("outside", EXPERT, "invite", "hung_up"),
        ("lead", "Lena", "supervision", "left"),
    ]
    assert [round(p["talk"]) for p in page["participants"]] == [40, 36, 25, 18, 5]  # Lena whispered for five seconds
    assert [m["mode"] for m in page["participants"][4]["modes"]] == ["listen", "whisper"]
    assert [(t["agent_name"], t["how"], t["target_name"]["en"], t["result"]) for t in page["transfers"]] == [
        ("Alice", "consult", "Bob", "answered"),
        ("Alice", "invite", "Charlie", "answered"),
        ("Alice", "invite", EXPERT, "answered"),
    ]
    assert page["transfers"][0]["done_at"] is not None
    assert (call.agent_id, call.talk_seconds) == (world.bob.pk, 55)  # Bob had it last; together they talked 55 s


def test_facts_told_once_more_change_nothing(world: World) -> None:
    told = conference(world)
    told.take_in()
    counts = [model.objects.count() for model in (CallLeg, Participant, Transfer, AuditEntry)]
    told.take_in()
    assert [model.objects.count() for model in (CallLeg, Participant, Transfer, AuditEntry)] == counts


def test_an_old_call_without_any_of_it_shows_as_before(world: World, make_call: Any) -> None:
    page = world.browser("alice").get(f"/api/calls/{make_call().pk}").json()
    assert [(p["role"], p["name"], p["how"]) for p in page["participants"]] == [("agent", "Alice", "")]
    assert (page["transfers"], page["lanes"], page["whole_coming"], page["records"]) == ([], False, False, [])


def test_outside_numbers_are_masked_for_agents_everywhere(world: World) -> None:
    call = conference(world).take_in()
    alice = world.browser("alice")
    for path in (f"/api/calls/{call.pk}", f"/api/calls/{call.pk}/events"):
        text = alice.get(path).content.decode()
        assert EXPERT not in text
        assert CUSTOMER not in text
        assert EXPERT in world.browser("lena").get(path).content.decode()


# who may know ---------------------------------------------------------------------------------------------------------
def test_who_was_brought_in_from_another_store_sees_that_call_and_nobody_else_of_his_store_does(world: World) -> None:
    call = conference(world).take_in()
    other = Told(world.east)("talk.started", 5, agent=world.alice.pk).end(9, world.alice).take_in()
    charlie = world.browser("charlie")
    assert charlie.get(f"/api/calls/{call.pk}").status_code == 200
    assert CUSTOMER not in charlie.get(f"/api/calls/{call.pk}").content.decode()
    assert charlie.get(f"/api/calls/{other.pk}").status_code == 404
    assert world.browser("walter").get(f"/api/calls/{call.pk}").status_code == 404
    mine = charlie.get("/api/calls", {"agent": world.charlie.pk}).json()["items"]
    assert [row["id"] for row in mine] == [str(call.pk)]
    assert charlie.get("/api/calls").json()["items"] == []


def test_a_lead_who_listens_hidden_is_hidden_from_the_agents_and_not_from_other_leads(world: World) -> None:
    call = conference(world, visible=False).take_in()
    for path in (f"/api/calls/{call.pk}", f"/api/calls/{call.pk}/events"):
        assert "Lena" not in world.browser("alice").get(path).content.decode(), path
        assert "supervision" not in world.browser("alice").get(path).content.decode(), path
        assert "Lena" in world.browser("max").get(path).content.decode(), path


def test_a_lead_whom_the_agent_could_see_is_in_his_timeline(world: World) -> None:
    call = conference(world, visible=True).take_in()
    assert (
        "Lena begins to listen (Alice)" in world.browser("alice").get(f"/api/calls/{call.pk}/events").content.decode()
    )


def test_a_hidden_lead_who_barges_in_is_known_from_then_on(world: World) -> None:
    told = Told(world.east)("talk.started", 5, agent=world.alice.pk)
    told("supervision.started", 10, agent=world.lena.pk, mode="listen", watched=world.alice.pk, visible=False)
    told("party.joined", 10, party="p2", role="lead", agent=world.lena.pk, number="")
    told("supervision.changed", 20, agent=world.lena.pk, mode="barge")
    call = told("supervision.ended", 25, agent=world.lena.pk, reason="left").end(30, world.alice).take_in()
    alice = world.browser("alice")
    kinds = [event["kind"] for event in alice.get(f"/api/calls/{call.pk}/events").json()]
    assert "supervision.started" not in kinds
    assert "party.joined" not in kinds
    assert kinds.count("supervision.changed") == 1
    lead = alice.get(f"/api/calls/{call.pk}").json()["participants"][1]
    assert (lead["name"], [mode["mode"] for mode in lead["modes"]]) == ("Lena", ["barge"])


# the timeline ---------------------------------------------------------------------------------------------------------
def test_every_fact_is_told_in_words_of_both_languages_with_names(world: World) -> None:
    call = conference(world).take_in()
    shown = world.browser("lena").get(f"/api/calls/{call.pk}/events").json()
    english = [event["text"]["en"] for event in shown]
    for sentence in (
        "Alice consults Bob; the caller hears music",
        "Consulting Bob: answered",
        "Alice invites Charlie",
        f"Inviting {EXPERT}: answered",
        f"{EXPERT} joins",
        "Lena changes to whisper",
        "Charlie: to side room 1",
        f"Alice mutes {EXPERT}",
        "Alice pauses recording",
        "Lena ends supervision (left)",
        "Alice hands the caller over to Bob",
        f"{EXPERT} leaves after 18 s (hung up)",
    ):
        assert sentence in english, (sentence, english)
    chinese = [event["text"]["zh"] for event in shown]
    assert "Charlie进入会中会 1" in chinese
    assert "Alice 把客户交给Bob" in chinese
    for event in shown:
        assert event["text"]["en"] != event["kind"], event
        assert "{" not in event["text"]["zh"] + event["text"]["en"]


# the audit log --------------------------------------------------------------------------------------------------------
def test_supervision_taking_over_and_force_are_audited_with_who_whom_when_and_which_call(world: World) -> None:
    told = conference(world)
    told("taken_over", 61, agent=world.lena.pk, watched=world.bob.pk)
    told.take_in()
    forced = {"agent": world.bob.pk, "by": world.lena.pk}  # the switch names neither store nor call
    for at, what in ((59.5, "hangup"), (70, "busy")):
        fact = Fact(str(uuid.uuid4()), "agent.forced", told.began + at, data=forced | {"what": what})
        journal.take_in([fact], f"{what}", 1)
    entries = [
        (e.action, e.username, e.object_type, e.object_id, e.store_id, e.detail["what"], e.detail.get("whom"))
        for e in AuditEntry.objects.filter(action__in=("supervise", "force")).order_by("at")
    ]
    alice, bob, east = world.alice.pk, world.bob.pk, world.east.pk
    assert entries == [
        ("supervise", "lena", "call", told.id, east, "supervision.started", alice),
        ("supervise", "lena", "call", told.id, east, "supervision.changed", None),
        ("supervise", "lena", "call", told.id, east, "supervision.ended", None),
        ("force", "lena", "person", str(bob), east, "hangup", bob),
        ("supervise", "lena", "call", told.id, east, "taken_over", bob),
        ("force", "lena", "person", str(bob), east, "busy", bob),
    ]
    began = AuditEntry.objects.get(detail__what="supervision.started")
    assert began.at.timestamp() == told.began + 41
    assert (began.detail["mode"], began.detail["visible"]) == ("listen", False)
    assert AuditEntry.objects.get(detail__what="hangup").detail["call"] == told.id
    assert "call" not in AuditEntry.objects.get(detail__what="busy").detail


# what each wrote ------------------------------------------------------------------------------------------------------
def write(world: World, who: str, call: Any, **body: Any) -> Any:
    return world.browser(who).send("PUT", f"/api/calls/{call.pk}/record", {"version": 0} | body)


def test_alice_bob_and_charlie_each_write_and_all_is_shown_with_names_and_times(world: World) -> None:
    call = conference(world).take_in()
    for who in ("alice", "bob", "charlie"):
        answer = write(world, who, call, notes=f"what {who} heard")
        assert (answer.status_code, answer.json()["author"]) == (200, who.title())
    page = world.browser("lena").get(f"/api/calls/{call.pk}").json()
    assert [(r["author"], r["notes"]) for r in page["records"]] == [
        ("Alice", "what alice heard"),
        ("Bob", "what bob heard"),
        ("Charlie", "what charlie heard"),
    ]
    assert all(r["updated_at"] for r in page["records"])
    for who in ("alice", "bob", "charlie"):
        own = world.browser(who).get(f"/api/calls/{call.pk}/record").json()
        assert own["notes"] == f"what {who} heard"
        seen = world.browser(who).get(f"/api/calls/{call.pk}").json()
        assert (seen["record"]["notes"], len(seen["records"])) == (own["notes"], 3)


def test_nobody_overwrites_another_however_they_take_turns(world: World) -> None:
    call = conference(world).take_in()
    write(world, "alice", call, notes="hers")
    write(world, "bob", call, notes="his")
    write(world, "alice", call, notes="hers again", version=1)
    assert write(world, "bob", call, notes="his", version=0).status_code == 409  # his own other window
    assert {r.author.name: r.notes for r in CallRecord.objects.filter(call=call) if r.author} == {
        "Alice": "hers again",
        "Bob": "his",
    }


def test_a_colleague_cannot_write_in_anothers_name_and_a_lead_corrects_with_his_name_on_it(world: World) -> None:
    call = conference(world).take_in()
    write(world, "alice", call, notes="hers", draft=False, **_chosen())
    for who in ("bob", "charlie"):
        assert write(world, who, call, notes="mine now", author=world.alice.pk, version=1).status_code == 403
    assert write(world, "walter", call, notes="x", author=world.alice.pk, version=1).status_code == 404
    stale = write(world, "lena", call, notes="x", author=world.alice.pk, version=0)
    assert (stale.status_code, stale.json()["current"]["notes"]) == (409, "hers")
    fixed = write(world, "lena", call, notes="hers, plate corrected", author=world.alice.pk, version=1, **_chosen())
    assert (fixed.json()["author"], fixed.json()["edited_by"]) == ("Alice", "Lena")
    assert [v.author.name for v in CallRecordVersion.objects.order_by("version") if v.author] == ["Alice", "Lena"]
    assert write(world, "lena", call, notes="x", author=world.bob.pk).status_code == 404  # he has written nothing


def test_a_colleague_who_did_not_take_part_cannot_write_afterwards(world: World) -> None:
    call = Told(world.east)("talk.started", 5, agent=world.alice.pk).end(9, world.alice).take_in()
    assert write(world, "bob", call, notes="x").status_code == 403
    assert write(world, "charlie", call, notes="x").status_code == 404
    assert world.browser("bob").get(f"/api/calls/{call.pk}").json()["may_write"] is False


def test_in_lists_a_finished_entry_stands_for_the_call(world: World) -> None:
    call = conference(world).take_in()
    write(world, "alice", call, notes="hers", draft=False, **_chosen())
    write(world, "bob", call, notes="still writing")
    [row] = world.browser("lena").get("/api/calls").json()["items"]
    assert (row["matter"]["zh"], row["draft"]) == ("价格", False)
    [past] = world.browser("lena").get("/api/pop", {"number": "+86" + CUSTOMER}).json()["calls"]
    assert past["matter"]["zh"] == "价格"
    assert past["notes"] == "Alice: hers\nBob: still writing"


def _chosen() -> dict[str, int]:
    matter, _ = Matter.objects.get_or_create(code="price", defaults={"name_zh": "价格"})
    result, _ = Result.objects.get_or_create(code="told", defaults={"name_zh": "已答复"})
    return {"matter": matter.pk, "result": result.pk}
