"""What the reconciler repairs, and what it leaves alone because it only moves slowly."""

from __future__ import annotations

import pytest

from dealerline.switch.media import Failed, LiveChannel
from dealerline.switch.reconcile import EVERY, REST
from tests.unit.switch.world import World


def repaired(world: World) -> list[str]:
    """What was repaired so far; forgotten again, for a world's end wants no repairs."""
    made = [f.data["what"] for f in world.journal.facts if f.kind == "repair.made"]
    world.core.metrics.repairs = 0
    return made


def passes(world: World, count: int = 2) -> None:
    for _ in range(count):
        world.engine.reconciler.look()


def test_a_channel_nobody_owns_is_hung_up_at_the_second_look(world: World) -> None:
    world.media.channels["stray"] = LiveChannel("stray", "PJSIP/x", "Up")
    passes(world, 1)
    assert "stray" in world.media.channels
    passes(world, 1)
    assert "stray" not in world.media.channels and repaired(world) == ["channel_unowned"]


def test_a_call_whose_end_was_never_told_is_ended(world: World) -> None:
    call = world.ring()
    world.media.lose(call.channel)
    passes(world)
    assert not world.core.calls and repaired(world) == ["channel_gone"]


def test_parties_of_a_conversation_who_are_apart_are_brought_together(world: World) -> None:
    world.sign_in(1)
    call = world.talk()
    world.media.bridges[call.bridge].discard(call.channel)
    passes(world)
    assert world.hears(call) == "talk" and repaired(world) == ["not_together"]
    world.hang_up(call)


def test_a_phone_rung_after_both_questions_is_not_missed_by_both_answers(world: World) -> None:
    world.sign_in(1, ready=False)
    call = world.ring()
    world.media.slow = True
    passes(world)
    world.core.run(world.engine.agents.wish, world.engine.agents.seat(1), "ready", "")
    assert world.rings(1)
    for answer in world.media.answers:
        answer()
    world.media.slow = False
    assert world.rings(1) and world.core.metrics.repairs == 0
    world.hang_up(call)


def test_a_conversation_put_on_hold_and_back_between_question_and_answer_is_no_finding(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk()
    world.ask(session, "hold", call=call.id)
    world.media.slow = True
    passes(world)
    world.ask(session, "unhold", call=call.id)
    for answer in world.media.answers:
        answer()
    world.media.slow = False
    assert world.core.metrics.repairs == 0
    world.hang_up(call)


def test_a_lead_whose_ear_is_being_put_on_at_both_looks_is_where_he_should_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sign_in(1)
    lead = world.sign_in(4, ready=False)
    call = world.talk()
    monkeypatch.setattr(type(world.media), "ear", lambda media, channel, ear, args: None)  # it takes its time
    world.ask(lead, "supervise", person=1, mode="listen")
    world.answer(4)
    passes(world, 1)
    world.ask(lead, "supervise", person=1, mode="barge")
    world.ask(lead, "supervise", person=1, mode="listen")
    passes(world, 1)
    assert world.core.metrics.repairs == 0
    world.hang_up(call)


def test_an_ear_that_never_comes_is_put_on_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sign_in(1)
    lead = world.sign_in(4, ready=False)
    call = world.talk()
    with monkeypatch.context() as lost:
        lost.setattr(type(world.media), "ear", lambda media, channel, ear, args: None)
        world.ask(lead, "supervise", person=1, mode="listen")
        world.answer(4)
    passes(world)
    assert repaired(world) == ["channel_gone"]
    world.clock.advance(1)
    world.ears()
    world.true_to_the_matrix()
    world.hang_up(call)


def test_a_call_that_ended_between_question_and_answer_leaves_nothing_unowned(world: World) -> None:
    world.sign_in(1)
    call = world.talk()
    world.media.slow = True
    passes(world)
    world.hang_up(call)
    for answer in world.media.answers:
        answer()
    world.media.slow = False
    assert world.core.metrics.repairs == 0


def test_a_channel_that_takes_long_to_hang_up_is_left_to_it(world: World) -> None:
    world.media.channels["slow"] = LiveChannel("slow", "PJSIP/x", "Up")
    world.media.leaving.add("slow")
    passes(world, 5)
    assert world.core.metrics.repairs == 0
    world.media.leaving.clear()
    passes(world)
    assert "slow" not in world.media.channels and repaired(world) == ["channel_unowned"]


def test_passes_do_not_overlap_and_a_slow_asterisk_is_asked_more_rarely(world: World) -> None:
    world.media.slow = True
    world.engine.reconciler.start()
    world.clock.advance(10 * EVERY)
    (answer,) = world.media.answers
    world.clock.advance(5)
    world.media.answers.clear()
    answer()
    world.clock.advance(2 * EVERY)
    assert not world.media.answers, "the answer took long, so the next question waits"
    world.clock.advance(100 * REST)
    assert len(world.media.answers) == 1
    world.media.slow = False


@pytest.mark.parametrize("away", [True, False])
def test_it_goes_on_after_an_answer_that_could_not_be_had(world: World, away: bool) -> None:
    world.engine.reconciler.start()
    world.media.away = away
    world.clock.advance(10 * EVERY)
    world.lost()
    world.clock.advance(10 * EVERY)
    world.connected()
    world.media.away = False
    before = world.engine.reconciler.passes
    world.clock.advance(10 * EVERY)
    assert world.engine.reconciler.passes >= before + 9


def test_a_ring_that_was_not_answered_in_time_is_taken_back_for_it_may_ring_all_the_same(world: World) -> None:
    world.sign_in(1)
    call = world.ring()
    channel = world.rings(1)
    world.engine.handle(Failed("ring", channel, 0, "no answer within 5 s"))
    assert world.media.did("hang_up", channel) and world.state(1) == "busy:device_lost"
    world.hang_up(call)
