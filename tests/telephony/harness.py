"""A centre for telephone tests: real Asterisk, real switch, the outside world, own folder, free ports; no database.

``Centre`` writes ``run/directory.json`` itself (what the scribe does in life) and reads the journal's spool itself, so
that calls are proved without records. ``Telephones`` plays everybody: callers, desk phones, agents.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from dealerline.runtime.secrets import make_secrets
from dealerline.runtime.services import children
from dealerline.runtime.stack import private_settings
from dealerline.settings import CHECKOUT, PYTHON_PATH, Settings
from dealerline.switch.directory import (
    BusyReason,
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
from simulator.desk import Desk, DeskError
from simulator.journal import JournalTail
from simulator.parties import Party
from simulator.script import parse
from simulator.world import Ring, World
from tests.helpers import until_async
from tests.telephony import tones

SALES, EMPTY, MENU, VOICEMAIL, CLOSED = "02388880001", "02388880002", "02388880003", "02388880004", "02388880005"
UNKNOWN = "02388889999"
CUSTOMER = "13800001111"
RING: dict[str, Any] = {"ring": True}
START_SECONDS = 30.0
until = until_async


def text(words: str) -> dict[str, str]:
    return {"zh": words, "en": words}


def environment(settings: Settings) -> dict[str, str]:
    """What a child process needs to see the same settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("DEALERLINE_")}
    own.pop("DATABASE_URL", None)
    fields = {name: getattr(settings, name) for name in Settings.__dataclass_fields__}
    own |= {f"DEALERLINE_{name.upper()}": str(value) for name, value in fields.items()}
    return own | {"PYTHONPATH": PYTHON_PATH}


def flow(number: int, name: str, **nodes: Any) -> FlowVersion:
    """A flow of the form docs/reference/flows.md describes."""
    return FlowVersion(number, 1, name, {"title": text(name), "start": next(iter(nodes)), "nodes": nodes})


BYE = {"type": "hangup", "prompts": "goodbye"}
MESSAGE = {"type": "voicemail", "prompts": "voicemail.leave", "kind": "other", "next": "bye", "max_seconds": 20}
FLOWS = (
    flow(1, "queue", line={"type": "queue", "queue": "sales", "on_timeout": "bye", "on_empty": "wait"}, bye=BYE),
    flow(2, "empty", line={"type": "queue", "queue": "sales", "on_timeout": "bye", "on_empty": "bye"}, bye=BYE),
    flow(3, "menu",
         menu={"type": "menu", "prompts": "menu.sales", "keys": {"1": "line", "2": "message"},
               "timeout": 2, "tries": 2, "on_timeout": "bye", "on_wrong": "bye"},
         line={"type": "queue", "queue": "sales", "on_timeout": "message", "on_empty": "wait"},
         message=MESSAGE, bye=BYE),
    flow(4, "voicemail", message=MESSAGE, bye=BYE),
    flow(5, "closed", bye={"type": "hangup", "prompts": "closed.default"}),
)


def prompts() -> tuple[PromptAudio, ...]:
    """The shipped sounds."""
    folder = CHECKOUT / "assets" / "prompts"
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    return tuple(PromptAudio(key, language, 0, str((folder / audio["file"]).with_suffix("")))
                 for key, languages in manifest.items() for language, audio in languages.items())


def directory(settings: Settings, agents: int = 3) -> Snapshot:
    """One store with a line for every flow above; agents 1..n in one queue, each with desk phone of the same id."""
    always = Hours(1, tuple((day, 0, 1440) for day in range(7)))
    never = Hours(2, ())

    def line(number: int, kind: str, to: str, flow_id: int, hours: int = 1) -> Line:
        return Line(number, 1, kind, text(kind), (to,), hours, flow_id, 5, 5, carrier=1, caller_id=to)

    ids = range(1, agents + 1)
    return Snapshot(
        version=1,
        stores=(Store(1, "s1", text("门店一"), 1),),
        hours=(always, never),
        lines=(line(1, "sales", SALES, 1), line(2, "repair", EMPTY, 2), line(3, "new_car", MENU, 3),
               line(4, "complaints", VOICEMAIL, 4), line(5, "rescue", CLOSED, 1, hours=2)),
        queues=(Queue(1, 1, "sales", text("销售"), tuple(ids), ring_seconds=8, wrap_seconds=3, announce_seconds=20),),
        people=tuple(Person(n, 1, f"agent {n}", str(800 + n), ("agent",), (1,), phone=n) for n in ids),
        phones=tuple(DeskPhone(n, 1, f"phone-{n}", f"phone {n}") for n in ids),
        carriers=(Carrier(1, "outside", "127.0.0.1", settings.carrier_sip_port, match=("127.0.0.1",)),),
        flows=FLOWS, prompts=prompts(), reasons=(BusyReason("break", text("休息"), 10),),
    )


