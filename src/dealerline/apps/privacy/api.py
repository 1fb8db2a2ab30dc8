"""Consent; the file of one person; erasing him; how long what is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import Person, names, need, person_of, signed_in
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import NotAllowed
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.schemas import AwareDatetime, Done, Id, Plain, ProblemOut, Text
from dealerline.apps.customers.facade import access_customer, with_number
from dealerline.apps.privacy.logic import consents, erasing, file, retention
from dealerline.apps.privacy.models import Erasure
from dealerline.domain import numbers, permits

router = Router(tags=["privacy"], auth=signed_in)
ERRORS = {400: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut}


class ConsentCell(Schema):
    """Whether he may be contacted, by the newest word that covers it. ``state``: "" when he said nothing."""

    channel: str
    purpose: str
    allowed: bool
    reason: Text
    state: str
    since: datetime | None


class ConsentOut(Schema):
    id: int
    channel: Text
    purpose: Text
    state: str
    state_name: Text
    source: Text
    note: str
    at: datetime
    by: str
    call: UUID | None


class FrequencyCell(Schema):
    """Advertising by one channel: how often within the days that count; ``again``: from when, where it is too often."""

    channel: str
    count: int
    again: datetime | None


class FrequencyOut(Schema):
    """How often advertising may come. ``channel_most``, ``all_most``: null without a limit."""

    days: int
    channel_most: int | None
    all_most: int | None
    channels: list[FrequencyCell]


class MayRingQuery(Schema):
    number: Plain = Field(min_length=3, max_length=40)
    purpose: Literal["service", "marketing", "survey"] = "service"


class MayRingOut(Schema):
    """Whether that number may be rung for that; ``again``: from when, where it is only a matter of time; ``permit``:
    what the switch wants to see before it dials for marketing or a survey, good once and for a minute.
    """

    known: bool
    allowed: bool
    reason: Text
    again: datetime | None
    permit: str


class ConsentsOut(Schema):
    """``do_not_call``: he asked not to be rung at all."""

    table: list[ConsentCell]
    do_not_call: bool
    erased: bool
    advertising: FrequencyOut
    quiet_begin: str
    quiet_end: str
    history: list[ConsentOut]
    may_edit: bool
    may_export: bool
    may_erase: bool


class ConsentIn(Schema):
    """A word of the customer. ``at``: when he said it; now when empty."""

    channel: Literal["call", "sms", "email", "wechat", "any"]
    purpose: Literal["service", "marketing", "recording", "survey", "any"]
    state: Literal["granted", "refused", "withdrawn"]
    source: Literal["call", "paper", "store", "online", "import", "other"]
    note: Plain = Field("", max_length=200)
    at: AwareDatetime | None = None
    call: UUID | None = None


class GoesOut(Schema):
    name: Text
    count: int


class ErasurePreviewOut(Schema):
    """What erasing takes out, what it must keep, and what forbids it now. ``state``: "", asked or done."""

    goes: list[GoesOut]
    stays: list[Text]
    holds: list[Text]
    state: str
    reason: str
    note: str
    asked_at: datetime | None
    asked_by: str
    ended_at: datetime | None


class ErasureIn(Schema):
    reason: Literal["request", "purpose", "unlawful", "other"]
    note: Plain = Field("", max_length=200)


class ConfirmIn(Schema):
    """His name, typed as it stands in the file."""

    name: Plain = Field(max_length=80)


class ErasureOut(Schema):
    """One erasing; it names nobody."""

    id: int
    customer: int
    store: int
    state: str
    reason: str
    asked_at: datetime
    asked_by: str
    ended_at: datetime | None
    ended_by: str
    goes: list[GoesOut]


class RetentionOut(Schema):
    """``days``: null for without end."""

    kind: str
    name: Text
    days: int | None
    last_at: datetime | None
    last_count: int


class RetentionsOut(Schema):
    items: list[RetentionOut]
    may_edit: bool


class RetentionIn(Schema):
    days: int | None = Field(None, ge=1, le=2**31 - 1)


class TonightOut(Schema):
    kind: str
    name: Text
    count: int


class CountedOut(Schema):
    count: int


@router.get("/privacy/may-ring", response={200: MayRingOut, 403: ProblemOut})
def may_ring(request: HttpRequest, query: Query[MayRingQuery]) -> dict[str, Any]:
    """Before a number is dialled: whether whoever has it may be rung for that, as far as one's stores know him."""
    person = need(request, "customers.view")
    number = numbers.e164(query.number)
    people = with_number(person, number)
    answer = consents.may_ring(people, number, query.purpose)
    permit = ""
    if answer.allowed and query.purpose in permits.NEEDED:
        until = timezone.now().timestamp() + permits.SECONDS
        permit = permits.make(settings.DEALERLINE.secret("desk"), person.pk, number, query.purpose, until)
    return {"known": bool(people), "allowed": answer.allowed, "reason": consents.reason(answer.reason),
            "again": answer.again, "permit": permit}


@router.get("/customers/{customer}/consents", response={200: ConsentsOut, **ERRORS})
def get_consents(request: HttpRequest, customer: Id) -> dict[str, Any]:
    """For what he may be contacted, and all he said about it."""
    person = person_of(request)
    row = access_customer(person, customer)
    return _consents(person, row)


def _consents(person: Person, row: Any) -> dict[str, Any]:
    return {**consents.draw(row.pk), "may_edit": person.can("customers.edit", row.store_id),
            "may_export": person.can("customers.export", row.store_id),
            "may_erase": person.can(erasing.ERASE, row.store_id)}


