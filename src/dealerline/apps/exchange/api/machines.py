"""For other systems: rows put in by their own keys, and rows read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import person_of, signed_in
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.access import Viewer
from dealerline.apps.common.errors import NotAllowed
from dealerline.apps.common.schemas import AwareDatetime, Id, Plain, ProblemOut
from dealerline.apps.exchange.logic import upserting
from dealerline.apps.exchange.logic.keys import with_key

router = Router(tags=["exchange"], auth=[with_key, signed_in])


class Where(Schema):
    """``source`` is the outside system's name, ``key`` its own key of the row."""

    kind: str = Field(pattern="^(customers|cars|orders|repairs|cards)$")
    source: str = Field(pattern="^[a-z0-9][a-z0-9-]{1,39}$")
    key: Plain = Field(min_length=1, max_length=64)


class UpsertIn(Schema):
    """``values``: columns by name, as GET /api/imports/kinds lists them; texts and numbers, written as in a list.

    What is not given, or empty, stays as it is.
    """

    values: dict[str, Any] = Field(max_length=60)


class UpsertOut(Schema):
    """The row's id here; which fields changed (none when it was made, or was as it is)."""

    id: int
    kind: str
    created: bool
    changed: list[str]


class UpsertedOut(Schema):
    """A row as it is here. ``source``, ``key``: its outside key, "" when it has none."""

    id: int
    kind: str
    store: int | None
    customer: int | None
    updated_at: datetime
    source: str
    key: str
    values: dict[str, Any]


class RowsQuery(Schema):
    """``after``: where the last page ended; ``ids``: only these; ``since``: changed then or later."""

    after: int = Field(0, ge=0, le=2**63 - 1)
    limit: int = Field(100, ge=1, le=500)
    ids: list[Id] = Field([], max_length=500)
    since: AwareDatetime | None = None


class RowsOut(Schema):
    """``next``: the ``after`` of the next page; none: this is the last."""

    items: list[UpsertedOut]
    next: int | None


class Kind(Schema):
    kind: str = Field(pattern="^(customers|cars|orders|repairs|cards)$")


def _viewer(request: HttpRequest, permission: str) -> Viewer:
    machine = getattr(request, "machine", None)
    viewer: Viewer = machine if machine is not None else person_of(request)
    if not viewer.stores_for(permission):
        raise NotAllowed
    return viewer


@router.put("/upsert/{kind}/{source}/{key}",
            response={200: UpsertOut, 401: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut,
                      422: ProblemOut, 429: ProblemOut})
def upsert(request: HttpRequest, where: Path[Where], data: UpsertIn) -> dict[str, Any]:
    """Make the row, or change what differs; the same again changes nothing. 409: of somebody erased on request."""
    viewer = _viewer(request, "customers.edit")
    answer = upserting.put(viewer, where.kind, where.source, where.key, data.values)
    if answer["created"] or answer["changed"]:
        machine = getattr(request, "machine", None)
        audit.record(request, "customer", object_type=where.kind, object_id=answer["id"], detail={
            "source": where.source, "key": machine.key if machine is not None else None, "created": answer["created"],
            "fields": answer["changed"]})
    return answer


@router.get("/upsert/{kind}/{source}/{key}",
            response={200: UpsertedOut, 401: ProblemOut, 403: ProblemOut, 404: ProblemOut, 429: ProblemOut})
def read_upserted(request: HttpRequest, where: Path[Where]) -> dict[str, Any]:
    """The row of that key as it is here."""
    return upserting.get(_viewer(request, "customers.view"), where.kind, where.source, where.key)


@router.get("/rows/{kind}",
            response={200: RowsOut, 401: ProblemOut, 403: ProblemOut, 404: ProblemOut, 429: ProblemOut})
def list_rows(request: HttpRequest, where: Path[Kind], query: Query[RowsQuery]) -> dict[str, Any]:
    """The rows of a kind, page by page in the order of their ids: all, those that a web hook named, what is newer."""
    return upserting.listed(_viewer(request, "customers.view"), where.kind, after=query.after, limit=query.limit,
                            ids=query.ids, since=query.since)
