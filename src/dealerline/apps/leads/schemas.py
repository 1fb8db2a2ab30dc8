"""Shapes of what the routes of leads take and give."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from dealerline.apps.common.ringing import PATTERN
from dealerline.apps.common.schemas import AwareDatetime, Id, NamedRef, Plain, ProblemOut, Ref, Text

INTENTION, ORIGIN = "^[ABCD]$", "^(call|walk_in|web|referral|show|campaign|old_customer|other)$"
MONEY = 100_000_000


class StageOut(Schema):
    """``kind``: open, won or lost. ``brand``: whose own step it is, None for every brand without its own."""

    id: int
    name: Text
    kind: str
    brand: int | None
    position: int


class LeadCustomerOut(Schema):
    """``seen``: whether the person sees his file, which stays where it is when a lead goes to another store."""

    seen: bool
    id: int
    name: str
    title: str


class LeadOut(Schema):
    """A lead in a list; its customer's number masked by role. ``late``: no reaction in time; ``step_late``: the next
    step is overdue; ``purpose``: what he is rung for.
    """

    id: int
    version: int
    store: int
    state: str
    late: bool
    customer: LeadCustomerOut
    number: str
    origin: str
    origin_note: str
    call: UUID | None
    brand: NamedRef | None
    model: str
    budget_from: int | None
    budget_to: int | None
    intention: str
    wants_by: date | None
    need: str
    stage: StageOut
    owner: Ref | None
    next_step: str
    next_at: datetime | None
    purpose: str
    step_late: bool
    handed_at: datetime
    handed_from: Ref | None
    handed_from_store: Text | None
    reaction_due: datetime | None
    reacted_at: datetime | None
    pooled_at: datetime | None
    pool_reason: str
    lost_reason: NamedRef | None
    lost_note: str
    order: Ref | None
    last_at: datetime
    created_at: datetime
    closed_at: datetime | None


class PhotoOut(Schema):
    id: UUID
    width: int
    height: int
    address: str


class LeadEventOut(Schema):
    """``at``: when it happened; ``written_at``: when it was written. ``state``: of what waits for an answer."""

    id: int
    kind: str
    at: datetime
    written_at: datetime
    by: Ref | None
    text: str
    data: dict[str, Any]
    call: UUID | None
    place: str
    latitude: float | None
    longitude: float | None
    answers: int | None
    state: str
    photos: list[PhotoOut]


class HandoverOut(Schema):
    """``seconds``: opening seconds until the first reaction."""

    at: datetime
    store: Text
    person: Ref | None
    by: Ref | None
    due_at: datetime
    reacted_at: datetime | None
    seconds: float | None
    ended_at: datetime | None


class WholeLeadOut(LeadOut):
    """A lead with the newest of its thread. ``can``: what the person may do with it."""

    events_total: int
    helpers: list[Ref]
    stages: list[StageOut]
    can: dict[str, bool]
    events: list[LeadEventOut]
    handovers: list[HandoverOut]


class BoardColumn(Schema):
    """A stage with its first cards."""

    stage: StageOut
    total: int
    items: list[LeadOut]


class LeadsGivenQuery(Schema):
    """``since``: when he last looked."""

    since: AwareDatetime


class LeadsGivenOut(Schema):
    """Leads that he was given since then and still has; ``by``: names of who gave them; ``now``: to ask with next."""

    leads: int
    by: list[str]
    now: datetime


class LeadCounts(Schema):
    open: int
    mine: int
    waiting: int
    pool: int
    due: int


class BrandChoice(Schema):
    id: int
    name: Text
    stores: list[int]


class StoreChoice(Schema):
    """``seen``: whether the person sees that store's leads, and so its people."""

    id: int
    name: Text
    seen: bool
    people: list[Ref]


class LeadRules(Schema):
    reaction_minutes: int
    overdue_days: int
    silent_days: int


class LeadChoices(Schema):
    """What a lead may be set to."""

    stages: list[StageOut]
    lost_reasons: list[NamedRef]
    brands: list[BrandChoice]
    stores: list[StoreChoice]
    rules: LeadRules


