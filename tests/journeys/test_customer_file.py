"""Somebody unknown becomes a customer with a car while he talks; two colleagues write in his file at once and neither
loses a word; a company is found by the plate of one of its cars."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.journeys.centre import Centre
from tests.journeys.desk import Desk

STRANGER = "16300054321"  # prefix 163 belongs to nobody


def field(desk: Desk, name: str) -> Locator:
    return desk.page.locator(f"[data-field={name}]")


def writes(desk: Desk, name: str, text: str) -> None:
    field(desk, name).locator("[data-open]").click()
    field(desk, name).locator("[data-input]").fill(text)


def test_a_stranger_becomes_a_customer_whom_two_edit_at_once(centre: Centre, desk: Callable[..., Desk]) -> None:
    agent, colleague = desk("agent1"), desk("agent2")
    agent.ready()
    centre.ring("sales", number=STRANGER)
    agent.rings()
    agent.answer()

    # The cursor is in the name; a figure chooses the form of address, a loosely typed plate is understood, Enter saves.
    expect(agent.id("new-name")).to_be_focused()
    agent.page.keyboard.insert_text("司徒新")
    agent.page.keyboard.press("2")
    agent.page.keyboard.press("Tab")
    agent.page.keyboard.insert_text("沪a·3k45 6")
    expect(agent.id("plate-hint")).to_contain_text("沪A3K456")
    agent.page.keyboard.press("Enter")
    expect(agent.id("pop-name")).to_have_text("司徒新")
    expect(agent.id("pop-car")).to_contain_text("沪A3K456")
    made = centre.row("SELECT id, title, store_id FROM customers_customer WHERE name = %s", "司徒新")
    assert made["title"] == "女士"

    # What is written during the call is on the colleague's page at once.
    colleague.goes(f"/customers/{made['id']}")
    expect(colleague.id("file-name")).to_have_text("司徒新")
    agent.id("intention-A").click()
    expect(colleague.id("intention-A")).to_have_attribute("aria-pressed", "true")

    # Both write into one field: neither is lost, and a person chooses.
    writes(colleague, "notes", "周末到店")
    writes(agent, "notes", "下午联系")
    agent.page.keyboard.press("Control+Enter")
    expect(colleague.page.get_by_text("同事刚改为：下午联系")).to_be_visible()
    colleague.page.keyboard.press("Control+Enter")
    expect(colleague.id("both")).to_contain_text("下午联系")
    expect(colleague.id("both")).to_contain_text("周末到店")
    colleague.id("keep-mine").click()
    expect(field(agent, "notes")).to_contain_text("周末到店")
    assert centre.row("SELECT count(*) AS n FROM history_change WHERE field = 'notes' AND customer_id = %s",
                      made["id"])["n"] == 2

    a_company_is_found_by_plate(centre, agent, made["store_id"])


def a_company_is_found_by_plate(centre: Centre, agent: Desk, store: int) -> None:
    fleet = centre.row(
        "SELECT u.name, max(c.plate) AS plate FROM customers_car c JOIN customers_customer u ON u.id = c.customer_id"
        " WHERE u.kind = 'company' AND u.store_id = %s AND c.plate <> '' AND c.gone_on IS NULL"
        " GROUP BY u.id ORDER BY count(*) DESC LIMIT 1", store)
    agent.id("pop-search").fill(fleet["plate"].lower())
    agent.page.keyboard.press("Enter")
    expect(agent.id("pop-name")).to_have_text(fleet["name"])
    expect(agent.id("pop-car").first).to_contain_text(fleet["plate"])
    expect(agent.id("pop-car").first).to_contain_text("按此车找到")
