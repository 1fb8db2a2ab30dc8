"""The pop; customers listed, made, read and changed. What hangs on a customer has its routes in ``rest``."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need, person_of, signed_in
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import NotAllowed
from dealerline.apps.common.live import live_call
from dealerline.apps.common.paging import Page, paged, paged_ids
from dealerline.apps.common.schemas import Id, Plain, ProblemOut, StaleOut, Text
from dealerline.apps.customers.logic import customers, phones
from dealerline.apps.customers.logic.identity import find
from dealerline.apps.customers.logic.pop import number_of, pop_with_warnings, wait_for_call
from dealerline.apps.customers.rest import business, cars, club, identity, people
from dealerline.apps.customers.rest.cars import Day
from dealerline.apps.customers.rest.people import given
from dealerline.apps.customers.rest.schemas import CustomerOut, Way, source_of
from dealerline.domain import numbers

router = Router(tags=["customers"], auth=signed_in)
for part in (people, cars, business, club, identity):
    router.add_router("", part.router)


class PopCarOut(Schema):
    """A car in the pop. ``because``: why he most likely calls about it; only the first has one."""

    id: int
    vin: str
    vin_warning: str
    plate: str
    plate_kind: str
    brand: Text | None
    maker: Text | None
    model: str
    year: int | None
    colour: str
    mileage_km: int | None
    mileage_on: date | None
    bought_on: date | None
    insurance_until: date | None
    inspection_until: date | None
    warranty_until: date | None
    next_service_on: date | None
    next_service_km: int | None
    recall: str
    role: str
    because: str


class OrderOut(Schema):
    id: int
    number: str
    model: str
    status: str
    amount: Decimal | None
    store: int
    ordered_on: date | None
    expected_on: date | None
    open: bool


class RepairOut(Schema):
    id: int
    number: str
    stage: str
    work: str
    amount: Decimal | None
    store: int
    received_at: datetime | None
    promised_at: datetime | None
    open: bool
    plate: str


class PopTiedOut(Schema):
    id: int
    name: str
    kind: str
    level: str
    store: int


class PopTieOut(Schema):
    """``customer`` is the ``kind`` of the caller."""

    id: int
    kind: str
    note: str
    customer: PopTiedOut


class PopBookingOut(Schema):
    id: int
    kind: str
    at: datetime
    text: str
    state: str
    store: int
    plate: str


class PopCardOut(Schema):
    number: str
    level: str
    points: int
    balance: Decimal
    valid_until: date | None


class PastCallOut(Schema):
    id: UUID
    at: datetime
    direction: str
    outcome: str
    seconds: float
    line_name: Text | None
    agent_name: str
    matter: Text | None
    result: Text | None
    notes: str


class WarningOut(Schema):
    """What one has to know at once. ``at``: the moment it is about; ``link``: a page of ours."""

    kind: str
    customer: int
    text: Text
    at: datetime | None
    tone: str
    link: str


class PopOut(Schema):
    """Everything about a caller. ``cars``: the one he most likely rings about first, twenty of ``cars_count``."""

    known: bool
    customer: CustomerOut | None
    other_matches: list[CustomerOut]
    cars: list[PopCarOut]
    cars_count: int
    ties: list[PopTieOut]
    bookings: list[PopBookingOut]
    warnings: list[WarningOut]
    orders: list[OrderOut]
    repairs: list[RepairOut]
    card: PopCardOut | None
    calls: list[PastCallOut]


INTENTIONS = "^[ABCD]?$"
PURCHASES = "^(looking|comparing|test_driven|talking|ordered|owner|elsewhere|)$"
Yuan = Annotated[int, Field(ge=0, le=1_000_000_000)]


class CustomerIn(Schema):
    """The short form. ``phone`` may be empty when ``call`` is given: then the caller's own number is used.

    ``anyway``: keep a plate that can be none, as a foreign one.
    """

    name: Plain = Field(max_length=120)
    title: Plain = Field("", max_length=20)
    kind: str = Field("person", pattern="^(person|company)$")
    company: Plain = Field("", max_length=120)
    phone: Plain = Field("", max_length=60)
    plate: Plain = Field("", max_length=40)
    model: Plain = Field("", max_length=80)
    need: Plain = Field("", max_length=200)
    intention: str | None = Field(None, pattern=INTENTIONS)
    purchase_status: str | None = Field(None, pattern=PURCHASES)
    wants_model: Plain | None = Field(None, max_length=120)
    store: Id | None = None
    call: UUID | None = None
    anyway: bool | None = None


class CustomerPatch(Schema):
    """What to change, and the version it was read at. Dates and sums are emptied with null.

    ``way``: from a page, or during a call, for the history.
    """

    version: int = Field(ge=0, le=2**31 - 1)
    name: Plain | None = Field(None, max_length=120)
    title: Plain | None = Field(None, max_length=20)
    kind: str | None = Field(None, pattern="^(person|company)$")
    number: Plain | None = Field(None, max_length=24)
    company: Plain | None = Field(None, max_length=120)
    level: str | None = Field(None, pattern="^(normal|silver|gold|vip)$")
    labels: list[Plain] | None = Field(None, max_length=20)
    notes: Plain | None = Field(None, max_length=20_000)
    need: Plain | None = Field(None, max_length=200)
    language: str | None = Field(None, pattern="^(zh|en|)$")
    email: Plain | None = Field(None, max_length=120)
    address: Plain | None = Field(None, max_length=200)
    birthday: Day | None = None
    intention: str | None = Field(None, pattern=INTENTIONS)
    purchase_status: str | None = Field(None, pattern=PURCHASES)
    wants_model: Plain | None = Field(None, max_length=120)
    budget_from: Yuan | None = None
    budget_to: Yuan | None = None
    buys_by: Day | None = None
    needs: Plain | None = Field(None, max_length=20_000)
    add_phone: Plain | None = Field(None, max_length=60)
    way: Way | None = None


EMPTIED = ("birthday", "budget_from", "budget_to", "buys_by")


class CustomersQuery(Schema):
    """``sort``: "" the newest or best first, ``name`` by pinyin."""

    q: Plain = Field("", max_length=80)
    page: int = Field(1, ge=1, le=100_000)
    store: Id | None = None
    kind: str = Field("", pattern="^(person|company|)$")
    level: str = Field("", pattern="^(normal|silver|gold|vip|)$")
    label: Plain = Field("", max_length=40)
    intention: str = Field("", pattern=INTENTIONS)
    purchase_status: str = Field("", pattern=PURCHASES)
    sort: str = Field("", pattern="^(name|)$")


class PopQuery(Schema):
    """``q``: a plate, the end of a VIN, a card or order number, where the caller's own number says nothing.
    ``customer`` and ``car``: who he is by what he keyed in the flow; ``among``: who he may be by it.
    """

    q: Plain = Field("", max_length=60)
    number: Plain = Field("", max_length=40)
    call: UUID | None = None
    line: Id | None = None
    customer: Id | None = None
    car: Id | None = None
    among: list[Id] = Field(default_factory=list, max_length=9)


@router.get("/pop", response={200: PopOut, 403: ProblemOut})
def get_pop(request: HttpRequest, query: Query[PopQuery]) -> Any:
    """Who rings, in one statement. A masked number is looked up by its call."""
    person = need(request, "customers.view")
    number = query.number.strip()
    if query.number.startswith(" "):  # a "+" that was not escaped in the address
        number = "+" + number
    e164 = "" if "*" in number else numbers.e164(number)
    if not e164 and query.call is not None:
        live = live_call(query.call)  # the switch knows it before the database does
        if live is None:
            wait_for_call(query.call)
        elif live.store in person.stores_for("calls.view"):
            e164 = numbers.e164(live.number)
    meant = next(iter(find(person, query.q)), None)
    customer, car = (meant.customer, meant.car) if meant is not None else (query.customer, query.car)
    if query.q.strip() and meant is None:
        e164, customer, car = "", None, None  # what was asked for is nobody: then not he who rings by chance
    among = [] if query.q.strip() else query.among
    text = pop_with_warnings(person, e164, None if query.q.strip() else query.call, query.line, customer, car, among)
    return HttpResponse(text, content_type="application/json; charset=utf-8")


@router.get("/customers", response={200: Page[CustomerOut], 403: ProblemOut})
def list_customers(request: HttpRequest, query: Query[CustomersQuery]) -> dict[str, Any]:
    """Search: name, pinyin, number, plate."""
    person = need(request, "customers.view")
    seen, found = customers.meant(
        person, query.q, query.store, kind=query.kind, level=query.level, label=query.label, intention=query.intention,
        purchase_status=query.purchase_status)

    def draw(customer: Any) -> dict[str, Any]:
        return customers.as_json(person, customer)

    if found is not None and query.sort != "name":
        return paged_ids(found, seen, query.page, draw)
    rows = seen if found is None else seen.filter(pk__in=found)
    return paged(rows.order_by(*(("name_sort", "id") if query.sort == "name" else ("-id",))), query.page, draw)


@router.post("/customers", response={200: CustomerOut, 400: ProblemOut, 403: ProblemOut})
def create_customer(request: HttpRequest, data: CustomerIn) -> dict[str, Any]:
    """The short form; repeating it makes nobody twice."""
    person = need(request, "customers.edit")
    call = data.call if not data.phone.strip() else None
    live = live_call(call) if call is not None else None
    store = data.store or (live.store if live else None) or person.store_id
    if store is None:
        stores = sorted(person.stores_for("customers.edit").ids)
        if not stores:
            raise NotAllowed
        store = stores[0]
    call_number = number_of(person, call, live) if call is not None else ""
    customer = customers.create(
        person, store=store, phone=data.phone, call_number=call_number, plate=data.plate, model=data.model,
        anyway=bool(data.anyway), source=source_of(request, "call" if data.call else "page"),
        values=data.dict(include={"name", "title", "kind", "company", "need", "intention", "purchase_status",
                                  "wants_model"}, exclude_none=True))
    audit.record(request, "customer", object_type="customer", object_id=customer.pk, store=customer.store_id,
                 detail={"created": True})
    return customers.as_json(person, customer)


@router.get("/customers/{customer}", response={200: CustomerOut, 404: ProblemOut})
def get_customer(request: HttpRequest, customer: Id) -> dict[str, Any]:
    """One customer."""
    person = person_of(request)
    row = customers.access_customer(person, customer)
    audit.look(request, "customer", row.pk, row.store_id)
    return customers.as_json(person, row)


@router.get("/customers/{customer}/file", response={200: PopOut, 404: ProblemOut})
def get_customer_file(request: HttpRequest, customer: Id, car: Id | None = None) -> Any:
    """Everything about one customer, in the pop's shape; ``car``: the one he was found by comes first."""
    person = person_of(request)
    row = customers.access_customer(person, customer)
    audit.look(request, "customer", row.pk, row.store_id)
    return HttpResponse(pop_with_warnings(person, "", None, None, customer=row.pk, car=car),
                        content_type="application/json; charset=utf-8")


@router.patch("/customers/{customer}",
              response={200: CustomerOut, 400: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: StaleOut})
def change_customer(request: HttpRequest, customer: Id, data: CustomerPatch) -> dict[str, Any]:
    """Change some fields; 409 with the newer row when it was changed meanwhile."""
    person = person_of(request)
    row = customers.access_customer(person, customer, "customers.edit")
    values = given(data, *EMPTIED)
    source, added = source_of(request, data.way), values.pop("add_phone", "")
    with transaction.atomic():
        row = customers.change(person, row, values, data.version, source)
        if added:
            phones.add(person, row, added, source)
    audit.record(request, "customer", object_type="customer", object_id=row.pk, store=row.store_id,
                 detail={"fields": sorted(values) + (["phones"] if added else [])})
    return customers.as_json(person, row)
