"""Connected systems: folders here, and servers of theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need, person_of
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.schemas import Id, Plain, ProblemOut, Text
from dealerline.apps.exchange.api.imports import ImportOut
from dealerline.apps.exchange.logic import sources
from dealerline.apps.exchange.models import Source

router = Router()
IMPORT = "customers.import"


class RemoteIn(Schema):
    """A folder on an SFTP server. ``path`` "": where the user comes in."""

    host: Plain = Field(min_length=1, max_length=253)
    port: int = Field(22, ge=1, le=65_535)
    username: Plain = Field(min_length=1, max_length=60)
    path: Plain = Field("", max_length=300)


class HostKeyOut(Schema):
    """A host key as its people know it."""

    kind: str
    fingerprint: str


class RemoteOut(Schema):
    """``host_key``: the confirmed one; none: nothing is fetched yet."""

    host: str
    port: int
    username: str
    path: str
    host_key: HostKeyOut | None


class ShownKeyOut(HostKeyOut):
    """``key``: to be sent back when somebody confirms it."""

    key: str
    confirmed: bool


class HostKeyIn(Schema):
    key: Plain = Field(min_length=1, max_length=2000)


class OurKeyOut(Schema):
    """Our public key, as it stands in ``authorized_keys``."""

    public_key: str


class TriedOut(Schema):
    files: list[str]


class SourceIn(Schema):
    """``code``: the folder's name, and the system's name in rows; it cannot be changed afterwards.

    ``remote``: their SFTP server; none: a folder here.
    """

    code: Plain = Field("", max_length=40)
    name: Plain = Field(min_length=1, max_length=80)
    store: Id
    existing: str = Field("update", pattern="^(skip|fill|update)$")
    owners: str = Field("make", pattern="^(make|refuse)$")
    active: bool = True
    remote: RemoteIn | None = None


class SourceOut(Schema):
    """``waiting``: files that are there and not taken yet."""

    id: int
    code: str
    name: str
    store: int
    existing: str
    owners: str
    active: bool
    seen_at: datetime | None
    trouble: Text | None
    folder: str
    remote: RemoteOut | None
    waiting: list[str]
    last: ImportOut | None


def _audit(request: HttpRequest, row: Source, **detail: Any) -> None:
    audit.record(request, "connector", object_type="source", object_id=row.pk, store=row.store_id,
                 detail={"code": row.code, **detail})


@router.get("/sources", response={200: list[SourceOut], 403: ProblemOut})
def list_sources(request: HttpRequest) -> list[dict[str, Any]]:
    """The connected systems of his stores."""
    return [sources.as_json(row) for row in sources.visible(need(request, IMPORT))]


@router.post("/sources", response={200: SourceOut, 400: ProblemOut, 403: ProblemOut})
def make_source(request: HttpRequest, data: SourceIn) -> dict[str, Any]:
    """A system connected: its folder is made in the data folder, or its server is known from now on."""
    row = sources.save(need(request, IMPORT), data.dict())
    _audit(request, row, made=True, host=row.host)
    return sources.as_json(row)


@router.get("/sources/our-key", response={200: OurKeyOut, 403: ProblemOut})
def get_our_key(request: HttpRequest) -> dict[str, str]:
    """Our public key, for the people of the servers."""
    need(request, sources.SERVERS)
    return {"public_key": sources.public_key()}


@router.put("/sources/{source}", response={200: SourceOut, 400: ProblemOut, 403: ProblemOut, 404: ProblemOut})
def change_source(request: HttpRequest, source: Id, data: SourceIn) -> dict[str, Any]:
    """Change it, or switch it off. Another host or port: its key has to be confirmed anew."""
    person = need(request, IMPORT)
    row = sources.save(person, data.dict(), sources.access(person, source))
    _audit(request, row, active=row.active, host=row.host)
    return sources.as_json(row)


@router.get("/sources/{source}/host-key",
            response={200: ShownKeyOut, 400: ProblemOut, 403: ProblemOut, 404: ProblemOut})
def show_host_key(request: HttpRequest, source: Id) -> dict[str, Any]:
    """The key that the server shows now."""
    return sources.shown_key(sources.access(person_of(request), source, server=True))


@router.put("/sources/{source}/host-key", response={200: SourceOut, 400: ProblemOut, 403: ProblemOut, 404: ProblemOut})
def confirm_host_key(request: HttpRequest, source: Id, data: HostKeyIn) -> dict[str, Any]:
    """It was compared with what the server's people say: from now on only this one is it."""
    row = sources.confirm(sources.access(person_of(request), source, server=True), data.key)
    _audit(request, row, **sources.key_json(row.host_key))
    return sources.as_json(row)


@router.post("/sources/{source}/try", response={200: TriedOut, 400: ProblemOut, 403: ProblemOut, 404: ProblemOut})
def try_source(request: HttpRequest, source: Id) -> dict[str, Any]:
    """Sign in there now, and see which lists lie ready; nothing is fetched."""
    return {"files": sources.try_out(sources.access(person_of(request), source, server=True))}
