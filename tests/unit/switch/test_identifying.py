"""Callers who key who they are: who they then wait for, what the agent sees, and records that do not answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dealerline.switch import state
from dealerline.switch.memory import Callers
from dealerline.switch.model import Call
from dealerline.switch.ports import Known
from tests.unit.switch.world import BYE, FLOWS, LEAVE, SALES, World, flow, snapshot

NODE = {"type": "identify", "prompts": "menu.sales", "found": "line", "not_found": "message", "on_timeout": "bye",
        "tries": 1}  # fmt: skip
LINE = {"type": "queue", "queue": "sales", "on_timeout": "message", "on_empty": "wait"}
CAR_OWNER = Known(7, "vip", owner=2, last=1, by="plate", car=70)


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    own = flow(1, who=NODE, line=LINE, message=LEAVE, bye=BYE)
    queues = tuple(replace(queue, sticky="last", sticky_seconds=60.0) for queue in snapshot().queues)
    made = make(flows=tuple(own if f.id == 1 else f for f in FLOWS), queues=queues, levels=(("vip", 30),))
    made.engine.recognising.callers = Callers(
        {"+8613800000002": Known(standing="nuisance"), "+8613800000003": Known(9, "gold")},
        keyed={"12345": CAR_OWNER, "77777": Known(among=(7, 9)), "88888": "unanswered"},
    )
    return made


def keyed(world: World, digits: str, caller: str = "13812345678") -> Call:
    call = world.ring(SALES, caller)
    assert world.hears(call) == "menu.sales"
    for digit in f"{digits}#":
        world.key(call, digit)
    return call


def facts(world: World, call: Call) -> list[dict[str, Any]]:
    return [f.data for f in world.journal.facts if f.call == call.id and f.kind == "caller.identified"]


def test_who_keys_the_digits_of_his_plate_waits_as_the_one_he_is(world: World) -> None:
    world.sign_in(2)
    world.sign_in(1)
    call = keyed(world, "12345")
    assert call.known == CAR_OWNER
    assert world.engine.recognising.level(call) == 30
    assert world.rings(1), "whom he last spoke with, though the other has been idle for longer"
    assert facts(world, call) == [{"result": "found", "way": "plate", "customer": 7}]
    assert not any("12345" in str(f.data) for f in world.journal.facts if f.kind.startswith(("flow.", "caller.")))
    view = world.desks.views.call(call, 1)
    assert view["keyed"] == {"customer": 7, "car": 70, "by": "plate", "among": [], "digits": ""}
    world.hang_up(call)


@pytest.mark.parametrize(
    ("digits", "result", "hears"),
    [
        ("54321", "not_found", "voicemail.leave"),
        ("77777", "several", "voicemail.leave"),
        ("88888", "unanswered", "goodbye"),
    ],
)
def test_digits_that_mean_nobody_or_several_or_are_not_answered_lead_on(
    world: World, digits: str, result: str, hears: str
) -> None:
    call = keyed(world, digits)
    assert world.hears(call) == hears and call.known is not None and not call.known.customer
    assert facts(world, call) == [{"result": result, "way": "", "customer": 0}]
    world.hang_up(call)


@pytest.mark.parametrize(
    ("digits", "keyed_in"),
    [
        ("77777", {"customer": None, "car": None, "by": "several", "among": [7, 9], "digits": "77777"}),
        ("54321", {"customer": None, "car": None, "by": "nobody", "among": [], "digits": "54321"}),
    ],
)
def test_where_they_do_not_say_who_he_is_the_agent_sees_the_digits_and_of_several_whom_they_mean(
    world: World, digits: str, keyed_in: dict[str, Any]
) -> None:
    callers = world.engine.recognising.callers
    assert isinstance(callers, Callers)
    callers.slow = True
    call = keyed(world, digits)
    callers.answers.reverse()
    callers.deliver()  # what his number says comes last
    assert world.desks.views.call(call, 1)["keyed"] == keyed_in
    after = world.killed()
    (again,) = after.core.calls.values()
    assert after.desks.views.call(again, 1)["keyed"] == keyed_in
    after.hang_up(again)


def test_whom_his_number_tells_is_not_asked(world: World) -> None:
    call = world.ring(SALES, "13800000003")
    assert call.phase == "queued" and call.known is not None and facts(world, call) == []
    world.sign_in(1)
    assert world.desks.views.call(call, 1)["keyed"] is None
    world.hang_up(call)


def test_what_the_number_is_listed_as_holds_for_whoever_he_says_he_is(world: World) -> None:
    call = keyed(world, "12345", "13800000002")
    assert call.known is not None and (call.known.customer, call.known.standing) == (7, "nuisance")
    assert world.engine.recognising.level(call) < 0
    world.hang_up(call)


def test_an_answer_about_his_number_that_comes_later_does_not_take_his_identity(world: World) -> None:
    callers = world.engine.recognising.callers
    assert isinstance(callers, Callers)
    callers.slow = True
    call = keyed(world, "12345", "13800000003")
    assert call.known is None
    number, plate = callers.answers
    plate()
    number()
    assert call.known is not None and (call.known.customer, call.known.by) == (7, "plate")
    world.hang_up(call)


def test_an_answer_that_comes_after_the_call_changes_nothing(world: World) -> None:
    callers = world.engine.recognising.callers
    assert isinstance(callers, Callers)
    callers.slow = True
    call = keyed(world, "12345")
    world.hang_up(call)
    callers.deliver()
    assert call.known is None and facts(world, call) == []


def test_without_anybody_to_ask_he_goes_on(world: World) -> None:
    world.engine.recognising.callers = None
    call = keyed(world, "12345")
    assert world.hears(call) == "goodbye"
    world.hang_up(call)


def test_a_restarted_switch_knows_him_still(world: World) -> None:
    call = keyed(world, "12345")
    after = world.killed()
    (again,) = after.core.calls.values()
    assert again.id == call.id and again.known == CAR_OWNER
    after.hang_up(again)


def test_what_an_older_switch_wrote_of_him_is_read(world: World) -> None:
    call = world.ring(SALES, "13800000003")
    packed = state.pack(call) | {"sq": 0, "bt": []}
    packed["kn"] = packed["kn"][:6]
    older = state.unpack(call.id, call.channel, packed, 0).known
    assert older == Known(9, "gold")
    world.hang_up(call)
