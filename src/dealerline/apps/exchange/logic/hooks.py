"""Web hooks: events written in the transaction of what happened, delivered later, signed, again and again.

The rule of the file: an event says which record, never what stands in it; who wants that asks with a key, which knows
his stores. Each address gets its events in their order: what it does not take holds up the later ones until the next
try, and no other address. Only an answer that refuses one event (``ABOUT_ONE``) lets the later ones pass.
"""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from procrastinate.exceptions import AlreadyEnqueued

from dealerline.apps.accounts.facade import Person
from dealerline.apps.calls.facade import raise_alarm
from dealerline.apps.common.access import StoreSet
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.common.telling import News, Row
from dealerline.apps.exchange.models import Delivery, OutEvent, WebHook
from dealerline.domain.exchange.hooks import ABOUT_ONE, DELAYS, LONGEST, ROWS, next_try, wants
from dealerline.domain.facts import Fact
from dealerline.integrations.hooks import HookError, check_address, send, signature

FACTS = ("call.ended",)
AT_ONCE = 8
A_ROUND = 20
SETTLED = ("tries", "status", "milliseconds", "error", "state", "done_at", "next_at")
LANE_SECONDS = 5.0  # after so long an address begins no further event in this round
KEEP_DAYS = 30


# what happened --------------------------------------------------------------------------------------------------------
def on_changed(news: News) -> None:
    """A record changed: ``customer.changed`` and so on."""
    body = {"id": news.id, "customer": news.customer, "by": news.by}
    for start in range(0, len(news.rows), ROWS) or (0,):
        rows = [_row_json(row) for row in news.rows[start:start + ROWS]]
        emit(f"{news.kind}.changed", news.store, body | ({"rows": rows} if rows else {}))


def _row_json(row: Row) -> dict[str, Any]:
    fields = {"fields": list(row.fields)} if row.fields else {}
    return {"kind": row.kind, "id": row.id, "customer": row.customer, "how": row.how, **fields}


def on_facts(facts: Sequence[Fact]) -> None:
    """Facts of calls that others are told of."""
    for fact in facts:
        if fact.kind in FACTS and fact.call:
            emit(fact.kind, fact.store or None, {"id": fact.call, "at": fact.at, "by": fact.data.get("by", ""),
                                                 "cause": fact.data.get("cause", "")}, event=uuid.UUID(fact.id))


def emit(kind: str, store: int | None, data: dict[str, Any], event: uuid.UUID | None = None) -> None:
    """Write an event for those who want it; nothing at all when nobody does."""
    hooks = [hook for hook in WebHook.objects.filter(active=True)
             if wants(hook.kinds, kind) and (hook.every_store or store in hook.stores)]
    if not hooks:
        return
    row, made = OutEvent.objects.get_or_create(pk=event or uuid.uuid4(), defaults={
        "kind": kind, "store": store, "body": data})
    if made:
        Delivery.objects.bulk_create(Delivery(hook=hook, event=row) for hook in hooks)
        transaction.on_commit(wake)


def wake() -> None:
    """Have what waits delivered soon."""
    from dealerline.apps.exchange.jobs import deliver_hooks

    try:
        with transaction.atomic():
            deliver_hooks.configure(queueing_lock="deliver_hooks").defer()
    except AlreadyEnqueued:
        pass


# delivering -----------------------------------------------------------------------------------------------------------
def body_of(delivery: Delivery) -> bytes:
    """What the address gets."""
    event = delivery.event
    return json.dumps({"id": str(event.pk), "kind": event.kind, "at": event.at.isoformat(), "store": event.store,
                       "data": event.body}, ensure_ascii=False, separators=(",", ":")).encode()


def deliver(now: datetime) -> int:
    """Deliver what is due, a round; how many were tried."""
    due = Delivery.objects.filter(state="waiting", next_at__lte=now, hook__active=True)
    hooks = list(due.order_by("hook_id").values_list("hook_id", flat=True).distinct())
    lanes = [_lane_of(hook, now) for hook in hooks]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        results = list(pool.map(_lane, lanes))
    tried = 0
    for lane in results:
        for delivery, status, milliseconds, error in lane:
            tried += 1
            _settle(delivery, status, milliseconds, error, now)
    return tried


def _lane_of(hook: int, now: datetime) -> list[Delivery]:
    """What one address gets in this round: the oldest first, up to the first whose next try is not due."""
    rows = Delivery.objects.filter(hook=hook, state="waiting").exclude(status__in=ABOUT_ONE, next_at__gt=now)
    found = rows.select_related("hook", "event").order_by("pk")[:A_ROUND]
    return list(takewhile(lambda delivery: delivery.next_at <= now, found))


def _lane(lane: list[Delivery]) -> list[tuple[Delivery, int | None, int | None, str]]:
    """One address's events, up to the first that it does not take. No database here: these are threads.

    The others wait for the slowest lane of a round, so that a slow one comes on with a few events a round.
    """
    results: list[tuple[Delivery, int | None, int | None, str]] = []
    until = time.monotonic() + LANE_SECONDS
    for delivery in lane:
        if results and time.monotonic() > until:
            break
        status, milliseconds, error = _call(delivery)
        results.append((delivery, status, milliseconds, error))
        if error and status not in ABOUT_ONE:
            break
    return results


