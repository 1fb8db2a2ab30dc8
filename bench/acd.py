"""P1 and P2 of the quality aims: the queue beside app_queue, in the same run, by the same instrument.

P1: all agents busy, the queue full: from an agent's hanging up to the next caller's INVITE at his phone. Talks differ
in length, so that agents do not all become free in the same moment.
P2: calls a second through greeting, queue, agent and recording with nothing lost: the rate is raised until calls are
lost or take too long, then the highest clean rate counts. Product and peer take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.alone import alone
from bench.load import Rate, keep_waiting, offer, phones, watch
from bench.peer import PeerQueue
from bench.product import Product, roomy, snapshot
from bench.report import quantile, show, spread
from bench.rtp import Media
from bench.sip import Agent
from dealerline.runtime.stack import free_ports, private_settings

KINDS = ("app_queue", "dealerline")
GREETING_SECONDS = 0.5
P1_TALK, P1_SPREAD = 2.0, 0.4
P1_ENDS = 10.0  # talks that end in a second, at most: more agents talk longer
P2_TALK = 1.0
SPEAKING = 50  # callers who send sound while they wait; more would be the instrument's load rather than the queue's


def greeting(folder: Path) -> Path:
    """Half a second of quiet: the same file for both."""
    path = folder / "greeting.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\x00\x00" * int(8000 * GREETING_SECONDS))
    return path


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that the service account may enter too."""
    with tempfile.TemporaryDirectory(prefix="dealerline-bench-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


class Sides:
    """Starts either side with ``agents`` phones and stops it again."""

    def __init__(self, folder: Path, media: Media) -> None:
        self.folder, self.media = folder, media
        self.sound = greeting(folder)
        self._count = 0

    async def product(self, agents: int, talk: float, spread: float = 0.0) -> tuple[Product, dict[str, Agent]]:
        self._count += 1
        side = Product(self.folder / f"product-{self._count}", snapshot(agents, self.sound))
        await asyncio.to_thread(side.start)
        names = [f"phone-{n}" for n in range(1, agents + 1)]
        people = await phones(names, side.server, self.media, talk, spread)
        await side.staff(people)
        return side, people

    async def peer(self, agents: int, talk: float, spread: float = 0.0) -> tuple[PeerQueue, dict[str, Agent]]:
        self._count += 1
        settings = roomy(private_settings(self.folder / f"peer-{self._count}"))
        settings.data.mkdir(parents=True)
        side = PeerQueue(settings, free_ports(1)[0], self.sound)
        names = [f"phone-{n}" for n in range(1, agents + 1)]
        people = await phones(names, side.server, self.media, talk, spread)
        await asyncio.to_thread(side.start, {n: p.port for n, p in people.items()}, True)
        return side, people

    async def stop(self, side: Product | PeerQueue, people: dict[str, Agent]) -> None:
        if isinstance(side, Product):
            await side.leave()
        for phone in people.values():
            phone.close()
        await asyncio.to_thread(side.stop)


async def turns(sides: Sides, kind: str, agents: int, waiting: int, wanted: int) -> dict[str, Any]:
    """P1 for one side: ``wanted`` turns of ``agents`` phones with ``waiting`` callers in the queue."""
    talk = max(P1_TALK, agents / P1_ENDS)
    side, people = await (sides.product if kind == "dealerline" else sides.peer)(agents, talk, P1_SPREAD)
    try:
        noted = watch(people)
        caller = await Agent(side.server, "caller", media=sides.media, speaks=waiting <= SPEAKING).open()
        full, stop = asyncio.Event(), asyncio.Event()
        load = asyncio.create_task(keep_waiting(caller, side.number, agents + waiting, full, stop))
        await full.wait()
        await asyncio.sleep(talk)
        for turn in noted.values():
            turn.begin()
        cpu, began = side.cpu_seconds(), time.monotonic()
        gaps: list[float] = []
        while len(gaps) < wanted and time.monotonic() - began < wanted / agents * talk * 2 + 20:
            await asyncio.sleep(0.1)
            gaps = [g for t in noted.values() for g in t.gaps]
        row: dict[str, Any] = {"P1": kind, "agents": agents, "waiting": waiting, **spread(gaps)}
        row["cores"] = round((side.cpu_seconds() - cpu) / (time.monotonic() - began), 2)
        if isinstance(side, Product):
            row["repairs"] = side.repairs()
        stop.set()
        row["refused"] = await load
        caller.close()
        return row
    finally:
        await sides.stop(side, people)


async def rate_of(sides: Sides, kind: str, agents: int, seconds: float, start: float) -> dict[str, Any]:
    """P2 for one side: the highest rate at which every call came through whole and recorded."""
    side, people = await (sides.product if kind == "dealerline" else sides.peer)(agents, P2_TALK)
    best, best_result = 0.0, Rate()
    try:
        caller = await Agent(side.server, "caller", media=sides.media).open()
        rate = start
        while True:
            before = side.recordings()
            result = await offer(caller, side.number, rate, seconds, within=GREETING_SECONDS + P2_TALK + 1.5)
            await asyncio.sleep(1.5)  # recorders close their files after the call
            result.recordings = side.recordings() - before
            clean = not result.lost and result.slow <= result.offered * 0.01 and result.recordings == result.offered
            if not clean:
                break
            best, best_result = rate, result
            rate = round(rate * 1.2, 1)
        row = {
            "P2": kind,
            "agents": agents,
            "calls_a_second": best,
            "calls": best_result.offered,
            "whole_call_p95_ms": round(quantile(best_result.setup, 0.95) * 1000) if best_result.setup else "",
            "broke_at": rate,
            "lost": result.lost,
            "slow": result.slow,
            "unrecorded": result.offered - result.recordings,
        }
        if isinstance(side, Product):
            row["repairs"] = side.repairs()
        caller.close()
        return row
    finally:
        await sides.stop(side, people)


Rows = list[dict[str, Any]]


async def run(quick: bool, only: str, sizes: list[str], kinds: list[str], as_json: bool) -> None:
    """Both tables, each shown when it is made."""
    media = Media(tone=440)
    with open_folder() as folder:
        sides = Sides(folder, media)
        if only in ("", "p1"):
            one = await p1(sides, folder, quick, sizes, kinds)
            if one:
                show("P1 agent free -> next caller rings him", one, as_json)
        if only in ("", "p2"):
            two = [await rate_of(sides, kind, 60, 4 if quick else 10, 8.0) for kind in kinds]
            if len(two) == 2 and two[0]["calls_a_second"]:
                two[1]["ratio"] = round(two[1]["calls_a_second"] / two[0]["calls_a_second"], 2)
            show("P2 calls a second through greeting, queue, agent, recording", two, as_json)
    media.close()


async def p1(sides: Sides, folder: Path, quick: bool, sizes: list[str], kinds: list[str]) -> Rows:
    """Turns of both sides in turn, then the product's alone."""
    rows: Rows = []
    plan = [(10, 30, 60)] if quick else [(10, 40, 300), (10, 200, 300), (10, 1000, 300), (200, 200, 600)]
    for agents, waiting, wanted in plan:
        if not sizes or f"{agents}x{waiting}" in sizes:
            rows += [await turns(sides, kind, agents, waiting, wanted) for kind in kinds]
    if not sizes and "dealerline" in kinds:
        for waiting in (40, 1000, 10000):
            rows.append(alone(folder / f"alone-{waiting}", sides.sound, 10, waiting, 1000))
    return rows


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dealerline bench acd", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute instead of ten")
    parser.add_argument("--json", action="store_true", help="figures alone")
    parser.add_argument("--only", choices=["p1", "p2"], default="")
    parser.add_argument("--size", action="append", default=[], metavar="10x1000", help="of P1: agents x waiting")
    parser.add_argument("--side", choices=KINDS, default="", help="without the other beside it")
    chosen = parser.parse_args(arguments)
    kinds = [chosen.side] if chosen.side else list(KINDS)
    asyncio.run(run(chosen.quick, chosen.only, chosen.size, kinds, chosen.json))
    return 0
