"""The processor's share of many conversations of two, every fifth supervised: the product beside a bare Asterisk.

The same phones with the same sound on both. The bare Asterisk does by dialplan what it can do most cheaply: ``Dial``
for the conversation, ``MixMonitor`` for its two sides, ``ChanSpy`` for who listens; nobody routes, tells a desk or
keeps a journal. In the product callers come through a queue and leads press listen at their desks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.acd import greeting
from bench.ears import HEARD, Voice, amplitude, received, until
from bench.peer import PeerQueue
from bench.product import Product, roomy, snapshot
from bench.rtp import Media
from bench.sip import Agent, Leg
from dealerline.runtime.stack import free_ports, private_settings

KINDS = ("asterisk alone", "dealerline")
SHARE = 5  # one conversation of so many is supervised
CALLER, AGENT = 2450.0, 2650.0
STARTS = 0.05  # seconds between two calls
SETTLES = 3.0


@dataclass
class Crowd:
    """Everybody's phones: callers on one, agents and leads one each."""

    caller: Agent
    agents: dict[str, Agent]
    leads: dict[str, Agent]
    calls: list[Leg] = field(default_factory=list)

    @staticmethod
    async def open(server: tuple[str, int], count: int, voices: tuple[Media, Media]) -> Crowd:
        theirs, ours = voices
        caller = await Agent(server, "caller", media=theirs).open()
        names = [f"phone-{n}" for n in range(1, count + count // SHARE + 1)]
        phones = {name: await Agent(server, name, media=ours, ring=0.02).open() for name in names}
        return Crowd(caller, {n: phones[n] for n in names[:count]}, {n: phones[n] for n in names[count:]})

    @property
    def phones(self) -> dict[str, Agent]:
        return self.agents | self.leads

    async def call(self, numbers: list[str]) -> None:
        """Ring these, one after another; all must be answered."""
        for number in numbers:
            leg = await self.caller.call(number)
            if leg.failed:
                raise RuntimeError(f"call {len(self.calls) + 1} was refused: {leg.failed}")
            self.calls.append(leg)
            await asyncio.sleep(STARTS)

    @staticmethod
    async def talk(phones: Collection[Agent], seconds: float = 30) -> None:
        """Wait until each of these phones has a call that is up."""
        if not await until(lambda: all(any(leg.up.is_set() for leg in p.legs.values()) for p in phones), seconds):
            raise RuntimeError("not all phones were rung and answered")

    def close(self) -> None:
        for phone in (self.caller, *self.phones.values()):
            phone.close()


async def hearing(legs: list[Leg]) -> int:
    """How many of these hear both a caller and an agent just now."""
    for leg in legs:
        assert leg.rtp is not None
        received(leg.rtp)  # what has piled up
    await asyncio.sleep(0.3)
    count = 0
    for leg in legs:
        assert leg.rtp is not None
        packets = [payload for _, payload in received(leg.rtp)[-5:]]
        count += bool(packets) and all(amplitude(packets[-1], hertz) > HEARD for hertz in (CALLER, AGENT))
    return count


async def watched(
    kind: str, count: int, seconds: float, parts: dict[str, Callable[[], float]], leads: list[Leg], files: int
) -> dict[str, Any]:
    """One row: processor seconds a second of each part, when everything has settled."""
    await asyncio.sleep(SETTLES)
    began, before = time.monotonic(), {name: read() for name, read in parts.items()}
    await asyncio.sleep(seconds)
    passed = time.monotonic() - began
    row: dict[str, Any] = {"side": kind, "conversations": count, "supervised": len(leads), "seconds": round(passed)}
    used = {name: round((read() - before[name]) / passed, 3) for name, read in parts.items()}
    row |= {"asterisk": used["asterisk"], "switch": used.get("switch", ""), "together": round(sum(used.values()), 3)}
    return row | {"leads_hearing": await hearing(leads), "recordings": files}


async def product(folder: Path, count: int, seconds: float, voices: tuple[Media, Media]) -> dict[str, Any]:
    """The product's row."""
    side = Product(folder, snapshot(count, greeting(folder.parent), count // SHARE))
    crowd: Crowd | None = None
    try:
        await asyncio.to_thread(side.start)
        crowd = await Crowd.open(side.server, count, voices)
        await side.staff(crowd.phones)
        await crowd.call([side.number] * count)
        await crowd.talk(crowd.agents.values())
        for n, name in enumerate(crowd.leads, 1):
            await side.desks[int(name.split("-")[1])].send("supervise", person=n, mode="listen")
        await crowd.talk(crowd.leads.values())
        parts = {"asterisk": lambda: side.cpu_of("asterisk"), "switch": lambda: side.cpu_of("switch")}
        legs = [next(iter(lead.legs.values())) for lead in crowd.leads.values()]
        raw = side.settings.recordings / "raw"
        row = await watched(KINDS[1], count, seconds, parts, legs, growing(raw))
        return row | {"repairs": side.repairs()}
    finally:
        await side.leave()
        if crowd is not None:
            crowd.close()
        await asyncio.to_thread(side.stop)


async def alone(folder: Path, count: int, seconds: float, voices: tuple[Media, Media]) -> dict[str, Any]:
    """The bare Asterisk's row."""
    settings = roomy(private_settings(folder))
    settings.data.mkdir(parents=True)
    side = PeerQueue(settings, free_ports(1)[0], greeting(folder.parent))
    crowd = await Crowd.open(side.server, count, voices)
    try:
        await asyncio.to_thread(side.start, {name: phone.port for name, phone in crowd.agents.items()}, True)
        await crowd.call([f"21{n}" for n in range(1, count + 1)])
        await crowd.talk(crowd.agents.values())
        legs = []
        for n, lead in enumerate(crowd.leads.values(), 1):
            legs.append(await lead.call(f"22{n}"))
            await asyncio.sleep(STARTS)
        files = growing(side.root / "spool" / "monitor")
        return await watched(KINDS[0], count, seconds, {"asterisk": side.cpu_seconds}, legs, files)
    finally:
        crowd.close()
        await asyncio.to_thread(side.stop)


def growing(folder: Path) -> int:
    """How many files are being recorded in there."""
    return sum(1 for f in folder.glob("*.wav"))


async def shares(folder: Path, count: int, seconds: float, turns: int) -> list[dict[str, Any]]:
    """The rows of both, in turns; the ratio is of the product's to the peer's before it."""
    voices = Voice(tone=CALLER), Voice(tone=AGENT)
    rows = []
    try:
        for turn in range(turns):
            peer = await alone(folder / f"peer-{turn}", count, seconds, voices)
            ours = await product(folder / f"product-{turn}", count, seconds, voices)
            ours["ratio_asterisk"] = round(ours["asterisk"] / peer["asterisk"], 2) if peer["asterisk"] else ""
            ours["ratio_together"] = round(ours["together"] / peer["together"], 2) if peer["together"] else ""
            rows += [peer, ours]
    finally:
        for voice in voices:
            voice.close()
    return rows
