"""Imports: uploaded, planned, checked, brought in, taken back."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import File, Form, Query, Router, Schema, UploadedFile
from pydantic import Field

from dealerline.apps.accounts.facade import need, person_of
from dealerline.apps.common.errors import NotAllowed, NotFound
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.schemas import Done, Id, Plain, ProblemOut, Text
from dealerline.apps.exchange.logic import report, runs
from dealerline.domain.exchange import KINDS

router = Router()
KIND = "^(customers|cars|orders|repairs|cards)$"


class ColumnOut(Schema):
    """A column of ours. ``sort``: what may stand in it; ``choices``: the words it may be."""

    name: str
    title: Text
    sort: str
    choices: list[str]


class KindOut(Schema):
    """A kind of rows. ``needs``: of each group at least one column must be assigned."""

    name: str
    title: Text
    columns: list[ColumnOut]
    needs: list[list[str]]


class ImportOut(Schema):
    """An import. ``counts``: rows of each action and, taken back, those kept. ``done`` of ``total`` rows."""

    id: int
    kind: str
    store: int
    filename: str
    size: int
    format: str
    encoding: str
    sheets: list[str]
    sheet: str
    headings: list[str]
    sample: list[list[str]]
    mapping: dict[str, int]
    existing: str
    alike: str
    owners: str
    system: str
    state: str
    done: int
    total: int
    counts: dict[str, int]
    error: Text | None
    stopping: bool
    behind: int | None
    by: str
    source: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    undone_at: datetime | None
    undoable: bool


class FaultOut(Schema):
    column: str
    code: str
    zh: str
    en: str


class ImportRowOut(Schema):
    """A row. ``action``: new, update, same, skip, twice, bad. ``before`` and ``after``: only what changes."""

    line: int
    cells: dict[str, str]
    action: str
    faults: list[FaultOut]
    object: int | None
    similar: int | None
    twin: int | None
    before: dict[str, Any]
    after: dict[str, Any]
    outcome: str
    why: Text | None


class PlanIn(Schema):
    """What the person decided. ``mapping``: column of ours -> index of the file's column.

    ``system``: whose keys stand in the column ``key``, as in an upsert's address; without it that column is ignored.
    """

    kind: str = Field(pattern=KIND)
    store: Id
    mapping: dict[str, int] = Field(max_length=60)
    existing: str = Field("update", pattern="^(skip|fill|update)$")
    alike: str = Field("phone_name", pattern="^(phone_name|phone)$")
    owners: str = Field("make", pattern="^(make|refuse)$")
    system: str = Field("", pattern="^([a-z0-9][a-z0-9-]{1,39}|)$")


class SheetIn(Schema):
    """Another kind or another sheet of the workbook: columns are guessed anew."""

    kind: str = Field("", pattern="^(customers|cars|orders|repairs|cards|)$")
    sheet: Plain = Field("", max_length=80)


class UploadIn(Schema):
    store: Id | None = None
    kind: str = Field("", pattern="^(customers|cars|orders|repairs|cards|)$")


class ListQuery(Schema):
    page: int = Field(1, ge=1, le=100_000)
    source: Plain = Field("", max_length=40)


class RowsQuery(Schema):
    show: str = Field("", pattern="^(bad|twice|new|update|same|skip|kept|similar|)$")
    page: int = Field(1, ge=1, le=100_000)


class ReportQuery(Schema):
    show: str = Field("bad", pattern="^(bad|twice|new|update|same|skip|kept|similar)$")


@router.get("/imports/kinds", response={200: list[KindOut], 403: ProblemOut})
def list_kinds(request: HttpRequest) -> list[dict[str, Any]]:
    """The kinds of rows that can be imported, with their columns."""
    need(request, "customers.view")
    return [{"name": kind.name, "title": {"zh": kind.zh, "en": kind.en}, "needs": [list(group) for group in kind.needs],
             "columns": [{"name": column.name, "title": {"zh": column.zh, "en": column.en}, "sort": column.sort,
                          "choices": [words[0] for words in column.choices.values()]} for column in kind.columns]}
            for kind in KINDS.values()]


@router.get("/imports/template/{kind}", response={403: ProblemOut, 404: ProblemOut})
def get_template(request: HttpRequest, kind: str) -> HttpResponse:
    """An empty list with our headings, as CSV, in the reader's language."""
    need(request, "customers.import")
    if kind not in KINDS:
        raise NotFound
    chinese = request.LANGUAGE_CODE.startswith("zh")
    text = io.StringIO()
    csv.writer(text).writerow([column.zh if chinese else column.en for column in KINDS[kind].columns])
    return HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8",
                        headers={"Content-Disposition": f'attachment; filename="{kind}.csv"'})