class Centre:
    """Processes of one centre. ``start`` waits for health, ``kill`` is kill -9, ``stop`` leaves nothing behind."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.settings = private_settings(folder, Settings(data=folder, cache=cache), min_free_mb=1)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.snapshot = Snapshot()
        make_secrets(self.settings.secrets)
        for needed in (self.settings.run, self.settings.logs, self.settings.spool, self.settings.media,
                       self.settings.recordings / "raw", self.settings.recordings / "voicemail"):
            needed.mkdir(parents=True, exist_ok=True)
        self.publish(directory(self.settings))

    def publish(self, snapshot: Snapshot) -> None:
        """What the scribe does when the configuration has changed; ``version`` grows by itself."""
        self.snapshot = replace(snapshot, version=self.snapshot.version + 1)
        target = self.settings.run / "directory.json"
        target.with_suffix(".new").write_bytes(msgspec.json.encode(self.snapshot))
        target.with_suffix(".new").replace(target)

    def start(self, *names: str) -> None:
        """Start those that do not run, together, and wait until they are healthy."""
        for child in children(self.settings, names, sys.executable):
            running = self.processes.get(child.name)
            if running is None or running.poll() is not None:
                with (self.settings.logs / f"{child.name}.log").open("ab") as log:
                    self.processes[child.name] = subprocess.Popen(
                        list(child.command), cwd=CHECKOUT, env=environment(self.settings) | child.env,
                        stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        for name in names:
            self.wait_healthy(name)

    def wait_healthy(self, name: str, seconds: float = START_SECONDS) -> None:
        """Fails with the end of the child's log when it does not become healthy."""
        (child,) = children(self.settings, [name], sys.executable)
        deadline, trouble = time.monotonic() + seconds, "never asked"
        while time.monotonic() < deadline and self.processes[name].poll() is None:
            trouble = _checked(child.check)
            if not trouble:
                return
            time.sleep(0.1)
        raise AssertionError(f"{name} is not healthy ({trouble}):\n{self.log(name)[-3000:]}")

    def log(self, name: str) -> str:
        path = self.settings.logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self, name: str) -> None:
        """kill -9 of the child and all it started."""
        process = self.processes[name]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def stop(self) -> None:
        """End everything, the switch first."""
        for process in reversed(list(self.processes.values())):
            if process.poll() is None:
                process.terminate()
        for name, process in self.processes.items():
            try:
                process.wait(8)
            except subprocess.TimeoutExpired:
                self.kill(name)

    def facts(self) -> list[dict[str, Any]]:
        """The journal as it lies in the spool, in order of time."""
        facts = JournalTail(self.settings.spool).read()
        return sorted(facts, key=lambda fact: (fact["at"], fact.get("seq", 0)))

    def story(self, call: str) -> list[str]:
        """The kinds of a call's facts in order."""
        own = [fact for fact in self.facts() if fact.get("call") == call]
        return [fact["kind"] for fact in sorted(own, key=lambda fact: fact.get("seq", 0))]


def _checked(check: Any) -> str:
    """What the child's own check says, asked in a thread, since a test may have a loop running."""
    answer: list[str] = []

    def ask() -> None:
        try:
            answer.append(str(asyncio.run(check()) or ""))
        except Exception as error:  # a check that raises is an unhealthy child; the words go into the failure
            answer.append(f"{type(error).__name__}: {error}")

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return answer[0]


class Agent:
    """A person at his desk with a desk phone: ``desk`` is his socket, ``phone`` what his phone does and hears."""

    def __init__(self, telephones: Telephones, person: int, desk: Desk) -> None:
        self._telephones, self.person, self.desk = telephones, person, desk

    @property
    def phone(self) -> Party:
        """His phone's newest call; there must have been one."""
        return self._calls()[-1]

    def rung(self) -> bool:
        """Whether his phone has ever been rung."""
        return bool(self._calls())

    def _calls(self) -> list[Party]:
        return [p for p in self._telephones.world.parties.values() if p.number == f"phone-{self.person}"]

    @property
    def state(self) -> str:
        return self.desk.state

    async def in_state(self, state: str, seconds: float = 15.0) -> None:
        """Wait for an agent state."""
        await until(lambda: self.desk.state == state, seconds, f"agent {self.person} is {state}, not {self.desk.agent}")

    async def talks(self, seconds: float = 15.0) -> dict[str, Any]:
        """Wait until he talks; the call's view."""
        view: dict[str, Any] = await until(lambda: self.desk.call("talking"), seconds, f"agent {self.person} talks")
        return view

    async def leave(self) -> None:
        """End what he is in and sign out, so that the next test finds him away."""
        with contextlib.suppress(DeskError):
            for view in list(self.desk.calls.values()):
                await self.desk.send("wrap_done" if view["phase"] == "wrap" else "hangup", call=view["id"])
            await self.desk.until(lambda: self.desk.state not in ("talking", "ringing", "reserved", "outbound"), 3)
            for view in list(self.desk.calls.values()):
                await self.desk.send("wrap_done", call=view["id"])
        with contextlib.suppress(DeskError):
            await self.desk.send("state", state="offline")
        await self.desk.close()


