"""Who gets whom: the two questions that every event comes down to.

The rules of the file:

- An agent who becomes free gets the caller of the smallest rank among all whom he may take: those of his queues' lines
  whose wants he meets, lent ones too, and those who are kept for him.
- A caller gets, of the free agents who may take him, the people he is kept for; else those of his own queue; else those
  of the queues he is lent to. Among them whoever has most of what would be nice, then by the strategy.
- Each event asks one question about the one agent or caller it changed. Nobody else's answer can have changed, so that
  nobody ever waits while somebody who may take him is free.

Costs, with W different wants and B benches in a queue (a handful each, set by its needs) and n people in a line or on a
bench: W or B heads of lists, and a few changes of lists at about log n each.
"""

from __future__ import annotations

from collections.abc import Mapping

from dealerline.domain.routing.state import Agent, Caller, Key, Levels, Queue, Rank, Wants

RING_AT_ONCE = 20  # so many phones at most ring for one caller


def meets(room: frozenset[str], skills: Mapping[int, int], wants: Wants) -> bool:
    """Whether somebody with this room and these skills can take who wants that."""
    kind, levels = wants
    return kind in room and (not levels or all(skills.get(skill, 0) >= level for skill, level in levels))


def best_caller(agent: Agent) -> tuple[Rank | None, int]:
    """The caller that this agent, being free, should be offered, and the queue through which he may take him (0: he is
    kept for him).
    """
    best: Rank | None = None
    through = 0
    for number, queue in agent.queues.items():
        for wants, line in queue.groups.items():
            if (wants[1] or wants[0] not in agent.room) and not meets(agent.room, agent.skills, wants):
                continue
            first = line.head()
            if best is None or first < best:
                best, through = first, number
    if agent.kept is not None and "call" in agent.room:
        first_kept = agent.kept.first()
        if first_kept is not None and (best is None or first_kept < best):
            best, through = first_kept, 0
    return best, through


def best_agent(queue: Queue, wants: Wants, nice: Levels) -> int | None:
    """Whom of this queue's free agents to offer somebody with these wants."""
    best: tuple[int, Key] | None = None
    for bench in queue.benches.values():
        key = bench.line.first()
        if key is None or not meets(bench.room, bench.skills, wants):
            continue
        lacking = sum(bench.skills.get(skill, 0) < level for skill, level in nice) if nice else 0
        if best is None or (lacking, key) < best:
            best = (lacking, key)
    return best[1][2] if best is not None else None


def best_agents(queue: Queue, wants: Wants, limit: int) -> list[int]:
    """All of this queue's free agents who may be rung at once for somebody with these wants, in order."""
    found: list[Key] = []
    for bench in queue.benches.values():
        if meets(bench.room, bench.skills, wants):
            for place, key in enumerate(bench.line):
                if place == limit:
                    break
                found.append(key)
    return [key[2] for key in sorted(found)[:limit]]


def can_join(agent: Agent, caller: Caller) -> bool:
    """Whether an agent who became free may ring along for a caller who rings at others."""
    return meets(agent.room, agent.skills, caller.wants)
