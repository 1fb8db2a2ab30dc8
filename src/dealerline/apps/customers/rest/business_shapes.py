"""Shapes of orders and payments, repair orders and their lines, appointments."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from ninja import Schema
from pydantic import Field

from dealerline.apps.common.schemas import AwareDatetime
from dealerline.apps.customers.rest.cars import Day
from dealerline.apps.customers.rest.schemas import CarRef, Id, Km, Money, PageNumber, Plain, Ref, Version, Way

STATUSES = "^(enquiry|deposit|ordered|in_transit|ready|delivered|cancelled)$"
STAGES = "^(booked|received|diagnosis|parts|working|check|ready|closed)$"
KINDS = "^(service|repair|bodywork|inspection|delivery|other)$"
STATES = "^(booked|confirmed|arrived|done|missed|cancelled)$"
Amount = Annotated[Decimal, Field(ge=0, le=9_999_999_999, max_digits=12, decimal_places=2)]
Signed = Annotated[Decimal, Field(ge=-9_999_999_999, le=9_999_999_999, max_digits=12, decimal_places=2)]
Moment = AwareDatetime


class OrderStepOut(Schema):
    status: str
    at: datetime
    by: Ref | None


class RepairStageOut(Schema):
    stage: str
    at: datetime
    by: Ref | None


class PaymentOut(Schema):
    id: int
    order: int
    kind: str
    amount: Decimal
    paid_on: date
    way: str
    note: str
    version: int


class OrderRow(Schema):
    """An order; ``customer`` is null where he is another store's."""

    id: int
    number: str
    customer: Ref | None
    store: int
    model: str
    colour: str
    car: CarRef | None
    status: str
    amount: Decimal | None
    salesperson: Ref | None
    ordered_on: date | None
    expected_on: date | None
    delivered_on: date | None
    notes: str
    open: bool
    version: int


class OrderWhole(OrderRow):
    """With its steps and payments; ``paid``: their sum."""

    paid: Decimal
    steps: list[OrderStepOut]
    payments: list[PaymentOut]


class LineOut(Schema):
    id: int
    repair: int
    kind: str
    code: str
    text: str
    quantity: Decimal
    price: Decimal | None
    declined: bool
    declined_why: str
    ask_again_on: date | None
    version: int


class RepairRow(Schema):
    """A repair order; ``customer`` is null where he is another store's."""

    id: int
    number: str
    customer: Ref | None
    store: int
    car: CarRef | None
    stage: str
    work: str
    said: str
    adviser: Ref | None
    amount: Decimal | None
    mileage_km: int | None
    received_at: datetime | None
    promised_at: datetime | None
    closed_at: datetime | None
    open: bool
    version: int


class RepairWhole(RepairRow):
    """With its lines and stages; ``total``: of the lines that were not declined."""

    total: Decimal
    steps: list[RepairStageOut]
    lines: list[LineOut]


class BookingOut(Schema):
    id: int
    customer: Ref | None
    store: int
    car: CarRef | None
    repair: int | None
    kind: str
    at: datetime
    minutes: int
    text: str
    adviser: Ref | None
    state: str
    open: bool
    version: int


class OrderFields(Schema):
    """What may be said of an order. ``car``, ``salesperson``: 0 for none."""

    number: Plain | None = Field(None, max_length=24)
    model: Plain | None = Field(None, max_length=120)
    colour: Plain | None = Field(None, max_length=20)
    car: int | None = Field(None, ge=0, le=2**63 - 1)
    status: str | None = Field(None, pattern=STATUSES)
    amount: Amount | None = None
    salesperson: int | None = Field(None, ge=0, le=2**63 - 1)
    ordered_on: Day | None = None
    expected_on: Day | None = None
    delivered_on: Day | None = None
    notes: Plain | None = Field(None, max_length=500)
    way: Way | None = None


class OrderIn(OrderFields):
    model: Plain = Field(min_length=1, max_length=120)
    store: Id | None = None


class OrderPatch(OrderFields):
    version: Version


