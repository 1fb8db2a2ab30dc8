"""The load on both: agents' phones that free themselves, and callers who keep the queue full."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from bench.rtp import Media
from bench.sip import Agent, Leg


@dataclass
class Turns:
    """One phone's turns: from our BYE on to the next INVITE, seconds."""

    free_at: float = 0.0
    gaps: list[float] = field(default_factory=list)
    taken: int = 0

    def begin(self) -> None:
        """What was until now does not count."""
        self.free_at = 0.0
        self.gaps.clear()


async def phones(
    names: list[str], server: tuple[str, int], media: Media | None, talk: float, spread: float = 0.0
) -> dict[str, Agent]:
    """Open a phone for each name; each answers at once and hangs up after ``talk`` seconds, give or take ``spread``."""
    return {n: await Agent(server, n, media=media, ring=0.02, talk=talk, spread=spread).open() for n in names}


def watch(agents: dict[str, Agent]) -> dict[str, Turns]:
    """Note for each phone how long it was free."""
    turns = {name: Turns() for name in agents}
    for name, agent in agents.items():

        def invited(leg: Leg, t: Turns = turns[name]) -> None:
            t.taken += 1
            if t.free_at:
                t.gaps.append(leg.invited - t.free_at)
                t.free_at = 0.0

        def ended(leg: Leg, t: Turns = turns[name]) -> None:
            t.free_at = leg.bye_sent or leg.ended

        agent.on_invite, agent.on_end = invited, ended
    return turns


async def keep_waiting(
    caller: Agent, number: str, count: int, full: asyncio.Event, stop: asyncio.Event, rate: float = 40.0
) -> int:
    """Keep ``count`` calls going until ``stop``; sets ``full`` when all have rung. Returns how many were refused."""
    refused = 0

    async def one() -> None:
        nonlocal refused
        while not stop.is_set():
            leg = await caller.call(number)
            if leg.failed:
                refused += 1
                await asyncio.sleep(0.2)
                continue
            await leg.done.wait()

    tasks = []
    for _ in range(count):
        tasks.append(asyncio.create_task(one()))
        await asyncio.sleep(1 / rate)
    full.set()
    await stop.wait()
    for leg in list(caller.legs.values()):
        if leg.answered:
            await caller.hang_up(leg)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return refused


@dataclass
class Rate:
    """What became of calls offered at one rate."""

    offered: int = 0
    lost: int = 0
    slow: int = 0
    recordings: int = 0
    setup: list[float] = field(default_factory=list)  # caller's INVITE to the agent's phone answering


async def offer(caller: Agent, number: str, rate: float, seconds: float, within: float) -> Rate:
    """``rate`` calls a second. Lost: not ended by the agent's hanging up. Slow: longer than ``within`` seconds."""
    result = Rate()

    async def one() -> None:
        leg = await caller.call(number)
        if leg.failed:
            result.lost += 1
            return
        try:
            await asyncio.wait_for(leg.done.wait(), within * 4)
        except TimeoutError:
            result.lost += 1
            await caller.hang_up(leg)
            return
        total = leg.ended - leg.invited
        result.setup.append(total)
        if leg.ended_by != "them":
            result.lost += 1
        elif total > within:
            result.slow += 1

    tasks, start = [], time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        while result.offered < passed * rate:
            result.offered += 1
            tasks.append(asyncio.create_task(one()))
        await asyncio.sleep(0.005)
    await asyncio.gather(*tasks)
    return result
