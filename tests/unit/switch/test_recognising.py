"""Callers whom the records know: blocked, nuisances, VIPs; and callers whom nobody could ask about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dealerline.switch.memory import Callers
from dealerline.switch.ports import Known
from tests.unit.switch.world import MENU, SALES, World

BAD, RUDE, DEAR = "13800000001", "13800000002", "13800000003"


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    made = make()
    made.engine.recognising.callers = Callers(
        {
            f"+86{BAD}": Known(standing="blocked"),
            f"+86{RUDE}": Known(standing="nuisance"),
            f"+86{DEAR}": Known(7, "vip", owner=2, last=1, named=(2,), standing="vip"),
        },
        slow=True,
    )
    return made


def callers(world: World) -> Callers:
    found = world.engine.recognising.callers
    assert isinstance(found, Callers)
    return found


def test_nobody_waits_for_the_answer(world: World) -> None:
    call = world.ring(SALES, DEAR)
    assert callers(world).asked == [(f"+86{DEAR}", 1)]
    assert call.flow is not None and call.known is None
    callers(world).deliver()
    assert call.known is not None and call.known.named == (2,)
    assert "caller.listed" in world.journal.kinds(call.id)
    world.hang_up(call)


def test_a_blocked_caller_hears_a_polite_sentence_and_is_hung_up(world: World) -> None:
    call = world.ring(MENU, BAD)
    callers(world).deliver()
    assert "caller.refused" in world.hears(call)
    world.played(call)
    assert call.ended
    assert [f.data["reason"] for f in world.journal.facts if f.kind == "flow.ended"] == ["blocked"]


def test_a_blocked_caller_who_waits_already_leaves_the_queue_and_frees_the_phone_that_rings(world: World) -> None:
    world.sign_in(1)
    call = world.ring(SALES, BAD)
    assert world.rings(1)
    callers(world).deliver()
    assert not world.rings(1)
    assert "caller.refused" in world.hears(call)
    assert world.state(1) == "ready"
    world.played(call)
    assert call.ended
    (left,) = [f.data["reason"] for f in world.journal.facts if f.kind == "queue.left"]
    assert left == "blocked"


def test_a_blocked_caller_whom_somebody_talks_with_is_left_to_him(world: World) -> None:
    world.sign_in(1)
    call = world.ring(SALES, BAD)
    world.answer(1)
    callers(world).deliver()
    assert world.hears(call) == "talk"
    world.hang_up(call)


def test_a_known_nuisance_waits_behind_everybody(world: World) -> None:
    world.engine.recognising.callers = known = callers(world)
    first = world.ring(MENU, RUDE)
    known.deliver()
    world.played(first)
    world.key(first, "1")
    if first.phase != "queued":  # what stands between the menu and the queue
        world.played(first)
    second = world.ring(SALES)
    world.sign_in(2)
    assert world.core.seats[2].call is second
    for call in (first, second):
        world.hang_up(call)


def test_a_caller_without_a_number_is_nobody_and_asks_nothing(world: World) -> None:
    call = world.ring(SALES, "anonymous")
    assert callers(world).asked == []
    callers(world).deliver()
    assert call.flow is not None and not call.ended
    world.hang_up(call)


def test_an_answer_that_comes_after_the_call_changes_nothing(world: World) -> None:
    call = world.ring(SALES, BAD)
    world.hang_up(call)
    callers(world).deliver()
    assert call.known is None
