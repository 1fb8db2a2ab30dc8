"""Agents on telephones of their own: numbers outside, who say by a key that it is they, and the keys of desk phones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.sip import Agent as SipPhone
from dealerline.runtime.asterisk import Asterisk
from simulator.asterisk import derived_password
from simulator.desk import Desk
from simulator.parties import Party
from simulator.script import parse
from tests.telephony import tones
from tests.telephony.ears import HUMS
from tests.telephony.harness import SALES, Agent, Centre, Telephones, until
from tests.telephony.scene import stage

CUSTOMER, ALICE, BOB, MUSIC = HUMS["customer"], HUMS["a"], HUMS["b"], HUMS["music"]
MOBILE, LEADS_MOBILE = "16300077100", "16300077300"
TAKES: list[dict[str, Any]] = [{"ring": True}, {"wait": 0.3}, {"answer": True}]
SAYS_SO: list[dict[str, Any]] = [*TAKES, {"await": "sound", "seconds": 6}, {"wait": 0.8}, {"key": "1"}]
CONFIRMS: list[dict[str, Any]] = [*SAYS_SO, {"tone": ALICE}]


@pytest.fixture(scope="module")
def centre(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """One tone as the music; persons 1 and 3 have numbers outside, and only 1 is in the queue."""
    made = stage(tmp_path_factory.mktemp("phones"), cache)
    mobiles = {1: MOBILE, 3: LEADS_MOBILE}
    people = tuple(replace(p, mobile=mobiles.get(p.id, ""), language="en") for p in made.snapshot.people)
    made.publish(replace(made.snapshot, people=people))
    try:
        made.start("asterisk", "carrier")
        made.start("switch")
        yield made
    finally:
        made.stop()


async def outside_agent(telephones: Telephones, steps: list[dict[str, Any]], person: int = 1) -> Agent:
    """Person 1 (or 3) at his page, with his telephone outside that does those steps."""
    telephones.world.scripts[{1: MOBILE, 3: LEADS_MOBILE}[person]] = parse(steps)
    settings = telephones.centre.settings
    desk = await Desk(settings.switch_port, person, settings.secret("desk"), device="outside").open()
    agent = Agent(telephones, person, desk)
    telephones.agents.append(agent)
    await desk.ready()
    return agent


@pytest.fixture(autouse=True)
async def nothing_amiss(centre: Centre, telephones: Telephones) -> AsyncIterator[None]:
    """What a number outside was told to do in one test it does not do in the next, and nothing had to be repaired."""
    yield
    telephones.world.scripts.pop(MOBILE, None)
    assert not [fact for fact in centre.facts() if fact["kind"] == "repair.made"]
    assert "a step failed" not in centre.log("switch")


def mobile(telephones: Telephones, number: str = MOBILE) -> Party | None:
    """Who is on that telephone outside: person 1's."""
    return next((p for p in reversed(telephones.world.parties.values())
                 if p.role == "called" and p.number == number and p.live), None)


async def taken(telephones: Telephones, number: str = MOBILE) -> Party:
    party: Party = await until(lambda: mobile(telephones, number), 15, "the telephone outside is rung")
    return party


async def do(telephones: Telephones, party: Party, *steps: dict[str, Any]) -> None:
    """Somebody does this at his telephone."""
    await telephones.world.player.perform(party, parse(list(steps)))


def length(telephones: Telephones, party: Party) -> float:
    """For how many seconds he has heard anything."""
    return len(telephones.world.heard(party).read_bytes()) / 16000


async def hears_no_more(telephones: Telephones, party: Party, hertz: float) -> None:
    """Wait until the tone has not been in his ear for a second."""

    def now() -> bool:
        until_now = length(telephones, party)
        return until_now >= 1 and hertz not in telephones.heard(party, [hertz], until_now - 1)

    await until(now, 10, f"{party.number} hears {hertz:g} Hz no more")


