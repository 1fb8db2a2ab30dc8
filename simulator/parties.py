"""One simulated person on one telephone call: what he knows, what he hears, what happened to him."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.script import Step

# Facts of the centre's journal that mean a caller has got somewhere: (kind, needed data) -> stage.
STAGES: dict[str, str] = {
    "flow.prompt": "greeting",
    "queue.entered": "queue",
    "offer.made": "offered",
    "talk.started": "talking",
    "voicemail.started": "voicemail",
}
UNDONE: dict[str, tuple[str, ...]] = {
    "queue.returned": ("offered", "talking"),
    "talk.ended": ("talking",),
    "offer.ended": ("offered",),
}
MOST_EVENTS = 2000  # remembered of one call: a caller in a queue for hours hears music begin and end
MENU_NODES = ("menu", "language")


@dataclass
class Party:
    """``role``: ``caller`` (he rang the centre) or ``called`` (the centre rang him). ``number`` is his own."""

    id: str
    role: str
    number: str
    other: str
    steps: tuple[Step, ...]
    channel: str
    behaviour: str = ""
    hang_up_at: str = ""
    language: str = "zh"
    state: str = "dialling"  # dialling | ringing | up | ended
    cause: int = 0  # Q.850, once ended
    ended_by: str = ""  # himself | centre | carrier
    began: float = field(default_factory=time.time)
    ended: float = 0.0
    call: str = ""  # the centre's id of the call, once its journal told
    events: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    hears: bool = False
    sounds: int = 0  # how many times something began to be heard
    reached: set[str] = field(default_factory=set)
    tone: str = ""  # what he hums while he does nothing else
    tone_playback: str = ""
    finished_playbacks: set[str] = field(default_factory=set)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def live(self) -> bool:
        return self.state != "ended"

    def note(self, name: str, /, **data: Any) -> None:
        """Write down that something happened, and wake whoever waits for it."""
        if len(self.events) < MOST_EVENTS or name == "ended":
            self.events.append((round(time.time() - self.began, 3), name, data))
        self._changed.set()

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until ``holds()`` or the call's end or so many seconds; True when it holds."""
        deadline = time.monotonic() + seconds
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0 or not self.live:
                return False
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                return holds()
        return True

    def fact(self, fact: dict[str, Any]) -> None:
        """The centre's journal says something about this call."""
        kind, data = str(fact.get("kind", "")), fact.get("data") or {}
        stage = STAGES.get(kind, "")
        if kind == "flow.node" and data.get("kind") in MENU_NODES:
            stage = "menu"
        if stage:
            self.reached.add(stage)
        self.reached.difference_update(UNDONE.get(kind, ()))
        self.note(f"centre.{kind}", **({"stage": stage} if stage else {}))

    def view(self, full: bool = False) -> dict[str, Any]:
        """What the control service shows of him."""
        view: dict[str, Any] = {
            "id": self.id, "role": self.role, "number": self.number, "other": self.other, "behaviour": self.behaviour,
            "state": self.state, "cause": self.cause, "ended_by": self.ended_by, "began": self.began,
            "ended": self.ended or None, "call": self.call, "hears": self.hears, "stages": sorted(self.reached),
        }
        if full:
            view["events"] = [{"at": at, "name": name, "data": data} for at, name, data in self.events]
        return view
