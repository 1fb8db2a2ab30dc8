"""Shift leads: listen, whisper, barge in, take over, force; by right only, and never to the customer's harm."""

from __future__ import annotations

from typing import Any

import pytest

from dealerline.switch.desks import Session
from dealerline.switch.model import Call
from tests.unit.switch.world import World

BOTH = {("customer", "p1"), ("p1", "customer")}


def ok(answer: dict[str, Any]) -> None:
    assert answer["type"] == "ok", answer


def supervise(world: World, lead: Session, mode: str, person: int = 1, **more: Any) -> dict[str, Any]:
    return world.ask(lead, "supervise", person=person, mode=mode, **more)


def started(world: World) -> tuple[Session, Session, Call]:
    """Alice talks with a customer, Lena leads the shift and is no agent just now."""
    alice, lena = world.sign_in(1), world.sign_in(4, ready=False)
    return alice, lena, world.talk()


def last(session: Session, kind: str = "call") -> dict[str, Any]:
    message = session.desk.last(kind)  # type: ignore[attr-defined]
    assert message is not None
    return dict(message)


def test_listen_whisper_barge_and_back_are_one_word_each(world: World) -> None:
    alice, lena, call = started(world)
    ok(supervise(world, lena, "listen"))
    assert world.state(4) == "supervising" and world.media.legs[world.rings(4)].name == f"dl auto {call.id}"
    world.answer(4)
    world.true_to_the_matrix()
    assert world.sounds(call) == BOTH | {("customer", "p2"), ("p1", "p2")}
    assert last(lena)["phase"] == "supervising" and last(alice)["supervised"]
    ok(supervise(world, lena, "whisper"))
    assert world.sounds(call) == BOTH | {("customer", "p2"), ("p1", "p2"), ("p2", "p1")}
    ok(supervise(world, lena, "barge"))
    world.true_to_the_matrix()
    assert len(world.sounds(call)) == 6
    ok(supervise(world, lena, "listen"))
    world.true_to_the_matrix()
    assert world.sounds(call) == BOTH | {("customer", "p2"), ("p1", "p2")}
    ok(world.ask(lena, "hangup", call=call.id))
    assert world.state(4) == "offline" and world.sounds(call) == BOTH and not call.ended
    world.consistent()
    world.hang_up(call)
    world.consistent()
    modes = [f.data["mode"] for f in world.journal.facts if f.kind.startswith("supervision.") and "mode" in f.data]
    assert modes == ["listen", "whisper", "barge", "listen"]


def test_a_customer_whom_a_lead_talks_to_is_not_told_to_wait_when_his_agent_is_lost(world: World) -> None:
    """A prompt would hold up the move to the music when the lead goes as well."""
    _, lena, call = started(world)
    ok(supervise(world, lena, "barge"))
    world.answer(4)
    assert call.leg is not None
    world.end(call.leg.channel, 44)
    assert world.hears(call) == "talk"
    ok(world.ask(lena, "hangup", call=call.id))
    assert world.hears(call) == "music"
    world.hang_up(call)
    world.consistent()


def test_taking_over_leaves_the_lead_with_the_customer_and_the_agent_out(world: World) -> None:
    alice, lena, call = started(world)
    ok(supervise(world, lena, "whisper"))
    world.answer(4)
    ok(world.ask(lena, "take_over", call=call.id))
    world.true_to_the_matrix()
    assert world.sounds(call) == {("customer", "p2"), ("p2", "customer")}
    assert world.state(1) == "wrap" and world.state(4) == "talking" and call.person == 4
    assert "Lena" in last(alice, "notice")["text"]["en"]
    world.hang_up(call)
    assert world.state(4) == "wrap"
    world.consistent()


@pytest.mark.parametrize("ends", ["leaves", "takes over", "call over"])
def test_a_lead_who_muted_himself_is_not_muted_for_ever_in_the_journal(world: World, ends: str) -> None:
    _, lena, call = started(world)
    ok(supervise(world, lena, "barge"))
    world.answer(4)
    ok(world.ask(lena, "mute", call=call.id))
    if ends == "call over":
        world.hang_up(call)
    else:
        ok(world.ask(lena, "hangup" if ends == "leaves" else "take_over", call=call.id))
        world.true_to_the_matrix()
        world.hang_up(call)
    kinds = world.journal.kinds(call.id)
    assert kinds.count("mute.started") == kinds.count("mute.ended") == 1
    world.consistent()


