"""Pictures of the running demo for the manuals: ``./dealerline up --demo --detach``, ``python tools/screenshots.py``.

Writes ``docs/pictures/{signin,desk,board,call,customer,leads}.{zh,en}.png`` while simulated customers telephone, so
that the pictures show a real file, real waiting and a real recording. Needs Chromium and the packages of
requirements/dev.txt. The
running centre is found as by every other command (``DEALERLINE_CONFIG``, ``DEALERLINE_DATA``). ``--size 1280x720
--to FOLDER`` makes others, to look at.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(CHECKOUT / "src"), str(CHECKOUT)]

from dealerline.settings import Settings, load  # noqa: E402

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
             "--autoplay-policy=no-user-gesture-required"]
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
RINGS = {"keys": "11", "caller": "known", "say": ["sales.price"]}
LARGEST = 400_000  # bytes of a committed picture
ROBOTS = 6
CUSTOMER = "15400000001"
AGENT_EXTENSION = "8001"
LINES = 2 * ("hongqiao:repair", "hongqiao:sales", "chaoyang:repair", "binjiang:sales", "yizhuang:sales")


def simulator(settings: Settings, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask the simulator's control service."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{settings.simulator_port}{path}", method=method,
        data=json.dumps(body).encode() if body is not None else None, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.loads(answer.read())
        return found


def passwords(settings: Settings) -> dict[str, str]:
    lines = (settings.secrets / "sign-ins.txt").read_text(encoding="utf-8").splitlines()
    return {words[0]: words[1] for line in lines if len(words := line.split()) > 1 and words[0] != "#"}


def colleagues(settings: Settings) -> list[int]:
    """People of other stores: robots that do not take the photographed agent's calls."""
    people = json.loads((settings.run / "directory.json").read_text(encoding="utf-8"))["people"]
    own = next(person["store"] for person in people if person["extension"] == AGENT_EXTENSION)
    return [person["id"] for person in people if person["phone"] and own not in person["stores"]]


