"""A second call on a desk phone: consultation by the phone's own keys, with a hang-up at every step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dealerline.switch.desks import Session
from dealerline.switch.directory import DeskPhone
from dealerline.switch.media import Arrived, Held
from dealerline.switch.model import Call
from tests.unit.switch.world import SALES, World, snapshot

MOBILE = "13900000001"


@pytest.fixture
def centre(tmp_path: Path) -> World:
    """Alice has a desk phone, the others their browsers."""
    people = tuple(replace(p, phone=1) if p.id == 1 else p for p in snapshot().people)
    return World(tmp_path, people=people, phones=(DeskPhone(1, 1, "phone-1", "phone 1"),))


class Story:
    """Alice talks with a caller by her desk phone, and then uses its keys."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.alice = world.sign_in(1, device="phone")
        self.bob = world.sign_in(2, ready=False)
        world.ask(self.bob, "state", state="busy", reason="break")
        self.call: Call = world.ring()
        self.first = self.rung()
        self.second = ""
        world.media.answer(self.first)
        world.engine.handle(Arrived(self.first, world.media.legs[self.first].args))
        assert world.hears(self.call) == "talk"

    def rung(self) -> str:
        legs = self.world.media.legs
        return next(c for c, leg in reversed(legs.items()) if leg.endpoint == "PJSIP/phone-1")

    def holds(self, channel: str, on: bool = True) -> None:
        self.world.engine.handle(Held(channel, on))

    def dials(self, number: str = "802") -> str:
        """She puts the customer on hold and presses the second line."""
        self.holds(self.first)
        self.second = self.world.dials("phone-1", number)
        return self.second

    def consults(self, number: str = "802") -> str:
        """And whom she asks is there; his channel."""
        self.dials(number)
        return self.world.answer(2) if number == "802" else self.world.outside_answers()

    def hears(self, channel: str) -> str:
        """Whom that phone hears, by label; ``music``; or nothing."""
        if channel in self.world.media.music_on:
            return "music"
        self.world.ears()
        return " ".join(sorted(filter(None, map(self.call.label_of, self.world._hears(channel)))))

    def phase(self) -> str:
        view = self.alice.desk.last("call")  # type: ignore[attr-defined]
        return str(view["phase"]) if view else ""

    def lives(self, channel: str) -> bool:
        return channel in self.world.media.channels


@pytest.fixture
def story(centre: World) -> Story:
    return Story(centre)


def notice(session: Session) -> str:
    return str(session.desk.last("notice")["text"]["en"])  # type: ignore[attr-defined]


# asking
def test_a_second_call_is_a_consultation_in_which_the_customer_hears_music(centre: World, story: Story) -> None:
    story.dials()
    assert centre.media.did("answer", story.second) and centre.rings(2)
    assert any(c == story.second and s == ("tone:ring",) for c, s in centre.media.playing.values())
    orders = [order[0] for order in centre.media.orders if story.second in str(order[1:]) or order[0] == "leave"]
    assert orders.index("leave") < orders.index("answer") < orders.index("join") < orders.index("play")
    assert centre.hears(story.call) == "music" and story.phase() == "held"
    bob = centre.answer(2)
    assert story.hears(story.second) == "p2" and story.hears(bob) == "p1" and not story.hears(story.first)
    assert centre.hears(story.call) == "music"
    started = next(f for f in centre.journal.facts if f.kind == "invite.started")
    assert started.data["how"] == "consult" and started.data["target"] == "2"
    centre.consistent()


def test_a_number_outside_can_be_asked_too(centre: World, story: Story) -> None:
    expert = story.consults(MOBILE)
    assert story.hears(story.second) == "p2" and story.hears(expert) == "p1" and centre.hears(story.call) == "music"
    centre.consistent()


@pytest.mark.parametrize(
    ("number", "cause", "words"),
    [("803", 20, "not there"), ("801", 21, "yourself"), ("12", 1, "not a number"), (SALES, 21, "only be transferred")],
)
def test_whom_one_cannot_ask_is_refused_and_the_customer_waits_as_before(
    centre: World, story: Story, number: str, cause: int, words: str
) -> None:
    second = story.dials(number)
    assert centre.media.did("hang_up", second, cause) and words in notice(story.alice)
    assert centre.hears(story.call) == "music"
    story.holds(story.first, False)
    assert story.hears(story.first) == "customer" and centre.hears(story.call) == "talk"
    centre.consistent()


def test_without_hold_the_phone_is_told_to_hold_first(centre: World, story: Story) -> None:
    second = centre.dials("phone-1", "802")
    assert centre.media.did("hang_up", second, 21) and "on hold" in notice(story.alice)
    assert story.hears(story.first) == "customer"
    centre.consistent()


