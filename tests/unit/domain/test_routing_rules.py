"""The rules of a queue: who may take whom, who goes first, and where a caller may go besides."""

from __future__ import annotations

from typing import Any

import pytest

from dealerline.domain.routing import (
    KINDS,
    AgentGone,
    AgentHas,
    AgentIs,
    Answered,
    CallEntered,
    CallKnown,
    CallLeft,
    CallReturned,
    Declined,
    Handled,
    IllegalRouting,
    Need,
    Offer,
    Overflow,
    Overflowed,
    QueueGone,
    QueueIs,
    Router,
    TimePassed,
    decide,
)
from dealerline.domain.routing.rules import room

GEARBOX, ENGLISH = 11, 12


class Centre:
    """A router whose clock the test sets; what is due happens on its own moment."""

    def __init__(self, *queues: QueueIs, **hours: Any) -> None:
        self.router = Router(**hours)
        self.now = 1000.0
        for queue in queues:
            self(queue)

    def __call__(self, event: Any) -> list[Any]:
        return decide(self.router, event, self.now)

    def wait(self, seconds: float) -> list[tuple[float, Any]]:
        """Time passes. What was decided, and after how many seconds."""
        begun, made = self.now, []
        end = begun + seconds
        while (due := self.router.due()) is not None and due <= end:
            self.now = max(self.now, due)
            made += [(round(self.now - begun, 3), d) for d in self(TimePassed())]
        self.now = end
        return made

    def ready(self, *agents: int) -> list[Any]:
        """They become free, a second apart."""
        made = []
        for agent in agents:
            self.wait(1)
            made += self(AgentIs(agent, True, self.now))
        return made

    def skilled(self, agent: int, **levels: int) -> None:
        names = {"gearbox": GEARBOX, "english": ENGLISH}
        self(AgentHas(agent, tuple((names[name], level) for name, level in levels.items())))


def pairs(decisions: list[Any]) -> list[tuple[str, int]]:
    return [(d.call, d.agent) for d in decisions if isinstance(d, Offer)]


# skills ---------------------------------------------------------------------------------------------------------------


def test_nobody_without_the_skill_is_rung_however_long_he_is_free() -> None:
    centre = Centre(QueueIs(1, (7, 8), needs=(Need(GEARBOX, 3),)))
    centre.skilled(8, gearbox=3)
    centre.ready(7)
    assert centre(CallEntered("a", 1)) == [], "7 is free and lacks the skill"
    (offer,) = centre.ready(8)
    assert (offer.call, offer.agent, offer.why["wants"]) == ("a", 8, [[GEARBOX, 3]])


def test_a_need_relaxes_in_steps_and_whoever_comes_into_question_is_rung_on_the_second() -> None:
    centre = Centre(QueueIs(1, (7, 8), needs=(Need(GEARBOX, 5, relax=((20, 3), (60, 0))),)))
    centre.skilled(8, gearbox=3)
    centre.ready(7, 8)
    centre(CallEntered("a", 1))
    centre(CallEntered("b", 1))
    made = centre.wait(100)
    assert [(at, d.call, d.agent) for at, d in made] == [(20.0, "a", 8), (60.0, "b", 7)]
    assert centre.router.due() is None


def test_a_skill_that_would_be_nice_decides_among_the_free_and_keeps_nobody_waiting() -> None:
    centre = Centre(QueueIs(1, (7, 8, 9), needs=(Need(ENGLISH, 2, must=False),)))
    centre.skilled(9, english=4)
    centre.ready(7, 8, 9)
    assert pairs(centre(CallEntered("a", 1))) == [("a", 9)]
    assert pairs(centre(CallEntered("b", 1))) == [("b", 7)]


def test_a_skill_taken_away_while_a_call_waits_for_it_counts_at_once_and_so_does_one_given() -> None:
    centre = Centre(QueueIs(1, (7,), needs=(Need(GEARBOX),)))
    centre.skilled(7, gearbox=1)
    centre(CallEntered("a", 1))
    centre.skilled(7)
    assert centre.ready(7) == []
    assert pairs(centre(AgentHas(7, ((GEARBOX, 1),)))) == [("a", 7)]


def test_a_need_taken_from_the_queue_frees_those_who_wait_for_it() -> None:
    centre = Centre(QueueIs(1, (7,), needs=(Need(GEARBOX),)))
    centre.ready(7)
    centre(CallEntered("a", 1))
    assert pairs(centre(QueueIs(1, (7,)))) == [("a", 7)]
    centre(Answered("a"))
    centre.ready(7)
    centre(QueueIs(1, (7,), needs=(Need(GEARBOX),)))
    assert centre(CallEntered("b", 1)) == []


