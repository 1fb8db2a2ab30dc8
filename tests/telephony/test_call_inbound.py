"""The one complete inbound call, on real Asterisks: flow, queue, offer, talk, end, after-call work, recording."""

from __future__ import annotations

from tests.telephony import tones
from tests.telephony.harness import SALES, Centre, Telephones, until


async def test_a_caller_is_rung_through_to_the_agent_and_both_hear_each_other(
    centre: Centre, telephones: Telephones
) -> None:
    agent = await telephones.agent(1, hum=600)
    caller = await telephones.ring(SALES, hum=400)
    view = await agent.talks()
    await telephones.hears(caller, 600)
    await telephones.hears(agent.phone, 400)
    await telephones.hang_up(caller)
    await agent.in_state("wrap")
    await agent.desk.send("wrap_done", call=view["id"])
    await agent.in_state("ready")
    await until(lambda: "wrap.ended" in centre.story(view["id"]), what="the journal is complete")
    story = centre.story(view["id"])
    wanted = [
        "call.arrived",
        "call.answered",
        "flow.started",
        "queue.entered",
        "offer.made",
        "offer.ended",
        "queue.left",
        "talk.started",
        "recording.started",
        "recording.stopped",
        "talk.ended",
        "call.ended",
        "wrap.started",
        "wrap.ended",
    ]
    assert [kind for kind in story if kind in wanted] == wanted
    seqs = [fact["seq"] for fact in centre.facts() if fact.get("call") == view["id"]]
    assert sorted(seqs) == list(range(1, len(seqs) + 1))
    started = next(f for f in centre.facts() if f["kind"] == "recording.started" and f["call"] == view["id"])
    folder = centre.settings.recordings
    said, heard = folder / started["data"]["agent_path"], folder / started["data"]["customer_path"]
    assert tones.tones(said, [400, 600]) == {600}
    assert tones.tones(heard, [400, 600]) == {400}
    assert abs(tones.seconds(said) - tones.seconds(heard)) < 0.3
