"""Keys of machines: made once, shown once, kept as a hash; each counted by the minute."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from dealerline.apps.accounts.facade import Person, names
from dealerline.apps.common.access import StoreSet
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.exchange.models import ApiKey

START = "dlk_"


@dataclass(frozen=True, slots=True)
class Machine:
    """Who asks with a key: it may look at and write the customer file of its stores, and nothing else."""

    key: int
    name: str
    stores: StoreSet

    @property
    def pk(self) -> None:
        """No person."""
        return None

    def stores_for(self, permission: str = "") -> StoreSet:
        """As a viewer."""
        return self.stores if permission in ("customers.view", "customers.edit", "numbers.see", "customers.import",
                                             "") else StoreSet()


class WithKey(HttpBearer):
    """``Authorization: Bearer dlk_...``. Without that header it is somebody else's turn."""

    openapi_name = "ApiKey"

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        row = ApiKey.objects.filter(hash=hashed(token), revoked_at=None).first() if token.startswith(START) else None
        if row is None:
            raise AuthenticationError
        count(row)
        machine = Machine(row.pk, row.name, StoreSet(row.every_store, frozenset(row.stores)))
        request.machine = machine  # type: ignore[attr-defined]
        return machine


with_key = WithKey()


def hashed(token: str) -> str:
    """A key has 256 bits of chance: a plain hash of it cannot be guessed, and is quick to look up."""
    return hashlib.sha256(token.encode()).hexdigest()


def count(row: ApiKey) -> None:
    """One more request in this minute. Raises Problem (429) beyond the key's limit."""
    now = time.time()
    minute = int(now // 60)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exchange_apikey SET count = CASE WHEN minute = %s THEN count + 1 ELSE 1 END, minute = %s, "
            "used_at = now() WHERE id = %s RETURNING count",
            [minute, minute, row.pk],
        )
        found = cursor.fetchone()
    if found is not None and found[0] > row.per_minute:
        seconds = 60 - int(now % 60)
        raise Problem("too_many", f"请求过多，请在 {seconds} 秒后再试。", f"Too many requests: try again in {seconds} "
                      "seconds.", status=429, extra={"seconds": seconds})


def make(person: Person, name: str, stores: list[int] | None, per_minute: int) -> tuple[ApiKey, str]:
    """A key and its text, which is never to be had again. ``stores`` None: every store, for who sees every store."""
    allowed = person.stores_for("webhooks.manage")
    wanted = StoreSet(every=stores is None, ids=frozenset(stores or ()))
    if not wanted or not allowed.covers(wanted):
        raise NotAllowed
    token = START + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(name=name, prefix=token[:12], hash=hashed(token), every_store=stores is None,
                                stores=sorted(stores or ()), per_minute=per_minute, made_by=person)
    return row, token


def visible(person: Person) -> list[ApiKey]:
    """Keys all of whose stores are his to manage."""
    allowed = person.stores_for("webhooks.manage")
    return [row for row in ApiKey.objects.all()
            if allowed.covers(StoreSet(row.every_store, frozenset(row.stores))) and allowed]


def access(person: Person, key: int) -> ApiKey:
    """The key, if he manages it."""
    row = next((row for row in visible(person) if row.pk == key), None)
    if row is None:
        raise NotFound
    return row


def revoke(row: ApiKey) -> None:
    """It opens nothing any more, from the next request on."""
    ApiKey.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=timezone.now())


def as_json(row: ApiKey) -> dict[str, Any]:
    """A key as the pages see it."""
    return {"id": row.pk, "name": row.name, "prefix": row.prefix, "stores": None if row.every_store else row.stores,
            "per_minute": row.per_minute, "created_at": row.created_at, "used_at": row.used_at,
            "revoked_at": row.revoked_at,
            "by": names({row.made_by_id}).get(row.made_by_id, "") if row.made_by_id else ""}
