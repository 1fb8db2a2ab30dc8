"""Who may come in, from where, and what he is told when he may not."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.journeys.centre import Centre
from tests.journeys.desk import Desk


def test_a_wrong_password_is_told_and_too_many_of_them_lock_for_a_while(
    centre: Centre, desk: Callable[..., Desk]
) -> None:
    visitor = desk()
    visitor.sign_in("agent16", "not-his-password")
    expect(visitor.id("sign-in-error")).to_contain_text("密码")
    locked = visitor.page.locator("[data-testid=sign-in-submit][disabled]")
    for _ in range(12):
        if locked.count():
            break
        visitor.id("sign-in-password").fill("wrong-again")
        with visitor.page.expect_response("**/api/session"):
            visitor.id("sign-in-submit").click()
        expect(visitor.id("sign-in-submit")).not_to_have_class(re.compile("is-loading"))
    expect(locked).to_be_visible()
    expect(visitor.id("sign-in-error")).to_contain_text("次数过多")

    # The right password does not open a locked door, but another person's does.
    other = desk("agent15")
    expect(other.id("me-menu")).to_be_visible()
    centre.database.execute("DELETE FROM axes_accessattempt")


def test_the_page_speaks_both_languages_and_remembers_which(centre: Centre, desk: Callable[..., Desk]) -> None:
    visitor = desk()
    expect(visitor.id("sign-in-submit")).to_contain_text("登录")
    visitor.id("language-en").click()
    expect(visitor.id("sign-in-submit")).to_contain_text("Sign in")
    visitor.sign_in("agent3")
    expect(visitor.page.get_by_role("link", name="Calls").first).to_be_visible()
    visitor.page.reload()
    expect(visitor.page.get_by_role("link", name="Calls").first).to_be_visible()
    visitor.id("me-menu").click()
    visitor.id("language").click()
    expect(visitor.page.get_by_role("link", name="通话").first).to_be_visible()


def test_the_same_agent_at_two_places_works_at_the_newer_one_and_the_older_says_so(
    centre: Centre, desk: Callable[..., Desk]
) -> None:
    first = desk("agent2")
    first.ready()
    first.is_in("ready")
    second = desk("agent2")
    expect(first.id("elsewhere")).to_be_visible()
    expect(first.id("elsewhere")).to_contain_text("别的窗口")
    second.is_in("ready")  # as he was
    caller = centre.ring("sales")
    second.rings()
    expect(first.id("call-card")).to_have_count(0)
    second.answer()
    caller.hang_up()
    second.call_is("wrap")
    # He may go back, too.
    first.id("use-here").click()
    expect(second.id("elsewhere")).to_be_visible()
    first.call_is("wrap")


def test_a_refused_microphone_is_told_in_plain_words_and_no_call_is_offered(
    centre: Centre, desk: Callable[..., Desk], launch: Callable[..., Browser]
) -> None:
    browser = launch(without=("--use-fake-ui-for-media-stream",))
    agent = desk("agent2", context=browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900}))
    expect(agent.id("trouble-mic-refused")).to_be_visible()
    expect(agent.id("trouble-mic-refused")).to_contain_text("麦克风")
    expect(agent.id("state-ready")).to_be_disabled()
    colleague = desk("agent4")
    colleague.busy()
    caller = centre.ring("sales")
    caller.reaches("queue")
    expect(agent.id("call-card")).to_have_count(0)
    colleague.ready()
    colleague.rings()
    expect(agent.id("call-card")).to_have_count(0)
    assert caller.live


def test_somebody_of_another_store_finds_no_call_of_ours(centre: Centre, desk: Callable[..., Desk]) -> None:
    call = centre.row("SELECT c.id FROM calls_call c JOIN organisation_store s ON s.id = c.store_id"
                      " WHERE s.code = 'pudong' AND c.outcome = 'answered' ORDER BY c.arrived_at DESC LIMIT 1")["id"]
    owner, outsider = desk("agent1"), desk("agent8")
    owner.goes(f"/calls/{call}")
    expect(owner.id("timeline-row").first).to_be_visible()
    outsider.goes(f"/calls/{call}")
    expect(outsider.id("not-found")).to_be_visible()
    expect(outsider.id("timeline-row")).to_have_count(0)
    assert outsider.fetch(f"/api/calls/{call}")["status"] == 404
    assert outsider.fetch(f"/api/calls/{call}/events")["status"] == 404