def test_an_agent_takes_the_first_caller_whom_he_can_serve_not_the_first_of_all() -> None:
    centre = Centre(QueueIs(1, (7,), needs=(Need(GEARBOX),)), QueueIs(2, (7,)))
    centre(CallEntered("hard", 1))
    centre(CallEntered("easy", 2))
    assert pairs(centre.ready(7)) == [("easy", 7)]
    assert centre.router.position("hard") == 1


# strategies -----------------------------------------------------------------------------------------------------------


def test_the_least_busy_is_who_talked_least_today() -> None:
    centre = Centre(QueueIs(1, (7, 8, 9), strategy="least_busy"))
    for agent, load in ((7, 300.0), (8, 20.0), (9, 90.0)):
        centre(AgentIs(agent, True, centre.now, load))
    assert [pairs(centre(CallEntered(c, 1)))[0][1] for c in "abc"] == [8, 9, 7]


def test_round_robin_gives_everybody_his_turn_however_long_calls_are() -> None:
    centre = Centre(QueueIs(1, (7, 8, 9), strategy="round_robin"))
    centre.ready(7, 8, 9)
    rung = []
    for n in range(7):
        ((call, agent),) = pairs(centre(CallEntered(f"c{n}", 1)))
        rung.append(agent)
        centre(Answered(call))
        centre.ready(agent)
    assert rung == [7, 8, 9, 7, 8, 9, 7]


def test_the_best_skilled_goes_first() -> None:
    centre = Centre(QueueIs(1, (7, 8, 9), strategy="best_skill", needs=(Need(GEARBOX, 2),)))
    for agent, level in ((7, 2), (8, 5), (9, 3)):
        centre.skilled(agent, gearbox=level)
    centre.ready(7, 8, 9)
    assert [pairs(centre(CallEntered(c, 1)))[0][1] for c in "abc"] == [8, 9, 7]


def test_in_a_fixed_order_the_second_is_rung_only_while_the_first_is_not_free() -> None:
    centre = Centre(QueueIs(1, (7, 8, 9), strategy="ordered", order=((9, 1), (7, 2))))
    centre.ready(7, 8, 9)
    assert [pairs(centre(CallEntered(c, 1)))[0][1] for c in "abc"] == [9, 7, 8], "who has no place comes last"


def test_a_new_strategy_counts_for_those_who_are_free_already() -> None:
    centre = Centre(QueueIs(1, (7, 8)))
    centre.ready(7, 8)
    centre(QueueIs(1, (7, 8), strategy="ordered", order=((8, 1), (7, 2))))
    assert pairs(centre(CallEntered("a", 1))) == [("a", 8)]


def test_all_phones_ring_and_the_first_answer_frees_the_others_without_fault() -> None:
    centre = Centre(QueueIs(1, (7, 8, 9), strategy="ring_all"))
    centre.ready(7, 8)
    assert pairs(centre(CallEntered("a", 1))) == [("a", 7), ("a", 8)]
    assert centre.router.offered("a") == (7, 8)
    assert pairs(centre.ready(9)) == [("a", 9)], "who becomes free meanwhile rings along"
    centre(Answered("a"))
    assert centre.router.offered("a") == () and centre.router.free(1) == 0
    assert centre.ready(7, 8, 9) == [] and centre.router.free(1) == 3


def test_of_several_who_ring_one_may_refuse_and_the_last_ones_end_puts_the_caller_back_in_front() -> None:
    centre = Centre(QueueIs(1, (7, 8), strategy="ring_all"))
    centre.ready(7, 8)
    centre(CallEntered("a", 1))
    centre(Declined("a", 7))
    assert centre.router.offered("a") == (8,)
    with pytest.raises(IllegalRouting):
        centre(Declined("a", 8))
    with pytest.raises(IllegalRouting):
        centre(Declined("a", 7))
    assert centre(CallReturned("a", 1)) == []
    assert pairs(centre.ready(7)) == [("a", 7)]
    assert pairs(centre.ready(8)) == [("a", 8)]
    centre(CallLeft("a"))
    assert centre.ready(7, 8) == []


def test_while_all_ring_for_one_caller_the_next_waits_for_the_first_who_is_free() -> None:
    centre = Centre(QueueIs(1, (7, 8), strategy="ring_all"))
    centre.ready(7, 8)
    centre(CallEntered("a", 1))
    assert centre(CallEntered("b", 1)) == []
    centre(Answered("a"))
    assert pairs(centre.ready(8)) == [("b", 8)]


