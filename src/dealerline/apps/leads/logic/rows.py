"""Leads found and drawn: whoever may see a store's leads sees all of them; for others there are none."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from dealerline.apps.accounts.facade import Person, sees_numbers
from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.common.errors import NotFound
from dealerline.apps.leads.logic import choices
from dealerline.apps.leads.models import Handover, Lead, LeadEvent, LeadPhoto, Stage, StageKind, related
from dealerline.domain import numbers
from dealerline.domain.leads.moves import Actor, Move, State, actor_of, may

SEE, EDIT, ASSIGN = "leads.view", "leads.edit", "leads.assign"
OPEN_STATES = (State.WAITING, State.ACTIVE, State.POOL)
A_COLUMN = 40  # cards of a stage that the board draws at once
THREAD = 100  # entries of a thread that are read with a lead
RECENT_DAYS = 30  # how long the board shows what was won or lost


def access_lead(person: Person, lead: int) -> Lead:
    """The lead, if it is of a store whose leads he sees. Raises NotFound."""
    row = Lead.objects.visible_to(person, SEE).select_related(*related()).filter(pk=lead).first()
    if row is None:
        raise NotFound
    return row


def actor(person: Person, row: Lead) -> Actor | None:
    """What the person is to that lead. Until somebody takes it, it is his who made it: he fills it in and gives it."""
    made = row.owner_id is None and row.state == State.WAITING and row.created_by_id == person.pk
    return actor_of(owner=made or row.owner_id == person.pk, helper=row.helpers.filter(pk=person.pk).exists(),
                    assigns=person.can(ASSIGN, row.store_id), edits=person.can(EDIT, row.store_id))


def _text(row: Any) -> dict[str, Any] | None:
    return {"id": row.pk, "name": row.text} if row is not None else None


def _who(row: Any) -> dict[str, Any] | None:
    return {"id": row.pk, "name": row.name} if row is not None else None


def draw(person: Person, row: Lead, now: datetime | None = None) -> dict[str, Any]:
    """A lead as the lists see it. The customer's number is masked by role."""
    now = now or timezone.now()
    late = row.state == State.WAITING and row.reaction_due is not None and row.reaction_due < now
    phones = row.customer.phones.all()
    number = phones[0].e164 if phones else ""
    return {
        "id": row.pk, "version": row.version, "store": row.store_id, "state": row.state, "late": late,
        "customer": {"id": row.customer_id, "name": row.customer.name, "title": row.customer.title,
                     "seen": row.customer.store_id in person.stores_for("customers.view")},
        "number": number if sees_numbers(person, row.store_id) else numbers.masked(number),
        "origin": row.origin, "origin_note": row.origin_note, "call": row.call, "brand": _text(row.brand),
        "model": row.model, "budget_from": row.budget_from, "budget_to": row.budget_to, "intention": row.intention,
        "wants_by": row.wants_by, "need": row.need, "stage": choices.as_json(row.stage), "owner": _who(row.owner),
        "next_step": row.next_step, "next_at": row.next_at, "purpose": row.purpose,
        "step_late": row.state in OPEN_STATES and row.next_at is not None and row.next_at < now,
        "handed_at": row.handed_at, "handed_from": _who(row.handed_from),
        "handed_from_store": row.handed_from_store.text if row.handed_from_store is not None else None,
        "reaction_due": row.reaction_due, "reacted_at": row.reacted_at, "pooled_at": row.pooled_at,
        "pool_reason": row.pool_reason, "lost_reason": _text(row.lost_reason), "lost_note": row.lost_note,
        "order": {"id": row.order.pk, "name": row.order.number} if row.order is not None else None,
        "last_at": row.last_at, "created_at": row.created_at, "closed_at": row.closed_at}


def _thread(row: Lead, newest: int) -> list[LeadEvent]:
    """The newest of what happened, in order; what waits for an answer is there however old it is."""
    shown = row.events.order_by("-at", "-id").values("pk")[:newest]
    return list(row.events.filter(Q(pk__in=shown) | Q(state="open")).select_related("by").prefetch_related("photos"))


def _path(row: Lead) -> list[Stage]:
    """The stages it may go through, also the one it stands on when that was retired."""
    found = choices.stages(row.brand_id)
    return found if row.stage in found else sorted([*found, row.stage], key=lambda stage: stage.position)


def draw_whole(person: Person, row: Lead, newest: int = THREAD) -> dict[str, Any]:
    """A lead with its thread, what the person may do with it, and who had it."""
    who = actor(person, row)
    events = _thread(row, newest)
    handovers = Handover.objects.filter(lead=row).select_related("store", "person", "by")
    can = {move.value: who is not None and may(State(row.state), move, who) for move in Move}
    near = who in (Actor.OWNER, Actor.HELPER, Actor.LEAD)
    return {
        **draw(person, row), "helpers": [_who(helper) for helper in row.helpers.all()],
        "stages": [choices.as_json(stage) for stage in _path(row)],
        "can": {**can, "edit": near and row.closed_at is None, "write": who is not None, "contact": near,
                "answer": who is Actor.LEAD, "join": who is Actor.COLLEAGUE and row.closed_at is None,
                "number": near and not sees_numbers(person, row.store_id)},
        "events": [draw_event(event) for event in events], "events_total": row.events.count(),
        "handovers": [{"at": h.at, "store": h.store.text, "person": _who(h.person), "by": _who(h.by),
                       "due_at": h.due_at, "reacted_at": h.reacted_at, "seconds": h.seconds, "ended_at": h.ended_at}
                      for h in handovers]}


