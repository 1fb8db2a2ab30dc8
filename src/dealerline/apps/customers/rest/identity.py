"""Routes of who is meant, and of what happened with him."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need, person_of, signed_in
from dealerline.apps.common import timeline
from dealerline.apps.common.schemas import AwareDatetime
from dealerline.apps.customers.logic import identity
from dealerline.apps.customers.logic.access import access_customer
from dealerline.apps.customers.rest.schemas import CarRef, Id, Plain, ProblemOut, Text

router = Router(tags=["customers"], auth=signed_in)
ENTRIES_AT_MOST = 100


class MeantOut(Schema):
    """Somebody who may be meant."""

    id: int
    name: str
    title: str
    kind: str
    level: str
    store: int


class MatchOut(Schema):
    """``by``: number, plate, vin, card, order, repair, customer (his number), vin_end or plate_part."""

    by: str
    customer: MeantOut
    car: CarRef | None


class IdentifyQuery(Schema):
    q: Plain = Field(min_length=1, max_length=60)


class EntryOut(Schema):
    """Something that happened. ``link``: a page of ours; ``tone``: "", ``good``, ``warn`` or ``lost``."""

    at: datetime
    kind: str
    object_id: str
    store: int | None
    title: Text
    text: str
    by: str
    link: str
    tone: str


class TimelineKindOut(Schema):
    kind: str
    name: Text


class TimelineOut(Schema):
    """Newest first. ``next``: ask with it as ``before`` for what is older, null at the end. ``kinds``: all there are.
    """

    items: list[EntryOut]
    next: str | None  # text: as a moment it would lose its microseconds, and an entry with them
    kinds: list[TimelineKindOut]


class TimelineQuery(Schema):
    """``kinds``: with commas between; all when empty. ``by``: what that person did, by the name as entries show it."""

    kinds: Plain = Field("", max_length=200)
    by: Plain = Field("", max_length=120)
    before: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=ENTRIES_AT_MOST)] = 50


@router.get("/identify", response={200: list[MatchOut], 403: ProblemOut})
def identify(request: HttpRequest, query: Query[IdentifyQuery]) -> list[dict[str, Any]]:
    """Who is meant by a number, plate, VIN or its end, card, order, repair order or customer number."""
    return [match.as_json() for match in identity.find(need(request, "customers.view"), query.q)]


@router.get("/customers/{customer}/timeline", response={200: TimelineOut, 404: ProblemOut})
def show_timeline(request: HttpRequest, customer: Id, query: Query[TimelineQuery]) -> dict[str, Any]:
    """Everything that happened with him in one list: calls, orders, repairs, bookings, changes and what other parts
    add; each within the person's rights."""
    person = person_of(request)
    row = access_customer(person, customer)
    wanted = [kind for kind in query.kinds.split(",") if kind]
    names = timeline.kinds()
    found = timeline.of_customers(person, [row.pk], wanted, query.before, query.limit, query.by.strip()) if (
        not wanted or any(kind in names for kind in wanted)) else []
    return {"items": [{"at": entry.at, "kind": entry.kind, "object_id": entry.object_id, "store": entry.store,
                       "title": entry.title, "text": entry.text, "by": entry.by, "link": entry.link,
                       "tone": entry.tone} for entry in found],
            "next": found[-1].at.isoformat() if len(found) == query.limit else None,
            "kinds": [{"kind": kind, "name": words} for kind, words in names.items()]}


@router.get("/customers/{customer}/timeline-people", response={200: list[str], 404: ProblemOut})
def timeline_people(request: HttpRequest, customer: Id) -> list[str]:
    """Who did anything of what happened with him, to choose from."""
    person = person_of(request)
    return timeline.people(person, [access_customer(person, customer).pk])
