"""Consultation and invitation: the customer always has somebody or music, whatever goes wrong."""

from __future__ import annotations

import pytest

from dealerline.switch.model import Phase
from tests.unit.switch.asking import INSURER, bring, last, ok, started
from tests.unit.switch.world import World


def test_a_consultation_from_the_question_to_the_handing_over(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    assert world.hears(call) == "music" and last(alice)["attempt"]["state"] == "asking"
    world.answer(5)
    world.true_to_the_matrix()
    assert world.sounds(call) == {("p1", "p2"), ("p2", "p1")} and last(alice)["attempt"]["state"] == "consulting"
    ok(world.ask(alice, "swap", call=call.id))
    assert world.sounds(call) == {("customer", "p1"), ("p1", "customer")}
    ok(world.ask(alice, "swap", call=call.id))
    assert world.sounds(call) == {("p1", "p2"), ("p2", "p1")}
    ok(world.ask(alice, "complete", call=call.id))
    assert world.sounds(call) == {("customer", "p2"), ("p2", "customer")}
    assert world.state(1) == "wrap" and call.person == 5 and last(dora)["phase"] == "talking"
    world.consistent()
    world.hang_up(call)
    world.consistent()
    inside = [f.data for f in world.journal.facts if f.kind == "track.started" and f.data["audience"] == "inside"]
    assert {f["party"] for f in inside} == {"p1", "p2"}, "what was said while he was on hold is not for his copy"


def test_a_consultation_can_be_cancelled_completed_early_or_made_a_talk_of_three(world: World) -> None:
    alice, _, call = started(world)
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    ok(world.ask(alice, "cancel", call=call.id))
    assert world.hears(call) == "talk" and world.state(5) == "ready"
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    world.answer(5)
    ok(world.ask(alice, "cancel", call=call.id))
    assert world.hears(call) == "talk" and world.state(5) == "wrap"
    world.clock.advance(31)
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    ok(world.ask(alice, "three_way", call=call.id))
    assert world.hears(call) == "talk"
    world.answer(5)
    assert len(world.sounds(call)) == 6
    ok(world.ask(alice, "hangup", call=call.id))
    assert not call.ended and call.person == 5 and world.hears(call) == "talk"
    world.consistent()
    world.hang_up(call)
    world.consistent()


def test_completing_while_it_still_rings_is_a_blind_transfer(world: World) -> None:
    alice, _, call = started(world)
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    ok(world.ask(alice, "complete", call=call.id))
    assert world.state(1) == "wrap" and call.phase is Phase.TRANSFER and world.hears(call) == "music"
    world.clock.advance(21)
    assert last(alice)["offer"]["how"] == "return"
    world.answer(1)
    assert world.hears(call) == "talk"
    world.hang_up(call)
    world.consistent()


@pytest.mark.parametrize("answered", [False, True])
def test_an_agent_whose_browser_dies_in_a_consultation_leaves_the_customer_with_the_other(
    world: World, answered: bool
) -> None:
    alice, _, call = started(world)
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    if answered:
        world.answer(5)
    channel = call.leg.channel if call.leg else ""
    world.online(1, False)
    world.close_page(alice)
    world.end(channel, 44)
    world.clock.advance(2)
    if not answered:
        assert world.hears(call) == "music"
        world.answer(5)
    assert world.hears(call) == "talk" and call.person == 5
    world.consistent()
    world.hang_up(call)
    world.clock.advance(40)
    world.consistent()


def test_who_is_consulted_hangs_up_and_the_customer_is_back_with_the_first(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    world.answer(5)
    ok(world.ask(dora, "hangup", call=call.id))
    assert world.hears(call) == "talk" and world.state(5) == "wrap" and world.state(1) == "talking"
    assert "Dora" in last(alice, "notice")["text"]["en"]
    world.consistent()
    world.hang_up(call)
    world.consistent()


def test_the_customer_hangs_up_at_every_step_and_everybody_is_free(world: World) -> None:
    alice, dora, _ = started(world)
    world.hang_up(next(iter(world.core.calls.values())))
    for step in ("blind", "asking", "consulting", "inviting", "three"):
        for session in (alice, dora):
            seat = world.core.seats[session.desk.person]
            if seat.call is not None and seat.presence.state == "wrap":
                ok(world.ask(session, "wrap_done", call=seat.call.id))
        call = world.talk()
        how = {"blind": "transfer", "asking": "consult", "consulting": "consult"}.get(step, "invite")
        ok(bring(world, alice, call, how, kind="person", id=5))
        if step in ("consulting", "three"):
            world.answer(5)
        world.hang_up(call)
        assert call.ended and world.state(1) == "wrap", step
        assert world.state(5) == ("wrap" if step in ("consulting", "three") else "ready"), step
        world.consistent()


def test_an_invited_insurer_comes_in_while_the_talk_goes_on_and_leaves_again(world: World) -> None:
    alice, _, call = started(world)
    ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
    assert world.hears(call) == "talk"
    insurer = world.outside_answers()
    assert len(world.sounds(call)) == 6
    parties = {p["id"]: p for p in last(alice)["parties"]}
    assert parties["p2"]["role"] == "outside" and parties["p2"]["state"] == "in" and parties["p1"]["host"]
    world.end(insurer)
    assert world.hears(call) == "talk" and not call.ended
    world.consistent()
    world.hang_up(call)
    world.consistent()
