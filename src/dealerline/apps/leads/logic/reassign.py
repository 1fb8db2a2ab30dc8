"""All leads of somebody who left or is ill, given to colleagues at once: looked at first, done, and taken back.

The rule of the file: what is followed up goes on as it is, with its next step and without a clock, since nobody can
ring sixty customers within half an hour; what waits for its first reaction has its clock begin anew. A lead that
changed since somebody looked stays where it is and is told by name.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone

from dealerline.apps.accounts.facade import Person, names
from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.common.errors import NotFound
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.history import facade as history
from dealerline.apps.leads.logic import choices, telling
from dealerline.apps.leads.logic.rows import ASSIGN, draw
from dealerline.apps.leads.logic.work import KEPT, give, invalid, save, step, write_event
from dealerline.apps.leads.models import Lead, LeadEvent, related
from dealerline.domain.leads.moves import Move, State
from dealerline.domain.leads.sharing import share

HELD = (State.WAITING, State.ACTIVE)
AT_ONCE = 500
Left = dict[str, Any]


def owners(person: Person) -> list[dict[str, Any]]:
    """Who has how many open leads, in stores where the person assigns them; whoever left first."""
    found = (Lead.objects.visible_to(person, ASSIGN).filter(state__in=HELD, owner__isnull=False).order_by()
             .values("store", "owner", "owner__name", "owner__is_active").annotate(n=Count("pk")))
    rows = [{"store": row["store"], "person": {"id": row["owner"], "name": row["owner__name"]},
             "active": row["owner__is_active"], "leads": row["n"]} for row in found]
    return sorted(rows, key=lambda row: (row["active"], row["store"], -row["leads"], row["person"]["id"]))


def _theirs(person: Person, store: int, owner: int) -> ScopedQuerySet[Lead]:
    if not person.can(ASSIGN, store):
        raise NotFound
    return (Lead.objects.visible_to(person, ASSIGN).filter(store=store, owner=owner, state__in=HELD)
            .select_related(*related()).prefetch_related("customer__phones"))


def _known(store: int, owner: int, to: Iterable[int]) -> dict[int, str]:
    """The names of those who get some. Raises Problem where one may have no leads there."""
    people, wanted = choices.people_of(store), set(to)
    if not wanted or owner in wanted or not wanted <= people.keys():
        raise invalid("to", "请选择这家店里可以跟进线索的其他同事。",
                      "Choose others of that store who may have leads.")
    return {pk: people[pk] for pk in wanted}


def plan(person: Person, store: int, owner: int, to: Sequence[int]) -> list[dict[str, Any]]:
    """Who would get which lead, changing nothing: as many each, by when the next step is due."""
    people = _known(store, owner, to)
    found = _theirs(person, store, owner).order_by("reaction_due", F("next_at").asc(nulls_last=True), "pk")
    rows, now = list(found[:AT_ONCE]), timezone.now()
    return [{"lead": draw(person, row, now), "to": {"id": pk, "name": people[pk]}}
            for row, pk in zip(rows, share(len(rows), list(dict.fromkeys(to))), strict=True)]


@transaction.atomic
def reassign(person: Person, store: int, owner: int, wanted: dict[int, tuple[int, int]], note: str = ""
             ) -> tuple[uuid.UUID, int, list[Left]]:
    """``wanted``: lead -> (the version that was seen, who gets it). The batch, how many went, and what stayed."""
    people = _known(store, owner, {to for _, to in wanted.values()})
    rows = _theirs(person, store, owner).select_for_update(of=("self",)).order_by("pk").in_bulk(list(wanted))
    batch, now, left = uuid.uuid4(), timezone.now(), []
    got: Counter[int] = Counter()
    for pk, (version, to) in wanted.items():
        row = rows.get(pk)
        if row is None or row.version != version:
            left.append(_stays(person, pk, row))
            continue
        _give(person, row, to, now, {"batch": str(batch), "to": people[to]}, note)
        got[to] += 1
    _tell(person, store, got)
    if got and owner != person.pk:
        telling.tell([owner], f"{person.name} 把您的 {got.total()} 条线索交给了{'、'.join(people[pk] for pk in got)}。",
                     f"{person.name} gave {got.total()} of your leads to {', '.join(people[pk] for pk in got)}.")
    return batch, got.total(), left


def _give(person: Person, row: Lead, to: int, now: datetime, data: dict[str, Any], note: str = "") -> None:
    """The row is locked. What it was before goes into the thread, for the way back."""
    row.state = step(person, row, Move.REASSIGN)
    before, old = history.snapshot(row, KEPT), row.owner
    if row.state == State.WAITING:
        give(row, row.store_id, to, person, now)
    else:
        row.owner_id, row.handed_from_id, row.handed_from_store_id = to, person.pk, row.store_id
        row.handed_at = now
    row.version, row.last_at = row.version + 1, now
    save(row)
    row.helpers.remove(to)
    history.record(row, before, by=person, source="page", customer=row.customer_id, store=row.store_id)
    write_event(row, "handover", person, note.strip(), data={
        **data, "store": row.store.text, "from": old.name if old is not None else "",
        "was": old.pk if old is not None else None, "version": row.version})


def _stays(person: Person, pk: int, row: Lead | None) -> Left:
    """What was not touched; by name only where the person sees it."""
    row = row or Lead.objects.visible_to(person, ASSIGN).select_related("customer").filter(pk=pk).first()
    return {"lead": pk if row is not None else None, "customer": row.customer.name if row is not None else ""}


def _tell(person: Person, store: int, got: Counter[int]) -> None:
    for pk, count in got.items():
        if pk != person.pk:
            telling.tell([pk], f"{person.name} 把 {count} 条线索交给了您。",
                         f"{person.name} gave you {count} {'lead' if count == 1 else 'leads'}.")
    if got:
        tell_changed("lead", 0, store=store, by=person.pk)


@transaction.atomic
def undo(person: Person, batch: uuid.UUID) -> tuple[int, list[Left]]:
    """Back to who had them, but for what has changed since: that stays with who has it now."""
    events = {event.lead_id: event for event in LeadEvent.objects.visible_to(person, ASSIGN)
              .filter(kind="handover", data__batch=str(batch)).exclude(data__has_key="undone")}
    if not events:
        raise NotFound
    rows = Lead.objects.select_for_update(of=("self",)).select_related(*related()).order_by("pk").in_bulk(list(events))
    people = names({event.data["was"] for event in events.values()})
    now, left = timezone.now(), []
    back: dict[int, Counter[int]] = {}
    for pk, event in events.items():
        row, was = rows[pk], event.data["was"]
        if row.version != event.data["version"] or was not in people:
            left.append(_stays(person, pk, row))
            continue
        LeadEvent.objects.filter(pk=event.pk).update(data={**event.data, "undone": True})
        _give(person, row, was, now, {"to": people[was]})
        back.setdefault(row.store_id, Counter())[was] += 1
    for store, got in back.items():
        _tell(person, store, got)
    return sum(got.total() for got in back.values()), left
