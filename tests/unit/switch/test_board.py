"""The live board: what Alice, Bob, Charlie and their leads see, when, and what is left of it after a kill."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dealerline.adapters.board_file import BoardFile
from dealerline.switch.desks import Session
from dealerline.switch.directory import Wall
from dealerline.switch.memory import Desk
from dealerline.switch.model import Refused
from tests.unit.switch.world import SALES, SECRET, World, snapshot


@pytest.fixture
def world(tmp_path: Path) -> World:
    (queue,) = snapshot().queues
    limits = {"alarm_waiting": 1, "alarm_oldest": 60, "alarm_level": 80, "alarm_nobody": True}
    stores = tuple(replace(store, alarm_over_break=True) for store in snapshot().stores)
    queues = (replace(queue, **limits), replace(queue, id=20, store=2, agents=(3,)))
    return World(tmp_path, queues=queues, stores=stores)


def page(session: Session) -> Desk:
    assert isinstance(session.desk, Desk)
    return session.desk


class Looker:
    """A page that keeps the board as the real ones do: the whole, then what changed."""

    def __init__(self, world: World, person: int, ready: bool = False) -> None:
        self.session = world.sign_in(person, ready=ready)
        self.read = 0
        self.board: dict[str, Any] = {}
        world.ask(self.session, "board", on=True)

    def look(self) -> dict[str, Any]:
        sent = page(self.session).sent
        for message in sent[self.read :]:
            if message["type"] == "board":
                self.board = {p: {r["id"]: r for r in message[p]} for p in ("queues", "people", "lines", "alarms")}
            elif message["type"] == "board_changes":
                for part in ("queues", "people", "lines", "alarms"):
                    self.board[part] |= {row["id"]: row for row in message.get(part, [])}
                for part, keys in message.get("gone", {}).items():
                    for key in keys:
                        del self.board[part][key]
        self.read = len(sent)
        return self.board

    def alarms(self) -> dict[str, dict[str, Any]]:
        return {row["kind"]: row for row in self.look()["alarms"].values() if row["ended"] is None}

    def got(self) -> list[str]:
        return [m["type"] for m in page(self.session).sent if m["type"].startswith("board")]


def test_the_whole_comes_once_then_only_what_changed_within_a_second(world: World) -> None:
    lena = Looker(world, 4)
    world.clock.advance(2)
    assert lena.got() == ["board", "board_changes"], "and that nobody is signed in"
    world.clock.advance(10)
    assert len(lena.got()) == 2, "nothing happened, nothing is said"
    world.sign_in(1)
    call = world.ring(SALES)
    world.clock.advance(1)
    changes = page(lena.session).last("board_changes")
    assert changes and {row["id"] for row in changes["people"]} == {1}
    assert lena.look()["people"][1]["state"] == "reserved"
    world.answer(1)
    world.clock.advance(0.6)
    queue = lena.look()["queues"][10]
    assert (queue["talking"], queue["answered"], queue["level"], queue["waiting"]) == (1, 1, 1.0, 0)
    assert lena.look()["lines"][1]["live"] == 1
    world.hang_up(call)
    world.clock.advance(1)
    assert lena.look()["queues"][10]["average_talk"] is not None and lena.look()["lines"][1]["live"] == 0


def test_a_board_made_of_changes_is_the_board_itself(world: World) -> None:
    lena = Looker(world, 4)
    world.clock.advance(1)
    alice = world.sign_in(1)
    world.sign_in(2)
    for _ in range(3):
        world.ring(SALES)
    world.answer(1)
    world.clock.advance(3)
    world.ask(alice, "state", state="busy", reason="break")
    old = world.directory.snapshot()
    world.directory.set(replace(old, people=tuple(p for p in old.people if p.id != 5), lines=old.lines[:3]))
    world.clock.advance(65)
    world.ask(lena.session, "board", on=True)
    made = lena.look()
    assert made["people"].keys() == {1, 2, 4} and made["lines"].keys() == {1, 2, 3}
    for alarm in made["alarms"].values():
        alarm["value"] = 0  # what grows with every second is counted by the page
    world.clock.advance(1)
    assert page(lena.session).last("board") is not None and lena.got()[-1] == "board"
    whole = lena.look()
    for alarm in whole["alarms"].values():
        alarm["value"] = 0
    assert made == whole


def test_alice_bob_and_their_lead_see_their_store_and_charlie_his(world: World) -> None:
    alice, lena, charlie = Looker(world, 1, ready=True), Looker(world, 4), Looker(world, 3, ready=True)
    world.ring(SALES)
    for _ in range(3):
        world.ring(SALES)
    world.clock.advance(70)
    for looker in (alice, lena):
        assert looker.look()["queues"].keys() == {10} and 3 not in looker.board["people"]
    assert charlie.look()["queues"].keys() == {20} and charlie.board["people"].keys() == {3}
    assert charlie.board["lines"] == {} and charlie.board["alarms"] == {}
    assert lena.alarms().keys() == {"waiting", "oldest"}
    assert all("138" not in json.dumps(m) for m in page(lena.session).sent), "no number is on a board"


def test_who_moves_to_another_store_is_gone_for_one_lead_and_not_for_the_manager_of_both(world: World) -> None:
    old = world.directory.snapshot()
    boss = replace(old.people[3], id=9, name="Boss", extension="809", stores=(1, 2), roles=("group_manager",))
    world.directory.set(replace(old, people=(*old.people, boss)))
    lena, manager = Looker(world, 4), Looker(world, 9)
    world.clock.advance(1)
    moved = tuple(replace(p, store=2, stores=(2,)) if p.id == 1 else p for p in world.directory.snapshot().people)
    assert 1 in lena.look()["people"] and 1 in manager.look()["people"]
    world.directory.set(replace(world.directory.snapshot(), people=moved))
    world.clock.advance(1)
    assert 1 not in lena.look()["people"]
    assert manager.look()["people"][1]["store"] == 2


def test_a_caller_who_gives_up_is_in_his_bucket(world: World) -> None:
    lena = Looker(world, 4)
    for seconds in (3, 10, 30, 70):
        call = world.ring(SALES)
        world.clock.advance(seconds)
        world.hang_up(call)
    world.clock.advance(1)
    queue = lena.look()["queues"][10]
    assert queue["abandons"] == [1, 1, 1, 1] and queue["level"] == 0.0 and queue["lost_late"] == 2


def test_a_new_day_begins_with_nothing(world: World) -> None:
    lena = Looker(world, 4)
    world.hang_up(world.ring(SALES))
    world.clock.advance(1)
    assert sum(lena.look()["queues"][10]["abandons"]) == 1
    world.clock._now += 86400
    world.clock.advance(2)
    assert sum(lena.look()["queues"][10]["abandons"]) == 0


def test_alarms_have_a_beginning_a_worst_and_an_end_and_both_are_facts(world: World) -> None:
    lena = Looker(world, 4, ready=False)
    world.sign_in(1, ready=False)
    world.clock.advance(2)
    assert lena.alarms().keys() == {"nobody"}
    calls = [world.ring(SALES) for _ in range(3)]
    world.clock.advance(2)
    waiting = lena.alarms()["waiting"]
    assert (waiting["value"], waiting["limit"], waiting["queue"]) == (3, 1, 10)
    for call in calls[:2]:
        world.hang_up(call)
    world.clock.advance(5)
    assert "waiting" in lena.alarms(), "it may come back at once"
    world.clock.advance(8)
    assert "waiting" not in lena.alarms()
    ended = next(row for row in lena.look()["alarms"].values() if row["kind"] == "waiting")
    assert 0 < ended["ended"] - ended["since"] < 5 and ended["value"] == 3
    told = [(f.kind, f.data["what"]) for f in world.journal.facts if f.kind.startswith("alarm.")]
    assert told[:2] == [("alarm.raised", "nobody"), ("alarm.raised", "waiting")]
    assert ("alarm.ended", "waiting") in told


def test_who_is_over_his_break_is_an_alarm_until_he_is_back(world: World) -> None:
    lena, alice = Looker(world, 4), world.sign_in(1)
    world.ask(alice, "state", state="busy", reason="break")
    world.clock.advance(599)
    assert "over_break" not in lena.alarms() and lena.board["people"][1]["until"]
    world.clock.advance(3)
    alarm = lena.alarms()["over_break"]
    assert (alarm["person"], alarm["name"]["en"], alarm["store"]) == (1, "Alice", 1)
    world.ask(alice, "state", state="ready")
    world.clock.advance(12)
    assert "over_break" not in lena.alarms()


def test_a_killed_switch_counts_on_and_its_alarms_go_on(world: World, tmp_path: Path) -> None:
    world.sign_in(1)
    call = world.ring(SALES)
    world.answer(1)
    for _ in range(2):
        world.ring(SALES, "13900000000")
    world.clock.advance(3)
    file = BoardFile(tmp_path / "board.json", world.desks.boards)
    file.save()
    before = dict(world.desks.boards.alarms)
    assert {kind for kind, _ in before} == {"waiting"}
    world.hang_up(call)  # after the file was written, before the kill
    new = world.killed()
    BoardFile(tmp_path / "board.json", new.desks.boards).restore(lambda: new.journal.facts)
    day = new.desks.boards.today.of(10)
    assert (day.answered, day.talks) == (1, 1), "neither lost nor counted twice"
    assert new.desks.boards.alarms == before


def test_a_broken_file_costs_only_the_figures(world: World, tmp_path: Path) -> None:
    path = tmp_path / "board.json"
    for text in ("", "[]", '{"today": {"day": "x", "tallies": 3}}', '{"alarms": [{"id": 1}]}'):
        path.write_text(text)
        BoardFile(path, world.desks.boards).restore(list)
    world.clock.advance(2)
    assert world.core.metrics.errors == 0


# screens on walls ---------------------------------------------------------------------------------------------------
def wall_ticket(world: World, wall: int, serial: int) -> str:
    body = {"person": 0, "login": "wall", "exp": world.clock.now() + 60, "wall": wall, "serial": serial}
    text = base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")
    return f"{text}.{hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()}"


def hang(world: World, wall: int = 1, serial: int = 1) -> Session:
    hello = {"type": "hello", "ticket": wall_ticket(world, wall, serial), "tab": "wall", "watch": True}
    return world.desks.hello(Desk(0), hello)


def test_a_wall_shows_its_store_and_can_do_nothing_else(world: World) -> None:
    world.directory.set(replace(world.directory.snapshot(), walls=(Wall(1, "前台", 1, (1,)),)))
    world.sign_in(1)
    world.sign_in(3)
    wall = hang(world)
    call = world.ring(SALES)
    world.clock.advance(1)
    welcome, board = page(wall).sent[0], page(wall).last("board")
    assert welcome["person"]["name"] == "前台" and welcome["sip"] is None and welcome["agent"] is None
    assert [store["id"] for store in welcome["stores"]] == [1]
    assert board and {row["store"] for row in board["people"]} == {1} and [q["id"] for q in board["queues"]] == [10]
    assert "138" not in json.dumps(page(wall).sent)
    for command in ("state", "colleagues", "dial", "force", "explain", "consent"):
        assert world.ask(wall, command, call=call.id, person=1, on=True)["type"] == "error"
    assert world.ask(wall, "ping")["type"] == "pong"
    world.close_page(wall)
    assert world.state(1) == "reserved", "it is nobody's page"


def test_a_link_that_was_taken_back_ends_within_the_second(world: World) -> None:
    before, after = ((Wall(1, "前台", n, (1,)), Wall(2, "车间", 7, stores)) for n, stores in ((1, (2,)), (2, (1, 2))))
    world.directory.set(replace(world.directory.snapshot(), walls=before))
    front, shop = hang(world), hang(world, 2, 7)
    world.directory.set(replace(world.directory.snapshot(), walls=after))
    assert page(front).closed and page(front).sent[-1] == {"type": "signed_out", "cause": "removed"}
    assert page(shop).closed and page(shop).sent[-1]["cause"] == "restart", "it comes back and sees the new stores"
    for wall, serial in ((1, 1), (2, 6), (3, 1)):
        with pytest.raises(Refused, match="wall_ended"):
            hang(world, wall, serial)
    assert hang(world, 2, 7).stores == {1, 2}


def test_who_works_for_another_store_is_lent_there_and_borrowed_here(world: World) -> None:
    old = world.directory.snapshot()
    queues = (replace(old.queues[0], agents=(3,)), old.queues[1])
    world.directory.set(replace(old, queues=queues))
    lena, charlie = Looker(world, 4), Looker(world, 3, ready=True)
    call = world.ring(SALES)
    world.answer(3)
    world.clock.advance(1)
    assert lena.look()["queues"][10]["borrowed"] == 1 and charlie.look()["people"][3]["lent"] == 1
    world.hang_up(call)
    world.clock.advance(1)
    assert lena.look()["queues"][10]["borrowed"] == 0 and charlie.look()["people"][3]["lent"] is None


# who waits ----------------------------------------------------------------------------------------------------------
def test_a_lead_opens_a_queue_and_each_of_its_callers(world: World) -> None:
    lena, alice, charlie = world.sign_in(4, ready=False), world.sign_in(1), world.sign_in(3)
    first, second, third = (world.ring(SALES, f"1380000000{n}") for n in range(3))
    found = world.ask(lena, "waiting", queue=10)["waiting"]
    assert [row["call"] for row in found["calls"]] == [first.id, second.id, third.id] and found["count"] == 3
    assert [row["rings"] for row in found["calls"]] == ["Alice", None, None]
    assert [row["position"] for row in found["calls"]] == [None, 1, 2]
    assert found["calls"][1]["number"] == "+8613800000001" and found["calls"][1]["since"]
    why = world.ask(lena, "explain", call=second.id)["why"]
    assert why["position"] == 1 and {each["name"] for each in why["people"]} == {"Alice", "Bob"}
    for other in (alice, charlie):
        assert world.ask(other, "waiting", queue=10)["code"] == "forbidden"
    assert world.ask(lena, "waiting", queue=20)["code"] == "forbidden"
    for queue in (99, "10", None):
        assert world.ask(lena, "waiting", queue=queue)["code"] == "forbidden"
    world.answer(1)
    assert [row["call"] for row in world.ask(lena, "waiting", queue=10)["waiting"]["calls"]] == [second.id, third.id]


def test_a_lead_who_sees_numbers_masked_sees_them_masked_here_too(world: World) -> None:
    old = world.directory.snapshot()
    people = tuple(replace(p, masked=True) if p.id == 4 else p for p in old.people)
    world.directory.set(replace(old, people=people))
    lena = world.sign_in(4, ready=False)
    world.ring(SALES, "13812345678")
    assert world.ask(lena, "waiting", queue=10)["waiting"]["calls"][0]["number"] == "+86138****5678"
