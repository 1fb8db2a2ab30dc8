"""What must hold whatever happens: fairness, no double offer, replay, memory, and the same decisions as the rules read
out one by one.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bench.naive_router import Naive
from dealerline.domain.routing import (
    STRATEGIES,
    AgentGone,
    AgentHas,
    AgentIs,
    Answered,
    CallEntered,
    CallKnown,
    CallLeft,
    CallReturned,
    Declined,
    Event,
    Need,
    Offer,
    Orphaned,
    Overflow,
    QueueGone,
    QueueIs,
    Router,
    TimePassed,
    decide,
)
from dealerline.domain.routing.explain import explain, passed

QUEUES, AGENTS, SKILLS = (1, 2, 3), range(1, 7), (11, 12)

relaxations = st.sampled_from(((), ((7.5, 1),), ((3.5, 2), (12.5, 0))))
needs = st.builds(Need, st.sampled_from(SKILLS), st.integers(1, 3), st.booleans(), relaxations)
overflows = st.one_of(
    st.builds(Overflow, st.just("waited"), st.sampled_from((0.0, 4.5, 9.5)), st.just("queue"), st.sampled_from(QUEUES)),
    st.builds(Overflow, st.just("waited"), st.just(6.5), st.sampled_from(("number", "voicemail"))),
    st.builds(Overflow, st.just("nobody"), st.just(0.0), st.just("queue"), st.sampled_from(QUEUES)),
)


@st.composite
def queues(draw: st.DrawFn, number: int) -> QueueIs:
    agents = tuple(sorted(draw(st.sets(st.sampled_from(list(AGENTS)), max_size=6))))
    return QueueIs(
        number,
        agents,
        draw(st.integers(0, 2)),
        draw(st.sampled_from(STRATEGIES)),
        tuple(draw(st.lists(needs, max_size=2))),
        tuple((agent, place) for place, agent in enumerate(draw(st.permutations(agents)))),
        draw(st.sampled_from((0.0, 5.0))),
        tuple(each for each in dict.fromkeys(draw(st.lists(overflows, max_size=2))) if each.queue != number),
    )


class World(RuleBasedStateMachine):
    """Anything that the switch may tell, in any order. Subclasses say what must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.router, self.now, self.count = Router(), 0.0, 0
        self.events: list[tuple[Event, float]] = []
        self.decisions: list[list[Any]] = []
        self.waiting: set[str] = set()
        self.offers: dict[str, list[int]] = {}
        self.free: set[int] = set()

    @initialize(drawn=st.tuples(*(queues(number) for number in QUEUES)))
    def begins(self, drawn: tuple[QueueIs, ...]) -> None:
        for queue in drawn:
            self.do(queue)

    def do(self, event: Event) -> list[Any]:
        """One event, and what was due before it."""
        self.tick()
        return self.step(event, self.now)

    def tick(self) -> None:
        self.now += 1
        while (due := self.router.due()) is not None and due <= self.now:
            self.step(TimePassed(), due)

    def step(self, event: Event, now: float) -> list[Any]:
        made = decide(self.router, event, now)
        self.events.append((event, now))
        self.decisions.append(made)
        for decision in made:
            if isinstance(decision, Offer):
                assert all(decision.agent not in agents for agents in self.offers.values()), "an agent in two offers"
                assert decision.agent in self.free
                self.free.discard(decision.agent)
                self.waiting.discard(decision.call)
                self.offers.setdefault(decision.call, []).append(decision.agent)
            elif isinstance(decision, Orphaned):
                self.waiting.discard(decision.call)
                self.offers.pop(decision.call, None)
        return made

    def any_waiting(self, pick: int) -> str:
        return sorted(self.waiting)[pick % len(self.waiting)]

    def any_offered(self, pick: int) -> str:
        return sorted(self.offers)[pick % len(self.offers)]

    @rule(
        queue=st.sampled_from(QUEUES),
        priority=st.integers(0, 2),
        keep=st.lists(st.sampled_from(list(AGENTS)), max_size=2, unique=True),
    )
    def enters(self, queue: int, priority: int, keep: list[int]) -> None:
        self.count += 1
        call = f"call{self.count:03}"
        self.waiting.add(call)
        self.do(CallEntered(call, queue, priority, keep=tuple(keep), patience=8.5))

    @precondition(lambda self: self.waiting)
    @rule(pick=st.integers(0, 99), priority=st.integers(0, 1), keep=st.lists(st.sampled_from(list(AGENTS)), max_size=1))
    def is_known(self, pick: int, priority: int, keep: list[int]) -> None:
        self.do(CallKnown(self.any_waiting(pick), priority, tuple(keep), 5.5))

    @precondition(lambda self: self.waiting)
    @rule(pick=st.integers(0, 99))
    def leaves(self, pick: int) -> None:
        call = self.any_waiting(pick)
        self.do(CallLeft(call))
        self.waiting.discard(call)
        self.offers.pop(call, None)

    @precondition(lambda self: self.offers)
    @rule(pick=st.integers(0, 99), how=st.sampled_from(("answered", "left", "returned", "declined")))
    def offer_ends(self, pick: int, how: str) -> None:
        call = self.any_offered(pick)
        agents = self.offers[call]
        if how == "declined" and len(agents) > 1:
            self.offers[call] = agents[1:]
            self.do(Declined(call, agents[0]))
            return
        del self.offers[call]
        if how == "answered":
            self.do(Answered(call))
        elif how == "left":
            self.do(CallLeft(call))
        else:
            self.waiting.add(call)
            self.do(CallReturned(call, self.queue_of(call)))

    def queue_of(self, call: str) -> int:
        return next(e.queue for e, _ in self.events if isinstance(e, CallEntered) and e.call == call)

    @rule(agent=st.sampled_from(list(AGENTS)), how=st.sampled_from(("free", "free", "free", "talking", "busy", "gone")))
    def agent_is(self, agent: int, how: str) -> None:
        self.tick()
        if any(agent in agents for agents in self.offers.values()):
            return
        (self.free.add if how == "free" else self.free.discard)(agent)
        since = self.now if how == "free" else None
        self.step(
            AgentIs(agent, how != "gone", since, load=float(agent * 7 % 4), doing="" if how == "free" else how),
            self.now,
        )

    @rule(agent=st.sampled_from(list(AGENTS)), levels=st.tuples(st.integers(0, 3), st.integers(0, 3)))
    def agent_has(self, agent: int, levels: tuple[int, int]) -> None:
        if any(agent in q.agents for q, _ in self.events if isinstance(q, QueueIs)):
            self.do(AgentHas(agent, tuple(zip(SKILLS, levels, strict=True))))

    @rule(seconds=st.integers(1, 6))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds
        self.do(TimePassed())

    def teardown(self) -> None:
        """The same events decide the same; when all are gone, nothing is left."""
        again = Router()
        assert [decide(again, event, now) for event, now in self.events] == self.decisions
        for call in sorted(self.waiting | set(self.offers)):
            decide(self.router, CallLeft(call), self.now)
        router = self.router
        assert not router._calls and not router._due
        for queue in router._queues.values():
            assert not queue.waiting and not queue.ages and not queue.groups and not queue.ringing
        assert all(not agent.kept and not agent.offered for agent in router._agents.values())


