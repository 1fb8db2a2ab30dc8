"""The product under the same load as the peer: asterisk and switch, without a database, as they run in a centre."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from bench.report import cpu_seconds
from bench.sip import Agent
from dealerline.runtime.stack import Stack, free_range, private_settings
from dealerline.settings import Settings
from dealerline.switch.directory import (
    Carrier,
    DeskPhone,
    FlowVersion,
    Hours,
    Line,
    Person,
    PromptAudio,
    Queue,
    Snapshot,
    Store,
)
from simulator.desk import Desk

RTP_PORTS = 2600
NAME = {"zh": "测量", "en": "Bench"}
FLOW = {
    "title": NAME,
    "start": "greet",
    "nodes": {
        "greet": {"type": "play", "prompts": "bench.greeting", "next": "wait"},
        "wait": {"type": "queue", "queue": "bench", "on_timeout": "bye", "on_empty": "bye"},
        "bye": {"type": "hangup"},
    },
}


def snapshot(agents: int, greeting: Path, leads: int = 0) -> Snapshot:
    """One line and queue, ``agents`` people with desk phones and after them ``leads`` shift leads, who are in no queue;
    greeting, then the queue; no after-call work.
    """
    people = tuple(range(1, agents + leads + 1))
    role = {n: "agent" if n <= agents else "shift_lead" for n in people}
    known = snapshot_of(
        (Line(1, 1, "sales", NAME, ("1000",), 1, 1, 1, 1),),
        (Queue(1, 1, "bench", NAME, people[:agents], wrap_seconds=0, announce_seconds=0, max_wait_seconds=3600),),
        tuple(Person(n, 1, f"Agent {n}", str(100 + n), (role[n],), (1,), phone=n) for n in people),
        (FlowVersion(1, 1, "bench", FLOW),),
    )
    prompts = tuple(
        PromptAudio("bench.greeting", language, 0, str(greeting.with_suffix(""))) for language in ("zh", "en")
    )
    return replace(known, prompts=prompts)


def snapshot_of(
    lines: tuple[Line, ...],
    queues: tuple[Queue, ...],
    people: tuple[Person, ...],
    flows: tuple[FlowVersion, ...],
    music: str = "",
) -> Snapshot:
    """One store, always open, whose callers come from this machine and whose people have a desk phone each."""
    return Snapshot(
        version=1,
        stores=(Store(1, "bench", NAME, 1, music=music),),
        hours=(Hours(1, tuple((day, 0, 1440) for day in range(7))),),
        lines=lines,
        queues=queues,
        people=people,
        phones=tuple(DeskPhone(p.phone, 1, f"phone-{p.phone}", f"phone {p.phone}") for p in people),
        carriers=(Carrier(1, "bench", "127.0.0.1", match=("127.0.0.1",)),),
        flows=flows,
    )


def roomy(settings: Settings) -> Settings:
    """The same with ports for a thousand callers' sound at once."""
    first = free_range(RTP_PORTS)
    return replace(settings, rtp_start=first, rtp_end=first + RTP_PORTS - 1)


class Product:
    """See the module; the same face as ``bench.peer.PeerQueue``, but its phones register and its people sign in."""

    name = "dealerline"
    number = "1000"

    def __init__(self, folder: Path, known: Snapshot) -> None:
        settings = roomy(private_settings(folder))
        self.stack = Stack(folder, children=("asterisk", "switch"), settings=settings)
        self.settings = self.stack.settings
        self.settings.run.mkdir(parents=True, exist_ok=True)
        (self.settings.run / "directory.json").write_text(json.dumps(asdict(known)), encoding="utf-8")
        self.desks: dict[int, Desk] = {}  # by person

    @property
    def server(self) -> tuple[str, int]:
        return "127.0.0.1", self.settings.sip_port

    def start(self) -> None:
        self.stack.start()

    async def staff(self, phones: dict[str, Agent]) -> None:
        """Register every phone, sign its person in, wait until all are ready."""
        desk = self.settings.secret("desk")
        for name, phone in phones.items():
            phone.password = self.settings.sip_password(name)
            await _patiently(phone.register)
            person = int(name.split("-")[1])
            one = await Desk(self.settings.switch_port, person, desk, device="phone").open()
            await _patiently(lambda one=one: one.send("state", state="ready"))
            self.desks[person] = one
        limit = time.monotonic() + 20
        while not all(d.state == "ready" for d in self.desks.values()):
            if time.monotonic() > limit:
                late = [(d.person, d.agent) for d in self.desks.values() if d.state != "ready"]
                raise RuntimeError(f"agents are not ready: {late[:3]}")
            await asyncio.sleep(0.05)

    async def leave(self) -> None:
        for desk in self.desks.values():
            await desk.close()

    def recordings(self) -> int:
        """How many conversations have both sides on disk, with sound in them."""
        raw = self.settings.recordings / "raw"
        return sum(
            1
            for f in raw.glob("*-agent.wav")
            if f.stat().st_size > 1000 and f.with_name(f.name.replace("-agent", "-customer")).stat().st_size > 1000
        )

    def cpu_seconds(self) -> float:
        """Processor time of Asterisk and the switch together."""
        return sum(self.cpu_of(child) for child in ("asterisk", "switch"))

    def cpu_of(self, child: str) -> float:
        """Processor time of one of them."""
        return cpu_seconds(self.stack.pid(child))

    def repairs(self) -> float:
        """The reconciler's count."""
        import urllib.request

        with urllib.request.urlopen(f"http://127.0.0.1:{self.settings.switch_port}/metrics", timeout=5) as page:
            text = page.read().decode()
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("dealerline_repairs"))

    def stop(self) -> None:
        self.stack.stop()


async def _patiently(action: Callable[[], object], seconds: float = 10) -> None:
    """Try until it works: accounts and registrations are known to both sides only a moment after they are made."""
    limit = time.monotonic() + seconds
    while True:
        try:
            result = action()
            if asyncio.iscoroutine(result):
                await result
            return
        except RuntimeError:
            if time.monotonic() > limit:
                raise
            await asyncio.sleep(0.2)