# priority and ageing --------------------------------------------------------------------------------------------------


def test_where_a_queue_ages_one_step_of_priority_is_worth_so_many_seconds_and_no_more() -> None:
    centre = Centre(QueueIs(1, (7,), age_seconds=60))
    centre(CallEntered("plain", 1))
    centre.wait(50)
    centre(CallEntered("gold", 1, priority=1))
    assert centre.router.callers(1) == ["gold", "plain"]
    centre.wait(15)
    centre(CallEntered("late gold", 1, priority=1))
    assert centre.router.callers(1) == ["gold", "plain", "late gold"], "65 seconds of waiting outweigh one step"


def test_without_ageing_priority_always_wins() -> None:
    centre = Centre(QueueIs(1, (7,)))
    centre(CallEntered("plain", 1))
    centre.wait(100_000)
    centre(CallEntered("gold", 1, priority=1))
    assert centre.router.callers(1) == ["gold", "plain"]


def test_a_customer_who_is_known_only_while_he_waits_moves_up() -> None:
    centre = Centre(QueueIs(1, (7,)))
    for call in "abc":
        centre(CallEntered(call, 1))
    centre(CallKnown("c", priority=2))
    assert centre.router.callers(1) == ["c", "a", "b"]
    with pytest.raises(IllegalRouting):
        centre(CallKnown("x"))


def test_being_known_while_it_rings_counts_should_he_come_back() -> None:
    centre = Centre(QueueIs(1, (7,)))
    centre.ready(7)
    centre(CallEntered("a", 1))
    centre(CallKnown("a", priority=3))
    centre(CallReturned("x", 1))
    centre(CallReturned("a", 1))
    assert centre.router.callers(1) == ["a", "x"]


# the person he knows --------------------------------------------------------------------------------------------------


def test_a_caller_is_rung_through_to_the_person_he_knows_though_another_is_free_longer() -> None:
    centre = Centre(QueueIs(1, (7, 8)))
    centre.ready(7, 8)
    (offer,) = centre(CallEntered("a", 1, keep=(8,), patience=30))
    assert (offer.agent, offer.why["rule"]) == (8, "sticky")


def test_he_waits_for_him_with_patience_and_loses_no_place_by_it() -> None:
    centre = Centre(QueueIs(1, (7, 8)))
    centre(AgentIs(8, True))
    centre(CallEntered("a", 1, keep=(8,), patience=30))
    centre.wait(1)
    centre(CallEntered("b", 1))
    assert centre.router.callers(1) == ["a", "b"]
    assert centre.router.kept("a") == (8,)
    assert pairs(centre.ready(7)) == [("b", 7)], "the other takes whoever is not kept"
    centre(Answered("b"))
    centre(CallEntered("c", 1))
    made = centre.wait(60)
    assert made == [] and centre.router.kept("a") == ()
    assert pairs(centre.ready(7)) == [("a", 7)], "his patience is over, his place is the first"


def test_the_person_he_knows_takes_him_in_the_order_of_the_line() -> None:
    centre = Centre(QueueIs(1, (8,)))
    centre(AgentIs(8, True))
    centre(CallEntered("first", 1))
    centre(CallEntered("his", 1, keep=(8,), patience=30))
    assert pairs(centre.ready(8)) == [("first", 8)]
    centre(Answered("first"))
    assert pairs(centre.ready(8)) == [("his", 8)]


def test_nobody_is_kept_for_somebody_who_is_not_there_or_takes_a_break() -> None:
    centre = Centre(QueueIs(1, (7, 8)))
    centre.ready(7)
    assert pairs(centre(CallEntered("a", 1, keep=(8, 99), patience=30))) == [("a", 7)]
    centre(AgentIs(8, True, doing="busy"))
    centre(Answered("a"))
    centre.ready(7)
    assert pairs(centre(CallEntered("b", 1, keep=(8,), patience=30))) == [("b", 7)]


def test_a_person_who_goes_while_somebody_is_kept_for_him_frees_him_at_once() -> None:
    centre = Centre(QueueIs(1, (7, 8)))
    for leaves in (AgentIs(8, False), AgentIs(8, True, doing="busy"), AgentGone(8)):
        centre(AgentIs(8, True, doing="talking"))
        centre.ready(7)
        assert centre(CallEntered("a", 1, keep=(8,), patience=30)) == []
        assert pairs(centre(leaves)) == [("a", 7)]
        centre(Answered("a"))