class PaymentIn(Schema):
    """What was paid. ``paid_back`` (kind ``refund``) is below zero."""

    kind: str = Field(pattern="^(deposit|part|loan|final|refund)$")
    amount: Signed
    paid_on: Day
    way: Plain = Field("", max_length=40)
    note: Plain = Field("", max_length=120)


class PaymentPatch(Schema):
    version: Version
    kind: str | None = Field(None, pattern="^(deposit|part|loan|final|refund)$")
    amount: Signed | None = None
    paid_on: Day | None = None
    way: Plain | None = Field(None, max_length=40)
    note: Plain | None = Field(None, max_length=120)


class RepairFields(Schema):
    """What may be said of a repair order. ``car``, ``adviser``: 0 for none."""

    number: Plain | None = Field(None, max_length=24)
    car: int | None = Field(None, ge=0, le=2**63 - 1)
    stage: str | None = Field(None, pattern=STAGES)
    work: Plain | None = Field(None, max_length=200)
    said: Plain | None = Field(None, max_length=500)
    adviser: int | None = Field(None, ge=0, le=2**63 - 1)
    amount: Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)] | None = None
    mileage_km: Km | None = None
    received_at: Moment | None = None
    promised_at: Moment | None = None
    way: Way | None = None


class RepairIn(RepairFields):
    work: Plain = Field(min_length=1, max_length=200)
    store: Id | None = None


class RepairPatch(RepairFields):
    version: Version


class LineIn(Schema):
    """A line of a repair order; ``declined``: the customer did not want it."""

    kind: str = Field("labour", pattern="^(labour|part|outside|other)$")
    code: Plain = Field("", max_length=40)
    text: Plain = Field(min_length=1, max_length=200)
    quantity: Annotated[Decimal, Field(gt=0, le=99_999, max_digits=8, decimal_places=2)] = Decimal(1)
    price: Money | None = None
    declined: bool = False
    declined_why: Plain = Field("", max_length=120)
    ask_again_on: Day | None = None
    way: Way | None = None


class LinePatch(Schema):
    version: Version
    kind: str | None = Field(None, pattern="^(labour|part|outside|other)$")
    code: Plain | None = Field(None, max_length=40)
    text: Plain | None = Field(None, min_length=1, max_length=200)
    quantity: Annotated[Decimal, Field(gt=0, le=99_999, max_digits=8, decimal_places=2)] | None = None
    price: Money | None = None
    declined: bool | None = None
    declined_why: Plain | None = Field(None, max_length=120)
    ask_again_on: Day | None = None
    way: Way | None = None


class BookingFields(Schema):
    """What may be said of an appointment. ``car``, ``adviser``: 0 for none."""

    kind: str | None = Field(None, pattern=KINDS)
    at: Moment | None = None
    minutes: int | None = Field(None, ge=5, le=1440)
    text: Plain | None = Field(None, max_length=200)
    car: int | None = Field(None, ge=0, le=2**63 - 1)
    adviser: int | None = Field(None, ge=0, le=2**63 - 1)
    way: Way | None = None


class BookingIn(BookingFields):
    at: Moment
    store: Id | None = None


class BookingPatch(BookingFields):
    version: Version
    state: str | None = Field(None, pattern=STATES)


class ListQuery(Schema):
    """``q``: a number, or the beginning of one."""

    customer: Id | None = None
    store: Id | None = None
    open: bool | None = None
    q: Plain = Field("", max_length=24)
    page: PageNumber = 1


class OrdersQuery(ListQuery):
    status: str = Field("", pattern=f"{STATUSES}|^$")


class RepairsQuery(ListQuery):
    stage: str = Field("", pattern=f"{STAGES}|^$")


class LinesQuery(Schema):
    """``due``: only those to be asked about again by that day."""

    customer: Id | None = None
    store: Id | None = None
    due: Day | None = None
    page: PageNumber = 1


class DeclinedOut(LineOut):
    """Declined work, with whose it is and of which car."""

    number: str
    customer: Ref | None
    car: CarRef | None


class BookingsQuery(Schema):
    customer: Id | None = None
    store: Id | None = None
    since: Day | None = None
    until: Day | None = None
    state: str = Field("", pattern=f"{STATES}|^$")
    page: PageNumber = 1
