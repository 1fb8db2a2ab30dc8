"""The live board: what a beat costs the switch and the network, beside the whole board sent each time.

500 people, 100 queues, 20 stores, everybody with a page that looks (the desk's list of colleagues is a board, too), on
the twins: no Asterisk and no sockets, the engine's own steps and the JSON that would be sent. Each second so many
callers come, are answered and end; the board beats twice a second. All three ways see the same engine in the same run:

- ``changes``: the product. Rows that changed, made once for all pages that see the same stores.
- ``whole, shared``: the whole board each time, made once for all pages that see the same stores.
- ``whole``: the whole board each time, cut and turned into JSON for each page, as the board was before.
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.report import show, spread
from dealerline.switch import memory
from dealerline.switch.boards import Boards
from dealerline.switch.boardview import PARTS
from dealerline.switch.desk_server import encode, encoded
from dealerline.switch.directory import FlowVersion, Hours, Line, Person, Queue, Snapshot, Store
from dealerline.switch.engine import Engine
from dealerline.switch.media import Arrived, Back, Device, Gone, Inventory

WAYS = ("changes", "whole, shared", "whole")


class Page:
    """A page that counts what it is sent."""

    def __init__(self, person: int) -> None:
        self.person = person
        self.bytes = self.messages = self.largest = 0

    def send(self, message: dict[str, Any]) -> None:
        self.take(len(encoded(message)))

    def take(self, size: int) -> None:
        self.bytes += size
        self.messages += 1
        self.largest = max(self.largest, size)

    def close(self) -> None:
        pass


def group(people: int, queues: int, stores: int) -> Snapshot:
    """A group of that size; everybody works in three queues of his store, one lead a store, five of the group."""
    name = {"zh": "安途虹桥店 销售", "en": "Antu Hongqiao Sales"}
    per, staff = queues // stores, people // stores
    number = itertools.count(1)
    found, lines, everybody = [], [], []
    for store in range(1, stores + 1):
        mine = list(range((store - 1) * staff + 1, store * staff + 1))
        for n in range(per):
            queue = next(number)
            members = tuple(p for p in mine if (p + n) % per < 3)
            limits = {"alarm_waiting": 3, "alarm_oldest": 60, "alarm_level": 80}
            found.append(Queue(queue, store, f"q{n}", name, members, wrap_seconds=10, announce_seconds=0, **limits))
            lines.append(Line(queue, store, "sales", name, (f"02{queue:08}",), 1, n + 1, n + 1, n + 1))
        everybody += [Person(p, store, f"陈思雨{p}", f"8{p:03}", ("agent",), (store,)) for p in mine]
    every = tuple(range(1, stores + 1))
    for n in range(5):
        everybody.append(Person(people + n + 1, 1, f"总监{n}", f"9{n:03}", ("group_manager",), every))
    flows = tuple(
        FlowVersion(n + 1, 1, "q", {"start": "q", "nodes": {
            "q": {"type": "queue", "queue": f"q{n}", "on_timeout": "bye", "on_empty": "wait"},
            "bye": {"type": "hangup", "prompts": "goodbye"}}}) for n in range(per))
    return Snapshot(1, stores=tuple(Store(s, f"s{s}", name, 1) for s in every), queues=tuple(found),
                    hours=(Hours(1, tuple((day, 0, 1440) for day in range(7))),), lines=tuple(lines), flows=flows,
                    people=tuple(everybody))


class Centre:
    """The engine on its twins, with people who answer and callers who come and go."""

    def __init__(self, snapshot: Snapshot, folder: Path, seed: int) -> None:
        self.clock, self.media = memory.Clock(), memory.Media()
        self.engine = Engine(self.clock, memory.Directory(snapshot), memory.Journal(), self.media, recordings=folder,
                             min_free_mb=0)
        self.engine.handle(Back(Inventory({}, {})))
        self.boards = Boards(self.engine.core, self.engine)
        self.engine.core.changed = self.boards.mark
        self.random, self.snapshot = random.Random(seed), snapshot
        self.channels = itertools.count(1)
        for person in snapshot.people[:-5]:
            seat = self.engine.agents.hello(memory.Desk(person.id), "phone", "bench")
            seat.device = "browser"
            self.engine.agents.health(seat, True, "ok")
            self.engine.handle(Device(f"agent-{person.id}", True))
            self.engine.core.run(self.engine.agents.wish, seat, "ready", "")

    def half_a_second(self, calls: float) -> None:
        """Callers come, phones are answered, talks end; so many calls a second."""
        for _ in range(int(calls / 2 + self.random.random())):
            channel, line = f"c{next(self.channels)}", self.random.choice(self.snapshot.lines)
            args = ("in", line.numbers[0], "PJSIP/carrier-1")
            self.media.arrive(channel, args, "13812345678")
            self.engine.handle(Arrived(channel, args, channel, "13812345678"))
        for leg in list(self.media.legs.values()):
            if self.media.channels[leg.channel].state == "Ringing" and self.random.random() < 0.2:
                self.media.answer(leg.channel)
                self.engine.handle(Arrived(leg.channel, leg.args, leg.channel))
        for call in list(self.engine.core.calls.values()):
            if call.talk_started and self.random.random() < 0.5 / 40:
                self.media.lose(call.channel)
                self.engine.handle(Gone(call.channel))
        self.clock.advance(0.5)
        self.media.orders.clear()
        self.engine.core.journal.facts.clear()  # type: ignore[attr-defined]


def whole(boards: Boards, pages: list[tuple[Page, frozenset[int]]], shared: bool) -> None:
    """The whole board to every page."""
    rows = boards.view.rows()
    made: dict[frozenset[int], int] = {}
    for page, stores in pages:
        size = made.get(stores) if shared else None
        if size is None:
            cut = {part: [row for row in rows[part].values() if row["store"] in stores] for part in PARTS}
            size = made[stores] = len(encode({"type": "board", **cut, "now": boards.core.now}))
        page.take(size)


def measure(people: int, queues: int, stores: int, seconds: int, calls: float) -> list[dict[str, Any]]:
    snapshot = group(people, queues, stores)
    with tempfile.TemporaryDirectory() as folder:
        centre = Centre(snapshot, Path(folder), seed=7)
        boards = centre.boards
        sets = {p.stores: frozenset(p.stores) for p in snapshot.people}
        pages = {way: [(Page(p.id), sets[p.stores]) for p in snapshot.people] for way in WAYS}
        for page, looks in pages["changes"]:
            boards.look(page, looks)
        for _ in range(120):
            centre.half_a_second(calls)  # until it runs as it runs
        boards.beat()
        first = max(page.largest for page, _ in pages["changes"])
        for page, _ in pages["changes"]:
            page.bytes = page.messages = page.largest = 0
        took: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(seconds * 2):
            centre.half_a_second(calls)
            for way in WAYS:
                began = time.perf_counter()
                if way == "changes":
                    boards.beat()
                else:
                    whole(boards, pages[way], way != "whole")
                took[way].append(time.perf_counter() - began)
        assert centre.engine.core.metrics.errors == 0
    made = []
    for way in WAYS:
        sent = [page for page, _ in pages[way]]
        made.append({
            "way": way, "people": people, "queues": queues, "pages": len(sent), "calls_a_second": calls,
            **spread(took[way]),
            "processor_share": round(sum(took[way]) / seconds, 4),
            "kB_a_second_a_page": round(sum(p.bytes for p in sent) / len(sent) / seconds / 1000, 2),
            "MB_a_second": round(sum(p.bytes for p in sent) / seconds / 1e6, 2),
            "largest_kB": round(max(p.largest for p in sent) / 1000, 1),
            "first_kB": round((first if way == "changes" else max(p.largest for p in sent)) / 1000, 1)})
    return made


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dealerline bench board", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--queues", type=int, default=100)
    parser.add_argument("--stores", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--calls", type=float, default=8, help="callers a second")
    parser.add_argument("--quick", action="store_true", help="ten seconds")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    rows = measure(chosen.people, chosen.queues, chosen.stores, 10 if chosen.quick else chosen.seconds, chosen.calls)
    show("board: a beat, twice a second", rows, chosen.json)
    return 0
