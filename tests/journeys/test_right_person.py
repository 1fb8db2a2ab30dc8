"""The right person, at once: whom a caller knows, who helps out, who carries the phone tonight, and who was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import expect

from tests.helpers import until
from tests.journeys.centre import Centre
from tests.journeys.conftest import AGENT_HUMS
from tests.journeys.desk import PATIENT, Desk
from tests.telephony import tones

CALLER_HUMS, AT_HOME_HUMS = 508.0, 655.0
VIP = "+8615400000001"  # of the demo's caller list: agent1 is his person
NOT_TAKEN = ({"ring": True}, {"wait": 1.5}, {"hangup": 19})
TAKES = ({"ring": True}, {"wait": 0.5}, {"answer": True}, {"tone": AT_HOME_HUMS})
CONFIRMS = (*TAKES, {"await": "sound", "seconds": 5}, {"wait": 0.5}, {"key": "1"}, {"loop": [{"wait": 60}]})


def id_of(centre: Centre, table: str, code: str, store: str) -> int:
    column = "kind" if table == "organisation_line" else "code"
    return int(centre.row(f"SELECT t.id FROM {table} t JOIN organisation_store s ON s.id = t.store_id"
                          f" WHERE t.{column} = %s AND s.code = %s", code, store)["id"])


def test_a_vip_comes_to_the_person_he_knows_though_another_is_free_longer(
    centre: Centre, desk: Callable[..., Desk]
) -> None:
    agent = desk("agent1")
    agent.busy()
    centre.robot("agent4")  # of the same queue, and idle longer
    agent.ready()
    centre.ring("sales", number=VIP)
    call = agent.rings()
    why = agent.page.locator(f"[data-call='{call}'] [data-testid=chosen]")
    expect(why).to_have_attribute("data-how", "named")
    expect(why).to_contain_text("VIP")
    (offer,) = centre.told(call, "offer.made")
    passed = {row["agent"]: row["reason"] for row in offer["why"]["passed"]["people"]}
    assert offer["why"]["rule"] == "sticky" and passed[centre.person("agent4")] == "kept"
    agent.answer()


@contextmanager
def overflow_after(centre: Centre, queue: int, seconds: float) -> Iterator[None]:
    """Callers of the queue are offered to the experts so soon."""
    (rule,) = centre.rows("SELECT o.id, o.value FROM routing_overflowrule o JOIN routing_queuerule r"
                          " ON r.id = o.rule_id WHERE r.queue_id = %s AND o.when = 'waited' AND o.to = 'queue'", queue)

    def set_to(value: float) -> None:
        centre.database.execute("UPDATE routing_overflowrule SET value = %s WHERE id = %s", (value, rule["id"]))

    def published(new: dict[str, Any]) -> bool:
        return any(q["id"] == queue and any(o["value"] == seconds for o in q["overflow"]) for q in new["queues"])

    set_to(seconds)
    try:
        centre.switch_has(published, f"the switch lends after {seconds:g} seconds")
        yield
    finally:
        set_to(rule["value"])


def test_with_everybody_busy_the_expert_of_another_store_helps_and_the_lead_sees_why(
    centre: Centre, desk: Callable[..., Desk]
) -> None:
    queue = id_of(centre, "calls_queue", "sales", "hongqiao")
    experts = centre.row("SELECT q.name_zh FROM calls_queue q WHERE q.code = 'experts'")["name_zh"]
    with overflow_after(centre, queue, 2):
        centre.robot("agent7")  # the store's only one today
        first = centre.ring("sales", store="hongqiao")
        expert = desk("handler1")
        expert.busy()
        first.reaches("talking")
        caller = centre.ring("sales", store="hongqiao")
        lead = desk("lead1")
        lead.goes("/board")
        row = lead.page.locator(f"[data-testid=board-queue][data-queue='{queue}']")
        expect(row.locator("td").nth(1)).to_have_text("1", timeout=PATIENT)
        row.focus()
        lead.page.keyboard.press("Enter")
        why = lead.id("why")
        expect(why).to_contain_text("汤丽娜")  # agent7, who talks
        expect(why).to_contain_text(f"{experts} 的人也可接听")
        expert.ready()
        call = expert.rings()
        assert call == caller.call
        card = expert.page.locator(f"[data-call='{call}']")
        expect(card.get_by_test_id("chosen")).to_have_attribute("data-how", "lent")
        expect(card.get_by_test_id("chosen")).to_contain_text("上海虹桥店")
        expect(expert.page.get_by_text("上海虹桥店，我是俞敏")).to_be_visible()  # she speaks for the caller's store
        (lent,) = centre.told(call, "queue.overflow")
        assert lent["target_kind"] == "queue" and lent["value"] == 2
        expert.answer()


@contextmanager
def night(centre: Centre, store: str, first: str, second: str) -> Iterator[None]:
    """The store's service line is closed, and these two carry its phone round the clock."""
    line, shop = id_of(centre, "organisation_line", "repair", store), {"store": store}
    hours = centre.row("SELECT hours_id FROM organisation_line WHERE id = %s", line)["hours_id"]
    mine = "store_id = (SELECT id FROM organisation_store WHERE code = %(store)s)"
    kept = centre.rows("SELECT id, begins, ends, first_number, second_number FROM routing_dutyshift WHERE store_id ="
                       " (SELECT id FROM organisation_store WHERE code = %s)", store)
    week = centre.rows("SELECT weekday, opens, closes FROM organisation_hoursinterval WHERE hours_id = %s", hours)
    centre.database.execute("DELETE FROM organisation_hoursinterval WHERE hours_id = %s", (hours,))
    centre.database.execute("UPDATE routing_dutyshift SET begins = '00:00', ends = '00:00', first_number = %(first)s,"
                            f" second_number = %(second)s WHERE {mine}", {**shop, "first": first, "second": second})
    try:
        centre.switch_has(
            lambda new: any(h["id"] == hours and not h["weekly"] for h in new["hours"])
            and any(d["numbers"][:2] == [first, second] for d in new["duties"]), "it is night")
        yield
    finally:
        with centre.database.cursor() as cursor:
            cursor.executemany("UPDATE routing_dutyshift SET begins = %(begins)s, ends = %(ends)s, first_number ="
                               " %(first_number)s, second_number = %(second_number)s WHERE id = %(id)s", kept)
            cursor.executemany("INSERT INTO organisation_hoursinterval (hours_id, weekday, opens, closes)"
                               f" VALUES ({int(hours)}, %(weekday)s, %(opens)s, %(closes)s)", week)


