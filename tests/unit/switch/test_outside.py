"""Calls that agents make, and the headset test."""

from __future__ import annotations

from typing import Any

from dealerline.switch.media import Arrived
from tests.unit.switch.world import World


def dial(world: World, session: Any, number: str = "13900000001") -> Any:
    answer = world.ask(session, "dial", number=number, line=1)
    assert answer["type"] == "ok", answer
    return world.core.calls[answer["call"]]


def test_dialling_rings_the_agent_then_the_number_and_is_recorded(world: World) -> None:
    session = world.sign_in(1)
    call = dial(world, session)
    assert world.state(1) == "outbound" and world.media.legs[world.rings(1)].name == f"dl auto {call.id}"
    world.answer(1)
    assert world.media.legs[call.channel].endpoint == "PJSIP/13900000001@carrier-1"
    world.media.answer(call.channel)
    world.engine.handle(Arrived(call.channel, ("far", call.id)))
    assert world.state(1) == "talking" and world.hears(call) == "talk" and world.media.monitored
    world.hang_up(call)
    assert world.state(1) == "wrap"
    world.ask(session, "wrap_done", call=call.id)
    assert world.state(1) == "ready"


def test_a_busy_number_is_told_in_words_and_the_agent_is_what_he_was(world: World) -> None:
    session = world.sign_in(1, ready=False)
    world.ask(session, "state", state="busy", reason="break")
    call = dial(world, session)
    world.answer(1)
    world.end(call.channel, 17)
    assert world.state(1) == "busy:break"
    gone = session.desk.last("call_gone")  # type: ignore[attr-defined]
    assert gone["text"]["zh"] == "对方忙。"
    ended = next(f for f in world.journal.facts if f.kind == "call.ended")
    assert ended.data == {"by": "carrier", "cause": "busy"}


def test_hanging_up_before_the_number_answers_ends_both(world: World) -> None:
    session = world.sign_in(1)
    call = dial(world, session)
    world.answer(1)
    world.ask(session, "hangup", call=call.id)
    assert call.ended and not world.media.channels and world.state(1) == "ready"


def test_what_cannot_be_dialled_is_said_at_once(world: World) -> None:
    session = world.sign_in(1)
    for number in ("", "12a;", "PJSIP/1", "++1", "1234567890123456"):
        assert world.ask(session, "dial", number=number, line=1)["code"] == "bad_number"
    world.online(1, False)
    assert world.ask(session, "dial", number="13900000001", line=1)["code"] == "no_phone"


def test_a_number_that_rings_only_hears_no_second_call(world: World) -> None:
    session = world.sign_in(1)
    call = dial(world, session)
    assert world.ask(session, "dial", number="13900000002", line=1)["code"] == "in_call"
    waiting = world.ring()
    assert len(world.media.legs) == 1
    world.ask(session, "hangup", call=call.id)
    assert world.rings(1)
    world.hang_up(waiting)


def test_the_headset_test_lets_him_hear_himself_for_ten_seconds(world: World) -> None:
    session = world.sign_in(1)
    answer = world.ask(session, "headset_test")
    channel = world.answer(1)
    assert world.media.did("echo", channel)
    assert session.desk.last("call")["phase"] == "test"  # type: ignore[attr-defined]
    caller = world.ring()
    assert not world.rings(1), "nobody is offered a call while he tests"
    world.clock.advance(10)
    assert answer["call"] not in world.core.calls
    assert world.rings(1)
    world.hang_up(caller)
    assert "call.ended" not in world.journal.kinds(answer["call"])