def test_of_the_named_people_of_a_vip_the_first_choice_goes_first_and_none_need_be_of_the_queue() -> None:
    centre = Centre(QueueIs(1, (7,)), QueueIs(2, (8, 9)))
    centre.ready(8, 9, 7)
    assert pairs(centre(CallEntered("vip", 1, keep=(9, 8), patience=20))) == [("vip", 9)]
    assert pairs(centre(CallEntered("vip2", 1, keep=(9, 8), patience=20))) == [("vip2", 8)]
    assert centre(CallEntered("vip3", 1, keep=(9, 8), patience=20)) == []
    centre(Answered("vip2"))
    assert pairs(centre.ready(8)) == [("vip3", 8)]


def test_who_is_known_late_is_kept_for_what_is_left_of_the_patience() -> None:
    centre = Centre(QueueIs(1, (7, 8)))
    centre(AgentIs(8, True))
    centre(CallEntered("a", 1))
    centre.wait(10)
    centre(CallKnown("a", keep=(8,), patience=30))
    assert centre.ready(7) == []
    ((at, offer),) = centre.wait(60)
    assert (at, offer.call, offer.agent) == (19.0, "a", 7)
    centre(CallEntered("b", 1))
    centre.wait(40)
    centre(CallKnown("b", keep=(8,), patience=30))
    assert centre.router.kept("b") == (), "too late"


def test_whoever_comes_back_from_the_person_he_knows_waits_for_everybody() -> None:
    centre = Centre(QueueIs(1, (7, 8)))
    centre.ready(8)
    centre(CallEntered("a", 1, keep=(8,), patience=30))
    centre(CallReturned("a", 1))
    assert pairs(centre.ready(7)) == [("a", 7)]


# overflow -------------------------------------------------------------------------------------------------------------


def lent(after: float, to: int = 2, **more: Any) -> Overflow:
    return Overflow("waited", after, "queue", to, **more)


def test_a_caller_who_waited_long_is_lent_to_another_queue_and_keeps_his_place_in_his_own() -> None:
    centre = Centre(QueueIs(1, (7,), overflow=(lent(30),)), QueueIs(2, (8,)))
    centre.ready(8)
    centre(CallEntered("a", 1))
    centre(CallEntered("b", 1))
    made = centre.wait(40)
    assert [(at, type(d).__name__) for at, d in made] == [(30.0, "Overflowed"), (30.0, "Offer"), (30.0, "Overflowed")]
    offer = made[1][1]
    assert (offer.call, offer.agent, offer.queue, offer.why["lent"]) == ("a", 8, 1, 2)
    assert centre.router.lent("b") == (2,) and centre.router.borrowed(2) == 1 and centre.router.waiting(2) == 0
    assert pairs(centre.ready(7)) == [("b", 7)], "his own queue's people may take him as well"
    assert centre.router.borrowed(2) == 0


def test_his_own_queues_people_go_first_and_a_lent_caller_brings_his_needs_along() -> None:
    centre = Centre(
        QueueIs(1, (7,), needs=(Need(GEARBOX, 2),), overflow=(Overflow("waited", 0, "queue", 2),)),
        QueueIs(2, (8, 9)),
    )
    centre.skilled(9, gearbox=2)
    centre.ready(8, 9)
    made = centre(CallEntered("a", 1))
    assert isinstance(made[0], Overflowed) and pairs(made) == [("a", 9)]
    centre.skilled(7, gearbox=2)
    centre.ready(7)
    centre(Answered("a"))
    centre.ready(9)
    assert pairs(centre(CallEntered("b", 1))) == [("b", 7)]


def test_lent_callers_stand_by_their_arrival_among_those_of_the_queue_that_helps() -> None:
    centre = Centre(QueueIs(1, (), overflow=(lent(10),)), QueueIs(2, (8,)))
    centre(CallEntered("lent", 1))
    centre.wait(5)
    centre(CallEntered("own", 2))
    centre.wait(20)
    assert pairs(centre.ready(8)) == [("lent", 8)]
    centre(Answered("lent"))
    assert pairs(centre.ready(8)) == [("own", 8)]


