"""Back into a conversation that goes on: after a hang-up, after a dead page, not after one was sent out."""

from __future__ import annotations

import pytest

from dealerline.switch.desks import Session
from dealerline.switch.model import Call, Phase
from tests.unit.switch.asking import INSURER, bring, code, kill, last, ok, started
from tests.unit.switch.world import World


def three(world: World) -> tuple[Session, Session, Call]:
    """Alice, Dora and the customer talk."""
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    return alice, dora, call


def offer(session: Session) -> str:
    """The call that his page offers him to come back to."""
    return str((last(session, "agent")["rejoin"] or {}).get("call", ""))


def test_who_hung_up_comes_back_by_himself_and_is_recorded_again(world: World) -> None:
    alice, dora, call = three(world)
    assert offer(dora) == ""
    ok(world.ask(dora, "hangup", call=call.id))
    assert world.state(5) == "wrap" and last(dora)["phase"] == "wrap" and offer(dora) == call.id
    told = last(dora, "agent")["rejoin"]
    assert told["people"] == ["Alice"] and told["number"] == "+8613812345678"
    ok(world.ask(dora, "rejoin", call=call.id))
    leg = world.media.legs[world.rings(5)]
    assert leg.name == f"dl auto {call.id}" and last(dora)["phase"] == "reconnecting" and offer(dora) == ""
    world.answer(5)
    assert world.sounds(call) == {(a, b) for a in ("customer", "p1", "p3") for b in ("customer", "p1", "p3") if a != b}
    assert world.state(5) == "talking" and last(dora)["phase"] == "talking" and last(dora)["me"] == "p3"
    assert call.person == 1 and last(alice)["host"], "the call is still hers who has it"
    world.consistent()
    world.hang_up(call)
    assert world.state(5) == "wrap" and offer(dora) == ""
    world.consistent()
    own = [f for f in world.journal.facts if f.kind in ("talk.started", "talk.ended", "wrap.ended") and f.person == 5]
    assert [f.kind for f in own] == ["talk.started", "talk.ended", "wrap.ended", "talk.started", "talk.ended"]
    assert own[2].data["cause"] == "rejoined"


def test_whose_page_died_comes_back_with_a_new_one(world: World) -> None:
    _, dora, call = three(world)
    world.online(5, False)
    world.close_page(dora)
    world.end(call.labelled("p2"), 44)
    assert world.state(5) == "busy:device_lost" and not call.ended
    dora = world.sign_in(5, tab="new", ready=False)
    assert last(dora, "welcome")["agent"]["rejoin"]["call"] == call.id and not last(dora, "welcome")["calls"]
    ok(world.ask(dora, "rejoin", call=call.id))
    world.answer(5)
    assert len(world.sounds(call)) == 6 and last(dora)["phase"] == "talking"
    world.consistent()
    world.hang_up(call)
    world.clock.advance(40)
    world.consistent()


def test_who_was_signed_out_meanwhile_is_so_again_afterwards(world: World) -> None:
    _, dora, call = three(world)
    ok(world.ask(dora, "hangup", call=call.id))
    ok(world.ask(dora, "state", state="offline"))
    ok(world.ask(dora, "wrap_done", call=call.id))
    assert world.state(5) == "offline" and offer(dora) == call.id
    ok(world.ask(dora, "rejoin", call=call.id))
    world.answer(5)
    view = last(dora)
    assert view["phase"] == "talking" and view["rev"] > last(dora, "call_gone")["rev"]
    ok(world.ask(dora, "hangup", call=call.id))
    ok(world.ask(dora, "wrap_done", call=call.id))
    assert world.state(5) == "offline"
    world.hang_up(call)
    world.consistent()


def test_who_was_sent_out_or_taken_over_from_or_handed_the_call_on_is_not_asked_back(world: World) -> None:
    alice, dora, call = three(world)
    ok(world.ask(alice, "remove", call=call.id, party="p2"))
    assert offer(dora) == "" and code(world.ask(dora, "rejoin", call=call.id)) == "forbidden"
    ok(world.ask(dora, "wrap_done", call=call.id))
    lena = world.sign_in(4)
    ok(world.ask(lena, "supervise", person=1, mode="listen"))
    world.answer(4)
    ok(world.ask(lena, "take_over", call=call.id))
    assert offer(alice) == ""
    ok(bring(world, lena, call, "transfer", kind="person", id=5))
    world.answer(5)
    assert offer(lena) == "" and code(world.ask(lena, "rejoin", call=call.id)) == "forbidden"
    world.hang_up(call)
    assert code(world.ask(lena, "rejoin", call=call.id)) == "no_call"
    world.consistent()


