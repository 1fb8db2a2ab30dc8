"""Shows a start as it goes: one line for each thing that is done, with the seconds since the command was typed."""

from __future__ import annotations

import os
import sys
import time

from dealerline.runtime.nodes import Job
from dealerline.runtime.supervisor import Report
from dealerline.runtime.texts import STATES, say

_EVERY = 5.0  # seconds between lines about the same long work


def began() -> float:
    """When the command was typed (seconds since the epoch), as the ``dealerline`` script noted it."""
    try:
        return float(os.environ["DEALERLINE_BEGAN"])
    except (KeyError, ValueError):
        return time.time()


class Progress:
    """A watcher for the supervisor that prints."""

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._began = began()
        self._last: dict[str, tuple[str, float]] = {}
        self.quiet = False

    def line(self, text: str) -> None:
        sys.stdout.write(f"[{time.time() - self._began:6.1f} s] {text}\n")
        sys.stdout.flush()

    def __call__(self, report: Report) -> None:
        state, name = report.state, report.node.title[self._lang]
        if state.state in ("waiting", "stopping", "stopped") or self.quiet:
            return
        note = f" · {state.note}" if state.note else ""
        if state.state == "working":
            # Numbers run on; the words before them tell whether it is still the same work.
            words = state.note.split(":")[0]
            before, at = self._last.get(report.node.name, ("", 0.0))
            if not words or (words == before and time.monotonic() - at < _EVERY):
                return
            self._last[report.node.name] = (words, time.monotonic())
            self.line(f"… {name}{note}")
        elif state.state in ("done", "healthy"):
            took = f" ({state.seconds:.1f} s)" if state.seconds >= 0.1 else ""
            if not isinstance(report.node, Job) and state.restarts:
                note += f" · #{state.restarts + 1}"
            self.line(f"✓ {name}{took}{note}")
        elif state.state != "starting":
            self.line(f"! {name}: {say(STATES[state.state], self._lang)}{note}")
