"""The pop in Chromium: from the switch's offer to the first frame on which the customer's name stands.

The switch's clock is in the offer. The frame's time is Chromium's own (Element Timing: when the frame was presented),
taken by an observer that this bench puts into the page, so that the page does not judge itself. Both clocks are this
machine's. The page's own marks only say where the time went.
"""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

from bench.report import spread
from dealerline.runtime.stack import Stack

CHROMIUM = [
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--no-first-run",
]
# Chromium reports the frame of an element that was marked before it was painted. Ours is marked in the same turn in
# which it comes into the document; only what has the text of a name counts.
WATCH = """
window.__painted = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (entry.identifier === 'pop-name')
      window.__painted.push({ name: entry.element?.textContent ?? '', at: performance.timeOrigin + entry.renderTime });
}).observe({ type: 'element', buffered: true });
new MutationObserver(() => {
  for (const name of document.querySelectorAll('[data-testid="pop-name"]:not([elementtiming])')) {
    for (const part of [name, ...name.querySelectorAll('*')]) part.setAttribute('elementtiming', 'pop-name');
  }
}).observe(document, { childList: true, subtree: true });
"""
OFFERED = "() => window.__dealerline.calls.find((c) => c.phase === 'offered')?.id ?? ''"
PAINTED = "(name) => window.__painted.find((p) => p.name === name)?.at ?? 0"
READY = "() => window.__dealerline.agent === 'ready' && !window.__dealerline.calls.length"
# All in milliseconds since the epoch; the request's own times come from the browser's network.
MARKS = """(call) => {
  const pop = window.__dealerline.pops.find((p) => p.call === call), zero = performance.timeOrigin;
  const asked = performance.getEntriesByType('resource').filter((r) => r.name.includes('/api/pop?')).at(-1);
  return { offered: pop.offered * 1000, received: zero + pop.received, asked: zero + asked.requestStart,
           first: zero + asked.responseStart, answered: zero + pop.answered, drawn: zero + pop.drawn };
}"""
AHEAD = 4  # callers who listen to the greeting meanwhile, which takes thirteen seconds
GREETING = 13.0
POLL = 100  # milliseconds: asking at every frame would make the page draw frames


class Simulator:
    """Rings and hangs up as a customer."""

    def __init__(self, stack: Stack) -> None:
        self._url = f"http://127.0.0.1:{stack.settings.simulator_port}"

    def ring(self, number: str) -> str:
        """Ring a rescue line, where no menu stands before the queue; the call's id there."""
        body = json.dumps({"line": "pudong:rescue", "from": number, "say": []}).encode()
        request = urllib.request.Request(f"{self._url}/ring", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return str(json.load(answer)["id"])

    def hang_up(self, call: str) -> None:
        urllib.request.urlopen(urllib.request.Request(f"{self._url}/calls/{call}", method="DELETE")).close()


def browser(stack: Stack, username: str, password: str, wanted: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """One row for the whole way, then one for each part of it. ``wanted``: number and name of each who rings."""
    from playwright.sync_api import sync_playwright

    simulator = Simulator(stack)
    parts: dict[str, list[float]] = {}
    whole: list[float] = []
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(WATCH)
        sign_in(page, stack.settings.origin, username, password)
        ringing: list[str] = []
        for number, _ in wanted[:AHEAD]:
            ringing.append(simulator.ring(number))
            time.sleep(GREETING / AHEAD)
        for turn, (_, name) in enumerate(wanted):
            offered = page.wait_for_function(OFFERED, timeout=60_000, polling=POLL).json_value()
            painted = page.wait_for_function(PAINTED, arg=name, timeout=20_000, polling=POLL).json_value()
            at = page.evaluate(MARKS, offered)
            whole.append((painted - at["offered"]) / 1000)
            for part, begin, end in (
                ("offer -> message at the page", at["offered"], at["received"]),
                ("message -> request sent", at["received"], at["asked"]),
                ("request -> first byte", at["asked"], at["first"]),
                ("first byte -> data in the page", at["first"], at["answered"]),
                ("data -> frame on the screen", at["answered"], painted),
                ("offer -> drawn, by the page itself", at["offered"], at["drawn"]),
            ):
                parts.setdefault(part, []).append((end - begin) / 1000)
            page.evaluate("() => { window.__painted.length = 0; performance.clearResourceTimings() }")
            simulator.hang_up(ringing.pop(0))
            page.wait_for_function(READY, timeout=20_000, polling=POLL)
            for number, _ in wanted[turn + AHEAD : turn + AHEAD + 1]:
                ringing.append(simulator.ring(number))
        chromium.close()
    rows: list[dict[str, Any]] = [{"P5": "offer -> customer painted in Chromium", **spread(whole)}]
    rows.append({"P5": "  the first of them, after signing in", **spread(whole[:1])})
    return rows + [{"P5": f"  {part}", **spread(times)} for part, times in parts.items()]


def sign_in(page: Any, origin: str, username: str, password: str) -> None:
    """Sign in, and wait for work."""
    page.goto(origin)
    page.get_by_test_id("sign-in-username").fill(username)
    page.get_by_test_id("sign-in-password").fill(password)
    page.get_by_test_id("sign-in-submit").click()
    page.wait_for_function("() => window.__dealerline && window.__dealerline.softphone.registered", timeout=60_000)
    page.get_by_test_id("state-ready").first.click()
    page.wait_for_function(READY, timeout=20_000, polling=POLL)
    time.sleep(2)  # nobody is rung in the first two seconds; what the page does at its leisure is done
