"""Callers who keep their place and are rung back: by whom, when, once; through hang-ups, restarts and closing time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dealerline.switch.directory import Carrier, FlowVersion, Hours, Overflow, PromptAudio, Queue
from dealerline.switch.media import Arrived
from dealerline.switch.model import Call
from dealerline.switch.ports import Known
from tests.unit.switch.world import BYE, FLOWS, KEYS, LEAVE, SALES, World, flow, snapshot

MOBILE = "13812345678"
TOLD = (
    "queue.callback", "callback.number", "callback.confirm", "callback.enter", "callback.bad_number",
    "callback.promised", "callback.failed", "callback.soon", "callback.within.long", "callback.opening",
    *(f"callback.within.{n}" for n in (5, 10, 15, 20, 30, 60)), *(f"digit.{n}" for n in range(10)),
    "time.today", "time.tomorrow", *(f"time.hour.{n}" for n in range(24)), "time.minute.0", "time.minute.30",
)  # fmt: skip
LINE = {"type": "queue", "queue": "sales", "on_timeout": "message", "on_empty": "wait", "leave": {"1": "call_me"},
        "offers": "queue.callback"}  # fmt: skip
CALL_ME = {"type": "callback", "next": "bye", "on_fail": "message", "timeout": 5}
SHANGHAI = ZoneInfo("Asia/Shanghai")


def with_callbacks(**changes: Any) -> dict[str, Any]:
    """What a world needs for the flow with a key for being called back."""
    own: FlowVersion = flow(1, line=LINE, call_me=CALL_ME, message=LEAVE, bye=BYE)
    return {
        "flows": tuple(own if f.id == 1 else f for f in FLOWS),
        "prompts": tuple(PromptAudio(k, "zh", 0, f"/p/zh/{k}") for k in (*KEYS, *TOLD)),
        **changes,
    }


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    return make(**with_callbacks())


def wants(world: World, caller: str = MOBILE, keys: str = "11") -> Call:
    """A caller who waits, and keys that; his call goes on."""
    call = world.ring(SALES, caller)
    world.clock.advance(1)
    for key in keys:
        world.key(call, key)
    return call


def promised(world: World, caller: str = MOBILE, keys: str = "11") -> str:
    """He has his promise and has hung up; its id."""
    call = wants(world, caller, keys)
    assert world.hears(call).startswith("callback.promised"), world.hears(call)
    world.hang_up(call)
    return str(told(world)[-1]["callback"])


def busy(world: World) -> Any:
    """Somebody who is signed in and takes no calls."""
    session = world.sign_in(1, ready=False)
    world.ask(session, "state", state="busy", reason="break")
    return session


def told(world: World) -> list[dict[str, Any]]:
    return [f.data for f in world.journal.facts if f.kind == "callback.promised"]


def facts(world: World, kind: str) -> list[dict[str, Any]]:
    return [f.data for f in world.journal.facts if f.kind == f"callback.{kind}"]


def state(world: World, promise: str) -> str:
    found = world.engine.callbacks.open.get(promise)
    return found.state.value if found else "over"


def dialled(world: World) -> str:
    """The channel that rings outside, or nothing."""
    return next((c for c in world.media.legs if c.endswith("-c") and world.media.channels[c].state == "Ringing"), "")


def cancel(world: World, promise: str) -> bool:
    """One of ours takes it back."""
    return bool(world.core.ask(lambda: {"done": world.engine.callbacks.cancel(promise, 4)})["done"])


def picks_up(world: World) -> Call:
    """The customer takes the call-back."""
    channel = dialled(world)
    world.media.answer(channel)
    world.engine.handle(Arrived(channel, world.media.legs[channel].args, channel))
    return world.core.by_channel[channel][0]


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
    world.clock.advance(15 * 3600 + 590)
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


def test_where_all_are_rung_the_first_who_takes_it_has_it(make: Callable[..., World]) -> None:
    world = make(**ruled(strategy="ring_all"))
    world.sign_in(1)
    world.sign_in(2)
    promise = promised(world)
    assert world.rings(1) and world.rings(2) and state(world, promise) == "offered"
    world.answer(2)
    assert not world.rings(1) and world.state(1) == "ready" and state(world, promise) == "dialling"
    world.hang_up(picks_up(world))
    assert len(facts(world, "kept")) == 1


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
