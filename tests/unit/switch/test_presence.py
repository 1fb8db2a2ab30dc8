"""People who are not there, and people who ask to go: what callers, leads and they themselves notice of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dealerline.adapters.seats_file import SeatsFile
from dealerline.switch import tickets
from dealerline.switch.desks import Session
from dealerline.switch.directory import BusyReason
from dealerline.switch.memory import Desk
from tests.unit.switch.world import SALES, SECRET, World

NAME = {"zh": "会议", "en": "meeting"}
REASONS = (BusyReason("break", NAME, 10), BusyReason("meeting", NAME, 30, needs_consent=True))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, reasons=REASONS)


def page(session: Session) -> Desk:
    assert isinstance(session.desk, Desk)
    return session.desk


def told(session: Session, kind: str) -> dict[str, Any]:
    message = page(session).last(kind)
    assert message is not None, f"{kind} was never told"
    return message


def sleeper(world: World, person: int = 1, device: str = "browser") -> Session:
    """A page that promised to be heard every two seconds, with a phone that works."""
    ticket = tickets.make(person, "login", world.clock.now() + 60, SECRET)
    hello = {"type": "hello", "ticket": ticket, "tab": "tab", "device": device, "beat": 2}
    session = world.desks.hello(Desk(person), hello)
    world.online(person)
    world.ask(session, "phone", registered=True, microphone="ok")
    assert world.ask(session, "state", state="ready")["type"] == "ok"
    return session


def awake(world: World, session: Session, seconds: int) -> None:
    for _ in range(0, seconds, 2):
        world.ask(session, "ping")
        world.clock.advance(2)


# pages that sleep ---------------------------------------------------------------------------------------------------
def test_a_page_that_is_heard_of_is_offered_calls_however_long_it_is_quiet(world: World) -> None:
    session = sleeper(world)
    awake(world, session, 120)
    assert world.state(1) == "ready"
    world.ring(SALES)
    assert world.rings(1)


def test_a_sleeping_page_is_noticed_before_the_next_caller_is_offered_to_it(world: World) -> None:
    session = sleeper(world)
    awake(world, session, 10)
    world.clock.advance(7)  # the lid is closed
    assert world.state(1) == "away:asleep"
    assert told(session, "agent")["text"]["en"].startswith("Your page is not heard of")
    world.sign_in(2)
    world.ring(SALES)
    assert world.rings(2) and not world.rings(1)


def test_a_page_that_wakes_up_says_so_and_takes_the_caller_who_waits(world: World) -> None:
    session = sleeper(world)
    world.clock.advance(90)
    assert world.state(1) == "away:asleep"
    call = world.ring(SALES)
    assert world.hears(call) == "music" and not world.rings(1)
    world.ask(session, "ping")
    assert world.rings(1), "he is ready with his first word"
    assert "1 min 2" in told(session, "notice")["text"]["en"]
    causes = [f.data["cause"] for f in world.journal.facts if f.kind == "agent.state"]
    assert causes[-3:] == ["asleep", "returned", "offer"]


def test_a_telephone_rings_whatever_the_page_does_and_a_robot_promised_nothing(world: World) -> None:
    robot = world.sign_in(2)
    world.clock.advance(25)
    assert world.state(2) == "ready" and robot.desk is not None
    seat = world.engine.agents.seat(2)
    seat.beat, seat.device = 2, "phone"
    assert not world.engine.watching.late(seat)


def test_a_switch_that_was_held_up_itself_takes_nobody_for_asleep(world: World) -> None:
    session = sleeper(world)
    awake(world, session, 4)
    world.clock._now += 60  # the whole machine stood still
    world.clock.advance(1)
    assert world.state(1) == "ready"
    world.clock.advance(8)
    assert world.state(1) == "away:asleep", "but then the silence is his"


def test_a_page_promises_no_nonsense(world: World) -> None:
    for beat in (-1, 11, "2", None):
        ticket = tickets.make(1, "login", world.clock.now() + 60, SECRET)
        with pytest.raises(Exception, match="bad_message"):
            world.desks.hello(
                Desk(1), {"type": "hello", "ticket": ticket, "tab": "t", "device": "browser", "beat": beat}
            )


def test_a_page_that_nobody_touches_or_a_locked_screen_is_away_until_somebody_is_there(world: World) -> None:
    session = world.sign_in(1)
    world.ask(session, "present", on=False, why="idle")
    assert world.state(1) == "away:idle"
    world.ask(session, "present", on=False, why="locked")
    assert world.state(1) == "away:locked"
    world.ask(session, "present", on=True)
    assert world.state(1) == "ready"
    assert world.ask(session, "present", on=False, why="weather")["code"] == "bad_message"


def test_a_word_of_a_page_does_not_unlock_the_screen(world: World) -> None:
    session = sleeper(world)
    world.ask(session, "present", on=False, why="locked")
    awake(world, session, 20)
    assert world.state(1) == "away:locked"
    assert world.ask(session, "state", state="ready")["type"] == "ok", "and he may say himself that he is there"
    assert world.state(1) == "ready"


def test_nobody_is_sent_away_from_a_call_or_a_break(world: World) -> None:
    session = sleeper(world)
    world.ask(session, "state", state="busy", reason="break")
    world.ask(session, "present", on=False)
    world.clock.advance(20)
    assert world.state(1) == "busy:break"
    world.ask(session, "state", state="ready")
    world.talk()
    world.ask(session, "present", on=False)
    world.clock.advance(20)
    assert world.state(1) == "talking"


def test_a_colleague_cannot_ring_somebody_who_is_away(world: World) -> None:
    world.sign_in(1)
    other = sleeper(world, 2)
    world.ask(other, "present", on=False)
    rows = {row["id"]: row for row in world.desks.views.colleagues()}
    assert rows[2]["state"] == "away" and not rows[2]["free"] and rows[1]["free"]


def test_a_softphone_that_stays_unregistered_takes_him_out_in_plain_words(world: World) -> None:
    session = world.sign_in(1)
    world.ask(session, "phone", registered=False, microphone="ok")
    world.clock.advance(3)
    world.ask(session, "phone", registered=True, microphone="ok")
    world.clock.advance(10)
    assert world.state(1) == "ready", "a phone that registers anew is back at once"
    world.ask(session, "phone", registered=False, microphone="ok")
    world.clock.advance(9)
    assert world.state(1) == "busy:device_lost"
    assert "before a caller noticed" in told(session, "agent")["text"]["en"]


def test_a_page_whose_network_was_gone_finds_out_why_it_is_offline(world: World) -> None:
    session = world.sign_in(1)
    world.close_page(session)
    world.clock.advance(9)
    assert world.state(1) == "offline"
    back = world.sign_in(1, ready=False)
    assert "lost the server" in page(back).sent[0]["agent"]["text"]["en"]
    world.close_page(back)
    world.clock.advance(9)
    fresh = world.sign_in(1, tab="another", ready=False)
    assert page(fresh).sent[0]["agent"]["text"] is None, "a page opened anew has no past"


def test_who_is_away_is_still_away_after_a_kill(world: World, tmp_path: Path) -> None:
    session = sleeper(world)
    world.ask(session, "present", on=False, why="locked")
    since = world.engine.agents.seat(1).presence.since
    SeatsFile(tmp_path / "agents.json", world.engine).save()
    new = world.killed()
    SeatsFile(tmp_path / "agents.json", new.engine).restore()
    assert new.state(1) == "away:locked" and new.engine.agents.seat(1).presence.since == since


# breaks that need consent -------------------------------------------------------------------------------------------
def asks(world: World, session: Session) -> dict[str, Any]:
    return world.ask(session, "state", state="busy", reason="meeting")


def ends(world: World) -> list[tuple[str, str]]:
    return [(f.data["result"], f.data["cause"]) for f in world.journal.facts if f.kind == "consent.ended"]


def test_who_needs_consent_stays_ready_until_a_lead_of_his_store_grants_it(world: World) -> None:
    alice, lena, charlie = world.sign_in(1), world.sign_in(4), world.sign_in(3)
    assert asks(world, alice) == {"type": "ok", "id": "1", "asked": 1}
    assert world.state(1) == "ready" and told(alice, "agent")["asks"]["reason"] == "meeting"
    (row,) = told(lena, "requests")["requests"]
    assert (row["person"], row["reason"], row["state"]) == (1, "meeting", "ready")
    assert page(charlie).last("requests") is None
    world.clock.advance(5)
    assert world.ask(lena, "consent", person=1, grant=True)["type"] == "ok"
    seat = world.engine.agents.seat(1)
    assert world.state(1) == "busy:meeting" and seat.presence.until == world.clock.now() + 1800
    assert told(alice, "agent")["asks"] is None and told(lena, "requests")["requests"] == []
    assert "Lena has granted" in told(alice, "notice")["text"]["en"]
    assert ends(world) == [("granted", "grant")]


def test_who_is_refused_goes_on_and_is_told(world: World) -> None:
    alice, lena = world.sign_in(1), world.sign_in(4)
    asks(world, alice)
    world.ask(lena, "consent", person=1, grant=False)
    assert world.state(1) == "ready" and told(alice, "notice")["kind"] == "warning"
    assert ends(world) == [("refused", "refuse")]
    assert world.ask(lena, "consent", person=1, grant=True)["code"] == "no_request"


def test_a_colleague_and_the_lead_of_another_store_may_not_answer(world: World) -> None:
    alice, bob, charlie = world.sign_in(1), world.sign_in(2), world.sign_in(3)
    assert asks(world, alice)["asked"] == 0, "nobody is there who could answer, and he is told so"
    for other in (bob, charlie, alice):
        assert world.ask(other, "consent", person=1, grant=True)["code"] == "forbidden"
    assert world.state(1) == "ready" and ends(world) == []


def test_a_lead_asks_nobody_and_a_lead_who_forces_has_consented(world: World) -> None:
    alice, lena = world.sign_in(1), world.sign_in(4)
    assert asks(world, lena) == {"type": "ok", "id": "1"}
    assert world.state(4) == "busy:meeting"
    asks(world, alice)
    assert world.ask(lena, "force", person=1, what="busy", reason="meeting")["type"] == "ok"
    assert world.state(1) == "busy:meeting" and ends(world) == [("withdrawn", "forced")]


def test_a_call_that_comes_takes_the_request_back_and_in_the_call_one_may_ask_anew(world: World) -> None:
    alice, lena = world.sign_in(1), world.sign_in(4)
    asks(world, alice)
    call = world.ring(SALES)
    assert ends(world) == [("withdrawn", "call_offered")] and "A call came" in told(alice, "notice")["text"]["en"]
    world.answer(1)
    asks(world, alice)
    world.ask(lena, "consent", person=1, grant=True)
    assert world.state(1) == "talking", "granted, it is his wish for afterwards"
    world.hang_up(call)
    world.ask(alice, "wrap_done", call=call.id)
    assert world.state(1) == "busy:meeting"


def test_a_request_ends_with_another_wish_a_sign_out_a_lost_page_and_a_changed_reason(world: World) -> None:
    alice = world.sign_in(1)
    asks(world, alice)
    asks(world, alice)  # asked twice is asked once
    world.ask(alice, "take_back")
    asks(world, alice)
    world.ask(alice, "state", state="busy", reason="break")
    asks(world, alice)
    world.ask(alice, "state", state="offline")
    assert asks(world, alice)["code"] == "ask_later"
    world.ask(alice, "state", state="ready")
    asks(world, alice)
    world.close_page(alice)
    world.clock.advance(9)
    alice = world.sign_in(1)
    asks(world, alice)
    world.directory.set(replace(world.core.lookup.snapshot, reasons=REASONS[:1]))
    assert [cause for _, cause in ends(world)] == [
        "takes_back",
        "other_wish",
        "signed_out",
        "signed_out",
        "reason_gone",
    ]


def test_a_request_stands_through_a_reload_and_a_restart_of_the_switch(world: World, tmp_path: Path) -> None:
    alice, lena = world.sign_in(1), world.sign_in(4)
    asks(world, alice)
    world.close_page(alice)
    world.clock.advance(2)
    world.sign_in(1, tab="reloaded", ready=False)
    request = world.engine.agents.seat(1).request
    assert request is not None and world.state(1) == "ready"
    SeatsFile(tmp_path / "agents.json", world.engine).save()
    new = world.killed()
    SeatsFile(tmp_path / "agents.json", new.engine).restore()
    assert new.engine.agents.seat(1).request == request
    lena = new.sign_in(4)
    new.sign_in(1, tab="reloaded", ready=False)
    assert [row["person"] for row in told(lena, "requests")["requests"]] == [1]
    assert new.ask(lena, "consent", person=1, grant=True)["type"] == "ok"
    assert new.state(1) == "busy:meeting"
