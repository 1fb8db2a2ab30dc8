"""A story of a call told as facts, in the order and with the data that the switch itself writes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dealerline.apps.demo.world import SEED
from dealerline.apps.demo.world.history import Story
from dealerline.apps.demo.world.layout import STORES
from dealerline.domain.facts import Fact
from dealerline.domain.ids import uuid7

QUEUE_NODES = {"sales": "sales", "repair": "repair", "complaints": "care", "rescue": "rescue"}  # as the flows name them
RATED = 0.6
"""So many of those who are asked press a key. Asked is who did not hang up himself."""
LONG_WAIT, WRAP_LEAST = 60.0, 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Ids:
    """What the database calls the things of the layout: codes, kinds and logins to primary keys."""

    stores: Mapping[str, int]
    lines: Mapping[tuple[str, str], int]  # (store, kind)
    group_line: int
    numbers: Mapping[tuple[str, str], str]  # (store, kind) -> published number
    group_number: str
    queues: Mapping[tuple[str, str], int]
    people: Mapping[str, int]
    flows: Mapping[
        int, tuple[int, int, int, int]
    ]  # line -> (flow when open, its version, flow when closed, its version)
    carrier: int


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording that shall exist: its file names below the recordings folder."""

    agent: str
    customer: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """A voice message's sound, shared by all messages that use it."""

    path: str
    seconds: float


class _Teller:
    def __init__(self, story: Story, ids: Ids) -> None:
        self.story, self.ids = story, ids
        self.rng = random.Random(f"{SEED}/facts/{story.serial}")
        self.call = uuid7(story.arrived, self.rng.randbytes(10))
        self.facts: list[Fact] = []
        self.store = ids.stores[story.store]
        self.now = story.arrived

    def tell(self, kind: str, at: float, person: int = 0, /, **data: Any) -> None:
        self.now = at = max(at, self.now)  # a story never goes back
        fact = Fact(
            uuid7(at, self.rng.randbytes(10)),
            kind,
            round(at, 6),
            self.call,
            len(self.facts) + 1,
            self.store,
            person,
            data,
        )
        self.facts.append(fact)


def call_id(story: Story) -> str:
    """The id of the story's call; the same each time."""
    return uuid7(story.arrived, random.Random(f"{SEED}/facts/{story.serial}").randbytes(10))


def tell(story: Story, ids: Ids, sound: Sound | None = None, message: Utterance | None = None) -> list[Fact]:
    """The facts of the story's call, in order."""
    teller = _Teller(story, ids)
    if story.direction == "out":
        _out(teller)
    else:
        _in(teller, message)
    if story.answered:
        _talk(teller, sound)
    else:
        teller.tell(
            "call.ended", story.ended, by=story.ended_by, cause="no_answer" if story.direction == "out" else "normal"
        )
    return teller.facts


def _out(teller: _Teller) -> None:
    story, ids = teller.story, teller.ids
    line = ids.lines[story.store, story.line]
    teller.tell(
        "call.arrived",
        story.arrived,
        direction="out",
        from_number=ids.numbers[story.store, story.line],
        to_number=story.number,
        carrier=ids.carrier,
        line=line,
        channel="demo",
    )


def _in(teller: _Teller, message: Utterance | None) -> None:
    story, ids = teller.story, teller.ids
    group = story.rung == "group"
    line = ids.group_line if group else ids.lines[story.store, story.line]
    to_number = ids.group_number if group else ids.numbers[story.store, story.line]
    teller.tell(
        "call.arrived",
        story.arrived,
        direction="in",
        from_number=story.number,
        to_number=to_number,
        carrier=ids.carrier,
        line=line,
        channel="demo",
    )
    teller.tell("call.answered", story.arrived + 0.05)
    _flow(teller, ids, story)
    if story.queue:
        _queue(teller)
    if story.message and message is not None:
        if story.keys and story.keys[-1] == "*":
            teller.tell("flow.key", story.ended - story.message - 12, digits="*", node=QUEUE_NODES[story.queue])
        teller.tell("voicemail.started", story.ended - story.message - 4, node="message")
        kind = "complaint" if story.line == "complaints" else "message"
        teller.tell(
            "voicemail.recorded", story.ended - 2, path=message.path, seconds=message.seconds, node="message", kind=kind
        )
        teller.tell("flow.ended", story.ended - 0.1, reason="done")


def places(story: Story) -> list[str]:
    """Where the caller stood at each of his keys before the queue, as the shipped flows call their nodes.

    "" is where the group's number hands over to the store's line: its flow begins there.
    """
    east = next(store.region == "east" for store in STORES if store.code == story.store)
    menus = ["menu", f"{story.line}_region", f"{story.line}_{'east' if east else 'north'}", ""]
    return ["language", *(menus if story.rung == "group" else []), "menu"]


