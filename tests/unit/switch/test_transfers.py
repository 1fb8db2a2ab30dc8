"""Transfer, consultation, invitation: the customer always has somebody or music, whatever goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from dealerline.switch.desks import Session
from dealerline.switch.media import Arrived
from dealerline.switch.model import Call, Phase
from tests.unit.switch.world import MENU, SALES, World

INSURER = "13900000002"


def bring(world: World, session: Session, call: Call, how: str, **target: Any) -> dict[str, Any]:
    return world.ask(session, "bring", call=call.id, how=how, target=target)


def ok(answer: dict[str, Any]) -> None:
    assert answer["type"] == "ok", answer


def code(answer: dict[str, Any]) -> str:
    return str(answer.get("code", "ok"))


def started(world: World) -> tuple[Session, Session, Call]:
    """Alice talks with a customer; Dora, of no queue, is ready."""
    alice, dora = world.sign_in(1), world.sign_in(5)
    return alice, dora, world.talk()


def last(session: Session, kind: str = "call") -> dict[str, Any]:
    message = session.desk.last(kind)  # type: ignore[attr-defined]
    assert message is not None
    return dict(message)


def test_a_blind_transfer_hands_the_customer_over_and_lets_the_first_agent_write_his_record(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "transfer", kind="person", id=5))
    assert world.state(1) == "wrap" and world.state(5) == "reserved" and call.phase is Phase.TRANSFER
    assert world.hears(call) == "music"
    assert last(dora)["offer"] == {"how": "transfer", "by": "Alice", "text": None} and last(dora)["phase"] == "offered"
    world.answer(5)
    assert world.hears(call) == "talk" and world.state(5) == "talking" and call.person == 5
    assert last(alice)["phase"] == "wrap"
    world.consistent()
    ok(world.ask(alice, "wrap_done", call=call.id))
    assert world.state(1) == "ready"
    world.hang_up(call)
    assert world.state(5) == "wrap" and world.state(1) == "ready"
    kinds = world.journal.kinds(call.id)
    assert kinds.count("talk.started") == kinds.count("talk.ended") == 2
    assert kinds.count("recording.started") == kinds.count("recording.stopped") == 2
    assert kinds.count("transfer.done") == 1
    world.consistent()


@pytest.mark.parametrize(("how", "word"), [("silent", "did not answer"), ("refuses", "refused"), ("busy", "busy"),
                                           ("page closed", "could not be reached")])  # fmt: skip
def test_a_blind_transfer_that_fails_rings_the_first_agent_again_with_the_reason(
    world: World, how: str, word: str
) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "transfer", kind="person", id=5))
    if how == "silent":
        world.clock.advance(21)
    elif how == "refuses":
        ok(world.ask(dora, "refuse", call=call.id))
    elif how == "busy":
        world.end(world.rings(5), 17)
    else:
        world.close_page(dora)
        world.clock.advance(2)
    assert world.hears(call) == "music"
    offer = last(alice)["offer"]
    assert offer["how"] == "return" and word in offer["text"]["en"] and "Dora" in offer["text"]["en"]
    world.answer(1)
    assert world.hears(call) == "talk" and world.state(1) == "talking" and call.person == 1
    world.consistent()
    world.hang_up(call)
    world.consistent()


def test_if_the_first_agent_has_gone_too_the_customer_is_first_in_his_queue(world: World) -> None:
    alice, _, call = started(world)
    bob = world.sign_in(2, ready=False)
    ok(bring(world, alice, call, "transfer", kind="person", id=5))
    world.close_page(alice)
    world.clock.advance(21)
    assert call.phase is Phase.QUEUED and world.hears(call) == "music"
    ok(world.ask(bob, "state", state="ready"))
    world.answer(2)
    assert world.hears(call) == "talk" and call.person == 2
    world.hang_up(call)
    world.consistent()


def test_an_agent_who_does_not_take_his_own_call_back_sends_it_to_the_front(world: World) -> None:
    alice, _, call = started(world)
    ok(bring(world, alice, call, "transfer", kind="person", id=5))
    world.clock.advance(21)
    assert world.rings(1)
    world.clock.advance(21)
    assert call.phase in (Phase.QUEUED, Phase.OFFERED) and world.hears(call) == "music"
    world.hang_up(call)
    world.consistent()


def back_in_the_queue(world: World, somebody_there: bool) -> Call:
    """Alice's transfer to Dora came to nothing, nor did she take it back. Bob is there, but busy, or nobody is."""
    alice, _ = world.sign_in(1), world.sign_in(5)
    if somebody_there:
        bob = world.sign_in(2, ready=False)
        ok(world.ask(bob, "state", state="busy", reason="break"))
    call = world.ring(MENU)
    world.key(call, "1")
    world.answer(1)
    ok(bring(world, alice, call, "transfer", kind="person", id=5))
    ok(world.ask(alice, "state", state="offline"))
    ok(world.ask(alice, "wrap_done", call=call.id))
    world.clock.advance(21)
    return call


