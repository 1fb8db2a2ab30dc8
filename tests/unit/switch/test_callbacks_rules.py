"""Callers who are to be rung back, under opening hours and their queue's rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from dealerline.switch.directory import Carrier, Hours, Overflow, Queue
from dealerline.switch.ports import Known
from tests.unit.switch.calling_back import (
    MOBILE,
    SHANGHAI,
    busy,
    cancel,
    dialled,
    facts,
    picks_up,
    promised,
    state,
    told,
    wants,
    with_callbacks,
)
from tests.unit.switch.world import SALES, World, snapshot


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    return make(**with_callbacks())


# hours, queues, rules
# ------------------------------------------------------------------------------------------------------------
def daytime(world: World) -> tuple[Hours, ...]:
    """Open from 9 to 18 every day, and it is 17:50 now."""
    wall = datetime.fromtimestamp(world.clock.now(), SHANGHAI).replace(hour=17, minute=50, second=0, microsecond=0)
    world.clock._now = wall.timestamp() + 86400
    made = (Hours(1, tuple((day, 540, 1080) for day in range(7))), Hours(2, ()))
    world.directory.set(snapshot(**with_callbacks(hours=made)))
    return made


def test_the_line_closes_first_so_he_is_told_the_next_opening_and_rung_then(world: World) -> None:
    daytime(world)
    session = busy(world)
    others = [world.ring(SALES, f"1390000000{n}") for n in range(4)]
    call = wants(world)
    assert world.hears(call) == "callback.promised callback.opening time.tomorrow time.hour.9 time.minute.0"
    for each in [*others, call]:
        world.hang_up(each)
    promise = told(world)[0]["callback"]
    world.ask(session, "state", state="ready")
    assert state(world, promise) == "resting" and not world.rings(1)
    world.clock.jump(15 * 3600 + 590)
    assert not world.rings(1)
    world.clock.advance(12)
    assert state(world, promise) == "offered"
    world.answer(1)
    world.hang_up(picks_up(world))
    assert facts(world, "kept")[0]["late"] < 0


def test_a_promise_that_waits_at_closing_time_rests_until_the_next_opening(world: World) -> None:
    daytime(world)
    session = world.sign_in(1, ready=False)
    promise = promised(world)
    assert state(world, promise) == "waiting"
    world.clock.advance(601)
    assert state(world, promise) == "resting" and world.router.waiting(10) == 0
    world.ask(session, "state", state="ready")
    assert not world.rings(1)
    always = (Hours(1, tuple((day, 0, 1440) for day in range(7))), Hours(2, ()))
    world.directory.set(snapshot(**with_callbacks(hours=always)))
    assert state(world, promise) == "offered", "new hours count at once"
    world.answer(1)
    world.hang_up(picks_up(world))


def test_a_queue_that_is_removed_leaves_its_promises_to_people(world: World) -> None:
    session = world.sign_in(1, ready=False)
    waiting, offered = promised(world), ""
    world.ask(session, "state", state="ready")
    world.sign_in(2, ready=False)
    offered, waiting = waiting, promised(world, "13900000002")
    assert (state(world, offered), state(world, waiting)) == ("offered", "waiting")
    world.directory.set(snapshot(**with_callbacks(queues=(Queue(11, 1, "other", {"zh": "", "en": ""}, ()),))))
    assert state(world, waiting) == "over"
    world.ask(session, "refuse", call=next(c.id for c in world.core.calls.values()))
    assert [f["reason"] for f in facts(world, "unreached")] == ["no_queue", "no_queue"]
    assert world.core.metrics.errors == 0


def test_the_groups_rules_say_how_often_and_after_how_long(make: Callable[..., World]) -> None:
    world = make(**with_callbacks(callback_tries=2, callback_minutes=3))
    world.sign_in(1)
    promise = promised(world)
    world.answer(1)
    world.end(dialled(world), 17)
    world.clock.advance(181)
    world.answer(1)
    world.end(dialled(world), 17)
    assert state(world, promise) == "over" and len(facts(world, "unreached")) == 1


def test_the_key_for_it_is_told_with_the_place(world: World) -> None:
    call = world.ring()
    world.clock.advance(6)
    assert world.hears(call).endswith("queue.thanks queue.callback")
    world.hang_up(call)


def test_it_is_cancelled_by_one_of_ours_whatever_it_is_doing(world: World) -> None:
    session = world.sign_in(1)
    promise = promised(world)
    world.answer(1)
    assert cancel(world, promise) and not cancel(world, promise)
    assert not world.media.channels and world.state(1) == "ready"
    assert facts(world, "cancelled") == [{"callback": promise, "by": "4"}]
    promise = promised(world)
    assert world.rings(1)
    cancel(world, promise)
    assert not world.rings(1) and world.state(1) == "ready"
    assert session.desk.last("call_gone")  # type: ignore[attr-defined]


def test_the_carrier_is_the_lines_own_and_his_path_comes_along(make: Callable[..., World]) -> None:
    lines = tuple(replace(line, carrier=2, caller_id="02388880099") for line in snapshot().lines)
    carriers = (Carrier(1, "a", "127.0.0.1"), Carrier(2, "b", "127.0.0.1"))
    world = make(**with_callbacks(lines=lines, carriers=carriers))
    world.sign_in(1)
    promised(world)
    world.answer(1)
    leg = world.media.legs[dialled(world)]
    assert leg.endpoint == f"PJSIP/{MOBILE}@carrier-2" and leg.number == "02388880099"
    world.hang_up(picks_up(world))


def test_a_promise_rings_at_all_and_whoever_is_first_dials_the_customer(make: Callable[..., World]) -> None:
    sales = replace(snapshot().queues[0], strategy="ring_all")
    world = make(**with_callbacks(queues=(sales,)))
    pages = [world.sign_in(person, ready=False) for person in (1, 2)]
    promise = promised(world)
    for page in pages:
        world.ask(page, "state", state="ready")
    assert world.rings(1) and world.rings(2) and state(world, promise) == "offered"
    world.answer(2)
    assert world.state(2) == "outbound" and world.state(1) == "ready" and not world.rings(1)
    call = picks_up(world)
    assert world.hears(call) == "talk" and facts(world, "kept")[0]["how"] == "dialled"
    world.hang_up(call)


def test_a_promise_may_be_kept_by_another_store_but_is_taken_to_no_number(make: Callable[..., World]) -> None:
    rules = (Overflow("waited", 30, "queue", 20), Overflow("waited", 60, "number", number="13900000009"))
    sales = replace(snapshot().queues[0], overflow=rules)
    experts = replace(sales, id=20, store=2, code="experts", agents=(3,), overflow=())
    world = make(**with_callbacks(queues=(sales, experts)))
    busy(world)
    promise = promised(world)
    world.clock.advance(90)
    assert world.router.waiting(10) == 1 and not [c for c in world.media.legs if "-f" in c]
    world.sign_in(3)
    assert world.rings(3) and state(world, promise) == "offered"
    world.answer(3)
    call = picks_up(world)
    world.hang_up(call)
    assert "queue.overflow" not in world.journal.kinds(call.id)


# the queue's rules
# ------------------------------------------------------------------------------------------------------------
def ruled(**changes: Any) -> dict[str, Any]:
    """The world with these rules on its queue."""
    (queue,) = snapshot().queues
    return with_callbacks(queues=(replace(queue, **changes),))


def test_a_rule_that_sends_him_to_a_call_back_asks_for_his_number(make: Callable[..., World]) -> None:
    world = make(**ruled(overflow=(Overflow("waited", 60, "callback"),)))
    busy(world)
    call = world.ring()
    world.clock.advance(61)
    if world.hears(call).startswith("queue."):
        world.played(call)
    assert world.hears(call).startswith("callback.number"), world.hears(call)
    world.key(call, "1")
    left = [f.data["reason"] for f in world.journal.facts if f.kind == "queue.left"]
    assert left == ["overflow"] and len(told(world)) == 1
    world.hang_up(call)
    cancel(world, told(world)[0]["callback"])


def test_where_the_flow_knows_no_call_back_the_rule_ends_the_waiting(make: Callable[..., World]) -> None:
    (queue,) = snapshot().queues
    world = make(queues=(replace(queue, overflow=(Overflow("waited", 60, "callback"),)),))
    busy(world)
    call = world.ring()
    world.clock.advance(61)
    while "voicemail" not in world.hears(call):
        world.played(call)
    world.hang_up(call)


@pytest.mark.parametrize("to", ["number", "voicemail", "callback"])
def test_a_promise_that_waits_is_sent_nowhere_by_a_rule(make: Callable[..., World], to: str) -> None:
    world = make(**ruled(overflow=(Overflow("waited", 60, to, number="13900000009"),)))
    session = busy(world)
    promise = promised(world)
    world.clock.advance(200)
    assert state(world, promise) == "waiting" and not world.media.channels
    world.ask(session, "state", state="ready")
    world.answer(1)
    world.hang_up(picks_up(world))
    assert "queue.overflow" not in world.journal.kinds()


def test_a_promise_has_its_customers_level_as_well(make: Callable[..., World]) -> None:
    world = make(**with_callbacks(levels=(("gold", 3),)))
    world.callers.known["+8613900000002"] = Known(level="gold")
    busy(world)
    earlier = world.ring()
    promise = promised(world, "13900000002")
    attempt = next(c for c in world.core.calls.values() if c.promise)
    assert world.router.callers(10) == [attempt.id, earlier.id]
    cancel(world, promise)
    world.hang_up(earlier)
