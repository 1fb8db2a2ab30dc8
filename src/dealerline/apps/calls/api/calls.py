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
from dealerline.apps.calls.logic import calls, export, lanes, records
from dealerline.apps.calls.logic.timeline import timeline
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
    mark: int | None = Field(None, ge=1, le=5, description="only calls whose customer gave this mark or a lower one")
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
    rating: int | None
    told_wait: float | None
    matter: Text | None
    result: Text | None
    draft: bool | None


class LegOut(Schema):
    """An agent's part. ``how`` he came: queue, out, transfer, consult, invite, return, lead, take_over, or empty."""

    agent: int
    agent_name: str
    how: str
    offered: datetime | None
    since: datetime | None = Field(None, alias="from", serialization_alias="from")
    to: datetime | None
    result: str
    hold: float
    seconds: float


class ModeOut(Schema):
    """What a lead did from then on: listen, whisper, barge."""

    at: datetime
    mode: str


class ParticipantOut(Schema):
    """Somebody who took part: an agent who talked, a person outside, a lead. Seconds; ``left``: how he went."""

    role: str
    person: int | None
    name: str
    number: str
    how: str
    since: datetime | None = Field(None, alias="from", serialization_alias="from")
    to: datetime | None
    left: str
    talk: float
    hold: float
    modes: list[ModeOut]
    watched_name: str
    hidden: bool


class TransferOut(Schema):
    """An attempt to bring somebody in; ``done_at`` when the customer was handed over by it."""

    at: datetime | None
    agent_name: str
    how: str
    target_kind: str
    target_name: Text
    result: str
    ended_at: datetime | None
    done_at: datetime | None


class SegmentOut(Schema):
    """A stretch of a voice. ``kind``: track (its own file), left or right (a side of a talk's file). ``at``: seconds of

    the axis; ``audience``: customer or inside; peaks 0 to 1.
    """

    id: UUID
    kind: str
    at: float
    seconds: float
    room: str
    audience: str
    state: str
    peaks: list[float]


class LaneOut(Schema):
    key: str
    role: str
    person: int | None
    name: str
    number: str
    segments: list[SegmentOut]


class LanesOut(Schema):
    """The voices of a call on one axis."""

    start: datetime
    seconds: float
    lanes: list[LaneOut]


class RecordingOut(Schema):
    """A stereo file: ``talk`` of two, or the ``whole`` call."""

    id: UUID
    kind: str
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
    author_id: int | None
    edited_by: str | None
    updated_at: str | None


class ReadRecordOut(RecordOut):
    """An entry as others read it."""

    matter_name: Text | None
    result_name: Text | None


class CallDetailOut(CallOut):
    """A call's page. ``record``: one's own entry; ``records``: everybody's."""

    answered_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    cause: str
    language: str
    path: list[Text]
    hold: float
    wrap: float
    legs: list[LegOut]
    participants: list[ParticipantOut]
    transfers: list[TransferOut]
    recordings_list: list[RecordingOut]
    lanes: bool
    whole_coming: bool
    may_copy: bool
    may_write: bool
    may_edit_others: bool
    record: RecordOut | None
    records: list[ReadRecordOut]


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
    """A call with everybody who took part, its recordings, and what each wrote."""
    person = person_of(request)
    row = calls.access_call(person, call)
    written = records.records_of(row)
    own = next((record for record in written if record.author_id == person.pk), None)
    return calls.draw(person, row) | {
        "record": records.as_json(own) if own else None, "records": [records.as_read(record) for record in written],
        "may_write": records.may_write(person, row),
        "may_edit_others": row.store_id in person.stores_for("records.edit_others")}


@router.get("/calls/{call}/events", response={200: list[EventOut], 404: ProblemOut})
def get_events(request: HttpRequest, call: UUID) -> list[dict[str, Any]]:
    """The story of a call, second by second."""
    person = person_of(request)
    return timeline(person, calls.access_call(person, call))


@router.get("/calls/{call}/lanes", response={200: LanesOut, 403: ProblemOut, 404: ProblemOut})
def get_lanes(request: HttpRequest, call: UUID) -> dict[str, Any]:
    """One lane a voice, also what the customer did not hear: for who may listen to the store's calls."""
    person = person_of(request)
    return lanes.lanes(person, calls.access_call(person, call))
