"""R4 of the quality aims: many calls with hang-ups and verbs at every step, after which nothing is left.

Callers hang up at a moment of chance: before they are answered, in the greeting, in the queue, while a phone rings for
them, in the talk, on hold, while they are transferred or consulted about. Agents' phones answer, refuse, or ring
unheard; their people hold, mute, transfer, consult, swap, complete, invite and make it a talk of three, as they like.
Then everybody goes, and there must be no call in the switch, no channel and no bridge in Asterisk, nobody in a state
that has no cause, no repair by the reconciler, no error, and each call that came in must have ended in the journal.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.acd import greeting, open_folder
from bench.product import Product, snapshot
from bench.report import show
from bench.rtp import Media
from bench.sip import Agent, Leg
from dealerline.settings import Settings
from simulator.desk import Desk, DeskError

AGENTS, LEADS = 24, 2
AT_ONCE = 48  # callers at a time: twice the agents, so that half of them wait
RATE = 30.0  # new calls a second, at most
RING_SECONDS = 3
TALK = (0.3, 2.5)
REFUSES, UNHEARD = 0.04, 0.02  # of an agent's phone
EARLY, LATE = 0.1, 6.0  # a caller hangs up after a time between these, more often early
VERBS = (
    *("hold", "unhold", "mute", "unmute", "transfer", "queue", "consult", "swap", "complete", "cancel", "three_way"),
    *("invite", "aside", "back", "lock", "record_pause", "record_resume"),
)
QUIET_SECONDS = 40.0  # by then the last wrap-up, ring and return are over


@dataclass
class Told:
    """What happened."""

    calls: int = 0
    answered: int = 0
    ended_early: int = 0
    cancelled: int = 0  # of these before they were answered: some never reach the switch
    refused: int = 0
    verbs: Counter[str] = field(default_factory=Counter)
    said_no: Counter[str] = field(default_factory=Counter)


class Crowd:
    """Everybody's phones and desks, and their whims."""

    def __init__(self, side: Product, media: Media, seed: int) -> None:
        self.side, self.media, self.told = side, media, Told()
        self.chance = random.Random(seed)
        self.phones: dict[str, Agent] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        for number in range(1, AGENTS + LEADS + 1):
            phone = await Agent(self.side.server, f"phone-{number}", media=self.media, ring=-1, speaks=False).open()
            phone.on_invite = lambda leg, phone=phone: self.rings(phone, leg)
            self.phones[phone.user] = phone
        await self.side.staff(self.phones)
        for desk in list(self.side.desks.values()):
            self.spawn(self.work(desk))

    def spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def rings(self, phone: Agent, leg: Leg) -> None:
        whim, loop = self.chance.random(), asyncio.get_running_loop()
        if whim < REFUSES:
            loop.call_later(0.2, phone.refuse, leg)
        elif whim > UNHEARD + REFUSES:
            loop.call_later(self.chance.uniform(0.02, 0.4), self.takes, phone, leg)

    def takes(self, phone: Agent, leg: Leg) -> None:
        phone.answer(leg)
        if leg.answered:
            talk = self.chance.uniform(*TALK)
            asyncio.get_running_loop().call_later(talk, lambda: self.spawn(phone.hang_up(leg)))

    async def work(self, desk: Desk) -> None:
        """One person at his desk: ready when he can be, and a verb now and then."""
        while True:
            await asyncio.sleep(self.chance.uniform(0.05, 0.5))
            if desk.state in ("busy", "offline"):
                await self.says(desk, "state", state="ready")
            mine = [c for c in desk.calls.values() if c.get("phase") in ("talking", "held") and c.get("parties")]
            if desk.person > AGENTS:
                if not mine and self.chance.random() < 0.2:
                    watched = self.chance.randint(1, AGENTS)
                    mode = self.chance.choice(("listen", "whisper", "barge"))
                    await self.says(desk, "supervise", person=watched, mode=mode)
            elif mine and self.chance.random() < 0.4:
                await self.verb(desk, mine[0]["id"])

    async def verb(self, desk: Desk, call: str) -> None:
        other = {"kind": "person", "id": self.chance.randint(1, AGENTS)}
        queue = {"kind": "queue", "id": 1}
        kind = self.chance.choice(VERBS)
        if kind in ("transfer", "consult", "invite"):
            await self.says(desk, "bring", call=call, how=kind, target=other)
        elif kind == "queue":
            await self.says(desk, "bring", call=call, how="transfer", target=queue)
        elif kind == "aside":
            await self.says(desk, "aside", call=call, parties=["p1", "p2"])
        else:
            await self.says(desk, kind, call=call)

    async def says(self, desk: Desk, kind: str, **fields: Any) -> None:
        name = fields.get("how", kind)
        try:
            await desk.send(kind, **fields)
            self.told.verbs[name] += 1
        except DeskError as error:
            self.told.said_no[error.code] += 1

    async def one_caller(self, caller: Agent) -> None:
        """One call from its INVITE to its end."""
        self.told.calls += 1
        patience = min(EARLY * (LATE / EARLY) ** self.chance.random(), LATE)
        ringing = asyncio.ensure_future(caller.call(self.side.number))
        done, _ = await asyncio.wait({ringing}, timeout=patience if self.chance.random() < 0.1 else None)
        if not done:
            leg = next((g for g in reversed(caller.history) if not g.ended and not g.answered), None)
            if leg is not None:
                caller.cancel(leg)
                self.told.cancelled += 1
        leg = await ringing
        if leg.failed:
            self.told.refused += leg.failed not in (487,)
            self.told.ended_early += leg.failed == 487
            return
        try:
            await asyncio.wait_for(leg.done.wait(), patience)
            self.told.answered += 1
        except TimeoutError:
            self.told.ended_early += 1
            await caller.hang_up(leg)

    async def calls(self, count: int) -> None:
        """So many calls, ``AT_ONCE`` at a time."""
        callers = [await Agent(self.side.server, f"caller{n}", media=self.media, speaks=False).open() for n in range(4)]
        room = asyncio.Semaphore(AT_ONCE)
        running: set[asyncio.Task[None]] = set()

        async def within(caller: Agent) -> None:
            try:
                await self.one_caller(caller)
            finally:
                room.release()

        for number in range(count):
            await room.acquire()
            task = asyncio.ensure_future(within(callers[number % len(callers)]))
            running.add(task)
            task.add_done_callback(running.discard)
            for caller in callers:
                del caller.history[:-200]
            await asyncio.sleep(1 / RATE)
        await asyncio.gather(*running)
        for phone in self.phones.values():
            for leg in list(phone.legs.values()):
                await phone.hang_up(leg) if leg.answered else phone.refuse(leg)
        for caller in callers:
            caller.close()

    async def close(self) -> None:
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def internal(settings: Settings, path: str) -> Any:
    """What the switch tells the other processes."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{settings.switch_port}{path}",
        headers={"X-Dealerline-Internal": settings.secret("internal")},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def ari(settings: Settings, path: str) -> list[dict[str, Any]]:
    """A list that Asterisk gives."""
    key = base64.b64encode(f"{settings.asterisk_user}:{settings.secret('ari')}".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{settings.asterisk_http_port}/ari{path}", headers={"Authorization": f"Basic {key}"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found


def unfinished(spool: Path) -> tuple[int, int]:
    """(calls that came, of which so many have no end) in the journal."""
    open_calls: set[str] = set()
    came = 0
    for segment in sorted(spool.glob("*.jsonl")):
        for line in segment.read_text(encoding="utf-8").splitlines():
            fact = json.loads(line)
            if fact["kind"] == "call.arrived":
                came += 1
                open_calls.add(fact["call"])
            elif fact["kind"] == "call.ended":
                open_calls.discard(fact["call"])
    return came, len(open_calls)


async def soak(folder: Path, calls: int, seed: int) -> dict[str, Any]:
    """The whole of it, in a centre of its own. What was and what is left."""
    media = Media(tone=440)
    known = snapshot(AGENTS, greeting(folder), LEADS)
    (queue,) = known.queues
    side = Product(folder / "soak", replace(known, queues=(replace(queue, ring_seconds=RING_SECONDS),)))
    await asyncio.to_thread(side.start)
    began = time.monotonic()
    crowd = Crowd(side, media, seed)
    try:
        await crowd.open()
        first = {child: memory(side, child) for child in ("switch", "asterisk")}
        await crowd.calls(calls)
        await crowd.close()
        seconds = time.monotonic() - began
        left = await remains(side)
        settings = side.settings
        came, unended = await asyncio.to_thread(unfinished, settings.spool)
        live = internal(settings, "/internal/live")
        told = crowd.told
        return {
            "calls": told.calls,
            "seconds": round(seconds),
            "answered": told.answered,
            "hung_up": told.ended_early,
            "cancelled": told.cancelled,
            "refused": told.refused,
            "verbs": sum(told.verbs.values()),
            "said_no": sum(told.said_no.values()),
            "arrived": came,
            **left,
            "unended": unended,
            "repairs": live["repairs"],
            "errors": live["errors"],
            "switch_mb": f"{first['switch']} > {memory(side, 'switch')}",
            "asterisk_mb": f"{first['asterisk']} > {memory(side, 'asterisk')}",
        }
    finally:
        await crowd.close()
        await side.leave()
        for phone in crowd.phones.values():
            phone.close()
        await asyncio.to_thread(side.stop)
        media.close()


async def remains(side: Product) -> dict[str, Any]:
    """What is still there when all is over: at most ``QUIET_SECONDS`` later everything has to be gone."""
    limit = time.monotonic() + QUIET_SECONDS
    while True:
        live = await asyncio.to_thread(internal, side.settings, "/internal/live")
        channels = await asyncio.to_thread(ari, side.settings, "/channels")
        bridges = await asyncio.to_thread(ari, side.settings, "/bridges")
        stuck = [d.person for d in side.desks.values() if d.state not in ("ready", "busy", "offline")]
        found = {
            "stuck_calls": len(live["calls"]), "stuck_channels": len(channels), "stuck_bridges": len(bridges),
            "stuck_people": len(stuck),
        }  # fmt: skip
        if not any(found.values()) or time.monotonic() > limit:
            return found
        await asyncio.sleep(0.5)


def memory(side: Product, child: str) -> int:
    """Resident megabytes of a process."""
    pages = int(Path(f"/proc/{side.stack.pid(child)}/statm").read_text().split()[1])
    return round(pages * 4096 / 1e6)


def clean(row: dict[str, Any]) -> bool:
    """Whether nothing is left and nothing went wrong."""
    nothing = ("stuck_calls", "stuck_channels", "stuck_bridges", "stuck_people", "unended", "repairs", "errors")
    unseen = row["calls"] - row["arrived"]
    return 0 <= unseen <= row["cancelled"] and not any(row[name] for name in nothing)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dealerline bench soak", description=__doc__)
    parser.add_argument("--calls", type=int, default=50_000)
    parser.add_argument("--quick", action="store_true", help="300 calls")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="figures alone")
    chosen = parser.parse_args(arguments)
    with open_folder() as folder:
        row = asyncio.run(soak(folder, 300 if chosen.quick else chosen.calls, chosen.seed))
    show("R4 calls with hang-ups and verbs at every step: what is left", [row], chosen.json)
    return 0 if clean(row) else 1
