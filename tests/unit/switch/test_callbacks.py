"""Callers who keep their place and are rung back: by whom, when, once; through hang-ups and restarts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.switch.calling_back import (
    MOBILE,
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
from tests.unit.switch.world import SALES, World


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    return make(**with_callbacks())


def test_he_keeps_his_place_hangs_up_and_is_rung_by_whoever_takes_it(world: World) -> None:
    session = world.sign_in(1, ready=False)
    first = promised(world)
    later = world.ring(SALES, "13900000002")
    assert world.router.waiting(10) == 2 and world.hears(later) == "music"
    world.ask(session, "state", state="ready")
    assert state(world, first) == "offered" and not dialled(world), "first somebody who talks, then the customer"
    shown = session.desk.last("call")  # type: ignore[attr-defined]
    assert shown["phase"] == "offered" and shown["promise"]["due"] == told(world)[0]["due"]
    assert shown["number"] == "+8613812345678" and shown["direction"] == "out"
    world.answer(1)
    assert world.state(1) == "outbound" and world.media.legs[dialled(world)].endpoint == f"PJSIP/{MOBILE}@carrier-1"
    call = picks_up(world)
    assert world.hears(call) == "talk" and world.state(1) == "talking" and state(world, first) == "over"
    assert session.desk.last("call")["promise"]["tries"] == 0  # type: ignore[attr-defined]
    assert facts(world, "kept")[0]["how"] == "dialled" and facts(world, "kept")[0]["late"] < 0
    world.hang_up(call)
    world.hang_up(later)
    kinds = world.journal.kinds(call.id)
    assert kinds[0] == "call.arrived" and "callback.kept" in kinds and "queue.left" not in kinds


def test_while_he_is_told_when_nobody_is_rung_although_somebody_is_free(world: World) -> None:
    session = world.sign_in(1, ready=False)
    call = wants(world)
    world.ask(session, "state", state="ready")
    assert not world.rings(1)
    world.hang_up(call)
    assert world.rings(1)


def test_the_time_he_is_told_is_the_wait_he_left(world: World) -> None:
    session = busy(world)
    others = [world.ring(SALES, f"1390000000{n}") for n in range(3)]
    call = wants(world)
    assert world.hears(call) == "callback.promised callback.within.15"
    assert told(world)[0]["expected"] == 720.0 and told(world)[0]["due"] == world.clock.now() + 900
    for other in [*others, call]:
        world.hang_up(other)
    world.ask(session, "state", state="offline")
    promised(world, "13700000001")
    assert told(world)[-1]["told"] == ["callback.soon"]


def test_a_number_keyed_by_an_anonymous_caller_is_the_one_that_is_rung(world: World) -> None:
    world.sign_in(1, ready=False)
    call = world.ring(SALES, "anonymous")
    world.key(call, "1")
    assert world.hears(call) == "callback.enter"
    for key in "02188880000#":
        world.key(call, key)
    world.key(call, "1")
    assert told(world)[0]["number"] == "+862188880000" and told(world)[0]["asked_from"] == ""
    world.hang_up(call)
    cancel(world, told(world)[0]["callback"])


def test_our_own_number_and_a_group_without_a_carrier_are_no_promise(make: Callable[..., World]) -> None:
    world = make(**with_callbacks())
    call = wants(world, keys="1202388880001#1")
    assert world.hears(call) == "callback.failed" and not told(world)
    world.played(call)
    assert world.hears(call) == "voicemail.leave"
    world.hang_up(call)
    bare = make(**with_callbacks(carriers=()))
    call = wants(bare)
    assert bare.hears(call) == "callback.failed"
    bare.hang_up(call)


@pytest.mark.parametrize(("cause", "result"), [(17, "busy"), (19, "no_answer"), (21, "rejected"), (38, "failed")])
def test_in_vain_it_is_tried_again_by_the_rule_and_then_left_to_people(world: World, cause: int, result: str) -> None:
    world.sign_in(1)
    promise = promised(world)
    for n in (1, 2, 3):
        world.answer(1)
        world.end(dialled(world), cause)
        assert world.state(1) == "ready" and facts(world, "tried")[-1] == {
            "callback": promise, "call": facts(world, "tried")[-1]["call"], "result": result, "tries": n,
        }  # fmt: skip
        if n < 3:
            assert state(world, promise) == "resting"
            world.clock.advance(599)
            assert not world.rings(1)
            world.clock.advance(2)
            assert world.rings(1)
    assert state(world, promise) == "over" and facts(world, "unreached")[0]["tries"] == 3
    assert world.router.waiting(10) == 0


def test_an_agent_who_does_not_take_it_leaves_it_in_front_for_the_next(world: World) -> None:
    one = world.sign_in(1)
    promise = promised(world)
    caller = world.ring(SALES, "13900000002")
    world.sign_in(2)
    world.answer(2)
    world.ask(one, "refuse", call=next(iter(c.id for c in world.core.calls.values() if c.promise)))
    assert state(world, promise) == "waiting" and world.state(1) == "busy:refused"
    world.ask(one, "state", state="ready")
    assert state(world, promise) == "offered"
    world.answer(1)
    call = picks_up(world)
    world.hang_up(call)
    world.hang_up(caller)


def test_the_agent_gives_up_while_it_rings_and_that_was_a_try(world: World) -> None:
    session = world.sign_in(1)
    promise = promised(world)
    world.answer(1)
    world.ask(session, "hangup", call=next(c.id for c in world.core.calls.values()))
    assert state(world, promise) == "resting" and facts(world, "tried")[0]["result"] == "cancelled"
    assert not world.media.channels and world.state(1) == "ready"
    cancel(world, promise)


@pytest.mark.parametrize("at", ["resting", "waiting", "offered", "dialling"])
def test_he_rings_himself_keeps_his_place_and_is_not_rung_twice(world: World, at: str) -> None:
    session = world.sign_in(1, ready=at not in ("waiting",))
    if at == "resting":
        promise = promised(world)
        world.answer(1)
        world.end(dialled(world), 17)
        world.ask(session, "state", state="busy", reason="break")
    else:
        promise = promised(world)
    if at == "dialling":
        world.answer(1)
    if at == "offered":
        assert world.rings(1)
    assert state(world, promise) == at
    other = None
    if at == "waiting":
        other = world.ring(SALES, "13900000002")
    own = world.ring(SALES, MOBILE)
    if at == "dialling":
        assert state(world, promise) == "dialling"
        world.end(dialled(world), 17)  # engaged: he is ringing us
        assert not facts(world, "tried")
    else:
        assert facts(world, "returned") == [{"callback": promise}]
    assert state(world, promise) in ("returned", "over") and not dialled(world)
    world.ask(session, "state", state="ready")
    world.answer(1)
    assert world.hears(own) == "talk", "before who came between"
    assert facts(world, "kept") == [facts(world, "kept")[0]] and facts(world, "kept")[0]["how"] == "own_call"
    shown = session.desk.last("call")  # type: ignore[attr-defined]
    assert shown["promise"]["own"]
    for call in (own, other):
        if call is not None:
            world.hang_up(call)
    world.clock.advance(3600)
    assert not dialled(world) and not facts(world, "unreached")


def test_he_rings_himself_and_hangs_up_again_so_he_is_rung_after_all(world: World) -> None:
    session = world.sign_in(1, ready=False)
    promise = promised(world)
    own = world.ring(SALES, MOBILE)
    assert state(world, promise) == "returned" and world.router.waiting(10) == 1
    world.hang_up(own)
    assert state(world, promise) == "waiting"
    world.ask(session, "state", state="ready")
    world.answer(1)
    world.hang_up(picks_up(world))


def test_the_same_number_twice_is_one_promise_in_the_older_place(world: World) -> None:
    world.sign_in(1, ready=False)
    promise = promised(world)
    between = world.ring(SALES, "13900000002")
    assert promised(world, MOBILE) == promise
    assert promised(world, "13900000009", f"12{MOBILE}#1") == promise, "another telephone, the same number"
    assert world.router.waiting(10) == 2 and len(world.engine.callbacks.open) == 1
    attempt = next(c for c in world.core.calls.values() if c.promise)
    assert world.router.callers(10) == [attempt.id, between.id]
    world.hang_up(between)
    cancel(world, promise)


def test_who_names_a_number_that_is_promised_already_has_one_promise_in_the_older_place(world: World) -> None:
    busy(world)
    first, second = promised(world, "13900000002"), promised(world, "13700000003")
    own = wants(world, "13700000003", "1213900000002#1")
    assert list(world.engine.callbacks.open) == [first] and facts(world, "cancelled")[0]["callback"] == second
    world.hang_up(own)
    assert state(world, first) == "waiting"
    cancel(world, first)


def test_a_firm_that_rings_from_one_number_is_rung_by_each_of_its_people(world: World) -> None:
    world.sign_in(1, ready=False)
    first = promised(world, "02188880000", "1213900000001#1")
    second = promised(world, "02188880000", "1213900000002#1")
    assert first != second
    firm = world.ring(SALES, "02188880000")
    assert state(world, first) == state(world, second) == "waiting"
    world.hang_up(firm)
    for promise in (first, second):
        cancel(world, promise)


def test_two_at_once_are_rung_by_two(world: World) -> None:
    world.sign_in(1)
    world.sign_in(2)
    promised(world)
    promised(world, "13900000002")
    world.answer(1)
    world.answer(2)
    ringing = sorted(leg.endpoint for c, leg in world.media.legs.items() if c.endswith("-c"))
    assert ringing == ["PJSIP/13812345678@carrier-1", "PJSIP/13900000002@carrier-1"]
    world.hang_up(picks_up(world))
    world.hang_up(picks_up(world))
    assert len(facts(world, "kept")) == 2


def test_an_agent_who_rings_that_number_by_himself_has_kept_it(world: World) -> None:
    session = world.sign_in(1, ready=False)
    promise = promised(world)
    world.ask(session, "state", state="busy", reason="break")
    answer = world.ask(session, "dial", number=MOBILE, line=1)
    assert answer["type"] == "ok"
    world.answer(1)
    call = picks_up(world)
    assert state(world, promise) == "over" and facts(world, "kept")[0]["how"] == "agent"
    world.hang_up(call)


# hang-ups and restarts
# ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("keys", ["1", "12", "12139", "11"])
def test_hanging_up_at_any_step_of_the_dialogue_leaves_nothing_but_a_confirmed_promise(world: World, keys: str) -> None:
    call = wants(world, keys=keys)
    world.hang_up(call)
    assert len(world.engine.callbacks.open) == (keys == "11")
    for promise in list(world.engine.callbacks.open):
        cancel(world, promise)
    assert not world.core.calls and world.router.waiting(10) == 0


@pytest.mark.parametrize("at", ["on the line", "waiting", "offered", "dialling", "resting"])
def test_a_promise_outlives_the_switch_with_its_place_and_its_tries(world: World, at: str) -> None:
    if at in ("offered", "dialling", "resting"):
        world.sign_in(1)
    if at == "on the line":
        call = wants(world)
        promise = told(world)[0]["callback"]
    else:
        promise = promised(world)
    if at in ("dialling", "resting"):
        world.answer(1)
    if at == "resting":
        world.end(dialled(world), 17)
    between = world.ring(SALES, "13900000002") if at == "waiting" else None
    new = world.killed(**with_callbacks())
    if at == "on the line":
        assert state(new, promise) == "promised"
        new.hang_up(new.core.calls[call.id])
    if at == "resting":
        assert state(new, promise) == "resting"
        new.clock.advance(601)
    assert state(new, promise) == "waiting" and not dialled(new)
    new.sign_in(1)
    assert state(new, promise) == "offered"
    new.answer(1)
    new.hang_up(picks_up(new))
    assert facts(new, "kept")[0]["tries"] == (at == "resting")
    if between is not None:
        new.hang_up(new.core.calls[between.id])
    new.consistent()


def test_who_hung_up_while_no_switch_watched_is_rung_all_the_same(world: World) -> None:
    call = wants(world)
    world.media.lose(call.channel)
    new = world.killed(**with_callbacks())
    assert state(new, told(new)[0]["callback"]) == "waiting"
    cancel(new, told(new)[0]["callback"])
    new.consistent()


def test_a_talk_that_had_just_begun_when_the_switch_died_is_a_promise_kept(world: World) -> None:
    world.sign_in(1)
    promised(world)
    world.answer(1)
    call = picks_up(world)
    new = world.killed(**with_callbacks())
    assert new.hears(call) == "talk" and not new.engine.callbacks.open
    assert len(facts(new, "kept")) == 1
    new.sign_in(1, ready=False)
    new.hang_up(new.core.calls[call.id])
    new.consistent()


def test_his_own_call_outlives_the_switch_too(world: World) -> None:
    promise = promised(world)
    own = world.ring(SALES, MOBILE)
    new = world.killed(**with_callbacks())
    assert state(new, promise) == "returned"
    new.sign_in(1)
    new.answer(1)
    assert facts(new, "kept")[0]["how"] == "own_call"
    new.hang_up(new.core.calls[own.id])
    new.consistent()


@pytest.mark.parametrize("at", ["waiting", "offered", "dialling"])
def test_when_asterisk_dies_the_promise_stands(world: World, at: str) -> None:
    session = world.sign_in(1, ready=at != "waiting")
    promise = promised(world)
    if at == "dialling":
        world.answer(1)
    world.lost()
    world.media.channels.clear()
    world.media.bridges.clear()
    world.media.legs.clear()
    world.connected(restarted=True)
    if at != "waiting":
        assert state(world, promise) in ("waiting", "offered") and not facts(world, "tried")
    world.ask(session, "state", state="ready")
    world.answer(1)
    world.hang_up(picks_up(world))
    assert state(world, promise) == "over"


def test_a_kept_file_that_cannot_be_read_costs_only_that_promise(world: World) -> None:
    promise = promised(world)
    world.keeper.save([{"id": "broken"}, *world.keeper.load()])
    new = world.killed(**with_callbacks())
    assert list(new.engine.callbacks.open) == [promise]
    cancel(new, promise)
    new.consistent()
