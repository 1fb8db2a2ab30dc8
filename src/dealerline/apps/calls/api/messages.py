"""Voice messages as work: new, somebody's, done."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need, person_of
from dealerline.apps.audit import facade as audit
from dealerline.apps.calls.api.recordings import is_beginning, send_file
from dealerline.apps.calls.logic import messages
from dealerline.apps.calls.logic.recordings import file_of
from dealerline.apps.common.errors import Problem
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.schemas import Id, Plain, ProblemOut, Ref, StaleOut, Text

router = Router(tags=["messages"])


class MessageOut(Schema):
    id: UUID
    call: UUID
    at: datetime
    number: str
    customer: Ref | None
    store: int
    line_name: Text | None
    kind: str
    seconds: float
    state: str
    assigned: Ref | None
    note: str
    done_at: datetime | None
    version: int


class MessagesQuery(Schema):
    page: int = Field(1, ge=1, le=100_000)
    state: str = Field("", pattern="^(new|assigned|done|open|)$")
    kind: str = Field("", pattern="^(message|complaint|suggestion|)$")
    store: Id | None = None
    mine: bool = False


class MessagePatch(Schema):
    """What to change. ``assigned``: a person's id, 0 for nobody."""

    version: int = Field(ge=0, le=2**31 - 1)
    state: str | None = Field(None, pattern="^(new|assigned|done)$")
    kind: str | None = Field(None, pattern="^(message|complaint|suggestion)$")
    assigned: int | None = Field(None, ge=0, le=2**63 - 1)
    note: Plain | None = Field(None, max_length=2000)


@router.get("/voice-messages", response={200: Page[MessageOut], 403: ProblemOut})
def list_messages(request: HttpRequest, query: Query[MessagesQuery]) -> dict[str, Any]:
    """Messages of the person's stores, newest first."""
    person = need(request, "messages.view")
    rows = messages.search(person, state=query.state, kind=query.kind, store=query.store, mine=query.mine)
    return paged(rows, query.page, lambda message: messages.draw(person, message))


@router.patch("/voice-messages/{message}",
              response={200: MessageOut, 400: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: StaleOut})
def change_message(request: HttpRequest, message: UUID, data: MessagePatch) -> dict[str, Any]:
    """Assign, sort, note, finish."""
    person = person_of(request)
    row = messages.access_message(person, message)
    values = data.dict(exclude_unset=True, exclude_none=True, exclude={"version"})
    return messages.draw(person, messages.change(person, row, values, data.version))


@router.get("/voice-messages/{message}/audio", response={200: None, 403: ProblemOut, 404: ProblemOut, 410: ProblemOut})
def message_audio(request: HttpRequest, message: UUID) -> HttpResponse:
    """The message's sound, with ranges; audited."""
    row = messages.access_message(person_of(request), message)
    if not file_of(row.path).is_file():
        raise Problem("gone", "留言文件已不在。", "The message's file is gone.", status=410)
    if is_beginning(request):
        audit.record(request, "listen_message", object_type="voice_message", object_id=row.pk, store=row.call.store_id)
    return send_file(row.path)
