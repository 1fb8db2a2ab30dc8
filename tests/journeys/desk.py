"""The agent's page, as a person uses it: what he clicks, what he reads, and what his browser hears."""

from __future__ import annotations

import contextlib
from typing import Any

from playwright.sync_api import Error, Locator, Page, expect

from tests.helpers import until
from tests.journeys.centre import Centre

QUICK, PATIENT = 10_000, 45_000  # milliseconds
# Keeps the page's telephone connections where a test can listen; changes nothing of them.
_LISTEN = """
  window.__peers = [];
  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real { constructor(...a) { super(...a); window.__peers.push(this); } };
"""
# dB of each frequency in what the newest connection receives, the loudest of two seconds.
_HEARD = """
async (frequencies) => {
  const peer = window.__peers.filter((p) => p.connectionState === 'connected').at(-1);
  if (!peer) return null;
  const context = window.__ear ??= new AudioContext();
  const ear = context.createAnalyser();
  ear.fftSize = 8192;
  ear.smoothingTimeConstant = 0;
  context.createMediaStreamSource(new MediaStream([peer.getReceivers()[0].track])).connect(ear);
  const spectrum = new Float32Array(ear.frequencyBinCount);
  const found = frequencies.map(() => -120);
  for (let round = 0; round < 20; round += 1) {
    await new Promise((next) => setTimeout(next, 100));
    ear.getFloatFrequencyData(spectrum);
    frequencies.forEach((hertz, i) => {
      const bin = Math.round(hertz * ear.fftSize / context.sampleRate);
      found[i] = Math.max(found[i], ...spectrum.slice(bin - 1, bin + 2));
    });
  }
  return found;
}
"""


class Desk:
    """One page, signed in or not."""

    def __init__(self, centre: Centre, page: Page) -> None:
        self.centre, self.page = centre, page
        self.errors: list[str] = []
        page.set_default_timeout(QUICK)
        page.add_init_script(_LISTEN)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(centre.url)

    def id(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    # signing in and out -----------------------------------------------------------------------------------------------
    def sign_in(self, who: str, password: str = "") -> None:
        """Types name and password, and waits for what comes then only when the password is the right one."""
        self.id("sign-in-username").fill(who)
        self.id("sign-in-password").fill(password or self.centre.password(who))
        self.id("sign-in-submit").click()
        if not password:
            expect(self.id("me-menu")).to_be_visible()

    def leave(self) -> None:
        """Goes home once after-call work is over, so that the next test finds the person away."""
        with contextlib.suppress(Error, AssertionError):  # his browser may be dead already
            state, done = self.id("agent-state"), self.id("wrap-done")
            until(lambda: not state.count() or state.get_attribute("data-state") != "talking", 10, "the talk is over")
            if done.count():
                done.first.click()
                expect(done).to_have_count(0)
            self.signs_off()
        with contextlib.suppress(Error):
            self.page.context.close()
        assert not self.errors, f"the page broke: {self.errors}"

    def signs_off(self) -> None:
        """Goes offline, where the page is the person's desk and not a list or somebody else's place."""
        if self.id("agent-state").count() and not self.id("elsewhere").count():
            self.id("agent-state").click()
            self.id("menu-offline").click()
            self.is_in("offline")

    # states -----------------------------------------------------------------------------------------------------------
    def is_in(self, state: str, timeout: float = QUICK) -> None:
        expect(self.id("agent-state")).to_have_attribute("data-state", state, timeout=timeout)

    def ready(self) -> None:
        """Headset in order, then ready; a waiting caller may ring at once."""
        expect(self.id("mic")).to_have_attribute("data-microphone", "ok")
        expect(self.id("state-ready")).to_be_enabled()
        self.id("state-ready").click()
        expect(self.id("agent-state")).not_to_have_attribute("data-state", "busy")
        expect(self.id("agent-state")).not_to_have_attribute("data-state", "offline")

    def goes(self, path: str) -> None:
        """Opens another page of the product."""
        self.page.goto(self.centre.url + path)

    def busy(self) -> None:
        """At his desk, but not ready: callers wait for him instead of being told that nobody is there."""
        self.id("agent-state").click()
        self.page.locator("[data-testid^=reason-]").first.click()
        self.is_in("busy")

    # calls ------------------------------------------------------------------------------------------------------------
    def call_is(self, phase: str, timeout: float = QUICK) -> str:
        """Waits until the newest call card is in that phase; the call's id."""
        card = self.page.locator(f"[data-testid=call-card][data-phase={phase}]")
        expect(card).to_be_visible(timeout=timeout)
        return card.get_attribute("data-call") or ""

    def rings(self, timeout: float = PATIENT) -> str:
        return self.call_is("offered", timeout)

    def answer(self) -> str:
        expect(self.id("call-answer")).to_be_enabled()
        self.id("call-answer").click()
        return self.call_is("talking")

    def choose(self, field: str, *path: str) -> None:
        """Picks from a tree of choices by the words shown."""
        self.id(field).locator("input").first.click()
        for depth, words in enumerate(path):
            menu = self.page.locator(".el-cascader__dropdown:visible .el-cascader-menu").nth(depth)
            menu.get_by_text(words, exact=True).click()
        expect(self.page.locator(".el-cascader__dropdown:visible")).to_have_count(0)

    def hears(self, hertz: float, *, but_not: float = 0, timeout: float = 20) -> None:
        """Waits until the browser receives that tone clearly (and the other one not)."""

        def heard() -> bool:
            levels: list[float] | None = self.page.evaluate(_HEARD, [hertz, but_not or hertz])
            return bool(levels) and levels[0] > -50 and (not but_not or levels[1] < levels[0] - 25)  # type: ignore[index]

        until(heard, timeout, f"the browser hears {hertz:g} Hz")

    def fetch(self, path: str, **headers: str) -> dict[str, Any]:
        """What a request of the signed-in page answers: status, headers, and the length of its body."""
        answer: dict[str, Any] = self.page.evaluate(
            "async ([path, headers]) => { const r = await fetch(path, {headers});"
            " const b = await r.arrayBuffer(); let json = null;"
            " try { json = JSON.parse(new TextDecoder().decode(b)) } catch {}"
            " return {status: r.status, length: b.byteLength, headers: Object.fromEntries(r.headers), json} }",
            [path, headers])
        return answer
