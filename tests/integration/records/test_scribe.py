"""The journal's way in: every fact once, whatever dies. And the way out: a change reaches the switch within a second.

The first tests run the reader in this process; the later ones a real scribe beside a real PostgreSQL, and kill them.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from dealerline.adapters import snapshot
from dealerline.adapters.callers_socket import SocketCallers
from dealerline.adapters.spool_reader import SpoolReader
from dealerline.apps.calls.models import Alarm, Call, Event, SpoolPosition
from dealerline.domain.facts import Fact
from dealerline.runtime.stack import Stack
from dealerline.settings import Settings
from dealerline.switch.ports import Known
from tests.helpers import until, until_async
from tests.integration.records.conftest import World
from tests.unit.apps.test_projector import talked

GONE = 4_194_304  # above the kernel's highest process number: a writer that is no more


def stories(count: int, store: int = 1) -> list[Fact]:
    """Facts of ``count`` calls, mixed as they would be when the calls go on at once; each call's own in order."""
    queues = []
    for _ in range(count):
        call = str(uuid.uuid4())
        queues.append(
            [
                Fact(
                    str(uuid.uuid4()),
                    f.kind,
                    f.at,
                    call,
                    f.seq,
                    store,
                    f.person,
                    f.data
                    | ({"recording": str(uuid.uuid5(uuid.NAMESPACE_OID, call))} if "recording" in f.data else {}),
                )
                for f in talked().facts
            ]
        )
    mixed: list[Fact] = []
    chance = random.Random(7)
    while queues:
        queue = chance.choice(queues)
        mixed.append(queue.pop(0))
        queues = [q for q in queues if q]
    return mixed


def lines(facts: list[Fact]) -> bytes:
    return b"".join(msgspec.json.encode(fact) + b"\n" for fact in facts)


def segment(folder: Path, data: bytes, number: int = 1, pid: int = GONE) -> Path:
    path = folder / f"journal-20261122T00000{number}.000000-{pid}.jsonl"
    path.write_bytes(data)
    return path


@pytest.fixture
def reader(db: None, product: Settings) -> SpoolReader:
    return SpoolReader(product.spool, threading.Event())


def drain(reader: SpoolReader) -> None:
    while reader.step():
        pass
    reader.step()


def test_facts_are_in_once_and_the_finished_segment_is_removed(reader: SpoolReader, product: Settings) -> None:
    facts = stories(5)
    segment(product.spool, lines(facts))
    segment(product.spool, lines(facts), 2)  # everything a second time
    drain(reader)
    assert Event.objects.count() == len(facts)
    assert Call.objects.filter(outcome="answered", talk_seconds=30).count() == 5
    assert list(product.spool.glob("*.jsonl")) == []
    assert not SpoolPosition.objects.exists()


def test_the_segment_somebody_still_writes_is_kept_and_its_half_line_waits(
    reader: SpoolReader, product: Settings
) -> None:
    facts = stories(1)
    data = lines(facts)
    path = segment(product.spool, data[:-30], pid=os.getpid())
    drain(reader)
    assert Event.objects.count() == len(facts) - 1
    with path.open("ab") as file:
        file.write(data[-30:])
    drain(reader)
    assert Event.objects.count() == len(facts)
    assert path.exists()


def test_broken_lines_are_put_aside_with_an_alarm_and_stop_nothing(reader: SpoolReader, product: Settings) -> None:
    facts = stories(1)
    bad = [
        b"garbage",
        b'{"id": 7}',
        b'{"id":"x","kind":"call.ended","at":1}',
        b"\xff\xfe",
        msgspec.json.encode(Fact(str(uuid.uuid4()), "call.invented", 1.0)),
        msgspec.json.encode(Fact(str(uuid.uuid4()), "call.ended", 1.0)),
        msgspec.json.encode(Fact(str(uuid.uuid4()), "call.ended", 1e300, data={"by": "x", "cause": "y"})),
        msgspec.json.encode(Fact(str(uuid.uuid4()), "call.ended", 1.0, data={"by": "a\x00", "cause": "y"})),
    ]
    path = segment(product.spool, b"\n".join(bad) + b"\n" + lines(facts) + b'{"half')
    drain(reader)
    assert Event.objects.count() == len(facts)
    assert (product.spool / "quarantine" / path.name).read_bytes().split(b"\n")[:-1] == [*bad, b'{"half']
    assert Alarm.objects.get().count == len(bad) + 1


def test_a_fact_the_database_refuses_is_put_aside_and_the_others_are_in(reader: SpoolReader, product: Settings) -> None:
    facts = stories(1)
    refused = Fact(str(uuid.uuid4()), "call.ended", 1.0, facts[0].call, 2**40, data={"by": "x", "cause": "y"})
    segment(product.spool, lines([*facts[:5], refused, *facts[5:]]))
    drain(reader)
    assert Event.objects.count() == len(facts)
    assert Alarm.objects.get().code == "journal.broken_line"


