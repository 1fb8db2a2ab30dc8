"""Whether people are at their desks: pages that are heard of, and pages that say nobody is there.

Rules of the file. A page of a browser promises how often it will be heard (``beat``). One that is not heard of for
twice that time and a second sleeps, or its network is gone, though its socket may look whole for long: its person is
``away`` before a caller is offered to him, and ready again with its next word. When the switch itself was held up, the
silence was its own, and nobody is away. A telephone rings whatever the page does, so of telephones this is not asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dealerline.domain import presence
from dealerline.switch import texts
from dealerline.switch.core import Core
from dealerline.switch.model import Seat
from dealerline.switch.ports import Desk

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

EVERY = 1.0


class Watching:
    """All pages' heartbeats."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine
        self._looked = 0.0

    def start(self) -> None:
        """Look once a second from now on."""
        self._looked = self.core.now
        self.core.later(EVERY, self._look)

    def late(self, seat: Seat) -> bool:
        """Whether his page should have been heard of by now."""
        if not seat.beat or seat.device != "browser":
            return False
        return self.core.now - seat.heard > 2 * seat.beat + 1

    def _look(self) -> None:
        now = self.core.now
        slept, self._looked = now - self._looked > 2 * EVERY, now
        self.core.later(EVERY, self._look)
        for seat in self.core.seats.values():
            if slept:
                seat.heard = now  # whatever they said waits to be read
            elif seat.presence.state == "ready" and seat.desk is not None and self.late(seat):
                self.engine.agents.event(seat, presence.GoesAway("asleep"))

    def heard(self, desk: Desk) -> None:
        """Some word of that page came in."""
        seat = self.core.seats.get(desk.person)
        if seat is None or seat.desk is not desk:
            return
        late, seat.heard = self.late(seat), self.core.now
        if seat.presence.state == "away" and seat.presence.reason == "asleep":
            self.core.run(self._wakes, seat)
        elif late and seat.presence.state == "ready":
            self.core.run(self.engine.agents.sync, seat)

    def _wakes(self, seat: Seat) -> None:
        slept = self.core.now - seat.presence.since
        self.engine.agents.event(seat, presence.Returns())
        self.engine.notice(seat.person, texts.woke(slept))

    def present(self, seat: Seat, there: bool, why: str) -> None:
        """The page says whether somebody is at it (``why`` not: idle or locked)."""
        state = seat.presence.state
        if there and state == "away":
            self.engine.agents.event(seat, presence.Returns())
        elif not there and (state == "ready" or (state == "away" and seat.presence.reason != why)):
            self.engine.agents.event(seat, presence.GoesAway(why))
