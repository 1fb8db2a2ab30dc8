"""Who hears whom, by every verb; and what becomes of attempts to bring somebody in."""

from __future__ import annotations

from itertools import product

import pytest

from dealerline.domain import conversation as talk
from dealerline.domain.conversation import Conversation, IllegalVerb, Party, audience, matrix, place, transfer


def of(*parties: Party) -> Conversation:
    now = Conversation()
    for party in parties:
        now = talk.join(now, party)
    return now


def both() -> Conversation:
    return of(Party("c", "customer"), Party("a", "agent"))


def four() -> Conversation:
    """A customer, two agents, an insurer outside."""
    return of(Party("c", "customer"), Party("a", "agent"), Party("b", "agent"), Party("o", "outside"))


def hearing(conversation: Conversation) -> set[str]:
    """``"ac"``: a is heard by c."""
    return {speaker + listener for (speaker, listener), yes in matrix(conversation).items() if yes}


def everybody(names: str) -> set[str]:
    return {a + b for a, b in product(names, names) if a != b}


def watched(mode: str) -> Conversation:
    return talk.join(both(), Party("l", "lead", mode=mode, watches="a"))


def test_talking_is_hearing_each_other() -> None:
    assert hearing(both()) == {"ca", "ac"}


def test_on_hold_the_customer_hears_music_only_and_the_others_each_other() -> None:
    held = talk.apply(four(), "hold", "c", by="a")
    assert hearing(held) == everybody("abo")
    assert place(held, held.parties["c"]) == talk.MUSIC
    assert talk.apply(held, "unhold", "c", by="b") == four()


def test_muted_is_heard_by_nobody_and_hears_all() -> None:
    assert hearing(talk.apply(both(), "mute", "a", by="a")) == {"ca"}


def test_a_lead_who_listens_hears_all_and_is_heard_by_nobody() -> None:
    assert hearing(watched("listen")) == {"ca", "ac", "cl", "al"}


def test_a_whisper_reaches_the_agent_alone() -> None:
    assert hearing(watched("whisper")) == {"ca", "ac", "cl", "al", "la"}


def test_a_lead_who_barges_in_is_heard_by_all() -> None:
    assert hearing(watched("barge")) == everybody("cal")


def test_two_leads_at_one_agent_do_not_hear_each_other() -> None:
    two = talk.join(watched("whisper"), Party("m", "lead", mode="listen", watches="a"))
    assert not {"lm", "ml"} & hearing(two)


def test_a_side_room_hears_the_main_room_which_hears_nothing_of_it() -> None:
    aside = talk.apply(talk.apply(four(), "aside", "b", by="b", room="s1"), "aside", "o", by="b", room="s1")
    assert hearing(aside) == everybody("ac") | everybody("bo") | {"ab", "cb", "ao", "co"}
    assert audience(aside, aside.parties["b"]) == "inside"
    assert audience(aside, aside.parties["a"]) == "customer"


def test_side_rooms_do_not_hear_each_other() -> None:
    now = four()
    now = talk.apply(now, "aside", "b", by="b", room="s1")
    now = talk.apply(now, "aside", "a", by="a", room="s2")
    assert not {"ab", "ba"} & hearing(now) and {"oa", "ca", "ob", "cb"} <= hearing(now)


def test_a_guest_is_not_left_in_a_side_room_without_an_agent() -> None:
    assert talk.apply(four(), "aside", "o", by="a", room="s2") == four()


def test_a_customer_whom_all_left_for_a_side_room_hears_music() -> None:
    now = of(Party("c", "customer"), Party("a", "agent"), Party("b", "agent"))
    for who in "ab":
        now = talk.apply(now, "aside", who, by=who, room="s1")
    assert place(now, now.parties["c"]) == talk.MUSIC
    assert hearing(now) == {"ab", "ba"}


def test_only_the_host_takes_a_customer_aside_and_he_comes_back_when_the_agents_do() -> None:
    with pytest.raises(IllegalVerb, match="not_host"):
        talk.apply(four(), "aside", "c", by="b", room="s1")
    now = talk.apply(talk.apply(four(), "aside", "a", by="a", room="s1"), "aside", "c", by="a", room="s1")
    assert hearing(now) >= {"ac", "ca", "bc", "oc"} and not {"cb", "ab"} & hearing(now)
    assert talk.apply(now, "back", "a", by="a") == four()


def test_a_lead_follows_the_one_he_watches_into_the_side_room() -> None:
    now = talk.join(four(), Party("l", "lead", mode="listen", watches="b"))
    now = talk.apply(talk.apply(now, "aside", "b", by="b", room="s1"), "aside", "o", by="b", room="s1")
    assert {"bl", "ol", "al", "cl"} <= hearing(now) and not {"lb", "lo", "la", "lc"} & hearing(now)
    now = talk.apply(now, "barge", "l", by="l")
    assert {"lb", "lo"} <= hearing(now) and not {"la", "lc"} & hearing(now)