def test_a_third_call_is_refused(centre: World, story: Story) -> None:
    story.consults()
    third = centre.dials("phone-1", MOBILE)
    assert centre.media.did("hang_up", third, 21) and "two calls" in notice(story.alice)
    assert story.hears(story.second) == "p2"
    centre.consistent()


def test_with_others_on_the_call_a_second_one_is_refused(centre: World, story: Story) -> None:
    centre.ask(story.alice, "bring", call=story.call.id, how="invite", target={"kind": "person", "id": 2})
    centre.answer(2)
    story.dials(MOBILE)
    assert centre.media.did("hang_up", story.second, 21) and "Others" in notice(story.alice)
    centre.consistent()


def test_in_after_call_work_a_phone_that_dials_is_refused_in_words(centre: World, story: Story) -> None:
    centre.end(story.first)
    assert centre.state(1) == "wrap"
    second = centre.dials("phone-1", MOBILE)
    assert not story.lives(second) and notice(story.alice)
    centre.consistent()


# (a) attended transfer
@pytest.mark.parametrize("on", ["first", "second"])
@pytest.mark.parametrize("holds_both", [False, True])
def test_an_attended_transfer_hands_over(centre: World, story: Story, on: str, holds_both: bool) -> None:
    bob = story.consults()
    if holds_both:
        story.holds(story.second)
        assert story.hears(bob) == "music"
        story.holds(story.second, False)  # Asterisk says so at every REFER
    centre.refers(getattr(story, on), "")
    assert story.hears(bob) == "customer" and centre.hears(story.call) == "talk"
    assert not story.lives(story.first) and not story.lives(story.second)
    assert centre.state(1) == "wrap" and story.call.person == 2
    done = next(f for f in centre.journal.facts if f.kind == "transfer.done")
    assert done.data["how"] == "consult" and done.data["target"] == "2"
    centre.consistent()
    centre.hang_up(story.call)
    centre.consistent()


def test_transferred_before_the_answer_it_goes_on_like_a_blind_one(centre: World, story: Story) -> None:
    story.dials()
    centre.refers(story.first, "")
    assert centre.hears(story.call) == "music" and story.call.phase == "transfer" and centre.state(1) == "wrap"
    bob = centre.answer(2)
    assert story.hears(bob) == "customer"
    centre.consistent()


def test_transferred_before_the_answer_and_nobody_answers_it_comes_back(centre: World, story: Story) -> None:
    story.dials()
    centre.refers(story.second, "")
    centre.clock.advance(25)
    back = story.rung()
    assert back != story.first and centre.media.channels[back].state == "Ringing"
    centre.media.answer(back)
    centre.engine.handle(Arrived(back, centre.media.legs[back].args))
    assert story.hears(back) == "customer"
    centre.consistent()


def test_transferred_to_somebody_outside_the_customer_talks_with_him(centre: World, story: Story) -> None:
    expert = story.consults(MOBILE)
    centre.refers(story.first, "")
    assert story.hears(expert) == "customer" and story.call.phase == "forwarding" and centre.state(1) == "wrap"
    centre.consistent()


def test_a_transfer_that_comes_when_the_other_had_just_gone_brings_the_customer_back(
    centre: World, story: Story
) -> None:
    bob = story.consults()
    centre.end(bob)
    centre.clock.advance(1)
    assert not story.lives(story.second)
    centre.refers(story.first, "")
    centre.end(story.first)
    assert not story.call.ended and centre.hears(story.call) == "music"
    assert centre.media.channels[story.rung()].state == "Ringing"
    centre.consistent()


def test_a_blind_transfer_of_the_one_who_was_asked_gives_him_up(centre: World, story: Story) -> None:
    bob = story.consults()
    centre.refers(story.second, "805")
    assert not story.lives(bob) and story.call.leg and story.call.leg.channel == story.first
    assert centre.hears(story.call) == "music"
    story.holds(story.first, False)
    assert story.hears(story.first) == "customer"
    centre.consistent()


def test_a_blind_transfer_of_the_customer_gives_the_consultation_up(centre: World, story: Story) -> None:
    story.consults()
    centre.sign_in(5)
    story.holds(story.second)
    story.holds(story.first, False)
    centre.refers(story.first, "805")
    assert story.call.phase == "transfer" and centre.rings(5) and not story.lives(story.second)
    dora = centre.answer(5)
    assert story.hears(dora) == "customer"
    centre.consistent()


