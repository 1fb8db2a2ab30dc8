"""The dated next steps of leads, and the first contact with those that wait for it, as entries of everybody's list of
work (apps/common/todo.py).

The rule of the file: what is told of a step stands in the lead's thread; taken back, it stays there and says so. Only a
first reaction cannot be taken back: its clock has stopped.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Least
from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.desks import dial
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.common.ringing import need
from dealerline.apps.common.todo import AT_MOST, Todo
from dealerline.apps.history import facade as history
from dealerline.apps.leads.logic import rows, work
from dealerline.apps.leads.models import Lead, LeadEvent, related
from dealerline.apps.organisation.facade import sales_line
from dealerline.apps.promises import facade as promises
from dealerline.domain.leads.moves import Actor, Move, State

NEAR = (Actor.OWNER, Actor.HELPER, Actor.LEAD)
FIRST = {"zh": "首次联系", "en": "First contact"}
AGAIN = {"zh": "再次联系", "en": "Try again"}
AGAIN_AFTER = timedelta(minutes=15)


def _todo(row: Lead, told: LeadEvent | None = None) -> Todo:
    """``told``: what finished the step, where it is done."""
    phones = row.customer.phones.all()
    number = phones[0].e164 if phones else ""
    step = told.data["step"] if told is not None else row.next_step
    due = datetime.fromisoformat(told.data["step_at"]) if told is not None else _due(row)
    model = row.model or (row.brand.text["zh"] if row.brand is not None else "")
    results = (*(("reached",) if number else ()), "done", *(("again",) if number else ())) if step else (
        "reached", "again")
    return Todo("lead", str(row.pk), row.store_id, {"zh": step, "en": step} if step else FIRST, due, row.need, number,
                row.owner_id, (row.customer_id, row.customer.name), model, f"/leads/{row.pk}", row.version, results,
                told.written_at if told is not None else None, told.data["result"] if told is not None else "",
                purpose=row.purpose)


def _due(row: Lead) -> datetime:
    """The reaction's clock or the next step, whichever comes first."""
    return min((at for at in (row.reaction_due, row.next_at) if at is not None), default=row.last_at)


def _open(person: Any) -> QuerySet[Lead]:
    found = Lead.objects.visible_to(person, rows.SEE).select_related(*related()).prefetch_related("customer__phones")
    planned = Q(state=State.ACTIVE, next_at__isnull=False) & ~Q(next_step="")
    return found.filter(planned | Q(state=State.WAITING)).order_by(Least("reaction_due", "next_at"))


def _told(person: Any) -> QuerySet[LeadEvent]:
    """What he told of steps and has not taken back, the newest first; also that nobody was reached."""
    found = LeadEvent.objects.visible_to(person, rows.SEE).filter(by=person.pk, data__has_keys=["step", "result"])
    found = found.exclude(data__step_at="")  # of a customer who was erased
    return found.exclude(data__has_key="undone").order_by("-written_at", "-id")


class Steps:
    """His own leads' steps and first contacts, and those of leads that his stores were given and nobody has."""

    def waiting(self, person: Any) -> Iterable[Todo]:
        mine = _open(person).filter(Q(owner=person.pk) | Q(owner=None, state=State.WAITING))
        return [_todo(row) for row in mine[:AT_MOST]]

    def finished(self, person: Any, since: datetime) -> Iterable[Todo]:
        newest: dict[int, LeadEvent] = {}
        for event in _told(person).filter(written_at__gte=since).exclude(data__result="again")[:AT_MOST]:
            newest.setdefault(event.lead_id, event)
        leads = Lead.objects.select_related(*related()).prefetch_related("customer__phones").in_bulk(list(newest))
        return [_todo(leads[pk], event) for pk, event in newest.items()]

    def one(self, person: Any, key: str) -> Todo:
        row = _access(person, key)
        if _open(person).filter(pk=row.pk).exists():
            return _todo(row)
        told = _told(person).filter(lead=row).exclude(data__result="again").first()
        if told is None:
            raise NotFound
        return _todo(row, told)

    def ring(self, person: Any, key: str) -> Todo:
        row = _access(person, key)
        if row.owner_id is not None and rows.actor(person, row) not in NEAR:
            raise NotAllowed
        todo = _todo(row)
        if not todo.number:
            raise Problem("no_number", "这位客户没有可拨打的号码。", "The customer has no number to ring.")
        need(person, todo.wish)  # before it is his for nothing
        if row.owner_id is None:
            row = work.claim(person, row)
        dial(person, todo.wish, sales_line(row.store_id))
        return self.one(person, key)

    def finish(self, person: Any, key: str, version: int, result: str, note: str) -> Todo:
        row = _access(person, key)
        told = _finish(person, row, version, result, note.strip())
        if result == "again":
            promises.remind_again(person, "lead", key)
            return self.one(person, key)
        return _todo(_access(person, key), told)

    def reopen(self, person: Any, key: str) -> Todo:
        _reopen(person, _access(person, key))
        return self.one(person, key)


