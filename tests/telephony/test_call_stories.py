"""Calls on real Asterisks with real sound: menus, messages, hold, mute, failed offers, calls out; never a repair."""

from __future__ import annotations

import struct
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dealerline.switch.directory import Need, PromptAudio
from tests.telephony import tones
from tests.telephony.harness import CLOSED, EMPTY, MENU, SALES, UNKNOWN, VOICEMAIL, Centre, Telephones, until

RING = {"ring": True}


async def live(centre: Centre) -> dict[str, Any]:
    """What the switch holds in memory."""
    url = f"http://127.0.0.1:{centre.settings.switch_port}/internal/live"
    headers = {"X-Dealerline-Internal": centre.settings.secret("internal")}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        found: dict[str, Any] = await answer.json()
        return found


@pytest.fixture(autouse=True)
async def nothing_is_left_over_and_nothing_was_repaired(centre: Centre, telephones: Telephones) -> AsyncIterator[None]:
    yield
    for party in telephones.world.live():
        await telephones.world.player.hang_up(party)
    deadline = time.monotonic() + 10
    while (state := await live(centre))["calls"] and time.monotonic() < deadline:
        pass  # asking takes its time
    assert state["calls"] == [] and state["repairs"] == 0 and state["errors"] == 0


def fact(centre: Centre, call: str, kind: str) -> dict[str, Any]:
    return next(f for f in centre.facts() if f["kind"] == kind and f.get("call") == call)


def newest_call(centre: Centre, to: str) -> str:
    """The newest call to that number, or "" while there is none."""
    calls = [f["call"] for f in centre.facts() if f["kind"] == "call.arrived" and f["data"]["to_number"] == to]
    return str(calls[-1]) if calls else ""


async def ended(centre: Centre, call: str, kind: str = "call.ended") -> dict[str, Any]:
    await until(lambda: kind in centre.story(call), what=f"{kind} of the call; it has {centre.story(call)}")
    return fact(centre, call, kind)


async def test_an_unknown_number_is_told_so_and_hung_up(centre: Centre, telephones: Telephones) -> None:
    caller = await telephones.ring(UNKNOWN, hum=0)
    await until(lambda: not caller.live, 25, "the centre hangs up")
    call = newest_call(centre, UNKNOWN)
    assert "call.unknown_number" in centre.story(call)
    assert tones.loudness(telephones.world.heard(caller)) > tones.SILENT


async def test_after_hours_the_caller_hears_that_the_line_is_closed(centre: Centre, telephones: Telephones) -> None:
    caller = await telephones.ring(CLOSED, hum=0)
    await until(lambda: not caller.live, 30, "the centre hangs up")
    assert tones.loudness(telephones.world.heard(caller)) > tones.SILENT
    assert fact(centre, newest_call(centre, CLOSED), "flow.prompt")["data"]["prompts"] == ["closed.default"]


async def test_a_key_pressed_into_the_menu_leads_to_the_agent(centre: Centre, telephones: Telephones) -> None:
    agent = await telephones.agent(1)
    caller = await telephones.ring(MENU, keys="1")
    view = await agent.talks()
    await telephones.hears(caller, 600)
    assert fact(centre, view["id"], "flow.key")["data"]["digits"] == "1"
    await telephones.hang_up(caller)
    await agent.in_state("wrap")
    await agent.in_state("ready")


async def test_silence_in_the_menu_ends_politely(centre: Centre, telephones: Telephones) -> None:
    caller = await telephones.ring(MENU, hum=0)
    await until(lambda: not caller.live, 60, "the centre says goodbye")
    story = centre.story(newest_call(centre, MENU))
    assert story.count("flow.timeout") == 2 and story[-1] == "call.ended"


async def test_a_wrong_key_is_told_so(centre: Centre, telephones: Telephones) -> None:
    caller = await telephones.ring(MENU, hum=0, keys="7")
    await until(lambda: "flow.wrong_key" in centre.story(newest_call(centre, MENU)), what="the wrong key is noted")
    await telephones.hang_up(caller)
    await ended(centre, newest_call(centre, MENU))
    assert centre.story(newest_call(centre, MENU)).count("flow.key") == 1  # pressed once, counted once


