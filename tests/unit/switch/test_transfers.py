"""Blind transfer: the customer always has somebody or music, whatever goes wrong."""

from __future__ import annotations

import pytest

from dealerline.switch.media import Arrived
from dealerline.switch.model import Call, Phase
from tests.unit.switch.asking import INSURER, bring, last, ok, started
from tests.unit.switch.world import MENU, World


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


def test_the_menu_line_stays_reachable_after_all_that(world: World) -> None:
    call = world.ring(MENU)
    assert world.hears(call) == "menu.sales"
    world.hang_up(call)
    world.consistent()


def test_lines_of_other_stores_can_be_chosen_to_transfer_to(world: World) -> None:
    alice = world.sign_in(1)
    targets = last(alice, "welcome")["targets"]
    assert {line["id"] for line in targets["lines"]} == set(world.core.lookup.lines)
    assert {queue["id"] for queue in targets["queues"]} == set(world.core.lookup.queues)
