"""A centre without demo data: the page leads from the set-up code to a telephone that rings, and to a first caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from dealerline.runtime.stack import Stack
from tests.conftest import CALLS, OUTSIDE, RECORDS
from tests.journeys.centre import Centre
from tests.journeys.conftest import AGENT_HUMS
from tests.journeys.desk import PATIENT, Desk

PUBLISHED = "02788880001"


@pytest.fixture(scope="module")
def empty_centre(make_stack: Callable[..., Stack]) -> Iterator[Centre]:
    """Everything but demo data."""
    made = Centre(make_stack((*RECORDS, *CALLS, "edge", *OUTSIDE), load=("load_prompts", "load_defaults")))
    yield made
    made.close()


def test_the_page_leads_from_nothing_to_the_first_call(empty_centre: Centre, browser: Browser) -> None:
    centre = empty_centre
    secrets = centre.stack.settings.secrets
    boss = Desk(centre, browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900}).new_page())

    # Only who has read the code on the server may begin.
    boss.id("setup-code").fill("AAAA-BBBB-CCCC")
    boss.id("setup-code-go").click()
    expect(boss.page.get_by_role("alert")).to_be_visible()
    boss.id("setup-code").fill((secrets / "setup").read_text(encoding="ascii").strip())
    boss.id("setup-code-go").click()

    boss.id("setup-name_zh").fill("远帆汽车集团")
    boss.id("setup-save").click()
    expect(boss.id("setup-timezone")).to_be_visible()
    boss.id("setup-name_zh").fill("城东店")
    boss.id("setup-city").fill("武汉")
    boss.id("setup-save").click()
    boss.id("setup-username").fill("boss")
    boss.id("setup-name").fill("唐可")
    boss.id("setup-password").fill("123")
    boss.id("setup-save").click()
    expect(boss.page.locator(".el-form-item__error")).to_be_visible()  # too weak, and said so at the field
    boss.id("setup-password").fill("Violet-harbour-58")
    boss.id("setup-save").click()

    boss.id("setup-number").fill(PUBLISHED)
    boss.id("setup-host").fill("127.0.0.1")
    boss.page.get_by_label("端口").fill(str(centre.stack.settings.carrier_sip_port))
    boss.id("setup-save").click()
    boss.id("setup-extension").fill("8000")
    boss.id("setup-save").click()

    # The telephone rings in this very page, and its voice is heard.
    expect(boss.id("setup-test-call")).to_be_enabled(timeout=PATIENT)
    boss.id("setup-test-call").click()
    boss.hears(AGENT_HUMS)  # the echo of his own voice
    boss.id("setup-test-done").click()
    boss.id("setup-finish").click()
    expect(boss.id("agent-state")).to_be_visible()
    assert not (secrets / "setup").exists()

    # And the first customer comes through.
    centre.open_round_the_clock()
    boss.ready()
    caller = centre.ring(number="16300055555", to=PUBLISHED, keys="10")  # Mandarin, and a person
    boss.rings()
    expect(boss.id("pop-new")).to_be_visible()
    boss.answer()
    caller.hears(AGENT_HUMS)
    boss.hears(508)
    boss.id("call-hangup").click()
    boss.call_is("wrap")
    centre.hang_up_everybody()
    boss.leave()
    centre.quiet()
