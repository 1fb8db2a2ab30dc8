"""Pages of whoever is signed in: what they are told by his rights, and when they are sent away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dealerline.switch import tickets
from dealerline.switch.desks import Session
from dealerline.switch.directory import Viewer
from dealerline.switch.memory import Desk
from dealerline.switch.model import Refused
from tests.unit.switch.world import SALES, SECRET, World, snapshot

CUSTOMERS, LEADS = "customers.view", "leads.view"
AGENT = Viewer(1, "agent", 1, desk=True, board=True, hears=((CUSTOMERS, (1,)), (LEADS, (1,))))
SALESMAN = Viewer(7, "salesman", 1, hears=((CUSTOMERS, (1, 2)), (LEADS, (1,))))
EDITOR = Viewer(2, "editor", 1, board=True)


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    return make(viewers=(AGENT, SALESMAN, EDITOR))


def page(world: World, person: int, *, watch: bool = True, session: str = "", **more: object) -> Session:
    ticket = tickets.make(person, "login", world.clock.now() + 60, SECRET, session)
    return world.desks.hello(Desk(person), {"ticket": ticket, "tab": "tab", "watch": watch, **more})


def sent(session: Session, *kinds: str) -> list[dict[str, Any]]:
    assert isinstance(session.desk, Desk)
    return [message for message in session.desk.sent if not kinds or message["type"] in kinds]


def changes(world: World, permission: str, store: int, *sessions: Session) -> list[bool]:
    """Who of them is told that something was changed."""
    before = [len(sent(session, "record.changed")) for session in sessions]
    world.desks.tell_changed(permission, store, {"type": "record.changed", "kind": "lead", "id": "5"})
    return [len(sent(one, "record.changed")) > count for one, count in zip(sessions, before, strict=True)]


def test_a_change_is_told_to_who_may_see_it_there_and_to_nobody_else(world: World) -> None:
    agent, salesman, editor = world.sign_in(1), page(world, 7), page(world, 2)
    assert changes(world, LEADS, 1, agent, salesman, editor) == [True, True, False]
    assert changes(world, LEADS, 2, agent, salesman, editor) == [False, False, False]
    assert changes(world, CUSTOMERS, 2, agent, salesman, editor) == [False, True, False]
    assert changes(world, "messages.view", 1, agent, salesman, editor) == [False, False, False]
    world.close_page(salesman)
    assert changes(world, LEADS, 1, agent, salesman) == [True, False]


def test_who_has_neither_desk_nor_board_is_told_of_changes_only(world: World) -> None:
    salesman = page(world, 7)
    (welcome,) = sent(salesman)
    assert welcome["sip"] is None and welcome["person"]["name"] == "salesman"
    assert [welcome[part] for part in ("queues", "lines", "stores", "calls")] == [[], [], [], []]
    call = world.ring(SALES)
    world.core.alarm("journal", True)
    world.clock.advance(3)
    assert sent(salesman) == [welcome]
    for kind in ("board", "colleagues", "waiting", "explain", "dial"):
        assert world.ask(salesman, kind, on=True)["code"] == "forbidden"
    assert world.ask(salesman, "ping")["type"] == "pong"
    assert world.state(7) == "offline" and 7 not in world.core.seats
    world.hang_up(call)


def test_a_page_that_wants_nothing_else_is_told_of_changes_only_whatever_its_person_may(world: World) -> None:
    outside = page(world, 1, news=True)
    world.sign_in(1)
    call = world.ring(SALES)
    world.clock.advance(3)
    assert [message["type"] for message in sent(outside)] == ["welcome"]
    assert changes(world, LEADS, 1, outside) == [True]
    world.hang_up(call)


def test_what_is_not_about_a_call_is_told_on_every_page_of_his(world: World) -> None:
    desk, telephone, other = world.sign_in(1), page(world, 1, news=True), page(world, 7)
    text = {"zh": "3 条线索交给了您。", "en": "3 leads were given to you."}
    world.desks.tell_person(1, text, "info")
    told = {"type": "notice", "text": text, "kind": "info"}
    assert [sent(one, "notice") for one in (desk, telephone, other)] == [[told], [told], []]


def test_who_may_only_look_at_the_board_cannot_sit_down_at_a_desk(world: World) -> None:
    editor = page(world, 2)
    world.clock.advance(2)
    assert sent(editor, "board") and sent(editor, "queues")
    for person, code in ((2, "forbidden"), (7, "no_person"), (99, "no_person")):
        with pytest.raises(Refused) as refused:
            page(world, person, watch=False)
        assert refused.value.code == code
    with pytest.raises(Refused):
        page(world, 99)


def test_other_rights_bring_a_page_anew_and_a_desk_keeps_its_call(world: World) -> None:
    agent, salesman = world.sign_in(1), page(world, 7)
    call = world.ring(SALES)
    world.answer(1)
    moved = replace(SALESMAN, hears=((LEADS, (2,)),))
    world.directory.set(snapshot(version=2, viewers=(replace(AGENT, hears=((LEADS, (2,)),)), moved)))
    assert sent(salesman, "signed_out") == [{"type": "signed_out", "cause": "restart"}]
    assert isinstance(salesman.desk, Desk) and salesman.desk.closed
    assert changes(world, LEADS, 2, agent) == [True] and changes(world, LEADS, 1, agent) == [False]
    assert sent(agent, "signed_out") == [] and call.phase == "talking"
    world.hang_up(call)


def test_who_is_no_more_among_the_people_is_signed_out(world: World) -> None:
    agent, salesman = world.sign_in(1), page(world, 7)
    nobody = tuple(person for person in snapshot().people if person.id != 1)
    world.directory.set(snapshot(version=2, people=nobody))
    for session in (agent, salesman):
        assert {message["cause"] for message in sent(session, "signed_out")} == {"removed"}


def test_signing_out_closes_that_browsers_pages_and_takes_nobodys_call(world: World) -> None:
    here, there = page(world, 7, session="a"), page(world, 7, session="b")
    agent = world.sign_in(1)
    agent.signed_in = "a"
    call = world.ring(SALES)
    world.answer(1)
    world.desks.signed_out("a")
    assert [bool(sent(one, "signed_out")) for one in (here, there, agent)] == [True, False, False]
    world.hang_up(call)
    world.clock.advance(60)
    world.desks.signed_out("a")
    assert sent(agent, "signed_out")
