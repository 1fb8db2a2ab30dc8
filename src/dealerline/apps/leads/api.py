"""Leads: listed, made, moved, handed over, claimed; their threads and photos; who reacts how fast."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import Person, need, person_of, signed_in
from dealerline.apps.audit import facade as audit
from dealerline.apps.common import ringing
from dealerline.apps.common.desks import dial
from dealerline.apps.common.errors import NotAllowed, Problem
from dealerline.apps.common.live import live_call
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.ringing import Wish
from dealerline.apps.common.schemas import BarredOut, Done, Id, LockedOut, Plain, ProblemOut, StaleOut
from dealerline.apps.customers import facade as customers
from dealerline.apps.leads import schemas as shapes
from dealerline.apps.leads.logic import choices, newcomer, reassign, rows, thread, work
from dealerline.apps.leads.logic.report import report
from dealerline.apps.leads.models import Lead
from dealerline.apps.organisation.facade import sales_line
from dealerline.domain.leads.moves import Actor
from dealerline.domain.leads.photos import LARGEST

router = Router(tags=["leads"], auth=signed_in)
ERRORS = {400: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: StaleOut}
HELD = ERRORS | {409: shapes.HeldOut | shapes.KnownAlreadyOut}


class LeadsQuery(Schema):
    """``state``: open, mine, waiting, pool, due (a next step today or before), won, lost, "" (all)."""

    page: int = Field(1, ge=1, le=100_000)
    state: str = Field("", pattern="^(open|mine|waiting|pool|due|won|lost|)$")
    store: Id | None = None
    stage: Id | None = None
    owner: Id | None = None
    brand: Id | None = None
    customer: Id | None = None
    intention: str = Field("", pattern="^([ABCD]|)$")
    origin: str = Field("", pattern=shapes.ORIGIN.replace(")$", "|)$"))
    q: Plain = Field("", max_length=60)


class ThreadQuery(Schema):
    """``events``: how many of the newest entries; what waits for an answer comes in any case."""

    events: int = Field(rows.THREAD, ge=1, le=5000)


class ReportQuery(Schema):
    days: int = Field(30, ge=1, le=366)
    store: Id | None = None


def _audit(request: HttpRequest, row: Lead, what: str, action: str = "lead", **detail: Any) -> None:
    audit.record(request, action, object_type="lead", object_id=row.pk, store=row.store_id,
                 detail={"what": what, **detail})


def _values(data: Schema, unset: bool) -> dict[str, Any]:
    """The interest in the columns' names. Empty is "" for texts and None for the rest."""
    values = data.dict(exclude_unset=unset, include={*shapes.Interest.model_fields})
    if "brand" in values:
        values["brand_id"] = values.pop("brand")
    for field in ("model", "need", "origin_note", "next_step"):
        if values.get(field, "") is None:
            values[field] = ""
    return {field: value for field, value in values.items()
            if not (value is None and field in ("intention", "origin", "purpose"))}


# lists ----------------------------------------------------------------------------------------------------------------
@router.get("/leads", response={200: Page[shapes.LeadOut], 403: ProblemOut})
def list_leads(request: HttpRequest, query: Query[LeadsQuery]) -> dict[str, Any]:
    """Leads of the person's stores: first what somebody has to react to, then by the next step."""
    person, now = need(request, rows.SEE), timezone.now()
    return paged(rows.search(person, query.dict()), query.page, lambda row: rows.draw(person, row, now))


@router.get("/leads/board", response={200: list[shapes.BoardColumn], 403: ProblemOut})
def board(request: HttpRequest, query: Query[LeadsQuery]) -> list[dict[str, Any]]:
    """The same by stages."""
    return rows.board(need(request, rows.SEE), query.dict())


@router.get("/leads/counts", response={200: shapes.LeadCounts, 403: ProblemOut})
def counts(request: HttpRequest) -> dict[str, int]:
    """How many are open, his, waiting for a reaction, in the pool, due."""
    return rows.counts(need(request, rows.SEE))


@router.get("/leads/handed", response={200: shapes.LeadsGivenOut, 403: ProblemOut})
def handed(request: HttpRequest, query: Query[shapes.LeadsGivenQuery]) -> dict[str, Any]:
    """What he was given while no page of his was open to tell him."""
    person, now = need(request, rows.SEE), timezone.now()
    return {**rows.handed_since(person, query.since), "now": now}