def test_who_waits_in_vain_after_a_transfer_that_failed_gets_a_shift_lead(world: World) -> None:
    lena = world.sign_in(4)
    call = back_in_the_queue(world, somebody_there=True)
    assert call.phase is Phase.QUEUED
    world.clock.advance(290)
    assert not world.rings(4), "the queue's own time first"
    world.clock.advance(10)
    assert world.rings(4) and world.hears(call) == "music" and call.phase is Phase.TRANSFER
    offer = last(lena)["offer"]
    assert offer["how"] == "lead" and "Dora" in offer["text"]["en"]
    world.consistent()
    world.answer(4)
    assert world.hears(call) == "talk" and call.person == 4 and world.state(4) == "talking"
    left = [f.data["reason"] for f in world.journal.facts if f.kind == "queue.left"]
    assert left == ["answered", "timeout"]
    world.hang_up(call)
    world.consistent()


@pytest.mark.parametrize("lead", ["silent", "refuses", "away"])
def test_only_when_no_lead_takes_it_either_the_customer_may_leave_a_message(world: World, lead: str) -> None:
    if lead != "away":
        world.sign_in(4)
    call = back_in_the_queue(world, somebody_there=False)
    if lead != "away":
        assert world.rings(4), "nobody of the queue is there: at once"
        assert world.hears(call) == "music"
        if lead == "silent":
            world.clock.advance(21)
        else:
            world.end(world.rings(4), 21)
        assert world.state(4) in ("ready", "busy:refused")
    assert call.phase is Phase.FLOW and world.hears(call) == "voicemail.leave"
    world.consistent()
    world.hang_up(call)
    world.consistent()


def test_one_whom_we_had_called_waits_with_words_and_music_and_gets_a_lead_too(world: World) -> None:
    alice, bob = world.sign_in(1), world.sign_in(2)
    call = world.core.calls[world.ask(alice, "dial", number="13900000001", line=1)["call"]]
    world.answer(1)
    world.media.answer(call.channel)
    world.engine.handle(Arrived(call.channel, ("far", call.id)))
    ok(world.ask(bob, "state", state="busy", reason="break"))
    ok(bring(world, alice, call, "transfer", kind="queue", id=10))
    assert call.phase is Phase.QUEUED and call.flow is None
    world.clock.advance(7)
    assert "queue.position.1" in world.hears(call)
    world.played(call)
    assert not call.ended and world.hears(call) == "music", "his call does not end with the announcement"
    world.sign_in(4)
    world.clock.advance(294)
    assert world.rings(4) and world.hears(call) == "music"
    world.answer(4)
    assert world.hears(call) == "talk"
    world.hang_up(call)
    world.consistent()


def test_a_lead_is_rung_once_only_and_not_for_callers_who_were_never_handed_on(world: World) -> None:
    world.sign_in(4)
    plain = world.ring(MENU)
    world.key(plain, "1")
    assert plain.phase is Phase.FLOW and not world.rings(4), "nobody is there: the flow's own way"
    world.hang_up(plain)
    call = back_in_the_queue(world, somebody_there=True)
    bob = next(s for s in world.desks.sessions.values() if s.desk.person == 2)
    ok(world.ask(bob, "state", state="ready"))
    world.answer(2)
    assert world.hears(call) == "talk" and call.returned is None
    world.hang_up(call)
    world.consistent()


