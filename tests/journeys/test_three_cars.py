"""A customer who wants three cars, and everybody he talks to on the way, without hanging up once.

He asks for a price, the parts man has to be asked, the insurer is invited by his number, finance is called aside, a
colleague refuses the call, the shift lead listens, whispers and joins for the discount, and at last he is handed over.
What he hears all the while is examined by tones: everybody hums his own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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
PAUSE, SILENCE = 0.4, 0.3
"""Seconds: how long a browser's voice pauses between two syllables (sound.py), and how much longer than that no guest
may hear nothing."""


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
    centre: Centre, desk: Callable[..., Desk], lead_browser: Browser
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
    agent.answer()
    caller.hears(AGENT_HUMS)

    # The parts man is asked while the customer hears music, then comes in.
    centre.robot("agent3", hum=PARTS_HUMS)
    brings(agent, "Alt+c", "沈悦")
    attempt_is(agent, "consulting")
    agent.hears(PARTS_HUMS, but_not=CUSTOMER_HUMS)
    caller.hears_no_more(AGENT_HUMS)
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
    agent.page.locator(f"[data-testid=token][data-party={party}]").focus()
    press(agent, "Delete")
    expect(agent.page.locator(f"[data-testid=token][data-party={party}]")).to_have_count(0)

    # The parts man is called aside, by dragging: the customer does not hear him there, he hears the customer.
    parts = agent.page.locator(f"[data-testid=token][data-party={token(agent, '沈悦')}]")
    parts.drag_to(agent.id("room-new"))
    caller.hears_no_more(PARTS_HUMS)
    caller.hears(AGENT_HUMS)
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
    press(lead, "Alt+3")
    expect(lead.id("supervise")).to_have_attribute("data-mode", "barge")
    caller.hears(LEAD_HUMS)
    press(lead, "Alt+1")
    caller.hears_no_more(LEAD_HUMS)
    lead.id("supervise-leave").click()
    expect(lead.id("supervise")).to_have_count(0)
    until(lambda: agent.id("supervised").count() == 0, 10, "the agent is alone again")