def _access(person: Person, key: str) -> Lead:
    if not key.isdecimal() or len(key) > 18:
        raise NotFound
    return rows.access_lead(person, int(key))


@transaction.atomic
def _finish(person: Person, lead: Lead, version: int, result: str, note: str) -> LeadEvent:
    """Into the thread; unless he is tried again the lead then has no next step. Whoever finishes nobody's has it."""
    row = work.locked(person, lead, version)
    planned = bool(row.next_step) and row.next_at is not None and row.closed_at is None
    first = row.state == State.WAITING and not planned
    if not (planned or first):
        raise Problem("no_step", "这条线索已经没有下一步了。", "This lead has no next step any more.", status=409)
    if row.owner_id is None:
        work.claim(person, row)
        row = work.locked(person, lead)
    if rows.actor(person, row) not in NEAR:
        raise NotAllowed
    before, now = history.snapshot(row, work.KEPT), timezone.now()
    data: dict[str, Any] = {"step": row.next_step, "step_at": (_due(row) if first else row.next_at or now).isoformat(),
                            "result": result}
    if result != "done":
        data["reached"] = result == "reached"
        data["first"] = row.state == State.WAITING
        row.state = work.step(person, row, Move.REACT)
        if data["first"]:
            work.reacted(row, now)
    event = work.write_event(row, "note" if result == "done" else "call", person,
                             " · ".join(part for part in (row.next_step, note) if part), data=data)
    if result != "again":
        row.next_step, row.next_at = "", None
    elif first:  # his reaction it was; the next try is a step like others
        row.next_step = row.next_step or AGAIN["en" if person.language == "en" else "zh"]
        row.next_at = now + AGAIN_AFTER
    work.finish(row, before, person)
    return event


@transaction.atomic
def _reopen(person: Person, lead: Lead) -> None:
    """The step is the next one again. Raises Problem when another has been agreed meanwhile."""
    row = work.locked(person, lead)
    told = _told(person).filter(lead=row).first()
    if told is None:
        return
    if rows.actor(person, row) not in NEAR:
        raise NotAllowed
    again = told.data["result"] == "again"  # the step is still the next one, and the list shows it again
    if told.data.get("first") and not again:
        raise Problem("reacted", "这是首次跟进，计时已停，不能撤销；请在线索里写新的下一步。",
                      "That was the first reaction and its clock has stopped, so it cannot be undone: write a new next "
                      "step in the lead.", status=409)
    if not again and (row.next_step or row.closed_at is not None or row.state == State.POOL):
        raise Problem("wrong_state", "这条线索已有新的下一步，或已结束、已进公海。",
                      "This lead has another next step already, has ended, or is in the pool.", status=409)
    before = history.snapshot(row, work.KEPT)
    if not again:
        row.next_step, row.next_at = told.data["step"], datetime.fromisoformat(told.data["step_at"])
    if not told.data.get("first"):
        LeadEvent.objects.filter(pk=told.pk).update(data={**told.data, "undone": True})
    work.finish(row, before, person)