def test_at_night_the_phone_of_who_is_on_duty_rings_and_when_he_does_not_take_it_the_next_ones(centre: Centre) -> None:
    first, second = "+8615490990014", "+8615490990022"
    centre.outside(first, *NOT_TAKEN)
    centre.outside(second, *CONFIRMS)
    try:
        with night(centre, "binhai", first, second):
            caller = centre.ring("repair", store="binhai", keys="199")  # his language, and twice a wrong key
            centre.told(caller.call, "forward.started", timeout=40)
            start, end = caller.listens(1.5)
            assert tones.loudness(caller.heard, start, end) > tones.SILENT + 10, "he hears that it goes on"
            on_duty = centre.rung_outside(second)
            caller.hears(AT_HOME_HUMS)
            on_duty.hears(CALLER_HUMS)
            assert [row["number"] for row in centre.told(caller.call, "forward.started", 2)] == [first, second]
            assert centre.told(caller.call, "forward.ended")[0]["result"] == "no_answer"
            caller.hang_up()
            until(lambda: not on_duty.live, 10, "the duty phone is free")
    finally:
        centre.hang_up_everybody()
        centre.quiet()
        for number in (first, second):
            centre.outside(number)


def test_who_hung_up_waiting_is_rung_back_with_one_key_and_his_item_closes_itself(
    centre: Centre, desk: Callable[..., Desk]
) -> None:
    customer = centre.customer(skip=7)
    centre.outside(customer["number"], *TAKES)
    try:
        agent = desk("agent2")
        expect(agent.id("mic")).to_have_attribute("data-microphone", "ok")
        agent.busy()
        lost = centre.ring("sales", number=customer["number"], hang_up_at="queue")
        item = "SELECT 1 FROM backlog_item WHERE kind = 'lost' AND number = %s"
        until(lambda: centre.rows(f"{item} AND done_at IS NULL", customer["number"]), 40, "he is work left over")
        until(lambda: not lost.live, 5, "he has hung up")
        agent.page.get_by_role("link", name="待办回访").first.click()  # not a new page: no telephone yet
        row = agent.page.locator("[data-testid=leftover-row][data-kind=lost]").filter(has_text=customer["name"])
        expect(row).to_have_count(1)
        row.focus()
        agent.page.keyboard.press("r")
        agent.call_is("talking", PATIENT)
        centre.rung_outside(customer["number"]).hears(AGENT_HUMS)
        agent.id("call-hangup").click()
        agent.call_is("wrap")
        until(lambda: centre.rows(f"{item} AND result = 'reached' AND done_call IS NOT NULL", customer["number"]), 20,
              "his item has closed itself")
        agent.id("leftover-done").first.click()
        expect(row.first).to_contain_text("已联系上")
        agent.id("leftover-open").click()
        expect(row).to_have_count(0)
        assert centre.live()["repairs"] == centre.live()["errors"] == 0
    finally:
        centre.outside(customer["number"])
