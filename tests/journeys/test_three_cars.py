"""A customer who wants three cars, and everybody he talks to on the way, without hanging up once.

He asks for a price, the parts man has to be asked, the insurer is invited by his number, finance is called aside, a
colleague refuses the call, the shift lead listens, whispers and joins for the discount, and at last he is handed over.
What he hears all the while is examined by tones: everybody hums his own.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.helpers import until
from tests.journeys import sound
from tests.journeys.centre import Caller, Centre
from tests.journeys.conftest import AGENT_HUMS
from tests.journeys.desk import PATIENT, Desk
from tests.telephony import tones

CUSTOMER_HUMS, PARTS_HUMS, FINANCE_HUMS, LEAD_HUMS = 508.0, 702.0, 803.0, 907.0
INSURER = "13900000051"  # answers, and talks
EDGE = 0.35  # seconds around a fact that are not looked at
PAUSE, SILENCE = 0.4, 0.3
"""Seconds: how long a browser's voice pauses between two syllables (sound.py), and how much longer than that no guest
may hear nothing."""


PICTURES = os.environ.get("STORY_PICTURES", "")  # a folder: the story is photographed for docs/howto/three-cars.md


def photographed(desk: Desk, name: str) -> None:
    """A picture of that page for the manual, if anybody wants one."""
    if PICTURES:
        desk.page.mouse.move(2, 2)
        desk.page.screenshot(path=Path(PICTURES) / f"three-cars-{name}.png")


def press(desk: Desk, keys: str) -> None:
    desk.page.keyboard.press(keys)


def brings(desk: Desk, key: str, whom: str) -> None:
    """By keys alone: the panel, a name or a number, Enter."""
    press(desk, key)
    expect(desk.id("bring-find")).to_be_focused()
    desk.page.keyboard.type(whom)
    expect(desk.page.locator("[data-testid=bring-row][aria-selected=true]")).to_be_visible()
    press(desk, "Enter")
    expect(desk.id("bring")).to_have_count(0)


def attempt_is(desk: Desk, state: str) -> None:
    expect(desk.id("attempt")).to_have_attribute("data-state", state, timeout=PATIENT)


def token(desk: Desk, name: str) -> str:
    """The party that stands for somebody of that name among the rooms."""
    found = desk.id("token").filter(has_text=name).first
    expect(found).to_be_visible(timeout=PATIENT)
    return found.get_attribute("data-party") or ""


def nobody_left_him_in_silence(caller: Caller, start: float) -> None:
    """No stretch of his ear without sound, music or voice, longer than allowed, from ``start`` seconds on."""
    assert tones.gaps(caller.heard, PAUSE + SILENCE, start) == []


@pytest.fixture
def lead_browser(launch: Callable[..., Browser], tmp_path: Path) -> Browser:
    """The shift lead's own browser, whose microphone hums otherwise than the agent's."""
    voice = tmp_path / "lead.wav"
    sound.write_hum(voice, LEAD_HUMS)
    return launch(f"--use-file-for-fake-audio-capture={voice}")


def test_a_customer_who_wants_three_cars_talks_to_everybody_without_hanging_up(
    centre: Centre, desk: Callable[..., Desk], lead_browser: Browser, tmp_path: Path
) -> None:
    agent, colleague = desk("agent1"), desk("agent2")
    lead = desk("lead1", context=lead_browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900}))
    lead.goes("/board")
    agent.ready()
    caller = centre.ring("sales", number=centre.customer()["number"], hum=CUSTOMER_HUMS)
    agent.rings()
    agent.answer()
    caller.hears(AGENT_HUMS)
    talked = tones.seconds(caller.heard)

    # The colleague does not want him: he comes back, with the reason, and heard music meanwhile.
    colleague.busy()
    brings(agent, "Alt+t", "周文博")
    colleague.rings()
    expect(colleague.id("offer")).to_contain_text("林晓雯")
    agent.call_is("wrap")
    colleague.id("call-refuse").click()
    agent.rings()
    expect(agent.id("offer")).to_contain_text("周文博")
    photographed(agent, "1-refused")
    agent.answer()
    caller.hears(AGENT_HUMS)

    # The parts man is asked while the customer hears music, then comes in.
    centre.robot("agent3", hum=PARTS_HUMS)
    brings(agent, "Alt+c", "沈悦")
    attempt_is(agent, "consulting")
    agent.hears(PARTS_HUMS, but_not=CUSTOMER_HUMS)
    caller.hears_no_more(AGENT_HUMS)
    photographed(agent, "2-consulted")
    press(agent, "Alt+s")
    caller.hears(AGENT_HUMS)
    assert PARTS_HUMS not in caller.now({PARTS_HUMS, AGENT_HUMS}, 1)
    press(agent, "Alt+g")
    caller.hears(PARTS_HUMS)

    # The insurer, by his number, while the talk goes on; the host lets him go again.
    brings(agent, "Alt+i", INSURER)
    insurer = centre.told(agent.call_is("talking"), "party.joined")[-1]
    assert insurer["number"].endswith(INSURER)
    party = insurer["party"]
    expect(agent.page.locator(f"[data-testid=token][data-party={party}][data-state=in]")).to_be_visible()
    photographed(agent, "3-insurer")
    agent.page.locator(f"[data-testid=token][data-party={party}]").focus()
    press(agent, "Delete")
    expect(agent.page.locator(f"[data-testid=token][data-party={party}]")).to_have_count(0)

    # The parts man is called aside, by dragging: the customer does not hear him there, he hears the customer.
    parts = agent.page.locator(f"[data-testid=token][data-party={token(agent, '沈悦')}]")
    parts.drag_to(agent.id("room-new"))
    caller.hears_no_more(PARTS_HUMS)
    caller.hears(AGENT_HUMS)
    photographed(agent, "4-aside")
    agent.page.locator(f"[data-testid=token][data-party={token(agent, '沈悦')}]").drag_to(agent.id("room").first)
    caller.hears(PARTS_HUMS)

    the_lead_helps(agent, lead, caller)

    # At last he is handed over to the one who is in it already; the first agent writes his record.
    press(agent, "Alt+x")
    agent.call_is("wrap")
    caller.hears(PARTS_HUMS)
    caller.hears_no_more(AGENT_HUMS)
    nobody_left_him_in_silence(caller, talked)
    call = caller.call
    caller.hang_up()
    centre.told(call, "call.ended")
    agent.goes(f"/calls/{call}")
    expect(agent.id("attendee").first).to_be_visible(timeout=PATIENT)
    shown = " ".join(agent.id("attendee").all_inner_texts())
    assert all(name in shown for name in ("林晓雯", "沈悦", "许国强")), shown
    assert centre.live()["repairs"] == 0
    manager = desk("manager1")
    the_customers_copy_has_what_he_heard_and_nothing_else(centre, manager, call, tmp_path)
    manager.goes(f"/calls/{call}")
    expect(manager.id("player-copy")).to_be_visible(timeout=PATIENT)
    photographed(manager, "6-recorded")


def the_customers_copy_has_what_he_heard_and_nothing_else(
    centre: Centre, manager: Desk, call: str, folder: Path
) -> None:
    """The joined file, by what the journal says was when: no consultation, no side room, no whisper is in it."""
    def whole() -> dict[str, Any] | None:
        found = manager.fetch(f"/api/calls/{call}")["json"]["recordings_list"]
        return next((r for r in found if r["kind"] == "whole" and r["state"] == "joined"), None)

    row = until(whole, 60, "the whole call is joined")
    answer = manager.page.request.get(f"{centre.url}/api/recordings/{row['id']}/copy")
    assert answer.status == 200, answer.text()
    path = folder / "copy.wav"
    path.write_bytes(answer.body())
    start = datetime.fromisoformat(row["started_at"]).timestamp()
    facts = centre.rows("SELECT extract(epoch FROM at)::float AS at, kind, data FROM calls_event WHERE call = %s"
                        " ORDER BY seq", call)

    def when(kind: str, **wanted: str) -> float:
        return next(f["at"] for f in facts if f["kind"] == kind and wanted.items() <= f["data"].items()) - start

    def in_it(since: float, until_: float) -> set[float]:
        hums = {AGENT_HUMS, PARTS_HUMS, LEAD_HUMS}
        return tones.tones(path, hums, since + EDGE, until_ - EDGE, channel=1)

    aside, back = when("room.entered", room="s1"), when("room.entered", room="main")
    whisper, barge = when("supervision.changed", mode="whisper"), when("supervision.changed", mode="barge")
    consult = when("invite.ended", how="consult", result="answered")
    held_again = min(f["at"] - start for f in facts if f["kind"] == "hold.ended" and f["at"] - start > consult)
    assert tones.tones(path, {CUSTOMER_HUMS}, aside, back) == {CUSTOMER_HUMS}, "his own voice, left, all the while"
    assert in_it(consult, held_again) == set(), "a consultation"
    assert in_it(aside, back) == {AGENT_HUMS}, "a side room"
    assert in_it(whisper, barge) == {AGENT_HUMS, PARTS_HUMS}, "a whisper"
    assert in_it(barge, barge + 2 * EDGE + 1.5) == {AGENT_HUMS, PARTS_HUMS, LEAD_HUMS}, "the lead who joined"


def the_lead_helps(agent: Desk, lead: Desk, caller: Caller) -> None:
    """A raised hand; the lead listens, whispers, joins, and leaves. All by keys."""
    press(agent, "Alt+u")
    agent.id("hand-note").fill("客户要三台车的折扣")
    press(agent, "Enter")
    expect(lead.id("hands")).to_contain_text("三台车")
    press(lead, "Alt+l")
    expect(lead.id("supervise")).to_have_attribute("data-mode", "listen", timeout=PATIENT)
    lead.hears(CUSTOMER_HUMS)
    expect(agent.id("supervised")).to_be_visible()
    assert LEAD_HUMS not in caller.now({LEAD_HUMS})
    press(lead, "Alt+2")
    expect(lead.id("supervise")).to_have_attribute("data-mode", "whisper")
    agent.hears(LEAD_HUMS)
    assert LEAD_HUMS not in caller.now({LEAD_HUMS})
    photographed(lead, "5-whispered")
    press(lead, "Alt+3")
    expect(lead.id("supervise")).to_have_attribute("data-mode", "barge")
    caller.hears(LEAD_HUMS)
    press(lead, "Alt+1")
    caller.hears_no_more(LEAD_HUMS)
    lead.id("supervise-leave").click()
    expect(lead.id("supervise")).to_have_count(0)
    until(lambda: agent.id("supervised").count() == 0, 10, "the agent is alone again")
