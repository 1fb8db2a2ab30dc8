"""Fixtures of journeys: the whole product, the outside world, and the real page in Chromium. See desk.py."""

from __future__ import annotations

import contextlib
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from dealerline.runtime.stack import Stack
from tests.journeys import sound
from tests.journeys.centre import Centre
from tests.journeys.desk import Desk

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
AGENT_HUMS = 605.0
"""Hertz in every browser's microphone; between two notes of the scale, so that no music is taken for it."""
ARGUMENTS = (
    "--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run")


def chromium_path() -> str:
    """The machine's Chromium. Fails with what to install."""
    found = next((path for path in CHROMIUM if Path(path).exists()), "")
    if not found:
        pytest.fail("no Chromium here: apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def centre(demo_stack: Stack) -> Iterator[Centre]:
    """The demo's centre, open round the clock so that the journeys do not depend on when they are taken."""
    made = Centre(demo_stack)
    made.open_round_the_clock()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def launch(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Browser]]:
    """Starts a Chromium of one's own whose microphone hums: ``launch()``; all are closed at the session's end."""
    voice = tmp_path_factory.mktemp("voice") / "agent.wav"
    sound.write_hum(voice, AGENT_HUMS)
    opened: list[Browser] = []

    def start(*more: str, without: tuple[str, ...] = ()) -> Browser:
        """``more``: further arguments; ``without``: of the usual ones, those to leave out."""
        arguments = [a for a in (*ARGUMENTS, f"--use-file-for-fake-audio-capture={voice}", *more) if a not in without]
        opened.append(playwright.chromium.launch(executable_path=chromium_path(), args=arguments))
        return opened[-1]

    yield start
    for browser in opened:
        if browser.is_connected():
            browser.close()


@pytest.fixture
def fragile(launch: Callable[..., Browser]) -> Iterator[tuple[Browser, Callable[[], None]]]:
    """A Chromium for one test, and how to kill it like a crash: all its processes at once, by -9."""
    mark = f"--dealerline-test={uuid.uuid4()}"
    started = launch(mark)

    def kill() -> None:
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark.encode() in (folder / "cmdline").read_bytes():
                    os.kill(int(folder.name), signal.SIGKILL)

    yield started, kill
    kill()


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    """One Chromium for the module; each desk is a context of its own in it."""
    started = launch()
    yield started
    if started.is_connected():
        started.close()


@pytest.fixture
def desk(centre: Centre, browser: Browser) -> Iterator[Callable[..., Desk]]:
    """Opens desks: ``desk("agent1")`` is that person signed in. At the end all are gone and it is quiet."""
    opened: list[Desk] = []

    def sit_down(who: str = "", *, context: BrowserContext | None = None, language: str = "zh-CN") -> Desk:
        place = context or browser.new_context(locale=language, viewport={"width": 1440, "height": 900})
        made = Desk(centre, place.new_page())
        opened.append(made)
        if who:
            made.sign_in(who)
        return made

    yield sit_down
    centre.hang_up_everybody()
    for made in opened:
        made.leave()
    centre.quiet()
