"""Somebody nobody knows: he is recognised as new, the short form makes a customer of him, next time he has a name."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.centre import Centre
from tests.journeys.desk import Desk

STRANGER = "16300012345"  # prefix 163 belongs to nobody


def test_a_new_caller_becomes_a_customer_and_is_known_when_he_rings_again(
    centre: Centre, desk: Callable[..., Desk]
) -> None:
    agent = desk("agent2")
    agent.ready()
    first = centre.ring("sales", number=STRANGER)
    call = agent.rings()
    expect(agent.id("pop-new")).to_be_visible()
    agent.answer()

    # Without a name nothing is saved, and the field says so.
    agent.id("new-save").click()
    expect(agent.id("pop-new").locator(".el-form-item__error")).to_be_visible()
    agent.id("new-name").fill("司马新")
    agent.id("new-plate").fill("沪A12345")
    agent.id("new-save").click()
    expect(agent.id("pop-name")).to_have_text("司马新")
    first.hang_up()
    agent.call_is("wrap")
    agent.id("wrap-done").click()
    agent.is_in("ready")

    made = centre.row("SELECT c.id, c.name, p.e164 FROM customers_customer c JOIN customers_customerphone p"
                      " ON p.customer_id = c.id WHERE c.name = %s", "司马新")
    assert made["e164"] == "+86" + STRANGER
    centre.ring("sales", number=STRANGER)
    again = agent.rings()
    assert again != call
    expect(agent.page.locator(f"[data-call='{again}'] [data-testid=card-name]")).to_have_text("司马新")
    expect(agent.id("pop-new")).to_have_count(0)
