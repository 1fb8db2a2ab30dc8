"""Several calls on one desk, heard: whoever is parked has music, the others talk, and no phone is rung twice for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.parties import Party
from tests.telephony import tones
from tests.telephony.ears import HUMS, Clock, Window
from tests.telephony.harness import Centre, Telephones, until
from tests.telephony.scene import SETTLE_SECONDS, STATE_SECONDS, Rows, Scene, staged
from tests.telephony.test_call_stories import live

PARKED: Rows = {"customer": {"music"}, "a": {"out"}, "out": {"a"}}
BOTH: Rows = {"customer": {"a"}, "a": {"customer"}}
SWAPPED: Rows = {"customer": {"a"}, "a": {"customer"}, "out": {"music"}}


@pytest.fixture(scope="module")
def centre(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with staged(tmp_path_factory.mktemp("several"), cache) as made:
        yield made


class TwoCalls(Scene):
    """``a`` talks with the customer, and dials ``out`` besides."""

    other = ""

    def view_of(self, call: str) -> dict[str, Any]:
        return self.agents["a"].desk.calls.get(call, {"phase": "gone"})

    def outside_party(self) -> Party:
        number = self.outside.removeprefix("0")
        return next(p for p in reversed(self.world.parties.values()) if p.live and p.number.endswith(number))

    async def dials(self) -> None:
        answer = await self.agents["a"].desk.send("dial", number=self.outside, line=1)
        self.other = answer["call"]
        await until(lambda: self.view_of(self.other)["phase"] == "talking", what="the second call talks")
        await until(lambda: self.outside_party().tone_playback, what="the number outside hums")

    async def takes(self, call: str) -> None:
        await self.agents["a"].desk.send("take", call=call)
        await until(lambda: self.view_of(call)["phase"] == "talking", what="the call that was taken talks")

    async def listen(self, after: str, hears: Rows) -> None:
        asked = time.time()
        there = {name: party for name in hears if (party := self.party(name)) is not None}
        assert there.keys() == hears.keys(), after
        await until(lambda: time.time() >= asked + SETTLE_SECONDS)
        start = time.time()
        await until(lambda: time.time() >= start + STATE_SECONDS)
        self.ears.windows.append(Window(after, start, time.time(), there, dict(hears)))

    def rung(self) -> int:
        """How many calls a's phone has had."""
        return sum(p.number == f"phone-{self.person['a']}" for p in self.world.parties.values())


@pytest.fixture
async def scene(telephones: Telephones) -> AsyncIterator[TwoCalls]:
    clock = Clock(telephones.world)
    try:
        yield TwoCalls(telephones, clock)
    finally:
        await clock.close()


def voices(centre: Centre, call: str) -> list[tuple[set[str], set[str]]]:
    """Whose tones are on the agent's and on the customer's side of each recording of that call."""
    made = [f["data"] for f in centre.facts() if f["kind"] == "recording.started" and f["call"] == call]
    names = {hertz: name for name, hertz in HUMS.items()}

    def side(path: str) -> set[str]:
        return {names[hertz] for hertz in tones.tones(centre.settings.recordings / path, names)}

    return [(side(m["agent_path"]), side(m["customer_path"])) for m in made]


async def well(centre: Centre, scene: TwoCalls) -> None:
    faults = await scene.faults()
    assert not faults, "\n".join([*faults, *scene.ears.told])
    await scene.leave()

    async def over() -> bool:
        return not (await live(centre))["calls"]

    await until(over, what="the calls have ended")
    state = await live(centre)
    assert state["repairs"] == 0 and state["errors"] == 0, state


async def test_two_calls_are_swapped_and_ended_one_by_one_and_nobody_hears_silence(
    centre: Centre, scene: TwoCalls
) -> None:
    await scene.begin("a")
    await scene.listen("the talk", BOTH)
    await scene.dials()
    await scene.listen("dialling another", PARKED)
    await scene.takes(scene.call)
    await scene.listen("taking the first", SWAPPED)
    await scene.takes(scene.other)
    await scene.listen("taking the second", PARKED)
    await scene.agents["a"].desk.send("hangup", call=scene.other)
    await until(lambda: scene.view_of(scene.other)["phase"] == "wrap", what="the second call is over")
    assert scene.agents["a"].state == "talking"
    await scene.listen("the end of the second", {"customer": {"music"}, "a": set()})
    await scene.takes(scene.call)
    await scene.listen("taking the first again", BOTH)
    assert scene.rung() == 1, "his phone was rung once"
    await scene.agents["a"].desk.send("hangup", call=scene.call)
    await scene.agents["a"].in_state("wrap")
    await scene.agents["a"].desk.send("wrap_done", call=scene.call)
    await scene.agents["a"].in_state("ready")
    assert voices(centre, scene.call) == [({"a"}, {"customer"})] * 3
    assert voices(centre, scene.other) == [({"a"}, {"out"})] * 2
    assert centre.story(scene.call).count("wrap.started") + centre.story(scene.other).count("wrap.started") == 1
    await well(centre, scene)


async def test_a_switch_that_is_killed_with_two_calls_on_a_desk_has_both_again(centre: Centre, scene: TwoCalls) -> None:
    await scene.begin("a")
    await scene.dials()
    await scene.listen("dialling another", PARKED)
    centre.kill("switch")
    await scene.listen("the kill", PARKED)
    await asyncio.get_running_loop().run_in_executor(None, centre.start, "switch")
    await scene.back()
    assert {scene.view_of(scene.call)["phase"], scene.view_of(scene.other)["phase"]} == {"parked", "talking"}
    await scene.listen("the restart", PARKED)
    await scene.takes(scene.call)
    await scene.listen("taking the first", SWAPPED)
    assert scene.rung() == 1
    await scene.telephones.hang_up(scene.outside_party())
    await until(lambda: scene.view_of(scene.other)["phase"] != "parked", what="the parked call is over")
    await scene.listen("the end of the parked one", BOTH)
    await well(centre, scene)


async def test_a_desk_phone_that_was_put_down_is_rung_for_the_call_one_takes(centre: Centre, scene: TwoCalls) -> None:
    await scene.begin("a")
    await scene.dials()
    phone = scene.party("a")
    assert phone is not None
    await scene.telephones.hang_up(phone)
    await until(lambda: scene.view_of(scene.other)["phase"] == "wrap", what="the second call is over")
    assert scene.view_of(scene.call)["phase"] == "parked"
    await scene.takes(scene.call)
    await until(lambda: (p := scene.party("a")) is not None and p.tone_playback, what="his phone hums again")
    await scene.listen("the phone that is rung again", BOTH)
    assert scene.rung() == 2
    await well(centre, scene)


async def test_a_lead_who_follows_hears_the_call_that_is_talked_on(centre: Centre, scene: TwoCalls) -> None:
    await scene.begin("ab")
    lead = scene.agents["b"].desk
    await lead.send("supervise", person=scene.person["a"], mode="listen", follow=True)
    await scene.here("b")
    await scene.dials()
    await until(lambda: lead.calls.get(scene.other, {}).get("phase") == "supervising", what="the lead came along")
    await until(lambda: (p := scene.party("b")) is not None and p.tone_playback, what="his phone hums")
    await scene.listen("dialling another", {**PARKED, "b": {"a", "out"}})
    await scene.takes(scene.call)
    await scene.here("b")
    await scene.listen("taking the first", {**SWAPPED, "b": {"a", "customer"}})
    await scene.agents["a"].desk.send("hangup", call=scene.other)
    await scene.listen("the end of the parked one", {"customer": {"a"}, "a": {"customer"}, "b": {"a", "customer"}})
    await well(centre, scene)