@router.get("/leads/choices", response={200: shapes.LeadChoices, 403: ProblemOut})
def lead_choices(request: HttpRequest) -> dict[str, Any]:
    """Stages, reasons for losing, brands, stores with their people, and the rules."""
    return choices.all_of(need(request, rows.SEE))


@router.get("/leads/reactions", response={200: shapes.ReactionsOut, 403: ProblemOut})
def reactions(request: HttpRequest, query: Query[ReportQuery]) -> dict[str, Any]:
    """Who reacts how fast, in opening hours: hand-overs of the last days by store and by person."""
    return report(need(request, rows.SEE), timezone.now() - timedelta(days=query.days), query.store)


# all of somebody's ----------------------------------------------------------------------------------------------------
@router.get("/lead-owners", response={200: list[shapes.LeadOwnerOut], 403: ProblemOut})
def lead_owners(request: HttpRequest) -> list[dict[str, Any]]:
    """Who has open leads in stores whose leads one assigns, also who left."""
    return reassign.owners(need(request, rows.ASSIGN))


@router.post("/lead-reassignments/plan", response={200: list[shapes.LeadPlannedOut], **ERRORS})
def plan_reassignment(request: HttpRequest, data: shapes.LeadPlanIn) -> list[dict[str, Any]]:
    """Who would get which of somebody's leads; changes nothing."""
    return reassign.plan(need(request, rows.ASSIGN), data.store, data.owner, data.to)


@router.post("/lead-reassignments", response={200: shapes.ReassignedOut, **ERRORS})
def reassign_leads(request: HttpRequest, data: shapes.ReassignIn) -> dict[str, Any]:
    """Give them; what changed since it was looked at stays."""
    wanted = {one.lead: (one.version, one.to) for one in data.items}
    batch, done, left = reassign.reassign(need(request, rows.ASSIGN), data.store, data.owner, wanted, data.note)
    audit.record(request, "lead", object_type="person", object_id=data.owner, store=data.store,
                 detail={"what": "all reassigned", "batch": str(batch), "done": done, "left": len(left)})
    return {"batch": batch, "done": done, "left": left}


@router.post("/lead-reassignments/{batch}/undo", response={200: shapes.ReassignedOut, **ERRORS})
def undo_reassignment(request: HttpRequest, batch: UUID) -> dict[str, Any]:
    """Back to who had them; what changed since stays."""
    done, left = reassign.undo(need(request, rows.ASSIGN), batch)
    audit.record(request, "lead", object_type="lead", detail={"what": "reassignment undone", "batch": str(batch),
                                                              "done": done, "left": len(left)})
    return {"batch": batch, "done": done, "left": left}


# one lead -------------------------------------------------------------------------------------------------------------
def _home(person: Person, wanted: int | None, call: UUID | None, theirs: int | None) -> int:
    """The store of a new lead: as said, else the call's, his own, the customer's, whichever he may work in."""
    if wanted is not None:
        return wanted
    live = live_call(call) if call is not None else None
    for store in (live.store if live is not None else None, person.store_id, theirs):
        if store is not None and person.can(rows.EDIT, store):
            return store
    raise NotAllowed


@router.post("/leads", response={200: shapes.LeadOut, **HELD})
def create(request: HttpRequest, data: shapes.LeadIn) -> dict[str, Any]:
    """A lead of a customer, or of a new one; 409 ``held`` with who has him already, 409 ``known`` with who the new one
    may be. Sent twice (``client_id``) both are made once.
    """
    person = need(request, rows.EDIT)
    there = work.made(person, data.client_id)
    if there is not None:
        return rows.draw(person, there)
    values = _values(data, False)
    if data.call is not None and "origin" not in data.model_fields_set:
        values["origin"] = "call"
    given: dict[str, Any] = {"owner": person.pk if data.owner is None else data.owner or None, "values": values,
                             "call": data.call, "client_id": data.client_id}
    if data.new_customer is not None and data.customer is None:
        row = newcomer.create(person, data.new_customer.dict(), store=_home(person, data.store, data.call, None),
                              **given)
        audit.record(request, "customer", object_type="customer", object_id=row.customer_id, store=row.store_id,
                     detail={"created": True, "lead": row.pk})
    elif data.customer is not None and data.new_customer is None:
        customer = customers.access_customer(person, data.customer)
        row = work.create(person, customer=customer, store=_home(person, data.store, data.call, customer.store_id),
                          **given)
    else:
        raise work.invalid("customer", "请选择一位客户，或填写新客户。", "Name one customer, or a new one.")
    _audit(request, row, "created")
    return rows.draw(person, row)