def test_nobody_supervises_without_the_right_nor_in_another_store(world: World) -> None:
    _, lena, call = started(world)
    charlie, bob = world.sign_in(3), world.sign_in(2)
    for session in (charlie, bob):
        assert supervise(world, session, "listen")["code"] == "forbidden"
        assert world.ask(session, "force", person=1, what="busy", reason="break")["code"] == "forbidden"
        assert world.ask(session, "force_hangup", person=1)["code"] == "forbidden"
    assert supervise(world, lena, "listen", person=3)["code"] == "forbidden"
    assert supervise(world, lena, "listen", person=2)["code"] == "no_talk"
    assert supervise(world, lena, "sing")["code"] == "bad_message"
    assert not [f for f in world.journal.facts if f.kind.startswith(("supervision", "agent.forced"))]
    world.hang_up(call)
    world.consistent()


def test_a_lead_whose_page_dies_harms_nobody(world: World) -> None:
    _, lena, call = started(world)
    ok(supervise(world, lena, "whisper"))
    channel = world.answer(4)
    world.ears()
    world.end(channel, 44)
    assert world.sounds(call) == BOTH and world.state(4) == "offline"
    world.consistent()
    ok(supervise(world, lena, "listen"))
    world.clock.advance(16)
    assert world.state(4) == "offline", "his phone did not answer"
    world.hang_up(call)
    world.consistent()


@pytest.mark.parametrize("who", ["lead", "customer"])
def test_the_mute_of_a_lead_ends_with_his_part(world: World, who: str) -> None:
    _, lena, call = started(world)
    ok(supervise(world, lena, "barge"))
    world.answer(4)
    ok(world.ask(lena, "mute", call=call.id))
    if who == "lead":
        ok(world.ask(lena, "hangup", call=call.id))
    else:
        world.hang_up(call)
    kinds = world.journal.kinds(call.id)
    assert kinds.count("mute.started") == kinds.count("mute.ended") == 1
    world.consistent()


def test_a_customer_who_hangs_up_frees_the_lead_too(world: World) -> None:
    _, lena, call = started(world)
    ok(world.ask(lena, "state", state="ready"))
    ok(supervise(world, lena, "listen"))
    world.answer(4)
    world.ears()
    world.hang_up(call)
    assert world.state(4) == "ready" and world.state(1) == "wrap"
    world.consistent()


def test_a_lead_stays_with_the_customer_when_the_agent_hands_him_over(world: World) -> None:
    alice, lena, call = started(world)
    world.sign_in(5)
    ok(supervise(world, lena, "whisper"))
    world.answer(4)
    ok(world.ask(alice, "bring", call=call.id, how="transfer", target={"kind": "person", "id": 5}))
    world.true_to_the_matrix()
    assert ("p2", "customer") not in world.sounds(call), "a whisper is never for a customer"
    world.answer(5)
    world.true_to_the_matrix()
    assert ("p2", "p3") in world.sounds(call) and ("customer", "p2") in world.sounds(call)
    world.hang_up(call)
    world.clock.advance(40)
    world.consistent()


def test_following_an_agent_from_call_to_call(world: World) -> None:
    alice, lena, call = started(world)
    ok(supervise(world, lena, "listen", follow=True))
    world.answer(4)
    world.hang_up(call)
    assert world.state(4) == "offline"
    ok(world.ask(alice, "wrap_done", call=call.id))
    call = world.talk()
    world.answer(4)
    world.true_to_the_matrix()
    assert ("customer", "p2") in world.sounds(call)
    ok(world.ask(lena, "hangup", call=call.id))
    world.hang_up(call)
    world.consistent()


def test_a_lead_forces_states_and_the_end_of_a_call_and_it_is_written_down(world: World) -> None:
    alice, lena, call = started(world)
    ok(world.ask(lena, "force_hangup", person=1))
    assert call.ended and world.state(1) == "wrap"
    ok(world.ask(lena, "force", person=1, what="ready"))
    assert world.state(1) == "ready" and "Lena" in last(alice, "notice")["text"]["zh"]
    ok(world.ask(lena, "force", person=1, what="busy", reason="break"))
    assert world.state(1) == "busy:break"
    ok(world.ask(lena, "force", person=1, what="offline"))
    assert world.state(1) == "offline"
    forced = [f.data["what"] for f in world.journal.facts if f.kind == "agent.forced"]
    assert forced == ["hangup", "ready", "busy", "offline"]
    world.consistent()