async def test_the_customer_is_put_through_when_the_key_was_pressed(centre: Centre, telephones: Telephones) -> None:
    agent = await outside_agent(telephones, CONFIRMS)
    customer = await telephones.ring(SALES, hum=CUSTOMER)
    view = await agent.talks()
    phone = await taken(telephones)
    await telephones.hears(customer, ALICE)
    await telephones.hears(phone, CUSTOMER)
    assert view["number"].endswith(customer.number[-4:])

    await agent.desk.send("hold", call=view["id"])
    await telephones.hears(customer, MUSIC)
    await hears_no_more(telephones, phone, CUSTOMER)
    await agent.desk.send("unhold", call=view["id"])
    await telephones.hears(phone, CUSTOMER)
    await hears_no_more(telephones, customer, MUSIC)
    await agent.desk.send("mute", call=view["id"])
    await hears_no_more(telephones, customer, ALICE)
    await agent.desk.send("unmute", call=view["id"])
    await telephones.hears(customer, ALICE)

    bob = await telephones.agent(2, hum=BOB, ready=False)
    await bob.desk.ready()
    await agent.desk.send("bring", call=view["id"], how="consult", target={"kind": "person", "id": 2})
    await telephones.hears(bob, ALICE)
    await telephones.hears(customer, MUSIC)
    await agent.desk.send("complete", call=view["id"])
    await telephones.hears(customer, BOB)
    await telephones.hears(bob, CUSTOMER)
    await until(lambda: not phone.live, what="his telephone is free again")
    await telephones.hang_up(customer)
    await bob.in_state("wrap")


async def test_a_voicemail_box_gets_nobody_and_the_caller_is_first_again(
    centre: Centre, telephones: Telephones
) -> None:
    agent = await outside_agent(telephones, [*TAKES, {"tone": ALICE}])
    customer = await telephones.ring(SALES, hum=CUSTOMER)
    box = await taken(telephones)
    await agent.in_state("busy", 20)
    assert agent.desk.agent["reason"] == "no_answer"
    await until(lambda: not box.live, what="the box is hung up on")
    call = next(f["call"] for f in reversed(centre.facts()) if f["kind"] == "offer.made")
    returned = next(f for f in centre.facts() if f["kind"] == "queue.returned" and f["call"] == call)
    assert returned["data"]["reason"] == "no_answer" and "talk.started" not in centre.story(call)
    assert not telephones.heard(box, [CUSTOMER]) and not telephones.heard(customer, [ALICE])
    telephones.world.scripts[MOBILE] = parse(CONFIRMS)
    await agent.desk.send("state", state="ready")
    await agent.talks()
    await telephones.hears(customer, ALICE)
    await do(telephones, await taken(telephones), {"hangup": True})  # he hangs up by his own telephone
    await agent.in_state("wrap")
    await until(lambda: not customer.live, what="the customer is told by the line that it is over")


async def test_a_lead_outside_listens_whispers_is_invited_and_dials_out(centre: Centre, telephones: Telephones) -> None:
    lead_tone, far_tone, far = HUMS["c"], HUMS["out"], "16300077200"
    lead = await outside_agent(telephones, [*SAYS_SO, {"tone": lead_tone}], person=3)
    agent = await telephones.agent(1, hum=ALICE)
    customer = await telephones.ring(SALES, hum=CUSTOMER)
    view = await agent.talks()
    await lead.desk.send("supervise", person=1, mode="listen")
    ear = await taken(telephones, LEADS_MOBILE)
    await telephones.hears(ear, CUSTOMER)
    await telephones.hears(ear, ALICE)
    assert not telephones.heard(agent.phone, [lead_tone])
    await lead.desk.send("supervise", person=1, mode="whisper")
    await telephones.hears(agent, lead_tone)
    assert not telephones.heard(customer, [lead_tone])
    await do(telephones, ear, {"hangup": True})
    await until(lambda: lead.state == "ready", what="he watches no more")

    await agent.desk.send("bring", call=view["id"], how="invite", target={"kind": "person", "id": 3})
    invited = await taken(telephones, LEADS_MOBILE)
    await telephones.hears(customer, lead_tone)
    await telephones.hears(invited, CUSTOMER)
    await telephones.hang_up(customer)
    await until(lambda: not invited.live, what="his telephone is free again")
    await lead.in_state("wrap")
    for own in list(lead.desk.calls.values()):
        await lead.desk.send("wrap_done", call=own["id"])

    telephones.world.scripts[far] = parse([*TAKES, {"tone": far_tone}])
    await lead.desk.send("dial", number=far, line=1)
    caller = await taken(telephones, LEADS_MOBILE)
    await telephones.hears(caller, far_tone)
    await telephones.hears(await taken(telephones, far), lead_tone)
    await do(telephones, caller, {"hangup": True})
    await until(lambda: mobile(telephones, far) is None, what="the number he dialled is hung up")


