"""Tones of a conference, heard: by those who are in the room, by nobody else, and nobody is cut off by them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator.parties import Party
from tests.telephony.ears import CLEAR, HUMS, Clock, by_pieces
from tests.telephony.harness import Centre, Telephones, until
from tests.telephony.scene import Scene, stage
from tests.telephony.test_call_stories import live

TONES = {"enter": 740.0, "leave": 520.0}
SECONDS = 1.4  # from what is done to the end of its tone


@pytest.fixture(scope="module")
def centre(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    made = stage(tmp_path_factory.mktemp("tones"), cache)
    try:
        made.start("asterisk", "carrier")
        made.start("switch")
        yield made
    finally:
        made.stop()


@pytest.fixture
async def scene(telephones: Telephones) -> AsyncIterator[Scene]:
    clock = Clock(telephones.world)
    try:
        yield Scene(telephones, clock)
    finally:
        await clock.close()


def loudest(scene: Scene, party: Party, tone: str, start: float) -> tuple[float, dict[str, float]]:
    """dB of the tone in the piece of 200 ms in which it is loudest, and of everybody's hum in that piece."""
    levels = by_pieces(scene.ears.sound(party, start, start + SECONDS), [TONES[tone], *HUMS.values()])
    best = levels[int(np.argmax(levels[:, 0]))]
    return float(best[0]), {name: float(db) for name, db in zip(HUMS, best[1:], strict=True)}


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
    assert not faults, "\n".join([*faults, *scene.ears.told])
    await scene.leave()

    async def over() -> bool:
        return not (await live(centre))["calls"]

    await until(over, what="the call has ended")
    state = await live(centre)
    assert state["repairs"] == 0 and state["errors"] == 0, state
