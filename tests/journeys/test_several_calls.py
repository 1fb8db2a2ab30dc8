"""An agent who talks dials another number, goes to and fro, loads his page anew, and ends the two one by one."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.journeys.centre import Centre
from tests.journeys.conftest import AGENT_HUMS
from tests.journeys.desk import Desk
from tests.telephony import tones

CALLER_HUMS = 508.0
ANSWERS = "13900000001"  # numbers outside that end so answer and talk


def card(agent: Desk, call: str, phase: str) -> Locator:
    """That call's card, once it shows that phase."""
    found = agent.page.locator(f"[data-testid=call-card][data-call='{call}'][data-phase={phase}]")
    expect(found).to_be_visible()
    return found


def test_two_calls_on_one_desk(centre: Centre, desk: Callable[..., Desk]) -> None:
    agent = desk("agent1")
    agent.busy()
    caller = centre.ring("sales", hum=CALLER_HUMS)
    caller.reaches("queue")
    agent.ready()
    agent.rings()
    first = agent.answer()
    caller.hears(AGENT_HUMS)

    # Another number, while the customer hears music.
    agent.id("call-keypad").click()
    agent.id("dial-another").click()
    agent.id("dial-number").fill(ANSWERS)
    agent.id("dial").click()
    card(agent, first, "parked")
    second = agent.call_is("talking")
    assert second != first
    agent.is_in("talking")
    caller.hears_no_more(AGENT_HUMS)
    start, end = caller.listens(2)
    assert tones.loudness(caller.heard, start, end) > tones.SILENT + 10

    # By a click to the customer, by a key to the other and back: each has his tab in front.
    card(agent, first, "parked").get_by_test_id("call-take").click()
    card(agent, first, "talking")
    card(agent, second, "parked")
    agent.hears(CALLER_HUMS)
    caller.hears(AGENT_HUMS)
    agent.page.keyboard.press("Alt+2")
    card(agent, second, "talking")
    agent.page.keyboard.press("Alt+s")
    card(agent, first, "talking")
    caller.hears(AGENT_HUMS)

    # The page is loaded anew: both are there, and the voice is back by itself.
    agent.page.reload()
    card(agent, second, "parked")
    card(agent, first, "talking")
    caller.hears(AGENT_HUMS)
    agent.hears(CALLER_HUMS)

    # One after the other is over; he is free when the last has ended, and works after both of them once.
    card(agent, first, "talking").get_by_test_id("call-hangup").click()
    card(agent, first, "wrap")
    agent.is_in("talking")
    agent.page.keyboard.press("Alt+h")
    card(agent, second, "talking").get_by_test_id("call-hangup").click()
    agent.is_in("wrap")
    card(agent, second, "wrap").get_by_test_id("wrap-done").click()
    agent.is_in("ready")
    expect(agent.id("call-card")).to_have_count(0)
    live = centre.live()
    assert (live["repairs"], live["errors"]) == (0, 0)
