"""What callers live through: every step, and hanging up at each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.switch.world import BROKEN, BYE, CLOSED, DUTY, FLOWS, MENU, MESSAGE, SALES, World, flow


def test_an_unknown_number_is_told_so_and_the_call_is_in_the_journal(world: World) -> None:
    call = world.ring("0100")
    assert world.hears(call) == "error.unknown_number"
    world.played(call)
    assert world.journal.kinds(call.id) == [
        "call.arrived",
        "call.answered",
        "call.unknown_number",
        "flow.ended",
        "call.ended",
    ]


def test_a_number_is_found_however_it_is_written(world: World) -> None:
    for number in (SALES, "+8623888800 01".replace(" ", ""), "00862388880001", "2388880001"):
        call = world.ring(number)
        assert call.line == 1
        world.hang_up(call)


def test_a_closed_line_plays_its_closed_flow(world: World) -> None:
    call = world.ring(CLOSED)
    assert world.hears(call) == "closed.default"
    world.played(call)
    assert call.ended


def test_a_line_whose_flow_is_missing_says_so_in_words(world: World) -> None:
    call = world.ring(BROKEN)
    assert world.hears(call) == "error.technical"
    world.played(call)
    assert call.ended and "flow.error" in world.journal.kinds(call.id)


def test_a_menu_leads_to_the_queue_by_key_while_it_still_plays(world: World) -> None:
    world.sign_in(1)
    call = world.ring(MENU)
    world.key(call, "1")
    assert world.hears(call) == "music" and world.rings(1)
    world.hang_up(call)


def test_silence_and_wrong_keys_end_politely(world: World) -> None:
    call = world.ring(MENU)
    world.key(call, "7")
    assert world.hears(call) == "wrong_key sound:/p/zh/menu.sales".replace("sound:/p/zh/", "")
    world.played(call)
    world.clock.advance(4)
    assert world.hears(call) == "goodbye"
    world.played(call)
    assert call.ended
    assert {"flow.wrong_key", "flow.timeout"} <= set(world.journal.kinds(call.id))


def test_nobody_signed_in_goes_where_the_flow_says(world: World) -> None:
    call = world.ring(MENU)
    world.key(call, "1")
    assert world.hears(call) == "voicemail.leave"
    world.hang_up(call)


def test_a_flow_may_let_callers_wait_although_nobody_is_signed_in(world: World) -> None:
    call = world.ring(SALES)
    assert world.hears(call) == "music"
    world.hang_up(call)
    assert "queue.left" in world.journal.kinds(call.id)


def test_the_last_agent_leaving_sends_the_waiting_where_the_flow_says(world: World) -> None:
    session = world.sign_in(1)
    world.ask(session, "state", state="busy", reason="break")
    call = world.ring(MENU)
    world.key(call, "1")
    assert world.hears(call) == "music"
    world.ask(session, "state", state="offline")
    assert world.hears(call) == "voicemail.leave"
    world.hang_up(call)


def test_a_message_is_left_and_kept_with_its_length(world: World) -> None:
    call = world.ring(MESSAGE)
    world.played(call)
    assert world.hears(call) == "beep"
    world.played(call)
    assert world.hears(call) == "recording"
    world.recorded(7.4)
    assert world.hears(call) == "voicemail.thanks"
    fact = next(f for f in world.journal.facts if f.kind == "voicemail.recorded")
    assert fact.data["seconds"] == 7.4 and fact.data["path"].startswith("voicemail/")
    world.played(call)
    world.played(call)
    assert call.ended


def test_hanging_up_while_leaving_a_message_keeps_the_message(world: World) -> None:
    call = world.ring(MESSAGE)
    world.played(call)
    world.played(call)
    world.hang_up(call)
    world.recorded(5)
    assert "voicemail.recorded" in world.journal.kinds(call.id)


def test_the_caller_hears_his_place_and_the_expected_wait_then_music_again(world: World) -> None:
    session = world.sign_in(1)
    world.ask(session, "state", state="busy", reason="break")
    first, second = world.ring(), world.ring()
    world.clock.advance(6)
    assert world.hears(second).startswith("queue.position.2 queue.wait.")
    world.played(second)
    assert world.hears(second) == "music"
    world.clock.advance(30)
    assert world.hears(second).startswith("queue.position.2")
    world.hang_up(first)
    world.hang_up(second)


def test_an_agent_who_becomes_free_during_an_announcement_answers_at_once(world: World) -> None:
    session = world.sign_in(1, ready=False)
    call = world.ring()
    world.clock.advance(6)
    assert world.hears(call).startswith("queue.position.1")
    world.ask(session, "state", state="ready")
    world.answer(1)
    assert world.hears(call) == "talk"
    world.hang_up(call)
    world.ask(session, "wrap_done", call=call.id)


def test_the_longest_wait_ends_in_the_flows_next_node(world: World) -> None:
    call = world.ring()
    world.clock.advance(301)
    while "voicemail" not in world.hears(call):
        world.played(call)
    left = next(f for f in world.journal.facts if f.kind == "queue.left")
    assert left.data["reason"] == "timeout"
    world.hang_up(call)


def test_a_phone_that_rings_when_the_longest_wait_is_over_may_still_answer(world: World) -> None:
    session = world.sign_in(1, ready=False)
    call = world.ring()
    world.clock.advance(295)
    world.ask(session, "state", state="ready")
    world.clock.advance(10)
    assert world.rings(1)
    world.clock.advance(11)
    assert not world.rings(1) and world.hears(call) == "voicemail.leave"
    world.hang_up(call)


def test_a_key_leaves_the_queue_for_a_message_even_while_a_phone_rings(world: World) -> None:
    world.sign_in(1)
    call = world.ring()
    assert world.rings(1)
    world.key(call, "*")
    assert world.hears(call) == "voicemail.leave" and not world.rings(1)
    assert world.state(1) == "ready"
    world.hang_up(call)


def test_forwarding_to_a_duty_phone_and_its_end(world: World) -> None:
    call = world.ring(DUTY)
    channel = call.forward
    assert world.media.legs[channel].endpoint == "PJSIP/13900001112@carrier-1" and world.hears(call) == "music"
    world.media.answer(channel)
    from dealerline.switch.media import Arrived

    world.engine.handle(Arrived(channel, ("forward", call.id)))
    assert world.hears(call) == "talk"
    world.end(channel)
    assert call.ended


@pytest.mark.parametrize("cause", [17, 19, 21, 1, 38])
def test_a_duty_phone_that_does_not_answer_leads_to_a_message(world: World, cause: int) -> None:
    call = world.ring(DUTY)
    world.end(call.forward, cause)
    assert world.hears(call) == "voicemail.leave"
    world.hang_up(call)


def test_a_caller_who_hangs_up_while_the_duty_phone_rings_ends_both(world: World) -> None:
    call = world.ring(DUTY)
    world.hang_up(call)
    assert not world.media.channels


@pytest.mark.parametrize(
    "step", ["greeting", "collecting", "queue", "ringing", "talking", "held", "message", "announcement"]
)
def test_the_caller_hangs_up_at_any_step_and_nothing_is_left_over(world: World, step: str) -> None:
    session = world.sign_in(1, ready=step in ("ringing", "talking", "held"))
    call = world.ring(MENU if step in ("greeting", "collecting") else MESSAGE if step == "message" else SALES)
    if step in ("collecting", "message"):
        world.played(call)
    if step == "announcement":
        world.clock.advance(6)
    if step in ("talking", "held"):
        world.answer(1)
    if step == "held":
        world.ask(session, "hold", call=call.id)
    world.hang_up(call)
    assert call.ended and world.journal.kinds(call.id)[-1] in ("call.ended", "wrap.started", "agent.state")
    assert world.state(1) == {"talking": "wrap", "held": "wrap", "ringing": "ready"}.get(step, "offline")
    world.clock.advance(60)


def test_two_callers_at_once_reach_two_agents(world: World) -> None:
    world.sign_in(1)
    world.sign_in(2)
    first, second = world.ring(), world.ring()
    world.answer(1)
    world.answer(2)
    assert world.hears(first) == world.hears(second) == "talk"
    world.hang_up(first)
    world.hang_up(second)


def test_a_menu_without_a_time_of_its_own_waits_for_a_key_as_long_as_the_group_says(tmp_path: Path) -> None:
    menu = {"type": "menu", "prompts": "menu.sales", "keys": {"1": "bye"}, "on_timeout": "bye"}
    flows = tuple(flow(2, menu=menu, bye=BYE) if made.id == 2 else made for made in FLOWS)
    world = World(tmp_path, flows=flows, digit_seconds=9)
    call = world.ring(MENU)
    world.played(call)
    world.clock.advance(8.9)
    assert "flow.timeout" not in world.journal.kinds(call.id)
    world.clock.advance(0.2)
    assert "flow.timeout" in world.journal.kinds(call.id)


def test_a_prompt_without_sound_is_a_tone_and_an_alarm_not_silence(world: World) -> None:
    world.directory.set(
        __import__("dataclasses").replace(
            world.directory.snapshot(),
            prompts=tuple(p for p in world.directory.snapshot().prompts if p.key != "menu.sales"),
        )
    )
    call = world.ring(MENU)
    assert world.hears(call) == "tone.missing" and world.core.alarms["prompt_missing"]
    world.hang_up(call)


def test_a_sound_that_cannot_be_played_is_replaced_and_the_flow_goes_on(world: World) -> None:
    from dealerline.switch.media import PlayEnded

    call = world.ring(CLOSED)
    playback = next(iter(world.media.playing))
    world.media.playing.clear()
    world.engine.handle(PlayEnded(playback, failed=True))
    assert "tone.missing" in world.hears(call)
    world.played(call)
    assert call.ended
