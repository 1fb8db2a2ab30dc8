"""Anything at all, done by twelve people on three calls of a real centre: nothing is repaired, nothing stays behind."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from simulator.desk import DeskError
from simulator.parties import Party
from simulator.script import parse
from tests.telephony.harness import SALES, Agent, Centre, Telephones, until
from tests.telephony.scene import QUICK, stage
from tests.telephony.test_call_stories import live

SECONDS, PEOPLE, CALLS = 25.0, 12, 3
PAUSE = 0.04  # between two steps: a page that sends more is cut off
ANSWERS, SILENT, REFUSES = "16300000100", "16300000200", "16300000203"
VERBS = (
    *("hold", "unhold", "mute", "unmute", "hangup", "bring", "bring", "bring", "complete", "cancel", "three_way"),
    *("swap", "remove", "aside", "back", "host", "lock", "unlock", "record_pause", "record_resume", "take_over"),
    "room_volume",
)
LEVELS = ("normal", "soft", "off")
MODES = ("listen", "whisper", "barge")


@pytest.fixture(scope="module")
def centre(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    made = stage(tmp_path_factory.mktemp("random"), cache, PEOPLE // 4)
    made.publish(replace(made.snapshot, conference_tones="both", conference_tones_for="everybody"))
    try:
        made.start("asterisk", "carrier")
        made.start("switch")
        yield made
    finally:
        made.stop()


class Crowd:
    """Everybody does something at random; what the switch refuses is refused."""

    def __init__(self, telephones: Telephones, seed: int) -> None:
        self.telephones, self.random = telephones, random.Random(seed)
        self.agents: list[Agent] = []
        self.customers: list[Party] = []
        self.done: dict[str, int] = {}

    async def come(self) -> None:
        world = self.telephones.world
        world.scripts |= {ANSWERS: parse([*QUICK, {"tone": 700}]), SILENT: parse([{"ring": True}, {"wait": 60}]),
                          REFUSES: parse([{"ring": True}, {"hangup": 17}])}
        phones = {f"phone-{n}": parse([*QUICK, {"tone": 600}]) for n in range(1, PEOPLE + 1)}
        phones["phone-11"], phones["phone-12"] = parse([{"ring": True}, {"wait": 60}]), parse([{"hangup": 21}])
        self.telephones._plugged.update(phones)
        assert await world.phones.plug(dict(phones))
        for person in range(1, PEOPLE + 1):
            self.agents.append(await self.telephones.agent(person, phone=False, ready=False))
            await self.agents[-1].desk.ready()

    async def step(self) -> None:
        self.customers = [c for c in self.customers if c.live]
        if len(self.customers) < CALLS:
            number = f"13800{self.random.randrange(10**6):06}"
            self.customers.append(await self.telephones.ring(SALES, hum=400, number=number))
        elif self.random.random() < 0.02:
            await self.telephones.hang_up(self.random.choice(self.customers))
        for agent in self.random.sample(self.agents, 3):
            with contextlib.suppress(DeskError):
                await self._act(agent)

    async def _act(self, agent: Agent) -> None:
        call = agent.desk.call()
        rejoin = agent.desk.agent.get("rejoin")
        if rejoin and self.random.random() < 0.5:
            await self._send(agent, "rejoin", call=rejoin["call"])
        elif call is not None and call["phase"] == "wrap":
            await agent.desk.send("wrap_done", call=call["id"])
        elif agent.state == "busy":
            await agent.desk.send("state", state="ready")
        elif call is not None:
            await self._on_a_call(agent, call)
        elif self.random.random() < 0.1:
            person, mode = self.random.randrange(1, PEOPLE + 1), self.random.choice(MODES)
            await self._send(agent, "supervise", person=person, mode=mode)

    async def _on_a_call(self, agent: Agent, call: dict[str, Any]) -> None:
        verb, labels = self.random.choice(VERBS), [p["id"] for p in call["parties"]] or ["customer"]
        fields: dict[str, Any] = {"call": call["id"]}
        if verb == "hangup" and self.random.random() < 0.7:
            return
        if agent.state == "supervising" and self.random.random() < 0.5:
            person, mode = self.random.randrange(1, PEOPLE + 1), self.random.choice(MODES)
            await self._send(agent, "supervise", person=person, mode=mode)
            return
        if verb == "bring":
            fields["how"] = self.random.choice(("transfer", "consult", "invite"))
            fields["target"] = self.random.choice((
                {"kind": "person", "id": self.random.randrange(1, PEOPLE + 1)}, {"kind": "queue", "id": 1},
                {"kind": "number", "number": self.random.choice((ANSWERS, SILENT, REFUSES))}))
        elif verb in ("aside", "back"):
            fields["parties"] = self.random.choices(labels, k=2)
        elif verb == "room_volume":
            fields["room"], fields["level"] = self.random.choice(("s1", "s2")), self.random.choice(LEVELS)
        elif verb in ("host", "remove") or (verb in ("hold", "unhold", "mute") and self.random.random() < 0.3):
            fields["party"] = self.random.choice(labels)
        await self._send(agent, verb, **fields)

    async def _send(self, agent: Agent, verb: str, **fields: Any) -> None:
        await agent.desk.send(verb, **fields)
        self.done[verb] = self.done.get(verb, 0) + 1

    async def go_home(self) -> None:
        """All customers hang up, all people come out of what they are in."""
        for customer in self.customers:
            await self.telephones.hang_up(customer)
        for agent in self.agents:
            await until(lambda a=agent: self._free(a), 20, lambda a=agent: f"{a.person} is free, not {a.desk.agent}")

    async def _free(self, agent: Agent) -> bool:
        call = agent.desk.call()
        if call is not None and call["phase"] == "wrap":
            with contextlib.suppress(DeskError):
                await agent.desk.send("wrap_done", call=call["id"])
        return agent.state in ("ready", "busy", "offline") and not agent.desk.calls


async def left_in_asterisk(centre: Centre) -> list[str]:
    """Every channel and bridge that Asterisk still has."""
    settings = centre.settings
    headers = {"Authorization": aiohttp.encode_basic_auth(settings.asterisk_user, settings.secret("ari"))}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{settings.asterisk_http_port}", headers=headers) as session:
        found = []
        for kind in ("channels", "bridges"):
            async with session.get(f"/ari/{kind}") as answer:
                found += [str(one["id"]) for one in await answer.json()]
        return found


@pytest.mark.parametrize("seed", [3])
async def test_after_anything_at_all_nothing_was_repaired_and_nothing_is_left(
    centre: Centre, telephones: Telephones, seed: int
) -> None:
    crowd = Crowd(telephones, seed)
    await crowd.come()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        pause = time.monotonic() + PAUSE
        await crowd.step()
        await until(lambda pause=pause: time.monotonic() >= pause)
    await crowd.go_home()

    async def over() -> bool:
        return not (await live(centre))["calls"] and not await left_in_asterisk(centre)

    await until(over, 15, "no call, no channel and no bridge is left")
    state = await live(centre)
    repairs = [f["data"] for f in centre.facts() if f["kind"] == "repair.made"]
    assert not repairs and state["errors"] == 0, (repairs, centre.log("switch")[-3000:])
    assert len(crowd.done) > 15, crowd.done
