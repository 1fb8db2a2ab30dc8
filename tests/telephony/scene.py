"""One conversation to be played: a customer, four people who are agents and shift leads at once, a number outside.

People are called ``a`` to ``d``, the number outside ``out``. Everybody hums (see ears.py). What is asked for at a desk
returns once it has happened on the telephone; ``hold_still`` then gives everybody's ear half a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dealerline.domain.conversation import Conversation
from simulator.desk import DeskError
from simulator.parties import Party
from simulator.script import parse
from simulator.voices import TONE_LEVEL
from tests.telephony.ears import HUMS, Clock, Ears, Window
from tests.telephony.harness import SALES, Agent, Centre, Telephones, directory, until
from tests.telephony.walks import PEOPLE
from tests.telephony.wavs import write_tone

STATE_SECONDS = 0.6
SETTLE_SECONDS = 0.4
"""Until everybody hears what he shall: an ear is put on a moment after its room is there."""
PASSING = {"transfer", "inviting a colleague", "inviting a number"}
"""States that last only until a phone is answered: there is no time to settle in them."""
MUSIC = "hum"  # the music class
Rows = Mapping[str, Collection[str]]
Steps = list[dict[str, Any]]
QUICK: Steps = [{"ring": True}, {"answer": True}]
BUSY: Steps = [{"ring": True}, {"wait": 0.6}, {"hangup": 17}]
PRESENT = frozenset({"in", "held", "alone", "listening", "whispering"})


def stage(folder: Path, cache: Path, scenes: int = 1) -> Centre:
    """A centre with enough people, all of them shift leads, and one tone as music on hold."""
    made = Centre(folder, cache)
    write_tone(made.settings.media / "music" / MUSIC / "hum.wav", HUMS["music"], TONE_LEVEL)
    people = len(PEOPLE) * scenes
    world = directory(made.settings, people, range(1, people + 1), MUSIC)
    # Only the first of each scene takes callers: nobody of one scene is offered another's customer.
    first = tuple(range(1, people + 1, len(PEOPLE)))
    made.publish(replace(world, queues=tuple(replace(queue, agents=first) for queue in world.queues)))
    return made


@contextlib.contextmanager
def staged(folder: Path, cache: Path, scenes: int = 1) -> Iterator[Centre]:
    """The same, running."""
    made = stage(folder, cache, scenes)
    try:
        made.start("asterisk", "carrier")
        made.start("switch")
        yield made
    finally:
        made.stop()


class Scene:
    """Scene ``number`` has the people 4n+1 to 4n+4."""

    def __init__(self, telephones: Telephones, clock: Clock, number: int = 0) -> None:
        self.telephones, self.number = telephones, number
        self.world = telephones.world
        self.ears = Ears(self.world, clock)
        self.person = {name: 4 * number + 1 + index for index, name in enumerate(PEOPLE)}
        self.outside, self.engaged = f"163000{number:02}100", f"163000{number:02}203"
        self.agents: dict[str, Agent] = {}
        self.customer: Party | None = None
        self.call = ""

    async def begin(
        self, people: Iterable[str] = PEOPLE, steps: Mapping[str, Steps] | None = None, to: str = SALES
    ) -> None:
        """The customer talks with ``a``; ``people`` are signed in. ``steps``: whose phone does more than to answer."""
        own = {n: [*(steps or {}).get(n, QUICK), {"tone": HUMS[n]}] for n in people}
        self.world.scripts[self.outside] = parse([*(steps or {}).get("out", QUICK), {"tone": HUMS["out"]}])
        self.world.scripts[self.engaged] = parse(BUSY)
        users = {f"phone-{self.person[n]}": parse(s) for n, s in own.items()}
        self.telephones._plugged.update(users)
        assert await self.world.phones.plug(users), "the centre does not accept the desk phones"
        await self._sign_in("a")
        self.customer = await self.telephones.ring(to, hum=HUMS["customer"], number=f"1380002{self.number:04}")
        self.call = (await self.agents["a"].talks())["id"]
        for name in people:
            if name != "a":
                await self._sign_in(name)
        await self.here("a")
        await until(lambda: self.customer and self.customer.tone_playback, what="the customer hums")

    async def _sign_in(self, name: str) -> None:
        agent = self.agents[name] = await self.telephones.agent(self.person[name], ready=False, phone=False)
        await agent.desk.ready()

    # looking
    def view(self) -> dict[str, Any]:
        """The call as the newest message to any desk has it."""
        views = [a.desk.calls[self.call] for a in self.agents.values() if self.call in a.desk.calls]
        return max((v for v in views if v["phase"] != "wrap"), key=lambda v: v["rev"], default={"parties": []})

    def row(self, name: str) -> dict[str, Any]:
        """What desks show of that party; {} when it is not there."""
        role = {"customer": "customer", "out": "outside"}.get(name)
        return next((p for p in self.view()["parties"]
                     if (p["role"] == role if role else p["person"] == self.person[name])), {})

    def differs(self, talk: Conversation) -> str:
        """In words: where what desks show is not that conversation; nothing where it is."""
        found = []
        for party in talk:
            row = self.row(party.id)
            shown = (row.get("room"), row.get("muted"), row.get("state") == "held")
            room = talk.parties[party.watches].room if party.role == "lead" else party.room
            wanted = (room, "muted" in party.flags, "held" in party.flags)
            if shown != wanted:
                found.append(f"{party.id} is {shown} and should be {wanted}")
        return "; ".join(found)

    def party(self, name: str) -> Party | None:
        """Who plays that name now."""
        if name == "customer":
            return self.customer
        number = self.outside.removeprefix("0") if name == "out" else f"phone-{self.person[name]}"
        return next((p for p in reversed(self.world.parties.values()) if p.live and p.number.endswith(number)), None)

    async def here(self, name: str, seconds: float = 10.0) -> None:
        """Wait until that party is in the conversation and hums."""
        def holds() -> bool:
            party = self.party(name)
            return bool(party and party.tone_playback and self.row(name).get("state") in PRESENT)

        await until(holds, seconds, lambda: f"{name} is in the conversation: {self.row(name)}, {self.party(name)}")

    async def away(self, *names: str) -> None:
        """Wait until those are out of the conversation and free again."""
        for name in names:
            await until(lambda n=name: self.row(n).get("state") not in PRESENT and self.party(n) is None,
                        10, f"{name} is out")
            if name in self.agents:
                await self.free(name)

    async def away_for_now(self, name: str) -> None:
        """Wait until he is out of the conversation, though he may be rung for it again."""
        await until(lambda: self.row(name).get("state") not in PRESENT, 10, f"{name} is out")

    async def back(self) -> None:
        """The switch was restarted: everybody's desk comes back, as a page does by itself."""
        for name, agent in list(self.agents.items()):
            await agent.desk.close()
            back = self.agents[name] = await self.telephones.agent(agent.person, ready=False, phone=False)
            await back.desk.send("phone", registered=True, microphone="ok")
            if back.state in ("offline", "busy"):
                await back.desk.send("state", state="ready")

    async def leave(self) -> None:
        """All people sign out."""
        for agent in self.agents.values():
            await agent.leave()
        self.agents.clear()

    async def free(self, name: str) -> None:
        """Out of after-call work."""
        desk = self.agents[name].desk

        async def ready() -> bool:
            if desk.state == "wrap":
                with contextlib.suppress(DeskError):
                    await desk.send("wrap_done", call=self.call)
            return desk.state in ("ready", "busy")

        await until(ready, 10, lambda: f"{name} is free, and not {desk.agent}")

    # doing
    async def ask(self, name: str, kind: str, **fields: Any) -> dict[str, Any]:
        return await self.agents[name].desk.send(kind, call=self.call, **fields)

    async def bring(self, by: str, how: str, whom: str) -> None:
        """``whom``: a name, or ``engaged``: a number outside that is busy."""
        numbers = {"out": self.outside, "engaged": self.engaged}
        outside = whom in numbers
        target = {"kind": "number", "number": numbers[whom]} if outside else {"kind": "person", "id": self.person[whom]}
        await self.ask(by, "bring", how=how, target=target)

    async def supervise(self, lead: str, watched: str, mode: str) -> None:
        await self.agents[lead].desk.send("supervise", person=self.person[watched], mode=mode)
        await self.here(lead)

    def label(self, name: str) -> str:
        return str(self.row(name)["id"])

    # listening
    async def hold_still(self, after: str, hears: Rows, seconds: float = STATE_SECONDS) -> None:
        """Nothing changes for a while; this is what shall be in everybody's ears meanwhile."""
        parties = {name: self.party(name) for name in hears}
        there = {name: party for name, party in parties.items() if party is not None}
        assert there.keys() == hears.keys(), f"after {after} somebody is missing: {sorted(hears.keys() - there.keys())}"
        asked = time.time()
        settle = 0.0 if after in PASSING else SETTLE_SECONDS
        await until(lambda: time.time() >= asked + settle)
        start = time.time()
        await until(lambda: time.time() >= start + seconds)
        self.ears.windows.append(Window(after, start, time.time(), there, dict(hears)))

    async def end(self) -> None:
        """The customer hangs up; then every file is complete."""
        if self.customer is not None:
            await self.telephones.hang_up(self.customer)
        await until(lambda: all(self.party(n) is None for n in (*self.agents, "out")), what="all phones are hung up")
        await self.ears.written()

    async def faults(self) -> list[str]:
        """What was wrong, once it is over."""
        await self.end()
        return await asyncio.get_running_loop().run_in_executor(None, self.ears.faults)
