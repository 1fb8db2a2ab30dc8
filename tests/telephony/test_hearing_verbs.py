"""Every verb of a conversation, heard: who hears whom after it, and that the customer never has silence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.telephony import tones
from tests.telephony.ears import FULL, HUMS, LEAK
from tests.telephony.harness import EMPTY, Centre, until
from tests.telephony.scene import QUICK, Scene, staged

SLOW = [{"ring": True}, {"wait": 0.9}, {"answer": True}]
BOTH = {"customer": {"a"}, "a": {"customer"}}


@pytest.fixture(scope="module")
def centre(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with staged(tmp_path_factory.mktemp("verbs"), cache) as made:
        yield made


def everybody(*names: str) -> dict[str, set[str]]:
    """All of them in one room."""
    return {name: set(names) - {name} for name in names}


async def well(scene: Scene) -> None:
    """The end: nothing was heard that should not have been, and nothing missed."""
    faults = await scene.faults()
    assert not faults, "\n".join([*faults, *scene.ears.told])


async def test_on_hold_the_customer_has_music_and_the_agent_peace(scene: Scene) -> None:
    await scene.begin("a")
    await scene.hold_still("answer", BOTH)
    await scene.ask("a", "hold")
    await scene.hold_still("hold", {"customer": {"music"}, "a": set()})
    await scene.ask("a", "unhold")
    await scene.hold_still("unhold", BOTH)
    await well(scene)


async def test_a_muted_agent_hears_and_is_not_heard(scene: Scene) -> None:
    await scene.begin("a")
    await scene.ask("a", "mute")
    await scene.hold_still("mute", {"customer": set(), "a": {"customer"}})
    await scene.ask("a", "unmute")
    await scene.hold_still("unmute", BOTH)
    await well(scene)


async def test_a_blind_transfer_is_music_until_the_colleague_answers(scene: Scene) -> None:
    await scene.begin("ab", {"b": SLOW})
    await scene.bring("a", "transfer", "b")
    await scene.hold_still("transfer", {"customer": {"music"}})
    await scene.here("b")
    await scene.hold_still("transfer answered", everybody("customer", "b"))
    await well(scene)


async def test_a_blind_transfer_to_a_busy_number_rings_back_to_who_made_it(scene: Scene) -> None:
    await scene.begin("a", {"a": [*QUICK]})
    await scene.bring("a", "transfer", "engaged")
    await scene.hold_still("transfer", {"customer": {"music"}})
    await scene.here("a")
    await scene.hold_still("transfer that failed", BOTH)
    await well(scene)


async def test_a_transfer_in_vain_whose_agent_went_home_ends_with_a_shift_lead(centre: Centre, scene: Scene) -> None:
    await scene.begin("ad", {"d": SLOW}, to=EMPTY)
    await scene.bring("a", "transfer", "engaged")
    await scene.agents.pop("a").leave()
    await scene.here("d")
    await scene.hold_still("nobody of the queue was there", everybody("customer", "d"))
    await well(scene)
    await until(lambda: "call.ended" in centre.story(scene.call), what="the call has ended in the journal")
    facts = [f for f in centre.facts() if f.get("call") == scene.call]
    assert [f["data"]["how"] for f in facts if f["kind"] == "invite.started"] == ["transfer", "lead"]
    assert [f["data"]["reason"] for f in facts if f["kind"] == "queue.left"] == ["answered", "closed"]


async def test_a_consultation_is_asked_held_swapped_and_completed(scene: Scene) -> None:
    await scene.begin("ab", {"b": SLOW})
    await scene.bring("a", "consult", "b")
    await scene.hold_still("asking", {"customer": {"music"}})
    await scene.here("b")
    consulting = {"customer": {"music"}, "a": {"b"}, "b": {"a"}}
    await scene.hold_still("consulting", consulting)
    await scene.ask("a", "swap")
    await scene.hold_still("swap", BOTH | {"b": {"music"}})
    await scene.ask("a", "swap")
    await scene.hold_still("swap back", consulting)
    await scene.ask("a", "complete")
    await scene.away("a")
    await scene.hold_still("complete", everybody("customer", "b"))
    await well(scene)


async def test_a_consultation_that_is_cancelled_gives_the_customer_back(scene: Scene) -> None:
    await scene.begin("ab", {"b": SLOW})
    await scene.bring("a", "consult", "b")
    await scene.ask("a", "cancel")
    await scene.away("b")
    await scene.hold_still("cancel while it rings", BOTH)
    await scene.bring("a", "consult", "b")
    await scene.here("b")
    await scene.ask("a", "cancel")
    await scene.away("b")
    await scene.hold_still("cancel after the answer", BOTH)
    await well(scene)


async def test_a_consultation_becomes_a_talk_of_three(scene: Scene) -> None:
    await scene.begin("ab")
    await scene.bring("a", "consult", "b")
    await scene.here("b")
    await scene.ask("a", "three_way")
    await scene.hold_still("three way", everybody("customer", "a", "b"))
    await well(scene)


async def test_invited_while_the_talk_goes_on_and_removed_again(scene: Scene) -> None:
    await scene.begin("ab", {"b": SLOW, "out": SLOW})
    await scene.bring("a", "invite", "b")
    await scene.hold_still("inviting a colleague", BOTH)
    await scene.here("b")
    await scene.hold_still("colleague invited", everybody("customer", "a", "b"))
    await scene.bring("a", "invite", "out")
    await scene.hold_still("inviting a number", everybody("customer", "a", "b"))
    await scene.here("out")
    await scene.hold_still("number invited", everybody("customer", "a", "b", "out"))
    await scene.ask("a", "remove", party=scene.label("b"))
    await scene.away("b")
    await scene.hold_still("colleague removed", everybody("customer", "a", "out"))
    await scene.ask("a", "remove", party=scene.label("out"))
    await scene.away("out")
    await scene.hold_still("number removed", BOTH)
    await well(scene)


async def test_who_hung_up_comes_back_by_himself_and_hears_and_is_heard(centre: Centre, scene: Scene) -> None:
    await scene.begin("abc")
    for name in "bc":
        await scene.bring("a", "invite", name)
        await scene.here(name)
    await scene.ask("c", "hangup")
    await scene.away_for_now("c")
    await scene.hold_still("one hung up", everybody("customer", "a", "b"))
    await scene.ask("c", "rejoin")
    await scene.here("c")
    await scene.hold_still("he is back", everybody("customer", "a", "b", "c"))
    await well(scene)
    await until(lambda: "call.ended" in centre.story(scene.call), what="the call has ended in the journal")
    own = [f["kind"] for f in centre.facts() if f.get("call") == scene.call and f["person"] == scene.person["c"]]
    assert [kind for kind in own if kind.startswith("talk.")] == ["talk.started", "talk.ended"] * 2


async def test_a_side_room_hears_the_main_room_and_is_not_heard_there(scene: Scene) -> None:
    await scene.begin("abc")
    for name in "bc":
        await scene.bring("a", "invite", name)
        await scene.here(name)
    await scene.ask("a", "aside", parties=[scene.label("b"), scene.label("c")])
    await scene.hold_still("aside", BOTH | {"b": {"customer", "a", "c"}, "c": {"customer", "a", "b"}})
    await scene.ask("b", "back", parties=[scene.label("b")])
    await scene.hold_still("one back", {"customer": {"a", "b"}, "a": {"customer", "b"}, "b": {"customer", "a"},
                                        "c": {"customer", "a", "b"}})
    await scene.ask("c", "back")
    await scene.hold_still("all back", everybody("customer", "a", "b", "c"))
    await scene.ask("a", "aside", parties=[scene.label("a"), scene.label("b"), scene.label("c")])
    await scene.hold_still("all agents aside", {"customer": {"music"}} | everybody("a", "b", "c"))
    await scene.ask("a", "back")
    await scene.hold_still("back to the customer", everybody("customer", "a", "b", "c"))
    await well(scene)


async def test_a_lead_listens_whispers_barges_in_and_takes_over(scene: Scene) -> None:
    await scene.begin("ad")
    await scene.supervise("d", "a", "listen")
    await scene.hold_still("listen", BOTH | {"d": {"customer", "a"}})
    await scene.supervise("d", "a", "whisper")
    await scene.hold_still("whisper", {"customer": {"a"}, "a": {"customer", "d"}, "d": {"customer", "a"}})
    await scene.supervise("d", "a", "barge")
    await scene.hold_still("barge", everybody("customer", "a", "d"))
    await scene.supervise("d", "a", "listen")
    await scene.hold_still("listen again", BOTH | {"d": {"customer", "a"}})
    await scene.ask("d", "take_over")
    await scene.away("a")
    await scene.hold_still("take over", everybody("customer", "d"))
    await well(scene)


async def test_two_leads_at_one_call_do_not_hear_each_other_whisper(scene: Scene) -> None:
    await scene.begin("acd")
    await scene.supervise("c", "a", "whisper")
    await scene.supervise("d", "a", "whisper")
    await scene.hold_still("two whisper", {"customer": {"a"}, "a": {"customer", "c", "d"}, "c": {"customer", "a"},
                                           "d": {"customer", "a"}})
    await well(scene)


async def test_tracks_keep_voices_apart_and_what_the_customer_did_not_hear_is_in_no_file_for_him(
    centre: Centre, scene: Scene
) -> None:
    await scene.begin("abd")
    await scene.bring("a", "consult", "b")
    await scene.here("b")
    await scene.hold_still("consult", {"customer": {"music"}, "a": {"b"}, "b": {"a"}}, 1.5)
    await scene.ask("a", "cancel")
    await scene.away("b")
    await scene.supervise("d", "a", "whisper")
    await scene.hold_still("whisper", BOTH | {"a": {"customer", "d"}, "d": {"customer", "a"}}, 1.5)
    await well(scene)
    await until(lambda: "call.ended" in centre.story(scene.call), what="the call has ended in the journal")
    tracks = [f["data"] for f in centre.facts() if f.get("call") == scene.call and f["kind"] == "track.started"]
    names = {0: "customer"} | {person: name for name, person in scene.person.items()}
    said: dict[str, set[str]] = {"customer": set(), "inside": set()}
    for track in tracks:
        path, own = centre.settings.recordings / track["path"], names[track["agent"]]
        heard = tones.heard(path, HUMS.values())
        foreign = {who: db for who, db in zip(HUMS, heard.values(), strict=True) if who != own and db > LEAK + FULL}
        assert not foreign, f"a track of {own} holds {foreign}"
        if heard[HUMS[own]] > tones.CLEAR:
            said[track["audience"]].add(own)
    assert said == {"customer": {"customer", "a"}, "inside": {"a", "b", "d"}}
