"""What the customer hears, and where he goes, when the agent's page reloads or his browser dies at each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.helpers import until
from tests.journeys.centre import Centre
from tests.journeys.conftest import AGENT_HUMS
from tests.journeys.desk import Desk
from tests.telephony import tones

ROBOT_HUMS = 737.0
Fragile = tuple[Browser, Callable[[], None]]


@pytest.fixture(autouse=True)
def an_agent_may_be_away_for_six_seconds(centre: Centre) -> Iterator[None]:
    """Shorter than by default, so that the tests need not wait as long as a customer would."""
    before = centre.row("SELECT agent_lost_seconds AS s FROM organisation_group")["s"]
    centre.database.execute("UPDATE organisation_group SET agent_lost_seconds = 6")
    yield
    centre.database.execute("UPDATE organisation_group SET agent_lost_seconds = %s", (before,))


def sits_down(centre: Centre, browser: Browser, who: str) -> Desk:
    page = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900}).new_page()
    desk = Desk(centre, page)
    desk.sign_in(who)
    desk.ready()
    return desk


def test_a_page_reloaded_in_mid_call_comes_back_into_the_call(centre: Centre, desk: Callable[..., Desk]) -> None:
    agent = desk("agent1")
    agent.ready()
    caller = centre.ring("sales")
    call = agent.rings()
    agent.answer()
    caller.hears(AGENT_HUMS)

    agent.page.reload()
    assert agent.call_is("talking", 20_000) == call
    caller.hears(AGENT_HUMS)
    agent.hears(508)
    lost, back = (centre.story(call).index(kind) if kind in centre.story(call) else -1
                  for kind in ("agent.lost", "agent.back"))
    assert lost < back or lost == back == -1
    agent.id("call-hangup").click()
    agent.call_is("wrap")
    assert until(lambda: not caller.live, 10)
    assert centre.live()["repairs"] == 0


def test_a_browser_killed_while_it_rings_puts_the_caller_back_in_front(
    centre: Centre, desk: Callable[..., Desk], fragile: Fragile
) -> None:
    browser, kill = fragile
    agent = sits_down(centre, browser, "agent1")
    first = centre.ring("sales", number=centre.customer()["number"])
    call = agent.rings()
    behind = centre.ring("sales", number=centre.customer(skip=1)["number"], hum=300)
    behind.reaches("queue")

    kill()
    assert centre.told(call, "queue.returned")[-1]["reason"] == "device_lost"
    centre.robot("lead1", hum=ROBOT_HUMS)
    first.hears(ROBOT_HUMS, 25)
    assert centre.told(call, "offer.made", 2)[-1]["agent"] == centre.person("lead1")
    assert "talking" not in behind.view()["stages"]
    assert centre.live()["repairs"] == 0


def test_a_browser_killed_while_talking_leaves_the_caller_with_music_and_then_in_front(
    centre: Centre, desk: Callable[..., Desk], fragile: Fragile
) -> None:
    browser, kill = fragile
    colleague = desk("agent4")
    colleague.busy()
    agent = sits_down(centre, browser, "agent1")
    caller = centre.ring("sales")
    call = agent.rings()
    agent.answer()
    caller.hears(AGENT_HUMS)
    behind = centre.ring("sales", hum=300)
    behind.reaches("queue")

    kill()
    centre.told(call, "agent.lost")
    # What he hears is written to a file some time after he hears it, on a busy machine a second or two.
    until(lambda: tones.loudness(caller.heard, *caller.listens(1)) > tones.SILENT + 10, 10, "he hears something")
    assert tones.tones(caller.heard, [AGENT_HUMS], *caller.listens(1)) == set()
    assert centre.told(call, "queue.returned")[-1]["reason"] == "agent_lost"
    colleague.ready()
    assert colleague.rings() == call  # before the one who rang later
    colleague.answer()
    caller.hears(AGENT_HUMS)
    # What was said before and after is on record, apart.
    assert len(centre.told(call, "recording.started", 2)) == 2
    assert centre.live()["repairs"] == 0


def test_a_browser_killed_in_after_call_work_loses_neither_the_notes_nor_the_call(
    centre: Centre, desk: Callable[..., Desk], fragile: Fragile
) -> None:
    browser, kill = fragile
    agent = sits_down(centre, browser, "agent1")
    caller = centre.ring("sales")
    call = agent.rings()
    agent.answer()
    caller.hang_up()
    agent.call_is("wrap")
    agent.id("record-notes").fill("客户说周五再来电。")
    expect(agent.id("record-state")).to_have_attribute("data-state", "saved")

    kill()
    centre.told(call, "wrap.ended", timeout=60)
    kept = centre.row("SELECT notes, draft FROM calls_callrecord WHERE call_id = %s", call)
    assert kept == {"notes": "客户说周五再来电。", "draft": True}
    again = desk("agent1")
    again.goes(f"/calls/{call}")
    expect(again.id("record-notes")).to_have_value("客户说周五再来电。")
