"""Routes of a customer's numbers, ties, labels and history."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import names, need, person_of, signed_in, who_may
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import NotFound
from dealerline.apps.common.live import live_call
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.schemas import Done, LockedOut, NamedRef, Ref
from dealerline.apps.customers.logic import changes, phones, rows, ties
from dealerline.apps.customers.logic.access import access_customer
from dealerline.apps.customers.logic.pop import number_of
from dealerline.apps.customers.models import Label
from dealerline.apps.customers.rest.schemas import (
    CHANGES,
    ERRORS,
    ChangeOut,
    Id,
    PageNumber,
    PhoneOut,
    Plain,
    ProblemOut,
    Removal,
    Version,
    Way,
    source_of,
)
from dealerline.apps.organisation.facade import brands

router = Router(tags=["customers"], auth=signed_in)
USES = "^(mobile|home|work|other)$"
HOWS = "^(call|rung|code|paper|)$"
TIES = ("^(spouse|parent|child|relative|household|friend|employer|employee|contact|contact_of|driver|driver_of|brought|"
        "brought_by|other)$")


class PhoneIn(Schema):
    """One more number, in any way of writing it; an extension behind it is told apart.

    ``number`` may be empty when ``call`` is given: then the caller's own is used, also by who sees it masked.
    """

    number: Plain = Field("", max_length=60)
    call: UUID | None = None
    use: str = Field("mobile", pattern=USES)
    primary: bool = False
    used_by: Plain = Field("", max_length=80)
    verified_how: str = Field("", pattern=HOWS)
    do_not_call: bool = False
    do_not_call_why: Plain = Field("", max_length=120)
    way: Way | None = None


class PhonePatch(Schema):
    """What to change of a number. Another number is not verified any more."""

    version: Version
    number: Plain | None = Field(None, max_length=60)
    use: str | None = Field(None, pattern=USES)
    primary: bool | None = None
    used_by: Plain | None = Field(None, max_length=80)
    verified_how: str | None = Field(None, pattern=HOWS)
    do_not_call: bool | None = None
    do_not_call_why: Plain | None = Field(None, max_length=120)
    way: Way | None = None


class Revealed(Schema):
    """A whole number. So many did he have shown to him within the hour and today; ``an_hour``: how many he may."""

    number: str
    this_hour: int
    today: int
    an_hour: int


class TiedOut(Schema):
    """Whom somebody is tied to."""

    id: int
    name: str
    kind: str
    level: str
    store: int


class TieOut(Schema):
    """``customer`` is the ``kind`` of the one whose ties are asked for."""

    id: int
    kind: str
    customer: TiedOut
    note: str
    since: date | None
    until: date | None
    version: int


class TieIn(Schema):
    """``other`` is the ``kind`` of the customer: kind ``spouse``: his spouse; ``employer``: the firm he works for."""

    other: Id
    kind: str = Field(pattern=TIES)
    note: Plain = Field("", max_length=120)
    since: date | None = None
    until: date | None = None
    way: Way | None = None


class TiePatch(Schema):
    version: Version
    kind: str | None = Field(None, pattern=TIES)
    note: Plain | None = Field(None, max_length=120)
    since: date | None = None
    until: date | None = None
    way: Way | None = None


class LabelOut(Schema):
    text: str
    colour: str


class ChoicesQuery(Schema):
    store: Id


class FileChoicesOut(Schema):
    """Makes of cars, and who may write in the files of a store's customers."""

    brands: list[NamedRef]
    people: list[Ref]


class LabelsQuery(Schema):
    q: Plain = Field("", max_length=40)


class ChangesQuery(Schema):
    page: PageNumber = 1
    object_type: str = Field("", pattern="^[a-z_.]{0,40}$")
    object_id: Plain = Field("", max_length=64)


# numbers --------------------------------------------------------------------------------------------------------------
@router.post("/customers/{customer}/phones", response={200: PhoneOut, **ERRORS})
def add_phone(request: HttpRequest, customer: Id, data: PhoneIn) -> dict[str, Any]:
    """One more number; one that he has already is given back as it is."""
    person = person_of(request)
    row = access_customer(person, customer, "customers.edit")
    values = data.dict(exclude={"number", "call", "way"}, exclude_unset=True)
    call = data.call if not data.number.strip() else None
    number = number_of(person, call, live_call(call)) if call is not None else data.number
    if call is not None and not number:
        raise rows.invalid(phone={"zh": "这通电话没有可用的号码，请输入号码。",
                                  "en": "This call has no number that could be used: type one."})
    phone = phones.add(person, row, number, source_of(request, "call" if call is not None else data.way), **values)
    audit.record(request, "customer", object_type="phone", object_id=phone.pk, store=row.store_id,
                 detail={"created": True} | ({"call": str(call)} if call is not None else {}))
    return phones.draw(person, phone)


