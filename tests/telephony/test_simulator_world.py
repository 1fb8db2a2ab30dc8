"""The outside world against a plain Asterisk: what people outside do, and that sound goes both ways."""

from __future__ import annotations

import pytest

from simulator.script import parse
from simulator.world import Ring
from tests.telephony import tones
from tests.telephony.harness import Centre, Telephones, until

HUMS, CENTRE = 400, 600


async def test_a_caller_and_the_centre_hear_each_other(outside: Telephones, plain_centre: Centre) -> None:
    caller = await outside.ring("1000", hum=HUMS, number="13800000001")
    await outside.hears(caller, CENTRE)
    await outside.hang_up(caller)
    ear = plain_centre.settings.data / "centre-13800000001.wav"
    await until(lambda: HUMS in tones.tones(ear, [HUMS]), what="the centre heard the caller")
    assert outside.heard(caller, [HUMS, CENTRE]) == {CENTRE}
    assert caller.cause == 16 and caller.ended_by == "himself"


async def test_nobody_hears_a_gap_in_a_steady_tone(outside: Telephones) -> None:
    caller = await outside.ring("1001", hum=HUMS)
    await until(lambda: tones.seconds(outside.world.heard(caller)) > 4, what="four seconds of echo")
    await outside.hang_up(caller)
    path = outside.world.heard(caller)
    assert tones.gaps(path, longer_than=0.1, start=0.5, end=3.5) == []


async def test_a_silent_caller_still_sends_sound_as_a_real_phone_does(outside: Telephones) -> None:
    caller = await outside.ring("1001", hum=0)
    await until(lambda: tones.seconds(outside.world.heard(caller)) > 1, what="silence comes back as packets")
    assert tones.loudness(outside.world.heard(caller)) < tones.SILENT


async def test_keys_a_caller_presses_arrive_and_he_is_connected_to_the_number_they_make(outside: Telephones) -> None:
    caller = await outside.ring("1002", hum=HUMS, keys="1238")
    called = await until(lambda: next((p for p in outside.world.live() if p.number == "1238"), None))
    await until(lambda: called.state == "up", what="the called person answers")
    await until(lambda: caller.sounds > 0, what="the caller hears him speak")
    assert called.behaviour == "short"


@pytest.mark.parametrize(("digit", "cause"), [("3", 17), ("5", 21), ("9", 1)])
async def test_outside_numbers_that_do_not_answer_say_why(outside: Telephones, digit: str, cause: int) -> None:
    caller = await outside.ring("2100" + digit)
    await until(lambda: not caller.live, what="the centre gives up")
    assert caller.cause == cause


async def test_a_fax_answers_with_its_tone(outside: Telephones) -> None:
    caller = await outside.ring("21007", hum=0)
    await outside.hears(caller, 2100)


async def test_an_answering_machine_greets_beeps_and_lets_one_speak(outside: Telephones) -> None:
    steps = [{"await": "sound"}, {"await": "quiet"}, {"tone": 700, "seconds": 2}, {"wait": 1}, {"hangup": True}]
    caller = await outside.ring("21006", hum=0, steps=steps)
    await until(lambda: not caller.live, 40, "the message is left")
    machine = next(p for p in outside.world.parties.values() if p.number == "1006")
    assert outside.heard(caller, [1000]) == {1000}
    await until(lambda: 700 in outside.heard(machine, [700]), what="the machine has the message")


async def test_a_caller_hangs_up_while_it_rings(outside: Telephones) -> None:
    caller = await outside.ring("1003", hang_up_at="ringing")
    await until(lambda: not caller.live)
    assert caller.ended_by == "himself"
    assert not any(name == "answered" for _, name, _ in caller.events)


async def test_a_desk_phone_registers_answers_and_talks(outside: Telephones) -> None:
    accepted = await outside.world.phones.plug({"phone-3": parse([{"ring": True}, {"answer": True}, {"tone": 800}])})
    assert accepted
    caller = await outside.ring("3", hum=HUMS)
    await outside.hears(caller, 800)
    phone = next(p for p in outside.world.live() if p.number == "phone-3")
    await outside.hears(phone, HUMS)
    await outside.world.phones.unplug(["phone-3"])


async def test_a_centre_that_registers_with_the_carrier_is_rung_there(outside: Telephones) -> None:
    caller = await outside.world.ring(Ring("1000", "13800000007", parse([{"tone": HUMS}]), trunk="registered"))
    await outside.hears(caller, CENTRE)


async def test_what_a_caller_says_is_heard_word_for_word_as_long_as_the_utterance(outside: Telephones) -> None:
    steps = [{"wait": 0.5}, {"say": "sales.price"}, {"wait": 1}, {"hangup": True}]
    caller = await outside.ring("1001", hum=0, steps=steps)
    await until(lambda: not caller.live, 30)
    path = outside.world.heard(caller)
    utterance = await outside.world.voices.path("sales.price")
    assert tones.seconds(path) > tones.seconds(utterance)
    assert tones.loudness(path) > -30
