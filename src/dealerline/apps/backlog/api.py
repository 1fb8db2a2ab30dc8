"""Work left over, and how promised call-backs were kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need, person_of, signed_in
from dealerline.apps.audit import facade as audit
from dealerline.apps.backlog.logic import items, promises
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.schemas import Done, Id, Plain, ProblemOut, Ref, StaleOut, Text

router = Router(tags=["backlog"], auth=signed_in)
ERRORS = {400: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: StaleOut}


class ItemOut(Schema):
    """One thing left over. ``times``: how often he was lost, or rung in vain; ``seconds``: of the voice message."""

    id: int
    kind: str
    store: int
    line_name: Text | None
    sort: str
    times: int
    mark: int | None
    call: UUID
    number: str
    customer: Ref | None
    first_at: datetime
    last_at: datetime
    due_at: datetime
    overdue: bool
    owner: Ref | None
    message: UUID | None
    seconds: float | None
    promised_at: datetime | None
    tries: int | None
    done_at: datetime | None
    done_by: Ref | None
    done_call: UUID | None
    result: str
    note: str
    version: int


class ItemsQuery(Schema):
    page: int = Field(1, ge=1, le=100_000)
    state: str = Field("", pattern="^(open|free|mine|overdue|done|)$")
    kind: str = Field("", pattern="^(message|lost|callback|rating|)$")
    sort: str = Field("", pattern="^(complaint|suggestion|other|)$")
    store: Id | None = None
    q: Plain = Field("", max_length=60)


class CountsOut(Schema):
    open: int
    free: int
    mine: int
    overdue: int


class ItemPatch(Schema):
    """What to change. ``owner``: a person's id, 0 for nobody; ``result``: "" opens it again."""

    version: int = Field(ge=0, le=2**31 - 1)
    owner: int | None = Field(None, ge=0, le=2**63 - 1)
    sort: str | None = Field(None, pattern="^(complaint|suggestion|other)$")
    note: Plain | None = Field(None, max_length=2000)
    result: str | None = Field(None, pattern="^(reached|not_reached|written|no_need|)$")


class CallbackOut(Schema):
    """A promise. ``late_seconds``: after the time that was told, negative when before it."""

    id: UUID
    call: UUID
    store: int
    queue_name: Text | None
    number: str
    customer: Ref | None
    promised_at: datetime
    due_at: datetime
    tries: int
    last_result: str
    state: str
    how: str
    late_seconds: float | None
    ended_at: datetime | None


class CallbacksOut(Schema):
    """How promises were kept, and the newest of them. ``kept_share``: kept in time, of all that are settled."""

    promised: int
    in_time: int
    late: int
    unreached: int
    cancelled: int
    open: int
    overdue: int
    kept_share: float | None
    items: list[CallbackOut]


class CallbacksQuery(Schema):
    days: int = Field(1, ge=1, le=92)
    state: str = Field("", pattern="^(open|kept|unreached|cancelled|)$")
    store: Id | None = None


@router.get("/backlog", response={200: Page[ItemOut], 403: ProblemOut})
def list_items(request: HttpRequest, query: Query[ItemsQuery]) -> dict[str, Any]:
    """What is left over in the person's stores, what is due first first."""
    person = need(request, items.SEE)
    rows = items.search(person, state=query.state, kind=query.kind, sort=query.sort, store=query.store, q=query.q)
    now = timezone.now()
    return paged(rows, query.page, lambda row: items.draw(person, row, now))


@router.get("/backlog/counts", response={200: CountsOut, 403: ProblemOut})
def count_items(request: HttpRequest) -> dict[str, int]:
    """How much is open, nobody's, his, overdue."""
    return items.counts(need(request, items.SEE))


@router.post("/backlog/{item}/claim", response={200: ItemOut, **ERRORS})
def claim(request: HttpRequest, item: int) -> dict[str, Any]:
    """Make it his own; 409 with who was quicker."""
    person = person_of(request)
    return items.draw(person, items.claim(person, items.access_item(person, item)))


@router.patch("/backlog/{item}", response={200: ItemOut, **ERRORS})
def change(request: HttpRequest, item: int, data: ItemPatch) -> dict[str, Any]:
    """Give, sort, note, finish, open again."""
    person = person_of(request)
    row = items.access_item(person, item)
    values = data.dict(exclude_unset=True, exclude_none=True, exclude={"version"})
    return items.draw(person, items.change(person, row, data.version, **values))


@router.post("/backlog/{item}/ring", response={200: ItemOut, **ERRORS, 503: ProblemOut})
def ring(request: HttpRequest, item: int) -> dict[str, Any]:
    """Claim it and dial its number at his desk; audited, since the number may be one that he sees masked."""
    person = person_of(request)
    row = items.ring(person, items.access_item(person, item))
    audit.record(request, "ring_back", object_type="backlog_item", object_id=row.pk, store=row.store_id)
    return items.draw(person, row)


@router.get("/callbacks", response={200: CallbacksOut, 403: ProblemOut})
def callbacks(request: HttpRequest, query: Query[CallbacksQuery]) -> dict[str, Any]:
    """Promised call-backs of the last days: kept in time, late, not reached; and the newest hundred."""
    person, now = need(request, promises.SEE), timezone.now()
    rows = promises.search(person, state=query.state, store=query.store, since=now - timedelta(days=query.days))
    return {**promises.summary(rows, now), "items": promises.draw_many(person, list(rows[:100]))}


@router.post("/callbacks/{callback}/cancel", response={200: Done, **ERRORS, 503: ProblemOut})
def cancel(request: HttpRequest, callback: UUID) -> dict[str, bool]:
    """Take a promise back."""
    row = promises.cancel(person_of(request), callback)
    audit.record(request, "cancel_callback", object_type="callback", object_id=row.pk, store=row.store_id)
    return {"ok": True}