async def test_the_hold_key_is_our_hold(centre: Centre, telephones: Telephones) -> None:
    agent = await telephones.agent(1, hum=ALICE)
    customer = await telephones.ring(SALES, hum=CUSTOMER)
    await agent.talks()
    await telephones.hears(customer, ALICE)
    await do(telephones, agent.phone, {"hold": True})
    await until(lambda: agent.desk.call("held"), what="the desk shows that the customer is held")
    await telephones.hears(customer, MUSIC)
    await hears_no_more(telephones, customer, ALICE)
    await do(telephones, agent.phone, {"hold": False})
    await agent.talks()
    await telephones.hears(customer, ALICE)
    await hears_no_more(telephones, customer, MUSIC)
    await telephones.hears(agent, CUSTOMER)
    await telephones.hang_up(customer)
    await agent.in_state("wrap")


async def test_who_puts_the_handset_down_while_his_phone_holds_ends_the_call(
    centre: Centre, telephones: Telephones
) -> None:
    agent = await telephones.agent(1, hum=ALICE)
    customer = await telephones.ring(SALES, hum=CUSTOMER)
    await agent.talks()
    await do(telephones, agent.phone, {"hold": True})
    await telephones.hears(customer, MUSIC)
    await do(telephones, agent.phone, {"hangup": True})
    await until(lambda: not customer.live, what="the line is closed")
    await agent.in_state("wrap")


async def test_in_a_conference_the_others_go_on_while_a_phone_holds(centre: Centre, telephones: Telephones) -> None:
    agent = await telephones.agent(1, hum=ALICE)
    customer = await telephones.ring(SALES, hum=CUSTOMER)
    view = await agent.talks()
    bob = await telephones.agent(2, hum=BOB, ready=False)
    await bob.desk.ready()
    await agent.desk.send("bring", call=view["id"], how="invite", target={"kind": "person", "id": 2})
    await telephones.hears(customer, BOB)
    await do(telephones, agent.phone, {"hold": True})
    await hears_no_more(telephones, customer, ALICE)
    await telephones.hears(customer, BOB)
    await hears_no_more(telephones, customer, MUSIC)
    await do(telephones, agent.phone, {"hold": False})
    await telephones.hears(customer, ALICE)
    await telephones.hears(agent, BOB)
    await do(telephones, agent.phone, {"refer": "803"}, {"hangup": True})  # who is away: only he is out
    await until(lambda: agent.state != "talking", what="he is out")
    await telephones.hears(customer, BOB)
    await telephones.hears(bob, CUSTOMER)
    await telephones.hang_up(customer)
    await bob.in_state("wrap")


@pytest.mark.parametrize("hold", [False, True], ids=["at once", "after hold"])
async def test_the_transfer_key_is_our_blind_transfer(centre: Centre, telephones: Telephones, hold: bool) -> None:
    agent = await telephones.agent(1, hum=ALICE)
    customer = await telephones.ring(SALES, hum=CUSTOMER)
    await agent.talks()
    bob = await telephones.agent(2, hum=BOB, ready=False)
    await bob.desk.ready()
    await telephones.hears(customer, ALICE)
    phone = agent.phone
    if hold:
        await do(telephones, phone, {"hold": True})
        await telephones.hears(customer, MUSIC)
    await do(telephones, phone, {"refer": "802"}, {"hangup": True})
    view = await bob.talks()
    await telephones.hears(customer, BOB)
    await telephones.hears(bob, CUSTOMER)
    await agent.in_state("wrap")
    assert not phone.live and "transfer.done" in centre.story(view["id"])
    await telephones.hang_up(customer)
    await bob.in_state("wrap")


