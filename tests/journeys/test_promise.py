"""A promise said in a call: written down by one key, reminded of, kept by ringing him, heard again, counted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from playwright.sync_api import expect

from tests.helpers import until
from tests.journeys.centre import Centre
from tests.journeys.conftest import AGENT_HUMS
from tests.journeys.desk import PATIENT, Desk

TAKES = ({"ring": True}, {"wait": 0.5}, {"answer": True}, {"tone": 508})
MINUTE = ("import django; django.setup(); from dealerline.apps.promises.jobs import watch_promises;"
          " watch_promises(timestamp=0)")


def a_minute_passes(centre: Centre) -> None:
    """What the worker does every minute, now."""
    environment = centre.stack.environment() | {"DJANGO_SETTINGS_MODULE": "dealerline.config.settings"}
    subprocess.run([sys.executable, "-c", MINUTE], env=environment, check=True, capture_output=True, timeout=60)


def test_a_promise_made_in_a_call_is_reminded_of_kept_by_ringing_him_and_seen_in_the_report(
    centre: Centre, desk: Callable[..., Desk]
) -> None:
    customer = centre.customer(skip=11)
    centre.outside(customer["number"], *TAKES)
    try:
        agent = desk("agent2")
        agent.ready()
        caller = centre.ring("sales", number=customer["number"])
        agent.rings()
        call = agent.answer()
        agent.page.keyboard.press("Alt+d")
        expect(agent.id("promise-panel")).to_contain_text(customer["name"])
        agent.page.keyboard.press("2")  # in an hour
        agent.page.keyboard.press("Enter")
        expect(agent.id("promise-panel")).to_have_count(0)
        expect(agent.id("promise-owed").filter(has_text="回电")).to_be_visible()
        made = centre.row("SELECT id, second, customer_id, state FROM promises_promise WHERE call_id = %s", call)
        assert made["customer_id"] == customer["id"] and made["second"] > 0 and made["state"] == "open"
        caller.hang_up()
        agent.call_is("wrap")
        agent.id("wrap-done").click()

        centre.database.execute("UPDATE promises_promise SET remind_at = now() WHERE id = %s", [made["id"]])
        a_minute_passes(centre)
        expect(agent.id("notices")).to_contain_text(customer["name"])
        agent.page.locator("a[href='/tasks']").click()
        row = agent.page.locator(f"[data-testid=todo-row][data-id='{made['id']}']")
        row.focus()
        agent.page.keyboard.press("r")
        agent.call_is("talking", PATIENT)
        centre.rung_outside(customer["number"]).hears(AGENT_HUMS)
        until(lambda: centre.rows("SELECT 1 FROM promises_promise WHERE id = %s AND state = 'kept'"
                                  " AND ended_how = 'reached' AND ended_call IS NOT NULL", made["id"]), 20,
              "the call has kept it")
        expect(row).to_have_count(0)
        expect(agent.id("todo-next")).to_contain_text("通话已完成这一项")
        agent.id("call-hangup").click()
        agent.call_is("wrap")

        heard = "SELECT 1 FROM calls_recording WHERE call_id = %s AND kind = 'talk' AND state = 'joined'"
        until(lambda: centre.rows(heard, call), 20, "the recording is ready")
        lead = desk("lead1")
        lead.goes(f"/tasks?view=promises&promise={made['id']}")
        lead.id("promise-peek").get_by_test_id("promise-moment").click()
        start = centre.row("SELECT extract(epoch FROM r.started_at - c.arrived_at)::float AS s FROM calls_recording r"
                           " JOIN calls_call c ON c.id = r.call_id WHERE c.id = %s AND r.kind = 'talk'", call)["s"]
        expected = max(0.0, round(made["second"]) - start)
        until(lambda: abs(float(lead.id("player").get_attribute("data-second") or -9) - expected) < 0.6, 10,
              "the player stands where it was said")
        lead.goes("/tasks?view=report")
        name = centre.row("SELECT name FROM accounts_person WHERE username = 'agent2'")["name"]
        expect(lead.id("kept-people").get_by_role("row").filter(has_text=name)).to_be_visible()
        found = lead.fetch("/api/promises/report?days=1")["json"]
        assert next(row for row in found["people"] if row["name"] == name)["in_time"] >= 1
        assert centre.live()["repairs"] == centre.live()["errors"] == 0
    finally:
        centre.outside(customer["number"])
