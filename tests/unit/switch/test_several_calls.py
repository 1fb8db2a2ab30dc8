"""Several calls on one desk: one he talks on, the others parked with music, and what becomes of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from dealerline.switch.desks import Session
from dealerline.switch.media import Arrived, Device
from dealerline.switch.model import Call, Phase
from tests.unit.switch.world import World, snapshot

B, C = "13900000002", "13900000003"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def dials(world: World, session: Session, number: str = B) -> Call:
    answer = world.ask(session, "dial", number=number, line=1)
    assert answer["type"] == "ok", answer
    return world.core.calls[answer["call"]]


def picks_up(world: World, call: Call) -> None:
    """The number that was dialled answers."""
    world.media.answer(call.channel)
    world.engine.handle(Arrived(call.channel, world.media.legs[call.channel].args, call.channel))


def both(world: World, session: Session) -> tuple[Call, Call]:
    """A is parked, B talks."""
    first = world.talk(1)
    second = dials(world, session)
    picks_up(world, second)
    return first, second


def takes(world: World, session: Session, call: Call) -> None:
    answer = world.ask(session, "take", call=call.id)
    assert answer["type"] == "ok", answer


def refused(world: World, session: Session, kind: str, **fields: object) -> str:
    answer = world.ask(session, kind, **fields)
    return str(answer.get("code", ""))


def of(world: World, kind: str, call: Call) -> list[dict[str, object]]:
    return [f.data for f in world.journal.facts if f.kind == kind and f.call == call.id]


def shown(session: Session, call: Call) -> str:
    """What the page was told last of that call."""
    for message in reversed(session.desk.sent):  # type: ignore[attr-defined]
        if message["type"] == "call_gone" and message["call"] == call.id:
            return "gone"
        if message["type"] == "call" and message["id"] == call.id:
            return str(message["phase"])
    return ""


# one more ------------------------------------------------------------------------------------------------------------
def test_a_customer_hears_music_from_the_moment_the_agent_dials_another(world: World) -> None:
    session = world.sign_in(1)
    first = world.talk(1)
    second = dials(world, session)
    assert (first.phase, second.phase) == (Phase.PARKED, Phase.DIALLING)
    assert world.hears(first) == "music" and shown(session, first) == "parked"
    assert world.state(1) == "talking"
    picks_up(world, second)
    assert (world.hears(first), world.hears(second)) == ("music", "talk")
    assert world.sounds(second) == {("customer", "p1"), ("p1", "customer")}
    assert len(of(world, "hold.started", first)) == 1 and not of(world, "hold.ended", first)
    world.consistent()


def test_the_phone_is_not_rung_again_and_goes_along_without_a_break(world: World) -> None:
    session = world.sign_in(1)
    first = world.talk(1)
    phone = first.leg.channel if first.leg is not None else ""
    second = dials(world, session)
    picks_up(world, second)
    assert second.leg is not None and second.leg.channel == phone
    takes(world, session, first)
    assert first.leg is not None and first.leg.channel == phone and second.leg is None
    assert len([o for o in world.media.orders if o[0] == "ring" and o[2] == "PJSIP/agent-1"]) == 1


def test_swapping_changes_who_talks_and_who_has_music(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    for on, aside in ((first, second), (second, first), (first, second)):
        takes(world, session, on)
        assert (world.hears(on), world.hears(aside)) == ("talk", "music")
        assert (shown(session, on), shown(session, aside)) == ("talking", "parked")
        world.consistent()
    assert len(of(world, "talk.started", first)) == 1 and len(of(world, "hold.ended", first)) == 2


def test_the_key_that_swaps_in_a_consultation_swaps_calls_when_there_is_none(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    assert world.ask(session, "swap", call=second.id)["type"] == "ok"
    assert (first.phase, second.phase) == (Phase.TALKING, Phase.PARKED)


def test_three_calls_are_the_most(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    third = dials(world, session, C)
    picks_up(world, third)
    assert [world.hears(call) for call in (first, second, third)] == ["music", "music", "talk"]
    assert refused(world, session, "dial", number="13900000004", line=1) == "too_many_calls"
    takes(world, session, first)
    assert [world.hears(call) for call in (first, second, third)] == ["talk", "music", "music"]
    world.consistent()


@pytest.mark.parametrize("most", [1, 2])
def test_the_group_says_how_many_calls_are_the_most(tmp_path: Path, most: int) -> None:
    world = World(tmp_path, calls_per_desk=most)
    session = world.sign_in(1)
    first = world.talk(1)
    if most == 2:
        picks_up(world, dials(world, session))
    assert refused(world, session, "dial", number=C, line=1) == "too_many_calls"
    if most == 2:
        assert world.hears(first) == "music"
        takes(world, session, first)
    assert world.hears(first) == "talk"
    world.consistent()


def test_a_limit_that_is_lowered_ends_no_call(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    world.directory.set(snapshot(calls_per_desk=1))
    takes(world, session, first)
    assert (world.hears(first), world.hears(second)) == ("talk", "music")
    world.hang_up(first)
    takes(world, session, second)
    assert refused(world, session, "dial", number=C, line=1) == "too_many_calls"
    world.hang_up(second)
    world.ask(session, "wrap_done", call=second.id)
    assert dials(world, session)
    world.consistent()


def test_nobody_in_the_queue_is_offered_to_one_who_has_a_call_left(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    waits = world.ring()
    world.hang_up(second)
    assert first.phase is Phase.PARKED and waits.phase is Phase.QUEUED and not world.rings(1)
    takes(world, session, first)
    world.hang_up(first)
    assert world.state(1) == "wrap" and not world.rings(1)
    world.ask(session, "wrap_done", call=first.id)
    assert world.rings(1)


def test_a_call_with_others_on_it_cannot_be_parked(world: World) -> None:
    session, colleague = world.sign_in(1), world.sign_in(2, ready=False)
    call = world.talk(1)
    target = {"kind": "person", "id": 2}
    world.ask(colleague, "state", state="ready")
    world.ask(session, "bring", call=call.id, how="invite", target=target)
    assert refused(world, session, "dial", number=B, line=1) == "attempt_running"
    world.answer(2)
    assert refused(world, session, "dial", number=B, line=1) == "not_alone"
    assert refused(world, colleague, "dial", number=B, line=1) == "in_call"
    world.consistent()


def test_one_who_was_on_hold_and_muted_is_so_no_more_when_he_is_taken_again(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk(1)
    world.ask(session, "hold", call=call.id)
    world.ask(session, "mute", call=call.id)
    second = dials(world, session)
    picks_up(world, second)
    assert world.sounds(second) == {("customer", "p1"), ("p1", "customer")}
    takes(world, session, call)
    assert world.hears(call) == "talk" and len(world.sounds(call)) == 2
    assert (len(of(world, "hold.started", call)), len(of(world, "hold.ended", call))) == (1, 1)


# an end --------------------------------------------------------------------------------------------------------------
def test_the_end_of_one_leaves_the_other_parked_until_he_takes_it(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    world.ask(session, "hangup", call=second.id)
    assert first.phase is Phase.PARKED and world.hears(first) == "music" and world.state(1) == "talking"
    assert shown(session, second) == "wrap" and not of(world, "wrap.started", second)
    takes(world, session, first)
    assert world.hears(first) == "talk"
    assert len([o for o in world.media.orders if o[0] == "ring" and o[2] == "PJSIP/agent-1"]) == 1
    world.consistent()


def test_a_desk_phone_that_was_put_down_is_rung_again_for_the_next(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    world.core.seats[1].device = "phone"
    assert second.leg is not None
    world.end(second.leg.channel)
    assert second.ended and first.phase is Phase.PARKED and world.hears(first) == "music"
    world.core.seats[1].device = "browser"
    takes(world, session, first)
    assert first.phase is Phase.PARKED and world.hears(first) == "music"
    world.answer(1)
    assert world.hears(first) == "talk"
    world.consistent()


def test_a_parked_customer_who_hangs_up_ends_only_his_own_call(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    world.hang_up(first)
    assert world.hears(second) == "talk" and world.state(1) == "talking"
    assert shown(session, first) == "wrap" and not of(world, "wrap.started", first)
    world.ask(session, "hangup", call=second.id)
    assert world.state(1) == "wrap" and len(of(world, "wrap.started", second)) == 1
    assert {call.id for call in world.core.seats[1].calls} == {first.id, second.id}
    world.ask(session, "wrap_done", call=second.id)
    assert world.state(1) == "ready" and (shown(session, first), shown(session, second)) == ("gone", "gone")
    assert len([k for k in world.journal.kinds() if k == "wrap.started"]) == 1
    world.consistent()


def test_a_number_that_is_busy_leaves_the_parked_call_with_his_phone(world: World) -> None:
    session = world.sign_in(1)
    first = world.talk(1)
    second = dials(world, session)
    world.end(second.channel, 17)
    assert second.ended and first.phase is Phase.PARKED and world.hears(first) == "music"
    assert world.state(1) == "talking" and shown(session, second) == "gone"
    takes(world, session, first)
    assert world.hears(first) == "talk"
    world.hang_up(first)
    assert world.state(1) == "wrap"
    world.consistent()


def test_a_number_that_does_not_answer_is_given_up_by_going_back_to_the_customer(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    third = dials(world, session, C)
    takes(world, session, first)
    assert third.ended and world.hears(first) == "talk" and world.hears(second) == "music"
    assert not world.media.playing and shown(session, third) == "gone"
    assert of(world, "call.ended", third) == [{"by": "agent", "cause": "cancelled"}]
    world.consistent()


def test_a_customer_who_hangs_up_while_the_other_number_rings_is_written_up_when_that_fails(world: World) -> None:
    session = world.sign_in(1)
    first = world.talk(1)
    second = dials(world, session)
    world.hang_up(first)
    assert world.state(1) == "talking"
    world.end(second.channel, 19)
    assert world.state(1) == "wrap" and shown(session, first) == "wrap"
    assert len(of(world, "wrap.started", first)) == 1
    world.consistent()


def test_a_held_call_can_be_ended_without_taking_it(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    assert world.ask(session, "hangup", call=first.id)["type"] == "ok"
    assert first.ended and world.hears(second) == "talk"
    world.consistent()


def test_one_who_transfers_a_call_has_the_other_again(world: World) -> None:
    session, colleague = world.sign_in(1), world.sign_in(2, ready=False)
    first, second = both(world, session)
    world.ask(colleague, "state", state="ready")
    world.ask(session, "bring", call=second.id, how="transfer", target={"kind": "person", "id": 2})
    assert first.phase is Phase.PARKED and world.core.seats[1].call is first
    world.answer(2)
    takes(world, session, first)
    assert (world.hears(first), world.hears(second)) == ("talk", "talk")
    world.consistent()


def test_a_forced_hang_up_ends_the_call_he_is_on(world: World) -> None:
    session, lead = world.sign_in(1), world.sign_in(4, ready=False)
    first, second = both(world, session)
    assert world.ask(lead, "force_hangup", person=1)["type"] == "ok"
    assert second.ended and first.phase is Phase.PARKED
    assert refused(world, lead, "force_hangup", person=1) == "no_talk"


def test_a_lead_who_follows_comes_along_from_call_to_call(world: World) -> None:
    session, lead = world.sign_in(1), world.sign_in(4, ready=False)
    first = world.talk(1)
    world.ask(lead, "supervise", person=1, mode="listen", follow=True)
    world.answer(4)
    second = dials(world, session)
    picks_up(world, second)
    world.answer(4)
    assert world.core.seats[4].call is second
    takes(world, session, first)
    world.answer(4)
    assert world.core.seats[4].call is first
    world.consistent()


# trouble -------------------------------------------------------------------------------------------------------------
def test_a_switch_that_is_killed_finds_all_his_calls(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    third = dials(world, session, C)
    picks_up(world, third)
    after = world.killed()
    session = after.sign_in(1, ready=False)
    again = {call.id: call for call in after.core.calls.values()}
    assert [again[call.id].phase for call in (first, second, third)] == [Phase.PARKED, Phase.PARKED, Phase.TALKING]
    assert [after.hears(again[call.id]) for call in (first, second, third)] == ["music", "music", "talk"]
    assert after.state(1) == "talking" and len(after.core.seats[1].calls) == 3
    takes(after, session, again[first.id])
    assert after.hears(again[first.id]) == "talk"
    after.consistent()


def test_a_switch_that_is_killed_while_a_second_number_rings_keeps_the_first_call(world: World) -> None:
    session = world.sign_in(1)
    first = world.talk(1)
    dials(world, session)
    after = world.killed()
    session = after.sign_in(1, ready=False)
    again = after.core.calls[first.id]
    assert list(after.core.calls) == [first.id] and again.phase is Phase.PARKED and after.hears(again) == "music"
    takes(after, session, again)
    after.answer(1)
    assert after.hears(again) == "talk"
    after.consistent()


def test_killed_between_two_calls_he_has_both_with_one_phone(world: World) -> None:
    """What the channels remember may be of before the swap on one and of after it on the other."""
    session = world.sign_in(1)
    first, second = both(world, session)
    old = world.media.channels[first.channel].variables["DL_STATE"]
    takes(world, session, first)
    world.media.remember(first.channel, {"DL_STATE": old})  # as if killed before it was told
    after = world.killed()
    session = after.sign_in(1, ready=False)
    calls = [after.core.calls[call.id] for call in (first, second)]
    assert sorted(call.phase.value for call in calls) == ["parked", "parked"]
    takes(after, session, calls[0])
    after.answer(1)
    assert [after.hears(call) for call in calls] == ["talk", "music"]
    after.consistent()


def test_a_reloaded_page_has_all_its_calls_and_the_voice_of_the_one_he_is_on(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    world.close_page(session)
    session = world.sign_in(1, tab="other", ready=False)
    welcome = session.desk.last("welcome")  # type: ignore[attr-defined]
    assert {(call["id"], call["phase"]) for call in welcome["calls"]} == {
        (first.id, "parked"),
        (second.id, "talking"),
    }
    world.answer(1)
    takes(world, session, first)
    assert (world.hears(first), world.hears(second)) == ("talk", "music")
    world.consistent()


def test_a_reloaded_page_rings_for_a_parked_call_only_when_it_is_taken(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    world.hang_up(second)
    world.close_page(session)
    session = world.sign_in(1, tab="other", ready=False)
    assert first.phase is Phase.PARKED and not world.rings(1)
    takes(world, session, first)
    world.answer(1)
    assert world.hears(first) == "talk"
    world.consistent()


def test_customers_of_one_who_is_gone_go_to_the_front_of_their_queue(world: World) -> None:
    session, colleague = world.sign_in(1), world.sign_in(2, ready=False)
    first, second = both(world, session)
    takes(world, session, first)
    third = dials(world, session, C)
    assert first.leg is None and third.leg is not None
    world.end(third.channel, 17)
    world.ask(colleague, "state", state="ready")
    world.online(1, False)
    world.close_page(session)
    world.clock.advance(19)
    assert {first.phase, second.phase} == {Phase.PARKED}
    world.clock.advance(2)
    assert first.phase is Phase.OFFERED and world.rings(2), "he comes from a queue: a colleague is rung"
    assert second.ended, "he was called by us and has no queue"
    world.answer(2)
    assert world.hears(first) == "talk"
    assert world.state(1) == "offline"
    world.consistent()


def test_a_page_that_is_away_for_a_moment_costs_no_call(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    world.hang_up(second)
    for _ in range(3):
        world.close_page(session)
        world.clock.advance(7)
        session = world.sign_in(1, ready=False)
        world.clock.advance(7)
    assert first.phase is Phase.PARKED
    takes(world, session, first)
    assert world.hears(first) == "talk"


def test_one_whose_phone_is_dead_loses_his_parked_calls_in_time(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    world.hang_up(second)
    world.engine.handle(Device("agent-1", False))
    assert first.leg is not None
    world.end(first.leg.channel, 44)
    assert refused(world, session, "take", call=first.id) == "no_phone"
    world.clock.advance(21)
    assert first.phase is Phase.QUEUED and world.state(1) == "busy:device_lost"
    world.consistent()


def test_one_who_is_lost_from_the_call_he_is_on_loses_all(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    takes(world, session, first)
    assert first.leg is not None
    world.online(1, False)
    world.end(first.leg.channel, 44)
    world.close_page(session)
    assert (first.phase, second.phase) == (Phase.RECONNECTING, Phase.PARKED)
    world.clock.advance(21)
    assert first.phase is Phase.QUEUED and second.ended and world.core.seats[1].calls == []
    world.consistent()


def test_the_voice_of_each_call_is_in_its_own_recording(world: World) -> None:
    session = world.sign_in(1)
    first, second = both(world, session)
    takes(world, session, first)
    world.hang_up(first)
    world.hang_up(second)
    for call, parts in ((first, 2), (second, 1)):
        kinds = world.journal.kinds(call.id)
        assert kinds.count("recording.started") == kinds.count("recording.stopped") == parts
    world.consistent()


def test_a_call_nobody_has_parked_is_repaired(world: World) -> None:
    session = world.sign_in(1)
    first, _ = both(world, session)
    world.ears()
    world.core.seats[1].parked.clear()
    for _ in range(2):
        world.engine.reconciler.look()
    assert first.phase is Phase.QUEUED and world.core.metrics.repairs == 1


def test_a_call_that_ended_while_he_has_another_is_on_his_desk_after_a_kill(tmp_path: Path) -> None:
    world = World(tmp_path, seats=True)
    session = world.sign_in(1)
    first, second = both(world, session)
    world.hang_up(first)
    assert shown(session, first) == "wrap"
    after = world.killed()
    again = after.sign_in(1, ready=False)
    views = {view["id"]: view["phase"] for view in again.desk.sent[0]["calls"]}  # type: ignore[attr-defined]
    assert views == {second.id: "talking", first.id: "wrap"}
    after.hang_up(after.core.calls[second.id])
    assert after.state(1) == "wrap" and after.ask(again, "wrap_done", call=second.id)["type"] == "ok"
    assert shown(again, first) == shown(again, second) == "gone"
    after.consistent()


def test_if_the_other_ended_unwatched_the_after_call_work_of_the_first_begins(tmp_path: Path) -> None:
    world = World(tmp_path, seats=True)
    session = world.sign_in(1)
    first, second = both(world, session)
    world.hang_up(first)
    world.media.lose(second.channel)
    assert second.leg is not None
    world.media.lose(second.leg.channel)
    after = world.killed()
    again = after.sign_in(1, ready=False)
    assert after.state(1) == "wrap"
    assert [view["id"] for view in again.desk.sent[0]["calls"]] == [first.id]  # type: ignore[attr-defined]
    after.clock.advance(40)
    assert after.state(1) == "ready"
    after.consistent()
