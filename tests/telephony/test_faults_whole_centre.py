"""What happens when things die: every process, the database, the disk, the line to Asterisk, Asterisk, callers' nerves.

The whole product with the outside world; one centre for the module, and one story from the first test to the last: what
the last ones find in the journal is the sum of all. A centre never needs a repair here.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dealerline.runtime.stack import Stack
from simulator.desk import Desk
from tests.conftest import CALLS, OUTSIDE, RECORDS
from tests.helpers import open_folder, until
from tests.telephony import tones
from tests.telephony.town import (
    AGENTS,
    MENU,
    PATIENCE,
    QUEUE,
    SOLO,
    VOICEMAIL,
    Caller,
    Talk,
    Town,
    Wire,
    fill,
    hear_each_other,
)

TALKS = 10
MORTAL = ("switch", "web", "speech", "scribe", "worker", "postgres")
DISK_MB, KEPT_FREE_MB = 200, 8
SOAK_CALLS, SOAK_AGENTS, SOAK_AT_ONCE = 60, 4, 10


@pytest.fixture(scope="module")
def small_disk() -> Iterator[Path]:
    """The recordings folder of a centre to be, on a small disk of its own where we may mount one."""
    with open_folder("dealerline") as folder:
        recordings = folder / "data" / "recordings"
        recordings.mkdir(parents=True)
        options = f"size={DISK_MB}m,mode=0777"
        mount = ["mount", "-t", "tmpfs", "-o", options, "dealerline-test", str(recordings)]
        mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
        try:
            yield recordings
        finally:
            if mounted:
                subprocess.run(["umount", "-l", str(recordings)], check=False)


@pytest.fixture(scope="module")
def town(small_disk: Path) -> Iterator[Town]:
    """The centre, with a line to Asterisk that can be cut; nobody is at work yet."""
    wire = Wire()
    stack = Stack(small_disk.parent, children=(*RECORDS, *CALLS, "speech", *OUTSIDE),
                  load=("load_prompts", "load_defaults"), min_free_mb=KEPT_FREE_MB,
                  asterisk_url=f"http://127.0.0.1:{wire.entrance}")
    wire.port = stack.settings.asterisk_http_port
    try:
        with stack:
            yield fill(stack, wire)
    finally:
        wire.close()


@pytest.fixture(scope="module")
def talks(town: Town) -> list[Talk]:
    """Ten conversations, each of two voices that nobody else has; one more agent serves whoever comes besides."""
    town.hire(*range(TALKS))
    found = town.talks(TALKS)
    assert len({talk.person for talk in found}) == TALKS
    hear_each_other(found)
    town.hire(TALKS, talk=1.5)
    return found


@pytest.mark.parametrize("child", MORTAL)
def test_ten_conversations_do_not_notice_that_a_process_is_killed(town: Town, talks: list[Talk], child: str) -> None:
    before = {call["id"] for call in town.live()["calls"]}
    for talk in talks:
        talk.mark()
    town.stack.kill(child)
    town.stack.wait_healthy(child)
    hear_each_other(talks)
    assert before <= {call["id"] for call in town.live()["calls"]}
    town.ring().reaches("talking").is_gone()  # the service is back


def test_calls_are_taken_without_a_database_and_every_fact_arrives_once_it_is_back(
    town: Town, talks: list[Talk]
) -> None:
    for talk in talks:
        talk.mark()
    town.stack.halt("postgres")
    served = [town.ring(MENU, keys="1") for _ in range(3)]
    served += [town.ring(QUEUE, hang_up_at="queue"), town.ring(MENU, hang_up_at="menu")]
    for caller in served:
        caller.is_gone()
    calls = [caller.call for caller in served]
    hear_each_other(talks)
    assert town.live()["alarms"] == []
    town.stack.resume("postgres")
    town.all_told()
    town.whole_journal(calls)
    outcomes = town.outcomes(calls)
    assert outcomes[:3] == ["answered"] * 3 and outcomes[4] == "self_service", outcomes
    for call in calls[:3]:
        town.recording_of(call)


def test_the_ten_conversations_end_as_they_should_and_every_fact_is_told_once(town: Town, talks: list[Talk]) -> None:
    assert all(talk.caller.live for talk in talks)
    town.everybody_hangs_up()
    town.nothing_left()
    town.all_told()
    calls = [talk.call for talk in talks]
    town.whole_journal()
    assert town.outcomes(calls) == ["answered"] * TALKS
    talk = talks[0]
    sound = town.recording_of(talk.call)
    customer, agent = ({hertz for hertz in (talk.caller.hum, town.hum(talk.person))
                        if hertz in tones.tones(sound, {hertz}, channel=side)} for side in (0, 1))
    assert (customer, agent) == ({talk.caller.hum}, {town.hum(talk.person)})
    town.no_repairs()


def test_after_call_work_outlives_the_switch_and_ends_once(town: Town) -> None:
    town.anew()
    town.hire(0, wrap=5)
    (talk,) = town.talks(1)
    talk.caller.hang_up()
    until(lambda: "wrap.started" in town.story(talk.call), PATIENCE, "his after-call work begins")
    saved = town.stack.settings.run / "agents.json"
    until(lambda: talk.call in saved.read_text(encoding="utf-8"), PATIENCE, "the switch has noted it")
    town.stack.kill("switch")
    town.stack.wait_healthy("switch")
    assert {person["state"] for person in town.live()["people"]} == {"wrap"}
    town.ready(0)
    town.whole_journal([talk.call])
    town.no_repairs()


def test_a_full_disk_takes_the_recording_but_not_the_conversation(town: Town, small_disk: Path) -> None:
    if not os.path.ismount(small_disk):
        pytest.skip("needs a small disk of its own for the recordings, which only root may mount")
    town.anew()
    town.hire(*range(5))
    (recorded,) = town.talks(1)

    def sides() -> dict[Path, int]:
        return {side: side.stat().st_size for side in (small_disk / "raw").glob(f"{recorded.call}-*.wav")}

    until(lambda: len(sides()) == 2 and min(sides().values()) > 8000, PATIENCE, "it is recorded")
    ballast = small_disk / "ballast"
    fill_up(ballast)
    kept = sides()
    try:
        recorded.mark()
        unrecorded = town.talks(3)
        hear_each_other([recorded, *unrecorded])
        assert "disk_low" in alarms(town)
    finally:
        ballast.unlink()
    assert all(sides()[side] >= size for side, size in kept.items())
    (again,) = town.talks(1)
    assert "disk_low" not in alarms(town)
    town.everybody_hangs_up()
    town.nothing_left()
    town.all_told()
    for talk in unrecorded:
        assert "recording.failed" in town.story(talk.call) and "recording.started" not in town.story(talk.call)
        states = town.rows("SELECT state, path FROM calls_recording WHERE call_id = %s", talk.call)
        assert states == [{"state": "failed", "path": ""}]
    for talk in (recorded, again):
        assert tones.loudness(town.recording_of(talk.call)) > tones.SILENT
    town.no_repairs()


def test_a_lost_line_to_asterisk_costs_nobody_his_call(town: Town) -> None:
    town.anew()
    town.hire(0, 1, 2)
    talks = town.talks(3)
    waiting = town.ring().reaches("queue")
    chooser = town.ring(MENU).reaches("menu")
    for talk in talks:
        talk.mark()
    town.wire.cut()
    until(lambda: "media_lost" in town.live()["alarms"], PATIENCE, "the switch notices")
    talks[0].caller.hang_up()
    newcomer = town.ring()
    until(lambda: tones.seconds(newcomer.ear) > 1, PATIENCE, "he is taken, and hears music")
    hear_each_other(talks[1:])
    assert waiting.live and chooser.live
    town.wire.mend()
    until(lambda: "media_lost" not in town.live()["alarms"], PATIENCE, "the switch is back")
    for caller in (waiting, newcomer, chooser):
        caller.reaches("queue" if caller is newcomer else "talking" if caller is waiting else "menu")
    assert {call["id"] for call in town.live()["calls"]} == {
        *(talk.call for talk in talks[1:]), waiting.call, newcomer.call, chooser.call}
    assert town.talk_of(waiting).person == talks[0].person
    hear_each_other(talks[1:])
    town.quiet()
    town.all_told()
    town.whole_journal()
    town.no_repairs()


def test_of_two_callers_at_once_for_one_agent_the_second_waits_his_turn(town: Town) -> None:
    town.anew()
    town.hire(AGENTS - 1)
    both = [town.ring(SOLO) for _ in range(2)]
    first = until(lambda: next((c for c in both if "talking" in c.view()["stages"]), None), PATIENCE, "one talks")
    assert first is not None
    second = next(c for c in both if c is not first).reaches("queue")
    person = town.people[AGENTS - 1]
    assert town.live_call(first.call)["person"] == person and town.live_call(second.call)["phase"] == "queued"
    first.hears(town.hum(person))
    first.hang_up()
    assert town.talk_of(second).person == person
    second.hears(town.hum(person))
    town.quiet()


@pytest.mark.parametrize(("stage", "number", "keys", "staffed"), [
    ("ringing", QUEUE, "", False), ("greeting", MENU, "", False), ("menu", MENU, "", False),
    ("queue", QUEUE, "", False), ("offered", QUEUE, "", True), ("talking", MENU, "1", True),
    ("voicemail", VOICEMAIL, "", False)])
def test_a_caller_who_hangs_up_leaves_nothing_behind(
    town: Town, stage: str, number: str, keys: str, staffed: bool
) -> None:
    town.anew()
    if staffed:
        town.hire(0)
    town.ring(number, keys=keys, hang_up_at=stage).is_gone()
    town.nothing_left()
    if staffed:
        town.ready(0)
    town.send_home()
    town.no_repairs()


def test_sixty_hasty_callers_leave_nobody_and_nothing_stuck(town: Town) -> None:
    town.anew()
    dice = random.Random(2026)
    town.hire(*range(SOAK_AGENTS), talk=1.0)
    stages = ("", "ringing", "greeting", "menu", "queue", "offered", "talking", "voicemail")
    live: list[Caller] = []

    def room() -> bool:
        live[:] = [caller for caller in live if caller.live]
        return len(live) < SOAK_AT_ONCE

    for _ in range(SOAK_CALLS):
        until(room, PATIENCE, "somebody leaves", every=0.1)
        stage = dice.choice(stages)
        number, keys = errand(stage, dice)
        live.append(town.ring(number, keys=keys, hang_up_at=stage))
    for caller in live:
        caller.is_gone()
    town.nothing_left()
    town.ready(*range(SOAK_AGENTS))
    town.send_home()
    town.all_told()
    town.whole_journal()
    town.no_repairs()


def test_when_asterisk_dies_in_ten_conversations_everybody_is_free_and_the_calls_are_told_as_cut(town: Town) -> None:
    town.anew()
    town.hire(*range(TALKS))
    cut = [talk.call for talk in town.talks(TALKS)]
    town.stack.kill("asterisk")
    town.stack.wait_healthy("asterisk")
    until(lambda: "media_lost" not in town.live()["alarms"], PATIENCE, "the switch is back")
    town.nothing_left()
    town.all_told()
    town.whole_journal(cut)
    rows = town.rows("SELECT outcome, ended_by, cause FROM calls_call WHERE id = ANY(%s::uuid[])", cut)
    assert [tuple(row.values()) for row in rows] == [("failed", "asterisk", "asterisk_died")] * TALKS
    town.ready(*range(TALKS))
    (after,) = town.talks(1)
    hear_each_other([after])
    town.quiet()
    town.whole_journal()
    town.no_repairs()


def errand(stage: str, dice: random.Random) -> tuple[str, str]:
    """A number and keys that lead to the stage."""
    if stage == "voicemail":
        return dice.choice([(VOICEMAIL, ""), (MENU, "2")])
    if stage in ("greeting", "menu"):
        return MENU, ""
    return dice.choice([(QUEUE, ""), (MENU, "1")])


def fill_up(ballast: Path) -> None:
    """Take every byte that is left."""
    size = 1 << 20
    with ballast.open("wb", buffering=0) as file:
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2


def alarms(town: Town) -> set[str]:
    """What a page that opens now is told to show."""

    async def look() -> set[str]:
        settings = town.stack.settings
        desk = Desk(settings.switch_port, town.people[-1], settings.secret("desk"), device="browser", watch=True)
        await desk.open()
        try:
            return set(desk.welcome["alarms"])
        finally:
            await desk.close()

    return asyncio.run(look())
