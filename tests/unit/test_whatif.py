"""A day played again: what is taken from the facts, what is drawn, and what other rules would have done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dealerline.adapters import whatif as command
from dealerline.domain import whatif, whatif_day
from dealerline.domain.routing import Overflow, QueueIs
from dealerline.domain.whatif import Caller, Shift
from dealerline.domain.whatif_day import Seen
from dealerline.switch.directory import Need, Queue, Snapshot
from tests.unit.switch.world import snapshot


def fact(at: float, kind: str, call: str = "", person: int = 0, **data: Any) -> Seen:
    return Seen(at, kind, call, person, data)


def state(at: float, person: int, old: str, new: str) -> Seen:
    return fact(at, "agent.state", "", person, old=old, new=new)


def answered(call: str, at: float, waits: float, talks: float, person: int = 1, queue: int = 10) -> list[Seen]:
    begins, ends = at + waits, at + waits + talks
    return [
        fact(at, "queue.entered", call, queue=queue, position=1),
        fact(begins - 4, "offer.made", call, person),
        fact(begins, "queue.left", call, reason="answered", waited=waits),
        fact(begins, "talk.started", call, person),
        fact(ends, "talk.ended", call, person),
        fact(ends + 20, "wrap.ended", call, person),
    ]


def abandoned(call: str, at: float, waits: float, queue: int = 10) -> list[Seen]:
    left = fact(at + waits, "queue.left", call, reason="abandoned", waited=waits)
    return [fact(at, "queue.entered", call, queue=queue, position=1), left]


def test_what_was_seen_is_taken_and_what_was_not_is_drawn_the_same_each_time() -> None:
    facts = [*answered("a", 100, 10, 60), *abandoned("b", 120, 30)]
    facts.append(fact(300, "queue.entered", "still waits", queue=10, position=1))
    day = whatif_day.day_of(facts, 0, 1000)
    first, second = day.callers
    assert (first.at, first.handling, day.ring) == (100, 80.0, 4.0), "talk and after-call work"
    assert first.patience > 10 and second.patience == 30 and second.handling == 80.0
    assert day.real.share("abandoned") == 0.5 and day.real.waits() == [10.0] and day.real.busy == {1: 80.0}
    assert whatif_day.day_of(facts, 0, 1000).callers == day.callers


def test_somebody_is_there_for_queues_but_not_on_a_break_nor_while_he_rings_somebody_himself() -> None:
    facts = [
        state(100, 1, "offline", "ready"),
        state(150, 1, "ready", "talking"),
        state(200, 1, "talking", "busy"),
        state(260, 1, "busy", "ready"),
        state(300, 1, "ready", "outbound"),
        state(310, 1, "outbound", "talking"),
        state(350, 1, "talking", "ready"),
        state(400, 1, "ready", "offline"),
        state(50, 2, "talking", "ready"),
    ]
    shifts = whatif_day.day_of(facts, 0, 500).shifts
    assert [(s.begins, s.ends) for s in shifts if s.agent == 1] == [(100, 200), (260, 300), (350, 400)]
    assert [(s.begins, s.ends) for s in shifts if s.agent == 2] == [(0, 500)], "from the day's beginning to its end"


def test_agents_go_home_after_their_call_and_callers_whom_nobody_took_are_counted() -> None:
    day = whatif.run([QueueIs(1, (7,))], [Caller("a", 1, 10, 100), Caller("b", 1, 12, 5)], [Shift(7, 0, 50)])
    assert [(o.caller.call, o.how) for o in day.outcomes] == [("a", "answered"), ("b", "left")]
    assert day.busy == {7: 100.0} and day.there == {7: 50.0}


def test_an_agent_who_goes_while_his_phone_rings_leaves_the_caller_to_the_next() -> None:
    day = whatif.run([QueueIs(1, (7, 8))], [Caller("a", 1, 10, 30)], [Shift(7, 0, 12), Shift(8, 20, 90)], ring=5)
    assert [(o.how, o.agent, o.waited) for o in day.outcomes] == [("answered", 8, 15.0)]


def test_all_phones_ring_and_rules_of_overflow_take_callers_away() -> None:
    rules = QueueIs(1, (7, 8), strategy="ring_all", overflow=(Overflow("waited", 30, "voicemail"),))
    callers = [Caller("a", 1, 10, 200), Caller("b", 1, 11, 200), Caller("c", 1, 12, 5)]
    day = whatif.run([rules], callers, [Shift(7, 0, 900), Shift(8, 0, 900)], ring=5)
    assert [(o.caller.call, o.how, o.waited) for o in day.outcomes] == [
        ("a", "answered", 5.0),
        ("b", "answered", 9.0),
        ("c", "overflowed", 30.0),
    ]


def centre() -> Snapshot:
    known = snapshot(skills=((11, {"zh": "变速箱", "en": "gearboxes"}),))
    experts = Queue(20, 2, "experts", {"zh": "专家", "en": "experts"}, (3,), service_seconds=20)
    return replace(known, queues=(replace(known.queues[0], agents=(1,)), experts))


def test_another_store_that_helps_is_seen_in_the_changed_day_and_not_in_the_other_two() -> None:
    facts = [state(0.5, 1, "offline", "ready"), state(0.6, 3, "offline", "ready")]
    for n in range(12):
        facts += answered(f"call {n}", 100 + 30 * n, 70 * n, 60)
    facts += abandoned("lost", 200, 45)
    facts.sort(key=lambda each: each.at)
    now = centre()
    rules = {
        "queues": {"s1/sales": {"overflow": [{"when": "waited", "value": 10, "to": "queue", "queue": "s2/experts"}]}}
    }
    days = command.compare(facts, 0, 3000, now, command.changed(now, rules))
    rows = {(r["queue"], r["which"]): r for r in command.rows(days, now, "en")}
    real, same, other = (rows["store", each] for each in ("real", "played, same rules", "played, changed rules"))
    assert real["calls"] == same["calls"] == other["calls"] == 13
    assert other["level"] > same["level"] and other["mean"] < same["mean"]
    assert rows["all", "played, changed rules"]["use"] is not None
    shown = command._table(command.rows(days, now, "zh"), "zh")
    assert "新规则" in shown and len(shown.splitlines()) == 7


def test_rules_are_written_with_the_names_that_people_use() -> None:
    now = centre()
    then = command.changed(
        now,
        {
            "queues": {
                "s1/sales": {
                    "agents": [801, "802"],
                    "order": [802, 801],
                    "strategy": "ordered",
                    "age_seconds": 60,
                    "needs": [{"skill": "gearboxes", "level": 3, "relax": [[30, 1]]}],
                },
                20: {"priority": 5},
            },
            "people": {801: {"skills": {"变速箱": 4}}},
        },
    )
    sales, experts = then.queues
    assert (sales.agents, sales.order, sales.strategy, sales.age_seconds) == ((1, 2), ((2, 1), (1, 2)), "ordered", 60)
    assert sales.needs == (Need(11, 3, relax=((30, 1),)),) and experts.priority == 5
    assert next(p for p in then.people if p.id == 1).skills == ((11, 4),)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"queue": {}}, "the file has queue"),
        ({"queues": {"s1/none": {}}}, "no queue 's1/none'"),
        ({"queues": {10: {"wrap": 3}}}, "queue 10 has wrap"),
        ({"queues": {10: {"strategy": "best"}}}, "strategy is one of"),
        ({"queues": {10: {"agents": [999]}}}, "nobody has the extension 999"),
        ({"queues": {10: {"needs": [{"skill": "juggling"}]}}}, "no skill 'juggling'"),
        ({"queues": {10: {"overflow": [{"when": "waited"}]}}}, "missing required field"),
        ({"queues": {10: {"age_seconds": "long"}}}, "age_seconds"),
        ([1], "the file needs named values"),
    ],
)
def test_what_cannot_be_understood_is_said_and_nothing_is_played(document: Any, told: str) -> None:
    with pytest.raises(command.BadRules, match=told):
        command.changed(centre(), document)
