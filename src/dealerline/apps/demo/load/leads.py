"""Leads with their threads and hand-overs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dealerline.apps.demo.load.ledger import Ledger, table
from dealerline.apps.demo.load.organisation import Organisation
from dealerline.apps.demo.world.leads import Event, Lead, leads
from dealerline.apps.leads.facade import ensure_defaults
from dealerline.domain.contact import purpose_of_lead

REACTION = timedelta(minutes=30)


class Leads:
    """Loads all of them."""

    def __init__(self, ledger: Ledger, made: Organisation, customers: dict[int, int], now: datetime) -> None:
        self.ledger, self.made, self.customers, self.now = ledger, made, customers, now
        self.answers: list[tuple[Any, Event]] = []
        self.givers: dict[int, Any] = {}  # lead -> who assigned it

    def load(self, people: list[Any]) -> int:
        """How many."""
        ensure_defaults()
        stage, reason = table("leads.Stage"), table("leads.LostReason")
        rows = stage.objects.filter(brand=None)
        self.stages = [*rows.filter(kind="open"), *rows.filter(kind="won")[:1], *rows.filter(kind="lost")[:1]]
        self.reasons = list(reason.objects.all())
        found = leads(people)
        made = [self._lead(one) for one in found]
        self.ledger.add(made)
        self.ledger.add([self._handover(one, row) for one, row in zip(found, made, strict=True)])
        self.ledger.add([event for one, row in zip(found, made, strict=True) for event in self._thread(one, row)])
        event = table("leads.LeadEvent")
        self.ledger.add([event(lead=asked.lead, kind="answer", at=asked.at + timedelta(minutes=25),
                               written_at=asked.at + timedelta(minutes=25), by=self.givers[asked.lead.pk],
                               text=one.answer, answers=asked,
                               data={"granted": True, "what": "discount", "amount": one.data["amount"]})
                         for asked, one in self.answers])
        return len(made)

    def at(self, hours: float) -> datetime:
        """That long before or after now; by day, for nobody sells cars at night."""
        moment = timezone.localtime(self.now + timedelta(hours=hours))
        if hours > -12:
            ahead = moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)
            return moment if hours < 0 else ahead.replace(hour=9 + ahead.hour % 9)
        back = timedelta(days=1) if moment.hour < 9 else timedelta()
        return moment.replace(hour=9 + moment.hour % 9) - back

    def _person(self, login: str) -> Any:
        return self.made.people[login] if login else None

    def _stage(self, place: int) -> Any:
        """The shipped stages in order; where the group has fewer, the nearest."""
        if place >= 6:
            return self.stages[place - 8]
        return self.stages[min(place, len(self.stages) - 3)]

    def _lead(self, one: Lead) -> Any:
        created = self.at(one.created)
        waits = one.state == "waiting"
        last = max([one.created, *(event.at for event in one.events)])
        return table("leads.Lead")(
            customer_id=self.customers[one.customer], store=self.made.stores[one.store], origin=one.origin,
            origin_note=one.origin_note, purpose=purpose_of_lead(one.origin),
            brand=self.made.brands[one.brand], model=one.model,
            budget_from=int(one.price * 0.9 // 10_000 * 10_000), budget_to=int(one.price * 1.1 // 10_000 * 10_000),
            intention=one.intention, need=one.need, stage=self._stage(one.stage), state=one.state,
            owner=self._person(one.owner), next_step=one.next_step,
            next_at=self.at(one.next_at) if one.next_at is not None else None, handed_at=created,
            handed_from=self._person(one.giver),
            handed_from_store=self.made.stores[one.from_store] if one.from_store else None,
            reaction_due=created + REACTION if waits else None,
            reacted_at=created + timedelta(minutes=one.reaction) if one.reaction is not None else None,
            pooled_at=self.at(-3) if one.state == "pool" else None,
            pool_reason="" if one.state != "pool" else "no_reaction" if one.reaction is None else "overdue",
            lost_reason=self.reasons[one.reason % len(self.reasons)] if one.reason is not None else None,
            created_by=self._person(one.giver), created_at=created, last_at=self.at(last),
            closed_at=self.at(last / 2) if one.state in ("won", "lost") else None)

    def _handover(self, one: Lead, row: Any) -> Any:
        self.givers[row.pk] = self._person(one.giver)
        due = row.created_at + REACTION
        lapsed = one.state == "pool" and one.reaction is None
        return table("leads.Handover")(
            lead=row, at=row.created_at, by=self._person(one.giver), store=row.store,
            person=self._person(one.holder),
            from_store=row.handed_from_store, due_at=due, reacted_at=row.reacted_at,
            seconds=one.reaction * 60 if one.reaction is not None else None,
            ended_at=row.reacted_at or (due if lapsed else None))

    def _thread(self, one: Lead, row: Any) -> list[Any]:
        event = table("leads.LeadEvent")
        found = [event(lead=row, kind="created", at=row.created_at, written_at=row.created_at,
                       by=self._person(one.giver), text=one.need, data={"origin": one.origin})]
        for step in one.events:
            asked = event(lead=row, kind=step.kind, at=self.at(step.at), written_at=self.at(step.at),
                          by=self._person(step.by), text=step.text, data=step.data, place=step.place, state=step.state)
            found.append(asked)
            if step.answer:
                self.answers.append((asked, step))
        if one.state in ("won", "lost"):
            kind = self._stage(one.stage)
            found.append(event(lead=row, kind="stage", at=row.closed_at, written_at=row.closed_at,
                               by=self._person(one.owner), data={
                                   "from": self._stage(4).text, "to": kind.text, "kind": kind.kind,
                                   "reason": row.lost_reason.text if row.lost_reason is not None else None}))
        if one.state == "pool":
            found.append(event(lead=row, kind="pool", at=row.pooled_at, written_at=row.pooled_at,
                               data={"why": row.pool_reason, "from": ""}))
        return found
