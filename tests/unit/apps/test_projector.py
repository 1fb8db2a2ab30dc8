"""A call is a fold of its facts: the same rows from any order and any repetition."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dealerline.apps.calls.logic.projector import CallRows, fold
from dealerline.domain.facts import Fact

CALL = "01930000-0000-7000-8000-000000000001"


class Story:
    """Facts written one after another; ``at`` in seconds after the call's arrival."""

    def __init__(self, call: str = CALL) -> None:
        self.call = call
        self.facts: list[Fact] = []

    def __call__(self, kind: str, at: float, /, **data: Any) -> Story:
        seq = len(self.facts) + 1
        self.facts.append(Fact(f"{self.call[:-6]}{seq:06x}", kind, 1_800_000_000 + at, self.call, seq, 3, 0, data))
        return self

    def rows(self) -> CallRows:
        return fold(self.call, self.facts)


def arrived() -> Story:
    return Story()(
        "call.arrived",
        0,
        direction="in",
        from_number="13812345678",
        to_number="02388880001",
        carrier=1,
        line=4,
        channel="c",
    )("call.answered", 0.2)


def talked() -> Story:
    """Seven does not answer, eight does, holds once, records, finishes his work after the call."""
    return arrived()("flow.language", 2, language="en")("flow.key", 3, digits="1")(
        "queue.entered", 4, queue=5, position=1
    )("offer.made", 5, agent=7, queue=5, waited=1, why="longest_idle")("offer.ended", 9, agent=7, result="no_answer")(
        "queue.returned", 9, queue=5, reason="no_answer"
    )("offer.made", 9, agent=8, queue=5, waited=5, why="longest_idle")("offer.ended", 11, agent=8, result="answered")(
        "queue.left", 11, queue=5, reason="answered", waited=7
    )("talk.started", 11, agent=8)(
        "recording.started", 11, recording="r1", agent=8, agent_path="raw/a.wav", customer_path="raw/c.wav"
    )("hold.started", 20, agent=8)("hold.ended", 26, agent=8)("talk.ended", 41, agent=8, reason="hangup")(
        "recording.stopped", 41, recording="r1", seconds=30
    )("wrap.started", 41, agent=8, until=71)("call.ended", 41, by="customer", cause="16")(
        "wrap.ended", 50, agent=8, cause="done"
    )


def test_an_answered_call_tells_who_waited_talked_held_and_worked_how_long() -> None:
    rows = talked().rows()
    assert (rows.outcome, rows.agent, rows.queue, rows.language, rows.path) == ("answered", 8, 5, "en", ["1"])
    assert (rows.waited_seconds, rows.talk_seconds, rows.hold_seconds, rows.wrap_seconds) == (7, 30, 6, 9)
    assert [(leg.agent, leg.result) for leg in rows.legs] == [(7, "no_answer"), (8, "answered")]
    assert rows.recordings["r1"].state == "stopped"
    assert rows.store == 3


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 30))
def test_any_order_and_any_repetition_give_the_same_rows(chance: random.Random, repeats: int) -> None:
    facts = talked().facts
    shuffled = facts + [chance.choice(facts) for _ in range(repeats)]
    chance.shuffle(shuffled)
    assert fold(CALL, shuffled) == fold(CALL, facts)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_still_missing_never_breaks_the_fold(data: st.DataObject) -> None:
    facts = talked().facts
    some = data.draw(st.lists(st.sampled_from(facts), unique_by=lambda fact: fact.id))
    rows = fold(CALL, some)
    assert rows.waited_seconds >= 0
    assert rows.talk_seconds >= 0
    assert rows.hold_seconds >= 0


def test_facts_of_another_call_are_left_out() -> None:
    other = replace(talked().facts[0], call="01930000-0000-7000-8000-000000000002")
    assert fold(CALL, [*arrived().facts, other]).seq == 2


def test_a_caller_who_hangs_up_while_waiting_is_abandoned_with_his_wait() -> None:
    rows = arrived()("queue.entered", 4, queue=5, position=2)("call.ended", 34, by="customer", cause="16").rows()
    assert (rows.outcome, rows.waited_seconds) == ("abandoned", 30)


