"""Whoever carries the phone tonight: rung in turn, confirmed by a key, and a voice message when nobody takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dealerline.switch.directory import Duty, Person
from dealerline.switch.media import Arrived, Digit, PlayEnded
from dealerline.switch.memory import Clock
from dealerline.switch.model import Call
from tests.unit.switch.world import ROSTER, SALES, World

NOW = Clock().now()
FIRST, SECOND, THIRD = "+8613900000001", "+8613900000002", "+8613900000003"


def duty(*numbers: str, begins: float = -3600, ends: float = 3600, store: int = 1, kind: str = "") -> Duty:
    return Duty(store, NOW + begins, NOW + ends, numbers, tuple(range(1, len(numbers) + 1)), kind)


@pytest.fixture
def night(make: Callable[..., World]) -> World:
    return make(duties=(duty(FIRST, SECOND),))


def rung(world: World, call: Call) -> str:
    """The number that rings for him now, as it is dialled."""
    leg = world.media.legs.get(call.forward)
    ringing = leg is not None and world.media.channels.get(call.forward) is not None
    return leg.endpoint.removeprefix("PJSIP/").partition("@")[0] if leg is not None and ringing else ""


def takes(world: World, call: Call) -> str:
    """Somebody takes that phone; he hears the question."""
    channel = call.forward
    world.media.answer(channel)
    world.engine.handle(Arrived(channel, world.media.legs[channel].args, channel))
    return channel


def results(world: World, call: Call) -> list[Any]:
    return [f.data["result"] for f in world.journal.facts if f.kind == "forward.ended" and f.call == call.id]


def test_the_first_in_turn_says_by_a_key_that_it_is_he_and_talks(night: World) -> None:
    call = night.ring(ROSTER)
    assert rung(night, call) == "13900000001"
    assert night.hears(call) == "music"
    channel = takes(night, call)
    assert night.hears(call) == "music", "a voicemail box would have him now"
    assert "agent.confirm" in night.media.playing[next(iter(night.media.playing))][1][0]
    night.engine.handle(Digit(channel, "5"))
    assert night.hears(call) == "music"
    night.engine.handle(Digit(channel, "1"))
    assert night.hears(call) == "talk"
    night.end(channel)
    assert call.ended
    assert results(night, call) == ["ended"]


@pytest.mark.parametrize(("cause", "result"), [(17, "busy"), (19, "no_answer"), (21, "failed"), (27, "failed")])
def test_who_does_not_take_it_is_followed_by_the_next_in_turn_then_by_a_message(
    night: World, cause: int, result: str
) -> None:
    call = night.ring(ROSTER)
    night.end(call.forward, cause)
    assert rung(night, call) == "13900000002"
    assert night.hears(call) == "music"
    night.end(call.forward, 19)
    assert "voicemail.leave" in night.hears(call)
    assert results(night, call)[0] in (result, "rejected")
    assert len(results(night, call)) == 2
    night.hang_up(call)


def test_a_voicemail_box_that_answers_is_passed_over(night: World) -> None:
    call = night.ring(ROSTER)
    channel = takes(night, call)
    for _ in range(3):  # the question, again and again
        playback = next(iter(night.media.playing))
        del night.media.playing[playback]
        night.engine.handle(PlayEnded(playback))
        night.clock.advance(2)
    night.clock.advance(60)
    assert channel not in night.media.channels
    assert rung(night, call) == "13900000002"
    night.hang_up(call)
    assert call.ended and results(night, call) == ["no_answer", "caller_gone"]


def test_who_takes_it_and_puts_it_down_without_a_key_has_not_answered(night: World) -> None:
    call = night.ring(ROSTER)
    night.end(takes(night, call))
    assert results(night, call) == ["no_answer"]
    assert rung(night, call) == "13900000002"
    night.hang_up(call)


def test_a_caller_who_gives_up_stops_the_ringing(night: World) -> None:
    call = night.ring(ROSTER)
    channel = takes(night, call)
    night.hang_up(call)
    assert channel not in night.media.channels
    assert results(night, call) == ["caller_gone"]


@pytest.mark.parametrize(
    "duties",
    [
        (),
        (duty(FIRST, begins=60),),
        (duty(FIRST, ends=-60),),
        (duty(FIRST, store=2),),
        (duty(FIRST, kind="rescue"),),
        (duty(SALES),),  # a line of ours would come back as a new call
        (duty(),),
    ],
)
def test_without_anybody_on_duty_his_flow_goes_on_at_once(make: Callable[..., World], duties: tuple[Duty, ...]) -> None:
    world = make(duties=duties)
    call = world.ring(ROSTER)
    assert "voicemail.leave" in world.hears(call)
    assert [f.data["reason"] for f in world.journal.facts if f.kind == "flow.error"] == ["nobody_on_duty"]
    world.hang_up(call)


def test_those_of_the_lines_own_kind_come_first_and_nobody_is_rung_twice(make: Callable[..., World]) -> None:
    world = make(duties=(duty(FIRST, SECOND), duty(THIRD, FIRST, kind="other")))
    call = world.ring(ROSTER)
    order = []
    while number := rung(world, call):
        order.append(number[-1])
        world.end(call.forward, 19)
        if "voicemail" in world.hears(call):
            break
    assert order == ["3", "1", "2"]
    world.hang_up(call)


def test_the_question_is_asked_in_his_own_language(make: Callable[..., World]) -> None:
    people = (Person(1, 1, "Alice", "801", ("agent",), (1,), language="en"),)
    world = make(duties=(duty(FIRST),), people=people, queues=())
    call = world.ring(ROSTER)
    takes(world, call)
    assert call.duty is not None and call.duty.person == 1
    world.hang_up(call)


@pytest.mark.parametrize("taken", [False, True])
def test_a_restart_while_it_rings_begins_with_the_first_in_turn_again(night: World, taken: bool) -> None:
    call = night.ring(ROSTER)
    night.end(call.forward, 19)
    channel = takes(night, call) if taken else call.forward
    night.dead = True
    again = World(night.folder, night, duties=(duty(FIRST, SECOND),))
    found = again.core.calls[call.id]
    assert channel not in again.media.channels, "nobody is left with a phone that asks no more"
    assert rung(again, found) == "13900000001"
    assert again.hears(found) == "music"
    again.hang_up(found)
    again.consistent()


def test_a_restart_after_the_key_leaves_them_talking(night: World) -> None:
    call = night.ring(ROSTER)
    channel = takes(night, call)
    night.engine.handle(Digit(channel, "1"))
    again = night.killed()
    found = again.core.calls[call.id]
    assert again.hears(found) == "talk"
    again.end(channel)
    assert found.ended
    again.consistent()
