"""What waits in threads for somebody's answer, in everybody's list of work (apps/common/todo.py): a discount that was
asked for, the wish to have a lead.

It is in the list of each who may answer and belongs to that store, and gone from all of them once one did; for those
above the stores it is nobody's yet. What it was answered stands in the lead's thread and cannot be taken back: who
asked has been told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from dealerline.apps.common.errors import NotFound, Problem
from dealerline.apps.common.todo import AT_MOST, Todo
from dealerline.apps.leads.logic import rows, thread, work
from dealerline.apps.leads.models import LeadEvent

RELATED = ("by", "lead__customer", "lead__brand", "lead__store")


def _title(event: LeadEvent) -> dict[str, str]:
    who = event.by.name if event.by is not None else ""
    if event.kind == "ask":
        return {"zh": f"{who} 申请接手线索", "en": f"{who} asks to have the lead"}
    amount = f"{event.data.get('amount') or 0:,}"
    return {"zh": f"{who} 申请优惠 {amount} 元", "en": f"{who} asks for CNY {amount} off"}


def _todo(event: LeadEvent, owner: int | None, answer: LeadEvent | None = None) -> Todo:
    lead = event.lead
    brand = lead.brand.text["zh"] if lead.brand is not None else ""
    return Todo("lead_ask", str(event.pk), lead.store_id, _title(event), work.due(lead.store_id, event.written_at),
                event.text, "", owner, (lead.customer_id, lead.customer.name), f"{brand} {lead.model}".strip(),
                f"/leads/{lead.pk}", 1, ("granted", "refused"), answer.written_at if answer is not None else None,
                ("granted" if answer.data["granted"] else "refused") if answer is not None else "")


def _answerable(person: Any) -> QuerySet[LeadEvent]:
    """What he may answer: of stores whose leads he assigns, and wishes for his own leads; nothing he asked himself."""
    mine = LeadEvent.objects.visible_to(person, rows.SEE).filter(kind="ask", lead__owner=person.pk)
    stores = LeadEvent.objects.visible_to(person, rows.ASSIGN)
    found = LeadEvent.objects.filter(Q(pk__in=mine.values("pk")) | Q(pk__in=stores.values("pk")))
    return (found.filter(kind__in=("discount", "ask"), state="open", lead__closed_at=None).exclude(by=person.pk)
            .select_related(*RELATED))


class Asks:
    """See the module."""

    def _owner(self, person: Any, event: LeadEvent) -> int | None:
        own = event.lead.owner_id == person.pk if event.kind == "ask" else False
        return person.pk if own or event.lead.store_id == person.store_id else None

    def waiting(self, person: Any) -> Iterable[Todo]:
        return [_todo(event, self._owner(person, event)) for event in _answerable(person).order_by("at")[:AT_MOST]]

    def finished(self, person: Any, since: datetime) -> Iterable[Todo]:
        found = LeadEvent.objects.visible_to(person, rows.SEE).filter(kind="answer", by=person.pk)
        found = found.filter(written_at__gte=since).exclude(answers=None)
        found = found.select_related(*(f"answers__{name}" for name in RELATED))
        return [_todo(reply.answers, person.pk, reply) for reply in found.order_by("-written_at")[:AT_MOST]
                if reply.answers is not None]

    def one(self, person: Any, key: str) -> Todo:
        event = self._access(person, key)
        reply = LeadEvent.objects.filter(answers=event).first()
        if reply is None and not _answerable(person).filter(pk=event.pk).exists():
            raise NotFound
        return _todo(event, self._owner(person, event), reply)

    def _access(self, person: Any, key: str) -> LeadEvent:
        if not key.isdecimal() or len(key) > 18:
            raise NotFound
        found = LeadEvent.objects.visible_to(person, rows.SEE).filter(pk=int(key), kind__in=("discount", "ask"))
        event = found.select_related(*RELATED).first()
        if event is None:
            raise NotFound
        return event

    def ring(self, person: Any, key: str) -> Todo:
        self.one(person, key)
        raise Problem("no_number", "批复申请不需要拨打电话。", "There is nobody to ring for this.")

    def finish(self, person: Any, key: str, version: int, result: str, note: str) -> Todo:
        event = self._access(person, key)
        reply = thread.answer(person, rows.access_lead(person, event.lead_id), event, result == "granted", note, None)
        return _todo(event, self._owner(person, event), reply)

    def reopen(self, person: Any, key: str) -> Todo:
        if (found := self.one(person, key)).done_at is None:
            return found
        raise Problem("answered", "批复已经告知申请人，不能撤销；可以在线索里另写说明。",
                      "Who asked has been told, so the answer cannot be taken back: write into the lead instead.",
                      status=409)
