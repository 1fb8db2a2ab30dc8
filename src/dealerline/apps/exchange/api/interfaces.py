"""Keys and web hooks: set up by people."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import NotFound
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.schemas import Done, Id, Plain, ProblemOut
from dealerline.apps.exchange.logic import hooks, keys
from dealerline.apps.exchange.models import Delivery
from dealerline.domain.exchange.hooks import KINDS

router = Router()
MANAGE = "webhooks.manage"


class KeyIn(Schema):
    """``stores`` null: every store."""

    name: Plain = Field(min_length=1, max_length=80)
    stores: list[Id] | None = Field(None, max_length=500)
    per_minute: int = Field(600, ge=1, le=60_000)


class KeyOut(Schema):
    id: int
    name: str
    prefix: str
    stores: list[int] | None
    per_minute: int
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    by: str


class NewKeyOut(KeyOut):
    """``token`` is shown this once."""

    token: str


class HookIn(Schema):
    """``kinds``: ``customer.changed``, ``lead.*``, ``*``. ``stores`` null: every store."""

    name: Plain = Field(min_length=1, max_length=80)
    url: Plain = Field(min_length=1, max_length=500)
    kinds: list[Plain] = Field(min_length=1, max_length=40)
    stores: list[Id] | None = Field(None, max_length=500)
    active: bool = True


class HookOut(Schema):
    id: int
    name: str
    url: str
    kinds: list[str]
    stores: list[int] | None
    active: bool
    created_at: datetime
    waiting: int
    dead: int


class NewHookOut(HookOut):
    """``secret`` is shown this once."""

    secret: str


class TestOut(Schema):
    """What came back. Milliseconds."""

    taken: bool
    status: int | None
    milliseconds: int | None
    error: str


class DeliveryOut(Schema):
    id: int
    event: UUID
    kind: str
    at: datetime
    state: str
    tries: int
    most_tries: int
    next_at: datetime | None
    status: int | None
    error: str
    milliseconds: int | None
    done_at: datetime | None


class DeliveriesQuery(Schema):
    state: str = Field("", pattern="^(waiting|delivered|dead|)$")
    page: int = Field(1, ge=1, le=100_000)


# keys -----------------------------------------------------------------------------------------------------------------
@router.get("/keys", response={200: list[KeyOut], 403: ProblemOut})
def list_keys(request: HttpRequest) -> list[dict[str, Any]]:
    """Keys of machines; never their texts."""
    return [keys.as_json(row) for row in keys.visible(need(request, MANAGE))]


@router.post("/keys", response={200: NewKeyOut, 403: ProblemOut})
def make_key(request: HttpRequest, data: KeyIn) -> dict[str, Any]:
    """A new key. Its text is in this answer and nowhere else."""
    row, token = keys.make(need(request, MANAGE), data.name, data.stores, data.per_minute)
    audit.record(request, "api_key", object_type="key", object_id=row.pk, detail={"made": True, "prefix": row.prefix})
    return keys.as_json(row) | {"token": token}


@router.post("/keys/{key}/revoke", response={200: Done, 403: ProblemOut, 404: ProblemOut})
def revoke_key(request: HttpRequest, key: Id) -> dict[str, Any]:
    """It opens nothing any more."""
    row = keys.access(need(request, MANAGE), key)
    keys.revoke(row)
    audit.record(
        request, "api_key", object_type="key", object_id=row.pk, detail={"revoked": True, "prefix": row.prefix}
    )
    return {"ok": True}


# web hooks ------------------------------------------------------------------------------------------------------------
@router.get("/hooks/kinds", response={200: list[str], 403: ProblemOut})
def list_hook_kinds(request: HttpRequest) -> list[str]:
    """Events that there are."""
    need(request, MANAGE)
    return list(KINDS)


@router.get("/hooks", response={200: list[HookOut], 403: ProblemOut})
def list_hooks(request: HttpRequest) -> list[dict[str, Any]]:
    """Addresses that are told; never their secrets."""
    return [hooks.as_json(row) for row in hooks.visible(need(request, MANAGE))]


@router.post("/hooks", response={200: NewHookOut, 400: ProblemOut, 403: ProblemOut})
def make_hook(request: HttpRequest, data: HookIn) -> dict[str, Any]:
    """A new address. The secret that signs is in this answer and nowhere else."""
    row, secret = hooks.save(need(request, MANAGE), data.dict())
    audit.record(request, "webhook", object_type="hook", object_id=row.pk, detail={"made": True, "kinds": row.kinds})
    return hooks.as_json(row) | {"secret": secret}


@router.put("/hooks/{hook}", response={200: HookOut, 400: ProblemOut, 403: ProblemOut, 404: ProblemOut})
def change_hook(request: HttpRequest, hook: Id, data: HookIn) -> dict[str, Any]:
    """Change it, or switch it off."""
    person = need(request, MANAGE)
    row, _secret = hooks.save(person, data.dict(), hooks.access(person, hook))
    audit.record(request, "webhook", object_type="hook", object_id=row.pk, detail={"active": row.active})
    return hooks.as_json(row)


@router.delete("/hooks/{hook}", response={200: Done, 403: ProblemOut, 404: ProblemOut})
def remove_hook(request: HttpRequest, hook: Id) -> dict[str, Any]:
    """Remove it with its deliveries."""
    row = hooks.access(need(request, MANAGE), hook)
    audit.record(request, "webhook", object_type="hook", object_id=row.pk, detail={"removed": True})
    row.delete()
    return {"ok": True}


@router.post("/hooks/{hook}/test", response={200: TestOut, 403: ProblemOut, 404: ProblemOut})
def test_hook(request: HttpRequest, hook: Id) -> dict[str, Any]:
    """Call it now with an event ``test``."""
    return hooks.test(hooks.access(need(request, MANAGE), hook))


@router.get("/hooks/{hook}/deliveries", response={200: Page[DeliveryOut], 403: ProblemOut, 404: ProblemOut})
def list_deliveries(request: HttpRequest, hook: Id, query: Query[DeliveriesQuery]) -> dict[str, Any]:
    """What was and will be delivered there, newest first; thirty days back."""
    row = hooks.access(need(request, MANAGE), hook)
    rows = Delivery.objects.filter(hook=row).select_related("event").order_by("-pk")
    return paged(rows.filter(state=query.state) if query.state else rows, query.page, hooks.delivery_json)


@router.post("/hooks/{hook}/deliveries/{delivery}/again", response={200: DeliveryOut, 403: ProblemOut, 404: ProblemOut})
def deliver_again(request: HttpRequest, hook: Id, delivery: Id) -> dict[str, Any]:
    """Deliver it once more."""
    row = hooks.access(need(request, MANAGE), hook)
    found = Delivery.objects.filter(hook=row, pk=delivery).select_related("event").first()
    if found is None:
        raise NotFound
    audit.record(request, "webhook", object_type="hook", object_id=row.pk, detail={"again": str(found.event_id)})
    return hooks.delivery_json(hooks.again(found))