class Photographer:
    """Takes the pictures of one language."""

    def __init__(self, settings: Settings, browser: Browser, language: str, size: tuple[int, int], to: Path) -> None:
        self.settings, self.browser, self.language, self.size, self.to = settings, browser, language, size, to

    def page(self) -> Page:
        context = self.browser.new_context(locale=LOCALES[self.language], timezone_id=self.settings.timezone,
                                           viewport={"width": self.size[0], "height": self.size[1]})
        made = context.new_page()
        made.goto(self.settings.origin)
        made.get_by_test_id(f"language-{self.language}").click()
        return made

    def signed_in(self, who: str) -> Page:
        page = self.page()
        page.get_by_test_id("sign-in-username").fill(who)
        page.get_by_test_id("sign-in-password").fill(passwords(self.settings)[who])
        page.get_by_test_id("sign-in-submit").click()
        expect(page.get_by_test_id("me-menu")).to_be_visible()
        return page

    def take(self, page: Page, name: str) -> None:
        page.mouse.move(self.size[0] // 2, 1)  # no tooltip, nothing hovered
        expect(page.locator(".el-popper:visible, .el-message:visible")).to_have_count(0)
        path = self.to / f"{name}.{self.language}.png"
        page.screenshot(path=path)
        print(f"{path} {path.stat().st_size // 1000} kB")
        if path.stat().st_size > LARGEST:
            raise SystemExit(f"{path} is larger than {LARGEST // 1000} kB")

    def sign_in(self) -> None:
        page = self.page()
        expect(page.get_by_test_id("sign-in-submit")).to_be_visible()
        self.take(page, "signin")
        page.context.close()

    def desk(self) -> str:
        """The agent's page in the middle of a talk; the call's id."""
        page = self.signed_in("agent1")
        expect(page.get_by_test_id("state-ready")).to_be_enabled(timeout=20_000)
        page.get_by_test_id("state-ready").click()
        ring = {"language": self.language, "keys": "11" if self.language == "zh" else "21", "line": "pudong:sales",
                "say": ["sales.price"], "from": "+8615400000001" if self.language == "zh" else "+8615400000004"}
        simulator(self.settings, "POST", "/ring", ring)
        page.get_by_test_id("call-answer").click(timeout=60_000)
        card = page.locator("[data-testid=call-card][data-phase=talking]")
        expect(card).to_be_visible(timeout=20_000)
        expect(page.get_by_test_id("pop-name")).to_be_visible()
        notes = {"zh": "想看新款混动，周六上午到店试驾，需要二手车评估。",
                 "en": "Wants to see the new hybrid; test drive on Saturday morning, trade-in to be valued."}
        page.get_by_test_id("record-notes").fill(notes[self.language])
        expect(page.get_by_test_id("record-state")).to_have_attribute("data-state", "saved")
        timer = page.get_by_test_id("call-timer")
        expect(timer).to_have_text(re.compile("00:(09|1.)"), timeout=20_000)  # so that there is something to hear
        self.take(page, "desk")
        call = card.get_attribute("data-call") or ""
        page.get_by_test_id("call-hold").click()
        expect(page.locator("[data-testid=call-card][data-phase=held]")).to_be_visible()
        expect(timer).to_have_text("00:04", timeout=15_000)
        page.get_by_test_id("call-hold").click()
        expect(card).to_be_visible()
        expect(timer).to_have_text(re.compile("00:[12]."), timeout=20_000)
        page.get_by_test_id("call-hangup").click()
        page.get_by_test_id("wrap-done").click()
        expect(page.get_by_test_id("agent-state")).to_have_attribute("data-state", "ready")
        page.context.close()
        return call

    def board(self) -> None:
        page = self.signed_in("group1")
        page.goto(f"{self.settings.origin}/board")
        for line in LINES:
            simulator(self.settings, "POST", "/ring", {**RINGS, "line": line})
        expect(page.get_by_test_id("board-queue").first).to_be_visible()
        expect(page.locator("[data-testid=board-queue] .hot").first).to_be_visible(timeout=30_000)
        # The robots of the lines rung: talking, not only ringing.
        expect(page.locator(".figure.tone-talking strong")).to_have_text(re.compile(r"^([5-9]|\d\d)$"), timeout=30_000)
        self.take(page, "board")
        page.context.close()

    def call(self, call: str) -> None:
        page = self.signed_in("manager1")
        page.goto(f"{self.settings.origin}/calls/{call}")
        play = page.get_by_test_id("player-play")
        for _ in range(20):  # the recording is joined within seconds
            expect(page.get_by_test_id("timeline-row").first).to_be_visible()
            if play.count():
                break
            page.reload()
        play.click()
        played = re.compile(r"^([3-9]|\d\d)")
        expect(page.get_by_test_id("player")).to_have_attribute("data-second", played, timeout=15_000)
        play.click()
        self.take(page, "call")
        page.context.close()

    def file(self) -> None:
        """A customer's page, and the board of leads, as the manager of a store sees them."""
        page = self.signed_in("manager1")
        page.goto(f"{self.settings.origin}/customers?q={CUSTOMER}")
        page.get_by_test_id("customers-row").first.click()
        expect(page.get_by_test_id("overview-car").first).to_be_visible()
        self.take(page, "customer")
        page.goto(f"{self.settings.origin}/leads")
        expect(page.get_by_test_id("lead-column").first).to_be_visible()
        self.take(page, "leads")
        page.context.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--to", type=Path, default=CHECKOUT / "docs" / "pictures")
    arguments.add_argument("--size", default="1440x900")
    given = arguments.parse_args()
    width, height = (int(part) for part in given.size.split("x"))
    given.to.mkdir(parents=True, exist_ok=True)
    settings = load()
    simulator(settings, "POST", "/robots", {"count": ROBOTS, "talk": 45, "people": colleagues(settings)})
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            for language in LOCALES:
                taking = Photographer(settings, browser, language, (width, height), given.to)
                taking.sign_in()
                call = taking.desk()
                taking.call(call)
                taking.board()
                taking.file()
            browser.close()
    finally:
        simulator(settings, "DELETE", "/robots")
        for call in simulator(settings, "GET", "/calls")["calls"]:
            if call["state"] != "ended":
                simulator(settings, "DELETE", f"/calls/{call['id']}")


if __name__ == "__main__":
    main()