def test_facts_that_come_in_any_cut_give_the_same_calls(reader: SpoolReader, product: Settings) -> None:
    facts = stories(3)
    data, at, chance = lines(facts), 0, random.Random(3)
    path = segment(product.spool, b"", pid=os.getpid())
    while at < len(data):
        step = chance.randint(1, 700)
        with path.open("ab") as file:
            file.write(data[at : at + step])
        at += step
        reader.step()
    drain(reader)
    assert Call.objects.filter(outcome="answered", talk_seconds=30, waited_seconds=7, hold_seconds=6).count() == 3


def test_a_call_finds_the_customer_of_its_store_by_number(world: World, product: Settings) -> None:
    from dealerline.apps.customers.models import Customer, CustomerPhone

    for store, name in ((world.west, "李四"), (world.east, "张三")):
        CustomerPhone.objects.create(customer=Customer.objects.create(store=store, name=name), e164="+8613812345678")
    segment(product.spool, lines(stories(1, world.east.pk)))
    drain(SpoolReader(product.spool, threading.Event()))
    call = Call.objects.get()
    assert call.customer is not None
    assert call.customer.name == "张三"


def test_a_record_written_before_the_facts_keeps_its_call(world: World, product: Settings) -> None:
    facts = stories(1, world.east.pk)
    world.browser("alice").send("PUT", f"/api/calls/{facts[0].call}/record", {"notes": "early", "version": 0})
    segment(product.spool, lines(facts))
    drain(SpoolReader(product.spool, threading.Event()))
    call = Call.objects.get()
    assert (call.outcome, call.records.get().notes) == ("answered", "early")


