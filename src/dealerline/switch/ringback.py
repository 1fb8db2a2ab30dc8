"""The tone that tells who asks for a colleague that his phone rings.

Rules of the file. It is heard only by one who is alone in his room, and never while he is moved: the media engine waits
with a move for the end of what is played to that channel, and with all orders after it. A tone has no end.
"""

from __future__ import annotations

from dealerline.domain import conversation as talk
from dealerline.domain.conversation.transfer import State as At
from dealerline.switch.core import Core
from dealerline.switch.model import Attempt, Call


class Ringback:
    """The tones of all who ask."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def tell(self, call: Call, attempt: Attempt, on: bool = True) -> None:
        """The one who asks hears that it rings, as long as there is nobody else for him to hear."""
        if attempt.ringback:
            self.core.do(self.core.media.stop_play, attempt.ringback)
            attempt.ringback = ""
        if on and attempt.state is At.ASKING and self._alone_in(call, call.layout, attempt.by):
            asks = call.leg_of(attempt.by)
            assert asks is not None
            call.plays += 1
            attempt.ringback = f"{asks.channel}-p{call.plays}"
            self.core.do(self.core.media.play, asks.channel, attempt.ringback, ["tone:ring"])

    @staticmethod
    def _alone_in(call: Call, layout: talk.Layout, person: int) -> str:
        """The room in which nobody is with that person; nothing when somebody is, or he is in none."""
        leg = call.leg_of(person)
        room = layout.room_of(leg.channel) if leg is not None else ""
        return room if room and len(layout.rooms[room]) == 1 else ""

    def about_to_change(self, call: Call, target: talk.Layout) -> None:
        """Whoever hears that it rings does not, before he goes elsewhere or somebody comes: the media engine would wait
        with a move for the end of what is played, and with all orders after it.
        """
        for attempt in self._asked(call):
            room = self._alone_in(call, call.layout, attempt.by)
            if attempt.ringback and (not room or room != self._alone_in(call, target, attempt.by)):
                self.tell(call, attempt, on=False)

    def quiet(self, call: Call, person: int) -> None:
        """He hears no ringing any more: he is about to be moved."""
        for attempt in self._asked(call):
            if attempt.by == person:
                self.tell(call, attempt, on=False)

    def changed(self, call: Call) -> None:
        """Everybody is where he shall be: who asks and is alone hears that it rings."""
        for attempt in self._asked(call):
            if not attempt.ringback:
                self.tell(call, attempt)

    @staticmethod
    def _asked(call: Call) -> list[Attempt]:
        return [leg.attempt for leg in call.others.values() if leg.attempt is not None and leg.attempt.by]
