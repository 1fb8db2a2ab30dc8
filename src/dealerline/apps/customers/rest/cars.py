"""Routes of cars: lists, what VIN and plate say, changes, and who owns, drives and pays for them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need, person_of, signed_in
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.schemas import Done
from dealerline.apps.customers.logic import cars, rows
from dealerline.apps.customers.logic.access import access_customer
from dealerline.apps.customers.rest.people import given
from dealerline.apps.customers.rest.schemas import (
    CHANGES,
    ERRORS,
    CarOut,
    Id,
    Km,
    PageNumber,
    Plain,
    ProblemOut,
    Ref,
    Removal,
    Text,
    Version,
    Way,
    source_of,
)

router = Router(tags=["cars"], auth=signed_in)
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2100, 12, 31))]
Year = Annotated[int, Field(ge=1900, le=2100)]
EMPTIED = ("brand_id", "year", "mileage_km", "mileage_on", "bought_on", "insurance_until", "inspection_until",
           "warranty_until", "warranty_km", "next_service_on", "next_service_km", "gone_on")


class CarFields(Schema):
    """What may be said of a car. ``anyway``: keep a plate or VIN that can be none, as a foreign one."""

    vin: Plain | None = Field(None, max_length=40)
    plate: Plain | None = Field(None, max_length=40)
    brand_id: Id | None = None
    model: Plain | None = Field(None, max_length=80)
    year: Year | None = None
    colour: Plain | None = Field(None, max_length=20)
    mileage_km: Km | None = None
    mileage_on: Day | None = None
    bought_on: Day | None = None
    insurance_until: Day | None = None
    insurer: Plain | None = Field(None, max_length=60)
    inspection_until: Day | None = None
    warranty_until: Day | None = None
    warranty_km: Km | None = None
    next_service_on: Day | None = None
    next_service_km: Km | None = None
    recall: Plain | None = Field(None, max_length=120)
    gone_on: Day | None = None
    notes: Plain | None = Field(None, max_length=500)
    anyway: bool | None = None
    way: Way | None = None


class CarPatch(CarFields):
    """What to change, and the version it was read at. Dates and numbers are emptied with null."""

    version: Version


class CarsQuery(Schema):
    """``q``: part of a plate, a VIN or its last six to eight characters."""

    q: Plain = Field("", max_length=40)
    customer: Id | None = None
    store: Id | None = None
    page: PageNumber = 1


class FactsQuery(Schema):
    vin: Plain = Field("", max_length=40)
    plate: Plain = Field("", max_length=40)
    car: Id | None = None


class ThereOut(Schema):
    """A car of the same VIN or plate, and in whose file it is."""

    car: int
    plate: str
    model: str
    customer: Ref


class FactsOut(Schema):
    """What VIN and plate say before they are saved. ``*_problem``: why it can be none, or is doubtful."""

    vin: str
    vin_problem: Text | None
    vin_impossible: bool
    maker: Text | None
    year: int | None
    model: str
    brand_id: int | None
    plate: str
    plate_kind: Text | None
    plate_problem: Text | None
    plate_meant: str
    there: list[ThereOut]


class RoleOut(Schema):
    """Who is what to a car; ``customer`` is null where he is another store's."""

    id: int
    car: int
    role: str
    customer: Ref | None
    since: date | None
    until: date | None
    note: str
    version: int


class CarWhole(CarOut):
    """A car with everybody who has or had to do with it."""

    roles: list[RoleOut]


class RoleIn(Schema):
    """Who is what to the car. A new owner without ``until`` takes it over into his file."""

    customer: Id
    role: str = Field(pattern="^(owner|driver|payer)$")
    since: Day | None = None
    until: Day | None = None
    note: Plain = Field("", max_length=120)
    way: Way | None = None


class RolePatch(Schema):
    version: Version
    since: Day | None = None
    until: Day | None = None
    note: Plain | None = Field(None, max_length=120)
    way: Way | None = None


