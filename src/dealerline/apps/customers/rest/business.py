"""Routes of orders and payments, repair orders and their lines, appointments."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need, person_of, signed_in
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.schemas import AwareDatetime, Done
from dealerline.apps.customers.logic import business, rows
from dealerline.apps.customers.logic.access import access_customer
from dealerline.apps.customers.rest.cars import Day
from dealerline.apps.customers.rest.people import given
from dealerline.apps.customers.rest.schemas import (
    CHANGES,
    ERRORS,
    CarRef,
    Id,
    Km,
    Money,
    PageNumber,
    Plain,
    ProblemOut,
    Ref,
    Removal,
    Version,
    Way,
    source_of,
)

router = Router(tags=["business"], auth=signed_in)
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


def _scoped(request: HttpRequest, query: Any) -> Any:
    person = need(request, "customers.view")
    if query.customer is not None:
        access_customer(person, query.customer)
    return person


# orders ---------------------------------------------------------------------------------------------------------------
@router.get("/orders", response={200: Page[OrderRow], 403: ProblemOut, 404: ProblemOut})
def list_orders(request: HttpRequest, query: Query[OrdersQuery]) -> dict[str, Any]:
    """Orders: of a customer, of a store, open ones, by status or number; open ones first."""
    person = _scoped(request, query)

    def where(found: QuerySet[Any]) -> QuerySet[Any]:
        if query.status:
            found = found.filter(status=query.status)
        return _listed(found, query)

    found = business.listed(business.ORDER, person, customer=query.customer, store=query.store, where=where)
    return paged(found.order_by("-open", "-id"), query.page, lambda row: business.draw_order(person, row))


@router.post("/customers/{customer}/orders", response={200: OrderWhole, **ERRORS})
def add_order(request: HttpRequest, customer: Id, data: OrderIn) -> dict[str, Any]:
    """A new order. Without a number it gets one."""
    person = person_of(request)
    row = access_customer(person, customer, "customers.edit")
    return business.draw_order_whole(person, business.add_order(person, row, given(data), _source(request, data)))


@router.get("/orders/{order}", response={200: OrderWhole, 404: ProblemOut})
def get_order(request: HttpRequest, order: Id) -> dict[str, Any]:
    """One order."""
    person = person_of(request)
    return business.draw_order_whole(person, rows.access(business.ORDER, person, order))


@router.patch("/orders/{order}", response={200: OrderWhole, **CHANGES})
def change_order(request: HttpRequest, order: Id, data: OrderPatch) -> dict[str, Any]:
    """Change an order; a new status is written down as a step."""
    person = person_of(request)
    values = given(data, "amount", "ordered_on", "expected_on", "delivered_on")
    return business.draw_order_whole(person, business.change_order(person, order, data.version, values,
                                                                   _source(request, data)))


@router.post("/orders/{order}/payments", response={200: PaymentOut, **ERRORS})
def add_payment(request: HttpRequest, order: Id, data: PaymentIn) -> dict[str, Any]:
    """Money for an order."""
    person = person_of(request)
    row = rows.access(business.ORDER, person, order, "customers.edit")
    return business.draw_payment(person, business.add_payment(person, row, data.dict(), source_of(request, "page")))


@router.patch("/payments/{payment}", response={200: PaymentOut, **CHANGES})
def change_payment(request: HttpRequest, payment: Id, data: PaymentPatch) -> dict[str, Any]:
    """Change a payment."""
    person = person_of(request)
    values = data.dict(exclude={"version"}, exclude_unset=True, exclude_none=True)
    return business.draw_payment(person, business.change_payment(person, payment, data.version, values,
                                                                 source_of(request, "page")))


@router.delete("/payments/{payment}", response={200: Done, **CHANGES})
def remove_payment(request: HttpRequest, payment: Id, query: Query[Removal]) -> dict[str, bool]:
    """Take away a payment that was entered by mistake."""
    rows.remove(business.PAYMENT, person_of(request), payment, query.version, source_of(request, "page"))
    return {"ok": True}


# repairs --------------------------------------------------------------------------------------------------------------
@router.get("/repairs", response={200: Page[RepairRow], 403: ProblemOut, 404: ProblemOut})
def list_repairs(request: HttpRequest, query: Query[RepairsQuery]) -> dict[str, Any]:
    """Repair orders: of a customer, of a store, open ones, by stage or number; open ones first."""
    person = _scoped(request, query)

    def where(found: QuerySet[Any]) -> QuerySet[Any]:
        if query.stage:
            found = found.filter(stage=query.stage)
        return _listed(found, query)

    found = business.listed(business.REPAIR, person, customer=query.customer, store=query.store, where=where)
    return paged(found.order_by("-open", "-id"), query.page, lambda row: business.draw_repair(person, row))


@router.post("/customers/{customer}/repairs", response={200: RepairWhole, **ERRORS})
def add_repair(request: HttpRequest, customer: Id, data: RepairIn) -> dict[str, Any]:
    """A new repair order. Without a number it gets one."""
    person = person_of(request)
    row = access_customer(person, customer, "customers.edit")
    return business.draw_repair_whole(person, business.add_repair(person, row, given(data), _source(request, data)))


@router.get("/repairs/{repair}", response={200: RepairWhole, 404: ProblemOut})
def get_repair(request: HttpRequest, repair: Id) -> dict[str, Any]:
    """One repair order."""
    person = person_of(request)
    return business.draw_repair_whole(person, rows.access(business.REPAIR, person, repair))


@router.patch("/repairs/{repair}", response={200: RepairWhole, **CHANGES})
def change_repair(request: HttpRequest, repair: Id, data: RepairPatch) -> dict[str, Any]:
    """Change a repair order; a new stage is written down as a step."""
    person = person_of(request)
    values = given(data, "amount", "mileage_km", "received_at", "promised_at")
    return business.draw_repair_whole(person, business.change_repair(person, repair, data.version, values,
                                                                     _source(request, data)))


@router.post("/repairs/{repair}/lines", response={200: LineOut, **ERRORS})
def add_line(request: HttpRequest, repair: Id, data: LineIn) -> dict[str, Any]:
    """A line of a repair order."""
    person = person_of(request)
    row = rows.access(business.REPAIR, person, repair, "customers.edit")
    values = data.dict(exclude={"way"})
    return business.draw_line(person, business.add_line(person, row, values, _source(request, data)))


@router.patch("/repair-lines/{line}", response={200: LineOut, **CHANGES})
def change_line(request: HttpRequest, line: Id, data: LinePatch) -> dict[str, Any]:
    """Change a line: what was declined, why, and when to ask again."""
    person = person_of(request)
    values = given(data, "price", "ask_again_on")
    return business.draw_line(person, business.change_line(person, line, data.version, values, _source(request, data)))


@router.delete("/repair-lines/{line}", response={200: Done, **CHANGES})
def remove_line(request: HttpRequest, line: Id, query: Query[Removal]) -> dict[str, bool]:
    """Take away a line that was entered by mistake."""
    rows.remove(business.LINE, person_of(request), line, query.version, source_of(request, "page"))
    return {"ok": True}


@router.get("/declined-work", response={200: Page[DeclinedOut], 403: ProblemOut, 404: ProblemOut})
def list_declined(request: HttpRequest, query: Query[LinesQuery]) -> dict[str, Any]:
    """Work that customers declined, what is to be asked again first first."""
    person = _scoped(request, query)
    found = rows.visible(business.LINE, person).filter(declined=True).select_related(
        "repair__customer", "repair__car")
    if query.customer is not None:
        found = found.filter(repair__customer=query.customer)
    if query.store is not None:
        found = found.filter(repair__store=query.store)
    if query.due is not None:
        found = found.filter(ask_again_on__lte=query.due)
    return paged(found.order_by("ask_again_on", "-id"), query.page, lambda row: business.draw_declined(person, row))


# appointments ---------------------------------------------------------------------------------------------------------
@router.get("/bookings", response={200: Page[BookingOut], 403: ProblemOut, 404: ProblemOut})
def list_bookings(request: HttpRequest, query: Query[BookingsQuery]) -> dict[str, Any]:
    """Appointments: of a customer (the last first), or of a store's days (the first first)."""
    person = _scoped(request, query)

    def where(found: QuerySet[Any]) -> QuerySet[Any]:
        if query.since is not None:
            found = found.filter(at__gte=_midnight(query.since))
        if query.until is not None:
            found = found.filter(at__lt=_midnight(query.until) + timedelta(days=1))
        return found.filter(state=query.state) if query.state else found

    found = business.listed(business.BOOKING, person, customer=query.customer, store=query.store, where=where)
    order = ("-at", "-id") if query.customer is not None else ("at", "id")
    return paged(found.order_by(*order), query.page, lambda row: business.draw_booking(person, row))