@router.post("/customers/{customer}/consents", response={200: ConsentsOut, **ERRORS})
def add_consent(request: HttpRequest, customer: Id, data: ConsentIn) -> dict[str, Any]:
    """Write down a word of his. Nothing is overwritten: the newest word that covers a purpose counts."""
    person = person_of(request)
    row = access_customer(person, customer, "customers.edit")
    word = consents.write(person, row, **data.dict())
    audit.record(request, "consent", object_type="customer", object_id=row.pk, store=row.store_id,
                 detail={"channel": word.channel, "purpose": word.purpose, "state": word.state})
    return _consents(person, row)


@router.get("/customers/{customer}/personal-data", response={200: None, **ERRORS})
def export_person(request: HttpRequest, customer: Id) -> HttpResponse:
    """Everything known of him, as a ZIP of JSON and a page to read; audited."""
    person = person_of(request)
    row = access_customer(person, customer, "customers.export")
    body = file.packed(row.pk)
    audit.record(request, "personal_export", object_type="customer", object_id=row.pk, store=row.store_id,
                 detail={"bytes": len(body)})
    answer = HttpResponse(body, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="customer-{row.pk}.zip"'
    answer["Cache-Control"] = "no-store"
    return answer


@router.get("/customers/{customer}/erasure", response={200: ErasurePreviewOut, **ERRORS})
def preview_erasure(request: HttpRequest, customer: Id) -> dict[str, Any]:
    """What erasing him would take out; nothing is changed."""
    return erasing.preview(access_customer(person_of(request), customer, erasing.ERASE).pk)


@router.post("/customers/{customer}/erasure", response={200: ErasurePreviewOut, **ERRORS})
def ask_erasure(request: HttpRequest, customer: Id, data: ErasureIn) -> dict[str, Any]:
    """The first step: asked for, with a reason."""
    person = person_of(request)
    row = access_customer(person, customer, erasing.ERASE)
    asked = erasing.ask(person, row, data.reason, data.note)
    audit.record(request, "erase", object_type="customer", object_id=row.pk, store=row.store_id,
                 detail={"asked": asked.pk, "reason": data.reason})
    return erasing.preview(row.pk)


@router.delete("/customers/{customer}/erasure", response={200: Done, **ERRORS})
def withdraw_erasure(request: HttpRequest, customer: Id) -> dict[str, bool]:
    """Not after all; possible until it is done."""
    person = person_of(request)
    row = access_customer(person, customer, erasing.ERASE)
    taken_back = erasing.withdraw(person, row)
    audit.record(request, "erase", object_type="customer", object_id=row.pk, store=row.store_id,
                 detail={"withdrawn": taken_back.pk})
    return {"ok": True}


@router.post("/customers/{customer}/erasure/confirm", response={200: ErasurePreviewOut, **ERRORS})
def confirm_erasure(request: HttpRequest, customer: Id, data: ConfirmIn) -> dict[str, Any]:
    """The second step: he is erased. It cannot be undone."""
    person = person_of(request)
    row = access_customer(person, customer, erasing.ERASE)
    done = erasing.confirm(person, row, data.name)
    audit.record(request, "erase", object_type="customer", object_id=row.pk, store=row.store_id,
                 detail={"done": done.pk, "reason": done.reason, "counts": done.counts})
    return {"goes": erasing.named(done.counts), "stays": [], "holds": [], **erasing.state_of(row.pk)}



@router.get("/privacy/erasures", response={200: Page[ErasureOut], 403: ProblemOut})
def list_erasures(request: HttpRequest, page: int = 1) -> dict[str, Any]:
    """Who was erased or asked for it, in one's stores; without names."""
    person = need(request, erasing.ERASE)
    rows = Erasure.objects.visible_to(person, erasing.ERASE).select_related("asked_by", "ended_by")

    def draw(row: Erasure) -> dict[str, Any]:
        people = names({key for key in (row.asked_by_id, row.ended_by_id) if key})
        return {"id": row.pk, "customer": row.customer_id, "store": row.store_id, "state": row.state,
                "reason": row.reason, "asked_at": row.asked_at, "asked_by": people.get(row.asked_by_id or 0, ""),
                "ended_at": row.ended_at, "ended_by": people.get(row.ended_by_id or 0, ""),
                "goes": erasing.named(row.counts)}

    return paged(rows, min(max(page, 1), 100_000), draw)


@router.get("/privacy/retention", response={200: RetentionsOut, 403: ProblemOut})
def get_retention(request: HttpRequest) -> dict[str, Any]:
    """How long what is kept. Recordings have a rule of their own, in each store's settings."""
    person = need(request, erasing.ERASE)
    return {"items": retention.draw(), "may_edit": person.stores_for(erasing.ERASE).every}


@router.get("/privacy/retention/tonight", response={200: list[TonightOut], 403: ProblemOut})
def what_goes_tonight(request: HttpRequest) -> list[dict[str, Any]]:
    """What the next night would take out, recordings included; nothing is changed."""
    _whole_group(request)
    return retention.tonight(timezone.now())


def _whole_group(request: HttpRequest) -> Person:
    person = need(request, erasing.ERASE)
    if not person.stores_for(erasing.ERASE).every:
        raise NotAllowed
    return person


@router.post("/privacy/retention/{kind}/preview", response={200: CountedOut, **ERRORS})
def preview_retention(request: HttpRequest, kind: str, data: RetentionIn) -> dict[str, int]:
    """How many would be purged the next night; nothing is changed."""
    _whole_group(request)
    return {"count": retention.preview(kind, data.days) if data.days is not None else 0}


@router.put("/privacy/retention/{kind}", response={200: RetentionsOut, **ERRORS})
def change_retention(request: HttpRequest, kind: str, data: RetentionIn) -> dict[str, Any]:
    """Set the days; the next night keeps to it."""
    retention.change(_whole_group(request), kind, data.days)
    audit.record(request, "settings", object_type="retention", object_id=kind, detail={"days": data.days})
    return get_retention(request)
