"""Breaks that a lead has to consent to: who asks, who is told, and what becomes of it.

Rules of the file. A request is kept with the seat, ends once (``domain.consent``), and both its beginning and its end
are facts. The leads of his store are told at once and may grant or refuse it; whoever leads there himself asks nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dealerline.domain import consent, presence
from dealerline.switch import texts
from dealerline.switch.core import Core
from dealerline.switch.directory import BusyReason
from dealerline.switch.model import Refused, Seat

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine


class Consents:
    """All requests."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    def needed(self, seat: Seat, reason: BusyReason) -> bool:
        """Whether he has to ask for it."""
        return reason.needs_consent and not self._leads(seat.person, seat.person)

    def _leads(self, lead: int, person: int) -> bool:
        try:
            self.engine.supervising.right_over(lead, person)
        except Refused:
            return False
        return True

    def leads_there(self, person: int) -> int:
        """How many who could answer have a page open now."""
        there = (s for s in self.core.seats.values() if s.desk is not None and s.person != person)
        return sum(self._leads(seat.person, person) for seat in there)

    def ask(self, seat: Seat, reason: BusyReason) -> None:
        """He wants to go for that reason. Asked again, nothing changes. Raises Refused."""
        if seat.request is not None and seat.request.reason == reason.code:
            return
        if seat.presence.state not in consent.MAY_ASK:
            raise Refused("ask_later")
        self.over(seat, "other_wish")
        seat.request = consent.Request(seat.person, reason.code, self.core.now, reason.minutes)
        self.core.fact("consent.asked", person=seat.person, agent=seat.person, reason=reason.code)
        self.core.touch_seat(seat)
        self.core.requests_changed()

    def answer(self, lead: Seat, person: int, grant: bool) -> None:
        """A lead decides. Raises Refused."""
        self.engine.supervising.right_over(lead.person, person)
        seat = self.core.seats.get(person)
        request = seat.request if seat is not None else None
        if seat is None or request is None:
            raise Refused("no_request")
        self.over(seat, "grant" if grant else "refuse", lead.person)
        name = self.core.lookup.people[lead.person].name
        self.engine.notice(person, texts.told("granted" if grant else "refused", name), "info" if grant else "warning")
        if grant:
            seat.text = None
            self.engine.agents.event(seat, presence.WantsBusy(request.reason, request.minutes))

    def over(self, seat: Seat, event: str, by: int = 0) -> None:
        """What happened may end his request: told and noted, once."""
        request, result = seat.request, consent.end(event)
        if request is None or not result:
            return
        seat.request = None
        more = {"by": by} if by else {}
        self.core.fact(
            "consent.ended",
            person=seat.person,
            agent=seat.person,
            reason=request.reason,
            result=result,
            cause=event,
            **more,
        )
        if event in texts.WITHDRAWN:
            self.engine.notice(seat.person, texts.WITHDRAWN[event])
        self.core.touch_seat(seat)
        self.core.requests_changed()

    def configured(self, seat: Seat) -> None:
        """The configuration changed: there may be nothing to consent to any more."""
        known = self.core.lookup.reasons.get(seat.request.reason) if seat.request is not None else None
        if seat.request is not None and (known is None or not known.needs_consent):
            self.over(seat, "reason_gone")

    def open_for(self, lead: int, stores: frozenset[int]) -> list[dict[str, Any]]:
        """The open requests of these stores, the oldest first, for their leads."""
        found = []
        for seat in self.core.seats.values():
            person = self.core.lookup.people.get(seat.person)
            if seat.request is None or person is None or person.store not in stores or person.id == lead:
                continue
            row = {"person": person.id, "name": person.name, "store": person.store, "state": seat.presence.state}
            found.append({**row, "reason": seat.request.reason, "since": seat.request.since})
        return sorted(found, key=lambda each: (each["since"], each["person"]))
