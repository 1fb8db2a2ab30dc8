"""A thousand callers in ten seconds, and all agents gone at once: nobody is forgotten, nobody is served out of turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.unit.switch.world import MENU, SALES, World, snapshot

Make = Callable[..., World]
CALLERS = 1000


def rush(world: World, to: str = SALES) -> list[str]:
    """They ring within ten seconds. Their calls, in the order in which they came."""
    calls = []
    for number in range(CALLERS):
        calls.append(world.ring(to, f"139{number:08}").id)
        world.clock.advance(10 / CALLERS)
    return calls


def patient(make: Make) -> World:
    """A queue that says nothing meanwhile and in which everybody may wait as long as he likes."""
    (sales,) = snapshot().queues
    return make(queues=(replace(sales, announce_seconds=0, max_wait_seconds=0, wrap_seconds=0),))


def test_a_thousand_callers_in_ten_seconds_are_answered_in_the_order_in_which_they_came(make: Make) -> None:
    world = patient(make)
    world.sign_in(1)
    calls = rush(world)
    assert world.router.waiting(10) == CALLERS - 1, "and one phone rings"
    answered = []
    for _ in range(30):
        world.answer(1)
        seat = world.core.seats[1]
        assert seat.call is not None
        answered.append(seat.call.id)
        world.hang_up(seat.call)
    assert answered == calls[:30]
    for call in calls[30:]:
        world.hang_up(world.core.calls[call])
    assert world.router.waiting(10) == 0 and not world.core.calls
    world.consistent()


def test_when_every_agent_is_gone_at_once_those_who_would_not_wait_in_vain_go_on_and_the_others_keep_their_place(
    make: Make,
) -> None:
    (sales,) = snapshot().queues
    world = make(queues=(replace(sales, announce_seconds=0, max_wait_seconds=0),))
    pages = [world.sign_in(person) for person in (1, 2)]
    stays = [world.ring(SALES, f"138{n:08}") for n in range(40)]  # their flow waits also where nobody is
    goes = [world.ring(MENU, f"137{n:08}") for n in range(40)]
    for call in goes:
        world.key(call, "1")
    assert world.router.waiting(10) == 78 and world.rings(1) and world.rings(2)
    for page in pages:
        world.ask(page, "state", state="offline")
        world.close_page(page)
    world.clock.advance(60)
    assert world.router.callers(10) == [call.id for call in stays]
    assert all("voicemail.leave" in world.hears(call) or world.hears(call) == "recording" for call in goes)
    world.sign_in(2)
    world.answer(2)
    assert world.core.seats[2].call is stays[0], "who came first is first"
    for call in [*stays, *goes]:
        world.hang_up(call)
    world.clock.advance(60)
    world.consistent()