def test_a_caller_who_only_listens_served_himself() -> None:
    assert arrived()("call.ended", 9, by="customer", cause="16").rows().outcome == "self_service"


def test_a_message_left_after_waiting_in_vain_is_a_voicemail() -> None:
    story = arrived()("queue.entered", 4, queue=5, position=2)("queue.left", 64, queue=5, reason="timeout", waited=60)
    rows = story("voicemail.recorded", 90, path="voicemail/x.wav", seconds=12.5, node="vm", kind="complaint")(
        "call.ended", 91, by="customer", cause="16"
    ).rows()
    assert rows.outcome == "voicemail"
    assert [(m.seconds, m.kind, m.id) for m in rows.messages] == [(12.5, "complaint", story.facts[-2].id)]


def test_a_call_cut_by_the_media_engine_while_waiting_failed() -> None:
    story = arrived()("queue.entered", 4, queue=5, position=2)("call.ended", 20, by="asterisk", cause="gone")
    assert story.rows().outcome == "failed"


def test_a_talk_cut_by_the_death_of_the_media_engine_failed_but_keeps_its_talk() -> None:
    rows = arrived()("talk.started", 10, agent=8)("talk.ended", 30, agent=8, reason="asterisk_gone")(
        "call.ended", 30, by="asterisk", cause="asterisk_died"
    ).rows()
    assert (rows.outcome, rows.talk_seconds, rows.agent) == ("failed", 20, 8)
    assert rows.answered_at is not None


def test_a_talk_whose_end_was_never_told_ends_with_the_call() -> None:
    story = arrived()("talk.started", 10, agent=8)("hold.started", 20, agent=8)
    rows = story("recording.started", 10, recording="r1", agent=8, agent_path="a", customer_path="c")(
        "call.ended", 40, by="repair", cause="gone"
    ).rows()
    assert (rows.outcome, rows.talk_seconds, rows.hold_seconds) == ("answered", 30, 20)
    assert rows.recordings["r1"].state == "stopped"


def test_a_recording_that_failed_stays_failed_whatever_is_told_later() -> None:
    story = arrived()("recording.failed", 10, recording="r1", reason="disk_full")
    rows = story("recording.stopped", 40, recording="r1", seconds=30).rows()
    assert (rows.recordings["r1"].state, rows.recordings["r1"].reason) == ("failed", "disk_full")


def test_an_agent_lost_in_mid_call_and_another_who_takes_over_are_two_legs() -> None:
    story = arrived()("talk.started", 10, agent=7)("agent.lost", 20, agent=7, what="browser")(
        "talk.ended", 40, agent=7, reason="agent_lost"
    )("queue.returned", 40, queue=5, reason="agent_lost")(
        "offer.made", 41, agent=8, queue=5, waited=1, why="longest_idle"
    )("offer.ended", 43, agent=8, result="answered")("queue.left", 43, queue=5, reason="answered", waited=3)(
        "talk.started", 43, agent=8
    )("talk.ended", 60, agent=8, reason="hangup")("call.ended", 60, by="customer", cause="16")
    rows = story.rows()
    assert (rows.agent, rows.talk_seconds, rows.waited_seconds) == (8, 47, 3)


def test_an_outgoing_call_nobody_answers_is_no_answer() -> None:
    story = Story()(
        "call.arrived", 0, direction="out", from_number="", to_number="13812345678", carrier=1, line=4, channel="c"
    )
    assert story("call.ended", 30, by="carrier", cause="19").rows().outcome == "no_answer"


def test_numbers_that_are_no_numbers_do_no_harm() -> None:
    rows = Story()("call.arrived", 0, direction="in", from_number=None, to_number=7, carrier="x", line="", channel="")(
        "voicemail.recorded", 3, path="p", seconds="many", node="n"
    ).rows()
    assert (rows.carrier, rows.line, rows.messages[0].seconds) == (None, None, 0)
