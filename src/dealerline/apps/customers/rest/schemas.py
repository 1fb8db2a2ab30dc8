"""Shapes of the customer file that several routes share."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from dealerline.apps.common.schemas import Id, Plain, ProblemOut, Ref, StaleOut, Text
from dealerline.apps.history.facade import Source

ERRORS = {400: ProblemOut, 403: ProblemOut, 404: ProblemOut}
CHANGES = {**ERRORS, 409: StaleOut}
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
Money = Annotated[Decimal, Field(ge=-99_999_999, le=99_999_999, max_digits=10, decimal_places=2)]
Km = Annotated[int, Field(ge=0, le=5_000_000)]
Level = Annotated[str, Field(pattern="^(normal|silver|gold|vip)$")]
Way = Annotated[str, Field(pattern="^(page|call)$")]
"""By what way a change comes: from a page, or during a call."""
PageNumber = Annotated[int, Field(ge=1, le=100_000)]


def source_of(request: HttpRequest, way: str | None) -> str:
    """From what a change comes, for the history: a program's key, else what the page says, "page" when nothing."""
    return Source.API if getattr(request, "api_key", None) else way or Source.PAGE


class Removal(Schema):
    """The version that was read, so that nobody removes what somebody else just changed."""

    version: Version


class PhoneOut(Schema):
    """A number; masked by role. ``city`` and ``carrier``: where the numbering plan has it from."""

    id: int
    number: str
    use: str
    primary: bool
    extension: str
    used_by: str
    country: str
    city: Text | None
    carrier: Text | None
    verified_at: datetime | None
    verified_how: str
    do_not_call: bool
    do_not_call_why: str
    version: int


class LevelSet(Schema):
    """What set a level: ``person``, ``rule`` or ``import``; the rule's name; when."""

    by: str
    because: str
    at: datetime | None


class CustomerOut(Schema):
    """A customer; numbers masked by role."""

    id: int
    number: str | None
    name: str
    title: str
    kind: str
    level: str
    level_set: LevelSet | None
    labels: list[str]
    company: str
    notes: str
    need: str
    language: str
    email: str
    address: str
    birthday: date | None
    intention: str
    purchase_status: str
    wants_model: str
    budget_from: int | None
    budget_to: int | None
    buys_by: date | None
    needs: str
    store: int
    version: int
    phones: list[PhoneOut]


class CarRef(Schema):
    """A car in a few words."""

    id: int
    plate: str
    model: str
    vin: str


class CarOut(Schema):
    """A car. ``vin_warning``: what is doubtful about its VIN; ``recall``: what is open of one."""

    id: int
    customer: int
    vin: str
    vin_warning: Text | None
    maker: Text | None
    plate: str
    plate_kind: Text | None
    new_energy: bool
    brand: Text | None
    brand_id: int | None
    model: str
    year: int | None
    colour: str
    mileage_km: int | None
    mileage_on: date | None
    bought_on: date | None
    insurance_until: date | None
    insurer: str
    inspection_until: date | None
    warranty_until: date | None
    warranty_km: int | None
    next_service_on: date | None
    next_service_km: int | None
    recall: str
    gone_on: date | None
    notes: str
    version: int


class MovementOut(Schema):
    """A line of a card's account."""

    id: int
    at: datetime
    kind: str
    points: int
    money: Decimal
    points_after: int
    balance_after: Decimal
    text: str
    by: Ref | None


class CardOut(Schema):
    id: int
    customer: int
    number: str
    level: str
    points: int
    balance: Decimal
    valid_until: date | None
    blocked: bool
    version: int


class ChangeOut(Schema):
    """One field of one row. ``object``: its kind and id; ``field`` "+" is a row that was made, "-" one removed."""

    id: int
    at: datetime
    by: Ref | None
    source: str
    object_type: str
    object_id: str
    field: str
    old: Any
    new: Any


__all__ = ["CHANGES", "ERRORS", "CarOut", "CarRef", "CardOut", "ChangeOut", "CustomerOut", "Id", "Km", "Level",
           "LevelSet", "Money", "MovementOut", "PageNumber", "PhoneOut", "Plain", "ProblemOut", "Ref", "Removal",
           "StaleOut", "Text", "Version", "Way", "source_of"]