class LikeTheRules(World):
    """Every decision is the one that comes of looking at everybody."""

    def __init__(self) -> None:
        super().__init__()
        self.naive = Naive()

    def step(self, event: Event, now: float) -> list[Any]:
        made = super().step(event, now)

        def plain(decisions: list[Any]) -> list[Any]:
            return [(d.call, d.agent, d.queue) if isinstance(d, Offer) else (d.call, d.rule) for d in decisions]

        assert plain(made) == plain(self.naive.decide(event, now))
        for queue in QUEUES:
            if queue in self.naive.queues:
                mine = [c.call for c in self.naive.waiting() if c.queue == queue]
                assert self.router.callers(queue) == mine
                came = [c.arrived for c in self.naive.waiting() if c.queue == queue]
                assert self.router.oldest(queue) == min(came, default=None)
        return made


class Anything(World):
    """The same with rules and people that change while callers wait."""

    def __init__(self) -> None:
        super().__init__()
        self.rules: dict[int, QueueIs] = {}
        self.skills: dict[int, dict[int, int]] = {}
        self.since: dict[str, float] = {}

    def step(self, event: Event, now: float) -> list[Any]:
        if isinstance(event, QueueIs):
            self.rules[event.queue] = event
        elif isinstance(event, QueueGone):
            del self.rules[event.queue]
        elif isinstance(event, AgentHas):
            self.skills[event.agent] = dict(event.skills)
        elif isinstance(event, CallEntered):
            self.since[event.call] = now
        made = super().step(event, now)
        for decision in made:
            if isinstance(decision, Offer):
                assert passed(self.router, decision)["counts"] is not None
        return made

    @rule(queue=st.data())
    def changes(self, queue: st.DataObject) -> None:
        number = queue.draw(st.sampled_from(QUEUES))
        self.do(queue.draw(queues(number)))

    @precondition(lambda self: len(self.rules) == len(QUEUES))
    @rule(queue=st.sampled_from(QUEUES))
    def goes(self, queue: int) -> None:
        self.do(QueueGone(queue))

    enters = None  # type: ignore[assignment] # in the place of this rule stands the next

    @rule(
        queue=st.sampled_from(QUEUES),
        priority=st.integers(0, 2),
        keep=st.lists(st.sampled_from(list(AGENTS)), max_size=2, unique=True),
    )
    def comes(self, queue: int, priority: int, keep: list[int]) -> None:
        if queue in self.rules:
            World.enters(self, queue, priority, keep)

    @invariant()
    def nobody_waits_while_somebody_who_may_take_him_is_free(self) -> None:
        for call in self.waiting:
            assert not [agent for agent in self.free if self.may_take(agent, call)], call

    def may_take(self, agent: int, call: str) -> bool:
        router, own = self.router, self.router._calls[call].queue
        if router.kept(call):
            return agent in router.kept(call)
        if not any(agent in self.rules[q].agents for q in (own, *router.lent(call)) if q in self.rules):
            return False
        waited = self.router._calls[call].since
        musts = [(n.skill, n.at(waited, self.now)) for n in self.rules[own].needs if n.must]
        return all(self.skills.get(agent, {}).get(skill, 0) >= level for skill, level in musts)

    @invariant()
    def everybody_is_where_we_think_and_can_be_told_why(self) -> None:
        callers = [call for queue in self.rules for call in self.router.callers(queue)]
        assert sorted(callers) == sorted(self.waiting)
        for call in self.waiting:
            why = explain(self.router, call, self.now)
            assert why is not None and why["position"] == self.router.position(call)
            told = {each["reason"] for each in why["people"]}
            assert "later" not in told or why["kept"], "a free agent who may take him, and he waits"
        for call, agents in self.offers.items():
            assert list(self.router.offered(call)) == agents
        for number in self.rules:
            free = {a for a in self.free if a in self.rules[number].agents}
            assert self.router.free(number) == len(free)