def test_the_customer_hangs_up_or_the_switch_dies_while_a_lead_is_rung(world: World) -> None:
    world.sign_in(4)
    call = back_in_the_queue(world, somebody_there=False)
    assert world.rings(4)
    new = world.killed()
    call = next(iter(new.core.calls.values()))
    assert new.hears(call) in ("music", "voicemail.leave")
    new.hang_up(call)
    new.clock.advance(60)
    new.consistent()
    new.sign_in(4)
    call = back_in_the_queue(new, somebody_there=False)
    assert new.rings(4)
    new.hang_up(call)
    assert new.state(4) == "ready" and not new.rings(4)
    new.consistent()


def test_a_switch_killed_while_a_returned_caller_waits_still_knows_that_a_lead_is_due(world: World) -> None:
    call = back_in_the_queue(world, somebody_there=True)
    new = world.killed()
    call = next(iter(new.core.calls.values()))
    new.sign_in(4)
    assert call.phase is Phase.QUEUED
    new.clock.advance(301)
    assert new.rings(4) and new.hears(call) == "music"
    new.answer(4)
    assert new.hears(call) == "talk"
    new.hang_up(call)
    new.clock.advance(60)
    new.consistent()


def test_a_transfer_to_an_outside_number_leaves_the_two_talking(world: World) -> None:
    alice, _, call = started(world)
    ok(bring(world, alice, call, "transfer", kind="number", number=INSURER))
    assert world.state(1) == "wrap"
    channel = world.outside_answers()
    assert world.hears(call) == "talk" and call.phase is Phase.FORWARDING
    world.consistent()
    world.end(channel)
    assert call.ended
    world.clock.advance(60)
    world.consistent()


def test_a_transfer_to_a_queue_and_to_another_line(world: World) -> None:
    alice, _, call = started(world)
    world.sign_in(2)
    ok(bring(world, alice, call, "transfer", kind="queue", id=10))
    assert call.phase is Phase.OFFERED and world.hears(call) == "music" and world.rings(2)
    world.answer(2)
    bob = next(s for s in world.desks.sessions.values() if s.desk.person == 2)
    ok(bring(world, bob, call, "transfer", kind="line", id=2))
    assert call.phase is Phase.FLOW and world.hears(call) == "menu.sales"
    world.hang_up(call)
    world.consistent()


def test_to_hang_up_while_one_is_rung_for_a_transfer_is_to_refuse_it_and_no_end_for_the_customer(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "transfer", kind="person", id=5))
    ok(world.ask(dora, "hangup", call=call.id))
    assert not call.ended and world.hears(call) == "music" and last(alice)["offer"]["how"] == "return"
    world.answer(1)
    assert world.hears(call) == "talk"
    world.hang_up(call)
    world.consistent()


@pytest.mark.parametrize("then", ["his own hang-up", "the customer's", "time"])
def test_an_agent_whose_channel_just_ended_is_free_whatever_comes_before_that_is_understood(
    world: World, then: str
) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
    world.outside_answers()
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    world.end(call.labelled("p1"))  # a page's last breath, or a hang-up: its socket tells, in a moment
    ok(world.ask(dora, "hangup", call=call.id))
    assert call.phase is Phase.FORWARDING and world.hears(call) == "talk"
    if then == "his own hang-up":
        ok(world.ask(alice, "hangup", call=call.id))
    elif then == "the customer's":
        world.hang_up(call)
    else:
        world.clock.advance(1)
    assert call.ended == (then == "the customer's") and world.state(1) == "wrap"
    world.consistent()
    if not call.ended:
        world.hang_up(call)
    kinds = world.journal.kinds(call.id)
    assert kinds.count("talk.started") == kinds.count("talk.ended") == 2
    world.consistent()


