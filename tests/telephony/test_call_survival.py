"""kill -9 of the switch and of Asterisk, and a cut connection, with real conversations running. A centre of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.telephony import tones
from tests.telephony.harness import MENU, SALES, Centre, Telephones, until
from tests.telephony.test_call_stories import live, newest_call


@pytest.fixture(scope="module")
def centre(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    made = Centre(tmp_path_factory.mktemp("survival"), cache)
    try:
        made.start("asterisk", "carrier")
        made.start("switch")
        yield made
    finally:
        made.stop()


async def test_a_killed_switch_leaves_talks_alone_and_takes_up_waiting_and_menu_callers(
    centre: Centre, telephones: Telephones
) -> None:
    agent = await telephones.agent(1, hum=600)
    caller = await telephones.ring(SALES, hum=400)
    view = await agent.talks()
    await telephones.hears(caller, 600)
    waiting = await telephones.ring(SALES, hum=0, number="13800004444")
    await until(lambda: newest_call(centre, SALES) != view["id"], what="a second caller comes")
    queued = newest_call(centre, SALES)
    await until(lambda: "queue.entered" in centre.story(queued), what="a second caller waits")
    chooser = await telephones.ring(MENU, hum=0, number="13800005555")
    await until(lambda: "flow.prompt" in centre.story(newest_call(centre, MENU)), what="a third is in the menu")
    ear = telephones.world.heard(caller)
    start = tones.seconds(ear)

    centre.kill("switch")
    centre.start("switch")

    assert {c["id"] for c in (await live(centre))["calls"]} == {view["id"], queued, newest_call(centre, MENU)}
    back = await telephones.agent(1, ready=False, phone=False)
    assert back.desk.welcome["agent"]["state"] == "talking" and back.desk.welcome["calls"][0]["id"] == view["id"]
    await until(lambda: tones.seconds(ear) > start + 4, what="four seconds later")
    assert tones.gaps(ear, longer_than=0.2, start=start, end=start + 4) == [], "the conversation did not notice"
    await back.desk.send("hangup", call=view["id"])
    await until(lambda: not caller.live)
    await back.desk.send("phone", registered=True, microphone="ok")
    await back.desk.send("wrap_done", call=view["id"])
    await until(lambda: (back.desk.call("talking") or {}).get("id") == queued, what="the waiting caller is next")
    for party in (waiting, chooser):
        await telephones.hang_up(party)
    await until(lambda: "call.ended" in centre.story(queued))
    story = centre.story(view["id"])
    assert story.count("talk.ended") == story.count("recording.stopped") == story.count("call.ended") == 1
    seqs = [f["seq"] for f in centre.facts() if f.get("call") == view["id"]]
    assert sorted(seqs) == list(range(1, len(seqs) + 1))
    assert (await live(centre))["repairs"] == 0


async def test_who_hangs_up_while_the_switch_is_dead_is_closed_in_the_journal(
    centre: Centre, telephones: Telephones
) -> None:
    agent = await telephones.agent(1)
    caller = await telephones.ring(SALES)
    view = await agent.talks()
    centre.kill("switch")
    await telephones.hang_up(caller)
    centre.start("switch")
    await until(lambda: "call.ended" in centre.story(view["id"]), what=str(centre.story(view["id"])))
    assert centre.story(view["id"]).count("recording.stopped") == 1
    state = await live(centre)
    assert state["calls"] == [] and state["repairs"] == 0


async def test_a_caller_who_comes_while_the_switch_is_dead_hears_music_and_is_served(
    centre: Centre, telephones: Telephones
) -> None:
    centre.kill("switch")
    caller = await telephones.ring(SALES, hum=0, number="13800006666")
    await until(lambda: tones.seconds(telephones.world.heard(caller)) > 2, what="he is not rejected")
    centre.start("switch")
    await until(lambda: newest_call(centre, SALES) and "queue.entered" in centre.story(newest_call(centre, SALES)))
    await telephones.hang_up(caller)
    await until(lambda: "call.ended" in centre.story(newest_call(centre, SALES)))


async def test_when_asterisk_dies_agents_are_free_within_seconds_and_calls_are_ended(
    centre: Centre, telephones: Telephones
) -> None:
    agent = await telephones.agent(1)
    await telephones.ring(SALES)
    view = await agent.talks()
    began = time.monotonic()
    centre.kill("asterisk")
    centre.start("asterisk")
    await until(lambda: "call.ended" in centre.story(view["id"]), what="the cut call is ended")
    ended = next(f for f in centre.facts() if f["kind"] == "call.ended" and f["call"] == view["id"])
    assert ended["data"] == {"by": "asterisk", "cause": "asterisk_died"}
    await until(lambda: agent.state in ("wrap", "ready"), what=f"the agent is {agent.state}")
    assert time.monotonic() - began < 60
    assert "media_died" in agent.desk.alarms or "media_lost" in agent.desk.alarms
    await until(lambda: "ari.back" in [f["kind"] for f in centre.facts()])
    state = await live(centre)
    assert state["calls"] == [] and state["repairs"] == 0
