"""What agents live through: offers, talks, after-call work, lost pages, second tabs."""

from __future__ import annotations

import pytest

from dealerline.switch.memory import Desk
from tests.unit.switch.world import World


def page(session: object) -> Desk:
    desk = session.desk  # type: ignore[attr-defined]
    assert isinstance(desk, Desk)
    return desk


def test_the_page_knows_the_call_before_and_while_the_phone_rings(world: World) -> None:
    session = world.sign_in(1)
    call = world.ring()
    view = page(session).last("call")
    assert view and view["phase"] == "offered" and view["number"] == "+8613812345678" and view["id"] == call.id
    assert world.media.legs[world.rings(1)].name == f"dl ring {call.id}"
    world.ringing(1)
    assert world.state(1) == "ringing"
    world.hang_up(call)


def test_a_masked_person_sees_the_number_masked(world: World) -> None:
    session = world.sign_in(2)
    call = world.ring()
    view = page(session).last("call")
    assert view and view["number"] == "+86138****5678"
    assert "2345" not in str(page(session).sent)
    world.hang_up(call)


def test_no_answer_puts_the_caller_in_front_and_the_agent_to_busy_with_words(world: World) -> None:
    session = world.sign_in(1)
    call = world.ring()
    other = world.ring()
    world.clock.advance(20)
    assert world.state(1) == "busy:no_answer"
    assert page(session).last("agent")["text"]["en"]  # type: ignore[index]
    assert world.router.callers(10) == [call.id, other.id]
    assert world.hears(call) == "music"
    assert page(session).last("call_gone")
    world.ask(session, "state", state="ready")
    world.answer(1)
    assert world.hears(call) == "talk"
    world.hang_up(call)
    world.hang_up(other)


@pytest.mark.parametrize(
    ("cause", "reason"), [(21, "refused"), (17, "refused"), (19, "no_answer"), (20, "device_lost"), (3, "device_lost")]
)
def test_a_phone_that_ends_the_ringing_tells_why(world: World, cause: int, reason: str) -> None:
    world.sign_in(1)
    call = world.ring()
    world.end(world.rings(1), cause)
    assert world.state(1) == f"busy:{reason}" and world.hears(call) == "music"
    world.hang_up(call)


def test_refusing_offers_the_caller_to_the_next_agent_at_once(world: World) -> None:
    session = world.sign_in(1)
    world.clock.advance(1)
    world.sign_in(2)
    call = world.ring()
    assert world.rings(1)
    assert world.ask(session, "refuse", call=call.id)["type"] == "ok"
    assert world.state(1) == "busy:refused" and world.rings(2)
    world.hang_up(call)
    assert world.state(2) == "ready"


def test_the_longest_idle_agent_is_rung_first(world: World) -> None:
    world.sign_in(2)
    world.clock.advance(5)
    world.sign_in(1)
    call = world.ring()
    assert world.rings(2) and not world.rings(1)
    world.hang_up(call)


