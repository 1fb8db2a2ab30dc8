"""Why he and not another; why a caller waits, and what happens next."""

from __future__ import annotations

from dealerline.domain.routing import AgentHas, AgentIs, CallEntered, Need, Offer, Overflow, QueueIs, Router, decide
from dealerline.domain.routing.explain import explain, passed

GEARBOX = 11


def centre(*queues: QueueIs) -> Router:
    router = Router()
    for queue in queues:
        decide(router, queue, 0.0)
    return router


def test_an_offer_tells_of_everybody_who_was_passed_over() -> None:
    router = centre(QueueIs(1, (2, 3, 4, 5, 6, 7), needs=(Need(GEARBOX, 2),)))
    for agent in (3, 4):
        decide(router, AgentHas(agent, ((GEARBOX, 2),)), 1.0)
    decide(router, AgentIs(2, True, 1.0), 1.0)
    decide(router, AgentIs(3, True, 2.0), 2.0)
    decide(router, AgentIs(4, True, 3.0), 3.0)
    decide(router, AgentIs(5, True, doing="talking"), 4.0)
    decide(router, AgentIs(6, True, doing="busy"), 4.0)
    (offer,) = decide(router, CallEntered("a", 1), 5.0)
    assert isinstance(offer, Offer) and offer.agent == 3
    why = passed(router, offer)
    assert why["counts"] == {"offline": 1, "busy": 2, "lacks": 1, "later": 1}
    assert {each["agent"]: each["reason"] for each in why["people"]} == {
        2: "lacks",
        4: "later",
        5: "busy",
        6: "resting",
        7: "offline",
    }
    assert why["people"][0] == {"agent": 2, "reason": "lacks", "skill": GEARBOX, "level": 2, "has": 0}


def test_the_explanation_of_many_names_some_and_counts_all() -> None:
    router = centre(QueueIs(1, tuple(range(1000))))
    for agent in range(900):
        decide(router, AgentIs(agent, True, float(agent)), 1000.0)
    (offer,) = decide(router, CallEntered("a", 1, keep=(500,), patience=30), 1000.0)
    assert isinstance(offer, Offer) and offer.why["rule"] == "sticky"
    why = passed(router, offer)
    assert why["counts"] == {"offline": 100, "kept": 899} and len(why["people"]) == 10


def test_why_does_this_caller_wait_says_place_reasons_and_what_comes_next() -> None:
    router = centre(
        QueueIs(
            1,
            (2, 3),
            priority=1,
            needs=(Need(GEARBOX, 3, relax=((60, 1), (120, 0))),),
            overflow=(Overflow("waited", 40, "queue", 2), Overflow("length", 9, "callback")),
        ),
        QueueIs(2, (4,)),
    )
    decide(router, AgentIs(2, True, 1.0), 1.0)
    decide(router, AgentIs(3, True, doing="wrap"), 1.0)
    decide(router, CallEntered("before", 1), 100.0)
    decide(router, CallEntered("a", 1, priority=2, keep=(3,), patience=30), 110.0)
    why = explain(router, "a", 115.0)
    assert why is not None
    assert (why["position"], why["waiting"], why["waited"], why["priority"]) == (1, 2, 5.0, 3)
    assert why["kept"] == {"agents": [3], "until": 140.0}
    assert why["wants"] == [[GEARBOX, 3]]
    assert [(p["agent"], p["reason"]) for p in why["people"]] == [(2, "kept"), (3, "busy")]
    assert [(n["at"], n["what"]) for n in why["next"]] == [
        (140.0, "patience"),
        (150.0, "overflow"),
        (170.0, "relax"),
        (230.0, "relax"),
        (None, "overflow"),
    ]
    assert why["next"][1]["to"] == "queue" and why["next"][4]["when"] == "length"
    assert explain(router, "nobody", 115.0) is None


def test_a_caller_who_rings_is_explained_too() -> None:
    router = centre(QueueIs(1, (2, 3), strategy="ring_all"))
    for agent in (2, 3):
        decide(router, AgentIs(agent, True, 1.0), 1.0)
    decide(router, CallEntered("a", 1), 2.0)
    decide(router, CallEntered("b", 1), 2.0)
    why = explain(router, "a", 3.0)
    assert why is not None and why["offered"] == [2, 3] and why["position"] is None
    assert {p["reason"] for p in why["people"]} == {"rings"}
    other = explain(router, "b", 3.0)
    assert other is not None and {p["reason"] for p in other["people"]} == {"offered"}