class HeldBy(Schema):
    """Who has the customer already. ``lead``: only for those who see it."""

    lead: int | None
    owner: str
    mine: bool
    store: Text
    customer: int
    brand: int | None
    pool: bool
    may_join: bool


class HeldOut(ProblemOut):
    """Somebody has an open lead of that customer and brand."""

    held: HeldBy


class KnownOut(Schema):
    """Who is in the files by that number (``phone``) or that very name (``name``); his number masked by role."""

    customer: LeadCustomerOut
    number: str
    by: str


class KnownAlreadyOut(ProblemOut):
    """A new customer may be one of these: name one as ``customer``, or say ``anyway``."""

    known: list[KnownOut]


class Interest(Schema):
    """What somebody wants. Money in whole yuan. ``purpose``: what he is rung for; left out, as the origin has it."""

    brand: Id | None = None
    model: Plain = Field("", max_length=80)
    budget_from: int | None = Field(None, ge=0, le=MONEY)
    budget_to: int | None = Field(None, ge=0, le=MONEY)
    intention: str = Field("B", pattern=INTENTION)
    wants_by: date | None = None
    need: Plain = Field("", max_length=500)
    origin: str = Field("other", pattern=ORIGIN)
    origin_note: Plain = Field("", max_length=120)
    next_step: Plain = Field("", max_length=200)
    next_at: AwareDatetime | None = None
    purpose: str | None = Field(None, pattern=PATTERN)


class NewcomerIn(Schema):
    """Somebody who is in no list, made with his lead or not at all. ``anyway``: though he may be in the files."""

    name: Plain = Field(max_length=120)
    title: Plain = Field("", max_length=20)
    kind: str = Field("person", pattern="^(person|company)$")
    phone: Plain = Field("", max_length=60)
    anyway: bool = False


class LeadIn(Interest):
    """A new lead of ``customer``, or of a ``new_customer`` who is made with it. ``owner``: a person's id, 0 for the
    store's (whoever takes it), left out for oneself. ``client_id``: made by the page, so that sending it twice makes
    one lead and one customer.
    """

    customer: Id | None = None
    new_customer: NewcomerIn | None = None
    store: Id | None = None
    owner: int | None = Field(None, ge=0, le=2**63 - 1)
    call: UUID | None = None
    client_id: UUID | None = None


class LeadPatch(Schema):
    """What to change, and the version it was read at. Null empties what may be empty."""

    version: int = Field(ge=0, le=2**31 - 1)
    brand: Id | None = None
    model: Plain | None = Field(None, max_length=80)
    budget_from: int | None = Field(None, ge=0, le=MONEY)
    budget_to: int | None = Field(None, ge=0, le=MONEY)
    intention: str | None = Field(None, pattern=INTENTION)
    wants_by: date | None = None
    need: Plain | None = Field(None, max_length=500)
    origin: str | None = Field(None, pattern=ORIGIN)
    origin_note: Plain | None = Field(None, max_length=120)
    next_step: Plain | None = Field(None, max_length=200)
    next_at: AwareDatetime | None = None
    purpose: str | None = Field(None, pattern=PATTERN)


class NewOrderIn(Schema):
    """An order made when a lead is won. Without a number it gets one."""

    number: Plain = Field("", max_length=24)
    model: Plain = Field(min_length=1, max_length=120)
    amount: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] | None = None
    expected_on: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))] | None = None


class MoveIn(Schema):
    """To a stage. ``lost_reason``: needed where its kind is lost. Where it is won ``order`` may be named, or
    ``new_order`` made with it; elsewhere they say nothing.
    """

    version: int = Field(ge=0, le=2**31 - 1)
    stage: Id
    lost_reason: Id | None = None
    lost_note: Plain = Field("", max_length=500)
    order: Id | None = None
    new_order: NewOrderIn | None = None