def test_a_consultation_from_the_question_to_the_handing_over(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    assert world.hears(call) == "music" and last(alice)["attempt"]["state"] == "asking"
    world.answer(5)
    world.true_to_the_matrix()
    assert world.sounds(call) == {("p1", "p2"), ("p2", "p1")} and last(alice)["attempt"]["state"] == "consulting"
    ok(world.ask(alice, "swap", call=call.id))
    assert world.sounds(call) == {("customer", "p1"), ("p1", "customer")}
    ok(world.ask(alice, "swap", call=call.id))
    assert world.sounds(call) == {("p1", "p2"), ("p2", "p1")}
    ok(world.ask(alice, "complete", call=call.id))
    assert world.sounds(call) == {("customer", "p2"), ("p2", "customer")}
    assert world.state(1) == "wrap" and call.person == 5 and last(dora)["phase"] == "talking"
    world.consistent()
    world.hang_up(call)
    world.consistent()
    inside = [f.data for f in world.journal.facts if f.kind == "track.started" and f.data["audience"] == "inside"]
    assert {f["party"] for f in inside} == {"p1", "p2"}, "what was said while he was on hold is not for his copy"


def test_a_consultation_can_be_cancelled_completed_early_or_made_a_talk_of_three(world: World) -> None:
    alice, _, call = started(world)
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    ok(world.ask(alice, "cancel", call=call.id))
    assert world.hears(call) == "talk" and world.state(5) == "ready"
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    world.answer(5)
    ok(world.ask(alice, "cancel", call=call.id))
    assert world.hears(call) == "talk" and world.state(5) == "wrap"
    world.clock.advance(31)
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    ok(world.ask(alice, "three_way", call=call.id))
    assert world.hears(call) == "talk"
    world.answer(5)
    assert len(world.sounds(call)) == 6
    ok(world.ask(alice, "hangup", call=call.id))
    assert not call.ended and call.person == 5 and world.hears(call) == "talk"
    world.consistent()
    world.hang_up(call)
    world.consistent()


def test_completing_while_it_still_rings_is_a_blind_transfer(world: World) -> None:
    alice, _, call = started(world)
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    ok(world.ask(alice, "complete", call=call.id))
    assert world.state(1) == "wrap" and call.phase is Phase.TRANSFER and world.hears(call) == "music"
    world.clock.advance(21)
    assert last(alice)["offer"]["how"] == "return"
    world.answer(1)
    assert world.hears(call) == "talk"
    world.hang_up(call)
    world.consistent()


@pytest.mark.parametrize("answered", [False, True])
def test_an_agent_whose_browser_dies_in_a_consultation_leaves_the_customer_with_the_other(
    world: World, answered: bool
) -> None:
    alice, _, call = started(world)
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    if answered:
        world.answer(5)
    channel = call.leg.channel if call.leg else ""
    world.online(1, False)
    world.close_page(alice)
    world.end(channel, 44)
    world.clock.advance(2)
    if not answered:
        assert world.hears(call) == "music"
        world.answer(5)
    assert world.hears(call) == "talk" and call.person == 5
    world.consistent()
    world.hang_up(call)
    world.clock.advance(40)
    world.consistent()


def test_who_is_consulted_hangs_up_and_the_customer_is_back_with_the_first(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "consult", kind="person", id=5))
    world.answer(5)
    ok(world.ask(dora, "hangup", call=call.id))
    assert world.hears(call) == "talk" and world.state(5) == "wrap" and world.state(1) == "talking"
    assert "Dora" in last(alice, "notice")["text"]["en"]
    world.consistent()
    world.hang_up(call)
    world.consistent()


def test_the_customer_hangs_up_at_every_step_and_everybody_is_free(world: World) -> None:
    alice, dora, _ = started(world)
    world.hang_up(next(iter(world.core.calls.values())))
    for step in ("blind", "asking", "consulting", "inviting", "three"):
        for session in (alice, dora):
            seat = world.core.seats[session.desk.person]
            if seat.call is not None and seat.presence.state == "wrap":
                ok(world.ask(session, "wrap_done", call=seat.call.id))
        call = world.talk()
        how = {"blind": "transfer", "asking": "consult", "consulting": "consult"}.get(step, "invite")
        ok(bring(world, alice, call, how, kind="person", id=5))
        if step in ("consulting", "three"):
            world.answer(5)
        world.hang_up(call)
        assert call.ended and world.state(1) == "wrap", step
        assert world.state(5) == ("wrap" if step in ("consulting", "three") else "ready"), step
        world.consistent()