@router.post("/imports", response={200: ImportOut, 400: ProblemOut, 403: ProblemOut, 507: ProblemOut})
def upload(request: HttpRequest, values: Form[UploadIn], file: File[UploadedFile]) -> dict[str, Any]:
    """A list, .xlsx or .csv. Answers with what was found in it; nothing is brought in yet."""
    person = need(request, "customers.import")
    stores = person.stores_for("customers.import")
    store = values.store or (person.store_id if person.store_id in stores else None)
    if store is None:
        store = min(stores.ids) if stores.ids else next(iter(sorted(runs.active_stores())), None)
    if store is None or store not in stores or store not in runs.active_stores():
        raise NotAllowed
    path, size, sha256 = runs.keep_file(file.chunks(), file.name or "")
    return runs.as_json(runs.create(path, file.name or "", size, sha256, store=store, person=person, kind=values.kind))


@router.get("/imports", response={200: Page[ImportOut], 403: ProblemOut})
def list_imports(request: HttpRequest, query: Query[ListQuery]) -> dict[str, Any]:
    """The imports of his stores, newest first."""
    person = need(request, "customers.import")
    rows = runs.visible(person)
    if query.source:
        rows = rows.filter(source__code=query.source)
    return paged(rows.order_by("-id"), query.page, runs.as_json)


@router.get("/imports/{run}", response={200: ImportOut, 404: ProblemOut})
def get_import(request: HttpRequest, run: Id) -> dict[str, Any]:
    """One import."""
    return runs.as_json(runs.access_run(person_of(request), run))


@router.post("/imports/{run}/sheet", response={200: ImportOut, 400: ProblemOut, 404: ProblemOut, 409: ProblemOut})
def choose_sheet(request: HttpRequest, run: Id, data: SheetIn) -> dict[str, Any]:
    """Another kind or sheet, before it is checked."""
    return runs.as_json(runs.look_again(runs.access_run(person_of(request), run), data.kind, data.sheet))


@router.put("/imports/{run}/plan",
            response={200: ImportOut, 400: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut})
def plan_import(request: HttpRequest, run: Id, data: PlanIn) -> dict[str, Any]:
    """What the columns mean and what happens with rows that are there; the dry run begins."""
    person = person_of(request)
    return runs.as_json(runs.plan(person, runs.access_run(person, run), data.dict()))


@router.post("/imports/{run}/start", response={200: ImportOut, 404: ProblemOut, 409: ProblemOut})
def start_import(request: HttpRequest, run: Id) -> dict[str, Any]:
    """Bring the checked rows in; also goes on with a stopped import."""
    return runs.as_json(runs.start(runs.access_run(person_of(request), run)))


@router.post("/imports/{run}/stop", response={200: ImportOut, 404: ProblemOut, 409: ProblemOut})
def stop_import(request: HttpRequest, run: Id) -> dict[str, Any]:
    """Stop it between two chunks."""
    return runs.as_json(runs.stop(runs.access_run(person_of(request), run)))


@router.post("/imports/{run}/undo", response={200: ImportOut, 404: ProblemOut, 409: ProblemOut})
def undo_import(request: HttpRequest, run: Id) -> dict[str, Any]:
    """Take it back: what was used or changed since stays and is told."""
    return runs.as_json(runs.take_back(runs.access_run(person_of(request), run)))


@router.delete("/imports/{run}", response={200: Done, 404: ProblemOut, 409: ProblemOut})
def remove_import(request: HttpRequest, run: Id) -> dict[str, Any]:
    """Forget an import of which nothing stands in the records."""
    runs.forget(runs.access_run(person_of(request), run))
    return {"ok": True}


@router.get("/imports/{run}/rows", response={200: Page[ImportRowOut], 404: ProblemOut})
def list_rows(request: HttpRequest, run: Id, query: Query[RowsQuery]) -> dict[str, Any]:
    """Its rows, of one action."""
    row = runs.access_run(person_of(request), run)
    return paged(report.rows_of(row, query.show), query.page, report.as_json)


@router.get("/imports/{run}/report", response={404: ProblemOut})
def get_report(request: HttpRequest, run: Id, query: Query[ReportQuery]) -> StreamingHttpResponse:
    """The same as CSV, with the reasons in both languages beside the file's own columns."""
    row = runs.access_run(person_of(request), run)
    return StreamingHttpResponse(
        report.lines(row, query.show), content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="import-{row.pk}-{query.show}.csv"'})
