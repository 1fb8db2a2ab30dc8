"""The switch's files: the journal's spool on a full disk and after a crash, a broken configuration, tickets."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from dealerline.adapters.directory_file import FileDirectory
from dealerline.adapters.journal_spool import SpoolJournal
from dealerline.adapters.seats_file import SeatsFile
from dealerline.domain.facts import BadFact, Fact
from dealerline.switch import tickets
from tests.unit.switch.world import World, snapshot

CALL = "0192aaaa-0000-7000-8000-000000000001"


def fact(seq: int, kind: str = "flow.key", **data: object) -> Fact:
    return Fact(f"id-{seq}", kind, 1000.0 + seq, CALL, seq, data=data or {"digits": "1"})


def arrived(seq: int = 1) -> Fact:
    return fact(seq, "call.arrived", direction="in", from_number="", to_number="1", carrier=1, line=1, channel="c")


def written(folder: Path) -> list[str]:
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    return [msgspec.json.decode(line, type=Fact).id for line in lines]


@pytest.fixture
def journal(tmp_path: Path) -> SpoolJournal:
    (tmp_path / "run").mkdir()
    return SpoolJournal(tmp_path / "spool", tmp_path / "run" / "open.json")


def test_facts_are_in_the_segment_when_write_returns(journal: SpoolJournal, tmp_path: Path) -> None:
    journal.write_many([arrived(), fact(2)])
    assert written(tmp_path / "spool") == ["id-1", "id-2"]
    (segment,) = (tmp_path / "spool").iterdir()
    assert segment.name.endswith(f"-{os.getpid()}.jsonl") and segment.name.startswith("journal-")


def test_a_fact_of_no_kind_is_a_fault(journal: SpoolJournal) -> None:
    with pytest.raises(BadFact):
        journal.write(fact(1, "no.such"))


def test_a_full_disk_keeps_facts_in_memory_in_order_and_writes_them_when_there_is_room(
    journal: SpoolJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    journal._on_trouble = told.append
    journal.write(arrived())
    whole = os.write

    def half(fd: int, data: bytes) -> int:
        if len(data) > 10:
            return whole(fd, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    journal.write(fact(2))
    journal.write(fact(3))
    assert written(tmp_path / "spool") == ["id-1"], "half a line is cut off again"
    assert journal.waiting == 2 and told[-1]
    monkeypatch.setattr(os, "write", whole)
    journal.write(fact(4))
    journal.retry()
    assert written(tmp_path / "spool") == ["id-1", "id-2", "id-3", "id-4"]
    assert journal.waiting == 0 and told[-1] == ""


def test_when_memory_is_full_too_what_must_never_be_lost_stays(
    journal: SpoolJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dealerline.adapters.journal_spool.KEEP", 5)

    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    journal.write(arrived())
    for seq in range(2, 9):
        journal.write(fact(seq))
    assert journal.dropped == 5
    assert b"call.arrived" in journal._waiting[0][0]


def test_a_new_switch_knows_the_open_calls_although_the_scribe_took_the_segment(
    journal: SpoolJournal, tmp_path: Path
) -> None:
    journal.write_many([arrived(), fact(2, "talk.started", agent=7), fact(3)])
    for segment in (tmp_path / "spool").iterdir():
        segment.unlink()
    after = SpoolJournal(tmp_path / "spool", tmp_path / "run" / "open.json")
    entry = after.read_back().calls[CALL]
    assert entry["seq"] == 3 and entry["talk 7"]["agent"] == 7
    kinds = [kind for kind, _, _ in after.book.closing(CALL, 1010)]
    assert kinds == ["talk.ended", "call.ended"]


def test_open_calls_survive_a_new_segment_and_ended_ones_are_forgotten(
    journal: SpoolJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.write(arrived())
    monkeypatch.setattr("dealerline.adapters.journal_spool.SEGMENT_BYTES", 100)
    journal.write(fact(2))
    assert len(list((tmp_path / "spool").iterdir())) == 2
    again = SpoolJournal(tmp_path / "spool", tmp_path / "run" / "open.json")
    assert again.read_back().calls[CALL]["seq"] == 2
    journal.write(fact(3, "call.ended", by="customer", cause="hung_up"))
    assert SpoolJournal(tmp_path / "spool", tmp_path / "run" / "open.json").read_back().calls == {}


def test_half_a_line_of_a_machine_that_lost_power_is_passed_over(journal: SpoolJournal, tmp_path: Path) -> None:
    journal.write(arrived())
    (segment,) = (tmp_path / "spool").iterdir()
    with segment.open("ab") as out:
        out.write(b'{"id":"id-2","kind":"flow.k')
    again = SpoolJournal(tmp_path / "spool", tmp_path / "run" / "open.json")
    assert again.read_back().calls[CALL]["seq"] == 1


def test_a_broken_configuration_leaves_the_last_good_one(tmp_path: Path) -> None:
    path = tmp_path / "directory.json"
    directory = FileDirectory(path)
    assert not directory.look() and directory.problem == "missing"
    path.write_bytes(msgspec.json.encode(snapshot(version=5)))
    seen: list[int] = []
    directory.subscribe(lambda new: seen.append(new.version))
    assert directory.look() and seen == [5] and not directory.look()
    assert directory.snapshot() == snapshot(version=5), "what the scribe writes is what the switch reads"
    path.write_bytes(b'{"version": 6, "stores": "nonsense"}')
    assert not directory.look() and directory.problem.startswith("unreadable")
    assert directory.snapshot().version == 5
    path.write_bytes(msgspec.json.encode(snapshot(version=7)))
    assert directory.look() and directory.problem == "" and seen == [5, 7]


def test_a_broken_flow_leaves_its_last_good_version_and_an_alarm(world: World) -> None:
    old = world.directory.snapshot()
    broken = tuple(replace(f, version=2, document={"nodes": {"x": {"type": "nonsense"}}}) for f in old.flows)
    world.directory.set(replace(old, flows=broken))
    assert world.core.alarms["flow_broken"]
    call = world.ring()
    assert world.hears(call) == "music" and call.flow is not None and call.flow.version == 1
    world.hang_up(call)
    world.directory.set(old)
    assert not world.core.alarms["flow_broken"]


def test_tickets_speak_for_their_person_only_for_a_minute() -> None:
    ticket = tickets.make(7, "login", 1060, "secret")
    assert tickets.read(ticket, "secret", 1000).person == 7
    for wrong, code in ((ticket + "0", "bad_ticket"), ("", "bad_ticket"), ("é.é", "bad_ticket"), ("a.b", "bad_ticket")):
        with pytest.raises(tickets.BadTicket) as caught:
            tickets.read(wrong, "secret", 1000)
        assert caught.value.code == code
    with pytest.raises(tickets.BadTicket):
        tickets.read(ticket, "other secret", 1000)
    with pytest.raises(tickets.BadTicket) as late:
        tickets.read(ticket, "secret", 1061)
    assert late.value.code == "old_ticket"


def test_a_killed_switch_brings_everybody_back_as_he_was(world: World, tmp_path: Path) -> None:
    session = world.sign_in(1)
    world.sign_in(2, ready=False)
    world.ask(world.sign_in(2, ready=False), "state", state="busy", reason="break")
    call = world.talk()
    world.hang_up(call)
    assert world.state(1) == "wrap"
    SeatsFile(tmp_path / "agents.json", world.engine).save()
    new = world.killed()
    SeatsFile(tmp_path / "agents.json", new.engine).restore()
    assert new.state(1) == "wrap" and new.state(2) == "busy:break"
    again = new.sign_in(1, ready=False)
    welcome = again.desk.sent[0]  # type: ignore[attr-defined]
    assert welcome["calls"][0]["phase"] == "wrap" and welcome["calls"][0]["id"] == call.id
    assert new.ask(again, "wrap_done", call=call.id)["type"] == "ok"
    assert new.state(1) == "ready"
    new.clock.advance(10)
    assert new.state(2) == "offline", "whose page does not come back is signed out"
    assert session is not again


def test_people_who_were_ready_for_minutes_with_nothing_to_do_are_still_ready_after_a_kill(
    world: World, tmp_path: Path
) -> None:
    world.sign_in(1)
    seats = SeatsFile(tmp_path / "agents.json", world.engine)
    seats.start()
    world.clock.advance(300)
    new = world.killed()
    SeatsFile(tmp_path / "agents.json", new.engine).restore()
    assert new.state(1) == "ready"