async def test_a_voice_message_is_recorded_also_when_the_caller_just_hangs_up(
    centre: Centre, telephones: Telephones
) -> None:
    caller = await telephones.ring(VOICEMAIL, hum=700)
    await until(lambda: "voicemail.started" in centre.story(newest_call(centre, VOICEMAIL)), 25, "the recording begins")
    path = centre.settings.recordings / "voicemail"
    await until(lambda: any(tones.seconds(f) > 2 for f in path.glob("*.wav")), what="two seconds of message")
    await telephones.hang_up(caller)
    made = await ended(centre, newest_call(centre, VOICEMAIL), "voicemail.recorded")
    assert made["data"]["seconds"] >= 2
    assert tones.tones(centre.settings.recordings / made["data"]["path"], [400, 700]) == {700}


async def test_nobody_signed_in_sends_the_caller_where_the_flow_says(centre: Centre, telephones: Telephones) -> None:
    caller = await telephones.ring(EMPTY, hum=0)
    await until(lambda: not caller.live, 25, "the centre says goodbye")
    assert fact(centre, newest_call(centre, EMPTY), "queue.left")["data"]["reason"] == "closed"


async def test_waiting_is_music_and_the_place_in_the_queue(centre: Centre, telephones: Telephones) -> None:
    caller = await telephones.ring(SALES, hum=0)
    call = ""

    def announced() -> bool:
        nonlocal call
        call = newest_call(centre, SALES)
        return "queue.announced" in centre.story(call)

    await until(announced, what="his place is spoken")
    ear = telephones.world.heard(caller)
    length = tones.seconds(ear)
    await until(lambda: tones.seconds(ear) > length + 8, what="the announcement is over")
    assert tones.gaps(ear, longer_than=2.5, start=1.5) == [], "music, words, music"
    await telephones.hang_up(caller)
    await ended(centre, call)


async def test_hold_is_music_for_the_caller_and_the_talk_comes_back(centre: Centre, telephones: Telephones) -> None:
    agent = await telephones.agent(1)
    caller = await telephones.ring(SALES)
    view = await agent.talks()
    await telephones.hears(caller, 600)
    await agent.desk.send("hold", call=view["id"])
    ear = telephones.world.heard(caller)
    start = tones.seconds(ear) + 0.5
    await until(lambda: tones.seconds(ear) > start + 3, what="three seconds of hold")
    assert 600 not in tones.tones(ear, [600], start, start + 3)
    assert tones.loudness(ear, start, start + 3) > tones.SILENT
    await agent.desk.send("unhold", call=view["id"])
    await telephones.hears(caller, 600)
    await telephones.hears(agent.phone, 400)
    await telephones.hang_up(caller)
    await ended(centre, view["id"])
    made = fact(centre, view["id"], "recording.started")["data"]
    said, heard = (centre.settings.recordings / made[k] for k in ("agent_path", "customer_path"))
    await until(lambda: abs(tones.seconds(said) - tones.seconds(heard)) < 0.3, what="both sides are equally long")


async def test_a_muted_agent_is_heard_by_nobody(centre: Centre, telephones: Telephones) -> None:
    agent = await telephones.agent(1)
    caller = await telephones.ring(SALES)
    view = await agent.talks()
    await telephones.hears(caller, 600)
    await agent.desk.send("mute", call=view["id"])
    ear = telephones.world.heard(caller)
    start = tones.seconds(ear) + 0.5
    await until(lambda: tones.seconds(ear) > start + 1.5, what="silence for a while")
    assert tones.tones(ear, [600], start, start + 1.5) == set()
    await agent.desk.send("unmute", call=view["id"])
    await telephones.hears(caller, 600)
    await agent.desk.send("hangup", call=view["id"])
    await until(lambda: not caller.live, what="the agent's hang-up ends the caller's call")


