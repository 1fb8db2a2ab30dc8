"""What people write about calls."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import person_of
from dealerline.apps.calls.api.calls import RecordOut
from dealerline.apps.calls.logic import records
from dealerline.apps.common.schemas import AwareDatetime, Id, Plain, ProblemOut, StaleOut, Text

router = Router(tags=["records"])


class ChoiceOut(Schema):
    """A node of a tree of choices."""

    id: int
    code: str
    name: Text
    line_kind: str = ""
    required_follow_up: bool = False
    children: list[ChoiceOut] = []


class ChoicesOut(Schema):
    matters: list[ChoiceOut]
    results: list[ChoiceOut]


class RecordIn(Schema):
    """The form. ``version`` is that of the row last read, 0 when there was none."""

    matter: Id | None = None
    result: Id | None = None
    notes: Plain = Field("", max_length=20_000)
    follow_up_at: AwareDatetime | None = None
    follow_up_note: Plain = Field("", max_length=200)
    customer: Id | None = None
    draft: bool = True
    author: Id | None = None  # a lead corrects this person's entry; empty: one's own
    version: int = Field(0, ge=0, le=2**31 - 1)


class ChoicesQuery(Schema):
    store: Id | None = None


class RecordQuery(Schema):
    """Whose entry; empty: one's own."""

    author: Id | None = None


@router.get("/record-choices", response=ChoicesOut)
def record_choices(request: HttpRequest, query: Query[ChoicesQuery]) -> dict[str, Any]:
    """Matters and results."""
    return records.choices(person_of(request), query.store)


@router.get("/calls/{call}/record", response={200: RecordOut | None, 404: ProblemOut})
def get_record(request: HttpRequest, call: UUID, query: Query[RecordQuery]) -> dict[str, Any] | None:
    """One's own entry (or that of ``author``), or null when none was written yet."""
    record = records.record_of(person_of(request), call, query.author)
    return records.as_json(record) if record else None


@router.put("/calls/{call}/record",
            response={200: RecordOut, 400: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: StaleOut})
def put_record(request: HttpRequest, call: UUID, data: RecordIn) -> dict[str, Any]:
    """Save a draft or the finished record; 409 ``stale`` with the other's row."""
    return records.as_json(records.save(person_of(request), call, **data.dict()))
