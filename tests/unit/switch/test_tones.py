"""Tones when somebody comes into a conversation of many, or leaves it: who hears them, and that nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from dealerline.switch.desks import Session
from dealerline.switch.media import Failed
from dealerline.switch.model import Call
from tests.unit.switch.asking import INSURER, bring, ok
from tests.unit.switch.world import World, snapshot

ENTER, LEAVE = "conference.enter", "conference.leave"


def centre(folder: Path, when: str, whom: str = "staff") -> tuple[World, Session, Session, Call]:
    """Alice talks with a customer; Dora is ready."""
    world = World(folder, conference_tones=when, conference_tones_for=whom)
    alice, dora = world.sign_in(1), world.sign_in(5)
    return world, alice, dora, world.talk()


def three(folder: Path, when: str, whom: str = "staff") -> tuple[World, Session, Session, Call]:
    """Dora is in it, too, and the tones of that are over."""
    world, alice, dora, call = centre(folder, when, whom)
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    told(world, call)
    return world, alice, dora, call


def told(world: World, call: Call) -> dict[str, str]:
    """Who hears which tone now; then they are over."""
    world.clock.advance(0.4)
    return {call.label_of(party): sound.rpartition("/")[2] for party, sound in world.mouths().items()}


def test_no_tone_unless_it_is_wanted_and_none_while_two_talk(tmp_path: Path) -> None:
    assert (snapshot().conference_tones, snapshot().conference_tones_for) == ("none", "staff")
    world, alice, _, call = centre(tmp_path, "none")
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    assert told(world, call) == {}
    world.hang_up(call)
    world.consistent()
    world, alice, _, call = centre(tmp_path, "both")
    assert told(world, call) == {}, "the customer comes to his agent"
    ok(bring(world, alice, call, "transfer", kind="person", id=5))
    world.answer(5)
    assert told(world, call) == {}, "one follows the other"
    world.hang_up(call)
    world.consistent()


@pytest.mark.parametrize(("whom", "hear"), [("staff", {"p1"}), ("everybody", {"p1", "customer"})])
def test_those_who_were_there_hear_that_somebody_comes(tmp_path: Path, whom: str, hear: set[str]) -> None:
    world, alice, _, call = centre(tmp_path, "entry", whom)
    ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
    world.outside_answers()
    before = world.sounds(call)
    world.clock.advance(0.4)
    assert world.sounds(call) == before, "nobody is cut off"
    assert told(world, call) == dict.fromkeys(hear, ENTER)
    world.consistent()
    assert not world.media.mouths
    world.end(call.labelled("p2"))
    assert told(world, call) == {}, "that he goes is not told"
    world.hang_up(call)
    world.consistent()


def test_that_somebody_goes_is_told_to_those_who_stay(tmp_path: Path) -> None:
    world, _, dora, call = three(tmp_path, "both")
    ok(world.ask(dora, "hangup", call=call.id))
    assert told(world, call) == {"p1": LEAVE}
    world.hang_up(call)
    world.consistent()


def test_rooms_have_their_own_tones(tmp_path: Path) -> None:
    world, alice, dora, call = three(tmp_path, "both", "everybody")
    ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
    world.outside_answers()
    assert told(world, call) == dict.fromkeys(("customer", "p1", "p2"), ENTER)
    ok(world.ask(dora, "aside", call=call.id, parties=["p2"]))
    assert told(world, call) == dict.fromkeys(("customer", "p1", "p3"), LEAVE)
    ok(world.ask(dora, "aside", call=call.id, parties=["p3"], room="s1"))
    assert told(world, call) == {"customer": LEAVE, "p1": LEAVE, "p2": ENTER}
    ok(world.ask(dora, "back", call=call.id))
    assert told(world, call) == dict.fromkeys(("customer", "p1"), ENTER)
    ok(world.ask(alice, "hold", call=call.id))
    assert told(world, call) == {}, "music on hold is no leaving"
    world.hang_up(call)
    world.consistent()


def test_a_lead_who_only_watches_is_not_told_of_and_one_who_barges_in_is(tmp_path: Path) -> None:
    world, _, _, call = centre(tmp_path, "both")
    lena = world.sign_in(4)
    ok(world.ask(lena, "supervise", person=1, mode="listen"))
    world.answer(4)
    assert told(world, call) == {}
    ok(world.ask(lena, "supervise", person=1, mode="barge"))
    assert told(world, call) == {"p1": ENTER}
    world.hang_up(call)
    world.consistent()


def test_a_mouth_that_cannot_be_made_or_whose_end_is_never_told_is_not_left(tmp_path: Path) -> None:
    world, _, dora, call = three(tmp_path, "both", "everybody")
    ok(world.ask(dora, "hangup", call=call.id))
    world.clock.advance(0.4)
    first, second = sorted(world.media.mouths)
    world.media.lose(first)
    world.engine.handle(Failed("mouth", first, 404, "no such channel"))
    world.consistent()
    world.clock.advance(5)
    assert second not in world.media.channels and not call.mouths
    world.hang_up(call)
    world.consistent()


def test_who_hangs_up_in_the_middle_of_a_tone_takes_his_mouth_along(tmp_path: Path) -> None:
    world, alice, dora, call = three(tmp_path, "both", "everybody")
    ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
    insurer = world.outside_answers()
    world.clock.advance(0.4)
    assert len(world.media.mouths) == 3
    ok(world.ask(dora, "hangup", call=call.id))
    assert len(world.media.mouths) == 2
    world.consistent()
    world.end(insurer)
    world.hang_up(call)
    world.consistent()


def test_a_switch_killed_in_the_middle_of_a_tone_leaves_no_mouth_and_a_lost_connection_neither(tmp_path: Path) -> None:
    world, alice, dora, call = three(tmp_path, "both", "everybody")
    ok(world.ask(dora, "hangup", call=call.id))
    world.clock.advance(0.4)
    assert len(world.media.mouths) == 2
    world.lost()
    world.connected()
    assert not world.media.mouths and not call.mouths
    world.consistent()
    world.clock.advance(40)
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    world.clock.advance(0.4)
    assert world.media.mouths
    new = world.killed()
    assert not new.media.mouths
    call = next(iter(new.core.calls.values()))
    new.clock.advance(0.4)
    assert not new.media.mouths, "a restart is no coming"
    new.hang_up(call)
    new.clock.advance(60)
    new.consistent()
