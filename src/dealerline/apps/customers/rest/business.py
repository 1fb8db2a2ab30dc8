"""Routes of orders and payments, repair orders and their lines, appointments.

They differ in what they carry and how they are called; what they do is the same few things, below the routes.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema

from dealerline.apps.accounts.facade import Person, need, person_of, signed_in
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.schemas import Done
from dealerline.apps.customers.logic import business, rows
from dealerline.apps.customers.logic.access import access_customer
from dealerline.apps.customers.logic.business import BOOKINGS, LINES, ORDERS, PAYMENTS, REPAIRS, Below, OfCustomer
from dealerline.apps.customers.rest.business_shapes import (
    BookingIn,
    BookingOut,
    BookingPatch,
    BookingsQuery,
    DeclinedOut,
    LineIn,
    LineOut,
    LinePatch,
    LinesQuery,
    ListQuery,
    OrderIn,
    OrderPatch,
    OrderRow,
    OrdersQuery,
    OrderWhole,
    PaymentIn,
    PaymentOut,
    PaymentPatch,
    RepairIn,
    RepairPatch,
    RepairRow,
    RepairsQuery,
    RepairWhole,
)
from dealerline.apps.customers.rest.people import given
from dealerline.apps.customers.rest.schemas import CHANGES, ERRORS, Id, ProblemOut, Removal, source_of

router = Router(tags=["business"], auth=signed_in)
LISTED = {403: ProblemOut, 404: ProblemOut}


# orders ---------------------------------------------------------------------------------------------------------------
@router.get("/orders", response={200: Page[OrderRow], **LISTED})
def list_orders(request: HttpRequest, query: Query[OrdersQuery]) -> dict[str, Any]:
    """Orders: of a customer, of a store, open ones, by status or number; open ones first."""
    return _list(request, ORDERS, query, query.status)


@router.post("/customers/{customer}/orders", response={200: OrderWhole, **ERRORS})
def add_order(request: HttpRequest, customer: Id, data: OrderIn) -> dict[str, Any]:
    """A new order. Without a number it gets one."""
    return _add(request, ORDERS, customer, data)


@router.get("/orders/{order}", response={200: OrderWhole, 404: ProblemOut})
def get_order(request: HttpRequest, order: Id) -> dict[str, Any]:
    """One order."""
    return _get(request, ORDERS, order)


@router.patch("/orders/{order}", response={200: OrderWhole, **CHANGES})
def change_order(request: HttpRequest, order: Id, data: OrderPatch) -> dict[str, Any]:
    """Change an order; a new status is written down as a step."""
    return _change(request, ORDERS, order, data)


@router.post("/orders/{order}/payments", response={200: PaymentOut, **ERRORS})
def add_payment(request: HttpRequest, order: Id, data: PaymentIn) -> dict[str, Any]:
    """Money for an order."""
    return _add_below(request, PAYMENTS, order, data)


@router.patch("/payments/{payment}", response={200: PaymentOut, **CHANGES})
def change_payment(request: HttpRequest, payment: Id, data: PaymentPatch) -> dict[str, Any]:
    """Change a payment."""
    return _change(request, PAYMENTS, payment, data)


@router.delete("/payments/{payment}", response={200: Done, **CHANGES})
def remove_payment(request: HttpRequest, payment: Id, query: Query[Removal]) -> dict[str, bool]:
    """Take away a payment that was entered by mistake."""
    return _remove(request, PAYMENTS, payment, query.version)


# repairs --------------------------------------------------------------------------------------------------------------
@router.get("/repairs", response={200: Page[RepairRow], **LISTED})
def list_repairs(request: HttpRequest, query: Query[RepairsQuery]) -> dict[str, Any]:
    """Repair orders: of a customer, of a store, open ones, by stage or number; open ones first."""
    return _list(request, REPAIRS, query, query.stage)


@router.post("/customers/{customer}/repairs", response={200: RepairWhole, **ERRORS})
def add_repair(request: HttpRequest, customer: Id, data: RepairIn) -> dict[str, Any]:
    """A new repair order. Without a number it gets one."""
    return _add(request, REPAIRS, customer, data)


@router.get("/repairs/{repair}", response={200: RepairWhole, 404: ProblemOut})
def get_repair(request: HttpRequest, repair: Id) -> dict[str, Any]:
    """One repair order."""
    return _get(request, REPAIRS, repair)


@router.patch("/repairs/{repair}", response={200: RepairWhole, **CHANGES})
def change_repair(request: HttpRequest, repair: Id, data: RepairPatch) -> dict[str, Any]:
    """Change a repair order; a new stage is written down as a step."""
    return _change(request, REPAIRS, repair, data)


@router.post("/repairs/{repair}/lines", response={200: LineOut, **ERRORS})
def add_line(request: HttpRequest, repair: Id, data: LineIn) -> dict[str, Any]:
    """A line of a repair order."""
    return _add_below(request, LINES, repair, data)


@router.patch("/repair-lines/{line}", response={200: LineOut, **CHANGES})
def change_line(request: HttpRequest, line: Id, data: LinePatch) -> dict[str, Any]:
    """Change a line: what was declined, why, and when to ask again."""
    return _change(request, LINES, line, data)


@router.delete("/repair-lines/{line}", response={200: Done, **CHANGES})
def remove_line(request: HttpRequest, line: Id, query: Query[Removal]) -> dict[str, bool]:
    """Take away a line that was entered by mistake."""
    return _remove(request, LINES, line, query.version)


@router.get("/declined-work", response={200: Page[DeclinedOut], **LISTED})
def list_declined(request: HttpRequest, query: Query[LinesQuery]) -> dict[str, Any]:
    """Work that customers declined, what is to be asked again first first."""
    person = _scoped(request, query)
    found = rows.visible(LINES.kind, person).filter(declined=True).select_related(
        "repair__customer", "repair__car")
    if query.customer is not None:
        found = found.filter(repair__customer=query.customer)
    if query.store is not None:
        found = found.filter(repair__store=query.store)
    if query.due is not None:
        found = found.filter(ask_again_on__lte=query.due)
    return paged(found.order_by("ask_again_on", "-id"), query.page, lambda row: business.draw_declined(person, row))


# appointments ---------------------------------------------------------------------------------------------------------
@router.get("/bookings", response={200: Page[BookingOut], **LISTED})
def list_bookings(request: HttpRequest, query: Query[BookingsQuery]) -> dict[str, Any]:
    """Appointments: of a customer (the last first), or of a store's days (the first first)."""
    person = _scoped(request, query)
    found = BOOKINGS.listed(person, query.customer, query.store)
    if query.since is not None:
        found = found.filter(at__gte=_midnight(query.since))
    if query.until is not None:
        found = found.filter(at__lt=_midnight(query.until) + timedelta(days=1))
    if query.state:
        found = found.filter(state=query.state)
    order = ("-at", "-id") if query.customer is not None else ("at", "id")
    return _page(person, BOOKINGS, found.order_by(*order), query.page)


