"""What an agent is doing, through a day."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealerline.domain.presence import (
    STATES,
    TABLE,
    Agent,
    Answer,
    DeviceLost,
    Dial,
    Ended,
    Fail,
    GoesAway,
    IllegalChange,
    Release,
    Reserve,
    Resume,
    Returns,
    Ring,
    Summon,
    TalkLost,
    WantsBusy,
    WantsOffline,
    WantsReady,
    WrapDone,
    WrapMore,
    step,
)


def run(*events: Any, agent: Agent | None = None, now: float = 100.0) -> Agent:
    """One event a second."""
    agent = agent or Agent(7)
    for event in events:
        agent = step(agent, event, now)
        now += 1
    return agent


CALL = (WantsReady(), Reserve("c1"), Ring(130.0), Answer())


def test_a_whole_call_from_ready_to_ready() -> None:
    agent = run(*CALL)
    assert (agent.state, agent.call, agent.since) == ("talking", "c1", 103.0)
    agent = step(agent, Ended(wrap_until=240.0), 200.0)
    assert (agent.state, agent.until, agent.call, agent.cause) == ("wrap", 240.0, "c1", "call_ended")
    agent = step(agent, WrapMore(300.0), 230.0)
    assert (agent.until, agent.since) == (300.0, 200.0)
    agent = step(agent, WrapDone("timeout"), 300.0)
    assert agent == Agent(7, "ready", cause="timeout", since=300.0)


def test_without_after_call_work_he_is_ready_at_once() -> None:
    assert run(*CALL, Ended()).state == "ready"
    assert run(*CALL, Ended(wrap_until=50.0)).state == "ready"


@pytest.mark.parametrize("reason", ["no_answer", "refused", "device_lost", "microphone"])
def test_an_offer_that_fails_through_him_makes_him_busy_and_says_why(reason: str) -> None:
    agent = run(*CALL[:3], Fail(reason))
    assert (agent.state, agent.reason, agent.cause, agent.call) == ("busy", reason, reason, "")


def test_a_caller_who_hangs_up_while_it_rings_leaves_him_ready_and_waiting_anew() -> None:
    agent = run(*CALL[:3], Release())
    assert (agent.state, agent.cause, agent.since) == ("ready", "caller_gone", 103.0)


def test_a_wish_during_the_call_is_granted_after_it() -> None:
    agent = run(*CALL, WantsBusy("lunch", 30), Ended(wrap_until=200.0))
    assert (agent.state, agent.wish and agent.wish.reason) == ("wrap", "lunch")
    agent = step(agent, WrapDone(), 150.0)
    assert (agent.state, agent.reason, agent.until, agent.wish) == ("busy", "lunch", 150.0 + 1800, None)


def test_a_wish_can_be_taken_back_while_the_call_lasts() -> None:
    assert run(*CALL, WantsBusy("lunch"), WantsReady(), Ended()).state == "ready"


def test_who_signs_out_in_mid_call_is_offline_after_it() -> None:
    assert run(*CALL, WantsOffline("closed"), Ended(wrap_until=500.0), WrapDone()).state == "offline"


def test_a_wish_made_while_it_rings_counts_when_the_caller_goes() -> None:
    agent = run(*CALL[:3], WantsBusy("lunch"), Release())
    assert (agent.state, agent.reason) == ("busy", "lunch")


def test_who_goes_home_while_it_rings_and_does_not_answer_is_offline_not_busy() -> None:
    assert run(*CALL[:3], WantsOffline(), Fail("no_answer")).state == "offline"


def test_a_lost_device_takes_a_ready_agent_out() -> None:
    agent = run(WantsReady(), DeviceLost())
    assert (agent.state, agent.reason) == ("busy", "device_lost")


def test_a_lost_device_in_after_call_work_waits_for_its_end() -> None:
    agent = run(*CALL, Ended(wrap_until=500.0), DeviceLost())
    assert agent.state == "wrap"
    assert step(agent, WrapDone(), 300.0).reason == "device_lost"


def test_a_lost_device_does_not_end_a_talk_but_too_long_a_loss_does() -> None:
    agent = run(*CALL, DeviceLost())
    assert agent.state == "talking"
    assert step(agent, TalkLost(), 200.0).reason == "device_lost"


def test_busy_for_a_lost_device_ends_by_his_own_wish() -> None:
    assert run(WantsReady(), DeviceLost(), WantsReady()).state == "ready"


def test_who_dials_from_a_break_is_on_his_break_again_afterwards() -> None:
    agent = run(WantsBusy("training"), Dial("c2"))
    assert (agent.state, agent.call) == ("outbound", "c2")
    agent = step(agent, Release("not_reached"), 120.0)
    assert (agent.state, agent.reason) == ("busy", "training")
    assert run(WantsReady(), Dial("c2"), Answer(), Ended()).state == "ready"


def test_changing_the_reason_is_a_new_state_with_its_own_time_and_repeating_it_is_not() -> None:
    agent = run(WantsBusy("lunch"), WantsBusy("training"))
    assert (agent.reason, agent.since) == ("training", 101.0)
    assert step(agent, WantsBusy("training"), 500.0).since == 101.0


def test_a_restarted_switch_finds_him_where_he_was() -> None:
    agent = run(Resume("talking", "c9", since=42.0))
    assert (agent.state, agent.call, agent.since) == ("talking", "c9", 42.0)


def test_who_is_away_is_ready_again_when_he_returns_and_says_since_when_and_why() -> None:
    agent = run(WantsReady(), GoesAway("asleep"))
    assert (agent.state, agent.reason, agent.cause, agent.since) == ("away", "asleep", "asleep", 101.0)
    assert step(agent, GoesAway("asleep"), 150.0).since == 101.0
    locked = step(agent, GoesAway("locked"), 150.0)
    assert (locked.reason, locked.since) == ("locked", 150.0)
    assert step(locked, Returns(), 200.0) == Agent(7, "ready", cause="returned", since=200.0)
    with pytest.raises(IllegalChange):
        step(agent, Reserve("c1"), 160.0)


def test_only_who_is_ready_goes_away_a_break_or_a_call_stays_what_it_is() -> None:
    for events in ((WantsBusy("lunch"),), CALL, (*CALL, Ended(wrap_until=500.0)), ()):
        with pytest.raises(IllegalChange):
            run(*events, GoesAway("idle"))


def test_a_call_in_the_middle_of_a_break_does_not_lengthen_it() -> None:
    agent = run(WantsBusy("meal", 10), Dial("c2"), Answer(), Ended(), now=100.0)
    assert (agent.state, agent.reason, agent.until) == ("busy", "meal", 700.0)
    agent = run(WantsBusy("meal", 10), Summon("c3"), Answer(), Ended(), now=100.0)
    assert agent.until == 700.0


def test_nobody_gets_a_second_offer() -> None:
    for events in (CALL[:2], CALL[:3], CALL, (*CALL, Ended(wrap_until=500.0)), (WantsBusy("x"),), ()):
        with pytest.raises(IllegalChange):
            run(*events, Reserve("c2"))


EVENTS: st.SearchStrategy[Any] = st.sampled_from(
    [
        WantsReady(),
        WantsBusy("lunch", 5),
        WantsOffline(),
        Reserve("c"),
        Ring(9.0),
        Release(),
        Fail("refused"),
        Answer(),
        Dial("d"),
        Ended(),
        Ended(1e9),
        WrapMore(2e9),
        WrapDone(),
        DeviceLost(),
        TalkLost(),
        GoesAway("asleep"),
        GoesAway("idle"),
        Returns(),
        Resume("talking", "r", 1.0),
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(EVENTS, max_size=40))
def test_whatever_happens_the_state_has_a_cause_and_the_table_is_kept(events: list[Any]) -> None:
    agent = Agent(1)
    for now, event in enumerate(events, 1):
        change = TABLE.get((agent.state, type(event)))
        if change is None:
            with pytest.raises(IllegalChange):
                step(agent, event, float(now))
            continue
        after = step(agent, event, float(now))
        assert after.state in change.to or (after.state == agent.state and agent.state in change.to)
        assert after.state in STATES
        assert bool(after.reason) == (after.state in ("busy", "away"))
        assert bool(after.call) == (after.state in ("reserved", "ringing", "talking", "wrap", "outbound"))
        assert after.wish is None or after.call
        agent = after
