"""The peer of the routing core: the same rules by looking at everybody at every event, as a first version would.

Short enough to be read as the rules' definition; the tests hold the real router to its decisions. It leaves out what
depends on opening hours and lengths, and changes of a queue's rules while somebody waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dealerline.domain.routing import (
    AgentHas,
    AgentIs,
    Answered,
    CallEntered,
    CallKnown,
    CallLeft,
    CallReturned,
    Decision,
    Declined,
    Event,
    Offer,
    Overflow,
    Overflowed,
    QueueIs,
    TimePassed,
)


@dataclass
class Agent:
    number: int
    skills: dict[int, int] = field(default_factory=dict)
    present: bool = False
    free_since: float | None = None
    load: float = 0.0
    doing: str = ""
    turn: dict[int, int] = field(default_factory=dict)  # queue -> his last offer
    offered: str = ""


@dataclass
class Caller:
    call: str
    queue: int
    priority: int
    arrived: float
    since: float
    front: bool
    place: int
    keep: tuple[int, ...] = ()
    keep_until: float = 0.0
    lent: tuple[int, ...] = ()
    done: tuple[Overflow, ...] = ()
    agents: tuple[int, ...] = ()


class Naive:
    """Dictionaries of everybody, and loops."""

    def __init__(self) -> None:
        self.queues: dict[int, QueueIs] = {}
        self.agents: dict[int, Agent] = {}
        self.callers: dict[str, Caller] = {}
        self.count = 0

    def rank(self, caller: Caller) -> tuple[int, float, float, int]:
        rules = self.queues[caller.queue]
        total, first = rules.priority + caller.priority, 0 if caller.front else 1
        if rules.age_seconds:
            return (first, 0, caller.arrived - total * rules.age_seconds, caller.place)
        return (first, -total, caller.arrived, caller.place)

    def key(self, queue: int, caller: Caller, agent: Agent, now: float) -> tuple[int, float, float, int]:
        """How good an agent is for a caller through that queue; the smallest wins."""
        rules, since = self.queues[queue], agent.free_since or 0.0
        lacking = sum(agent.skills.get(s, 0) < level for s, level, must in self.needs(caller, now) if not must)
        skills = {n.skill for q in self.queues.values() if q is rules or self.lends(q, queue) for n in q.needs}
        first: float = 0
        if rules.strategy == "least_busy":
            first = agent.load
        elif rules.strategy == "round_robin":
            first = agent.turn.get(queue, 0)
        elif rules.strategy == "best_skill":
            first = -sum(agent.skills.get(skill, 0) for skill in skills)
        elif rules.strategy == "ordered":
            first = dict(rules.order).get(agent.number, len(rules.order) + 1)
        return (lacking, first, since, agent.number)

    @staticmethod
    def lends(rules: QueueIs, to: int) -> bool:
        return any(rule.to == "queue" and rule.queue == to for rule in rules.overflow)

    def needs(self, caller: Caller, now: float) -> Iterator[tuple[int, int, bool]]:
        for need in self.queues[caller.queue].needs:
            level = need.level
            for seconds, lower in need.relax:
                if caller.since + seconds <= now:
                    level = lower
            if level:
                yield need.skill, level, need.must

    def may_take(self, agent: Agent, caller: Caller, queue: int, now: float) -> bool:
        """Through that queue; 0: he is kept for him."""
        if caller.keep or not queue:
            return not queue and agent.number in caller.keep
        if agent.number not in self.queues[queue].agents or queue not in (caller.queue, *caller.lent):
            return False
        return all(agent.skills.get(s, 0) >= level for s, level, must in self.needs(caller, now) if must)

    def decide(self, event: Event, now: float) -> list[Decision]:
        match event:
            case QueueIs():
                self.queues[event.queue] = event
                for number in event.agents:
                    self.agents.setdefault(number, Agent(number))
                return []
            case AgentHas():
                agent = self.agents[event.agent]
                agent.skills = dict(event.skills)
                return self.match_agent(agent, now) if agent.free_since is not None else []
            case AgentIs():
                return self.agent_is(event, now)
            case CallEntered():
                self.count += 1
                arrived = now if event.arrived is None else event.arrived
                caller = Caller(event.call, event.queue, event.priority, arrived, now, event.front, self.count)
                self.keep(caller, event.keep, event.patience)
                self.callers[event.call] = caller
                return self.match_caller(caller, now)
            case CallKnown():
                caller = self.callers[event.call]
                caller.priority += event.priority
                if caller.agents:
                    return []
                if event.keep and not caller.front and now < caller.since + event.patience:
                    self.keep(caller, event.keep, event.patience)
                return self.match_caller(caller, now)
            case CallReturned():
                caller = self.callers[event.call]
                self.release(caller)
                self.count += 1
                caller.front, caller.keep, caller.place = True, (), self.count
                return self.match_caller(caller, now)
            case CallLeft() | Answered():
                self.release(self.callers.pop(event.call))
                return []
            case Declined():
                caller = self.callers[event.call]
                caller.agents = tuple(n for n in caller.agents if n != event.agent)
                self.agents[event.agent].offered = ""
                return []
            case TimePassed():
                return self.time_passed(now)
        raise TypeError(f"{type(event).__name__} is no event of a router")

    @staticmethod
    def keep(caller: Caller, people: tuple[int, ...], patience: float) -> None:
        if people:
            caller.keep, caller.keep_until = people, caller.since + patience

    def release(self, caller: Caller) -> None:
        for number in caller.agents:
            self.agents[number].offered = ""
        caller.agents = ()

    def agent_is(self, event: AgentIs, now: float) -> list[Decision]:
        agent = self.agents.setdefault(event.agent, Agent(event.agent))
        before = (agent.free_since, agent.load, agent.present, agent.doing)
        if before == (event.free_since, event.load, event.present, event.doing):
            return []
        agent.free_since = None
        went = agent.present and not event.present
        agent.present, agent.load, agent.doing = event.present, event.load, event.doing
        made: list[Decision] = []
        for caller in self.waiting():
            if agent.number in caller.keep and not (agent.present and agent.doing != "busy"):
                made += self.match_caller(caller, now)
        if went:
            for number, rules in self.queues.items():
                if agent.number in rules.agents and not any(self.agents[n].present for n in rules.agents):
                    for caller in self.waiting():
                        if caller.queue == number:
                            made += self.match_caller(caller, now)
        agent.free_since = event.free_since
        return made + (self.match_agent(agent, now) if agent.free_since is not None else [])

    def waiting(self) -> list[Caller]:
        return sorted((c for c in self.callers.values() if not c.agents), key=self.rank)

    def time_passed(self, now: float) -> list[Decision]:
        """Everybody who waits is looked at, in order of what became due."""
        made: list[Decision] = []
        for caller in sorted(self.waiting(), key=lambda c: c.call):
            if not caller.agents:
                made += self.match_caller(caller, now)
        return made

    def match_agent(self, agent: Agent, now: float) -> list[Decision]:
        best: tuple[tuple[int, float, float, int], Caller] | None = None
        for caller in self.callers.values():
            if caller.agents or not any(self.may_take(agent, caller, q, now) for q in (0, caller.queue, *caller.lent)):
                continue
            rank = self.rank(caller)
            if best is None or rank < best[0]:
                best = (rank, caller)
        if best is not None:
            return [self.offer(best[1], agent, now)]
        for number, rules in self.queues.items():
            for caller in sorted((c for c in self.callers.values() if c.agents), key=self.rank):
                same = caller.queue == number and rules.strategy == "ring_all" and not caller.keep
                if same and self.may_take(agent, caller, number, now):
                    return [self.offer(caller, agent, now)]
        return []

    def match_caller(self, caller: Caller, now: float) -> list[Decision]:
        if caller.keep and now >= caller.keep_until:
            caller.keep = ()
        known = (self.agents.get(number) for number in caller.keep)
        caller.keep = tuple(a.number for a in known if a is not None and a.present and a.doing != "busy")
        made = self.find(caller, now)
        if made:
            return made
        for rule in self.queues[caller.queue].overflow:
            there = any(self.agents[n].present for n in self.queues[caller.queue].agents)
            true = now >= caller.since + rule.value if rule.when == "waited" else not there
            if rule in caller.done or not true:
                continue
            caller.done += (rule,)
            if rule.to == "queue" and rule.queue in caller.lent:
                continue
            made.append(Overflowed(caller.call, caller.queue, rule, now - caller.since))
            if rule.to != "queue":
                caller.done = self.queues[caller.queue].overflow
                break
            caller.lent += (rule.queue,)
        return made + self.find(caller, now)

    def find(self, caller: Caller, now: float) -> list[Decision]:
        free = [a for a in self.agents.values() if a.free_since is not None and not a.offered]
        for number in caller.keep:
            if self.agents[number] in free:
                return [self.offer(caller, self.agents[number], now)]
        for queue in (caller.queue, *caller.lent):
            fit = [a for a in free if self.may_take(a, caller, queue, now)]
            fit.sort(key=lambda a: self.key(queue, caller, a, now))
            if fit and self.queues[queue].strategy == "ring_all" and queue == caller.queue:
                fit.sort(key=lambda a: self.key(queue, caller, a, now)[1:])
                return [self.offer(caller, agent, now) for agent in fit[:20]]
            if fit:
                return [self.offer(caller, fit[0], now)]
        return []

    def offer(self, caller: Caller, agent: Agent, now: float) -> Offer:
        agent.free_since, agent.offered = None, caller.call
        caller.agents += (agent.number,)
        self.count += 1
        agent.turn[caller.queue] = self.count
        return Offer(caller.call, agent.number, caller.queue, now - caller.arrived, {})
