"""Tones of a conference and the loudness of its rooms, heard: by those who are in the room, and by nobody else; nobody
is cut off by a tone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator.parties import Party
from tests.telephony.ears import CLEAR, FULL, HUMS, by_pieces, levels
from tests.telephony.harness import Centre, until
from tests.telephony.scene import Scene, staged
from tests.telephony.test_call_stories import live

TONES = {"enter": 740.0, "leave": 520.0}
SECONDS = 1.4  # from what is done to the end of its tone


@pytest.fixture(scope="module")
def centre(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with staged(tmp_path_factory.mktemp("tones"), cache) as made:
        yield made


def loudest(scene: Scene, party: Party, tone: str, start: float) -> tuple[float, dict[str, float]]:
    """dB of the tone in the piece of 200 ms in which it is loudest, and of everybody's hum in that piece."""
    found = by_pieces(scene.ears.sound(party, start, start + SECONDS), [TONES[tone], *HUMS.values()])
    if not len(found):  # he hung up before
        return -120.0, {}
    best = found[int(np.argmax(found[:, 0]))]
    return float(best[0]), {name: float(db) for name, db in zip(HUMS, best[1:], strict=True)}


async def well(centre: Centre, scene: Scene, faults: list[str]) -> None:
    assert not faults, "\n".join([*faults, *scene.ears.told])
    await scene.leave()

    async def over() -> bool:
        return not (await live(centre))["calls"]

    await until(over, what="the call has ended")
    state = await live(centre)
    assert state["repairs"] == 0 and state["errors"] == 0, state


async def test_a_side_room_hears_the_main_room_softly_or_not_at_all_as_it_likes(centre: Centre, scene: Scene) -> None:
    await scene.begin("abc")
    for name in "bc":
        await scene.bring("a", "invite", name)
        await scene.here(name)
    quiet = {"customer": {"a"}, "a": {"customer"}, "b": {"c"}, "c": {"b"}}
    aside = quiet | {"b": {"customer", "a", "c"}, "c": {"customer", "a", "b"}}
    await scene.ask("b", "aside", parties=[scene.label("b"), scene.label("c")], main="off")
    await scene.hold_still("aside, not hearing the main room", quiet)
    await scene.ask("b", "room_volume", room="s1", level="soft")
    soft = time.time() + SECONDS / 2
    await until(lambda: time.time() > soft + SECONDS)
    parties = {name: party for name in "bc" if (party := scene.party(name)) is not None}
    await scene.ask("c", "room_volume", room="s1", level="normal")
    await scene.hold_still("as loud as it is", aside)
    await scene.ask("a", "room_volume", room="s1", level="off")
    await scene.hold_still("not at all, as the host wants it", quiet)
    centre.kill("switch")
    await asyncio.get_running_loop().run_in_executor(None, centre.start, "switch")
    await scene.back()
    await scene.hold_still("after a restart", quiet)
    await scene.ask("b", "back")
    everybody = {"customer", "a", "b", "c"}
    await scene.hold_still("back", {name: everybody - {name} for name in everybody})
    faults = await scene.faults()
    for name, other in (("b", "c"), ("c", "b")):
        heard = levels(scene.ears.sound(parties[name], soft, soft + SECONDS), HUMS.values())
        for who, wanted in (("customer", FULL - 12), ("a", FULL - 12), (other, FULL)):
            if abs(heard[HUMS[who]] - wanted) > 3:
                faults.append(f"softly: {name} hears {who} at {heard[HUMS[who]]:.0f} dB instead of {wanted:.0f}")
    await well(centre, scene, faults)


@pytest.mark.parametrize("whom", ["staff", "everybody"])
async def test_who_comes_and_who_goes_is_heard_in_his_room_and_nobody_is_cut_off(
    centre: Centre, scene: Scene, whom: str
) -> None:
    centre.publish(replace(centre.snapshot, conference_tones="both", conference_tones_for=whom))

    async def followed() -> bool:
        return bool((await live(centre))["version"] == centre.snapshot.version)

    await until(followed, what="the switch follows the setting")
    await scene.begin("abc")
    happened: list[tuple[str, str, float, set[str], dict[str, Party]]] = []

    async def listen(what: str, tone: str, since: float, hearers: set[str]) -> None:
        parties = {name: p for name in ("customer", *"abc") if (p := scene.party(name)) is not None}
        await until(lambda: time.time() > since + SECONDS)
        happened.append((what, tone, since, hearers, parties))

    guests = {"customer"} if whom == "everybody" else set[str]()
    for name, hearers in (("b", {"a"}), ("c", {"a", "b"})):
        await scene.bring("a", "invite", name)
        await scene.here(name)
        await listen(f"{name} comes", "enter", time.time() - 0.5, hearers | guests)
    since = time.time()
    await scene.ask("b", "aside", parties=[scene.label("b")])
    await listen("b goes aside", "leave", since, {"a", "c"} | guests)
    since = time.time()
    await scene.ask("c", "aside", parties=[scene.label("c")], room="s1")
    await listen("c follows", "enter", since, {"b"})
    since = time.time()
    await scene.ask("b", "back")
    await listen("both are back", "enter", since, {"a"} | guests)
    since = time.time()
    await scene.ask("c", "hangup")
    await listen("c hangs up", "leave", since, {"a", "b"} | guests)
    await scene.away("c")
    everybody = {"customer", "a", "b"}
    await scene.hold_still("the last tone", {name: everybody - {name} for name in everybody})
    faults = await scene.faults()
    for what, tone, since, hearers, parties in happened:
        for name, party in parties.items():
            db, hums = loudest(scene, party, tone, since)
            if (db > CLEAR) != (name in hearers):
                faults.append(f"{what}: {name} hears the tone at {db:.0f} dB")
            if name in hearers and name != "customer" and hums["customer"] < CLEAR:
                faults.append(f"{what}: {name} is cut off from the customer: {hums['customer']:.0f} dB")
    await well(centre, scene, faults)
