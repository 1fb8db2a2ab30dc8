"""An agent who is free is rung for the next caller before anything else is done; an offer always ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from dealerline.domain.facts import Fact
from tests.unit.switch.world import SALES, World, snapshot


def at_once(make: Callable[..., World]) -> World:
    """A queue without after-call work."""
    (queue,) = snapshot().queues
    return make(queues=(replace(queue, wrap_seconds=0),))


def orders_since(world: World, count: int) -> list[Any]:
    return [order[0] for order in world.media.orders[count:]]


def test_the_next_phone_rings_before_the_call_before_is_swept_up_and_before_the_disk(
    make: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = at_once(make)
    world.sign_in(1)
    first = world.talk()
    second = world.ring()
    assert first.leg is not None
    before, write = len(world.media.orders), world.journal.write_many
    rang_first: list[bool] = []

    def noted(facts: Sequence[Fact]) -> None:
        rang_first.append(bool(world.rings(1)))
        write(facts)

    monkeypatch.setattr(world.journal, "write_many", noted)
    world.core.seats[1].device = "phone"  # whose hanging up is meant
    world.end(first.leg.channel)
    assert rang_first == [True]
    orders = orders_since(world, before)
    assert orders[0] == "ring" and {"hang_up", "drop_bridge"} <= set(orders[1:])
    assert first.channel not in world.media.channels and first.ended
    world.core.seats[1].device = "browser"
    world.hang_up(second)


def test_a_phone_is_hung_up_before_it_is_rung_again(make: Callable[..., World]) -> None:
    world = at_once(make)
    world.sign_in(1)
    first = world.talk()
    second = world.ring()
    assert first.leg is not None
    before, leg = len(world.media.orders), first.leg.channel
    world.hang_up(first)
    assert world.rings(1)
    given = [order[:2] for order in world.media.orders[before:]]
    assert given.index(("hang_up", leg)) < given.index(("ring", world.rings(1)))
    world.hang_up(second)


def test_a_caller_is_answered_and_written_down_before_a_phone_rings_for_him(make: Callable[..., World]) -> None:
    world = at_once(make)
    world.sign_in(1)
    call = world.ring(SALES)
    orders = [order[0] for order in world.media.orders if call.channel in order or order[0] == "ring"]
    assert orders.index("answer") < orders.index("ring")
    world.hang_up(call)


def test_a_phone_that_never_says_that_it_rings_is_given_up_when_its_time_is_over(world: World) -> None:
    world.sign_in(1)
    call = world.ring()
    channel = world.rings(1)
    world.clock.advance(19.9)
    assert world.state(1) == "reserved"
    world.clock.advance(0.2)
    assert world.state(1) == "busy:no_answer" and channel not in world.media.channels
    assert world.router.callers(10) == [call.id] and world.hears(call) == "music"
    world.hang_up(call)


@pytest.mark.parametrize("what", ["page reloads", "page stays away", "connection lost", "device comes and goes"])
def test_whatever_happens_while_a_phone_is_silent_nobody_stays_reserved(world: World, what: str) -> None:
    session = world.sign_in(1)
    call = world.ring()
    world.clock.advance(1)
    if what.startswith("page"):
        world.close_page(session)
        if what == "page reloads":
            world.clock.advance(0.5)
            world.sign_in(1, tab="new", ready=False)
    elif what == "connection lost":
        world.lost()
        world.clock.advance(2)
        world.connected()
    else:
        world.online(1, False)
        world.clock.advance(0.5)
        world.online(1)
    world.clock.advance(19.1)
    assert world.state(1) not in ("reserved", "ringing")
    world.hang_up(call)