def test_an_invited_insurer_comes_in_while_the_talk_goes_on_and_leaves_again(world: World) -> None:
    alice, _, call = started(world)
    ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
    assert world.hears(call) == "talk"
    insurer = world.outside_answers()
    assert len(world.sounds(call)) == 6
    parties = {p["id"]: p for p in last(alice)["parties"]}
    assert parties["p2"]["role"] == "outside" and parties["p2"]["state"] == "in" and parties["p1"]["host"]
    world.end(insurer)
    assert world.hears(call) == "talk" and not call.ended
    world.consistent()
    world.hang_up(call)
    world.consistent()


def test_side_rooms_are_made_moved_between_and_left(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
    world.outside_answers()
    answer = world.ask(dora, "aside", call=call.id, parties=["p3", "p2"])
    assert answer["room"] == "s1"
    world.true_to_the_matrix()
    assert ("p2", "p3") in world.sounds(call) and ("p2", "customer") not in world.sounds(call)
    assert ("customer", "p3") in world.sounds(call)
    assert code(world.ask(dora, "aside", call=call.id, parties=["customer"], room="s1")) == "not_host"
    ok(world.ask(dora, "back", call=call.id))
    assert len(world.sounds(call)) == 12 and not call.ears
    world.consistent()
    assert world.ask(dora, "aside", call=call.id, parties=["p3", "p2"])["room"] == "s1", "the same room once more"
    world.true_to_the_matrix()
    ok(world.ask(dora, "back", call=call.id))
    world.consistent()
    ok(world.ask(alice, "hangup", call=call.id, all=True))
    assert call.ended
    world.clock.advance(40)
    world.consistent()


def aside(world: World, **more: Any) -> tuple[Session, Session, Call, str]:
    """Dora and the insurer are aside from Alice and the customer. The insurer's channel is the last."""
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
    insurer = world.outside_answers()
    ok(world.ask(dora, "aside", call=call.id, parties=["p3", "p2"], **more))
    world.true_to_the_matrix()
    return alice, dora, call, insurer


def loudness(world: World) -> set[int]:
    """Of all ears that somebody hears."""
    return {world.media.volumes.get(ear, 0) for ear in world.media.ears}


def test_a_side_room_hears_the_main_room_as_loud_as_its_members_like(world: World) -> None:
    alice, dora, call, _ = aside(world)
    assert loudness(world) == {0} and last(dora)["main_heard"] == {"s1": "normal"}
    before = world.sounds(call)
    ok(world.ask(dora, "room_volume", call=call.id, room="s1", level="soft"))
    assert loudness(world) == {-4} and world.sounds(call) == before and last(alice)["main_heard"] == {"s1": "soft"}
    ok(world.ask(dora, "room_volume", call=call.id, room="s1", level="off"))
    world.true_to_the_matrix()
    assert ("customer", "p2") not in world.sounds(call) and ("p3", "p2") in world.sounds(call)
    ok(world.ask(alice, "room_volume", call=call.id, room="s1", level="soft"))  # the host may, from outside
    world.true_to_the_matrix()
    assert ("customer", "p2") in world.sounds(call) and loudness(world) == {-4}
    ok(world.ask(dora, "room_volume", call=call.id, room="s1", level="normal"))
    assert loudness(world) == {0}
    told = [f.data["level"] for f in world.journal.facts if f.kind == "room.volume"]
    assert told == ["soft", "off", "soft", "normal"]
    ok(world.ask(dora, "room_volume", call=call.id, room="s1", level="soft"))
    ok(world.ask(dora, "back", call=call.id))
    assert last(dora)["main_heard"] == {}
    ok(world.ask(dora, "aside", call=call.id, parties=["p2"]))
    world.true_to_the_matrix()
    assert loudness(world) == {0}, "another room of that name begins as any does"
    world.consistent()
    world.hang_up(call)
    world.consistent()


@pytest.mark.parametrize(("level", "loud"), [("soft", {-4}), ("off", set[int]())])
def test_a_side_room_can_be_soft_or_deaf_from_its_beginning_and_after_a_restart(
    world: World, level: str, loud: set[int]
) -> None:
    _, dora, call, _ = aside(world, main=level)
    assert loudness(world) == loud
    world.consistent()
    new, call = kill(world)
    new.true_to_the_matrix()
    assert loudness(new) == loud
    dora = new.sign_in(5, ready=False)
    assert last(dora, "welcome")["calls"][0]["main_heard"] == {"s1": level}
    new.hang_up(call)
    new.clock.advance(60)
    new.consistent()


def test_a_guest_left_alone_where_the_main_room_is_not_heard_has_music(world: World) -> None:
    alice, dora, call, insurer = aside(world, main="off")
    ok(world.ask(alice, "hold", call=call.id, party="p2"))
    assert insurer in world.media.music_on
    world.true_to_the_matrix()
    ok(world.ask(alice, "unhold", call=call.id, party="p2"))
    assert insurer not in world.media.music_on
    world.true_to_the_matrix()
    assert ("p2", "p3") in world.sounds(call)
    ok(world.ask(dora, "hangup", call=call.id))
    assert ("customer", "p3") in world.sounds(call), "and one whom all left is in the main room again"
    world.hang_up(call)
    world.consistent()


def test_how_loud_a_room_is_is_not_for_everybody_to_say(world: World) -> None:
    alice, dora, call, _ = aside(world)
    ok(world.ask(alice, "host", call=call.id, party="p2"))
    ask = {"call": call.id, "room": "s1"}
    assert code(world.ask(alice, "room_volume", **ask, level="soft")) == "not_host"
    assert code(world.ask(dora, "room_volume", **ask, level="loud")) == "bad_message"
    assert code(world.ask(dora, "room_volume", call=call.id, room="s2", level="soft")) == "not_now"
    assert code(world.ask(dora, "room_volume", call=call.id, room="main", level="off")) == "not_now"
    assert code(world.ask(dora, "aside", call=call.id, parties=["p1"], room="s1", main="off")) == "bad_message"
    assert last(dora)["main_heard"] == {"s1": "normal"}
    world.hang_up(call)
    world.consistent()


def test_the_host_removes_locks_and_hands_over(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    assert code(world.ask(dora, "lock", call=call.id)) == "not_host"
    ok(world.ask(alice, "lock", call=call.id))
    assert code(bring(world, dora, call, "invite", kind="number", number=INSURER)) == "locked"
    ok(world.ask(alice, "host", call=call.id, party="p2"))
    ok(world.ask(dora, "mute", call=call.id, party="p1"))
    assert ("p1", "customer") not in world.sounds(call)
    ok(world.ask(dora, "unmute", call=call.id, party="p1"))
    ok(world.ask(dora, "remove", call=call.id, party="p1"))
    assert world.state(1) == "wrap" and call.person == 5 and "Dora" in last(alice, "notice")["text"]["en"]
    world.hang_up(call)
    world.consistent()


def test_what_cannot_be_says_why_and_changes_nothing(world: World) -> None:
    alice, _, call = started(world)
    world.sign_in(2, ready=False)
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("transfer", {"kind": "person", "id": 1}, "oneself"),
        ("transfer", {"kind": "person", "id": 3}, "target_away"),
        ("consult", {"kind": "number", "number": "13812345678"}, "in_it_already"),
        ("invite", {"kind": "number", "number": SALES}, "own_number"),
        ("invite", {"kind": "number", "number": "abc"}, "bad_number"),
        ("consult", {"kind": "line", "id": 2}, "only_transfer"),
        ("consult", {"kind": "queue", "id": 99}, "bad_message"),
        ("transfer", {"kind": "person", "id": "x"}, "bad_message"),
        ("dance", {"kind": "person", "id": 5}, "not_now"),
    ]
    for how, target, why in cases:
        assert code(bring(world, alice, call, how, **target)) == why, target
    for verb in ("complete", "cancel", "three_way", "swap", "record_resume", "take_over"):
        assert code(world.ask(alice, verb, call=call.id)) == "not_now", verb
    assert code(world.ask(alice, "hold", call=call.id, party="p9")) == "not_now"
    assert world.hears(call) == "talk" and call.phase is Phase.TALKING
    world.consistent()


def test_two_who_act_at_once_one_wins_and_the_other_is_told(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    ok(world.ask(alice, "hold", call=call.id))
    assert code(world.ask(dora, "hold", call=call.id)) == "not_now"
    ok(world.ask(dora, "unhold", call=call.id))
    world.sign_in(2)
    ok(bring(world, alice, call, "consult", kind="person", id=2))
    assert code(bring(world, dora, call, "consult", kind="number", number=INSURER)) == "attempt_running"
    world.hang_up(call)
    world.consistent()


def test_a_reload_in_a_conference_comes_back_to_the_same_place(world: World) -> None:
    alice, dora, call = started(world)
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    old = world.answer(5)
    world.close_page(dora)
    dora = world.sign_in(5, tab="new", ready=False)
    world.answer(5)
    assert len(world.sounds(call)) == 6 and old not in world.media.channels
    assert last(dora)["me"] == "p2"
    world.consistent()
    world.hang_up(call)
    world.consistent()


def test_nothing_is_recorded_while_card_numbers_are_said(world: World) -> None:
    alice, _, call = started(world)
    ok(world.ask(alice, "record_pause", call=call.id))
    assert not world.media.monitored and last(alice)["recording"] == "paused"
    ok(bring(world, alice, call, "invite", kind="person", id=5))
    world.answer(5)
    assert not world.media.tracked
    world.clock.advance(121)
    assert len(world.media.tracked) == 3 and last(alice)["recording"] == "on"
    world.hang_up(call)
    world.consistent()


def kill(world: World) -> tuple[World, Call]:
    new = world.killed()
    return new, next(iter(new.core.calls.values()))


@pytest.mark.parametrize("step", ["transfer", "consult", "consulting", "swapped", "three", "side", "outside"])
def test_a_switch_killed_in_the_middle_finds_the_talk_whole_or_takes_a_step_back(world: World, step: str) -> None:
    alice, dora, call = started(world)
    consults = {"transfer": "transfer", "consult": "consult", "consulting": "consult", "swapped": "consult"}
    how = consults.get(step, "invite")
    ok(bring(world, alice, call, how, kind="person", id=5))
    if step not in ("transfer", "consult"):
        world.answer(5)
    if step == "swapped":
        ok(world.ask(alice, "swap", call=call.id))
    if step == "side":
        ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
        world.outside_answers()
        ok(world.ask(dora, "aside", call=call.id, parties=["p3", "p2"]))
        world.ears()
    if step == "outside":
        ok(bring(world, alice, call, "invite", kind="number", number=INSURER))
        world.outside_answers()
        ok(world.ask(alice, "hangup", call=call.id))
        ok(world.ask(dora, "hangup", call=call.id))
        assert call.phase is Phase.FORWARDING
    before = world.sounds(call)
    new, call = kill(world)
    new.true_to_the_matrix()
    if step == "transfer":
        assert new.hears(call) == "music" and call.phase in (Phase.QUEUED, Phase.OFFERED)
    elif step == "consult":
        assert new.hears(call) == "music" and call.phase is Phase.HELD
        assert not new.media.playing, "the tone of a phone that rings no more"
        alice = new.sign_in(1, ready=False)
        ok(new.ask(alice, "unhold", call=call.id))
        assert new.hears(call) == "talk"
    else:
        assert len(new.sounds(call)) == len(before)
    new.hang_up(call)
    new.clock.advance(60)
    new.consistent()


def test_the_menu_line_stays_reachable_after_all_that(world: World) -> None:
    call = world.ring(MENU)
    assert world.hears(call) == "menu.sales"
    world.hang_up(call)
    world.consistent()


def test_a_pause_of_the_recording_outlives_the_switch_and_still_ends(world: World) -> None:
    alice, _, call = started(world)
    ok(world.ask(alice, "record_pause", call=call.id))
    new, call = kill(world)
    assert call.recording_state == "paused" and not new.media.monitored
    new.clock.advance(121)
    assert new.media.monitored and call.recording_state == "on"
    new.hang_up(call)
    new.clock.advance(60)
    new.consistent()


def test_lines_of_other_stores_can_be_chosen_to_transfer_to(world: World) -> None:
    alice = world.sign_in(1)
    targets = last(alice, "welcome")["targets"]
    assert {line["id"] for line in targets["lines"]} == set(world.core.lookup.lines)
    assert {queue["id"] for queue in targets["queues"]} == set(world.core.lookup.queues)
