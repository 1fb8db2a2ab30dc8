"""The live board, and settings that an administrator changes while calls go on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.centre import Centre
from tests.journeys.desk import QUICK, Desk


def queue_of(centre: Centre, code: str = "sales", store: str = "pudong") -> int:
    return int(centre.row("SELECT q.id FROM calls_queue q JOIN organisation_store s ON s.id = q.store_id"
                          " WHERE q.code = %s AND s.code = %s", code, store)["id"])


def save(page: Desk) -> None:
    page.page.locator("input[name=_save]").first.click()


def test_the_board_shows_who_waits_and_then_who_talks(centre: Centre, desk: Callable[..., Desk]) -> None:
    manager, agent = desk("manager1"), desk("agent1")
    manager.goes("/board")
    row = manager.page.locator(f"[data-testid=board-queue][data-queue='{queue_of(centre)}']")
    expect(row).to_be_visible()
    waiting, talking = row.locator("td").nth(1), row.locator("td").nth(5)
    expect(waiting).to_have_text("0")
    agent.busy()
    centre.ring("sales").reaches("queue")
    expect(waiting).to_have_text("1")
    row.focus()
    manager.page.keyboard.press("Enter")  # who waits, and why
    expect(manager.id("waiting-caller")).to_have_count(1)
    name = centre.row("SELECT name FROM accounts_person WHERE username = 'agent1'")["name"]
    expect(manager.id("why-people")).to_contain_text(name)
    manager.page.keyboard.press("Escape")
    agent.ready()
    agent.rings()
    agent.answer()
    expect(waiting).to_have_text("0")
    expect(talking).to_have_text("1")
    agent.id("call-hangup").click()
    expect(talking).to_have_text("0")
    manager.goes("/board/wall")
    wall = manager.page.locator(f"[data-testid=wall-queue][data-queue='{queue_of(centre)}']")
    expect(wall.locator("td").nth(4)).not_to_have_text("0")  # answered today
    expect(manager.id("wall")).to_have_attribute("data-stale", "false")


def test_a_queue_changed_in_the_back_office_rings_the_next_call_so(centre: Centre, desk: Callable[..., Desk]) -> None:
    boss, agent, queue = desk("admin"), desk("agent1"), queue_of(centre)
    before = centre.row("SELECT ring_seconds AS s FROM calls_queue WHERE id = %s", queue)["s"]
    agent.ready()
    boss.goes(f"/admin/calls/queue/{queue}/change/")
    boss.page.locator("[name=ring_seconds]").fill("5")
    save(boss)
    expect(boss.page.locator(".messagelist .success")).to_be_visible()
    centre.switch_has(lambda new: any(q["id"] == queue and q["ring_seconds"] == 5 for q in new["queues"]),
                      "the switch rings for five seconds")
    try:
        caller = centre.ring("sales")
        call = agent.rings()
        assert centre.told(call, "offer.ended", timeout=12)[0]["result"] == "no_answer"
        agent.is_in("busy")
        expect(agent.id("trouble-state")).to_be_visible()  # he is told why he is not ready any more
        assert caller.live
        assert centre.stack.restarts("switch") == 0
    finally:
        centre.database.execute("UPDATE calls_queue SET ring_seconds = %s WHERE id = %s", (before, queue))


def test_a_flow_changed_in_the_back_office_is_what_the_next_caller_hears(
    centre: Centre, desk: Callable[..., Desk]
) -> None:
    boss, agent = desk("admin"), desk("agent1")
    agent.busy()
    flow = centre.row("SELECT id, published_id FROM flows_flow WHERE code = 'sales-open'")
    try:
        boss.goes(f"/admin/flows/flow/{flow['id']}/change/")
        text = boss.page.locator("textarea[name=text]")
        text.fill(text.input_value().replace("start: language", "start: sales"))
        save(boss)
        expect(boss.page.locator(".messagelist .success")).to_be_visible()
        new = centre.row("SELECT v.version FROM flows_flow f JOIN flows_flowversion v ON v.id = f.published_id"
                         " WHERE f.id = %s", flow["id"])["version"]
        centre.switch_has(lambda now: any(f["id"] == flow["id"] and f["version"] == new for f in now["flows"]),
                          "the switch has the new version")
        caller = centre.ring("sales", keys="")
        caller.reaches("queue", 15)
        assert centre.told(caller.call, "flow.started")[0]["version"] == new
        assert "flow.key" not in centre.story(caller.call)
    finally:
        centre.database.execute("UPDATE flows_flow SET published_id = %s WHERE id = %s",
                                (flow["published_id"], flow["id"]))


@pytest.mark.parametrize(("spoilt", "told"), [
    (lambda text: text.replace("nodes:", "nodes: [", 1), r"\d+"),
    (lambda text: text.replace("next: welcome", "next: nowhere", 1), "nowhere"),
])
def test_a_malformed_flow_is_refused_with_the_place_of_the_mistake(
    centre: Centre, desk: Callable[..., Desk], spoilt: Callable[[str], str], told: str
) -> None:
    boss = desk("admin")
    flow = centre.row("SELECT id, published_id FROM flows_flow WHERE code = 'sales-open'")
    boss.goes(f"/admin/flows/flow/{flow['id']}/change/")
    text = boss.page.locator("textarea[name=text]")
    wrong = spoilt(text.input_value())
    text.fill(wrong)
    save(boss)
    expect(boss.page.locator(".errorlist").first).to_contain_text(re.compile(told))
    expect(text).to_have_value(wrong)  # nothing that was typed is lost
    assert centre.row("SELECT published_id FROM flows_flow WHERE id = %s", flow["id"]) == {
        "published_id": flow["published_id"]}


def test_a_file_that_is_no_sound_is_refused_in_plain_words(
    centre: Centre, desk: Callable[..., Desk], tmp_path: Path
) -> None:
    boss = desk("admin")
    prompt = centre.row("SELECT id FROM flows_prompt WHERE key = 'welcome.sales' ORDER BY id LIMIT 1")["id"]
    wrong = tmp_path / "voice.wav"
    wrong.write_bytes(b"this is a letter, not a voice" * 50)
    boss.goes(f"/admin/flows/prompt/{prompt}/change/")
    boss.page.locator("input[name=upload_zh]").set_input_files(wrong)
    save(boss)
    expect(boss.page.locator(".errorlist").first).to_be_visible(timeout=QUICK)
    expect(boss.page.locator(".errorlist").first).to_contain_text("WAV")
    assert centre.rows("SELECT 1 FROM flows_promptaudio WHERE prompt_id = %s AND source = 'upload'", prompt) == []
