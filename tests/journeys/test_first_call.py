"""The journey of the whole product: a customer rings, his file is drawn, they talk, the record is written, all of it
can be heard and read afterwards."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.helpers import until
from tests.journeys.centre import Centre
from tests.journeys.conftest import AGENT_HUMS
from tests.journeys.desk import PATIENT, Desk
from tests.telephony import tones

CALLER_HUMS = 508.0
STEPS = [  # what the page of the call must tell, in this order
    "call.arrived", "call.answered", "flow.started", "flow.key", "flow.key", "queue.entered", "offer.made",
    "queue.left", "talk.started", "recording.started", "hold.started", "hold.ended", "mute.started", "mute.ended",
    "recording.stopped", "talk.ended", "call.ended", "wrap.started", "wrap.ended"]


def in_order(story: list[str], wanted: list[str]) -> list[str]:
    """Those of the wanted that do not follow each other in the story."""
    rest = iter(story)
    return [kind for kind in wanted if kind not in rest]


def test_a_customer_rings_and_everything_about_his_call_can_be_heard_and_read(
    centre: Centre, desk: Callable[..., Desk]
) -> None:
    customer = centre.customer()
    agent = desk("agent1")
    agent.id("open-headset").click()
    expect(agent.id("headset")).to_be_visible()
    agent.page.keyboard.press("Escape")
    agent.busy()

    # He chooses his language and his matter, and waits with music while nobody is ready.
    caller = centre.ring("sales", number=customer["number"], hum=CALLER_HUMS)
    caller.reaches("queue")
    start, end = caller.listens(2.5)
    assert tones.loudness(caller.heard, start, end) > tones.SILENT + 10

    # The page rings, and his file is there before anybody answers.
    agent.ready()
    call = agent.rings()
    expect(agent.id("pop-name")).to_have_text(customer["name"])
    expect(agent.id("card-name")).to_have_text(customer["name"])
    agent.call_is("offered")
    agent.answer()
    agent.is_in("talking")

    # Both hear each other.
    agent.hears(CALLER_HUMS)
    caller.hears(AGENT_HUMS)

    # Held, he hears music and not the agent; muted, he hears nothing; and then the agent again.
    agent.id("call-hold").click()
    agent.call_is("held")
    caller.hears_no_more(AGENT_HUMS)
    start, end = caller.listens(2)
    assert tones.loudness(caller.heard, start, end) > tones.SILENT + 10
    assert tones.tones(caller.heard, [AGENT_HUMS], start, end) == set()
    agent.id("call-hold").click()
    agent.call_is("talking")
    caller.hears(AGENT_HUMS)
    agent.id("call-mute").click()
    expect(agent.id("call-mute")).to_have_attribute("aria-pressed", "true")
    caller.hears_no_more(AGENT_HUMS)
    start, end = caller.listens(2)
    assert tones.loudness(caller.heard, start, end) < tones.SILENT
    agent.id("call-mute").click()
    expect(agent.id("call-mute")).to_have_attribute("aria-pressed", "false")
    caller.hears(AGENT_HUMS)

    # After-call work: the timer runs, the record is written and saved.
    agent.id("call-hangup").click()
    agent.call_is("wrap")
    expect(agent.id("wrap-timer")).to_be_visible()
    until(lambda: not caller.live, 10, "the caller's line is free")
    agent.choose("record-matter", "销售咨询", "预约试驾")
    agent.choose("record-result", "已预约")
    agent.id("record-notes").fill("想看新款，周六上午到店试驾。")
    agent.id("record-save").click()
    expect(agent.id("record-state")).to_have_attribute("data-state", "finished")
    agent.id("wrap-done").click()
    agent.is_in("ready")
    record = centre.row("SELECT notes, draft, matter_id, result_id, author_id FROM calls_callrecord WHERE call_id = %s",
                        call)
    assert record["notes"].startswith("想看新款") and record["draft"] is False
    assert record["matter_id"] and record["result_id"]

    the_call_can_be_found_read_and_heard(centre, agent, call, customer["name"])
    assert centre.live()["repairs"] == 0


def the_call_can_be_found_read_and_heard(centre: Centre, agent: Desk, call: str, name: str) -> None:
    recording = until(lambda: centre.rows(
        "SELECT id, path FROM calls_recording WHERE call_id = %s AND state = 'joined'", call), 30,
        "the recording is joined")[0]
    stereo = centre.stack.settings.recordings / recording["path"]
    both = [CALLER_HUMS, AGENT_HUMS]
    assert tones.tones(stereo, both, channel=0) == {CALLER_HUMS}  # left: the customer
    assert tones.tones(stereo, both, channel=1) == {AGENT_HUMS}  # right: the agent

    agent.page.get_by_role("link", name="通话").first.click()
    row = agent.page.locator(f"[data-testid=calls-row][data-call='{call}']")
    expect(row).to_contain_text(name)
    row.click()
    expect(agent.id("timeline-row").first).to_be_visible(timeout=PATIENT)
    shown = [row.get_attribute("data-kind") or "" for row in agent.id("timeline-row").all()]
    assert in_order(shown, STEPS) == []
    assert shown.count("flow.key") == 2  # what he pressed once is told once
    assert all(text.strip() for text in agent.id("timeline-row").all_inner_texts())

    agent.id("player-play").click()
    expect(agent.id("player")).to_have_attribute("data-playing", "true")
    until(lambda: float(agent.id("player").get_attribute("data-second") or 0) > 1, 15, "the recording plays on")
    part = agent.fetch(f"/api/recordings/{recording['id']}/audio", Range="bytes=1000-1999")
    assert part["status"] == 206 and part["length"] == 1000
    check = agent.fetch(f"/api/recordings/{recording['id']}/check")
    assert check["json"]["ok"] is True
    listened = centre.rows("SELECT 1 FROM audit_auditentry WHERE action = 'listen' AND object_id = %s",
                           str(recording["id"]))
    assert listened