@router.get("/cars", response={200: Page[CarOut], 403: ProblemOut})
def list_cars(request: HttpRequest, query: Query[CarsQuery]) -> dict[str, Any]:
    """Cars, of one customer (also those he drives or pays for) or of all whom the person sees."""
    person = need(request, "customers.view")
    if query.customer is not None:
        access_customer(person, query.customer)
    found = cars.search(person, query.q, query.customer, query.store)
    return paged(found, query.page, lambda car: cars.draw(person, car))


@router.get("/car-facts", response={200: FactsOut, 403: ProblemOut})
def car_facts(request: HttpRequest, query: Query[FactsQuery]) -> dict[str, Any]:
    """What a VIN and a plate say of themselves, while they are typed."""
    return cars.facts(need(request, "customers.view"), query.vin, query.plate, query.car)


@router.post("/customers/{customer}/cars", response={200: CarWhole, **ERRORS})
def add_car(request: HttpRequest, customer: Id, data: CarFields) -> dict[str, Any]:
    """One more car in his file."""
    person = person_of(request)
    row = access_customer(person, customer, "customers.edit")
    car = cars.add(person, row, given(data), bool(data.anyway), source_of(request, data.way))
    audit.record(request, "customer", object_type="car", object_id=car.pk, store=row.store_id, detail={"created": True})
    return _whole(person, rows.access(cars.CAR, person, car.pk))


@router.get("/cars/{car}", response={200: CarWhole, 404: ProblemOut})
def get_car(request: HttpRequest, car: Id) -> dict[str, Any]:
    """One car."""
    person = person_of(request)
    return _whole(person, rows.access(cars.CAR, person, car))


@router.patch("/cars/{car}", response={200: CarWhole, **CHANGES})
def change_car(request: HttpRequest, car: Id, data: CarPatch) -> dict[str, Any]:
    """Change a car; 409 with the newer row when it was changed meanwhile."""
    person = person_of(request)
    values = given(data, *EMPTIED)
    row = cars.change(person, car, data.version, values, bool(data.anyway), source_of(request, data.way))
    audit.record(request, "customer", object_type="car", object_id=car, store=row.customer.store_id,
                 detail={"fields": sorted(values)})
    return _whole(person, row)


@router.delete("/cars/{car}", response={200: Done, **CHANGES})
def remove_car(request: HttpRequest, car: Id, query: Query[Removal]) -> dict[str, bool]:
    """Take a car out of the file: one entered by mistake. One that was sold has ``gone_on`` instead."""
    person = person_of(request)
    rows.remove(cars.CAR, person, car, query.version, source_of(request, "page"))
    audit.record(request, "customer", object_type="car", object_id=car, detail={"removed": True})
    return {"ok": True}


@router.post("/cars/{car}/roles", response={200: RoleOut, **ERRORS, 409: ProblemOut})
def give_role(request: HttpRequest, car: Id, data: RoleIn) -> dict[str, Any]:
    """Make somebody owner, driver or payer."""
    person = person_of(request)
    row = rows.access(cars.CAR, person, car, "customers.edit")
    role = cars.give_role(person, row, data.dict(exclude={"way"}), source_of(request, data.way))
    audit.record(request, "customer", object_type="car", object_id=car, store=row.customer.store_id,
                 detail={"role": data.role})
    return cars.draw_role(person, role)


@router.patch("/roles/{role}", response={200: RoleOut, **CHANGES})
def change_role(request: HttpRequest, role: Id, data: RolePatch) -> dict[str, Any]:
    """Change since when and until when."""
    person = person_of(request)
    values = given(data, "since", "until")
    return cars.draw_role(person, cars.change_role(person, role, data.version, values, source_of(request, data.way)))


@router.delete("/roles/{role}", response={200: Done, **CHANGES})
def remove_role(request: HttpRequest, role: Id, query: Query[Removal]) -> dict[str, bool]:
    """Take away a role that was entered by mistake; one that is over has an end instead."""
    rows.remove(cars.ROLE, person_of(request), role, query.version, source_of(request, "page"))
    return {"ok": True}


def _whole(person: Any, car: Any) -> dict[str, Any]:
    return {**cars.draw(person, car), "roles": cars.roles_of(person, car)}