def draw_event(event: LeadEvent) -> dict[str, Any]:
    """One thing that happened, with its photos."""
    return {"id": event.pk, "kind": event.kind, "at": event.at, "written_at": event.written_at, "by": _who(event.by),
            "text": event.text, "data": event.data, "call": event.call, "place": event.place,
            "latitude": event.latitude, "longitude": event.longitude, "answers": event.answers_id,
            "state": event.state, "photos": [draw_photo(photo) for photo in event.photos.all()]}


def draw_photo(photo: LeadPhoto) -> dict[str, Any]:
    """Where a picture is and how large."""
    return {"id": photo.pk, "width": photo.width, "height": photo.height,
            "address": f"/api/leads/{photo.lead_id}/photos/{photo.pk}"}


def search(person: Person, wanted: dict[str, Any]) -> ScopedQuerySet[Lead]:
    """``state``: open, mine, waiting, pool, due (a next step today or before), won, lost, "" (all).

    What somebody has to react to comes first, then by the next step; of what has ended, the newest.
    """
    rows = Lead.objects.visible_to(person, SEE).select_related(*related()).prefetch_related("customer__phones")
    for field in ("store", "stage", "owner", "brand", "intention", "origin", "customer"):
        if wanted.get(field):
            rows = rows.filter(**{field: wanted[field]})
    rows = _in_state(person, rows, wanted.get("state", ""))
    if wanted.get("q", "").strip():
        rows = rows.filter(_matches(wanted["q"].strip()))
    if wanted.get("state") in ("won", "lost"):
        return rows.order_by("-closed_at", "-id")
    return rows.order_by(F("closed_at").desc(nulls_first=True), F("reaction_due").asc(nulls_last=True),
                         F("next_at").asc(nulls_last=True), "-last_at", "-id")


def _in_state(person: Person, rows: ScopedQuerySet[Lead], state: str) -> ScopedQuerySet[Lead]:
    if state in (State.WON, State.LOST, State.POOL, State.WAITING):
        return rows.filter(state=state)
    if not state:
        return rows
    rows = rows.filter(closed_at=None)
    if state == "mine":
        return rows.filter(Q(owner=person) | Q(helpers=person)).distinct()
    if state == "due":
        return rows.filter(next_at__lt=timezone.localtime().replace(hour=23, minute=59, second=59))
    return rows


def _matches(text: str) -> Q:
    """Name, pinyin, model; a whole number or its last four digits, for more would unmask it digit by digit."""
    found = Q(customer__name__contains=text) | Q(model__icontains=text)
    if text.isascii():
        found |= Q(customer__name_pinyin__contains=text.lower().replace(" ", ""))
    digits = "".join(c for c in text if c.isdigit())
    if len(digits) == 4:
        found |= Q(customer__phones__e164__endswith=digits)
    elif len(digits) >= 8:
        found |= Q(customer__phones__e164=numbers.e164(text))
    return Q(pk__in=Lead.objects.filter(found).values("pk"))


def counts(person: Person) -> dict[str, int]:
    """For the page's tabs."""
    rows = Lead.objects.visible_to(person, SEE).filter(closed_at=None)
    tonight = timezone.localtime().replace(hour=23, minute=59, second=59)
    return {"open": rows.count(), "mine": rows.filter(Q(owner=person) | Q(helpers=person)).distinct().count(),
            "waiting": rows.filter(state=State.WAITING).count(), "pool": rows.filter(state=State.POOL).count(),
            "due": rows.filter(next_at__lt=tonight).count()}


def handed_since(person: Person, since: datetime) -> dict[str, Any]:
    """How many of his open leads others gave him since then, and who."""
    found = Lead.objects.visible_to(person, SEE).filter(owner=person, closed_at=None, handed_at__gt=since)
    givers = list(found.exclude(handed_from=None).exclude(handed_from=person).order_by("-handed_at")
                  .values_list("handed_from__name", flat=True))
    return {"leads": len(givers), "by": list(dict.fromkeys(givers))[:3]}


def board(person: Person, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages in order, each with its first cards. Of what was won or lost, the last thirty days."""
    now = timezone.now()
    rows = search(person, wanted)
    columns = choices.stages(wanted.get("brand"))
    known = {stage.pk for stage in columns}
    used = set(rows.order_by().values_list("stage", flat=True).distinct()) - known
    columns += list(Stage.objects.filter(pk__in=used, kind=StageKind.OPEN))
    result = []
    for stage in columns:
        inside = rows.filter(stage=stage)
        if stage.kind != StageKind.OPEN:
            inside = inside.filter(closed_at__gte=now - timedelta(days=RECENT_DAYS))
        result.append({"stage": choices.as_json(stage), "total": inside.order_by().count(),
                       "items": [draw(person, row, now) for row in inside[:A_COLUMN]]})
    return result