LikeTheRules.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLikeTheRules = LikeTheRules.TestCase
Anything.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnything = Anything.TestCase


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0.1, 30)), min_size=2, max_size=60), st.floats(1, 60))
def test_with_ageing_nobody_starves(arrivals: list[tuple[int, float]], age: float) -> None:
    """Whoever came more than (difference of priority) times the ageing before another is served before him."""
    router, now = Router(), 0.0
    decide(router, QueueIs(1, (7,), age_seconds=age), now)
    came: dict[str, tuple[int, float]] = {}
    for n, (priority, pause) in enumerate(arrivals):
        now += pause
        came[f"c{n}"] = (priority, now)
        decide(router, CallEntered(f"c{n}", 1, priority), now)
    served = []
    for _ in arrivals:
        (offer,) = decide(router, AgentIs(7, True, now), now)
        decide(router, Answered(offer.call), now)
        served.append(offer.call)
        decide(router, AgentIs(7, True), now)
    for place, call in enumerate(served):
        for later in served[place + 1 :]:
            (mine, my_time), (his, his_time) = came[call], came[later]
            assert my_time - his_time <= (mine - his) * age + 1e-6
    equal = [came[c][1] for c in served if came[c][0] == 1]
    assert equal == sorted(equal), "order within equal rank"


def test_an_agent_who_is_gone_takes_nothing_with_him() -> None:
    router = Router()
    for event in (QueueIs(1, (7, 8), strategy="round_robin"), AgentIs(7, True, 1.0), CallEntered("a", 1)):
        decide(router, event, 2.0)
    decide(router, AgentGone(7), 3.0)
    decide(router, CallLeft("a"), 4.0)
    decide(router, QueueGone(1), 5.0)
    assert 7 not in router._agents and not router._queues and not router._calls
