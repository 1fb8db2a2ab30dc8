"""What is left over, told from the facts and the calls they were folded into.

The rule of the file: facts come in any number of batches, in the order of time but for what a dying switch wrote late;
taking a call in again changes nothing. A number is one open lost caller however often it was lost, and a later talk
with it, in or out, ends that by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from dealerline.apps.backlog.logic import rules
from dealerline.apps.backlog.models import Callback, CallbackState, Item, Kind, Loss, Rating, Result, Sort
from dealerline.apps.calls import facade as calls
from dealerline.apps.calls.facade import Brief, Left
from dealerline.apps.common.telling import tell_changed
from dealerline.domain.facts import Fact

TOUCHED = ("call.ended", "talk.started", "voicemail.recorded", "rating.given")
ENDS_BY_TALK = (Kind.LOST, Kind.CALLBACK)


def take_in(facts: Sequence[Fact]) -> None:
    """Facts that are new, their calls written already."""
    for fact in facts:
        if fact.kind.startswith("callback."):
            _promise(fact)
    touched = {fact.call for fact in facts if fact.kind in TOUCHED and fact.call}
    if touched:
        take_calls(touched)


def take_calls(ids: Sequence[str | UUID] | set[str]) -> None:
    """What these calls have left over, or have settled."""
    for call in calls.briefs(ids):
        if call.store is None:
            continue
        for message in call.messages:
            _message(call, call.store, message)
        if call.answered_at is not None and call.number:
            _reached(call, call.answered_at)
        _lost(call)
        _rated(call)


# promises -----------------------------------------------------------------------------------------------------------
def _at(fact: Fact) -> datetime:
    return datetime.fromtimestamp(fact.at, UTC)


def _promise(fact: Fact) -> None:
    data, at = fact.data, _at(fact)
    key = str(data.get("callback", ""))
    if fact.kind == "callback.promised":
        _promised(fact, key)
        return
    ends: dict[str, dict[str, Any]] = {
        "callback.kept": {"state": CallbackState.KEPT, "how": str(data.get("how", ""))[:10],
                          "late_seconds": data.get("late")},
        "callback.unreached": {"state": CallbackState.UNREACHED, "last_result": str(data.get("reason", ""))[:16]},
        "callback.cancelled": {"state": CallbackState.CANCELLED},
    }
    row = Callback.objects.filter(pk=key, state=CallbackState.OPEN).first()
    if row is None:
        return
    if fact.kind == "callback.tried":
        row.tries, row.last_result = int(data.get("tries", 0)), str(data.get("result", ""))[:16]
    elif fact.kind in ends:
        row.ended_at = at
        for name, value in ends[fact.kind].items():
            setattr(row, name, value)
    row.save()
    if row.state == CallbackState.UNREACHED and calls.spoken_since(row.store_id, row.number, at) is None:
        Item.objects.get_or_create(callback=row, defaults={
            "kind": Kind.CALLBACK, "store_id": row.store_id, "line": row.line, "number": row.number,
            "call_id": row.call_id, "times": max(1, row.tries), "first_at": row.promised_at, "last_at": at,
            "due_at": rules.due(Kind.CALLBACK, row.line, at)})


def _promised(fact: Fact, key: str) -> None:
    data = fact.data
    if not fact.store or not fact.call:
        return
    told = {"number": str(data.get("number", ""))[:40],
            "due_at": datetime.fromtimestamp(float(data.get("due", fact.at)), UTC)}
    row, made = Callback.objects.get_or_create(pk=key, defaults={
        **told, "call_id": fact.call, "store_id": fact.store, "line": int(data.get("line", 0)),
        "queue": int(data.get("queue", 0)), "asked_from": str(data.get("asked_from", ""))[:40],
        "promised_at": _at(fact)})
    if not made and row.state == CallbackState.OPEN:  # he asked once more, perhaps on another number
        Callback.objects.filter(pk=key).update(**told)
    # Somebody waits to be rung: that he was lost before needs nobody's attention besides.
    _settle(Item.objects.filter(store=fact.store, number=told["number"], kind=Kind.LOST, done_at=None),
            Result.NO_NEED, UUID(fact.call), _at(fact))


# items --------------------------------------------------------------------------------------------------------------
def _message(call: Brief, store: int, message: Left) -> None:
    if Item.objects.filter(message_id=message.id).exists():
        return
    done = message.state == "done"
    Item.objects.create(
        message_id=message.id, kind=Kind.MESSAGE, store_id=store, line=call.line, number=call.number,
        call_id=call.id, sort=message.kind if message.kind in Sort.values else Sort.OTHER, first_at=message.at,
        last_at=message.at, due_at=rules.due(Kind.MESSAGE, call.line, message.at), owner_id=message.assigned,
        done_at=(message.done_at or message.at) if done else None, result=Result.REACHED if done else "",
        note=message.note)


def _reached(call: Brief, at: datetime) -> None:
    """Somebody talked with him: what he was lost for before is over."""
    _settle(Item.objects.filter(store=call.store, number=call.number, kind__in=ENDS_BY_TALK, done_at=None,
                                last_at__lte=at), Result.REACHED, call.id, at)


def _settle(items: Any, result: Result, call: UUID, at: datetime) -> None:
    for item in items.select_for_update():
        item.result, item.done_at, item.done_call = result, at, call
        item.version += 1
        item.save()
        tell_changed("leftover", item.pk, store=item.store_id)


def _lost(call: Brief) -> None:
    before = Loss.objects.filter(pk=call.id).select_related("item").first()
    lost = call.direction == "in" and call.outcome == "abandoned" and call.ended_at is not None and bool(call.number)
    if before is not None and not lost:  # a message was written late: he was not lost after all
        _not_lost(before)
    if before is not None or not lost or call.store is None or call.ended_at is None:
        return
    at = call.ended_at
    if calls.spoken_since(call.store, call.number, at) is not None or _promises(call.store, call.number):
        return
    item, made = Item.objects.get_or_create(store_id=call.store, number=call.number, kind=Kind.LOST, done_at=None,
                                            defaults={
        "line": call.line, "call_id": call.id, "first_at": at, "last_at": at,
        "due_at": rules.due(Kind.LOST, call.line, at)})
    Loss.objects.create(call_id=call.id, item=item, at=at)
    if not made:
        item.times, item.version = item.times + 1, item.version + 1
        if at > item.last_at:
            item.last_at, item.call_id = at, call.id
        item.save()


def _promises(store: int, number: str) -> bool:
    return Callback.objects.filter(store=store, number=number, state=CallbackState.OPEN).exists()


def _not_lost(loss: Loss) -> None:
    item = loss.item
    loss.delete()
    if item.done_at is None and not item.losses.exists():
        item.delete()
    elif item.done_at is None:
        newest = item.losses.order_by("-at").first()
        item.times = item.losses.count()
        if newest is not None:
            item.call_id, item.last_at = newest.call_id, newest.at
        item.save()


def _rated(call: Brief) -> None:
    if call.rating is None or call.store is None:
        return
    choice = Rating.objects.filter(store=call.store).first()
    bad = choice.bad if choice is not None else Rating._meta.get_field("bad").default
    if call.rating > bad:
        return
    at = call.ended_at or timezone.now()
    _, made = Item.objects.get_or_create(kind=Kind.RATING, call_id=call.id, defaults={
        "store_id": call.store, "line": call.line, "number": call.number, "sort": Sort.COMPLAINT, "mark": call.rating,
        "first_at": at, "last_at": at, "due_at": rules.due(Kind.RATING, call.line, at)})
    if made:
        rules.tell_leads(call.store, "backlog.bad_mark", {
            "zh": f"客户打了 {call.rating} 分，请尽快回访。",
            "en": f"A customer gave {call.rating} of 5: please see to it."})


def message_changed(message: Any) -> None:
    """A voice message was changed where messages are listed: the same here."""
    item = Item.objects.select_for_update().filter(message=message).first()
    if item is None:
        return
    done = message.state == "done"
    item.owner_id, item.note = message.assigned_id, message.note
    item.sort = message.kind if message.kind in Sort.values else Sort.OTHER
    item.done_at = message.done_at if done else None
    item.result = (item.result or Result.REACHED) if done else ""
    item.version += 1
    item.save()


def adopt(since: datetime) -> None:
    """Take in what is left over of calls whose facts came before this app, or were never told as facts (the demo)."""
    there = set(Loss.objects.filter(at__gte=since).values_list("pk", flat=True))
    messages = calls.open_messages()
    there_too = set(Item.objects.filter(message__in=messages).values_list("message_id", flat=True))
    ids = {call for message, call in messages.items() if message not in there_too}
    take_calls([key for key in calls.lost_since(since) if key not in there] + sorted(ids))
