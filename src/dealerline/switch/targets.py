"""Whom a call can be handed to: what a page asks for becomes a phone to ring, a queue or a line, or a reason why not.

The rule of the file: nothing is changed here. Whoever cannot be rung is refused in words before anything happens to
the customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dealerline.domain import numbers, presence
from dealerline.switch.core import Core
from dealerline.switch.directory import Line, Queue
from dealerline.switch.model import AgentLeg, Call, Refused, Seat

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

LEADS = frozenset({"shift_lead", "store_manager", "group_manager"})


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to ring: a colleague or a number outside."""

    kind: str  # person|number
    ref: str
    name: str
    seat: Seat | None = None
    endpoint: str = ""


class Targets:
    """Looks up in the directory and among the seats."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    def find(self, call: Call, by: AgentLeg, wanted: dict[str, Any]) -> Target:
        """The colleague or number to ring. Raises Refused."""
        kind = wanted.get("kind")
        if kind == "number":
            return self._number(call, str(wanted.get("number", "")))
        if kind == "queue":
            seat = self._first_free(call, self.queue(wanted))
        elif kind == "person" and isinstance(wanted.get("id"), int):
            seat = self._colleague(call, by, wanted["id"])
        else:
            raise Refused("bad_message")
        person = self.core.lookup.people[seat.person]
        return Target("person", str(seat.person), person.name, seat)

    def _colleague(self, call: Call, by: AgentLeg, person: int) -> Seat:
        if person == by.person:
            raise Refused("oneself")
        if call.leg_of(person) is not None:
            raise Refused("in_it_already")
        seat = self.core.seats.get(person)
        known = seat is not None and person in self.core.lookup.people
        if seat is None or not known or not self.can_be_rung(seat) or seat.presence.state == "wrap":
            raise Refused("target_away" if seat is None or seat.call is None else "target_busy")
        return seat

    def can_be_rung(self, seat: Seat) -> bool:
        """Whether a colleague may ring him now."""
        return (
            seat.desk is not None
            and (seat.call is None or seat.call.ended)
            and self.engine.agents.can(seat, presence.Summon(""))
            and self.engine.agents.reachable(seat)
        )

    def _first_free(self, call: Call, queue: Queue) -> Seat:
        """The one of this queue who has been ready longest."""
        seats = [self.core.seats[p] for p in queue.agents if p in self.core.seats]
        free = [
            s
            for s in seats
            if s.presence.state == "ready" and self.engine.agents.usable(s) and not call.leg_of(s.person)
        ]
        if not free:
            raise Refused("nobody_free")
        return min(free, key=lambda s: s.presence.since)

    def _number(self, call: Call, raw: str) -> Target:
        line = self.core.lookup.lines.get(call.line)
        endpoint = self.engine.outside.endpoint_for(line, call.carrier, raw)
        if not endpoint:
            raise Refused("bad_number")
        number = numbers.e164(raw)
        customer = call.to_number if call.direction == "out" else call.from_number
        there = [customer, *(leg.number for leg in call.legs_all if leg.number)]
        if any(other and numbers.significant(other) == numbers.significant(number) for other in there):
            raise Refused("in_it_already")
        if numbers.significant(number) in self.core.lookup.by_number:
            raise Refused("own_number")  # it would come back to us as a new call, for ever in the worst case
        return Target("number", number, "", None, endpoint)

    def queue(self, wanted: dict[str, Any]) -> Queue:
        """The queue that is meant. Raises Refused."""
        number = wanted.get("id")
        queue = self.core.lookup.queues.get(number) if isinstance(number, int) else None
        if queue is None:
            raise Refused("bad_message")
        return queue

    def line(self, wanted: dict[str, Any]) -> Line:
        """The line that is meant. Raises Refused."""
        number = wanted.get("id")
        line = self.core.lookup.lines.get(number) if isinstance(number, int) else None
        if line is None:
            raise Refused("bad_message")
        return line

    def leads(self, seat: Seat, store: int) -> bool:
        """Whether this person leads at that store."""
        person = self.core.lookup.people.get(seat.person)
        return person is not None and store in person.stores and bool(LEADS & set(person.roles))