@router.get("/leads/{lead}", response={200: shapes.WholeLeadOut, 404: ProblemOut})
def read(request: HttpRequest, lead: Id, query: Query[ThreadQuery]) -> dict[str, Any]:
    """A lead with the newest of its thread, and what the person may do with it."""
    person = person_of(request)
    return rows.draw_whole(person, rows.access_lead(person, lead), query.events)


@router.patch("/leads/{lead}", response={200: shapes.LeadOut, **ERRORS})
def change(request: HttpRequest, lead: Id, data: shapes.LeadPatch) -> dict[str, Any]:
    """Interest, origin, next step; 409 with the newer row when it was changed meanwhile."""
    person = person_of(request)
    values = _values(data, True)
    row = work.change(person, rows.access_lead(person, lead), values, data.version)
    _audit(request, row, "changed", fields=sorted(values))
    return rows.draw(person, row)


@router.post("/leads/{lead}/move", response={200: shapes.LeadOut, **ERRORS})
def move(request: HttpRequest, lead: Id, data: shapes.MoveIn) -> dict[str, Any]:
    """To another stage: on, won, lost with a reason, open again."""
    person = person_of(request)
    row = work.move(person, rows.access_lead(person, lead), data.version, data.stage, lost_reason=data.lost_reason,
                    lost_note=data.lost_note, order=data.order,
                    new_order=data.new_order.dict() if data.new_order is not None else None)
    _audit(request, row, "moved", stage=data.stage, order=row.order_id)
    return rows.draw(person, row)


@router.post("/leads/{lead}/hand-over", response={200: shapes.HandedOut, **ERRORS})
def hand_over(request: HttpRequest, lead: Id, data: shapes.HandOverIn) -> dict[str, Any]:
    """To somebody else, or to another store; the clock on the first reaction begins."""
    person = person_of(request)
    row = work.hand_over(person, rows.access_lead(person, lead), data.version, data.store, data.person, data.note)
    _audit(request, row, "handed over", to_store=data.store, to_person=data.person)
    return {"lead": rows.draw(person, row) if row.store_id in person.stores_for(rows.SEE) else None}


@router.post("/leads/{lead}/claim", response={200: shapes.LeadOut, **ERRORS})
def claim(request: HttpRequest, lead: Id) -> dict[str, Any]:
    """Out of the pool, or what the store was given and nobody has; 409 with who was quicker."""
    person = person_of(request)
    row = work.claim(person, rows.access_lead(person, lead))
    _audit(request, row, "claimed")
    return rows.draw(person, row)


@router.post("/leads/{lead}/join", response={200: shapes.LeadOut, **ERRORS})
def join(request: HttpRequest, lead: Id) -> dict[str, Any]:
    """Help with a colleague's lead."""
    person = person_of(request)
    row = work.join(person, rows.access_lead(person, lead))
    _audit(request, row, "joined")
    return rows.draw(person, row)


@router.post("/lead-requests", response={200: Done, **ERRORS})
def ask_for(request: HttpRequest, data: shapes.AskIn) -> dict[str, bool]:
    """Ask for the lead of a customer whom somebody else has; its owner and its store's leads are told."""
    person = need(request, rows.EDIT)
    event = work.ask_for(person, customers.open_customer(person, data.customer), data.brand, data.note)
    _audit(request, event.lead, "asked for")
    return {"ok": True}


# telephone ------------------------------------------------------------------------------------------------------------
def _near(person: Person, lead: int) -> Lead:
    row = rows.access_lead(person, lead)
    if rows.actor(person, row) not in (Actor.OWNER, Actor.HELPER, Actor.LEAD):
        raise NotAllowed
    return row


