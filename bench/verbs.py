"""Everything one can do in a call, as it sounds: from the verb pressed at the desk to the changed sound.

First the verbs: conversations of a customer, three agents and a shift lead go through hold, supervision, transfer,
consultation and side rooms. A verb begins when its command is written to the desk's WebSocket and ends with the first
packet in which every phone concerned hears what it should, and no longer what it should not.
Then the processor's share: many conversations, some of them supervised, beside a bare Asterisk with the same.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.acd import open_folder
from bench.ears import GONE, Change, Ear, Voice, all_come, amplitude, listen, until, write_tone
from bench.product import NAME, Product, snapshot_of
from bench.report import show, spread
from bench.sip import Agent
from bench.supervised import shares
from dealerline.switch.directory import FlowVersion, Line, Person, Queue, Snapshot
from simulator.desk import DeskError

TONES = {"customer": 2450.0, "agent": 2650.0, "mate": 2850.0, "expert": 3050.0, "lead": 3250.0, "music": 1450.0}
STAFF = ("agent", "mate", "expert", "lead")
RINGS = 0.4  # seconds until a phone that is to be waited for answers: the customer's music is to be heard meanwhile
LIMIT = 3.0  # what takes longer is lost
SETTLE = (0.25, 0.45)  # seconds between a change and the next verb, at random: never in step with the packets
VERBS = (
    "hold",
    "unhold",
    "listen",
    "whisper",
    "barge",
    "barge -> listen",
    "take over",
    "blind transfer -> music",
    "target answered -> heard",
    "consult -> music",
    "three-way",
    "side room",
    "back",
)


def lanes_of(count: int) -> Snapshot:
    """``count`` lanes: a line that leads straight into a queue with one agent, two colleagues of his, and a lead."""
    lines, queues, people, flows = [], [], [], []
    for lane in range(1, count + 1):
        flow = {
            "title": NAME,
            "start": "wait",
            "nodes": {
                "wait": {"type": "queue", "queue": f"lane{lane}", "on_timeout": "bye", "on_empty": "bye"},
                "bye": {"type": "hangup"},
            },
        }
        flows.append(FlowVersion(lane, 1, f"lane{lane}", flow))
        lines.append(Line(lane, 1, "sales", NAME, (str(1000 + lane),), 1, lane, lane, lane))
        agent = person_of(lane, "agent")
        queues.append(
            Queue(lane, 1, f"lane{lane}", NAME, (agent,), wrap_seconds=0, announce_seconds=0, max_wait_seconds=3600,
                  music="tone")
        )
        for name in STAFF:
            n = person_of(lane, name)
            role = "shift_lead" if name == "lead" else "agent"
            people.append(Person(n, 1, f"{name} {lane}", str(100 + n), (role,), (1,), phone=n))
    return snapshot_of(tuple(lines), tuple(queues), tuple(people), tuple(flows), music="tone")


def person_of(lane: int, name: str) -> int:
    """The number of that person, and of his phone."""
    return lane * 10 + STAFF.index(name)


@dataclass
class Figures:
    """What all lanes measured."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    gaps: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    lost: Counter[str] = field(default_factory=Counter)
    leaks: Counter[str] = field(default_factory=Counter)
    words: list[str] = field(default_factory=list)

    def rows(self) -> list[dict[str, Any]]:
        """One row a verb. ``gap_ms``: the customer's longest silence around it, in all rounds."""
        return [
            {
                "verb": verb,
                **spread(self.seconds[verb]),
                "gap_ms": round(self.gaps[verb] * 1000),
                "leaks": self.leaks[verb],
                "lost": self.lost[verb],
            }
            for verb in VERBS
        ]


class Broken(RuntimeError):
    """A round that cannot go on."""


def expect(who: str, hears: str = "", misses: str = "") -> tuple[str, str, str]:
    """``who`` hears all of these from some packet on, and none of those; names with blanks between."""
    return who, hears, misses


