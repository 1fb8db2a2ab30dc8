"""The harness against the real switch: a caller and an agent with a desk phone, by real sound."""

from __future__ import annotations

from tests.telephony.harness import SALES, UNKNOWN, Centre, Telephones, until


async def test_caller_and_agent_hear_each_other_and_the_journal_knows(telephones: Telephones, centre: Centre) -> None:
    agent = await telephones.agent(1, hum=600)
    caller = await telephones.ring(SALES, hum=400)
    view = await agent.talks()
    await telephones.hears(caller, 600)
    await telephones.hears(agent.phone, 400)
    await until(lambda: "talking" in caller.reached, what="the simulator reads the centre's journal")
    assert caller.call == view["id"]
    await telephones.hang_up(caller)
    await agent.in_state("wrap")
    assert "talk.started" in centre.story(view["id"])


async def test_an_unknown_number_is_told_so_and_the_call_ends(telephones: Telephones, centre: Centre) -> None:
    caller = await telephones.ring(UNKNOWN, hum=0)
    await until(lambda: not caller.live, 30, "the centre hangs up")
    assert caller.ended_by == "centre"
    unknown = [fact["data"]["to_number"] for fact in centre.facts() if fact["kind"] == "call.unknown_number"]
    assert any(number.endswith(UNKNOWN[-8:]) for number in unknown)


async def test_a_caller_who_hangs_up_in_the_queue_leaves_nothing_behind(telephones: Telephones, centre: Centre) -> None:
    caller = await telephones.ring(SALES, hang_up_at="queue")
    await until(lambda: not caller.live, 30)
    story = await until(lambda: (s := centre.story(caller.call)) and "call.ended" in s and s)
    assert "queue.left" in story