def _flow(teller: _Teller, ids: Ids, story: Story) -> None:
    """The self-service part: prompts and keys, spread over the time before the queue, the message or the end."""
    lines_own = ids.flows[ids.lines[story.store, story.line]]
    own = lines_own[2:] if story.closed else lines_own[:2]
    flow, version = ids.flows[ids.group_line][:2] if story.rung == "group" else own
    until = story.queued or (story.ended - (story.message + 14 if story.message else 0))
    teller.tell("flow.started", story.arrived + 0.06, flow=flow, version=version)
    keys = [k for k in story.keys if k != "*"]
    step = (until - story.arrived - 0.5) / (len(keys) + 1)
    if story.line == "rescue":
        teller.tell(
            "flow.prompt", story.arrived + 0.1, prompts=["welcome.rescue", "notice.recording"], language=story.language
        )
        return
    teller.tell("flow.prompt", story.arrived + 0.1, prompts=["language.choose"], language="zh")
    stood = iter(places(story))
    for n, key in enumerate(keys):
        at = story.arrived + 0.3 + step * (n + 1)
        node = next(stood)
        if not node:
            teller.tell("flow.started", at - step / 2, flow=own[0], version=own[1])
            node = next(stood)
        teller.tell("flow.key", at, digits=key, node=node)
        if n == 0:
            teller.tell("flow.language", at, language=story.language)
            welcome = "welcome.group" if story.rung == "group" else f"welcome.{story.line}"
            teller.tell("flow.prompt", at + 0.1, prompts=[welcome, "notice.recording"], language=story.language)


def _queue(teller: _Teller) -> None:
    story, ids = teller.story, teller.ids
    queue = _queue_id(story, ids)
    teller.tell("queue.entered", story.queued, queue=queue, position=1)
    for login, offered, ended, result in story.offers:
        agent = ids.people[login]
        teller.tell(
            "offer.made",
            offered,
            agent,
            agent=agent,
            queue=queue,
            waited=round(offered - story.queued, 2),
            why="longest_idle",
        )
        teller.tell("offer.ended", ended, agent, agent=agent, result=result)
        if result == "no_answer":
            teller.tell("queue.returned", ended, queue=queue, reason="no_answer")
    if story.answered:
        teller.tell(
            "queue.left", story.answered, queue=queue, reason="answered", waited=round(story.answered - story.queued, 2)
        )
    else:
        gone = story.ended - (story.message + 12 if story.message else 0)
        teller.tell(
            "queue.left",
            gone,
            queue=queue,
            reason="key" if story.message else "abandoned",
            waited=round(gone - story.queued, 2),
        )


def _queue_id(story: Story, ids: Ids) -> int:
    """The store's own queue, else the one that serves all (rescue), as the switch looks them up."""
    own = ids.queues.get((story.store, story.queue))
    return own if own is not None else next(v for (_, code), v in ids.queues.items() if code == story.queue)


def mark_of(story: Story) -> int:
    """What the customer pressed after the call, 1 to 5; 0: nothing.

    Who complains or waited long is less content, and not everybody is equally well served by everybody.
    """
    rng = random.Random(f"{SEED}/marks/{story.serial}")
    if story.direction == "out" or story.ended_by == "customer" or rng.random() > RATED or story.wrap < WRAP_LEAST:
        return 0
    waited = story.answered - story.queued if story.queued else 0.0
    worse = (story.line == "complaints") + (waited > LONG_WAIT) + (sum(map(ord, story.agent)) % 4 == 0) * 0.5
    weights = [0.03 + 0.08 * worse, 0.04 + 0.08 * worse, 0.1 + 0.1 * worse, 0.28, 0.55]
    return rng.choices((1, 2, 3, 4, 5), weights)[0]


def _talk(teller: _Teller, sound: Sound | None) -> None:
    story = teller.story
    agent = teller.ids.people[story.agent]
    teller.tell("talk.started", story.answered, agent, agent=agent)
    recording = uuid7(story.answered, teller.rng.randbytes(10))
    if sound is not None:
        teller.tell(
            "recording.started",
            story.answered + 0.01,
            agent,
            recording=recording,
            agent=agent,
            number=1,
            agent_path=sound.agent,
            customer_path=sound.customer,
        )
    if story.hold is not None:
        teller.tell("hold.started", story.hold[0], agent, agent=agent)
        teller.tell("hold.ended", story.hold[1], agent, agent=agent)
    teller.tell("talk.ended", story.ended, agent, agent=agent, reason=f"{story.ended_by}_hung_up")
    if sound is not None:
        teller.tell("recording.stopped", story.ended, agent, recording=recording, seconds=sound.seconds, agent=agent)
    mark = mark_of(story)
    if mark:
        teller.tell("rating.asked", story.ended + 0.01, agent, agent=agent)
    else:
        teller.tell("call.ended", story.ended + 0.02, by=story.ended_by, cause="normal")
    teller.tell("wrap.started", story.ended + 0.03, agent, agent=agent, until=round(story.ended + 120, 3))
    if mark:
        teller.tell("rating.given", story.ended + 7, agent, agent=agent, mark=mark)
        teller.tell("call.ended", story.ended + 9, by="customer", cause="normal")
    teller.tell("wrap.ended", story.ended + 0.03 + story.wrap, agent, agent=agent, cause="done")
