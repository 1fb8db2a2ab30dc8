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


OWN_DIGITS = """
SELECT u.id, u.name, c.plate, regexp_replace(c.plate, '[^0-9]', '', 'g') AS digits
  FROM customers_car c JOIN customers_customer u ON u.id = c.customer_id JOIN organisation_store s ON s.id = u.store_id
 WHERE s.code = 'pudong' AND c.gone_on IS NULL AND length(regexp_replace(c.plate, '[^0-9]', '', 'g')) BETWEEN 4 AND 5
   AND (SELECT count(*) FROM customers_car o JOIN customers_customer v ON v.id = o.customer_id
         WHERE v.store_id = s.id AND regexp_replace(o.plate, '[^0-9]', '', 'g')
               = regexp_replace(c.plate, '[^0-9]', '', 'g')) = 1
 ORDER BY c.id LIMIT 1
"""


def test_whose_number_nobody_knows_keys_his_plate_and_his_file_is_on_the_desk_with_the_reason(
    centre: Centre, desk: Callable[..., Desk]
) -> None:
    owner = centre.row(OWN_DIGITS)
    agent = desk("agent2")
    agent.ready()
    asked = [{"await": "sound", "seconds": 5}, {"wait": 1.2}]
    steps = [*asked, {"key": "1"}, *asked, {"key": "1"}, *asked, {"key": f"{owner['digits']}#"}]
    caller = centre.ring("repair", number="16300012346", steps=steps)
    call = agent.rings()
    expect(agent.id("pop-name")).to_have_text(owner["name"])
    expect(agent.id("card-name")).to_have_text(owner["name"])
    expect(agent.id("keyed")).to_contain_text("车牌")
    expect(agent.id("pop-car").first).to_contain_text(owner["plate"])
    caller.hang_up()
    (said,) = centre.told(call, "caller.identified")
    assert said == {"result": "found", "way": "plate", "customer": owner["id"]}
    assert centre.row("SELECT customer_id FROM calls_call WHERE id = %s", call)["customer_id"] == owner["id"]
    assert centre.live()["repairs"] == centre.live()["errors"] == 0
