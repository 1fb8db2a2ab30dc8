"""Who does not want to wait keeps his place and is rung back, whatever becomes of the switch meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from playwright.sync_api import expect

from tests.helpers import until
from tests.journeys.centre import Centre
from tests.journeys.desk import PATIENT, Desk

NUMBER = "13800001110"  # outside, numbers that end with 0 answer and talk


def test_a_promised_call_back_is_kept_by_the_switch_that_comes_after(
    centre: Centre, desk: Callable[..., Desk]
) -> None:
    agent = desk("agent2")
    agent.busy()
    caller = centre.ring("sales", number=NUMBER, keys="1111")  # language, menu, call me back, that is my number
    (promised,) = centre.told(caller.call, "callback.promised", timeout=40)
    assert promised["number"] == f"+86{NUMBER}"
    until(lambda: not caller.live, 30, "he is told good-bye")

    centre.stack.kill("switch")

    def there_again() -> bool:
        with contextlib.suppress(OSError):
            return bool(centre.stack.restarts("switch") and centre.live()["media"])
        return False

    until(there_again, 30, "there is a new switch")
    agent.is_in("busy", timeout=PATIENT)
    agent.ready()
    call = agent.rings()
    expect(agent.id("promise")).to_be_visible()
    agent.id("call-answer").click()
    agent.call_is("talking", timeout=PATIENT)
    (kept,) = centre.told(call, "callback.kept")
    assert kept["callback"] == promised["callback"] and kept["how"] == "dialled" and kept["late"] < 0
    until(lambda: centre.rows("SELECT 1 FROM backlog_callback WHERE id = %s AND state = 'kept'", kept["callback"]),
          20, "the records know it")
    assert centre.live()["repairs"] == centre.live()["errors"] == 0