def test_when_the_watched_agent_leaves_the_lead_watches_the_next() -> None:
    now = talk.leave(talk.join(four(), Party("l", "lead", mode="whisper", watches="a")), "a")
    assert now.parties["l"].watches == "b" and now.host == "b"


def test_what_is_said_while_the_customer_is_held_is_not_for_his_copy() -> None:
    held = talk.apply(four(), "hold", "c", by="a")
    assert [audience(held, p) for p in held] == ["", "inside", "inside", "inside"]
    muted = talk.apply(four(), "mute", "a", by="a")
    assert audience(muted, muted.parties["a"]) == "customer"
    assert audience(watched("whisper"), watched("whisper").parties["l"]) == "inside"
    assert audience(watched("listen"), watched("listen").parties["l"]) == ""


def test_a_customer_on_hold_whose_agent_comes_back_is_still_on_hold() -> None:
    now = talk.apply(talk.apply(both(), "hold", "c"), "wait", "c")
    now = talk.apply(now, "unwait", "c")
    assert place(now, now.parties["c"]) == talk.MUSIC


def test_a_verb_done_twice_changes_nothing() -> None:
    held = talk.apply(both(), "hold", "c", by="a")
    assert talk.apply(held, "hold", "c", by="a") is held
    assert talk.join(held, Party("c", "customer")) is held
    assert talk.leave(held, "nobody") is held


@pytest.mark.parametrize(("verb", "party", "by", "code"), [
    ("hold", "x", "a", "not_now"), ("sing", "c", "a", "not_now"), ("hold", "a", "a", "not_now"),
    ("hold", "a", "c", "forbidden"), ("mute", "c", "b", "not_host"), ("lock", "b", "b", "not_host"),
    ("wait", "c", "a", "forbidden"), ("aside", "b", "a", "bad_message"), ("listen", "a", "a", "not_now"),
])  # fmt: skip
def test_what_cannot_be_done_says_why_and_changes_nothing(verb: str, party: str, by: str, code: str) -> None:
    before = four()
    with pytest.raises(IllegalVerb) as error:
        talk.apply(before, verb, party, by=by)
    assert error.value.code == code and before == four()


def test_the_host_mutes_others_hands_over_and_locks() -> None:
    now = talk.apply(four(), "mute", "o", by="a")
    assert not any(pair.startswith("o") for pair in hearing(now))
    now = talk.apply(talk.apply(now, "host", "b", by="a"), "lock", "b", by="b")
    with pytest.raises(IllegalVerb, match="locked"):
        talk.join(now, Party("x", "outside"), by="a")
    assert "x" in talk.join(now, Party("x", "outside"), by="b").parties
    assert not talk.leave(talk.leave(now, "a"), "b").locked  # nobody is left who could unlock it


def test_nobody_joins_as_what_he_is_not_nor_a_full_conversation() -> None:
    for party in (Party("c", "agent"), Party("x", "ghost")):
        with pytest.raises(IllegalVerb):
            talk.join(both(), party)
    full = both()
    for number in range(talk.LIMIT - 2):
        full = talk.join(full, Party(f"o{number}", "outside"))
    with pytest.raises(IllegalVerb, match="full"):
        talk.join(full, Party("one more", "outside"))


def test_whatever_fails_in_a_transfer_leads_back_to_somebody_for_the_customer() -> None:
    caring = {transfer.Do.TAKE_IN, transfer.Do.ADD, transfer.Do.RESUME_CUSTOMER, transfer.Do.RING_INITIATOR,
              transfer.Do.RING_LEAD, transfer.Do.TO_FRONT, transfer.Do.TO_MESSAGE}  # fmt: skip
    rings = {transfer.State.BLIND, transfer.State.RETURNING, transfer.State.LEADING}
    alone = rings | {transfer.State.WAITING}
    for (state, _), (after, effects) in transfer.TABLE.items():
        if state in alone:
            assert caring & set(effects), f"{state} leaves the customer alone"
        if after is transfer.State.DONE:
            assert caring & set(effects) or state is transfer.State.INVITING
    for state in rings:
        assert (state, transfer.Event.FAILED) in transfer.TABLE
    assert (transfer.State.WAITING, transfer.Event.WAITED_OUT) in transfer.TABLE


def test_an_event_without_a_row_cannot_happen() -> None:
    with pytest.raises(IllegalVerb, match="cannot happen"):
        transfer.step(transfer.State.DONE, transfer.Event.ANSWERED)
