"""Lists taken away: asked for, made by a job, fetched by their maker."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.http import FileResponse, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need, person_of
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import NotAllowed, NotFound
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.schemas import Id, Plain, ProblemOut
from dealerline.apps.exchange.logic import exporting
from dealerline.apps.exchange.models import Export

router = Router()
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


class NarrowIn(Schema):
    """What narrows the customers' page; "" narrows nothing."""

    kind: str = Field("", pattern="^(person|company|)$")
    level: str = Field("", pattern="^(normal|silver|gold|vip|)$")
    label: Plain = Field("", max_length=40)
    intention: str = Field("", pattern="^[ABCD]?$")
    purchase_status: str = Field("", pattern="^[a-z_]{0,20}$")


class ExportIn(Schema):
    """The list of the page with its filters. ``cars`` and ``orders``: of the customers that the filters find.

    ``segment``: only of who is in that group when the file is made.
    """

    kind: str = Field(pattern="^(customers|cars|orders)$")
    format: str = Field("xlsx", pattern="^(xlsx|csv)$")
    q: Plain = Field("", max_length=80)
    store: Id | None = None
    segment: Id | None = None
    narrow: NarrowIn | None = None


class ExportOut(Schema):
    """``cut``: there were more rows than a file may hold; ``masked``: numbers are hidden by role."""

    id: UUID
    kind: str
    format: str
    state: str
    rows: int
    total: int
    cut: bool
    masked: bool
    size: int
    fetched: int
    created_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None
    filters: dict[str, Any]


class ExportsQuery(Schema):
    page: int = Field(1, ge=1, le=100_000)


@router.post("/exports", response={200: ExportOut, 400: ProblemOut, 403: ProblemOut, 404: ProblemOut})
def begin_export(request: HttpRequest, data: ExportIn) -> dict[str, Any]:
    """Have a file made; it is listed below until it expires."""
    person = need(request, "customers.export")
    if data.store is not None and data.store not in person.stores_for("customers.export"):
        raise NotAllowed
    language = "zh" if request.LANGUAGE_CODE.startswith("zh") else "en"
    narrow = data.narrow.dict() if data.narrow else {}
    filters = {key: value for key, value in {
        "q": data.q.strip(), "store": data.store, "segment": data.segment, **narrow}.items() if value}
    return exporting.as_json(exporting.begin(person, data.kind, data.format, language, filters))


@router.get("/exports", response={200: Page[ExportOut], 403: ProblemOut})
def list_exports(request: HttpRequest, query: Query[ExportsQuery]) -> dict[str, Any]:
    """One's own exports, newest first."""
    person = need(request, "customers.export")
    return paged(Export.objects.filter(person=person).order_by("-created_at"), query.page, exporting.as_json)


@router.get("/exports/{export}", response={200: ExportOut, 404: ProblemOut})
def get_export(request: HttpRequest, export: UUID) -> dict[str, Any]:
    """One's own export."""
    return exporting.as_json(exporting.access(person_of(request), export))


@router.get("/exports/{export}/file", response={403: ProblemOut, 404: ProblemOut})
def fetch_export(request: HttpRequest, export: UUID) -> FileResponse:
    """The file, for its maker only; audited each time."""
    row = exporting.access(person_of(request), export)
    need(request, "customers.export")
    path = exporting.file_of(row)
    if row.state != "ready" or row.expires_at is None or row.expires_at < timezone.now() or not path.is_file():
        raise NotFound
    audit.record(request, "export", object_type=row.kind, object_id=row.pk, detail={"fetched": True, "rows": row.rows})
    Export.objects.filter(pk=row.pk).update(fetched=F("fetched") + 1)
    return FileResponse(path.open("rb"), content_type=TYPES[row.format], as_attachment=True,
                        filename=f"{row.kind}-{row.created_at:%Y%m%d}.{row.format}")