# (b) the second call ends
@pytest.mark.parametrize("answered", [False, True])
def test_the_end_of_the_second_call_cancels_and_the_customer_waits_for_the_phone(
    centre: World, story: Story, answered: bool
) -> None:
    story.dials()
    if answered:
        centre.answer(2)
    centre.end(story.second)
    assert not centre.rings(2) and story.call.leg and story.call.leg.channel == story.first
    assert centre.hears(story.call) == "music" and story.phase() == "held"
    assert centre.state(2) == "wrap" if answered else centre.state(2) == "busy:break"
    story.holds(story.first, False)
    assert story.hears(story.first) == "customer" and story.phase() == "talking"
    centre.consistent()


@pytest.mark.parametrize("how", ["silent", "refuses", "leaves", "at the page"])
def test_when_nobody_is_asked_any_more_the_second_call_ends(centre: World, story: Story, how: str) -> None:
    story.dials()
    if how == "silent":
        centre.clock.advance(25)
    elif how == "refuses":
        centre.ask(story.bob, "refuse", call=story.call.id)
    elif how == "leaves":
        centre.answer(2)
        centre.ask(story.bob, "hangup", call=story.call.id)
    else:
        centre.answer(2)
        assert centre.ask(story.alice, "cancel", call=story.call.id)["type"] == "ok"
    assert not story.lives(story.second) and story.lives(story.first)
    assert centre.hears(story.call) == "music", "the phone holds him still"
    assert centre.ask(story.alice, "unhold", call=story.call.id)["code"] == "phone_holds"
    story.holds(story.first, False)
    assert story.hears(story.first) == "customer"
    centre.consistent()


# (c) swap
def test_hold_and_unhold_of_either_call_is_a_swap(centre: World, story: Story) -> None:
    bob = story.consults()
    story.holds(story.second)
    assert story.hears(bob) == "music" == centre.hears(story.call), "both wait"
    story.holds(story.first, False)
    assert story.hears(story.first) == "customer" and story.hears(bob) == "music" and story.phase() == "talking"
    centre.true_to_the_matrix()
    story.holds(story.first)
    story.holds(story.second, False)
    assert story.hears(story.second) == "p2" and story.hears(bob) == "p1" and centre.hears(story.call) == "music"
    centre.consistent()


def test_a_swap_whose_unhold_comes_first_is_no_conference(centre: World, story: Story) -> None:
    bob = story.consults()
    story.holds(story.first, False)
    assert centre.hears(story.call) == "music" and story.hears(bob) == "p1"
    story.holds(story.second)
    centre.clock.advance(3)
    assert story.hears(story.first) == "customer" and story.hears(bob) == "music"
    centre.consistent()


def test_the_page_does_not_connect_anybody_with_a_phone_that_does_not_listen(centre: World, story: Story) -> None:
    story.consults()
    story.holds(story.second)
    for verb in ("swap", "three_way", "unhold"):
        assert centre.ask(story.alice, verb, call=story.call.id)["code"] == "phone_holds"
    story.holds(story.second, False)
    assert centre.ask(story.alice, "swap", call=story.call.id)["type"] == "ok"
    assert story.hears(story.second) == "customer"
    centre.consistent()


def test_a_mute_stays_when_the_phone_changes_its_call(centre: World, story: Story) -> None:
    story.consults()
    centre.ask(story.alice, "mute", call=story.call.id)
    story.holds(story.second)
    story.holds(story.first, False)
    assert story.hears(story.first) == "customer" and story.first in centre.media.muted
    assert centre.ask(story.alice, "unmute", call=story.call.id)["type"] == "ok"
    assert centre.hears(story.call) == "talk" and story.first not in centre.media.muted
    centre.consistent()


# (d) the first call ends
@pytest.mark.parametrize("answered", [False, True])
def test_the_end_of_the_first_call_gives_the_customer_to_whom_was_asked(
    centre: World, story: Story, answered: bool
) -> None:
    story.dials()
    bob = centre.answer(2) if answered else ""
    centre.end(story.first)
    bob = bob or centre.answer(2)
    assert story.hears(bob) == "customer" and not story.lives(story.second) and centre.state(1) == "wrap"
    centre.consistent()


def test_a_first_call_that_is_lost_leaves_the_customer_with_the_music_and_the_agent_on_the_second(
    centre: World, story: Story
) -> None:
    story.consults()
    centre.end(story.first, 20)
    assert centre.hears(story.call) == "music" and story.hears(story.second) == "p2"
    assert centre.ask(story.alice, "cancel", call=story.call.id)["type"] == "ok"
    assert story.hears(story.second) == "customer" and story.phase() == "talking"
    centre.consistent()


