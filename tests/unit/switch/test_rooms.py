"""Side rooms, and what the host may do."""

from __future__ import annotations

from typing import Any

import pytest

from dealerline.switch.desks import Session
from dealerline.switch.model import Call
from tests.unit.switch.asking import INSURER, bring, code, kill, last, ok, started
from tests.unit.switch.world import World


def test_side_rooms_are_made_moved_between_and_left(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
    world.outside_answers()
    answer = world.ask(dora, "aside", call=call.id, parties=["p3", "p2"])
    assert answer["room"] == "s1"
    world.true_to_the_matrix()
    assert ("p2", "p3") in world.sounds(call) and ("p2", "customer") not in world.sounds(call)
    assert ("customer", "p3") in world.sounds(call)
    assert code(world.ask(dora, "aside", call=call.id, parties=["customer"], room="s1")) == "not_host"
    ok(world.ask(dora, "back", call=call.id))
    assert len(world.sounds(call)) == 12 and not call.ears
    world.consistent()
    assert world.ask(dora, "aside", call=call.id, parties=["p3", "p2"])["room"] == "s1", "the same room once more"
    world.true_to_the_matrix()
    ok(world.ask(dora, "back", call=call.id))
    world.consistent()
    ok(world.ask(alice, "hangup", call=call.id, all=True))
    assert call.ended
    world.clock.advance(40)
    world.consistent()


def aside(world: World, **more: Any) -> tuple[Session, Session, Call, str]:
    """Dora and the insurer are aside from Alice and the customer. The insurer's channel is the last."""
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
    insurer = world.outside_answers()
    ok(world.ask(dora, "aside", call=call.id, parties=["p3", "p2"], **more))
    world.true_to_the_matrix()
    return alice, dora, call, insurer


def loudness(world: World) -> set[int]:
    """Of all ears that somebody hears."""
    return {world.media.volumes.get(ear, 0) for ear in world.media.ears}


def test_a_side_room_hears_the_main_room_as_loud_as_its_members_like(world: World) -> None:
    alice, dora, call, _ = aside(world)
    assert loudness(world) == {0} and last(dora)["main_heard"] == {"s1": "normal"}
    before = world.sounds(call)
    ok(world.ask(dora, "room_volume", call=call.id, room="s1", level="soft"))
    assert loudness(world) == {-4} and world.sounds(call) == before and last(alice)["main_heard"] == {"s1": "soft"}
    ok(world.ask(dora, "room_volume", call=call.id, room="s1", level="off"))
    world.true_to_the_matrix()
    assert ("customer", "p2") not in world.sounds(call) and ("p3", "p2") in world.sounds(call)
    ok(world.ask(alice, "room_volume", call=call.id, room="s1", level="soft"))  # the host may, from outside
    world.true_to_the_matrix()
    assert ("customer", "p2") in world.sounds(call) and loudness(world) == {-4}
    ok(world.ask(dora, "room_volume", call=call.id, room="s1", level="normal"))
    assert loudness(world) == {0}
    told = [f.data["level"] for f in world.journal.facts if f.kind == "room.volume"]
    assert told == ["soft", "off", "soft", "normal"]
    ok(world.ask(dora, "room_volume", call=call.id, room="s1", level="soft"))
    ok(world.ask(dora, "back", call=call.id))
    assert last(dora)["main_heard"] == {}
    ok(world.ask(dora, "aside", call=call.id, parties=["p2"]))
    world.true_to_the_matrix()
    assert loudness(world) == {0}, "another room of that name begins as any does"
    world.consistent()
    world.hang_up(call)
    world.consistent()


@pytest.mark.parametrize(("level", "loud"), [("soft", {-4}), ("off", set[int]())])
def test_a_side_room_can_be_soft_or_deaf_from_its_beginning_and_after_a_restart(
    world: World, level: str, loud: set[int]
) -> None:
    _, dora, call, _ = aside(world, main=level)
    assert loudness(world) == loud
    world.consistent()
    new, call = kill(world)
    new.true_to_the_matrix()
    assert loudness(new) == loud
    dora = new.sign_in(5, ready=False)
    assert last(dora, "welcome")["calls"][0]["main_heard"] == {"s1": level}
    new.hang_up(call)
    new.clock.advance(60)
    new.consistent()


def test_a_guest_left_alone_where_the_main_room_is_not_heard_has_music(world: World) -> None:
    alice, dora, call, insurer = aside(world, main="off")
    ok(world.ask(alice, "hold", call=call.id, party="p2"))
    assert insurer in world.media.music_on
    world.true_to_the_matrix()
    ok(world.ask(alice, "unhold", call=call.id, party="p2"))
    assert insurer not in world.media.music_on
    world.true_to_the_matrix()
    assert ("p2", "p3") in world.sounds(call)
    ok(world.ask(dora, "hangup", call=call.id))
    assert ("customer", "p3") in world.sounds(call), "and one whom all left is in the main room again"
    world.hang_up(call)
    world.consistent()


def test_how_loud_a_room_is_is_not_for_everybody_to_say(world: World) -> None:
    alice, dora, call, _ = aside(world)
    ok(world.ask(alice, "host", call=call.id, party="p2"))
    ask = {"call": call.id, "room": "s1"}
    assert code(world.ask(alice, "room_volume", **ask, level="soft")) == "not_host"
    assert code(world.ask(dora, "room_volume", **ask, level="loud")) == "bad_message"
    assert code(world.ask(dora, "room_volume", call=call.id, room="s2", level="soft")) == "not_now"
    assert code(world.ask(dora, "room_volume", call=call.id, room="main", level="off")) == "not_now"
    assert code(world.ask(dora, "aside", call=call.id, parties=["p1"], room="s1", main="off")) == "bad_message"
    assert last(dora)["main_heard"] == {"s1": "normal"}
    world.hang_up(call)
    world.consistent()


def test_the_host_removes_locks_and_hands_over(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    assert code(world.ask(dora, "lock", call=call.id)) == "not_host"
    ok(world.ask(alice, "lock", call=call.id))
    assert code(bring(world, dora, call, "invite", kind="number", number=INSURER)) == "locked"
    ok(world.ask(alice, "host", call=call.id, party="p2"))
    ok(world.ask(dora, "mute", call=call.id, party="p1"))
    assert ("p1", "customer") not in world.sounds(call)
    ok(world.ask(dora, "unmute", call=call.id, party="p1"))
    ok(world.ask(dora, "remove", call=call.id, party="p1"))
    assert world.state(1) == "wrap" and call.person == 5 and "Dora" in last(alice, "notice")["text"]["en"]
    world.hang_up(call)
    world.consistent()