def test_a_raised_hand_is_seen_by_the_leads_of_the_store_and_lowered(world: World) -> None:
    alice, lena, call = started(world)
    charlie = world.sign_in(3)
    ok(world.ask(alice, "raise_hand", call=call.id, note="wants a discount"))
    assert last(lena, "hands")["hands"][0]["note"] == "wants a discount"
    assert charlie.desk.last("hands") is None  # type: ignore[attr-defined]
    ok(world.ask(lena, "lower_hand", person=1))
    assert last(lena, "hands")["hands"] == [] and not last(alice)["hand"]
    assert all("note" not in f.data for f in world.journal.facts)
    world.hang_up(call)
    world.consistent()


@pytest.mark.parametrize("mode", ["listen", "whisper", "barge"])
def test_a_killed_switch_finds_the_lead_where_he_was(world: World, mode: str) -> None:
    _, lena, call = started(world)
    ok(supervise(world, lena, mode))
    world.answer(4)
    world.ears()
    before = world.sounds(call)
    new = world.killed()
    again = new.core.calls[call.id]
    new.true_to_the_matrix()
    assert new.sounds(again) == before and new.state(4) == "supervising"
    new.hang_up(again)
    new.clock.advance(60)
    new.consistent()


def test_who_listens_is_hidden_where_the_installation_says_so(tmp_path: Any) -> None:
    world = World(tmp_path, supervision_visible=False)
    alice, lena, call = started(world)
    ok(supervise(world, lena, "listen"))
    world.answer(4)
    assert not last(alice)["supervised"] and all(p["role"] != "lead" for p in last(alice)["parties"])
    ok(supervise(world, lena, "barge"))
    assert any(p["role"] == "lead" for p in last(alice)["parties"])
    world.hang_up(call)
    world.consistent()


def test_a_lead_watches_the_agent_again_who_comes_back_from_a_transfer_in_vain(world: World) -> None:
    alice, lena, call = started(world)
    ok(supervise(world, lena, "barge"))
    world.answer(4)
    ok(world.ask(alice, "bring", call=call.id, how="transfer", target={"kind": "number", "number": "13900000001"}))
    world.end(world.member_rings(), 17)
    world.answer(1)
    world.true_to_the_matrix()
    ok(world.ask(lena, "take_over", call=call.id))
    assert call.leg is not None and call.leg.person == 4 and world.state(1) == "wrap"
    world.hang_up(call)
    world.consistent()


def test_a_lead_who_takes_over_from_the_second_agent_leaves_the_first_in_the_talk(world: World) -> None:
    alice, lena, call = started(world)
    dora = world.sign_in(5)
    ok(world.ask(alice, "bring", call=call.id, how="invite", target={"kind": "person", "id": 5}))
    world.answer(5)
    ok(supervise(world, lena, "listen", person=5))
    world.answer(4)
    ok(world.ask(lena, "take_over", call=call.id))
    world.true_to_the_matrix()
    assert world.state(5) == "wrap" and {leg.person for leg in call.legs_all} == {1, 4}
    ok(world.ask(alice, "hangup", call=call.id))
    assert not call.ended and len(world.sounds(call)) == 2
    ok(world.ask(dora, "wrap_done", call=call.id))
    world.hang_up(call)
    world.clock.advance(100)
    world.consistent()


def test_a_lead_who_was_removed_while_his_page_came_back_is_not_in_by_that_page(world: World) -> None:
    agent, lead = world.sign_in(1), world.sign_in(4, ready=False)
    call = world.talk(1)
    world.ask(lead, "supervise", person=1, mode="barge")
    world.answer(4)
    lead = world.sign_in(4, tab="other", ready=False)
    assert world.rings(4), "the new page is rung, to take the old one's place"
    label = next(leg.label for leg in call.others.values() if leg.role == "lead")
    world.ask(agent, "remove", call=call.id, party=label)
    assert not world.rings(4) and world.state(4) == "offline"
    kinds = world.journal.kinds()
    assert kinds.count("supervision.started") == kinds.count("supervision.ended") == 1
    world.consistent()


@pytest.mark.parametrize("way", ["hangup", "take_over", "dial"])
def test_a_lead_who_muted_himself_is_muted_no_more_when_he_is_a_lead_no_more(world: World, way: str) -> None:
    alice, lena, call = started(world)
    ok(supervise(world, lena, "listen"))
    world.answer(4)
    ok(world.ask(lena, "mute", call=call.id))
    ok(world.ask(*((alice, "dial") if way == "dial" else (lena, way)), call=call.id, number="13900000002", line=1))
    kinds = world.journal.kinds(call.id)
    assert kinds.count("mute.started") == kinds.count("mute.ended") == 1
    world.consistent()