class Telephones:
    """Everybody outside, and agents with desk phones, for one test."""

    def __init__(self, centre: Centre) -> None:
        self.centre, self.world = centre, World(centre.settings)
        self.agents: list[Agent] = []
        self._plugged: set[str] = set()

    async def open(self) -> Telephones:
        await self.world.start()
        await until(self.world.ari.connected.is_set, what="the outside world's Asterisk answers")
        return self

    async def close(self) -> None:
        callers = [party for party in self.world.live() if party.role == "caller"]
        await asyncio.gather(*(self.world.player.hang_up(party) for party in callers))
        for agent in self.agents:
            await agent.leave()
        await self.world.phones.unplug(self._plugged)
        await self.world.stop()

    async def ring(self, to: str, *, number: str = CUSTOMER, hum: float = 400, steps: Sequence[dict[str, Any]] = (),
                   keys: str = "", hang_up_at: str = "", trunk: str = "address") -> Party:
        """A caller who hums, does his steps, and stays."""
        script: list[dict[str, Any]] = [{"tone": hum}] if hum else []
        script += [{"wait": 0.5}, {"key": keys}] if keys else []
        return await self.world.ring(Ring(to, number, parse([*script, *steps]), hang_up_at, trunk))

    async def dial(self, person: int, number: str, *, hum: float = 600) -> Party:
        """Somebody dials on that person's desk phone, which is plugged in if it was not, and hums into it."""
        user = f"phone-{person}"
        if user not in self._plugged:
            self._plugged.add(user)
            assert await self.world.phones.plug({user: parse([RING])}), f"the centre does not accept {user}"
        return await self.world.ring(Ring(number, steps=parse([{"tone": hum}]), phone=user))

    async def agent(self, person: int, *, hum: float = 600, ready: bool = True,
                    steps: Sequence[dict[str, Any]] | None = None, phone: bool = True) -> Agent:
        """Sign a person in at a desk with a desk phone that answers and hums (or does ``steps``)."""
        if phone:
            user = f"phone-{person}"
            self._plugged.add(user)
            own = steps if steps is not None else [{"ring": True}, {"wait": 0.2}, {"answer": True}, {"tone": hum}]
            accepted = await self.world.phones.plug({user: parse(list(own))})
            assert accepted, f"the centre does not accept {user}"
        desk = Desk(self.centre.settings.switch_port, person, self.centre.settings.secret("desk"))
        await desk.open()
        agent = Agent(self, person, desk)
        self.agents.append(agent)
        if ready:
            await desk.ready()
            # With a caller waiting he is reserved at once.
            await until(lambda: agent.state not in ("", "offline", "busy"), what=f"agent {person} is at work")
        return agent

    def heard(self, party: Party, frequencies: Collection[float], start: float = 0.0,
              end: float | None = None) -> set[float]:
        """Which of the tones reached that party's ear (in that part of his call)."""
        return tones.tones(self.world.heard(party), frequencies, start, end)

    async def hears(self, who: Party | Agent, hertz: float, seconds: float = 15.0) -> None:
        """Wait until the tone has been in his ear within the last second; an agent's phone may still have to ring."""
        if isinstance(who, Agent):
            await until(who.rung, seconds, f"the phone of agent {who.person} rings")
        party = who.phone if isinstance(who, Agent) else who
        path = self.world.heard(party)

        def now() -> bool:
            length = tones.seconds(path)
            return length >= 1 and hertz in tones.tones(path, [hertz], length - 1)

        await until(now, seconds, f"{party.number} hears {hertz:g} Hz")

    async def hang_up(self, party: Party) -> None:
        await self.world.player.hang_up(party)
        await until(lambda: not party.live, what="the call is over")
