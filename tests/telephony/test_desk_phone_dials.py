"""A desk phone that dials by itself: its person, signed in on it, reaches numbers outside, and nobody else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.desk import Desk
from simulator.parties import Party
from simulator.script import parse
from simulator.world import Ring
from tests.telephony import tones
from tests.telephony.harness import Centre, Telephones, until

# The last digit decides what the far side does: docs/howto/simulator.md. A fax sends a tone of its own.
TALKS, FAX, BUSY, NOBODY = "16300001110", "16300001117", "16300001113", "16300001119"
FAX_HERTZ = 2100


def calls_to(centre: Centre, number: str) -> list[str]:
    """The centre's calls to that number outside, in order."""
    return [f["call"] for f in centre.facts()
            if f["kind"] == "call.arrived" and f["data"]["to_number"].endswith(number)]


def fact(centre: Centre, call: str, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(f for f in centre.facts() if f["kind"] == kind and f.get("call") == call)["data"]
    return found


async def rung(telephones: Telephones, number: str) -> Party:
    """Who was rung outside."""

    def found() -> Party | None:
        return next((p for p in telephones.world.live() if p.role == "called" and p.number == number), None)

    party: Party = await until(found, what=f"{number} is rung")
    return party


async def over(party: Party) -> None:
    await until(lambda: not party.live, 20, f"the phone is told that it is over, not {party.state}")


async def test_both_hear_each_other_and_the_talk_is_on_record(centre: Centre, telephones: Telephones) -> None:
    agent = await telephones.agent(1, hum=600)
    phone = await telephones.dial(1, FAX, hum=600)
    view = await agent.talks(25)
    assert view["direction"] == "out"
    await telephones.hears(phone, FAX_HERTZ)
    await telephones.hears(await rung(telephones, FAX), 600)
    (call,) = calls_to(centre, FAX)
    assert call == view["id"]
    await telephones.hang_up(phone)
    await agent.in_state("wrap")
    await until(lambda: "recording.stopped" in centre.story(call), what="the recording is closed")
    assert fact(centre, call, "call.arrived")["agent"] == 1
    assert [k for k in centre.story(call) if k.startswith(("call.", "talk."))] == [
        "call.arrived", "call.answered", "talk.started", "talk.ended", "call.ended"]
    made = fact(centre, call, "recording.started")
    said, heard = (centre.settings.recordings / made[side] for side in ("agent_path", "customer_path"))
    both = [600, FAX_HERTZ]
    await until(lambda: tones.tones(said, both) == {600} and tones.tones(heard, both) == {FAX_HERTZ},
                what="each side of the recording has one voice")


async def test_a_busy_number_is_told_to_the_phone_and_on_the_page(centre: Centre, telephones: Telephones) -> None:
    agent = await telephones.agent(1)
    phone = await telephones.dial(1, BUSY)
    await over(phone)
    assert phone.cause == 17 and phone.state == "ended"
    await agent.in_state("ready")
    gone = await until(lambda: next((m for m in reversed(agent.desk.log) if m["type"] == "call_gone"), None))
    assert gone["text"]["zh"] == "对方忙。"
    (call,) = calls_to(centre, BUSY)
    await until(lambda: "call.ended" in centre.story(call), what="the call ends")
    assert fact(centre, call, "call.ended") == {"by": "carrier", "cause": "busy"}


async def test_a_phone_whose_person_is_not_signed_in_is_refused(centre: Centre, telephones: Telephones) -> None:
    phone = await telephones.dial(2, NOBODY)
    await over(phone)
    assert phone.cause == 21
    assert calls_to(centre, NOBODY) == []


async def test_a_phone_is_refused_while_its_person_works_in_the_browser(centre: Centre, telephones: Telephones) -> None:
    desk = await Desk(centre.settings.switch_port, 3, centre.settings.secret("desk"), device="browser").open()
    phone = await telephones.dial(3, NOBODY)
    await over(phone)
    assert phone.cause == 21
    assert calls_to(centre, NOBODY) == []
    await desk.close()


async def test_a_phone_cannot_dial_a_second_number_meanwhile(centre: Centre, telephones: Telephones) -> None:
    agent = await telephones.agent(1)
    first = await telephones.dial(1, TALKS)
    await agent.talks(25)
    second = await telephones.dial(1, NOBODY)
    await over(second)
    assert second.cause == 21 and first.live and calls_to(centre, NOBODY) == []
    await telephones.hang_up(first)
    await agent.in_state("wrap")


async def test_a_phone_with_a_user_name_of_its_own_dials_too(centre: Centre, telephones: Telephones) -> None:
    phones = centre.snapshot.phones
    centre.publish(replace(centre.snapshot, phones=(phones[0], replace(phones[1], username="reception"), *phones[2:])))
    world, desk = telephones.world, Desk(centre.settings.switch_port, 2, centre.settings.secret("desk"))
    try:
        assert await world.phones.plug({"reception": parse([{"ring": True}])})
        await desk.open()
        await desk.ready()
        phone = await world.ring(Ring(TALKS, phone="reception"))
        await until(lambda: desk.call("talking"), 25, "he talks")
        await telephones.hang_up(phone)
        await until(lambda: desk.state == "wrap", what="the talk is over")
        for view in list(desk.calls.values()):
            await desk.send("wrap_done", call=view["id"])
        await desk.send("state", state="offline")
        await desk.close()
    finally:
        await world.phones.unplug({"reception"})
        centre.publish(replace(centre.snapshot, phones=phones))
