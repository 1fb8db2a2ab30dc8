"""What all verbs share: what cannot be, two who act at once, reloads, pauses, and a switch that is killed."""

from __future__ import annotations

from typing import Any

import pytest

from dealerline.switch.model import Phase
from tests.unit.switch.asking import INSURER, HalfWay, bring, code, kill, last, ok, started
from tests.unit.switch.world import SALES, World


def test_what_cannot_be_says_why_and_changes_nothing(world: World) -> None:
    alice, _, call = started(world)
    world.sign_in(2, ready=False)
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("transfer", {"kind": "person", "id": 1}, "oneself"),
        ("transfer", {"kind": "person", "id": 3}, "target_away"),
        ("consult", {"kind": "number", "number": "13812345678"}, "in_it_already"),
        ("invite", {"kind": "number", "number": SALES}, "own_number"),
        ("invite", {"kind": "number", "number": "abc"}, "bad_number"),
        ("consult", {"kind": "line", "id": 2}, "only_transfer"),
        ("consult", {"kind": "queue", "id": 99}, "bad_message"),
        ("transfer", {"kind": "person", "id": "x"}, "bad_message"),
        ("dance", {"kind": "person", "id": 5}, "not_now"),
    ]
    for how, target, why in cases:
        assert code(bring(world, alice, call, how, **target)) == why, target
    for verb in ("complete", "cancel", "three_way", "swap", "record_resume", "take_over"):
        assert code(world.ask(alice, verb, call=call.id)) == "not_now", verb
    assert code(world.ask(alice, "hold", call=call.id, party="p9")) == "not_now"
    assert world.hears(call) == "talk" and call.phase is Phase.TALKING
    world.consistent()


def test_two_who_act_at_once_one_wins_and_the_other_is_told(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    ok(world.ask(alice, "hold", call=call.id))
    assert code(world.ask(dora, "hold", call=call.id)) == "not_now"
    ok(world.ask(dora, "unhold", call=call.id))
    world.sign_in(2)
    ok(bring(world, alice, call, "consult", kind="person", id=2))
    assert code(bring(world, dora, call, "consult", kind="number", number=INSURER)) == "attempt_running"
    world.hang_up(call)
    world.consistent()


def test_a_reload_in_a_conference_comes_back_to_the_same_place(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    old = world.answer(5)
    world.close_page(dora)
    dora = world.sign_in(5, tab="new", ready=False)
    world.answer(5)
    assert len(world.sounds(call)) == 6 and old not in world.media.channels
    assert last(dora)["me"] == "p2"
    world.consistent()
    world.hang_up(call)
    world.consistent()


def test_nothing_is_recorded_while_card_numbers_are_said(world: World) -> None:
    alice, _, call = started(world)
    ok(world.ask(alice, "record_pause", call=call.id))
    assert not world.media.monitored and last(alice)["recording"] == "paused"
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    assert not world.media.tracked
    world.clock.advance(121)
    assert len(world.media.tracked) == 3 and last(alice)["recording"] == "on"
    world.hang_up(call)
    world.consistent()


@pytest.mark.parametrize("step", ["transfer", "consult", "consulting", "swapped", "three", "side", "outside"])
def test_a_switch_killed_in_the_middle_finds_the_talk_whole_or_takes_a_step_back(world: World, step: str) -> None:
    alice, dora, call = started(world)
    consults = {"transfer": "transfer", "consult": "consult", "consulting": "consult", "swapped": "consult"}
    how = consults.get(step, "invite")
    ok(bring(world, alice, call, how, kind="person", id=5))
    if step not in ("transfer", "consult"):
        world.answer(5)
    if step == "swapped":
        ok(world.ask(alice, "swap", call=call.id))
    if step == "side":
        ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
        world.outside_answers()
        ok(world.ask(dora, "aside", call=call.id, parties=["p3", "p2"]))
        world.ears()
    if step == "outside":
        ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
        world.outside_answers()
        ok(world.ask(alice, "hangup", call=call.id))
        ok(world.ask(dora, "hangup", call=call.id))
        assert call.phase is Phase.FORWARDING
    before = world.sounds(call)
    new, call = kill(world)
    new.true_to_the_matrix()
    if step == "transfer":
        assert new.hears(call) == "music" and call.phase in (Phase.QUEUED, Phase.OFFERED)
    elif step == "consult":
        assert new.hears(call) == "music" and call.phase is Phase.HELD
        assert not new.media.playing, "the tone of a phone that rings no more"
        alice = new.sign_in(1, ready=False)
        ok(new.ask(alice, "unhold", call=call.id))
        assert new.hears(call) == "talk"
    else:
        assert len(new.sounds(call)) == len(before)
    new.hang_up(call)
    new.clock.advance(60)
    new.consistent()


@pytest.mark.parametrize("orders", range(9))
@pytest.mark.parametrize("step", ["hold", "unhold", "transfer", "consult", "cancel"])
def test_killed_between_any_two_orders_the_customer_hears_something_until_and_what_he_shall_after(
    world: World, step: str, orders: int
) -> None:
    alice, _, call = started(world)
    if step == "unhold":
        ok(world.ask(alice, "hold", call=call.id))
    if step == "cancel":
        ok(bring(world, alice, call, "consult", kind="person", id=5))
    world.core.media = HalfWay(world.media, orders)  # type: ignore[assignment]
    if step in ("transfer", "consult"):
        ok(bring(world, alice, call, step, kind="person", id=5))
    else:
        ok(world.ask(alice, step, call=call.id))
    if step in ("hold", "transfer", "consult"):
        assert world.hears(call) != "silence"
    new, call = kill(world)
    if call.channel in new.core.by_channel:
        new.true_to_the_matrix()
        assert new.hears(call) in ("talk", "music", "agent_lost.wait")
        new.hang_up(call)
    new.clock.advance(60)
    new.consistent()


def test_a_pause_of_the_recording_outlives_the_switch_and_still_ends(world: World) -> None:
    alice, _, call = started(world)
    ok(world.ask(alice, "record_pause", call=call.id))
    new, call = kill(world)
    assert call.recording_state == "paused" and not new.media.monitored
    new.clock.advance(121)
    assert new.media.monitored and call.recording_state == "on"
    new.hang_up(call)
    new.clock.advance(60)
    new.consistent()