@router.post("/customers/{customer}/bookings", response={200: BookingOut, **ERRORS})
def add_booking(request: HttpRequest, customer: Id, data: BookingIn) -> dict[str, Any]:
    """A new appointment."""
    person = person_of(request)
    row = access_customer(person, customer, "customers.edit")
    return business.draw_booking(person, business.add_booking(person, row, given(data), _source(request, data)))


@router.get("/bookings/{booking}", response={200: BookingOut, 404: ProblemOut})
def get_booking(request: HttpRequest, booking: Id) -> dict[str, Any]:
    """One appointment."""
    person = person_of(request)
    return business.draw_booking(person, rows.access(business.BOOKING, person, booking))


@router.patch("/bookings/{booking}", response={200: BookingOut, **CHANGES})
def change_booking(request: HttpRequest, booking: Id, data: BookingPatch) -> dict[str, Any]:
    """Change, move, confirm or cancel an appointment."""
    person = person_of(request)
    return business.draw_booking(person, business.change_booking(person, booking, data.version, given(data),
                                                                 _source(request, data)))


def _midnight(day: date) -> datetime:
    """The beginning of a day here: compared as a moment, so that the index is of use."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _source(request: HttpRequest, data: Any) -> str:
    return source_of(request, data.way)


def _listed(found: QuerySet[Any], query: ListQuery) -> QuerySet[Any]:
    if query.open is not None:
        found = found.filter(open=query.open)
    text = query.q.strip()
    return found.filter(Q(number__startswith=text) | Q(number__startswith=text.upper())) if text else found
