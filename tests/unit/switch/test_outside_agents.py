"""Agents on their own telephones outside: who answers says that it is he before anybody is put through."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dealerline.switch.desks import Session
from dealerline.switch.media import Arrived, Digit, PlayEnded, Ringing
from tests.unit.switch.world import SALES, World, snapshot

MOBILE = "+8613711110001"
RUNG = "PJSIP/13711110001@carrier-1"
PROMPT = ("sound:/p/zh/agent.confirm",)


def with_mobiles(**others: Any) -> dict[str, Any]:
    """Alice and the lead Lena have telephones outside, Alice is spoken to in English where there is English."""
    people = {p.id: p for p in snapshot().people}
    people[1] = replace(people[1], mobile=MOBILE, **others)
    people[4] = replace(people[4], mobile="+8613711110004")
    return {"people": tuple(people.values())}


@pytest.fixture
def centre(tmp_path: Path) -> World:
    return World(tmp_path, **with_mobiles())


def alice(world: World, **more: Any) -> Session:
    return world.sign_in(1, device="outside", **more)


def rings(world: World, endpoint: str = RUNG) -> str:
    """The channel that rings there, or nothing."""
    media = world.media
    ringing = (c for c, leg in media.legs.items() if leg.endpoint == endpoint and media.channels[c].state == "Ringing")
    return next(ringing, "")


def taken(world: World, endpoint: str = RUNG) -> str:
    """Somebody takes the telephone, whoever it is."""
    channel = rings(world, endpoint)
    assert channel, "the telephone outside does not ring"
    world.engine.handle(Ringing(channel))
    world.media.answer(channel)
    world.engine.handle(Arrived(channel, world.media.legs[channel].args))
    return channel


def confirmed(world: World, endpoint: str = RUNG) -> str:
    """He takes it, and says so."""
    channel = taken(world, endpoint)
    world.engine.handle(Digit(channel, "1"))
    return channel


def says(world: World, channel: str) -> tuple[str, ...]:
    """What that channel is told now."""
    return next((sounds for c, sounds in world.media.playing.values() if c == channel), ())


def test_a_caller_is_put_through_when_the_key_was_pressed_and_not_before(centre: World) -> None:
    session = alice(centre)
    call = centre.ring()
    channel = rings(centre)
    leg = centre.media.legs[channel]
    assert (leg.number, leg.name) == (SALES, ""), "his telephone shows the line, and no customer's number"
    taken(centre)
    assert centre.state(1) == "ringing" and centre.hears(call) == "music" and says(centre, channel) == PROMPT
    assert session.desk.last("call")["phase"] == "offered", "the customer's page is there meanwhile"  # type: ignore[attr-defined]
    centre.engine.handle(Digit(channel, "5"))
    assert centre.state(1) == "ringing"
    centre.engine.handle(Digit(channel, "1"))
    assert centre.state(1) == "talking" and centre.hears(call) == "talk" and not says(centre, channel)
    orders = [order[0] for order in centre.media.orders if channel in str(order[1:])]
    assert orders.index("stop_play") < orders.index("join"), "nobody is moved while something plays to him"
    centre.consistent()


def test_he_hears_the_prompt_again_until_he_presses(centre: World) -> None:
    alice(centre)
    centre.ring()
    channel = taken(centre)
    for _ in range(3):
        playback = next(p for p, (c, _) in centre.media.playing.items() if c == channel)
        del centre.media.playing[playback]
        centre.engine.handle(PlayEnded(playback))
        assert not says(centre, channel)
        centre.clock.advance(2)
        assert says(centre, channel) == PROMPT
    centre.engine.handle(Digit(channel, "1"))
    assert centre.state(1) == "talking"


def test_a_voicemail_box_gets_no_customer_and_the_caller_is_first_again(centre: World) -> None:
    alice(centre)
    call, second = centre.ring(), centre.ring()
    channel = taken(centre)
    centre.clock.advance(21)
    assert centre.state(1) == "busy:no_answer" and channel not in centre.media.channels
    assert centre.router.position(call.id) == 1 and centre.router.position(second.id) == 2
    ended = next(f for f in centre.journal.facts if f.kind == "offer.ended")
    assert ended.data["result"] == "no_answer"
    centre.clock.advance(30)  # nothing of the prompt comes after
    centre.consistent()


def test_taken_and_put_down_without_the_key_is_not_answered_either(centre: World) -> None:
    alice(centre)
    centre.ring()
    centre.end(taken(centre), 16)
    assert centre.state(1) == "busy:no_answer"


@pytest.mark.parametrize(("cause", "state"), [(17, "busy:refused"), (19, "busy:no_answer"), (20, "busy:device_lost")])
def test_a_telephone_that_does_not_answer_says_why(centre: World, cause: int, state: str) -> None:
    alice(centre)
    call = centre.ring()
    centre.end(rings(centre), cause)
    assert centre.state(1) == state and centre.hears(call) == "music"


def test_a_caller_who_hangs_up_while_the_prompt_plays_leaves_nobody_in_a_call(centre: World) -> None:
    alice(centre)
    call = centre.ring()
    taken(centre)
    centre.hang_up(call)
    assert centre.state(1) == "ready" and not centre.media.channels
    centre.consistent()


def test_hold_mute_and_hang_up_work_from_the_page(centre: World) -> None:
    session = alice(centre)
    call = centre.ring()
    channel = confirmed(centre)
    for verb, heard in (("hold", "music"), ("unhold", "talk"), ("mute", "talk"), ("unmute", "talk")):
        assert centre.ask(session, verb, call=call.id)["type"] == "ok"
        assert centre.hears(call) == heard
        assert (channel in centre.media.muted) == (verb == "mute")
        centre.true_to_the_matrix()
    centre.ask(session, "hangup", call=call.id)
    assert call.ended and not centre.media.channels


def test_putting_the_telephone_down_is_a_hang_up(centre: World) -> None:
    alice(centre)
    call = centre.ring()
    centre.end(confirmed(centre), 16)
    assert call.ended and centre.state(1) == "wrap"


def test_a_lost_mobile_is_rung_again_and_has_to_say_again_who_it_is(centre: World) -> None:
    alice(centre)
    call = centre.ring()
    centre.end(confirmed(centre), 44)
    assert call.phase == "reconnecting" and centre.hears(call) == "agent_lost.wait"
    channel = taken(centre)
    assert centre.hears(call) == "agent_lost.wait" and says(centre, channel) == PROMPT
    centre.engine.handle(Digit(channel, "1"))
    assert call.phase == "talking" and centre.hears(call) == "talk"
    centre.consistent()


@pytest.mark.parametrize("how", ["consult", "invite", "transfer"])
def test_a_colleague_is_brought_in_on_his_number_outside(centre: World, how: str) -> None:
    bob = centre.sign_in(2)
    call = centre.talk(2)
    alice(centre)
    target = {"kind": "person", "id": 1}
    assert centre.ask(bob, "bring", call=call.id, how=how, target=target)["type"] == "ok"
    channel = taken(centre)
    centre.true_to_the_matrix()
    assert channel not in call.talk.parties, "he is nowhere before he pressed"
    centre.engine.handle(Digit(channel, "1"))
    assert channel in call.talk.parties and centre.state(1) == "talking"
    centre.true_to_the_matrix()
    if how == "consult":
        assert centre.ask(bob, "complete", call=call.id)["type"] == "ok"
        assert centre.hears(call) == "talk" and call.person == 1
    centre.consistent()


def test_a_transfer_to_a_voicemail_box_returns(centre: World) -> None:
    bob = centre.sign_in(2)
    call = centre.talk(2)
    alice(centre)
    centre.ask(bob, "bring", call=call.id, how="transfer", target={"kind": "person", "id": 1})
    taken(centre)
    centre.clock.advance(21)
    assert centre.rings(2) and centre.state(1) == "ready" and centre.hears(call) == "music"
    centre.answer(2)
    assert centre.hears(call) == "talk"
    centre.consistent()


def test_he_transfers_to_a_colleague(centre: World) -> None:
    session = alice(centre)
    call = centre.ring()
    confirmed(centre)
    centre.sign_in(2)
    answer = centre.ask(session, "bring", call=call.id, how="transfer", target={"kind": "person", "id": 2})
    assert answer["type"] == "ok"
    centre.answer(2)
    assert centre.state(1) == "wrap" and call.person == 2
    centre.consistent()


def test_a_lead_watches_by_his_telephone_outside(centre: World) -> None:
    centre.sign_in(2)
    call = centre.talk(2)
    lena = centre.sign_in(4, device="outside", ready=False)
    assert centre.ask(lena, "supervise", person=2, mode="listen")["type"] == "ok"
    channel = taken(centre, "PJSIP/13711110004@carrier-1")
    assert channel not in call.talk.parties
    centre.clock.advance(20)  # a telephone takes longer than a page that answers by itself
    centre.engine.handle(Digit(channel, "1"))
    centre.ears()
    assert channel in call.talk.parties and centre.state(4) == "supervising"
    centre.consistent()


def test_dialling_rings_his_telephone_then_the_number(centre: World) -> None:
    session = alice(centre)
    answer = centre.ask(session, "dial", number="13900000001", line=1)
    call = centre.core.calls[answer["call"]]
    channel = taken(centre)
    assert not call.channel, "the number is not rung for a voicemail box"
    centre.engine.handle(Digit(channel, "1"))
    assert centre.media.legs[call.channel].endpoint == "PJSIP/13900000001@carrier-1"
    centre.media.answer(call.channel)
    centre.engine.handle(Arrived(call.channel, ("far", call.id)))
    assert centre.hears(call) == "talk" and centre.state(1) == "talking"


def test_without_a_number_nobody_is_ready_on_it(centre: World) -> None:
    bob = centre.sign_in(2, device="outside", ready=False)
    assert centre.ask(bob, "state", state="ready")["code"] == "no_phone"
    welcome = bob.desk.last("welcome")  # type: ignore[attr-defined]
    assert welcome["person"]["outside"] == ""
    session = alice(centre, ready=False)
    assert session.desk.last("welcome")["person"]["outside"] == "+86137****0001"  # type: ignore[attr-defined]


def test_a_number_of_our_own_is_never_rung_for_anybody(tmp_path: Path) -> None:
    world = World(tmp_path, **with_mobiles())
    people = tuple(replace(p, mobile=SALES) if p.id == 1 else p for p in world.core.lookup.snapshot.people)
    world.directory.set(replace(world.core.lookup.snapshot, people=people))
    assert world.ask(alice(world, ready=False), "state", state="ready")["code"] == "no_phone"


def test_who_loses_his_number_while_ready_is_not_ready_any_more(centre: World) -> None:
    alice(centre)
    centre.directory.set(snapshot(version=2))
    assert centre.state(1) == "busy:device_lost"
    call = centre.ring()
    assert not rings(centre) and call.phase == "queued"


def test_he_is_spoken_to_in_his_own_language(tmp_path: Path) -> None:
    prompts = (*snapshot().prompts, replace(snapshot().prompts[0], key="agent.confirm", language="en", path="/p/en/c"))
    world = World(tmp_path, **with_mobiles(language="en"), prompts=prompts)
    alice(world)
    world.ring()
    assert says(world, taken(world)) == ("sound:/p/en/c",)


def test_a_restarted_switch_does_not_take_a_box_for_an_agent(centre: World) -> None:
    alice(centre)
    call = centre.ring()
    channel = taken(centre)
    after = centre.killed()
    again = after.core.calls[call.id]
    assert again.phase == "queued" and channel not in after.media.channels and after.hears(again) == "music"
    after.consistent()


def test_a_restarted_switch_goes_on_with_who_talks_by_his_telephone(centre: World) -> None:
    alice(centre)
    call = centre.ring()
    channel = confirmed(centre)
    after = centre.killed()
    session = after.sign_in(1, device="outside", ready=False)
    assert after.state(1) == "talking" and after.hears(after.core.calls[call.id]) == "talk"
    assert after.ask(session, "hold", call=call.id)["type"] == "ok"
    assert after.hears(after.core.calls[call.id]) == "music"
    after.end(channel, 16)
    assert not after.core.calls
