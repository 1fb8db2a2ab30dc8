"""Somebody nobody knows rings and, two people later, has ordered a car.

The agent makes a customer and a lead of him while they talk and gives the lead to a sales consultant. She writes the
test drive down on her telephone beside the car, and at her desk wins the lead with the order, which stands in his file.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.helpers import until
from tests.journeys.centre import Centre
from tests.journeys.desk import Desk

STRANGER = "16300067890"  # prefix 163 belongs to nobody
NAME, CAR = "闻人试驾", "Q5L"
ORDER = "XS-2611-0042"


def _customer_and_lead_in_the_call(centre: Centre, agent: Desk) -> int:
    """The form, then Alt+E; the lead goes to the sales consultant. Its id."""
    caller = centre.ring("sales", number=STRANGER)
    agent.rings()
    agent.answer()
    agent.id("new-name").fill(NAME)
    agent.id("new-save").click()
    expect(agent.id("pop-name")).to_have_text(NAME)
    agent.page.keyboard.press("Alt+e")
    expect(agent.page.locator("[data-lead]")).to_be_visible()
    lead = int(agent.page.locator("[data-lead]").get_attribute("data-lead") or 0)
    agent.id("lead-model").fill(CAR)
    agent.id("lead-model").press("Enter")
    agent.id("lead-give").click()
    agent.page.locator(".el-select-dropdown:visible").get_by_text("宋佳宁", exact=True).click()
    expect(agent.page.locator(f"[data-lead='{lead}']")).to_contain_text("宋佳宁")
    caller.hang_up()
    agent.call_is("wrap")
    agent.id("wrap-done").click()
    return lead


def _test_drive_on_the_telephone(sales: Desk) -> None:
    sales.page.set_viewport_size({"width": 375, "height": 812})
    sales.goes("/m/leads")
    sales.page.get_by_text(NAME).first.click()
    sales.id("m-drive").click()
    expect(sales.id("m-car")).to_have_value(CAR)
    sales.id("m-licence").check()
    sales.id("m-text").fill("高架试驾，喜欢隔音")
    width = sales.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 375, f"the phone page is {width} pixels wide"
    sales.id("m-save").click()
    expect(sales.id("m-said")).to_be_visible()


def test_an_unknown_caller_becomes_a_customer_a_lead_a_test_drive_and_an_order(
    centre: Centre, desk: Callable[..., Desk]
) -> None:
    agent = desk("agent2")
    agent.ready()
    sales = desk("sales1")
    sales.goes("/leads")
    expect(sales.id("lead-card").first).to_be_visible()
    lead = _customer_and_lead_in_the_call(centre, agent)
    expect(sales.page.locator(f"[data-lead='{lead}']")).to_be_visible(timeout=3000)  # at once, though she has no desk
    _test_drive_on_the_telephone(sales)

    def row() -> dict[str, object]:
        return centre.row("SELECT l.state, l.customer_id, l.reacted_at, p.username, o.number, o.amount, o.model,"
                          " (SELECT count(*) FROM leads_leadevent e WHERE e.lead_id = l.id AND e.kind = 'drive') drives"
                          " FROM leads_lead l LEFT JOIN accounts_person p ON p.id = l.owner_id"
                          " LEFT JOIN customers_order o ON o.id = l.order_id WHERE l.id = %s", lead)

    until(lambda: row()["drives"] == 1, 10, "the test drive is written down")
    assert row()["username"] == "sales1" and row()["state"] == "active" and row()["reacted_at"]

    sales.page.set_viewport_size({"width": 1440, "height": 900})
    sales.goes(f"/leads/{lead}")
    expect(sales.page.get_by_text("高架试驾，喜欢隔音")).to_be_visible()
    sales.page.locator(".step.is-won").click()
    sales.id("win-new").click()
    expect(sales.id("order-model")).to_have_value(CAR)
    sales.id("order-number").fill(ORDER)
    sales.id("order-amount").fill("438,800")
    sales.id("move-save").dblclick()
    expect(sales.id("move-save")).to_have_count(0)
    expect(sales.page.locator(".step.is-won.here")).to_be_visible()
    won = row()
    assert (won["state"], won["number"], float(str(won["amount"])), won["model"]) == ("won", ORDER, 438_800.0, CAR)

    sales.goes(f"/customers/{won['customer_id']}?tab=orders")
    expect(sales.page.get_by_text(ORDER)).to_be_visible()
    assert len(centre.rows("SELECT 1 FROM customers_order WHERE customer_id = %s", won["customer_id"])) == 1
