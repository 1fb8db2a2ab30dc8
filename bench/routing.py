"""``./dealerline bench routing``: the routing core alone (P4), beside a naive scan, and against queueing theory.

One turn: an agent becomes free and gets the first caller whom he may take, answers him, and a new caller comes and
waits. Nothing else is in it: no telephones, no journal.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

from bench.naive_router import Naive
from bench.report import quantile, show
from dealerline.domain import erlang
from dealerline.domain.routing import (
    AgentHas,
    AgentIs,
    Answered,
    CallEntered,
    Event,
    Need,
    Offer,
    QueueIs,
    Router,
    TimePassed,
    decide,
)
from dealerline.domain.routing.explain import explain, passed
from dealerline.domain.whatif import Caller, Shift, run

SIZES = ((100, 500), (1_000, 5_000), (10_000, 50_000))
SKILLS, QUEUES = 6, 10
RELAX = ((60.0, 2), (120.0, 1))
Decide = Callable[[Event, float], list[Any]]


def plain(agents: int) -> list[Event]:
    """One queue, longest idle first."""
    return [QueueIs(1, tuple(range(agents)))]


def rules(agents: int) -> list[Event]:
    """Ten queues, each agent in two; a skill that must be there and relaxes, one that would be nice; ageing."""
    chance = random.Random(3)
    events: list[Event] = []
    for number in range(1, QUEUES + 1):
        people = tuple(a for a in range(agents) if number - 1 in (a % QUEUES, (a * 7 + 3) % QUEUES))
        needs = (Need(number % SKILLS, 3, relax=RELAX), Need((number + 1) % SKILLS, 2, must=False))
        events.append(QueueIs(number, people, number % 3, "best_skill", needs, age_seconds=60))
    events += [AgentHas(a, tuple((s, chance.randrange(0, 6)) for s in range(SKILLS))) for a in range(agents)]
    return events


class Turns:
    """A full centre, and its turns."""

    def __init__(self, take: Decide, setup: list[Event], agents: int, waiting: int) -> None:
        self.take = take
        self.chance = random.Random(1)
        self.agents = agents
        self.queues = [e.queue for e in setup if isinstance(e, QueueIs)]
        self.now, self.calls = 1000.0, 0
        for event in setup:
            take(event, self.now)
        for agent in range(agents):
            take(AgentIs(agent, True), self.now)
        for _ in range(waiting):
            self.arrives()
        self.seconds: list[float] = []

    def arrives(self) -> None:
        self.calls += 1
        self.now += 0.001
        event = CallEntered(f"c{self.calls}", self.chance.choice(self.queues), self.chance.randrange(2))
        self.take(event, self.now)

    def turn(self) -> Offer | None:
        """An agent becomes free; the time of that decision is kept."""
        self.now += 0.001
        agent = self.chance.randrange(self.agents)
        event = AgentIs(agent, True, self.now)
        began = time.perf_counter()
        made = self.take(event, self.now)
        self.seconds.append(time.perf_counter() - began)
        offer = made[0] if made and isinstance(made[0], Offer) else None
        if offer is not None:
            self.take(Answered(offer.call), self.now)
            self.arrives()
        else:  # he can do nothing for any of those who wait, and goes again
            self.take(AgentIs(agent, True), self.now)
        return offer


def measure(name: str, setup: list[Event], agents: int, waiting: int, turns: int, naive: bool) -> dict[str, Any]:
    """One row."""
    if naive:
        peer = Naive()
        world = Turns(peer.decide, setup, agents, waiting)
    else:
        router = Router()
        world = Turns(lambda event, now: decide(router, event, now), setup, agents, waiting)
    began, offers = time.perf_counter(), 0
    for _ in range(turns):
        offers += world.turn() is not None
    whole = time.perf_counter() - began
    us = [1e6 * each for each in world.seconds]
    row: dict[str, Any] = {
        "router": "naive scan" if naive else "dealerline",
        "rules": name,
        "agents": agents,
        "waiting": waiting,
        "turns": turns,
        "turns_s": round(turns / whole),
        "events_s": round((2 * turns + offers) / whole),
        "offer_us": round(quantile(us, 0.5), 1),
        "offer_p99_us": round(quantile(us, 0.99), 1),
    }
    if not naive:
        row |= _explained(router, world, min(turns, 2000))
    return row


def _explained(router: Router, world: Turns, turns: int) -> dict[str, Any]:
    """What the explanations cost on top."""
    told, seen = [], 0
    for _ in range(turns):
        world.now += 0.001
        agent = world.chance.randrange(world.agents)
        made = world.take(AgentIs(agent, True, world.now), world.now)
        if not made or not isinstance(made[0], Offer):
            world.take(AgentIs(agent, True), world.now)
            continue
        began = time.perf_counter()
        passed(router, made[0])
        told.append(time.perf_counter() - began)
        world.take(Answered(made[0].call), world.now)
        world.arrives()
    asked = []
    for queue in world.queues:
        for call in router.callers(queue)[:: max(1, router.waiting(queue) // 20)]:
            began = time.perf_counter()
            seen += explain(router, call, world.now) is not None
            asked.append(time.perf_counter() - began)
    began, moved = time.perf_counter(), len(router._due)
    decide(router, TimePassed(), world.now + 61)  # the first step of every need is due
    relaxed = time.perf_counter() - began
    return {
        "passed_us": round(1e6 * quantile(told, 0.5), 1),
        "why_us": round(1e6 * quantile(asked, 0.5), 1),
        "relax_us": round(1e6 * relaxed / moved, 1) if moved else "",
    }


def theory(calls: int) -> list[dict[str, Any]]:
    """The router among callers who come by chance, beside the formulas."""
    rows = []
    for agents, load, patience in (
        (10, 8.0, 0.0),
        (50, 44.0, 0.0),
        (200, 190.0, 0.0),
        (50, 50.0, 90.0),
        (200, 205.0, 90.0),
    ):
        chance, at, callers, handling = random.Random(11), 0.0, [], 180.0
        rate = load / handling
        for n in range(calls):
            at += chance.expovariate(rate)
            stays = chance.expovariate(1 / patience) if patience else float("inf")
            callers.append(Caller(f"c{n}", 1, at, chance.expovariate(1 / handling), stays))
        began = time.perf_counter()
        day = run([QueueIs(1, tuple(range(agents)))], callers, [Shift(a, -1.0, at) for a in range(agents)])
        whole = time.perf_counter() - began
        level, lost = day.level(20.0) or 0.0, day.share("abandoned") or 0.0
        told = erlang.level_c(agents, rate, handling, 20.0)
        gone = 0.0
        if patience:
            told, gone = erlang.level_a(agents, rate, handling, patience, 20.0)
        rows.append(
            {
                "formula": "Erlang A" if patience else "Erlang C",
                "agents": agents,
                "load": load,
                "calls": calls,
                "level_20s": round(level, 4),
                "by_formula": round(told, 4),
                "off_percent": round(100 * (level / told - 1), 2),
                "gave_up": round(lost, 4),
                "gave_up_by_formula": round(gone, 4),
                "calls_s": round(calls / whole),
            }
        )
    return rows


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench routing")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="small sizes: only whether it works")
    parser.add_argument("--only", choices=("speed", "theory"))
    chosen = parser.parse_args(arguments)
    sizes = SIZES[:1] if chosen.quick else SIZES
    turns = 2_000 if chosen.quick else 100_000
    if chosen.only != "theory":
        rows = []
        for name, setup in (("longest idle", plain), ("skills, ageing", rules)):
            for agents, waiting in sizes:
                few = max(20, min(turns, 4_000_000 // (agents + waiting) // 4))
                rows.append(measure(name, setup(agents), agents, waiting, few, naive=True))
                rows.append(measure(name, setup(agents), agents, waiting, turns, naive=False))
        show("P4: the routing core alone", rows, chosen.json)
    if chosen.only != "speed":
        show("The router and queueing theory", theory(5_000 if chosen.quick else 400_000), chosen.json)
    return 0
