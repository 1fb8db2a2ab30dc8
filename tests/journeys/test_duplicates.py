"""Somebody who was entered twice is found, looked at and made one; an old link still leads to him; it is taken back."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.centre import Centre
from tests.journeys.desk import Desk


def test_a_customer_entered_twice_is_merged_and_taken_apart(centre: Centre, desk: Callable[..., Desk]) -> None:
    manager = desk("group1")
    manager.goes("/duplicates")
    first = manager.id("duplicate-pair").first
    expect(first).to_be_visible()

    # Looked at side by side, all by keys; nothing has happened yet.
    manager.page.keyboard.press("Enter")
    gone = manager.page.locator(".gone h3 a")
    kept = manager.page.locator(".kept h3 a")
    expect(gone).to_be_visible()
    old, name, stays = gone.get_attribute("href") or "", gone.inner_text(), kept.get_attribute("href") or ""
    assert centre.row("SELECT count(*) AS n FROM duplicates_merge")["n"] == 0

    manager.page.keyboard.press("m")
    expect(manager.id("merge-last")).to_contain_text(name)

    # The old link leads to the one he is in, whose timeline says so and leads back to the pair.
    manager.goes(old)
    expect(manager.page).to_have_url(re.compile(f"{stays}$"))
    manager.goes(f"{stays}?tab=timeline")
    entry = manager.id("customer-timeline").get_by_role("link", name=f"并入了“{name}”")
    entry.click()

    # Taken back: both are there again, each under his own link.
    manager.id("duplicate-pair").first.click()
    manager.id("merge-undo-old").click()
    expect(manager.id("merge-last")).to_contain_text(name)
    manager.goes(old)
    expect(manager.id("file-name")).to_have_text(name)
    expect(manager.page).to_have_url(re.compile(f"{old}$"))
    assert not centre.row("SELECT \"left\" FROM duplicates_merge")["left"]