def test_overflow_by_length_by_expected_wait_and_by_nobody_there() -> None:
    number = Overflow("length", 2, "number", number="+8613900000001")
    centre = Centre(QueueIs(1, (7,), overflow=(number,)))
    assert centre(CallEntered("a", 1)) == centre(CallEntered("b", 1)) == []
    (out,) = centre(CallEntered("c", 1))
    assert (out.call, out.queue, out.rule, out.waited) == ("c", 1, number, 0.0)
    assert centre.router.position("c") == 3, "he waits until the switch has taken him there"
    centre(CallLeft("c"))
    expected = Overflow("expected", 200, "callback")
    centre = Centre(QueueIs(1, (7,), overflow=(expected,)))
    centre(AgentIs(7, True))
    assert centre(CallEntered("a", 1)) == []
    assert [d.rule.to for d in centre(CallEntered("b", 1))] == ["callback"], "2 times 180 seconds"
    centre(Handled(1, 10.0))
    assert centre(CallEntered("c", 1)) == [] and centre.wait(30) == []
    centre(Handled(1, 1000.0))
    assert [(at, d.call) for at, d in centre.wait(10)] == [(10.0, "a"), (10.0, "c")], "looked at every ten seconds"
    nobody = Overflow("nobody", 0, "voicemail")
    centre = Centre(QueueIs(1, (7, 8), overflow=(nobody,)))
    centre(AgentIs(7, True))
    assert centre(CallEntered("a", 1)) == []
    assert [d.rule.to for d in centre(AgentIs(7, False))] == ["voicemail"]
    assert [d.call for d in centre(CallEntered("b", 1))] == ["b"]


def test_a_rule_with_opening_hours_waits_until_they_are_open() -> None:
    centre = Centre(
        QueueIs(1, (), overflow=(lent(30, hours=5),)),
        QueueIs(2, (8,)),
        open=lambda hours, now: hours == 5 and now > 1100,
    )
    centre.ready(8)
    centre(CallEntered("a", 1))
    made = centre.wait(300)
    assert [type(d).__name__ for _, d in made] == ["Overflowed", "Offer"] and 99 <= made[0][0] <= 110


def test_after_a_rule_that_takes_him_elsewhere_no_other_counts_and_none_counts_twice() -> None:
    elsewhere = Overflow("waited", 9, "voicemail")
    centre = Centre(
        QueueIs(1, (), overflow=(lent(5), lent(7), elsewhere, lent(12, to=3))), QueueIs(2, ()), QueueIs(3, ())
    )
    centre(CallEntered("a", 1))
    assert [(at, d.rule.to) for at, d in centre.wait(60)] == [(5.0, "queue"), (9.0, "voicemail")]
    assert centre.router.lent("a") == (2,)


def test_after_a_restart_he_is_lent_as_before_and_told_of_once() -> None:
    centre = Centre(QueueIs(1, (), overflow=(lent(30),)), QueueIs(2, (8,)))
    assert centre(CallEntered("a", 1, arrived=900.0, since=910.0, lent=(2,))) == []
    assert pairs(centre.ready(8)) == [("a", 8)]


def test_the_queue_that_helps_may_go_and_a_rule_may_name_one_that_is_not_there() -> None:
    centre = Centre(QueueIs(1, (7,), overflow=(lent(5), lent(5, to=99), lent(5, to=1))), QueueIs(2, (8,)))
    centre(CallEntered("a", 1))
    assert len(centre.wait(20)) == 1
    assert centre(QueueGone(2)) == []
    assert centre.router.lent("a") == ()
    assert centre.ready(8) == []
    assert pairs(centre.ready(7)) == [("a", 7)]


# kinds of work --------------------------------------------------------------------------------------------------------


def test_a_call_has_its_person_to_itself_and_chats_go_side_by_side() -> None:
    two = {"chat": 2}
    assert room(two, {}) == set(KINDS)
    assert room(two, {"call": 1}) == set()
    assert room(two, {"callback": 1}) == set()
    assert room(two, {"chat": 1}) == {"chat", "email", "task"}
    assert room(two, {"chat": 2}) == {"email", "task"}
    assert room(two, {"email": 1}) == {"call", "callback", "chat", "task"}
    assert room({"chat": 0}, {}) == {"call", "callback", "email", "task"}


def test_an_agent_with_a_chat_is_offered_another_but_no_call() -> None:
    centre = Centre(QueueIs(1, (7,)))
    centre(AgentHas(7, (), (("chat", 2),)))
    centre(AgentIs(7, True, 1.0, work=(("chat", 1),)))
    assert centre(CallEntered("call", 1)) == []
    assert pairs(centre(CallEntered("chat", 1, kind="chat"))) == [("chat", 7)]
    centre(Answered("chat"))
    assert centre(AgentIs(7, True, 1.0, work=(("chat", 2),))) == []
    assert pairs(centre(AgentIs(7, True, 2.0))) == [("call", 7)]