@pytest.mark.parametrize("table", ["calls_event"])
def test_the_journal_cannot_be_rewritten(reader: SpoolReader, product: Settings, table: str) -> None:
    from django.db import DatabaseError, connection, transaction

    segment(product.spool, lines(stories(1)))
    drain(reader)
    for statement in (f"UPDATE {table} SET kind = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_directory_is_what_the_switch_reads_and_its_version_grows(world: World, product: Settings) -> None:
    first = snapshot.publish(product.run)
    assert snapshot.publish(product.run) is None  # nothing changed
    world.east.name_en = "Another"
    world.east.save()
    second = snapshot.publish(product.run)
    assert first is not None
    assert second is not None
    assert second > first
    read = snapshot.read(product.run / "directory.json")
    assert read is not None
    assert next(store.name["en"] for store in read.stores if store.id == world.east.pk) == "Another"
    assert (product.run / "directory.json").stat().st_mode & 0o077 == 0
    alice = next(person for person in read.people if person.id == world.alice.pk)
    assert (alice.roles, alice.stores, alice.masked) == (("agent",), (world.east.pk,), True)


def test_outside_phones_and_the_rules_of_transfers_reach_the_switch(world: World, product: Settings) -> None:
    world.group.ring_seconds_transfer, world.group.supervision_visible = 35, False
    world.group.conference_tones, world.group.conference_tones_for = "both", "everybody"
    world.group.save()
    for person, typed in ((world.alice, "138 1234 5678"), (world.bob, "ask him"), (world.charlie, "")):
        type(person).objects.filter(pk=person.pk).update(mobile=typed)  # as older versions let it in
    snapshot.publish(product.run)
    read = snapshot.read(product.run / "directory.json")
    assert read is not None
    assert (read.ring_seconds_transfer, read.return_seconds) == (35, 20)
    assert (read.supervision_visible, read.conference_tones, read.conference_tones_for) == (False, "both", "everybody")
    mobiles = {person.id: person.mobile for person in read.people}
    assert [mobiles[p.pk] for p in (world.alice, world.bob, world.charlie)] == ["+8613812345678", "", ""]


# with real processes --------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def centre(make_stack: Callable[..., Stack]) -> Stack:
    """A database and a scribe that a supervisor keeps alive."""
    return make_stack(("postgres", "scribe"))


class Rows:
    """Questions to the centre's database; a new connection each, since it dies on purpose."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def one(self, statement: str, *values: Any) -> Any:
        with psycopg.connect(
            host="127.0.0.1",
            port=self.settings.postgres_port,
            user="dealerline",
            dbname="dealerline",
            password=self.settings.secret("postgres"),
            connect_timeout=3,
            autocommit=True,
        ) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchone()[0] if cursor.description else None  # type: ignore[index]

    def events(self, facts: list[Fact]) -> int:
        try:
            return int(
                self.one("SELECT count(*) FROM calls_event WHERE id = ANY(%s)", [uuid.UUID(fact.id) for fact in facts])
            )
        except psycopg.OperationalError:
            return -1


@pytest.fixture
def rows(centre: Stack) -> Rows:
    """Everything runs again, whatever the test before has killed."""
    for name in ("postgres", "scribe"):
        centre.wait_healthy(name, 90)
    return Rows(centre.settings)


class Writer:
    """Somebody else's process that writes a segment, fact by fact, as the switch does."""

    def __init__(self, folder: Path, facts: list[Fact], pause: float) -> None:
        code = (
            "import sys,time\npath=f'{sys.argv[1]}/journal-20261122T000000.%06d-{__import__(\"os\").getpid()}.jsonl' % "
            "int(sys.argv[3])\nout=open(path,'ab',buffering=0)\n"
            "[(out.write(line), time.sleep(float(sys.argv[2]))) for line in sys.stdin.buffer]\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(folder), str(pause), str(random.randint(0, 999_999))],
            stdin=subprocess.PIPE,
        )
        self.thread = threading.Thread(target=self._feed, args=(lines(facts),))
        self.thread.start()

    def _feed(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.close()

    def wait(self) -> None:
        self.process.wait(60)
        self.thread.join(10)


@pytest.fixture
def write(centre: Stack) -> Iterator[Callable[..., Writer]]:
    writers: list[Writer] = []

    def make(facts: list[Fact], pause: float = 0.004) -> Writer:
        writers.append(Writer(centre.settings.spool, facts, pause))
        return writers[-1]

    yield make
    for writer in writers:
        writer.process.kill()
        writer.wait()


def test_a_scribe_killed_again_and_again_takes_every_fact_in_once(
    centre: Stack, rows: Rows, write: Callable[..., Writer]
) -> None:
    facts = stories(30)
    writer = write(facts)
    for _ in range(3):
        so_far = max(0, rows.events(facts))
        until(lambda before=so_far: before < rows.events(facts) or before == len(facts), what="the scribe goes on")
        centre.wait_healthy("scribe")
        centre.kill("scribe")
    writer.wait()
    until(lambda: rows.events(facts) == len(facts), 40, what=lambda: f"{rows.events(facts)} of {len(facts)} facts")
    calls = [uuid.UUID(call) for call in {fact.call for fact in facts}]
    assert (
        rows.one(
            "SELECT count(*) FROM calls_call WHERE id = ANY(%s) AND outcome = 'answered' AND talk_seconds = 30", calls
        )
        == 30
    )
    assert rows.one("SELECT count(*) FROM calls_recording WHERE call_id = ANY(%s)", calls) == 30
    assert (
        rows.one(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'join_recording' AND args->>'recording' = ANY("
            "SELECT id::text FROM calls_recording WHERE call_id = ANY(%s))",
            calls,
        )
        == 30
    )  # one job each, not two
    until(lambda: not list(centre.settings.spool.glob("*.jsonl")), what="the spool is empty")


def test_the_database_killed_in_the_middle_loses_and_repeats_nothing(
    centre: Stack, rows: Rows, write: Callable[..., Writer]
) -> None:
    facts = stories(20)
    writer = write(facts)
    until(lambda: rows.events(facts) > 20, what="some are in")
    centre.kill("postgres", signal.SIGKILL)
    writer.wait()
    until(lambda: rows.events(facts) == len(facts), 40, what=lambda: f"{rows.events(facts)} of {len(facts)} facts")


def test_while_the_database_is_away_facts_wait_on_disk(centre: Stack, rows: Rows, write: Callable[..., Writer]) -> None:
    facts = stories(5)
    centre.halt("postgres")
    try:
        write(facts, pause=0).wait()
        assert rows.events(facts) == -1
        waiting = b"".join(path.read_bytes() for path in centre.settings.spool.glob("*.jsonl"))
        assert waiting.count(b"\n") == len(facts)
    finally:
        centre.resume("postgres")
    until(lambda: rows.events(facts) == len(facts), 40, what=lambda: f"{rows.events(facts)} of {len(facts)} facts")
    until(lambda: not list(centre.settings.spool.glob("*.jsonl")), what="the spool is empty")


def test_the_scribe_tells_the_switch_who_a_caller_is(centre: Stack, rows: Rows) -> None:
    rows.one(
        "INSERT INTO routing_callerlisting (number, kind, note, added_at) "
        "VALUES ('+8613812340000', 'nuisance', '', now())"
    )

    async def asked() -> Known | None:
        callers = SocketCallers(centre.settings.run)
        running = asyncio.create_task(callers.run())

        async def once() -> Known | None:
            answer: asyncio.Future[Known | None] = asyncio.get_running_loop().create_future()
            callers.ask("+8613812340000", 1, answer.set_result)
            return await answer

        found = await until_async(once, 10, "the scribe knows the number")
        running.cancel()
        return found

    assert asyncio.run(asked()) == Known(standing="nuisance")


def test_a_change_by_anybody_reaches_the_switchs_file(centre: Stack, rows: Rows) -> None:
    path = centre.settings.run / "directory.json"
    until(path.exists, what="a directory")

    def names() -> list[str]:
        return [reason["name"]["zh"] for reason in json.loads(path.read_text())["reasons"]]

    rows.one(
        "INSERT INTO organisation_busyreason (code, name_zh, name_en, minutes, needs_consent, position, active) "
        "VALUES ('tea', '喝茶', 'Tea', 5, false, 0, true)"
    )
    changed = time.monotonic()
    until(lambda: "喝茶" in names(), 10, what="the new reason in directory.json")
    print(f"a change was in directory.json after {time.monotonic() - changed:.2f} s")
    rows.one("UPDATE organisation_busyreason SET name_zh = '休息' WHERE code = 'tea'")
    until(lambda: "休息" in names(), 10, what="the new name")