async def test_two_calls_on_the_phone_are_a_consultation_and_its_transfer_hands_over(
    centre: Centre, telephones: Telephones
) -> None:
    """Hold, second line, swap and back, then REFER with Replaces: the customer hears music or a voice all the time."""
    agent = await telephones.agent(1, hum=ALICE)
    customer = await telephones.ring(SALES, hum=CUSTOMER)
    view = await agent.talks()
    bob = await telephones.agent(2, hum=BOB, ready=False)
    await bob.desk.ready()
    await telephones.hears(customer, ALICE)
    first = agent.phone
    await do(telephones, first, {"hold": True})
    await hears_no_more(telephones, customer, ALICE)
    alone = length(telephones, customer)
    second = await telephones.dial(1, "802", hum=ALICE)
    await telephones.hears(bob, ALICE)
    await telephones.hears(second, BOB)
    assert agent.desk.calls[view["id"]]["attempt"]["state"] == "consulting"
    asked = length(telephones, bob.phone)
    assert telephones.heard(customer, [ALICE, BOB, MUSIC], alone, length(telephones, customer)) == {MUSIC}
    await do(telephones, second, {"hold": True})
    await do(telephones, first, {"hold": False})
    await telephones.hears(customer, ALICE)
    await telephones.hears(first, CUSTOMER)
    await telephones.hears(bob, MUSIC)
    await do(telephones, first, {"hold": True})
    await do(telephones, second, {"hold": False})
    await telephones.hears(bob, ALICE)
    await telephones.hears(customer, MUSIC)
    assert not telephones.heard(bob.phone, [CUSTOMER], asked)
    await telephones.world.player.attended(first, second)
    await telephones.hears(customer, BOB)
    await telephones.hears(bob, CUSTOMER)
    await do(telephones, first, {"hangup": True})
    await agent.in_state("wrap")
    await until(lambda: not first.live and not second.live, what="both calls of the phone are over")
    await hears_no_more(telephones, customer, MUSIC)
    assert tones.gaps(telephones.world.heard(customer), 0.3, alone) == [], "never silence for the customer"
    done = next(f for f in centre.facts() if f["kind"] == "transfer.done" and f["call"] == view["id"])
    assert done["data"]["how"] == "consult"
    await telephones.hang_up(customer)
    await bob.in_state("wrap")
    console = Asterisk(centre.settings, centre.settings.data / "asterisk").console
    await until(lambda: not console("core show channels concise").strip(), what="nothing is left in Asterisk")


async def test_a_transfer_by_the_phone_to_somebody_who_is_away_comes_back(
    centre: Centre, telephones: Telephones
) -> None:
    agent = await telephones.agent(1, hum=ALICE)
    customer = await telephones.ring(SALES, hum=CUSTOMER)
    await agent.talks()
    await telephones.hears(customer, ALICE)
    first = agent.phone
    await do(telephones, first, {"refer": "803"}, {"hangup": True})
    await until(lambda: agent.phone is not first and agent.desk.call("talking"), what="his phone is rung again")
    await telephones.hears(customer, ALICE)
    await telephones.hears(agent, CUSTOMER)
    await telephones.hang_up(customer)
    await agent.in_state("wrap")


async def test_the_transfer_key_with_a_number_outside(centre: Centre, telephones: Telephones) -> None:
    agent = await telephones.agent(1, hum=ALICE)
    customer = await telephones.ring(SALES, hum=CUSTOMER)
    await agent.talks()
    telephones.world.scripts["16300077200"] = parse([*TAKES, {"tone": HUMS["out"]}])
    await telephones.hears(customer, ALICE)
    await do(telephones, agent.phone, {"refer": "16300077200"}, {"hangup": True})
    await telephones.hears(customer, HUMS["out"])
    await agent.in_state("wrap")
    await telephones.hang_up(customer)


@pytest.mark.parametrize(
    "extra", ["Refer-Sub: false", "Refer-Sub: nonsense", "Refer-Sub: false\r\nSupported: norefersub"])
async def test_a_transfer_that_wants_no_news_of_itself_ends_neither_the_call_nor_the_telephone_exchange(
    centre: Centre, telephones: Telephones, extra: str
) -> None:
    settings = centre.settings
    phone = await SipPhone(
        ("127.0.0.1", settings.sip_port), "phone-1", derived_password(settings, "sip", "phone-1"), ring=0.1).open()
    try:
        await phone.register()
        agent = await telephones.agent(1, phone=False)
        caller = await telephones.ring(SALES, hum=CUSTOMER)
        await agent.talks()
        leg = phone.history[-1]
        target = f"Refer-To: <sip:803@127.0.0.1:{settings.sip_port}>\r\n"
        answer = await phone._exchange("REFER", leg.target, leg, extra=f"{target}{extra}\r\n", timeout=8)
        assert answer.status >= 200
        await phone.hang_up(leg)
        await until(lambda: (caller.live and agent.desk.call("offered")) or agent.desk.call("talking"), 30,
                    "803 is away: the customer comes back")
        assert not [f for f in centre.facts() if f["kind"] in ("ari.lost", "repair.made")]
    finally:
        phone.close()
