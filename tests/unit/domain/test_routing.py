"""Who gets which caller."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from dealerline.domain.routing import (
    AgentGone,
    AgentIs,
    Answered,
    CallEntered,
    CallKnown,
    CallLeft,
    CallReturned,
    Handled,
    IllegalRouting,
    Offer,
    Orphaned,
    QueueGone,
    QueueIs,
    Router,
    decide,
)
from dealerline.domain.routing.ordered import CHUNK, Ordered


class Centre:
    """A router and its clock: one event a second."""

    def __init__(self, *queues: QueueIs) -> None:
        self.router = Router()
        self.now = 1000.0
        for queue in queues:
            self(queue)

    def __call__(self, event: Any) -> list[Any]:
        self.now += 1
        return decide(self.router, event, self.now)

    def ready(self, agent: int) -> list[Any]:
        return self(AgentIs(agent, True, self.now))

    def expected(self, call: str) -> float | None:
        return self.router.expected_wait(call, self.now)

    def pairs(self, decisions: list[Any]) -> list[tuple[str, int]]:
        return [(d.call, d.agent) for d in decisions if isinstance(d, Offer)]


def test_a_caller_goes_to_whoever_has_been_free_longest() -> None:
    centre = Centre(QueueIs(1, (7, 8, 9)))
    for agent in (8, 9, 7):
        centre.ready(agent)
    (offer,) = centre(CallEntered("a", 1))
    assert (offer.agent, offer.queue, offer.waited) == (8, 1, 0.0)
    assert offer.why["rule"] == "longest_idle" and offer.why["free"] == 3
    assert centre.pairs(centre(CallEntered("b", 1))) == [("b", 9)]


def test_a_freed_agent_gets_whoever_waits_longest() -> None:
    centre = Centre(QueueIs(1, (7,)))
    for call in "abc":
        assert centre(CallEntered(call, 1)) == []
    assert [centre.router.position(c) for c in "abc"] == [1, 2, 3]
    (offer,) = centre.ready(7)
    assert (offer.call, offer.waited) == ("a", 3.0)
    assert [centre.router.position(c) for c in "abc"] == [None, 1, 2]


def test_priority_goes_before_arrival_and_a_returned_caller_before_all() -> None:
    centre = Centre(QueueIs(1, (7,)))
    centre(CallEntered("plain", 1))
    centre(CallEntered("gold", 1, priority=5))
    centre(CallReturned("back", 1, arrived=900.0))
    assert centre.router.callers(1) == ["back", "gold", "plain"]
    assert centre.router.oldest(1) == 900.0


def test_the_oldest_is_who_has_waited_longest_not_who_is_next() -> None:
    centre = Centre(QueueIs(1, (7,), age_seconds=60), QueueIs(2, ()))
    assert centre.router.oldest(1) is None and centre.router.oldest(3) is None
    centre(CallEntered("plain", 1, arrived=500.0))
    centre(CallEntered("gold", 1, priority=9, arrived=800.0))
    assert centre.router.callers(1) == ["gold", "plain"]
    assert centre.router.oldest(1) == 500.0
    centre(CallKnown("plain", -100))
    assert centre.router.oldest(1) == 500.0
    assert centre.pairs(centre.ready(7)) == [("gold", 7)]
    assert centre.router.oldest(1) == 500.0
    centre(CallLeft("plain"))
    assert centre.router.oldest(1) is None, "whom a phone rings for does not wait in line"


def test_an_unanswered_offer_puts_the_caller_back_in_front_and_keeps_his_time() -> None:
    centre = Centre(QueueIs(1, (7, 8)))
    centre.ready(7)
    centre(CallEntered("a", 1))
    centre(CallEntered("b", 1))
    assert centre.router.offered_to("a") == 7
    assert centre(CallReturned("a", 1)) == []
    assert centre.router.callers(1) == ["a", "b"]
    (offer,) = centre.ready(8)
    assert (offer.call, offer.why["returned"]) == ("a", True)
    assert offer.waited == 3.0, "since he came, not since he was back"


def test_an_agent_of_several_queues_takes_the_most_urgent_caller_of_all() -> None:
    centre = Centre(QueueIs(1, (7,)), QueueIs(2, (7,), priority=9))
    centre(CallEntered("sales", 1))
    centre(CallEntered("rescue", 2))
    assert centre.pairs(centre.ready(7)) == [("rescue", 7)]


def test_no_agent_and_no_caller_is_in_two_offers() -> None:
    centre = Centre(QueueIs(1, (7,)), QueueIs(2, (7,)))
    centre.ready(7)
    assert len(centre(CallEntered("a", 1))) == 1
    assert centre(CallEntered("b", 2)) == []
    with pytest.raises(IllegalRouting):
        centre.ready(7)
    with pytest.raises(IllegalRouting):
        centre(CallEntered("a", 1))
    centre(Answered("a"))
    assert centre.pairs(centre.ready(7)) == [("b", 7)]


def test_a_caller_who_hangs_up_is_forgotten_waiting_or_being_offered() -> None:
    centre = Centre(QueueIs(1, (7,)))
    centre(CallEntered("a", 1))
    centre(CallLeft("a"))
    assert centre.ready(7) == []
    centre(CallEntered("b", 1))
    centre(CallLeft("b"))
    assert centre.router.waiting(1) == 0
    assert centre.ready(7) == [] and centre.router.free(1) == 1
    with pytest.raises(IllegalRouting):
        centre(CallLeft("b"))


def test_an_agent_who_joins_a_queue_while_free_serves_it_at_once() -> None:
    centre = Centre(QueueIs(1, (7,)), QueueIs(2, ()))
    centre.ready(7)
    centre(CallEntered("a", 2))
    assert centre.pairs(centre(QueueIs(2, (7,)))) == [("a", 7)]
    assert centre.router.free(1) == 0


def test_an_agent_who_leaves_a_queue_is_no_longer_offered_its_callers() -> None:
    centre = Centre(QueueIs(1, (7,)))
    centre.ready(7)
    centre(QueueIs(1, ()))
    assert centre(CallEntered("a", 1)) == [] and centre.router.present(1) == 0


def test_a_removed_queue_hands_its_callers_back() -> None:
    centre = Centre(QueueIs(1, (7,)))
    centre.ready(7)
    centre(CallEntered("offered", 1))
    centre(CallEntered("waits", 1))
    assert centre(QueueGone(1)) == [Orphaned("waits", 1)]
    assert centre(CallReturned("offered", 1)) == [Orphaned("offered", 1)]
    assert centre.ready(7) == []
    with pytest.raises(IllegalRouting):
        centre(CallEntered("x", 1))


def test_signed_in_people_count_whatever_they_do() -> None:
    centre = Centre(QueueIs(1, (7, 8, 9)))
    centre(AgentIs(7, True))
    centre.ready(8)
    assert (centre.router.present(1), centre.router.free(1)) == (2, 1)
    centre(AgentIs(8, False))
    centre(AgentGone(7))
    assert (centre.router.present(1), centre.router.free(1)) == (0, 0)
    with pytest.raises(IllegalRouting):
        centre(AgentIs(9, False, 5.0))


def test_the_expected_wait_comes_from_recent_answers_position_and_people() -> None:
    centre = Centre(QueueIs(1, (7, 8)))
    for call in "abc":
        centre(CallEntered(call, 1))
    assert centre.expected("c") is None, "with nobody there nothing can be promised"
    centre(AgentIs(7, True))
    centre(AgentIs(8, True))
    assert centre.expected("b") == 180.0
    for seconds in (60.0, 100.0):
        centre(Handled(1, seconds))
    assert centre.expected("c") == 120.0
    assert centre.expected("nobody") is None


def test_the_expected_wait_is_that_of_the_last_hour_and_of_the_last_five_when_it_was_quiet() -> None:
    centre = Centre(QueueIs(1, (7,)))
    centre(AgentIs(7, True))
    centre(CallEntered("a", 1))
    for seconds in (600.0, 600.0, 60.0, 60.0, 60.0, 60.0, 60.0):
        centre(Handled(1, seconds))
    assert centre.expected("a") == pytest.approx(1500 / 7)
    centre.now += 1800
    for _ in range(6):
        centre(Handled(1, 120.0))
    centre.now += 1795
    assert centre.expected("a") == pytest.approx(120.0), "what is older than an hour does not count"
    centre.now += 7200
    assert centre.expected("a") == pytest.approx(120.0), "a quiet hour: the last five, not the usual three minutes"
    centre(Handled(1, 20.0))
    assert centre.expected("a") == pytest.approx(100.0), "one answer is no measure: four older ones count beside it"
    for _ in range(6):
        centre(Handled(1, 20.0))
    assert centre.expected("a") == pytest.approx(20.0)


def test_a_busy_queue_keeps_no_more_than_the_last_five_hundred_answers() -> None:
    centre = Centre(QueueIs(1, (7,)))
    centre(AgentIs(7, True))
    centre(CallEntered("a", 1))
    for seconds in (100.0, *[10.0] * 500):
        centre(Handled(1, seconds))
    assert centre.expected("a") == pytest.approx(10.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 400)), max_size=400))
def test_the_sorted_set_is_a_sorted_set(steps: list[tuple[bool, int]]) -> None:
    mine: Ordered[int] = Ordered()
    plain: set[int] = set()
    for add, item in steps:
        if add and item not in plain:
            mine.add(item)
            plain.add(item)
        elif not add:
            assert mine.remove(item) == (item in plain)
            plain.discard(item)
    assert list(mine) == sorted(plain) and len(mine) == len(plain)
    assert mine.first() == min(plain, default=None)
    assert all(mine.rank(item) == sorted(plain).index(item) for item in plain)


def test_the_sorted_set_keeps_its_order_when_it_is_large() -> None:
    mine: Ordered[int] = Ordered()
    for n in range(10 * CHUNK):
        mine.add(n * 7919 % (10 * CHUNK))
    assert list(mine) == list(range(10 * CHUNK))
    assert mine.rank(5 * CHUNK) == 5 * CHUNK
    assert not mine.remove(-1) and not mine.remove(10 * CHUNK)


class Day(RuleBasedStateMachine):
    """Anything in any order; at every moment the rules of the file hold."""

    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.router, self.now, self.count = Router(), 0.0, 0
        self.offers: dict[str, int] = {}
        self.waiting: dict[str, int] = {}
        self.members = {1: {1, 2, 3}, 2: {3, 4}, 3: {1, 4, 5}}
        for queue, members in self.members.items():
            decide(self.router, QueueIs(queue, tuple(members), priority=queue), 0.0)

    def do(self, event: Any) -> None:
        self.now += 1
        for decision in decide(self.router, event, self.now):
            assert isinstance(decision, Offer)
            assert decision.agent not in self.offers.values(), "an agent in two offers"
            assert decision.agent in self.members[decision.queue]
            del self.waiting[decision.call]
            self.offers[decision.call] = decision.agent

    @rule(target=calls, queue=st.integers(1, 3), priority=st.integers(0, 2))
    def enters(self, queue: int, priority: int) -> str:
        self.count += 1
        call = f"call{self.count}"
        self.waiting[call] = queue
        self.do(CallEntered(call, queue, priority))
        return call

    @rule(call=consumes(calls))
    def leaves(self, call: str) -> None:
        if self.waiting.pop(call, None) or self.offers.pop(call, None):
            self.do(CallLeft(call))

    @rule(call=calls, queue=st.integers(1, 3))
    def returns(self, call: str, queue: int) -> None:
        if self.offers.pop(call, None):
            self.waiting[call] = queue
            self.do(CallReturned(call, queue))

    @rule(call=consumes(calls))
    def answers(self, call: str) -> None:
        if self.offers.pop(call, None):
            self.do(Answered(call))

    @rule(agent=st.integers(1, 5), free=st.booleans(), present=st.booleans())
    def agent_is(self, agent: int, free: bool, present: bool) -> None:
        if agent not in self.offers.values():
            self.do(AgentIs(agent, present or free, self.now if free else None))

    @rule(queue=st.integers(1, 3), agents=st.sets(st.integers(1, 5)))
    def queue_is(self, queue: int, agents: set[int]) -> None:
        self.members[queue] = agents
        self.do(QueueIs(queue, tuple(agents), priority=queue))

    @invariant()
    def nobody_waits_while_somebody_is_free(self) -> None:
        for queue in self.members:
            assert not (self.router.waiting(queue) and self.router.free(queue))

    @invariant()
    def every_caller_is_where_we_think(self) -> None:
        for queue in self.members:
            assert set(self.router.callers(queue)) == {c for c, q in self.waiting.items() if q == queue}
        for call, agent in self.offers.items():
            assert self.router.offered_to(call) == agent and self.router.position(call) is None

    @invariant()
    def positions_count_from_one(self) -> None:
        for queue in self.members:
            callers = self.router.callers(queue)
            assert [self.router.position(c) for c in callers] == list(range(1, len(callers) + 1))


Day.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestDay = Day.TestCase
