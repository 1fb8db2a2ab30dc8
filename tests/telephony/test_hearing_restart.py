"""kill -9 of the switch in the middle of verbs, heard: everybody goes on hearing, what was half done is rolled back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.telephony.harness import Centre, until
from tests.telephony.scene import QUICK, Rows, Scene, staged
from tests.telephony.test_call_stories import live

LATE = [{"ring": True}, {"wait": 60}, {"answer": True}]
BOTH: Rows = {"customer": {"a"}, "a": {"customer"}}
ASIDE: Rows = {**BOTH, "b": {"customer", "a", "c"}, "c": {"customer", "a", "b"}}


@pytest.fixture(scope="module")
def centre(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with staged(tmp_path_factory.mktemp("restart"), cache) as made:
        yield made


async def killed(centre: Centre, scene: Scene, meanwhile: Rows) -> None:
    """The switch dies; while it is dead everybody hears what he heard; then it is there again, and so are the desks."""
    centre.kill("switch")
    await scene.hold_still("the kill", meanwhile)
    await asyncio.get_running_loop().run_in_executor(None, centre.start, "switch")
    await scene.back()


async def well(centre: Centre, scene: Scene) -> None:
    faults = await scene.faults()
    assert not faults, "\n".join([*faults, *scene.ears.told])
    await scene.leave()

    async def over() -> bool:
        return not (await live(centre))["calls"] and "call.ended" in centre.story(scene.call)

    await until(over, what="the call has ended")
    state = await live(centre)
    assert state["repairs"] == 0 and state["errors"] == 0, state


async def test_killed_while_a_colleague_is_asked_the_customer_is_still_on_hold_and_can_be_taken_back(
    centre: Centre, scene: Scene
) -> None:
    await scene.begin("ab", {"b": LATE})
    await scene.bring("a", "consult", "b")
    await until(lambda: scene.row("b").get("state") == "ringing", what="the colleague's phone rings")
    held: Rows = {"customer": {"music"}, "a": set()}
    await killed(centre, scene, held)
    await scene.away("b")
    if scene.row("customer")["state"] == "held":
        await scene.hold_still("asking, rolled back", held)
        await scene.ask("a", "unhold")
    await scene.hold_still("unhold", BOTH)
    await well(centre, scene)


async def test_killed_in_a_consultation_it_goes_on_and_can_be_completed(centre: Centre, scene: Scene) -> None:
    await scene.begin("ab")
    await scene.bring("a", "consult", "b")
    await scene.here("b")
    consulting: Rows = {"customer": {"music"}, "a": {"b"}, "b": {"a"}}
    await killed(centre, scene, consulting)
    await scene.hold_still("consulting", consulting)
    await scene.ask("a", "swap")
    await scene.hold_still("swap", {**BOTH, "b": {"music"}})
    await scene.ask("a", "complete")
    await scene.away("a")
    await scene.hold_still("complete", {"customer": {"b"}, "b": {"customer"}})
    await well(centre, scene)


async def test_killed_with_a_side_room_it_stays_private_and_comes_back(centre: Centre, scene: Scene) -> None:
    await scene.begin("abc")
    for name in "bc":
        await scene.bring("a", "invite", name)
        await scene.here(name)
    await scene.ask("a", "aside", parties=[scene.label("b"), scene.label("c")])
    await scene.hold_still("aside", ASIDE)
    await killed(centre, scene, ASIDE)
    await scene.hold_still("aside again", ASIDE)
    await scene.ask("b", "back")
    everybody = ("customer", "a", "b", "c")
    await scene.hold_still("back", {name: set(everybody) - {name} for name in everybody})
    await well(centre, scene)


async def test_killed_while_a_lead_whispers_the_customer_hears_nothing_of_it_ever(centre: Centre, scene: Scene) -> None:
    await scene.begin("ad")
    await scene.supervise("d", "a", "whisper")
    whisper: Rows = {"customer": {"a"}, "a": {"customer", "d"}, "d": {"customer", "a"}}
    await scene.hold_still("whisper", whisper)
    await killed(centre, scene, whisper)
    await scene.hold_still("whisper again", whisper)
    await scene.supervise("d", "a", "listen")
    await scene.hold_still("listen", {**whisper, "a": {"customer"}})
    await scene.ask("d", "take_over")
    await scene.away("a")
    await scene.hold_still("take over", {"customer": {"d"}, "d": {"customer"}})
    await well(centre, scene)


async def test_killed_in_a_blind_transfer_the_customer_has_music_and_then_who_transferred(
    centre: Centre, scene: Scene
) -> None:
    await scene.begin("ab", {"a": QUICK, "b": LATE})
    await scene.bring("a", "transfer", "b")
    await scene.away_for_now("a")
    music: Rows = {"customer": {"music"}}
    await killed(centre, scene, music)
    await scene.here("a", 30)
    await scene.hold_still("the way back", BOTH)
    await well(centre, scene)
