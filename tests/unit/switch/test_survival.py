"""The switch killed, the connection lost, Asterisk dead: who talks goes on talking, and nothing stays open."""

from __future__ import annotations

import pytest

from dealerline.switch.media import Arrived
from tests.unit.switch.world import DUTY, MENU, SALES, World


def test_a_killed_switch_finds_the_conversation_and_its_recording_and_ends_them_properly(world: World) -> None:
    world.sign_in(1)
    call = world.talk()
    world.clock.advance(7)
    new = world.killed()
    assert new.hears(call) == "talk" and new.state(1) == "talking"
    again = new.core.calls[call.id]
    assert again.recording is not None and call.recording is not None and again.recording.id == call.recording.id
    assert again.path == call.path and again.from_number == call.from_number
    new.sign_in(1, ready=False)
    assert not new.rings(1), "the same page has its sound still"
    new.hang_up(again)
    assert new.state(1) == "wrap"
    kinds = new.journal.kinds(call.id)
    assert kinds.count("talk.ended") == kinds.count("recording.stopped") == kinds.count("call.ended") == 1
    new.consistent()


def test_a_caller_on_hold_stays_on_hold(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk()
    world.ask(session, "hold", call=call.id)
    new = world.killed()
    session = new.sign_in(1, ready=False)
    assert new.hears(call) == "music"
    assert new.ask(session, "unhold", call=call.id)["type"] == "ok"
    assert new.hears(call) == "talk"
    new.hang_up(new.core.calls[call.id])
    new.consistent()


def test_waiting_callers_keep_their_order_and_their_music(world: World) -> None:
    first, second = world.ring(), world.ring()
    world.clock.advance(3)
    new = world.killed()
    assert new.router.callers(10) == [first.id, second.id]
    assert new.hears(first) == "music"
    new.sign_in(1)
    new.answer(1)
    assert new.hears(first) == "talk" and new.hears(second) == "music"
    new.hang_up(new.core.calls[first.id])
    new.hang_up(new.core.calls[second.id])
    new.consistent()


def test_a_caller_in_a_menu_hears_it_again(world: World) -> None:
    call = world.ring(MENU)
    world.played(call)
    world.media.playing.clear()
    new = world.killed()
    assert new.hears(call) == "menu.sales"
    new.key(new.core.calls[call.id], "2")
    assert new.hears(call) == "voicemail.leave"
    new.hang_up(new.core.calls[call.id])
    new.consistent()


def test_a_phone_that_rang_is_given_up_and_the_caller_waits_in_his_place(world: World) -> None:
    world.sign_in(1)
    call = world.ring()
    assert world.rings(1)
    new = world.killed()
    assert not new.rings(1) and new.router.callers(10) == [call.id]
    new.sign_in(1)
    new.answer(1)
    assert new.hears(call) == "talk"
    new.hang_up(new.core.calls[call.id])
    new.consistent()


@pytest.mark.parametrize("state", ["talking", "queue", "menu"])
def test_who_hung_up_while_no_switch_watched_is_closed_in_the_journal(world: World, state: str) -> None:
    world.sign_in(1, ready=state == "talking")
    call = world.ring(MENU if state == "menu" else SALES)
    if state == "talking":
        leg = world.answer(1)
        world.media.lose(leg)
    world.media.lose(call.channel)
    new = world.killed()
    kinds = new.journal.kinds(call.id)
    assert kinds[-1] == "call.ended" and not new.core.calls
    if state == "talking":
        assert kinds.count("talk.ended") == kinds.count("recording.stopped") == 1
    if state == "queue":
        assert kinds.count("queue.left") == 1
    new.consistent()


def test_a_caller_who_came_while_no_switch_watched_is_served(world: World) -> None:
    world.media.arrive("new", ("in", SALES, "PJSIP/carrier-1"), "13800000000")
    new = world.killed()
    (call,) = new.core.calls.values()
    assert new.hears(call) == "music"
    new.hang_up(call)
    new.consistent()


def test_an_agent_left_alone_by_a_caller_is_hung_up(world: World) -> None:
    world.sign_in(1)
    call = world.talk()
    world.media.lose(call.channel)
    new = world.killed()
    assert not new.media.channels and not new.media.bridges
    new.consistent()


def test_a_forwarded_caller_goes_on_talking(world: World) -> None:
    call = world.ring(DUTY)
    world.media.answer(call.forward)
    world.engine.handle(Arrived(call.forward, ("forward", call.id)))
    new = world.killed()
    assert new.hears(call) == "talk"
    new.hang_up(new.core.calls[call.id])
    assert not new.media.channels
    new.consistent()


@pytest.mark.parametrize("answers", ["in the last moment of the old switch", "after the new one is there"])
def test_whoever_answers_a_forwarded_call_around_a_kill_talks_with_the_caller_and_the_music_ends(
    world: World, answers: str
) -> None:
    call = world.ring(DUTY)
    late = answers.startswith("after")
    if not late:
        world.media.answer(call.forward)
    new = world.killed()
    assert new.hears(call) == ("music" if late else "talk")
    if late:
        new.media.answer(call.forward)
        new.engine.handle(Arrived(call.forward, ("forward", call.id)))
    assert new.hears(call) == "talk"
    new.consistent()
    new.hang_up(new.core.calls[call.id])
    assert not new.media.channels
    new.consistent()


def test_a_lost_connection_changes_nothing_and_what_was_missed_is_found_out(world: World) -> None:
    world.sign_in(1)
    talking, waiting = world.talk(), world.ring()
    world.lost()
    assert world.core.alarms["media_lost"]
    world.media.lose(waiting.channel)
    world.connected()
    assert world.hears(talking) == "talk" and waiting.ended
    assert not world.core.alarms["media_lost"]
    world.hang_up(talking)


def test_nothing_is_offered_while_the_media_engine_is_away(world: World) -> None:
    session = world.sign_in(1, ready=False)
    call = world.ring()
    world.lost()
    world.ask(session, "state", state="ready")
    assert not world.rings(1)
    world.connected()
    assert world.rings(1)
    world.hang_up(call)


def test_when_asterisk_dies_all_calls_are_ended_and_agents_are_free(world: World) -> None:
    world.sign_in(1)
    session = world.sign_in(2, ready=False)
    talking, waiting = world.talk(), world.ring()
    world.lost()
    world.media.channels.clear()
    world.media.bridges.clear()
    world.connected(restarted=True)
    assert talking.ended and waiting.ended and world.core.alarms["media_died"]
    causes = {f.call: (f.data["by"], f.data["cause"]) for f in world.journal.facts if f.kind == "call.ended"}
    assert set(causes.values()) == {("asterisk", "asterisk_died")}
    assert world.state(1) == "wrap"
    world.clock.advance(31)
    assert world.state(1) == "ready"
    assert session.desk.last("alarm")  # type: ignore[attr-defined]