def test_after_call_work_ends_by_the_clock_or_by_the_agent_and_can_be_longer(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk()
    world.hang_up(call)
    assert world.state(1) == "wrap"
    view = page(session).last("call")
    assert view and view["phase"] == "wrap" and view["wrap_until"] == world.clock.now() + 30
    world.ask(session, "wrap_more", call=call.id)
    world.clock.advance(80)
    assert world.state(1) == "wrap"
    world.clock.advance(11)
    assert world.state(1) == "ready"
    again = world.talk()
    world.ask(session, "hangup", call=again.id)
    assert again.ended and not world.media.channels
    world.ask(session, "wrap_done", call=again.id)
    assert world.state(1) == "ready"
    assert world.ask(session, "wrap_done", call=again.id)["code"] == "no_call"


def test_a_wish_made_in_a_talk_is_granted_after_the_after_call_work(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk()
    assert world.ask(session, "state", state="busy", reason="break")["type"] == "ok"
    assert world.state(1) == "talking"
    world.hang_up(call)
    world.ask(session, "wrap_done", call=call.id)
    assert world.state(1) == "busy:break"


def test_hold_plays_music_and_mute_is_done_by_the_engine(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk()
    world.ask(session, "hold", call=call.id)
    assert world.hears(call) == "music"
    assert world.ask(session, "hold", call=call.id)["code"] == "not_now"
    world.ask(session, "unhold", call=call.id)
    assert world.hears(call) == "talk"
    world.ask(session, "mute", call=call.id)
    assert call.leg and call.leg.channel in world.media.muted
    world.ask(session, "unmute", call=call.id)
    assert world.ask(session, "keys", call=call.id, digits="12#")["type"] == "ok"
    assert world.ask(session, "keys", call=call.id, digits="12a")["code"] == "bad_digits"
    world.hang_up(call)
    kinds = world.journal.kinds(call.id)
    assert kinds.count("hold.started") == kinds.count("hold.ended") == 1


def test_every_talk_is_recorded_to_its_end_with_each_side_apart(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk()
    (paths,) = world.media.monitored.values()
    assert paths[0].endswith(f"raw/{call.id}-1-agent.wav") and paths[1].endswith(f"raw/{call.id}-1-customer.wav")
    assert page(session).last("call")["recording"] == "on"  # type: ignore[index]
    world.hang_up(call)
    kinds = world.journal.kinds(call.id)
    assert kinds.index("recording.started") < kinds.index("recording.stopped") < kinds.index("call.ended")


def test_a_full_disk_loses_the_recording_not_the_call(world: World) -> None:
    world.engine.recorder.min_free = 1 << 60
    session = world.sign_in(1)
    call = world.talk()
    assert world.hears(call) == "talk" and page(session).last("call")["recording"] == "failed"  # type: ignore[index]
    assert world.core.alarms["disk_low"] and page(session).last("alarm")["code"] == "disk_low"  # type: ignore[index]
    assert "recording.failed" in world.journal.kinds(call.id)
    world.hang_up(call)


def test_a_second_tab_signs_the_first_one_out_and_gets_the_call(world: World) -> None:
    first = world.sign_in(1, tab="one")
    call = world.talk()
    old = call.leg.channel if call.leg else ""
    second = world.sign_in(1, tab="two", ready=False)
    assert page(first).last("signed_out") == {"type": "signed_out", "cause": "duplicate"} and page(first).closed
    assert page(second).sent[0]["calls"][0]["id"] == call.id
    ringing = world.rings(1)
    assert world.media.legs[ringing].name == f"dl auto {call.id}"
    assert world.hears(call) == "talk", "the old page carries the talk until the new one answers"
    world.answer(1)
    assert world.hears(call) == "talk" and old not in world.media.channels
    world.hang_up(call)
    assert world.journal.kinds(call.id).count("recording.started") == 2
    assert world.journal.kinds(call.id).count("recording.stopped") == 2


def test_a_socket_that_is_lost_and_back_leaves_the_talk_alone(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk()
    world.close_page(session)
    world.clock.advance(5)
    assert world.hears(call) == "talk", "sound still comes from the browser"
    world.sign_in(1, ready=False)
    assert world.hears(call) == "talk" and not world.rings(1)
    world.clock.advance(20)
    assert world.state(1) == "talking"
    world.hang_up(call)


def test_a_browser_that_is_gone_gives_the_caller_music_and_a_reload_comes_back_into_the_call(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk()
    world.media.silent.add(call.leg.channel if call.leg else "")
    world.close_page(session)
    world.online(1, False)
    world.clock.advance(6)
    assert call.phase == "reconnecting" and world.hears(call) == "agent_lost.wait"
    world.played(call)
    assert world.hears(call) == "music"
    world.sign_in(1, tab="reloaded", ready=False)
    world.answer(1)
    assert world.hears(call) == "talk" and world.state(1) == "talking"
    assert {"agent.lost", "agent.back"} <= set(world.journal.kinds(call.id))
    world.hang_up(call)


def test_an_agent_who_stays_lost_gives_the_caller_back_in_front(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk()
    waiting = world.ring()
    world.media.silent.add(call.leg.channel if call.leg else "")
    world.close_page(session)
    world.clock.advance(6)
    world.clock.advance(20)
    assert world.router.callers(10) == [call.id, waiting.id]
    assert world.state(1) == "offline" or world.state(1) == "busy:device_lost"
    world.sign_in(2)
    world.answer(2)
    assert world.hears(call) in ("talk",)
    world.hang_up(call)
    world.hang_up(waiting)
    returned = [f.data["reason"] for f in world.journal.facts if f.kind == "queue.returned"]
    assert returned == ["agent_lost"]


def test_a_browser_closed_while_it_rings_gives_the_caller_to_the_next(world: World) -> None:
    session = world.sign_in(1)
    world.clock.advance(1)
    world.sign_in(2)
    call = world.ring()
    world.close_page(session)
    world.clock.advance(2)
    assert world.state(1) == "busy:device_lost" and world.rings(2)
    world.hang_up(call)
    world.clock.advance(10)
    assert world.state(1) == "offline"


def test_a_browser_closed_while_ready_is_never_offered_a_call(world: World) -> None:
    session = world.sign_in(1)
    world.close_page(session)
    call = world.ring()
    assert not world.rings(1)
    world.clock.advance(9)
    assert world.state(1) == "offline"
    world.hang_up(call)


def test_a_page_that_reloads_while_ready_is_ready_again_as_soon_as_its_phone_is(world: World) -> None:
    session = world.sign_in(1)
    world.close_page(session)
    again = world.sign_in(1, tab="reloaded", ready=False)
    assert world.state(1) == "ready"
    call = world.ring()
    assert world.rings(1)
    world.hang_up(call)
    assert page(again).sent[0]["type"] == "welcome"


def test_a_refused_microphone_takes_a_ready_agent_out_with_words(world: World) -> None:
    session = world.sign_in(1)
    world.ask(session, "phone", registered=True, microphone="refused")
    assert world.state(1) == "busy:microphone"
    assert world.ask(session, "state", state="ready")["code"] == "no_phone"


def test_closed_in_after_call_work_the_work_ends_and_he_is_signed_out(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk()
    world.hang_up(call)
    world.close_page(session)
    world.clock.advance(31)
    assert world.state(1) == "offline"


def test_a_browser_hanging_up_by_sip_ends_the_call_when_its_page_lives(world: World) -> None:
    world.sign_in(1)
    call = world.talk()
    world.end(call.leg.channel if call.leg else "")
    assert world.hears(call) == "music"
    world.clock.advance(1)
    assert call.ended and world.state(1) == "wrap"


def test_a_late_answer_after_the_ringing_was_given_up_is_hung_up(world: World) -> None:
    world.sign_in(1)
    call = world.ring()
    channel = world.rings(1)
    leg = world.media.legs[channel]
    world.clock.advance(20)
    world.media.channels[channel] = __import__("dealerline.switch.media", fromlist=["x"]).LiveChannel(
        channel, "x", "Up"
    )
    from dealerline.switch.media import Arrived

    world.engine.handle(Arrived(channel, leg.args))
    assert channel not in world.media.channels and world.hears(call) == "music"
    world.hang_up(call)


def test_somebody_removed_from_the_directory_is_signed_out_in_words(world: World) -> None:
    session = world.sign_in(1)
    from dataclasses import replace

    old = world.directory.snapshot()
    world.directory.set(replace(old, people=tuple(p for p in old.people if p.id != 1)))
    assert page(session).last("signed_out") and page(session).closed and world.state(1) == "offline"


def test_nobody_sees_another_stores_queues_or_people(world: World) -> None:
    session = world.sign_in(3)
    world.ask(session, "board", on=True)
    world.sign_in(1)
    call = world.ring()
    world.clock.advance(2)
    board = page(session).last("board")
    assert board and board["queues"] == [] and [p["id"] for p in board["people"]] == [3]
    assert page(session).last("board_changes") is None
    assert "+8613812345678" not in str(page(session).sent)
    world.hang_up(call)
