"""What the switch is only told, and nobody waits for: one thread a process posts it, one thing after the other.

The rules of the file. Whoever tells goes on at once. Equal things that still wait are one. A switch that is away costs
what it would have been told, never the memory of this process or somebody's time: at most ``MOST`` wait, what comes
then is dropped, counted and said in the log.
"""

from __future__ import annotations

import atexit
import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from dealerline.apps.common.live import ask_switch

log = logging.getLogger(__name__)

MOST = 1000
GOODBYE_SECONDS = 1.0


class Outgoing:
    """A queue with one thread, which begins with the first thing told. ``post`` must not raise."""

    def __init__(self, post: Callable[[str, dict[str, Any]], object], most: int = MOST) -> None:
        self._post, self._most = post, most
        self._changed = threading.Condition()
        self._waiting: dict[str, tuple[str, dict[str, Any]]] = {}  # in the order in which they came
        self._thread: threading.Thread | None = None
        self._closed = False
        self.dropped = 0

    def tell(self, path: str, body: Mapping[str, Any]) -> None:
        """Have it posted soon."""
        what = json.dumps([path, body], sort_keys=True)
        with self._changed:
            if self._closed or (len(self._waiting) >= self._most and what not in self._waiting):
                self._drop()
                return
            self._waiting.setdefault(what, (path, dict(body)))
            if self._thread is None or not self._thread.is_alive():  # none lives on in a forked process
                self._thread = threading.Thread(target=self._work, name="outgoing", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self, seconds: float = GOODBYE_SECONDS) -> None:
        """Post what waits, for so long at most; what is told from now on is dropped."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _drop(self) -> None:
        self.dropped += 1
        if self.dropped.bit_count() == 1:  # the first, the second, the fourth, ...: a long outage is no long log
            log.warning("news for the switch were dropped, %d so far: it does not take them", self.dropped)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                path, body = self._waiting.pop(next(iter(self._waiting)))
            self._post(path, body)


_switch = Outgoing(lambda path, body: ask_switch(path, "POST", body))
tell_switch = _switch.tell
atexit.register(_switch.close)