@router.post("/leads/{lead}/number", response={200: shapes.NumberOut, **ERRORS, 429: LockedOut})
def number(request: HttpRequest, lead: Id) -> dict[str, str]:
    """The customer's whole number, for who has the lead and is not at a desk; audited, and counted with the others that
    he has shown within the hour.
    """
    person = person_of(request)
    row = _near(person, lead)
    customers.count_reveal(request, person, row.store_id, "lead", row.pk, {"what": "number"})
    return {"number": customers.main_number(row.customer_id)}


@router.get("/leads/{lead}/may-ring", response={200: BarredOut, 403: ProblemOut, 404: ProblemOut})
def may_ring(request: HttpRequest, lead: Id) -> ringing.Verdict:
    """Before he is rung: whether that may be for the lead's purpose, also where his number is masked."""
    person = person_of(request)
    row = _near(person, lead)
    return ringing.verdict(person, Wish(customers.main_number(row.customer_id), row.purpose, row.customer_id))


@router.post("/leads/{lead}/ring", response={200: Done, **ERRORS, 503: ProblemOut})
def ring(request: HttpRequest, lead: Id) -> dict[str, bool]:
    """Dial him at the person's desk, even where the number is masked; audited. 409 ``may_not_ring`` where he may not be
    rung for the lead's purpose.
    """
    person = person_of(request)
    row = _near(person, lead)
    dialled = customers.main_number(row.customer_id)
    if not dialled:
        raise Problem("no_number", "这位客户没有可拨打的号码。", "The customer has no number to ring.")
    dial(person, Wish(dialled, row.purpose, row.customer_id), sales_line(row.store_id))
    _audit(request, row, "rung", "ring_back")
    return {"ok": True}


# thread ---------------------------------------------------------------------------------------------------------------
@router.post("/leads/{lead}/events", response={200: shapes.LeadEventOut, **ERRORS})
def add_event(request: HttpRequest, lead: Id, data: shapes.EventIn) -> dict[str, Any]:
    """A note, call, visit, test drive, quote, or a discount asked for; perhaps with what comes next."""
    person = person_of(request)
    own = ("kind", "text", "at", "place", "latitude", "longitude", "call", "next_step", "next_at", "purpose",
           "client_id")
    values = data.dict(exclude={*own})
    values["valid_until"] = data.valid_until.isoformat() if data.valid_until is not None else None
    event = thread.add(person, rows.access_lead(person, lead), data.kind, data=values,
                       **data.dict(include={*own} - {"kind"}))
    return rows.draw_event(event)


@router.post("/leads/{lead}/events/{event}/answer", response={200: shapes.LeadEventOut, **ERRORS})
def answer(request: HttpRequest, lead: Id, event: Id, data: shapes.AnswerIn) -> dict[str, Any]:
    """Grant or refuse a discount, or somebody's wish to have the lead; once."""
    person = person_of(request)
    row = rows.access_lead(person, lead)
    reply = thread.answer(person, row, thread.access_event(row, event), data.granted, data.text, data.amount)
    _audit(request, row, "answered", granted=data.granted)
    return rows.draw_event(reply)


@router.put("/leads/{lead}/events/{event}/photos/{photo}", response={
    200: shapes.PhotoOut, **ERRORS, 413: ProblemOut, 415: ProblemOut})
def put_photo(request: HttpRequest, lead: Id, event: Id, photo: UUID) -> dict[str, Any]:
    """A picture (JPEG, PNG or WebP, as the body) under an id that the page made; sent again it is there once."""
    person = person_of(request)
    row = rows.access_lead(person, lead)
    happened = thread.access_event(row, event)
    try:
        length = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        length = 0
    if length > LARGEST:
        raise Problem("too_big", "照片太大，请选择 8 MB 以内的图片。", "The photo is too big: at most 8 MB.",
                      status=413)
    return rows.draw_photo(thread.add_photo(person, row, happened, photo, request.read(LARGEST)))


@router.get("/leads/{lead}/photos/{photo}", response={200: None, 404: ProblemOut})
def get_photo(request: HttpRequest, lead: Id, photo: UUID) -> HttpResponse:
    """A picture, for those who see the lead."""
    row, content = thread.read_photo(rows.access_lead(person_of(request), lead), photo)
    response = HttpResponse(content, content_type=row.content_type)
    response["Cache-Control"] = "private, max-age=86400, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


