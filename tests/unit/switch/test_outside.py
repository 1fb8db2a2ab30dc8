"""Calls that agents make, from the page and from a desk phone, and the headset test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dealerline.domain import permits
from dealerline.switch.directory import DeskPhone, Person
from dealerline.switch.media import Arrived, Device
from tests.unit.switch.world import SECRET, World, snapshot


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


def test_a_call_out_says_what_it_is_for_where_somebody_said_so(world: World) -> None:
    session = world.sign_in(1)
    for purpose, told in (("marketing", "marketing"), ("survey", "survey"), ("service", "service"), ("nonsense", "")):
        shown = permit(world, purpose)
        answer = world.ask(session, "dial", number="13900000001", line=1, purpose=purpose, permit=shown)
        arrived = [fact for fact in world.journal.facts if fact.kind == "call.arrived"]
        assert arrived[-1].data["purpose"] == told
        world.ask(session, "hangup", call=answer["call"])


def permit(world: World, purpose: str, person: int = 1, number: str = "+8613900000001", seconds: float = 60) -> str:
    return permits.make(SECRET, person, number, purpose, world.core.now + seconds)


def test_no_marketing_call_begins_without_a_permission_of_the_records_for_just_that(world: World) -> None:
    session = world.sign_in(1)
    good = permit(world, "marketing")
    until, _, signature = good.partition(".")
    for wrong in ("", "x", good[:-1], f"{int(until) + 1}.{signature}", f"²{good}", permit(world, "survey"),
                  permit(world, "marketing", person=2), permit(world, "marketing", number="+8613900000002"),
                  permit(world, "marketing", seconds=-1), permit(world, "marketing", seconds=3600)):
        answer = world.ask(session, "dial", number="13900000001", line=1, purpose="marketing", permit=wrong)
        assert answer["code"] == "no_permit", wrong
    assert not world.core.calls
    call = world.ask(session, "dial", number="13900000001", line=1, purpose="marketing", permit=good)
    world.ask(session, "hangup", call=call["call"])
    again = world.ask(session, "dial", number="13900000001", line=1, purpose="marketing", permit=good)
    assert again["code"] == "no_permit", "one permission, one call"


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


# a desk phone that dials
# ----------------------------------------------------------------------------------------------------
def at_a_desk_phone(world: World, user: str = "phone-7") -> Any:
    """Alice, signed in on her desk phone, whose SIP user name is ``user``."""
    people = (Person(1, 1, "Alice", "801", ("agent",), (1,), phone=7), *snapshot().people[1:])
    world.directory.set(replace(snapshot(people=people), version=2, phones=(DeskPhone(7, 1, user, "desk"),)))
    session = world.sign_in(1, device="phone", ready=False)
    world.media.online.add("phone-7")
    world.engine.handle(Device("phone-7", True))
    assert world.ask(session, "state", state="ready")["type"] == "ok"
    return session


def lift_and_dial(world: World, number: str, phone: str = "phone-7") -> str:
    """The phone's channel."""
    args = ("desk", number, f"PJSIP/{phone}")
    world.media.arrive("desk-channel", args, phone)
    world.engine.handle(Arrived("desk-channel", args, f"PJSIP/{phone}-1", phone))
    return "desk-channel"


def test_a_desk_phone_that_dials_is_answered_when_the_number_answers(world: World) -> None:
    at_a_desk_phone(world)
    channel = lift_and_dial(world, "13900000001")
    (call,) = world.core.calls.values()
    assert world.state(1) == "outbound" and not world.media.did("answer", channel)
    assert world.media.did("play", channel), "he hears it ringing"
    assert world.media.legs[call.channel].endpoint == "PJSIP/13900000001@carrier-1"
    world.media.answer(call.channel)
    world.engine.handle(Arrived(call.channel, ("far", call.id)))
    assert world.media.did("answer", channel) and world.state(1) == "talking" and world.hears(call) == "talk"
    assert channel in world.media.monitored
    world.end(channel)
    assert world.state(1) == "wrap"


def test_a_desk_phone_with_a_user_name_of_its_own_dials_too(world: World) -> None:
    at_a_desk_phone(world, "reception")
    lift_and_dial(world, "13900000001", "reception")
    (call,) = world.core.calls.values()
    assert call.leg is not None and call.leg.endpoint == "phone-7" and world.state(1) == "outbound"
    world.end(call.channel, 21)


def test_a_busy_number_is_told_to_the_phone_that_dialled_it(world: World) -> None:
    session = at_a_desk_phone(world)
    channel = lift_and_dial(world, "13900000001")
    (call,) = world.core.calls.values()
    world.end(call.channel, 17)
    assert world.media.did("hang_up", channel, 17) and not world.media.did("answer", channel)
    assert session.desk.last("call_gone")["text"]["zh"] == "对方忙。"
    assert world.state(1) == "ready" and not world.core.calls


def test_hanging_up_the_phone_before_the_number_answers_ends_both(world: World) -> None:
    at_a_desk_phone(world)
    channel = lift_and_dial(world, "13900000001")
    world.end(channel)
    assert not world.core.calls and not world.media.channels and world.state(1) == "ready"


def test_a_phone_is_refused_when_nobody_is_signed_in_on_it_or_the_number_is_none(world: World) -> None:
    refused = lift_and_dial(world, "13900000001")
    assert world.media.did("hang_up", refused, 21) and not world.core.calls
    at_a_desk_phone(world)
    for number, phone in (("13900000001", "phone-8"), ("12", "phone-7"), ("", "phone-7")):
        world.media.orders.clear()
        assert world.media.did("hang_up", lift_and_dial(world, number, phone), 21)
    assert not world.core.calls and world.state(1) == "ready"