def test_a_locked_conversation_stays_locked_and_what_else_is_in_the_way_is_told(world: World) -> None:
    alice, dora, call = three(world)
    assert code(world.ask(dora, "rejoin", call=call.id)) == "forbidden"
    ok(world.ask(dora, "hangup", call=call.id))
    ok(world.ask(alice, "lock", call=call.id))
    assert code(world.ask(dora, "rejoin", call=call.id)) == "locked"
    ok(world.ask(alice, "unlock", call=call.id))
    ok(world.ask(dora, "phone", registered=False, microphone="ok"))
    assert code(world.ask(dora, "rejoin", call=call.id)) == "no_phone"
    ok(world.ask(dora, "phone", registered=True, microphone="ok"))
    ok(world.ask(dora, "rejoin", call=call.id))
    assert code(world.ask(dora, "rejoin", call=call.id)) == "in_call"
    world.hang_up(call)
    assert world.state(5) == "ready" and "hung up" in last(dora, "call_gone")["text"]["en"]
    world.consistent()


@pytest.mark.parametrize("how", ["silent", "cancelled by the host", "page closed"])
def test_who_does_not_come_after_all_is_what_he_was_and_may_try_again(world: World, how: str) -> None:
    alice, dora, call = three(world)
    ok(world.ask(dora, "hangup", call=call.id))
    ok(world.ask(dora, "rejoin", call=call.id))
    if how == "silent":
        world.clock.advance(21)
        assert "own phone did not answer" in last(dora, "call_gone")["text"]["en"]
    elif how == "page closed":
        world.close_page(dora)
        world.clock.advance(2)
        dora = world.sign_in(5, ready=False)
    else:
        ok(world.ask(alice, "cancel", call=call.id))
    assert world.state(5) == "ready" and len(world.sounds(call)) == 2
    assert not [m for m in alice.desk.sent if m["type"] == "notice"]  # type: ignore[attr-defined]
    ok(world.ask(dora, "rejoin", call=call.id))
    world.answer(5)
    assert len(world.sounds(call)) == 6
    world.hang_up(call)
    world.consistent()


def test_an_agent_comes_back_to_a_customer_whom_he_left_with_somebody_outside(world: World) -> None:
    alice, _, call = started(world)
    ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
    insurer = world.outside_answers()
    ok(world.ask(alice, "hangup", call=call.id))
    assert call.phase is Phase.FORWARDING and offer(alice) == call.id
    ok(world.ask(alice, "rejoin", call=call.id))
    ok(world.ask(alice, "hangup", call=call.id))
    assert not call.ended and world.hears(call) == "talk", "he has thought better of it"
    ok(world.ask(alice, "rejoin", call=call.id))
    world.answer(1)
    assert call.phase is Phase.TALKING and call.person == 1 and last(alice)["host"] and len(world.sounds(call)) == 6
    world.consistent()
    world.end(insurer)
    assert world.hears(call) == "talk" and not call.ended
    ok(world.ask(alice, "hangup", call=call.id))
    assert call.ended and offer(alice) == ""
    world.consistent()


def test_the_offer_outlives_the_switch_and_ends_with_the_conversation(world: World) -> None:
    _, _, call = three(world)
    dora = next(s for s in world.desks.sessions.values() if s.desk.person == 5)
    ok(world.ask(dora, "hangup", call=call.id))
    new, call = kill(world)
    dora = new.sign_in(5, ready=False)
    assert offer(dora) == call.id
    ok(new.ask(dora, "rejoin", call=call.id))
    new.answer(5)
    assert len(new.sounds(call)) == 6
    ok(new.ask(dora, "hangup", call=call.id))
    assert offer(dora) == call.id
    new.hang_up(call)
    assert offer(dora) == ""
    new.clock.advance(60)
    new.consistent()
