"""After the call the customer gives a mark: when he is asked, what counts, and that nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dealerline.switch.directory import PromptAudio
from dealerline.switch.model import Call
from tests.unit.switch.world import KEYS, World

PROMPTS = tuple(PromptAudio(k, "zh", 0, f"/p/zh/{k}") for k in (*KEYS, "rating.ask", "rating.thanks"))


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    return make(rating_stores=(1,), prompts=PROMPTS)


def asked(world: World) -> Call:
    """A customer whose agent has hung up."""
    session = world.sign_in(1)
    call = world.talk()
    world.ask(session, "hangup", call=call.id)
    return call


def marks(world: World) -> list[dict[str, object]]:
    return [f.data for f in world.journal.facts if f.kind == "rating.given"]


def test_the_agent_hangs_up_first_and_the_customer_gives_his_mark_and_is_thanked(world: World) -> None:
    call = asked(world)
    assert world.hears(call) == "rating.ask" and not call.ended
    assert world.state(1) == "wrap" and not world.media.monitored, "for the agent the call is over"
    world.key(call, "4")
    assert world.hears(call) == "rating.thanks"
    world.key(call, "1")
    world.played(call)
    assert call.ended and marks(world) == [{"agent": 1, "mark": 4}]
    kinds = world.journal.kinds(call.id)
    assert kinds.index("talk.ended") < kinds.index("rating.asked") < kinds.index("rating.given")
    ended = next(f for f in world.journal.facts if f.kind == "call.ended")
    assert ended.data == {"by": "agent", "cause": "hung_up"}
    world.clock.advance(60)
    assert world.state(1) == "ready"


def test_silence_and_other_keys_are_no_mark(world: World) -> None:
    call = asked(world)
    for key in "069*#":
        world.key(call, key)
    world.played(call)
    assert not call.ended
    world.clock.advance(8)
    assert call.ended and not marks(world)


def test_a_mark_after_the_question_still_counts(world: World) -> None:
    call = asked(world)
    world.played(call)
    world.clock.advance(7)
    world.key(call, "5")
    world.clock.advance(2)
    assert not call.ended, "he is thanked first"
    world.played(call)
    assert call.ended and marks(world)[0]["mark"] == 5


@pytest.mark.parametrize("when", ["talking", "asked", "thanked"])
def test_a_customer_who_hangs_up_is_asked_nothing_more(world: World, when: str) -> None:
    if when == "talking":
        world.sign_in(1)
        call = world.talk()
    else:
        call = asked(world)
    if when == "thanked":
        world.key(call, "2")
    world.hang_up(call)
    assert call.ended and len(marks(world)) == (when == "thanked")
    assert ("rating.asked" in world.journal.kinds(call.id)) == (when != "talking")


def test_where_the_store_does_not_want_it_nobody_is_asked(make: Callable[..., World]) -> None:
    world = make(prompts=PROMPTS)
    call = asked(world)
    assert call.ended and "rating.asked" not in world.journal.kinds(call.id)


def test_a_held_customer_is_asked_as_well_and_hears_no_music_with_it(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk()
    world.ask(session, "hold", call=call.id)
    world.ask(session, "hangup", call=call.id)
    assert world.hears(call) == "rating.ask" and call.channel not in world.media.music_on
    world.key(call, "3")
    world.played(call)
    assert world.journal.kinds(call.id).count("hold.ended") == 1


def test_while_the_customer_marks_the_agent_may_have_his_next_call(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk()
    world.ask(session, "hangup", call=call.id)
    world.ask(session, "wrap_done", call=call.id)
    assert world.state(1) == "ready"
    other = world.talk()
    world.key(call, "5")
    world.played(call)
    assert world.hears(other) == "talk" and world.state(1) == "talking"
    assert session.desk.last("agent")["rejoin"] is None  # type: ignore[attr-defined]
    world.hang_up(other)


def test_an_agent_lost_without_hanging_up_is_no_reason_to_ask(world: World) -> None:
    session = world.sign_in(1)
    call = world.talk()
    world.close_page(session)
    world.end(world.media.legs and next(iter(world.media.legs)), 0)
    assert "rating.asked" not in world.journal.kinds(call.id)
    world.hang_up(call)


def test_a_call_with_others_goes_on_without_any_question(world: World) -> None:
    session, _ = world.sign_in(1), world.sign_in(2)
    call = world.talk()
    assert world.ask(session, "bring", call=call.id, how="invite", target={"kind": "person", "id": 2})["type"] == "ok"
    world.answer(2)
    world.ask(session, "hangup", call=call.id)
    assert world.hears(call) == "talk" and "rating.asked" not in world.journal.kinds(call.id)
    world.hang_up(call)


def test_a_switch_that_is_restarted_asks_once_more(world: World) -> None:
    call = asked(world)
    world.media.playing.clear()
    new = world.killed(rating_stores=(1,), prompts=PROMPTS)
    again = new.core.calls[call.id]
    assert new.hears(again) == "rating.ask"
    new.key(again, "2")
    new.played(again)
    assert marks(new) == [{"agent": 1, "mark": 2}]
    new.consistent()


def test_calls_out_that_nobody_promised_are_not_rated(world: World) -> None:
    from dealerline.switch.media import Arrived

    session = world.sign_in(1)
    out = world.core.calls[world.ask(session, "dial", number="13900000001", line=1)["call"]]
    world.answer(1)
    world.media.answer(out.channel)
    world.engine.handle(Arrived(out.channel, ("far", out.id)))
    world.ask(session, "hangup", call=out.id)
    assert out.ended