class Lane:
    """One customer and his four people, again and again."""

    def __init__(self, number: int, product: Product, phones: dict[str, Agent], figures: Figures) -> None:
        self.number, self.phones, self.figures = number, phones, figures
        self.desks = {name: product.desks[person_of(number, name)] for name in STAFF}
        self.ears = {name: Ear(phone) for name, phone in phones.items()}
        self.call = ""
        self._random = random.Random(number)

    # measuring --------------------------------------------------------------------------------------------------------
    def _changes(self, since: float, expected: tuple[tuple[str, str, str], ...]) -> list[Change]:
        hertz: Callable[[str], tuple[float, ...]] = lambda names: tuple(TONES[n] for n in names.split())  # noqa: E731
        return [Change(self.ears[who], hertz(hears), hertz(misses), since) for who, hears, misses in expected]

    async def heard(self, verb: str, since: float, *expected: tuple[str, str, str], private: str = "") -> None:
        """Wait until that is heard; note how long after ``since`` (epoch seconds) it was, when it has a name.
        ``private``: whose voice the customer must not hear meanwhile.
        """
        changes = self._changes(since, expected)
        if not await all_come(changes, LIMIT):
            missing = [each for each, change in zip(expected, changes, strict=True) if not change.at]
            self.figures.lost[verb] += 1
            raise Broken(f"{verb or 'setting up'}: did not come: {missing}")
        await asyncio.sleep(self._random.uniform(*SETTLE))
        if not verb:
            return
        self.figures.seconds[verb].append(max(change.at for change in changes) - since)
        customer = self.ears["customer"]
        self.figures.gaps[verb] = max(self.figures.gaps[verb], customer.gap(since, time.time() - 0.04))
        if private:
            # One packet is too many, so here nothing has to be steady.
            said = any(amplitude(payload, TONES[private]) > GONE for _, payload in customer.since(since))
            self.figures.leaks[verb] += said

    async def press(
        self, verb: str, name: str, kind: str, *expected: tuple[str, str, str], private: str = "", **fields: Any
    ) -> dict[str, Any]:
        """Send a command from the desk of ``name`` and wait for the sound."""
        pressed = time.time()
        answer = asyncio.create_task(self.desks[name].send(kind, **fields))
        try:
            await self.heard(verb, pressed, *expected, private=private)
        finally:
            done = await asyncio.gather(answer, return_exceptions=True)
        if isinstance(done[0], BaseException):
            raise done[0]
        return done[0]

    # one round --------------------------------------------------------------------------------------------------------
    async def round(self) -> None:
        """A call from its beginning to its end, with every verb once."""
        caller = self.phones["customer"]
        leg = await caller.call(str(1000 + self.number))
        if leg.failed:
            raise Broken(f"the call was refused: {leg.failed}")
        try:
            await self.heard("", time.time(), expect("customer", "agent", "music"), expect("agent", "customer"))
            view = self.desks["agent"].call("talking")
            if view is None:
                raise Broken("the agent's desk knows nothing of the call")
            self.call = view["id"]
            await self._alone()
            await self._supervised()
            await self._transferred()
            await self._many()
        finally:
            await caller.hang_up(leg)
        for name, desk in self.desks.items():
            if not await desk.until(lambda d=desk: d.state == "ready"):  # type: ignore[misc]
                raise Broken(f"{name} is not ready again: {desk.agent}")

    async def _alone(self) -> None:
        await self.press("hold", "agent", "hold", expect("customer", "music", "agent"), call=self.call)
        both = (expect("customer", "agent", "music"), expect("agent", "customer"))
        await self.press("unhold", "agent", "unhold", *both, call=self.call)

    async def _supervised(self) -> None:
        agent = person_of(self.number, "agent")

        async def lead(verb: str, mode: str, *expected: tuple[str, str, str], private: str = "") -> None:
            await self.press(verb, "lead", "supervise", *expected, private=private, person=agent, mode=mode)

        await lead("listen", "listen", expect("lead", "customer agent"), private="lead")
        await lead("whisper", "whisper", expect("agent", "lead customer"), private="lead")
        await lead("barge", "barge", expect("customer", "lead agent"), expect("lead", "customer agent"))
        await lead("barge -> listen", "listen", expect("customer", "agent", "lead"), expect("lead", "customer agent"))
        took = (expect("customer", "lead", "agent"), expect("lead", "customer", "agent"))
        await self.press("take over", "lead", "take_over", *took, call=self.call)

    async def _transferred(self) -> None:
        """The lead hands the customer back to the agent."""
        phone = self.phones["agent"]
        before = len(phone.history)
        to = {"kind": "person", "id": person_of(self.number, "agent")}
        music = expect("customer", "music", "lead")
        await self.press("blind transfer -> music", "lead", "bring", music, call=self.call, how="transfer", target=to)
        if not await until(lambda: len(phone.history) > before and phone.history[-1].answered > 0, LIMIT):
            raise Broken("the target of the transfer was not rung")
        answered = phone.history[-1].answered + time.time() - time.monotonic()
        talk = (expect("customer", "agent", "music"), expect("agent", "customer"))
        await self.heard("target answered -> heard", answered, *talk)

    async def _many(self) -> None:
        agent, call = self.desks["agent"], self.call
        target = {"kind": "person", "id": person_of(self.number, "mate")}
        music = expect("customer", "music", "agent")
        answer = await self.press("consult -> music", "agent", "bring", music, call=call, how="consult", target=target)
        await self.heard("", time.time(), expect("agent", "mate"), expect("mate", "agent"))
        three = (expect("customer", "agent mate", "music"), expect("mate", "customer agent"))
        await self.press("three-way", "agent", "three_way", *three, call=call)
        target = {"kind": "person", "id": person_of(self.number, "expert")}
        four = expect("customer", "agent mate expert")
        await self.press("", "agent", "bring", four, call=call, how="invite", target=target)
        aside = [agent.calls[call]["me"], answer["party"]]
        # They go on hearing the customer, by an ear, and one another; he hears neither, but the expert.
        side = (expect("customer", "expert", "agent mate"), expect("mate", "agent customer"))
        await self.press("side room", "agent", "aside", *side, call=call, parties=aside, room="")
        await self.press("back", "agent", "back", four, call=call, parties=[])

    async def rounds(self, count: int) -> None:
        """As many rounds; what breaks one is said and the next begins."""
        for _ in range(count):
            try:
                await self.round()
            except (Broken, DeskError) as error:
                self.figures.words.append(f"lane {self.number}: {error}")
                await asyncio.sleep(1)


