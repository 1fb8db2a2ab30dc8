"""The keys of desk phones: HOLD and TRANSFER are our hold and our blind transfer, by the model's rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dealerline.switch.desks import Session
from dealerline.switch.directory import DeskPhone
from dealerline.switch.media import Arrived, Gone, Held, Referred
from dealerline.switch.model import Call
from tests.unit.switch.world import MESSAGE, World, snapshot


@pytest.fixture
def centre(tmp_path: Path) -> World:
    """Alice has a desk phone, the others their browsers."""
    people = tuple(replace(p, phone=1) if p.id == 1 else p for p in snapshot().people)
    return World(tmp_path, people=people, phones=(DeskPhone(1, 1, "phone-1", "phone 1"),))


def talks(world: World) -> tuple[Session, Call, str]:
    """Alice talks with a caller by her desk phone: her page, the call, her channel."""
    session = world.sign_in(1, device="phone")
    call = world.ring()
    return session, call, phone_answers(world)


def phone_rings(world: World) -> str:
    media = world.media
    ringing = (c for c, leg in media.legs.items() if leg.endpoint == "PJSIP/phone-1" and c in media.channels)
    return next((c for c in ringing if media.channels[c].state == "Ringing"), "")


def phone_answers(world: World) -> str:
    channel = phone_rings(world)
    assert channel, "her phone does not ring"
    assert world.media.legs[channel].variables["TRANSFER_CONTEXT"] == "refer-from-agent"
    world.media.answer(channel)
    world.engine.handle(Arrived(channel, world.media.legs[channel].args))
    return channel


def hangs_up(world: World, channel: str) -> None:
    world.media.lose(channel)
    world.engine.handle(Gone(channel))


def test_the_hold_key_is_our_hold_with_our_music(centre: World) -> None:
    session, call, channel = talks(centre)
    centre.engine.handle(Held(channel, True))
    assert call.phase == "held" and centre.hears(call) == "music"
    assert session.desk.last("call")["phase"] == "held"  # type: ignore[attr-defined]
    assert "hold.started" in centre.journal.kinds(call.id)
    centre.engine.handle(Held(channel, True))  # told twice
    centre.engine.handle(Held(channel, False))
    assert call.phase == "talking" and centre.hears(call) == "talk"
    centre.consistent()


def test_the_page_cannot_take_back_what_the_phone_holds(centre: World) -> None:
    """The customer would leave the music for silence."""
    session, call, channel = talks(centre)
    centre.engine.handle(Held(channel, True))
    assert centre.ask(session, "unhold", call=call.id)["code"] == "phone_holds"
    assert centre.hears(call) == "music"
    centre.engine.handle(Held(channel, False))
    assert centre.hears(call) == "talk"
    assert centre.ask(session, "hold", call=call.id)["type"] == "ok"
    assert centre.ask(session, "unhold", call=call.id)["type"] == "ok"


def test_who_hangs_up_while_his_phone_holds_ends_the_call(centre: World) -> None:
    _, call, channel = talks(centre)
    centre.engine.handle(Held(channel, True))
    hangs_up(centre, channel)
    assert call.ended and centre.state(1) == "wrap"
    centre.consistent()


def test_in_a_conference_the_hold_key_mutes_oneself_and_holds_nobody(centre: World) -> None:
    session, call, channel = talks(centre)
    centre.sign_in(2)
    centre.ask(session, "bring", call=call.id, how="invite", target={"kind": "person", "id": 2})
    centre.answer(2)
    centre.engine.handle(Held(channel, True))
    assert call.phase == "talking" and centre.hears(call) == "talk"
    assert channel in centre.media.muted, "what his phone sends meanwhile may be music of its own"
    centre.engine.handle(Held(channel, False))
    assert channel not in centre.media.muted
    centre.ask(session, "mute", call=call.id)
    centre.engine.handle(Held(channel, True))
    centre.engine.handle(Held(channel, False))
    assert channel in centre.media.muted, "he had muted himself"
    centre.consistent()


def test_the_transfer_key_with_an_extension_is_our_blind_transfer(centre: World) -> None:
    _, call, channel = talks(centre)
    centre.sign_in(2)
    centre.refers(channel, "802")
    assert centre.hears(call) == "music" and call.phase == "transfer" and centre.rings(2)
    assert centre.state(1) == "wrap"
    hangs_up(centre, channel)  # the phone's own end, late
    centre.answer(2)
    assert centre.hears(call) == "talk" and call.person == 2
    done = next(f for f in centre.journal.facts if f.kind == "transfer.done")
    assert done.data["how"] == "transfer" and done.data["target"] == "2"
    centre.consistent()


def test_the_transfer_key_after_the_hold_key_is_the_same(centre: World) -> None:
    """As most phones do it; Asterisk tells of the end of the hold with every REFER."""
    _, call, channel = talks(centre)
    centre.sign_in(2)
    centre.engine.handle(Held(channel, True))
    centre.engine.handle(Held(channel, False))
    centre.refers(channel, "802")
    centre.answer(2)
    assert centre.hears(call) == "talk" and call.person == 2
    centre.consistent()


def test_a_transfer_by_the_phone_that_nobody_takes_comes_back(centre: World) -> None:
    _, call, channel = talks(centre)
    centre.sign_in(2)
    centre.refers(channel, "802")
    centre.clock.advance(21)
    assert centre.hears(call) == "music"
    phone_answers(centre)
    assert centre.hears(call) == "talk" and centre.state(1) == "talking"
    centre.consistent()


@pytest.mark.parametrize(("number", "reason"), [("803", "无法接通"), ("999999", "")])
def test_a_transfer_that_cannot_begin_comes_back_too_with_the_reason(centre: World, number: str, reason: str) -> None:
    session, call, channel = talks(centre)
    if number == "999999":
        centre.core.lookup.carriers.clear()  # nothing can be dialled
    centre.refers(channel, number)
    hangs_up(centre, channel)  # the phone was told that it succeeded
    assert not call.ended and centre.hears(call) == "music"
    view = session.desk.last("call")  # type: ignore[attr-defined]
    assert view["offer"]["how"] == "return" and reason in view["offer"]["text"]["zh"]
    assert session.desk.last("notice")["kind"] == "warning"  # type: ignore[attr-defined]
    phone_answers(centre)
    assert centre.hears(call) == "talk"
    centre.consistent()


def test_the_transfer_key_with_a_number_outside_rings_that_number(centre: World) -> None:
    _, call, channel = talks(centre)
    centre.refers(channel, "13900000001")
    assert centre.media.legs[centre.member_rings()].endpoint == "PJSIP/13900000001@carrier-1"
    centre.outside_answers()
    assert centre.hears(call) == "talk"
    centre.consistent()


def test_the_transfer_key_with_a_line_of_ours_goes_to_its_beginning(centre: World) -> None:
    _, call, channel = talks(centre)
    centre.refers(channel, MESSAGE)
    assert call.line == 3 and centre.hears(call) == "voicemail.leave"
    centre.consistent()


def test_a_transfer_to_a_call_of_its_own_brings_the_customer_back(centre: World) -> None:
    session, call, channel = talks(centre)
    centre.refers(channel, "")
    hangs_up(centre, channel)
    assert not call.ended and centre.hears(call) == "music"
    assert "咨询" in session.desk.last("notice")["text"]["zh"]  # type: ignore[attr-defined]
    phone_answers(centre)
    assert centre.hears(call) == "talk"
    centre.consistent()


def test_who_transfers_a_conference_in_vain_stays_in_it(centre: World) -> None:
    session, call, channel = talks(centre)
    bob = centre.sign_in(2)
    centre.ask(session, "bring", call=call.id, how="invite", target={"kind": "person", "id": 2})
    centre.answer(2)
    centre.refers(channel, "803")
    centre.true_to_the_matrix()
    hangs_up(centre, channel)
    assert not call.ended and call.person == 2 and centre.hears(call) == "talk"
    centre.ask(bob, "hangup", call=call.id)
    centre.consistent()


def test_what_a_stranger_or_a_browser_does_changes_nothing(centre: World) -> None:
    centre.sign_in(2)
    call = centre.talk(2)
    assert call.leg is not None
    centre.engine.handle(Held(call.channel, True))
    centre.engine.handle(Held(call.leg.channel, True))
    centre.engine.handle(Referred("nobody", "802", ("x", "y")))
    assert call.phase == "talking" and centre.hears(call) == "talk"
    centre.consistent()
