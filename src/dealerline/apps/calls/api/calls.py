"""The list of calls, a call's page, its timeline, the export."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need, person_of
from dealerline.apps.audit import facade as audit
from dealerline.apps.calls.logic import calls, export
from dealerline.apps.calls.logic.records import as_json as record_json
from dealerline.apps.calls.logic.timeline import timeline
from dealerline.apps.calls.models import CallRecord
from dealerline.apps.common.paging import COUNT_AT_MOST, PER_PAGE, Page
from dealerline.apps.common.schemas import AwareDatetime, Id, Plain, ProblemOut, Ref, Text

router = Router(tags=["calls"])


class CallsQuery(Schema):
    """The list's filters."""

    q: Plain = Field("", max_length=80)
    page: int = Field(1, ge=1, le=100_000)
    store: Id | None = None
    line: Id | None = None
    queue: Id | None = None
    agent: Id | None = None
    customer: Id | None = None
    outcome: Plain = Field("", max_length=16)
    direction: str = Field("", pattern="^(in|out|)$")
    since: AwareDatetime | None = Field(None, alias="from")
    until: AwareDatetime | None = Field(None, alias="to")


class CallOut(Schema):
    """A row of the list. Seconds are floats; times are ISO 8601 with a zone."""

    id: UUID
    at: datetime | None
    direction: str
    number: str
    to_number: str
    customer: Ref | None
    store: int
    store_name: Text | None
    line: int | None
    line_name: Text | None
    queue: int | None
    queue_name: Text | None
    agent: int | None
    agent_name: str
    outcome: str
    waited: float
    talked: float
    recordings: int
    matter: Text | None
    result: Text | None
    draft: bool | None


class LegOut(Schema):
    agent: int
    agent_name: str
    offered: datetime | None
    since: datetime | None = Field(None, alias="from", serialization_alias="from")
    to: datetime | None
    result: str
    hold: float
    seconds: float


class RecordingOut(Schema):
    id: UUID
    seconds: float
    state: str
    started_at: datetime | None
    sha256: str
    agent_name: str
    reason: str
    may_listen: bool


class RecordOut(Schema):
    call: UUID
    matter: int | None
    result: int | None
    notes: str
    follow_up_at: str | None
    follow_up_note: str
    customer: int | None
    draft: bool
    version: int
    author: str | None
    updated_at: str | None


class CallDetailOut(CallOut):
    """A call's page."""

    answered_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    cause: str
    language: str
    path: list[Text]
    hold: float
    wrap: float
    legs: list[LegOut]
    recordings_list: list[RecordingOut]
    record: RecordOut | None


class EventOut(Schema):
    """A fact, in words."""

    id: UUID
    seq: int
    at: datetime
    kind: str
    text: Text
    data: dict[str, Any]


def _filters(query: CallsQuery) -> dict[str, Any]:
    return query.dict(exclude={"page"})


@router.get("/calls", response={200: Page[CallOut], 403: ProblemOut}, by_alias=True)
def list_calls(request: HttpRequest, query: Query[CallsQuery]) -> dict[str, Any]:
    """The calls of the person's stores, newest first."""
    person = need(request, "calls.view")
    rows = calls.search(person, **_filters(query)).select_related("customer")
    total = rows.order_by()[:COUNT_AT_MOST].count()
    start = (query.page - 1) * PER_PAGE
    return {"items": calls.draw_many(person, rows[start:start + PER_PAGE]), "total": total, "page": query.page,
            "pages": max(1, -(-total // PER_PAGE))}


@router.get("/calls/export", response={403: ProblemOut})
def export_calls(request: HttpRequest, query: Query[CallsQuery]) -> StreamingHttpResponse:
    """The filtered calls as CSV for spreadsheets, formulas disarmed; audited.

    ``X-Dealerline-Rows``: how many rows will come; ``X-Dealerline-More``: yes when there are more than may come.
    """
    person = need(request, "calls.export")
    rows = export.rows_of(person, calls.search(person, **_filters(query)))
    count = rows.order_by()[:export.AT_MOST + 1].count()
    audit.record(request, "export", object_type="calls", detail={
        "filters": {key: str(value) for key, value in _filters(query).items() if value and key != "q"},
        "searched": bool(query.q), "rows": min(count, export.AT_MOST)})
    made = export.columns("zh" if request.LANGUAGE_CODE.startswith("zh") else "en")
    return StreamingHttpResponse(export.lines(person, rows, made), content_type="text/csv; charset=utf-8", headers={
        "Content-Disposition": 'attachment; filename="calls.csv"',
        "X-Dealerline-Rows": str(min(count, export.AT_MOST)),
        "X-Dealerline-More": "yes" if count > export.AT_MOST else "no"})


@router.get("/calls/{call}", response={200: CallDetailOut, 404: ProblemOut}, by_alias=True)
def get_call(request: HttpRequest, call: UUID) -> dict[str, Any]:
    """A call with its legs, recordings and record."""
    person = person_of(request)
    row = calls.access_call(person, call)
    record = CallRecord.objects.select_related("call", "author").filter(call=row).first()
    return calls.draw(person, row) | {"record": record_json(record) if record else None}


@router.get("/calls/{call}/events", response={200: list[EventOut], 404: ProblemOut})
def get_events(request: HttpRequest, call: UUID) -> list[dict[str, Any]]:
    """The story of a call, second by second."""
    person = person_of(request)
    return timeline(person, calls.access_call(person, call))