async def pressed(folder: Path, lanes: int, rounds: int) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of the first table, and in words what went wrong."""
    product = Product(folder, lanes_of(lanes))
    music = product.settings.media / "music" / "tone"
    music.mkdir(parents=True)
    write_tone(music / "tone.wav", TONES["music"], 60)
    voices = {name: Voice(tone=TONES[name]) for name in (*STAFF, "customer")}
    people: list[dict[str, Agent]] = []
    reader: asyncio.Task[None] | None = None
    try:
        await asyncio.to_thread(product.start)
        for lane in range(1, lanes + 1):
            names = {name: f"phone-{person_of(lane, name)}" for name in STAFF} | {"customer": f"customer-{lane}"}
            rings = {"agent": RINGS, "lead": 0.0}
            people.append({
                name: await Agent(product.server, user, media=voices[name], ring=rings.get(name, 0.02)).open()
                for name, user in names.items()
            })
            await product.staff({names[name]: people[-1][name] for name in STAFF})
        figures = Figures()
        made = [Lane(n, product, phones, figures) for n, phones in enumerate(people, 1)]
        reader = asyncio.create_task(listen([ear for lane in made for ear in lane.ears.values()]))
        await asyncio.gather(*(lane.rounds(rounds) for lane in made))
        rows = figures.rows()
        if repairs := product.repairs():
            figures.words.append(f"the reconciler made {repairs:g} repairs")
        return rows, figures.words
    finally:
        if reader is not None:
            reader.cancel()
        await product.leave()
        for phone in [phone for phones in people for phone in phones.values()]:
            phone.close()
        await asyncio.to_thread(product.stop)
        for voice in voices.values():
            voice.close()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dealerline bench verbs", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute instead of ten: only whether it works")
    parser.add_argument("--json", action="store_true", help="figures alone")
    parser.add_argument("--only", choices=["sound", "share"], default="", help="one of the two tables")
    parser.add_argument("--lanes", type=int, default=0, help="conversations at once while verbs are pressed")
    parser.add_argument("--rounds", type=int, default=0, help="how often each conversation is gone through")
    parser.add_argument("--conversations", type=int, default=0, help="of the second table; a fifth is supervised")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long each side of the second table is watched")
    chosen = parser.parse_args(arguments)
    quick = chosen.quick
    with open_folder() as folder:
        if chosen.only in ("", "sound"):
            lanes, rounds = chosen.lanes or (1 if quick else 3), chosen.rounds or (2 if quick else 40)
            rows, words = asyncio.run(pressed(folder / "sound", lanes, rounds))
            show(f"verb pressed at the desk -> sound changed, {lanes} conversations at once", rows, chosen.json)
            for word in words:
                print(f"  {word}", file=sys.stderr)
        if chosen.only in ("", "share"):
            count, seconds = chosen.conversations or (10 if quick else 100), chosen.seconds or (5 if quick else 60)
            (folder / "share").mkdir(mode=0o755)
            table = asyncio.run(shares(folder / "share", count, seconds, 1 if quick else 2))
            show(f"processor for {count} conversations, {count // 5} of them supervised", table, chosen.json)
    return 0
