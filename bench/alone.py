"""The switch alone: from the event that an agent's phone is free to the order to ring it, without an Asterisk.

With its real journal, so the disk counts where the order waits for it. It shows what a longer queue costs the switch;
what Asterisk needs, to play music to all who wait above all, is not in it.
"""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any

from bench.product import snapshot
from bench.report import spread
from dealerline.adapters.journal_spool import SpoolJournal
from dealerline.switch import memory
from dealerline.switch.engine import Engine
from dealerline.switch.media import Arrived, Back, Device, Gone, Inventory, Leg, PlayEnded


class Media(memory.Media):
    """Notes when a phone was to be rung."""

    rung: float = 0.0

    def ring(self, leg: Leg) -> None:
        self.rung = time.perf_counter()
        super().ring(leg)


def alone(folder: Path, greeting: Path, agents: int, waiting: int, wanted: int) -> dict[str, Any]:
    """A row of P1: ``wanted`` turns with ``waiting`` callers in the queue."""
    journal = SpoolJournal(folder / "spool", folder / "open.json")
    media = Media()
    directory = memory.Directory(snapshot(agents, greeting))
    engine = Engine(memory.Clock(), directory, journal, media, recordings=folder, min_free_mb=0)
    engine.handle(Back(Inventory({}, {})))
    numbers = itertools.count(1)

    def rings() -> None:
        channel = f"c{next(numbers)}"
        media.arrive(channel, ("in", "1000", "PJSIP/carrier-1"))
        engine.handle(Arrived(channel, ("in", "1000", "PJSIP/carrier-1")))
        for playback in [p for p, (on, _) in media.playing.items() if on == channel]:
            del media.playing[playback]
            engine.handle(PlayEnded(playback))

    def answer() -> list[str]:
        legs = [leg for leg in media.legs.values() if leg.channel in media.channels]
        for leg in legs:
            if media.channels[leg.channel].state == "Ringing":
                media.answer(leg.channel)
                engine.handle(Arrived(leg.channel, leg.args))
        return [leg.channel for leg in legs]

    for person in range(1, agents + 1):
        seat = engine.agents.hello(memory.Desk(person), "phone", "bench")
        engine.handle(Device(f"phone-{person}", True))
        engine.core.run(engine.agents.wish, seat, "ready", "")
    for _ in range(agents + waiting):
        rings()
    gaps: list[float] = []
    while len(gaps) < wanted:
        for channel in answer():
            media.lose(channel)
            media.orders.clear()
            began = time.perf_counter()
            engine.handle(Gone(channel, 16))
            gaps.append(media.rung - began)
            rings()
    journal.close()
    assert engine.core.metrics.errors == 0 and min(gaps) > 0
    return {"P1": "the switch alone", "agents": agents, "waiting": waiting, **spread(gaps[:wanted])}
