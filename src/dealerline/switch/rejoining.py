"""Back into a conversation that goes on: for an agent who left it, or lost it with his page.

Rules of the file. Who may come back is kept on the call (``left``), which of his calls it is on his seat; both end with
the conversation. Whoever was sent out, or whose call a lead took over, may not; a locked conversation stays locked. His
own phone is rung, answers by itself, and is an invitation like any other: he is a talker of the main room again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dealerline.domain import conversation as talk
from dealerline.domain import presence
from dealerline.domain.conversation import IllegalVerb, transfer
from dealerline.switch import callview
from dealerline.switch.core import Core
from dealerline.switch.model import SPEAKING, Attempt, Call, Phase, Refused, Seat
from dealerline.switch.targets import Target

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

REASONS = frozenset({"hung_up", "lost", "unwatched"})  # for which he may come back


class Rejoining:
    """Everybody who may come back to something."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    def left(self, call: Call, person: int, reason: str) -> None:
        """An agent is out of a conversation that goes on."""
        if not person or call.ended:
            return
        self.engine.agents.seat(person)  # after a restart there may be none yet
        if reason in REASONS:
            call.left.add(person)
        else:
            call.left.discard(person)
        self._knows(call, person)

    def back(self, call: Call, person: int) -> None:
        """He talks in it again."""
        call.left.discard(person)
        self._knows(call, person)

    def take_up(self, call: Call) -> None:
        """The switch was restarted: the people of that call know it again."""
        for person in call.left:
            self.engine.agents.seat(person)
            self._knows(call, person)

    def over(self, call: Call) -> None:
        """There is nothing to come back to any more."""
        people, call.left = call.left, set()
        for person in people:
            self._knows(call, person)

    def _knows(self, call: Call, person: int) -> None:
        seat = self.core.seats.get(person)
        if seat is None:
            return
        if person in call.left:
            seat.rejoin = call
        elif seat.rejoin is call:
            seat.rejoin = None
        self.core.touch_seat(seat)

    @staticmethod
    def _goes_on(call: Call) -> bool:
        return not call.ended and call.phase in SPEAKING | {Phase.FORWARDING} and bool(call.talk.parties)

    def offer(self, seat: Seat) -> dict[str, Any] | None:
        """What his page may offer him: the call, its number as he may see it, and who is on it."""
        call = seat.rejoin
        if call is None or not self._goes_on(call) or (seat.call is not None and not seat.call.ended):
            return None
        line = self.core.lookup.lines.get(call.line)
        people = [self.core.lookup.people.get(leg.person) for leg in call.speakers if leg.person]
        return {
            "call": call.id,
            "number": callview.number_of(call, self.core.lookup.people.get(seat.person)),
            "line_name": line.name if line is not None else {"zh": "", "en": ""},
            "people": [person.name for person in people if person is not None],
        }

    def rejoin(self, seat: Seat, call_id: str) -> None:
        """Ring him for that conversation. Raises Refused."""
        call = seat.rejoin
        if call is None or call.id != call_id:
            raise Refused("forbidden" if call_id in self.core.calls else "no_call")
        if seat.call is not None and not seat.call.ended:
            raise Refused("in_call")
        if not self._goes_on(call):
            raise Refused("not_now")
        try:
            talk.may_join(call.talk, f"person {seat.person}")
        except IllegalVerb as error:
            raise Refused(error.code) from error
        if not self.core.media_here:
            raise Refused("media_away")
        if seat.desk is None or not self.engine.agents.reachable(seat):
            raise Refused("no_phone")
        if not self.engine.agents.can(seat, presence.Rejoin("")):
            raise Refused("bad_state")
        person = self.core.lookup.people[seat.person]
        attempt = Attempt(transfer.State.INVITING, "rejoin", person.id, "person", str(person.id), person.name)
        self.engine.bringing.ring(call, Target("person", str(person.id), person.name, seat), attempt)
