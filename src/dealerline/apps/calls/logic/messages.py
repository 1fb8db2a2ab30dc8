"""Voice messages: found, drawn, changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from dealerline.apps.accounts.facade import Person, sees_numbers
from dealerline.apps.calls.models import VoiceMessage
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.organisation.facade import line_names
from dealerline.domain import numbers

RELATED = ("call", "call__customer", "assigned")


def access_message(person: Person, message: UUID) -> VoiceMessage:
    """The message, if it is of one of his stores. Raises NotFound."""
    row = VoiceMessage.objects.visible_to(person, "messages.view").select_related(*RELATED).filter(pk=message).first()
    if row is None:
        raise NotFound
    return row


def search(person: Person, *, state: str, kind: str, store: int | None, mine: bool) -> QuerySet[VoiceMessage]:
    """``state`` "open" is new or assigned."""
    rows = VoiceMessage.objects.visible_to(person, "messages.view").select_related(*RELATED).order_by("-left_at")
    if state:
        rows = rows.filter(state__in=("new", "assigned") if state == "open" else (state,))
    if kind:
        rows = rows.filter(kind=kind)
    if store:
        rows = rows.filter(call__store_id=store)
    return rows.filter(assigned_id=person.pk) if mine else rows


def draw(person: Person, message: VoiceMessage) -> dict[str, Any]:
    """A message as the pages see it, the number masked by role."""
    call = message.call
    number = call.customer_number or call.from_number
    customer, assigned = call.customer, message.assigned
    return {
        "id": message.pk, "call": call.pk, "at": message.left_at, "store": call.store_id or 0, "kind": message.kind,
        "number": number if sees_numbers(person, call.store_id) else numbers.masked(number), "seconds": message.seconds,
        "customer": {"id": customer.pk, "name": customer.name} if customer else None,
        "line_name": line_names({call.line_id}).get(call.line_id) if call.line_id else None, "state": message.state,
        "assigned": {"id": assigned.pk, "name": assigned.name} if assigned else None, "note": message.note,
        "done_at": message.done_at, "version": message.version}


_hearers: list[Callable[[VoiceMessage], None]] = []


def hear_messages(tell: Callable[[VoiceMessage], None]) -> None:
    """Have ``tell`` called with each message that is changed here, in the same transaction."""
    if tell not in _hearers:
        _hearers.append(tell)


def follow(message: UUID, **values: Any) -> None:
    """The work that a message is has been changed elsewhere: the same state here."""
    VoiceMessage.objects.filter(pk=message).update(**values, version=F("version") + 1)


def change(person: Person, message: VoiceMessage, values: dict[str, Any], version: int) -> VoiceMessage:
    """Anybody of the store may take a new message or finish his own; giving it to others needs ``messages.handle``."""
    store = message.call.store_id
    handles = person.can("messages.handle", store)
    with transaction.atomic():
        row = VoiceMessage.objects.locked(message.pk, *RELATED)
        if row.version != version:
            raise Problem("stale", "别人刚刚处理了这条留言。", "Somebody dealt with this message just now.", status=409,
                          extra={"current": _plain(draw(person, row))})
        if not handles:
            own = row.assigned_id in (None, person.pk) and values.get("assigned", person.pk) in (0, person.pk)
            if not own:
                raise NotAllowed
        if "assigned" in values:
            chosen = values["assigned"] or None
            if chosen is not None and not Person.objects.visible_to(person, "messages.view").filter(pk=chosen,
                                                                                                    is_active=True).exists():
                text = {"zh": "没有这位同事。", "en": "There is no such colleague."}
                raise Problem("invalid", "请检查标红的内容。", "Please check what is marked.",
                              fields={"assigned": text})
            row.assigned_id = chosen
            if row.state != "done":
                row.state = "assigned" if chosen else "new"
        for field in ("kind", "note"):
            if field in values:
                setattr(row, field, values[field])
        if "state" in values:
            row.state = values["state"]
        row.done_at = (row.done_at or timezone.now()) if row.state == "done" else None
        row.version += 1
        row.save()
        for tell in _hearers:
            tell(row)
    return VoiceMessage.objects.select_related(*RELATED).get(pk=row.pk)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value if value is None or isinstance(value, (int, float, dict, bool)) else
            value.isoformat() if hasattr(value, "isoformat") else str(value) for key, value in row.items()}
