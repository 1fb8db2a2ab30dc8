"""Calls of more than two, folded: who was there and how he came, who handed the call to whom, each voice's track."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from dealerline.apps.calls.logic.projector import fold
from tests.unit.apps.test_projector import CALL, Story, arrived

ALICE, BOB, LENA = 7, 8, 9
START = 1_800_000_000


def answered() -> Story:
    """Alice answers from the queue."""
    return arrived()("queue.entered", 2, queue=5, position=1)("offer.made", 3, agent=ALICE, queue=5, waited=1, why="x")(
        "offer.ended", 5, agent=ALICE, result="answered"
    )("queue.left", 5, queue=5, reason="answered", waited=3)("talk.started", 5, agent=ALICE)


def consulted() -> Story:
    """Alice asks Bob while the customer hears music, and hands him over."""
    return (
        answered()("hold.started", 20, agent=ALICE)(
            "invite.started", 20, agent=ALICE, how="consult", target_kind="person", target=BOB, party="p2"
        )("party.joined", 24, party="p2", role="agent", agent=BOB, number="")("talk.started", 24, agent=BOB)(
            "invite.ended", 24, how="consult", party="p2", result="answered"
        )("transfer.done", 40, agent=ALICE, how="consult", target_kind="person", target=BOB)(
            "hold.ended", 40, agent=BOB
        )
    )("talk.ended", 40, agent=ALICE, reason="transfer")


def ended(story: Story, at: float, *agents: int) -> Story:
    for agent in agents:
        story("talk.ended", at, agent=agent, reason="hung_up")
    return story("call.ended", at, by="customer", cause="16")


def conference() -> Story:
    """An expert is invited by number, held once, and leaves before the end; Lena listens, whispers, takes over."""
    story = answered()(
        "invite.started", 30, agent=ALICE, how="invite", target_kind="number", target="13900001111", party="p2"
    )("party.joined", 36, party="p2", role="outside", agent=0, number="13900001111")(
        "invite.ended", 36, how="invite", party="p2", result="answered"
    )
    story("track.started", 36, track="t1", party="customer", role="customer", agent=0, path="raw/c-t1.wav", room="main",
          audience="customer")  # fmt: skip
    story("track.started", 36, track="t2", party="p1", role="agent", agent=ALICE, path="raw/c-t2.wav", room="main",
          audience="customer")  # fmt: skip
    story("party.held", 50, party="p2", agent=ALICE)("party.unheld", 55, party="p2", agent=ALICE)
    story("supervision.started", 60, agent=LENA, mode="listen", watched=ALICE, visible=False)
    story("party.joined", 60, party="p3", role="lead", agent=LENA, number="")
    story("supervision.changed", 70, agent=LENA, mode="whisper")
    story("party.left", 76, party="p2", role="outside", agent=0, number="13900001111", reason="hung_up", seconds=40)
    story("talk.started", 80, agent=LENA)("taken_over", 80, agent=LENA, watched=ALICE)
    story("supervision.ended", 80, agent=LENA, reason="took_over")("talk.ended", 80, agent=ALICE, reason="taken_over")
    story("track.stopped", 80, track="t2", seconds=44)
    return ended(story, 100, LENA)


def test_a_consultation_tells_how_the_second_came_and_that_the_first_handed_over() -> None:
    rows = ended(consulted(), 60, BOB).rows()
    assert [(leg.agent, leg.how, leg.left) for leg in rows.legs] == [
        (ALICE, "queue", "transferred"),
        (BOB, "consult", "hung_up"),
    ]
    assert [(leg.started_at, leg.ended_at) for leg in rows.legs] == [(START + 5, START + 40), (START + 24, START + 60)]
    [attempt] = rows.transfers
    assert (attempt.agent, attempt.how, attempt.target_kind, attempt.target) == (ALICE, "consult", "person", str(BOB))
    assert (attempt.result, attempt.ended_at, attempt.done_at) == ("answered", START + 24, START + 40)
    assert (rows.agent, rows.talk_seconds, rows.hold_seconds) == (BOB, 55, 20)  # together, not one after the other


def test_a_consultation_that_is_taken_back_leaves_the_call_with_the_first() -> None:
    story = answered()("hold.started", 20, agent=ALICE)(
        "invite.started", 20, agent=ALICE, how="consult", target_kind="person", target=BOB, party="p2"
    )("talk.started", 24, agent=BOB)("invite.ended", 24, how="consult", party="p2", result="answered")
    story("talk.ended", 30, agent=BOB, reason="hung_up")("hold.ended", 30, agent=ALICE)
    rows = ended(story, 60, ALICE).rows()
    assert (rows.agent, [leg.how for leg in rows.legs]) == (ALICE, ["queue", "consult"])
    assert [leg.hold_seconds for leg in rows.legs] == [10, 0]


def test_a_blind_transfer_nobody_takes_comes_back_to_who_transferred() -> None:
    story = answered()("talk.ended", 20, agent=ALICE, reason="transfer")(
        "invite.started", 20, agent=ALICE, how="transfer", target_kind="person", target=BOB, party="p2"
    )("offer.made", 20, agent=BOB, queue=0, waited=0, why="transfer")("offer.ended", 40, agent=BOB, result="no_answer")(
        "invite.ended", 40, how="transfer", party="p2", result="no_answer"
    )("invite.started", 40, agent=ALICE, how="return", target_kind="person", target=ALICE, party="p3")(
        "offer.made", 40, agent=ALICE, queue=0, waited=0, why="return"
    )("offer.ended", 43, agent=ALICE, result="answered")("talk.started", 43, agent=ALICE)(
        "invite.ended", 43, how="return", party="p3", result="answered"
    )
    rows = ended(story, 60, ALICE).rows()
    assert [(leg.agent, leg.how, leg.result) for leg in rows.legs] == [
        (ALICE, "queue", "answered"),
        (BOB, "transfer", "no_answer"),
        (ALICE, "return", "answered"),
    ]
    assert [(t.how, t.result, t.done_at) for t in rows.transfers] == [
        ("transfer", "no_answer", None),
        ("return", "answered", None),
    ]


def test_who_left_and_came_back_by_himself_has_two_talks() -> None:
    story = answered()("invite.started", 20, agent=ALICE, how="invite", target_kind="person", target=BOB, party="p2")(
        "invite.ended", 24, how="invite", party="p2", result="answered"
    )("talk.started", 24, agent=BOB, party="p2")("talk.ended", 30, agent=BOB, reason="hung_up")(
        "invite.started", 34, agent=BOB, how="rejoin", target_kind="person", target=BOB, party="p3"
    )("invite.ended", 36, how="rejoin", party="p3", result="answered")("talk.started", 36, agent=BOB, party="p3")
    rows = ended(story, 60, ALICE, BOB).rows()
    assert [(leg.agent, leg.how, leg.started_at, leg.ended_at) for leg in rows.legs] == [
        (ALICE, "queue", START + 5, START + 60),
        (BOB, "invite", START + 24, START + 30),
        (BOB, "rejoin", START + 36, START + 60),
    ]
    assert rows.agent == ALICE


def test_people_outside_and_leads_are_there_with_their_times_and_ways() -> None:
    rows = conference().rows()
    expert, lena = rows.participants
    assert (expert.role, expert.number, expert.how, expert.left) == ("outside", "13900001111", "invite", "hung_up")
    assert (expert.joined_at, expert.left_at) == (START + 36, START + 76)
    assert (expert.hold_seconds, expert.voice_seconds) == (5, 35)
    assert (lena.role, lena.person, lena.watched, lena.visible, lena.left) == ("lead", LENA, ALICE, False, "took_over")
    assert [mode for _, mode in lena.modes] == ["listen", "whisper"]
    assert lena.voice_seconds == 10  # she whispered; listening is no talking
    assert [(leg.agent, leg.how, leg.left) for leg in rows.legs] == [
        (ALICE, "queue", "taken_over"),
        (LENA, "take_over", "hung_up"),
    ]
    assert rows.agent == LENA


def test_an_agent_whom_a_queue_gave_for_a_consultation_came_by_it() -> None:
    story = answered()("invite.started", 20, agent=ALICE, how="consult", target_kind="queue", target=6, party="p2")
    story("talk.started", 24, agent=BOB, party="p2")("invite.ended", 24, how="consult", party="p2", result="answered")
    assert [leg.how for leg in ended(story, 60, ALICE, BOB).rows().legs] == ["queue", "consult"]


def test_a_transfer_into_a_queue_is_told_once_it_is_done() -> None:
    story = answered()("transfer.done", 20, agent=ALICE, how="transfer", target_kind="queue", target="6")
    rows = story("talk.ended", 20, agent=ALICE, reason="transferred")("queue.entered", 20, queue=6, position=1).rows()
    [attempt] = rows.transfers
    assert (attempt.agent, attempt.target_kind, attempt.target, attempt.done_at) == (ALICE, "queue", "6", START + 20)


def test_an_agent_of_a_conference_who_stays_has_the_call_when_the_first_leaves() -> None:
    story = answered()("invite.started", 10, agent=ALICE, how="invite", target_kind="person", target=BOB, party="p2")(
        "talk.started", 14, agent=BOB
    )("invite.ended", 14, how="invite", party="p2", result="answered")
    assert ended(story, 60, ALICE, BOB).rows().agent == ALICE  # both to the end: it stayed hers
    story = answered()("talk.started", 14, agent=BOB)("talk.ended", 30, agent=ALICE, reason="hung_up")
    assert ended(story, 60, BOB).rows().agent == BOB


def test_a_track_whose_end_was_not_told_ends_where_that_voice_goes_elsewhere() -> None:
    story = answered()
    for n, (at, room) in enumerate([(30, "main"), (50, "s1")], 1):
        story("track.started", at, track=f"t{n}", party="p1", role="agent", agent=ALICE, path=f"raw/{n}.wav", room=room,
              audience="customer" if room == "main" else "inside")  # fmt: skip
    rows = ended(story, 60, ALICE).rows()
    assert [(t.state, t.seconds, t.audience) for t in rows.tracks.values()] == [
        ("stopped", 20, "customer"),
        ("stopped", 10, "inside"),
    ]


def test_a_hold_ends_the_customers_track_and_a_pause_everybodys() -> None:
    def track(story: Story, party: str) -> Story:
        return story("track.started", 30, track=party, party=party, role="agent", agent=0, path="x", room="main",
                     audience="customer")  # fmt: skip

    story = track(track(answered(), "customer"), "p1")("hold.started", 35, agent=ALICE)
    story("recording.paused", 45, agent=ALICE)
    assert [t.seconds for t in ended(story, 60, ALICE).rows().tracks.values()] == [5, 15]


def test_a_track_of_unknown_audience_is_in_nobodys_copy() -> None:
    story = answered()("track.started", 30, track="t", party="p1", role="agent", agent=ALICE, path="x", room="main",
                       audience="everybody")  # fmt: skip
    assert story.rows().tracks["t"].audience == "inside"


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 30), st.sampled_from([consulted, conference]))
def test_any_order_and_any_repetition_of_a_conference_give_the_same_rows(
    chance: random.Random, repeats: int, told: type[Story]
) -> None:
    facts = told().facts
    shuffled = facts + [chance.choice(facts) for _ in range(repeats)]
    chance.shuffle(shuffled)
    assert fold(CALL, shuffled) == fold(CALL, facts)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from([consulted, conference]))
def test_a_conference_of_which_facts_are_missing_never_breaks_the_fold(data: st.DataObject, told: type[Story]) -> None:
    some = data.draw(st.lists(st.sampled_from(told().facts), unique_by=lambda fact: fact.id))
    rows = fold(CALL, some)
    assert rows.hold_seconds >= 0
    assert all(him.voice_seconds >= 0 and him.hold_seconds >= 0 for him in rows.participants)
    assert all(track.seconds >= 0 for track in rows.tracks.values())
