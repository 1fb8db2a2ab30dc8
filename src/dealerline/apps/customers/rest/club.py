"""Routes of membership cards and their accounts."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import person_of, signed_in
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.customers.logic import club, rows
from dealerline.apps.customers.logic.access import access_customer
from dealerline.apps.customers.models import MembershipCard
from dealerline.apps.customers.rest.cars import Day
from dealerline.apps.customers.rest.people import given
from dealerline.apps.customers.rest.schemas import (
    CHANGES,
    ERRORS,
    CardOut,
    Id,
    Level,
    Money,
    MovementOut,
    PageNumber,
    Plain,
    ProblemOut,
    Version,
    source_of,
)

router = Router(tags=["cards"], auth=signed_in)
Points = Annotated[int, Field(ge=-100_000_000, le=100_000_000)]


class CardIn(Schema):
    """A new card, with nothing on it yet."""

    number: Plain = Field(min_length=1, max_length=24)
    level: Level = "normal"
    valid_until: Day | None = None


class CardPatch(Schema):
    """Points and money change by movements only."""

    version: Version
    number: Plain | None = Field(None, min_length=1, max_length=24)
    level: Level | None = None
    valid_until: Day | None = None
    blocked: bool | None = None


class MovementIn(Schema):
    """Points and money put on (above zero) or taken off (below); ``version``: the card's, so that nothing is booked
    twice."""

    version: Version
    kind: str = Field(pattern="^(earned|spent|expired|topped_up|paid|refunded|corrected)$")
    points: Points = 0
    money: Money = 0  # type: ignore[assignment]
    text: Plain = Field("", max_length=120)


class CardMovedOut(Schema):
    """The movement, and the card after it."""

    movement: MovementOut
    card: CardOut


class MovementsQuery(Schema):
    since: date | None = None
    page: PageNumber = 1


@router.get("/customers/{customer}/cards", response={200: list[CardOut], 404: ProblemOut})
def list_cards(request: HttpRequest, customer: Id) -> list[dict[str, Any]]:
    """His cards, the newest first."""
    person = person_of(request)
    row = access_customer(person, customer)
    return [club.draw(person, card) for card in MembershipCard.objects.filter(customer=row).order_by("-id")[:50]]


@router.post("/customers/{customer}/cards", response={200: CardOut, **ERRORS})
def add_card(request: HttpRequest, customer: Id, data: CardIn) -> dict[str, Any]:
    """Give him a card."""
    person = person_of(request)
    row = access_customer(person, customer, "customers.edit")
    card = club.add(person, row, data.dict(), source_of(request, "page"))
    audit.record(request, "customer", object_type="card", object_id=card.pk, store=row.store_id,
                 detail={"created": True})
    return club.draw(person, card)


@router.get("/cards/{card}", response={200: CardOut, 404: ProblemOut})
def get_card(request: HttpRequest, card: Id) -> dict[str, Any]:
    """One card."""
    person = person_of(request)
    return club.draw(person, rows.access(club.CARD, person, card))


@router.patch("/cards/{card}", response={200: CardOut, **CHANGES})
def change_card(request: HttpRequest, card: Id, data: CardPatch) -> dict[str, Any]:
    """Change a card, or block it."""
    person = person_of(request)
    row = club.change(person, card, data.version, given(data, "valid_until"), source_of(request, "page"))
    audit.record(request, "customer", object_type="card", object_id=card, store=row.customer.store_id,
                 detail={"changed": True})
    return club.draw(person, row)


@router.get("/cards/{card}/movements", response={200: Page[MovementOut], 404: ProblemOut})
def list_movements(request: HttpRequest, card: Id, query: Query[MovementsQuery]) -> dict[str, Any]:
    """What went in and out, the newest first."""
    person = person_of(request)
    row = rows.access(club.CARD, person, card)
    found = row.movements.select_related("by").order_by("-at", "-id")
    if query.since is not None:
        found = found.filter(at__date__gte=query.since)
    return paged(found, query.page, lambda movement: club.draw_movement(person, movement))


@router.post("/cards/{card}/movements", response={200: CardMovedOut, **CHANGES})
def move(request: HttpRequest, card: Id, data: MovementIn) -> dict[str, Any]:
    """Put points or money on it, or take them off."""
    person = person_of(request)
    movement = club.move(person, card, data.version, data.kind, data.points, data.money, data.text,
                         source_of(request, "page"))
    row = rows.access(club.CARD, person, card)
    audit.record(request, "customer", object_type="card", object_id=card, store=row.customer.store_id,
                 detail={"movement": movement.pk})
    return {"movement": club.draw_movement(person, movement), "card": club.draw(person, row)}
