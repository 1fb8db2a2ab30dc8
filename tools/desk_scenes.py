"""Pictures of every state of a conversation, from recorded messages: ``python tools/desk_scenes.py --to FOLDER``.

No switch and no telephone: ``web/dev/mock-server.mjs`` plays the scenes of ``web/dev/scenes.mjs`` to the pages, which
vite serves, and what keys and mouse send is checked on the way. For eyes, before real calls; nothing of it is shipped.
Needs Chromium, node, ``npm ci`` in ``web/`` (or a link to its packages) and the packages of requirements/dev.txt.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

WEB = Path(__file__).resolve().parents[1] / "web"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
             "--autoplay-policy=no-user-gesture-required"]
SIZES = ((1440, 900), (1280, 720))
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
RECENT = ["person:21", "number:13900008888", "queue:202", "person:20"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def up(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def served() -> Iterator[tuple[str, str]]:
    """The addresses of the pages and of the mock."""
    mock, pages = free_port(), free_port()
    environment = {**os.environ, "MOCK_SIGNED_IN": "1", "DEALERLINE_BACKEND": f"http://127.0.0.1:{mock}",
                   "PORT": str(pages)}
    started = [subprocess.Popen(["node", "dev/mock-server.mjs", str(mock)], cwd=WEB, env=environment,
                                stdout=subprocess.DEVNULL),
               subprocess.Popen(["node", "node_modules/vite/bin/vite.js"], cwd=WEB, env=environment,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)]
    try:
        end = time.monotonic() + 60
        while not (up(mock) and up(pages)):
            if time.monotonic() > end or any(process.poll() is not None for process in started):
                raise SystemExit("the mock or vite did not start")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{pages}", f"http://127.0.0.1:{mock}"
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(10)


def ask(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())


class Stage:
    """One browser window on the mock."""

    def __init__(self, browser: Browser, pages: str, mock: str, language: str, size: tuple[int, int], to: Path) -> None:
        self.mock, self.language, self.size, self.to = mock, language, size, to
        context = browser.new_context(locale=LANGUAGES[language], timezone_id="Asia/Shanghai",
                                      viewport={"width": size[0], "height": size[1]})
        context.add_init_script(f"localStorage.setItem('dealerline.language', '{language}');"
                                "localStorage.setItem('dealerline.device', 'phone');"
                                f"localStorage.setItem('dealerline.recent.7', '{json.dumps(RECENT)}')")
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.pages = pages
        self.opens("/")

    def opens(self, path: str) -> None:
        self.page.goto(self.pages + path)
        expect(self.page.get_by_test_id("net")).to_have_attribute("data-link", "up", timeout=60_000)

    def scene(self, name: str) -> None:
        ask(f"{self.mock}/mock/scene/{name}")
        self.page.wait_for_timeout(250)

    def take(self, name: str) -> None:
        self.page.mouse.move(self.size[0] // 2, 1)
        self.page.wait_for_timeout(350)
        self.page.screenshot(path=self.to / f"{name}.{self.language}.{self.size[0]}.png")

    def sent(self, kind: str) -> list[dict[str, Any]]:
        return [m for m in ask(f"{self.mock}/mock/sent") if m["type"] == kind]

    def awaits(self, kind: str, **fields: Any) -> None:
        """Waits until such a command came, once."""
        end = time.monotonic() + 5
        while not (found := self.sent(kind)) and time.monotonic() < end:
            self.page.wait_for_timeout(50)
        if len(found) != 1 or any(found[0].get(key) != value for key, value in fields.items()):
            raise AssertionError(f"wanted one {kind} {fields}, got {found}")


def every_scene(stage: Stage) -> None:
    for name in ask(f"{stage.mock}/mock/scenes"):
        if not name.startswith(("lead-hands", "lead-requests")):
            stage.scene(name)
            stage.take(name)


def picker(stage: Stage) -> None:
    page = stage.page
    stage.scene("talk")
    page.keyboard.press("Alt+t")
    expect(page.get_by_test_id("bring-row").nth(8)).to_be_visible()
    stage.take("picker-transfer")
    page.keyboard.press("Alt+c")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    stage.take("picker-consult-queues")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.type("139 0000 7777")
    stage.take("picker-number")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("bring")).to_have_count(0)


def two_actions(stage: Stage) -> None:
    """A blind transfer to a recent colleague: one key opens, one key chooses; twice is once."""
    page = stage.page
    stage.scene("talk")
    page.keyboard.press("Alt+t")
    expect(page.get_by_test_id("bring-row").nth(3)).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    stage.awaits("bring", how="transfer", target={"kind": "person", "id": 21})
    stage.scene("talk")
    page.keyboard.press("Alt+i")
    expect(page.get_by_test_id("bring-row").nth(3)).to_be_visible()
    page.keyboard.press("Alt+2")
    stage.awaits("bring", how="invite", target={"kind": "number", "number": "13900008888"})


def dragging(stage: Stage) -> None:
    page = stage.page
    stage.scene("three")
    token = page.locator("[data-testid=token][data-party=p2]")
    token.drag_to(page.get_by_test_id("room-new"))
    stage.awaits("aside", parties=["p2"], room="")
    stage.scene("rooms")
    page.locator("[data-testid=token][data-party=p3]").focus()
    page.keyboard.press("0")
    stage.awaits("back", parties=["p3"])
    stage.scene("rooms")
    page.locator("[data-testid=token][data-party=p2]").click()
    expect(page.get_by_test_id("token-menu")).to_be_visible()
    stage.take("token-menu")
    page.keyboard.press("Escape")
    page.get_by_test_id("rooms-wide").click()
    stage.take("rooms-wide")
    page.keyboard.press("Escape")
    page.get_by_test_id("rooms-end").click()
    stage.take("end-for-all")
    page.keyboard.press("Escape")
    stage.scene("rooms-many")
    page.get_by_test_id("rooms-wide").click()
    stage.take("rooms-many-wide")
    page.keyboard.press("Escape")


def hand(stage: Stage) -> None:
    stage.scene("talk")
    stage.page.keyboard.press("Alt+u")
    stage.page.get_by_test_id("hand-note").fill("客户要找店总" if stage.language == "zh" else "He wants the manager")
    stage.take("hand-note")
    stage.page.keyboard.press("Enter")
    stage.awaits("raise_hand")


def leading(stage: Stage) -> None:
    page = stage.page
    stage.scene("lead-hands")
    stage.opens("/board")
    expect(page.get_by_test_id("lead-person").first).to_be_visible()
    stage.scene("lead-hands")
    stage.take("board-lead")
    page.get_by_test_id("lead-more").first.click()
    expect(page.get_by_test_id("lead-hangup").locator("visible=true")).to_be_visible()
    stage.take("board-menu")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+l")
    stage.awaits("supervise", person=20, mode="listen")
    expect(page.get_by_test_id("supervise")).to_have_attribute("data-mode", "listen")
    page.keyboard.press("Alt+2")
    expect(page.get_by_test_id("supervise")).to_have_attribute("data-mode", "whisper")
    stage.take("board-supervising")
    stage.opens("/")


def board(stage: Stage) -> None:
    """The live board, its keys."""
    page = stage.page
    stage.scene("lead-hands")
    stage.opens("/board")
    expect(page.get_by_test_id("board-alarm").nth(3)).to_be_visible()
    stage.scene("agent-asks")
    page.keyboard.press("q")
    page.keyboard.press("ArrowDown")
    page.get_by_text("（2）" if stage.language == "zh" else "(2)").click()
    stage.take("board")
    page.locator("[data-testid=board-queue][data-queue='202']").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("why-people")).to_be_visible()
    page.get_by_test_id("waiting-caller").nth(1).click()
    page.wait_for_timeout(400)
    page.get_by_test_id("queue-waiting").scroll_into_view_if_needed()
    stage.take("board-why")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("queue-waiting")).to_have_count(0)
    page.get_by_test_id("board-level").hover()
    page.wait_for_timeout(300)
    page.screenshot(path=stage.to / f"board-formula.{stage.language}.{stage.size[0]}.png")
    stage.opens("/")


def presence(stage: Stage) -> None:
    """Requests for a break: one key grants the first."""
    page = stage.page
    stage.scene("lead-requests")
    expect(page.get_by_test_id("requests")).to_be_visible()
    stage.take("requests")
    page.keyboard.press("Alt+5")
    stage.awaits("consent", person=21, grant=True)
    stage.scene("agent-asks")
    page.get_by_test_id("asks-back").click()
    stage.awaits("take_back")
    stage.scene("agent-away")
    expect(page.get_by_test_id("trouble-state")).to_be_visible()
    page.keyboard.press("Alt+b")
    expect(page.get_by_test_id("menu-ready")).to_be_visible()
    stage.take("state-menu-away")
    page.keyboard.press("Escape")


def wall(stage: Stage) -> None:
    """The board on a wall, also at the size of one, and with more people than fit; and when the line is cut."""
    page = stage.page
    page.goto(stage.pages + "/board/wall")
    expect(page.get_by_test_id("wall-queue").first).to_be_visible()
    for size in (stage.size, (1920, 1080)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_timeout(5000)  # the hint fades
        page.screenshot(path=stage.to / f"wall.{stage.language}.{size[0]}.png")
    stage.scene("cut")
    expect(page.get_by_test_id("wall-stale")).to_be_visible()
    page.screenshot(path=stage.to / f"wall-stale.{stage.language}.{size[0]}.png")
    stage.scene("agent-asks")
    expect(page.get_by_test_id("wall-stale")).to_have_count(0, timeout=15_000)
    page.set_viewport_size({"width": stage.size[0], "height": stage.size[1]})
    stage.opens("/")


def promises(stage: Stage) -> None:
    """A promise by one key in a call; the list of work by keys; the ledger and its report."""
    page = stage.page
    stage.scene("talk")
    page.keyboard.press("Alt+d")
    expect(page.get_by_test_id("promise-panel")).to_be_visible()
    page.keyboard.press("4")
    stage.take("promise-panel")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("promise-panel")).to_have_count(0)
    page.get_by_test_id("promise-owed").first.click()
    page.get_by_test_id("promise-telling").click()
    stage.take("promise-told")
    page.keyboard.press("Escape")
    stage.opens("/tasks")
    rows = page.get_by_test_id("todo-row")
    expect(rows.first).to_be_focused()
    stage.take("tasks")
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("r")
    expect(page.get_by_test_id("todo-results")).to_be_focused()
    page.keyboard.press("2")
    stage.take("tasks-result")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("todo-next")).to_be_visible()
    expect(rows.first).to_be_focused()
    stage.take("tasks-next")
    page.keyboard.press("u")
    page.keyboard.press("s")
    stage.take("tasks-aside")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_test_id("task-title")).to_be_focused()
    stage.take("tasks-new")
    page.keyboard.press("Escape")
    for view in ("free", "aside", "done", "promises", "report"):
        page.get_by_test_id(f"tasks-{view}").click()
        stage.take(f"tasks-{view}")
    stage.opens("/customers/501")
    stage.take("customer-promises")


def keyed(stage: Stage) -> None:
    """What a caller keyed in the flow: who he is, who he may be, and digits of nobody that become a plate."""
    page = stage.page
    for name in ("keyed", "keyed-several", "keyed-nobody"):
        stage.scene(name)
        stage.take(name)
    page.get_by_test_id("new-name").fill("王")
    page.get_by_test_id("new-plate").fill("沪a")
    stage.take("keyed-plate")
    page.get_by_test_id("new-plate").press("Enter")
    expect(page.get_by_test_id("new-plate")).to_have_value("沪A12345")
    stage.scene("keyed-several")
    expect(page.get_by_test_id("pop-person")).to_have_count(2)
    page.keyboard.press("2")
    expect(page.get_by_test_id("pop-name")).to_be_visible()


PARTS: dict[str, Callable[[Stage], None]] = {
    "scenes": every_scene, "keyed": keyed, "picker": picker, "two_actions": two_actions, "dragging": dragging,
    "hand": hand, "leading": leading, "presence": presence, "board": board, "wall": wall,
    "promises": promises,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--only", choices=sorted(PARTS), help="one part")
    parser.add_argument("--size", choices=[str(w) for w, _ in SIZES], help="one width")
    parser.add_argument("--language", choices=sorted(LANGUAGES), help="one language")
    chosen = parser.parse_args()
    chosen.to.mkdir(parents=True, exist_ok=True)
    with served() as (pages, mock), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        wrong: list[str] = []
        for size in SIZES:
            for language in LANGUAGES:
                if (chosen.size and chosen.size != str(size[0])) or (chosen.language and chosen.language != language):
                    continue
                stage = Stage(browser, pages, mock, language, size, chosen.to)
                for name, part in PARTS.items():
                    if chosen.only in (None, name):
                        try:
                            part(stage)
                        except (AssertionError, Error) as error:  # the other pictures are wanted all the same
                            wrong.append(f"{name} {language} {size[0]}: {str(error).splitlines()[0]}")
                            stage.opens("/")
                stage.page.context.close()
                wrong += stage.errors
        browser.close()
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