def _call(delivery: Delivery) -> tuple[int | None, int | None, str]:
    body, stamp = body_of(delivery), int(timezone.now().timestamp())
    headers = {"X-Dealerline-Event": delivery.event.kind, "X-Dealerline-Delivery": str(delivery.event_id),
               "X-Dealerline-Timestamp": str(stamp),
               "X-Dealerline-Signature": signature(delivery.hook.secret, stamp, body), "User-Agent": "Dealerline"}
    try:
        answer = send(delivery.hook.url, body, headers, settings.DEALERLINE.hooks_inside)
    except HookError as error:
        return None, None, error.code
    return answer.status, answer.milliseconds, "" if answer.taken else f"status {answer.status}"


def _settle(delivery: Delivery, status: int | None, milliseconds: int | None, error: str, now: datetime) -> None:
    delivery.tries += 1
    delivery.status, delivery.milliseconds, delivery.error = status, milliseconds, error[:200]
    if not error:
        delivery.state, delivery.done_at = "delivered", now
    else:
        again = next_try(delivery.tries)
        if again is None:
            delivery.state, delivery.done_at = "dead", now
            if status not in ABOUT_ONE:  # the address has been away that long: so long later ones have waited, too
                Delivery.objects.filter(
                    hook=delivery.hook, state="waiting", pk__gt=delivery.pk,
                    event__at__lt=now - timedelta(seconds=LONGEST)).update(state="dead", done_at=now, error=error[:200])
            raise_alarm("webhook.dead", delivery.hook.name, {"hook": delivery.hook_id, "error": delivery.error})
        else:
            delivery.next_at = now + timedelta(seconds=again)
    # Not made again where somebody removed the subscription meanwhile.
    Delivery.objects.filter(pk=delivery.pk).update(**{name: getattr(delivery, name) for name in SETTLED})


def again(delivery: Delivery) -> Delivery:
    """Deliver it once more, whatever became of it."""
    delivery.state, delivery.tries, delivery.next_at, delivery.done_at = "waiting", 0, timezone.now(), None
    delivery.save()
    transaction.on_commit(wake)
    return delivery


def sweep(now: datetime) -> None:
    """Forget old events with their deliveries."""
    OutEvent.objects.filter(at__lt=now - timedelta(days=KEEP_DAYS)).delete()


# subscriptions --------------------------------------------------------------------------------------------------------
def visible(person: Person) -> list[WebHook]:
    """Hooks all of whose stores are his to manage."""
    allowed = person.stores_for("webhooks.manage")
    rows = WebHook.objects.annotate(waiting=Count("deliveries", Q(deliveries__state="waiting")),
                                    dead=Count("deliveries", Q(deliveries__state="dead")))
    return [row for row in rows if allowed and allowed.covers(StoreSet(row.every_store, frozenset(row.stores)))]


def access(person: Person, hook: int) -> WebHook:
    """The hook, if he manages it."""
    row = next((row for row in visible(person) if row.pk == hook), None)
    if row is None:
        raise NotFound
    return row


def save(person: Person, values: dict[str, Any], row: WebHook | None = None) -> tuple[WebHook, str]:
    """A hook made or changed; its secret, when it was made."""
    stores: list[int] | None = values["stores"]
    if not person.stores_for("webhooks.manage").covers(StoreSet(stores is None, frozenset(stores or ()))):
        raise NotAllowed
    try:
        check_address(values["url"])
    except HookError as error:
        text = {"zh": error.zh, "en": error.en}
        raise Problem("invalid", "请检查标红的内容。", "Please check what is marked.", fields={"url": text}) from error
    secret = ""
    if row is None:
        secret = secrets.token_hex(32)
        row = WebHook(secret=secret, made_by=person)
    row.name, row.url, row.kinds, row.active = values["name"], values["url"], values["kinds"], values["active"]
    row.every_store, row.stores = stores is None, sorted(stores or ())
    row.save()
    return row, secret


def test(row: WebHook) -> dict[str, Any]:
    """Call the address now, with an event that says nothing; what came back."""
    event = OutEvent(kind="test", store=None, body={})
    status, milliseconds, error = _call(Delivery(hook=row, event=event))
    return {"taken": not error, "status": status, "milliseconds": milliseconds, "error": error}


def as_json(row: WebHook) -> dict[str, Any]:
    """A hook as the pages see it."""
    return {"id": row.pk, "name": row.name, "url": row.url, "kinds": row.kinds, "active": row.active,
            "stores": None if row.every_store else row.stores, "created_at": row.created_at,
            "waiting": getattr(row, "waiting", 0), "dead": getattr(row, "dead", 0)}


def delivery_json(row: Delivery) -> dict[str, Any]:
    """A delivery as the pages see it."""
    return {"id": row.pk, "event": str(row.event_id), "kind": row.event.kind, "at": row.event.at, "state": row.state,
            "tries": row.tries, "next_at": row.next_at if row.state == "waiting" else None, "status": row.status,
            "error": row.error, "milliseconds": row.milliseconds, "done_at": row.done_at,
            "most_tries": len(DELAYS) + 1}