@router.patch("/customers/{customer}/phones/{phone}", response={200: PhoneOut, **CHANGES})
def change_phone(request: HttpRequest, customer: Id, phone: Id, data: PhonePatch) -> dict[str, Any]:
    """Change a number: who uses it, the main one, verified, do not call."""
    person = person_of(request)
    values = data.dict(exclude={"version", "way"}, exclude_unset=True, exclude_none=True)
    row = phones.change(person, customer, phone, data.version, values, source_of(request, data.way))
    audit.record(request, "customer", object_type="phone", object_id=row.pk, store=row.customer.store_id,
                 detail={"fields": sorted(values)})
    return phones.draw(person, row)


@router.delete("/customers/{customer}/phones/{phone}", response={200: Done, **CHANGES})
def remove_phone(request: HttpRequest, customer: Id, phone: Id, query: Query[Removal]) -> dict[str, bool]:
    """Take a number away."""
    person = person_of(request)
    phones.remove(person, customer, phone, query.version, source_of(request, "page"))
    audit.record(request, "customer", object_type="phone", object_id=phone, detail={"removed": True})
    return {"ok": True}


@router.post("/customers/{customer}/phones/{phone}/reveal", response={200: Revealed, **ERRORS, 429: LockedOut})
def reveal_phone(request: HttpRequest, customer: Id, phone: Id) -> dict[str, Any]:
    """Show a masked number whole, once: audited, and counted."""
    return phones.reveal(request, person_of(request), customer, phone)


# ties -----------------------------------------------------------------------------------------------------------------
@router.get("/customers/{customer}/ties", response={200: list[TieOut], 404: ProblemOut})
def list_ties(request: HttpRequest, customer: Id) -> list[dict[str, Any]]:
    """Household and company, read from this customer's end."""
    person = person_of(request)
    return ties.of_customer(person, access_customer(person, customer))


@router.post("/customers/{customer}/ties", response={200: TieOut, **ERRORS})
def add_tie(request: HttpRequest, customer: Id, data: TieIn) -> dict[str, Any]:
    """Tie somebody to him."""
    person = person_of(request)
    row = access_customer(person, customer, "customers.edit")
    values = data.dict(exclude={"other", "way"})
    return ties.add(person, row, data.other, values, source_of(request, data.way))


@router.patch("/customers/{customer}/ties/{tie}", response={200: TieOut, **CHANGES})
def change_tie(request: HttpRequest, customer: Id, tie: Id, data: TiePatch) -> dict[str, Any]:
    """Change a tie; dates may be emptied with null."""
    person = person_of(request)
    row = access_customer(person, customer, "customers.edit")
    values = given(data, "since", "until")
    return ties.change(person, row, tie, data.version, values, source_of(request, data.way))


@router.delete("/customers/{customer}/ties/{tie}", response={200: Done, **CHANGES})
def remove_tie(request: HttpRequest, customer: Id, tie: Id, query: Query[Removal]) -> dict[str, bool]:
    """Take a tie away."""
    person = person_of(request)
    row = access_customer(person, customer, "customers.edit")
    ties.remove(person, row, tie, query.version, source_of(request, "page"))
    return {"ok": True}


# choices, labels and history ------------------------------------------------------------------------------------------
@router.get("/file-choices", response={200: FileChoicesOut, 403: ProblemOut, 404: ProblemOut})
def file_choices(request: HttpRequest, query: Query[ChoicesQuery]) -> dict[str, Any]:
    """What a car, an order or a repair order of that store may be set to: makes, and who works there."""
    person = need(request, "customers.view")
    if query.store not in person.stores_for(rows.VIEW):
        raise NotFound
    people = names(set(who_may(rows.EDIT, query.store)))
    return {"brands": [{"id": brand["id"], "name": brand["name"]} for brand in brands()],
            "people": [{"id": key, "name": name} for key, name in sorted(people.items(), key=lambda one: one[1])]}


@router.get("/labels", response={200: list[LabelOut], 403: ProblemOut})
def list_labels(request: HttpRequest, query: Query[LabelsQuery]) -> list[Label]:
    """The words that may be put on customers, to choose from as one types."""
    need(request, "customers.view")
    return list(Label.objects.filter(text__icontains=query.q.strip())[:50])


@router.get("/customers/{customer}/changes", response={200: Page[ChangeOut], 404: ProblemOut})
def list_changes(request: HttpRequest, customer: Id, query: Query[ChangesQuery]) -> dict[str, Any]:
    """Who changed what of a customer and all that is his, when, from what; newest first, numbers masked by role."""
    person = person_of(request)
    row = access_customer(person, customer)
    found = changes.of_customer(person, row, query.object_type, query.object_id)
    whole = changes.sees(person, row)
    return paged(found, query.page, lambda change: changes.draw(change, whole))


def given(data: Schema, *emptied: str) -> dict[str, Any]:
    """The fields that were sent, without those sent as null but for the ones that null empties."""
    values = data.dict(exclude={"version", "way", "anyway"}, exclude_unset=True)
    return {field: value for field, value in values.items() if value is not None or field in emptied}