async def test_no_answer_offers_the_caller_to_the_next_and_tells_the_agent_why(
    centre: Centre, telephones: Telephones
) -> None:
    sleeper = await telephones.agent(1, steps=[RING, {"wait": 60}])
    caller = await telephones.ring(SALES)
    await sleeper.in_state("ringing")
    second = await telephones.agent(2, hum=800)
    await sleeper.in_state("busy", 20)
    assert sleeper.desk.agent["reason"] == "no_answer" and sleeper.desk.agent["text"]["zh"]
    await second.talks()
    await telephones.hears(caller, 800)
    await telephones.hang_up(caller)


async def test_a_phone_that_refuses_makes_its_agent_busy_and_the_caller_is_next(
    centre: Centre, telephones: Telephones
) -> None:
    refuser = await telephones.agent(1, steps=[RING, {"wait": 0.3}, {"hangup": True}])
    caller = await telephones.ring(SALES)
    await refuser.in_state("busy")
    assert refuser.desk.agent["reason"] in ("refused", "device_lost")
    second = await telephones.agent(2)
    await second.talks()
    await telephones.hang_up(caller)


async def test_the_caller_hangs_up_while_a_phone_rings(centre: Centre, telephones: Telephones) -> None:
    agent = await telephones.agent(1, steps=[RING, {"wait": 60}])
    caller = await telephones.ring(SALES)
    await agent.in_state("ringing")
    await telephones.hang_up(caller)
    await agent.in_state("ready")
    assert fact(centre, newest_call(centre, SALES), "offer.ended")["data"]["result"] == "caller_gone"


async def test_two_callers_reach_two_agents_and_hear_only_their_own(
    centre: Centre, telephones: Telephones
) -> None:
    one, two = await telephones.agent(1, hum=600), await telephones.agent(2, hum=800)
    first = await telephones.ring(SALES, hum=400)
    await one.talks()  # who is idle longest
    second = await telephones.ring(SALES, hum=500, number="13800002222")
    await two.talks()
    await telephones.hears(first, 600)
    await telephones.hears(second, 800)
    assert telephones.heard(first, [600, 800]) == {600} and telephones.heard(second, [600, 800]) == {800}
    await telephones.hang_up(first)
    await telephones.hang_up(second)


async def test_an_agent_dials_out_and_both_hear_each_other(centre: Centre, telephones: Telephones) -> None:
    agent = await telephones.agent(1, hum=600)
    answer = await agent.desk.send("dial", number="16300000000", line=1)
    await agent.talks(25)
    other = await until(lambda: next((p for p in telephones.world.live() if p.number == "16300000000"), None))
    await telephones.hears(other, 600)
    assert fact(centre, answer["call"], "recording.started")
    await agent.desk.send("hangup", call=answer["call"])
    await agent.in_state("wrap")


@pytest.mark.parametrize(("last", "cause"), [("3", "busy"), ("5", "rejected"), ("9", "unallocated")])
async def test_a_number_that_does_not_answer_is_told_in_words(
    centre: Centre, telephones: Telephones, last: str, cause: str
) -> None:
    agent = await telephones.agent(1)
    answer = await agent.desk.send("dial", number=f"1630000000{last}", line=1)
    over = await ended(centre, answer["call"])
    assert over["data"]["cause"] == cause
    # The fact is on the disk before the page is told.
    told = await until(lambda: next((m for m in agent.desk.log if m["type"] == "call_gone"), None), what="he is told")
    assert told["text"]["zh"]
    await agent.in_state("ready")


async def test_the_headset_test_is_an_echo(centre: Centre, telephones: Telephones) -> None:
    agent = await telephones.agent(1, hum=600)
    await agent.desk.send("headset_test")
    await until(lambda: agent.desk.call("test"), what="the test call")
    await telephones.hears(agent, 600)


def wav(samples: int, declared: int) -> bytes:
    """A sound file that says it has ``declared`` bytes of sound."""
    fmt = struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    return (b"RIFF" + struct.pack("<I", 36 + declared) + b"WAVEfmt " + fmt + b"data" + struct.pack("<I", declared)
            + bytes(2 * samples))