def test_who_puts_down_both_has_ended_the_call(centre: World, story: Story) -> None:
    story.consults()
    centre.end(story.second)
    centre.end(story.first)
    assert story.call.ended and centre.state(1) == "wrap"
    centre.consistent()


@pytest.mark.parametrize("answered", [False, True])
def test_the_customer_may_hang_up_meanwhile(centre: World, story: Story, answered: bool) -> None:
    story.dials()
    if answered:
        centre.answer(2)
    centre.hang_up(story.call)
    assert not story.lives(story.first) and not story.lives(story.second) and centre.state(1) == "wrap"
    centre.consistent()


# (e) three together
def test_both_calls_unheld_are_a_conference(centre: World, story: Story) -> None:
    bob = story.consults()
    story.holds(story.first, False)
    centre.clock.advance(1.5)
    assert story.hears(story.second) == "customer p2" and story.hears(bob) == "customer p1"
    centre.consistent()
    story.holds(story.first)
    story.holds(story.second)
    assert story.hears(bob) == "customer" and story.second in centre.media.muted
    story.holds(story.first, False)
    story.holds(story.second, False)
    assert story.hears(bob) == "customer p1"
    centre.end(story.second)
    assert story.hears(story.first) == "customer p2"
    centre.end(story.first)
    assert story.hears(bob) == "customer" and story.call.person == 2
    centre.consistent()


def test_a_conference_that_the_other_leaves_is_a_talk_on_the_first_call(centre: World, story: Story) -> None:
    bob = story.consults()
    assert centre.ask(story.alice, "three_way", call=story.call.id)["type"] == "ok"
    assert story.hears(story.second) == "customer p2"
    centre.end(bob)
    centre.clock.advance(1)
    assert not story.lives(story.second) and centre.hears(story.call) == "music", "her phone holds the first call still"
    story.holds(story.first, False)
    assert story.hears(story.first) == "customer"
    centre.consistent()


def test_a_transfer_out_of_a_conference_leaves_the_others_together(centre: World, story: Story) -> None:
    bob = story.consults()
    story.holds(story.first, False)
    centre.clock.advance(1.5)
    centre.refers(story.first, "")
    assert story.hears(bob) == "customer" and centre.state(1) == "wrap"
    centre.consistent()


# the switch dies
@pytest.mark.parametrize("asked", ["rings", "consulted", "swapped", "together"])
@pytest.mark.parametrize("gone", ["", "first", "second"])
def test_a_killed_switch_finds_both_calls_again(centre: World, story: Story, asked: str, gone: str) -> None:
    story.dials()
    if asked != "rings":
        centre.answer(2)
    if asked == "swapped":
        story.holds(story.second)
        story.holds(story.first, False)
    if asked == "together":
        story.holds(story.first, False)
        centre.clock.advance(1.5)
    if gone:
        centre.media.lose(getattr(story, gone))
    after = centre.killed()
    call = after.core.calls[story.call.id]
    after.sign_in(1, tab="new", device="phone", ready=False)
    assert after.hears(call) in ("music", "talk")
    if not gone and asked != "rings":
        assert call.leg and call.leg.lines and {call.leg.channel, call.leg.spare} == {story.first, story.second}
        after.refers(story.first, "")
        assert after.hears(call) == "talk" and call.person == 2, after.state(1)
    after.consistent()
    after.hang_up(call)
    after.consistent()


def test_a_phone_with_a_user_name_of_its_own_is_known_after_a_restart(tmp_path: Path) -> None:
    people = tuple(replace(p, phone=1) if p.id == 1 else p for p in snapshot().people)
    world = World(tmp_path, people=people, phones=(DeskPhone(1, 1, "reception-1", "phone 1"),))
    story = Story(world)
    story.holds(story.first)
    story.second = world.dials("reception-1", "802")
    world.answer(2)
    after = world.killed()
    call = after.core.calls[story.call.id]
    assert call.leg and (call.leg.channel, call.leg.endpoint) == (story.second, "phone-1")
    after.engine.handle(Held(story.second, True))
    after.engine.handle(Held(story.first, False))
    assert call.leg.channel == story.first and after.hears(call) == "talk"
    after.consistent()


def test_a_phone_that_holds_is_known_to_hold_after_a_restart(centre: World, story: Story) -> None:
    story.holds(story.first)
    after = centre.killed()
    call = after.core.calls[story.call.id]
    assert after.hears(call) == "music"
    after.engine.handle(Held(story.first, False))
    assert after.hears(call) == "talk"
    after.consistent()