@router.post("/customers/{customer}/bookings", response={200: BookingOut, **ERRORS})
def add_booking(request: HttpRequest, customer: Id, data: BookingIn) -> dict[str, Any]:
    """A new appointment."""
    return _add(request, BOOKINGS, customer, data)


@router.get("/bookings/{booking}", response={200: BookingOut, 404: ProblemOut})
def get_booking(request: HttpRequest, booking: Id) -> dict[str, Any]:
    """One appointment."""
    return _get(request, BOOKINGS, booking)


@router.patch("/bookings/{booking}", response={200: BookingOut, **CHANGES})
def change_booking(request: HttpRequest, booking: Id, data: BookingPatch) -> dict[str, Any]:
    """Change, move, confirm or cancel an appointment."""
    return _change(request, BOOKINGS, booking, data)


# what all of them do --------------------------------------------------------------------------------------------------
def _scoped(request: HttpRequest, query: Any) -> Person:
    person = need(request, "customers.view")
    if query.customer is not None:
        access_customer(person, query.customer)
    return person


def _list(request: HttpRequest, of: OfCustomer, query: ListQuery, step: str) -> dict[str, Any]:
    person = _scoped(request, query)
    found = of.listed(person, query.customer, query.store)
    if step:
        found = found.filter(**{of.step: step})
    if query.open is not None:
        found = found.filter(open=query.open)
    text = query.q.strip()
    if text:
        found = found.filter(Q(number__startswith=text) | Q(number__startswith=text.upper()))
    return _page(person, of, found.order_by("-open", "-id"), query.page)


def _page(person: Person, of: OfCustomer, found: QuerySet[Any], page: int) -> dict[str, Any]:
    return paged(found, page, lambda row: of.draw(person, row))


def _get(request: HttpRequest, of: OfCustomer, key: int) -> dict[str, Any]:
    person = person_of(request)
    return of.kind.draw(person, rows.access(of.kind, person, key))


def _add(request: HttpRequest, of: OfCustomer, customer: int, data: Schema) -> dict[str, Any]:
    person = person_of(request)
    row = access_customer(person, customer, rows.EDIT)
    return of.kind.draw(person, of.add(person, row, given(data), _source(request, data, of)))


def _add_below(request: HttpRequest, of: Below, above: int, data: Schema) -> dict[str, Any]:
    person = person_of(request)
    values = data.dict(exclude=set() if of.own_way else {"way"})
    return of.kind.draw(person, of.add(person, above, values, _source(request, data, of)))


def _change(request: HttpRequest, of: OfCustomer | Below, key: int, data: Any) -> dict[str, Any]:
    person = person_of(request)
    values = given(data, *of.emptied)
    if isinstance(of, Below) and of.own_way and data.way is not None:
        values["way"] = data.way
    return of.kind.draw(person, of.change(person, key, data.version, values, _source(request, data, of)))


def _remove(request: HttpRequest, of: Below, key: int, version: int) -> dict[str, bool]:
    rows.remove(of.kind, person_of(request), key, version, source_of(request, "page"))
    return {"ok": True}


def _midnight(day: date) -> datetime:
    """The beginning of a day here: compared as a moment, so that the index is of use."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _source(request: HttpRequest, data: Any, of: OfCustomer | Below) -> str:
    return source_of(request, None if isinstance(of, Below) and of.own_way else data.way)