@pytest.mark.parametrize("fault", ["missing", "empty", "garbage", "no sound", "shorter than it says"])
async def test_a_broken_sound_file_is_a_tone_and_the_flow_goes_on(
    centre: Centre, telephones: Telephones, fault: str, tmp_path: Path
) -> None:
    content = {"empty": b"", "garbage": b"hello" * 100, "no sound": wav(0, 0), "shorter than it says": wav(800, 160000)}
    if fault in content:
        (tmp_path / "broken.wav").write_bytes(content[fault])
    good = centre.snapshot.prompts
    broken = PromptAudio("menu.sales", "zh", 0, str(tmp_path / "broken"))
    version = centre.snapshot.version + 1
    centre.publish(replace(centre.snapshot, prompts=(*(p for p in good if p.key != "menu.sales"), broken)))
    try:
        await taken_in(centre, version)
        caller = await telephones.ring(MENU, hum=0, number="13800003333")
        call = await until(lambda: newest_call(centre, MENU))
        await until(lambda: "flow.timeout" in centre.story(newest_call(centre, MENU)), what=f"the menu waits; {call}")
        await telephones.hang_up(caller)
    finally:
        centre.publish(replace(centre.snapshot, prompts=good))
        await taken_in(centre, version + 1)


async def taken_in(centre: Centre, version: int) -> None:
    """Wait until the switch uses that version of the configuration."""
    deadline = time.monotonic() + 5
    while (await live(centre))["version"] < version:
        assert time.monotonic() < deadline, "the switch does not take in the configuration"


async def test_a_changed_flow_is_live_within_a_second(centre: Centre, telephones: Telephones) -> None:
    before, version = centre.snapshot, centre.snapshot.version + 1
    lines = tuple(replace(line, open_flow=5) if line.kind == "sales" else line for line in before.lines)
    centre.publish(replace(before, lines=lines))
    try:
        await taken_in(centre, version)
        caller = await telephones.ring(SALES, hum=0)
        await until(lambda: not caller.live, 30, "the closed flow ends the call")
        assert fact(centre, newest_call(centre, SALES), "flow.started")["data"]["flow"] == 5
    finally:
        centre.publish(replace(centre.snapshot, lines=before.lines))
        await taken_in(centre, version + 1)


async def test_all_phones_ring_the_first_answer_talks_and_a_skill_is_waived_in_time(
    centre: Centre, telephones: Telephones
) -> None:
    """Two who can do it ring at once; a third comes into question only when the need has relaxed."""
    before, version = centre.snapshot, centre.snapshot.version + 1
    needs = (Need(1, 3, relax=((4.0, 0),)),)
    queues = tuple(replace(queue, strategy="ring_all", needs=needs) for queue in before.queues)
    people = tuple(replace(p, skills=((1, 3),) if p.id < 3 else ()) for p in before.people)
    centre.publish(replace(before, queues=queues, people=people))
    try:
        await taken_in(centre, version)
        slow = await telephones.agent(1, steps=[RING, {"wait": 60}])
        quick = await telephones.agent(2, hum=800, steps=[RING, {"wait": 1.5}, {"answer": True}, {"tone": 800}])
        third = await telephones.agent(3, hum=700)
        first = await telephones.ring(SALES, hum=400)
        await slow.in_state("ringing")
        await quick.talks()
        await telephones.hears(first, 800)
        await slow.in_state("ready")
        assert not third.rung()
        call = newest_call(centre, SALES)
        ends = {f["person"]: f["data"]["result"] for f in centre.facts()
                if f["kind"] == "offer.ended" and f.get("call") == call}
        assert ends == {1: "taken", 2: "answered"}

        await slow.desk.send("state", state="offline")
        second = await telephones.ring(SALES, hum=500, number="13800002222")
        await third.talks()
        await telephones.hears(second, 700)
        offer = fact(centre, newest_call(centre, SALES), "offer.made")["data"]
        assert offer["waited"] >= 4 and offer["why"]["passed"]["counts"]
        await telephones.hang_up(first)
        await telephones.hang_up(second)
    finally:
        centre.publish(replace(centre.snapshot, queues=before.queues, people=before.people))
        await taken_in(centre, version + 1)