class HandOverIn(Schema):
    """To a store, or to somebody of a store. ``person`` left out: whoever takes it there."""

    version: int = Field(ge=0, le=2**31 - 1)
    store: Id
    person: Id | None = None
    note: Plain = Field("", max_length=500)


class HandedOut(Schema):
    """``lead``: as it is now, None where it went to a store whose leads one does not see."""

    lead: LeadOut | None


class EventIn(Schema):
    """One thing that happened. ``client_id``: made by the page, so that sending it twice writes it once.

    ``data`` by kind: drive (car, route, licence, minutes), quote (model, price, valid_until, extras), discount
    (amount, price), call (reached), visit (people).
    """

    kind: str = Field(pattern="^(note|call|visit|drive|quote|discount)$")
    text: Plain = Field("", max_length=5000)
    at: AwareDatetime | None = None
    car: Plain = Field("", max_length=80)
    route: Plain = Field("", max_length=200)
    licence: bool = False
    minutes: int | None = Field(None, ge=0, le=1440)
    model: Plain = Field("", max_length=120)
    price: int | None = Field(None, ge=0, le=MONEY)
    valid_until: date | None = None
    extras: Plain = Field("", max_length=500)
    amount: int | None = Field(None, ge=0, le=MONEY)
    people: int | None = Field(None, ge=0, le=100)
    reached: bool | None = None
    place: Plain = Field("", max_length=200)
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)
    call: UUID | None = None
    next_step: Plain | None = Field(None, max_length=200)
    next_at: AwareDatetime | None = None
    purpose: str | None = Field(None, pattern=PATTERN)  # of the next step
    client_id: UUID | None = None


class AnswerIn(Schema):
    """``amount``: what is granted, where that is not what was asked for."""

    granted: bool
    text: Plain = Field("", max_length=2000)
    amount: int | None = Field(None, ge=0, le=MONEY)


class AskIn(Schema):
    """The customer and brand whose lead somebody else has."""

    customer: Id
    brand: Id | None = None
    note: Plain = Field("", max_length=500)


class NumberOut(Schema):
    number: str


class FiguresOut(Schema):
    """``in_time_share``: of those reacted to or late; what still waits counts for nobody."""

    handed: int
    reacted: int
    in_time: int
    late: int
    waiting: int
    median_seconds: float | None
    in_time_share: float | None


class StoreFigures(FiguresOut):
    store: Text


class PersonFigures(FiguresOut):
    person: str | None
    store: Text


class LateOut(Schema):
    """A hand-over that nobody reacted to in time; lead and customer only for those who see them."""

    lead: int | None
    customer: str | None
    store: Text
    person: str | None
    at: datetime
    due_at: datetime
    reacted_at: datetime | None


class ReactionsOut(Schema):
    """Who reacts how fast."""

    all: FiguresOut
    stores: list[StoreFigures]
    people: list[PersonFigures]
    late: list[LateOut]


class LeadOwnerOut(Schema):
    """Somebody with open leads in a store. ``active``: whether he can still sign in."""

    store: int
    person: Ref
    active: bool
    leads: int


class LeadPlanIn(Schema):
    """Whose leads of which store, and among whom they are shared."""

    store: Id
    owner: Id
    to: list[Id] = Field(min_length=1, max_length=50)


class LeadPlannedOut(Schema):
    lead: LeadOut
    to: Ref


class ReassignOne(Schema):
    """A lead at the version that was looked at, and who gets it."""

    lead: Id
    version: int = Field(ge=0, le=2**31 - 1)
    to: Id


class ReassignIn(Schema):
    """What was looked at, as it is to be done."""

    store: Id
    owner: Id
    items: list[ReassignOne] = Field(min_length=1, max_length=500)
    note: Plain = Field("", max_length=500)


class LeadLeftOut(Schema):
    """A lead that somebody changed meanwhile."""

    lead: int | None
    customer: str


class ReassignedOut(Schema):
    """``batch``: by which it can be taken back; ``left``: what stayed where it is."""

    batch: UUID
    done: int
    left: list[LeadLeftOut]
