"""Work left over: found, drawn, claimed, given, done.

The rule of the file: whoever acts on an item says which version of it he saw, or claims what nobody has; the second of
two at once is told who was first, and nothing of his is lost. What belongs to a voice message is the same there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from dealerline.apps.accounts.facade import Person, sees_numbers
from dealerline.apps.backlog.models import Item, Kind, Result, Sort
from dealerline.apps.calls import facade as calls
from dealerline.apps.common.desks import dial, notice
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.common.ringing import Wish
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.organisation.facade import line_names
from dealerline.domain import numbers

RELATED = ("call__customer", "owner", "done_by", "message", "callback")
SEE, HANDLE = "messages.view", "messages.handle"


def access_item(person: Person, item: int) -> Item:
    """The item, if it is of one of his stores. Raises NotFound."""
    row = Item.objects.visible_to(person, SEE).select_related(*RELATED).filter(pk=item).first()
    if row is None:
        raise NotFound
    return row


def search(person: Person, *, state: str, kind: str, sort: str, store: int | None, q: str) -> QuerySet[Item]:
    """``state``: open, free (nobody's), mine, overdue, done, "" (all). What is due first comes first; of what is done,
    the newest.
    """
    rows = Item.objects.visible_to(person, SEE).select_related(*RELATED)
    for field, value in (("kind", kind), ("sort", sort), ("store", store)):
        if value:
            rows = rows.filter(**{field: value})
    if q.strip():
        text = "".join(c for c in q if c.isdigit())
        rows = rows.filter(Q(call__customer__name__contains=q.strip()) | Q(number__endswith=text or "-"))
    if state == "done":
        return rows.filter(done_at__isnull=False).order_by("-done_at")
    if state:
        rows = rows.filter(done_at=None)
    if state == "free":
        rows = rows.filter(owner=None)
    elif state == "mine":
        rows = rows.filter(owner=person)
    elif state == "overdue":
        rows = rows.filter(due_at__lt=timezone.now())
    return rows.order_by(F("done_at").desc(nulls_first=True), "due_at", "id")


def counts(person: Person) -> dict[str, int]:
    """For the page's badge and its tabs."""
    rows = Item.objects.visible_to(person, SEE).filter(done_at=None)
    return {"open": rows.count(), "free": rows.filter(owner=None).count(), "mine": rows.filter(owner=person).count(),
            "overdue": rows.filter(due_at__lt=timezone.now()).count()}


def _who(person: Any) -> dict[str, Any] | None:
    return {"id": person.pk, "name": person.name} if person is not None else None


def draw(person: Person, row: Item, now: datetime | None = None) -> dict[str, Any]:
    """An item as the pages see it, the number masked by role."""
    customer = row.call.customer
    return {
        "id": row.pk, "kind": row.kind, "store": row.store_id, "sort": row.sort, "times": row.times, "mark": row.mark,
        "line_name": line_names({row.line}).get(row.line) if row.line else None, "call": row.call_id,
        "number": row.number if sees_numbers(person, row.store_id) else numbers.masked(row.number),
        "customer": _who(customer), "first_at": row.first_at, "last_at": row.last_at, "due_at": row.due_at,
        "overdue": row.done_at is None and row.due_at < (now or timezone.now()), "owner": _who(row.owner),
        "message": row.message_id, "seconds": row.message.seconds if row.message is not None else None,
        "promised_at": row.callback.promised_at if row.callback is not None else None,
        "tries": row.callback.tries if row.callback is not None else None, "done_at": row.done_at,
        "done_by": _who(row.done_by), "done_call": row.done_call, "result": row.result, "note": row.note,
        "version": row.version}


def _taken(person: Person, row: Item) -> Problem:
    """Somebody was quicker."""
    name = row.owner.name if row.owner is not None else ""
    if row.done_at is not None:
        return Problem("done_already", "这一条已经处理完了。", "This is done already.", status=409,
                       extra={"current": plain(draw(person, row))})
    return Problem("claimed", f"{name} 刚刚认领了这一条。", f"{name} has just claimed this.", status=409,
                   extra={"current": plain(draw(person, row))})


def _fresh(row: Item) -> Item:
    return Item.objects.select_related(*RELATED).get(pk=row.pk)


def claim(person: Person, row: Item) -> Item:
    """Make it his, if it is nobody's: of two at once one wins. Raises Problem for the other."""
    free = Item.objects.filter(pk=row.pk, owner=None, done_at=None)
    with transaction.atomic():
        won = free.update(owner=person, claimed_at=timezone.now(), version=F("version") + 1)
        row = _fresh(row)
        if won:
            _mirror(row)
            tell_changed("leftover", row.pk, store=row.store_id, by=person.pk)
    if not won and (row.owner_id != person.pk or row.done_at is not None):
        raise _taken(person, row)
    return row


def change(person: Person, row: Item, version: int, **values: Any) -> Item:
    """``owner`` (0: nobody), ``sort``, ``note``, ``result`` (with it done; "": open again).

    Anybody of the store may deal with what is his or nobody's; what is another's, and giving to others, needs
    ``messages.handle``.
    """
    with transaction.atomic():
        row = Item.objects.locked(row.pk, *RELATED)
        if row.version != version:
            raise Problem("stale", "别人刚刚处理了这一条。", "Somebody dealt with this just now.", status=409,
                          extra={"current": plain(draw(person, row))})
        own = row.owner_id in (None, person.pk) and values.get("owner", person.pk) in (0, person.pk)
        if not own and not person.can(HANDLE, row.store_id):
            raise NotAllowed
        given = _give(person, row, values["owner"]) if "owner" in values else False
        for field in ("sort", "note"):
            if field in values:
                setattr(row, field, values[field])
        if "result" in values:
            row.result = values["result"]
            row.done_at = timezone.now() if row.result else None
            row.done_by = person if row.result else None
            row.done_call = None
            row.owner = row.owner or (person if row.result else None)
        row.version += 1
        row.save()
        _mirror(row)
        tell_changed("leftover", row.pk, store=row.store_id, by=person.pk)
        if given and row.owner_id is not None and row.owner_id != person.pk:
            notice([row.owner_id], {"zh": f"{person.name} 把一条待办回访交给了您。",
                                    "en": f"{person.name} gave you a piece of work left over."})
    return _fresh(row)


def _give(person: Person, row: Item, owner: int) -> bool:
    if owner and not Person.objects.visible_to(person, SEE).filter(pk=owner, is_active=True).exists():
        raise Problem("invalid", "请检查标红的内容。", "Please check what is marked.",
                      fields={"owner": {"zh": "没有这位同事。", "en": "There is no such colleague."}})
    before, row.owner_id = row.owner_id, owner or None
    row.claimed_at = timezone.now() if owner else None
    return before != row.owner_id


def _mirror(row: Item) -> None:
    """The voice message that it is, is in the same state."""
    if row.message_id is None:
        return
    state = "done" if row.done_at else "assigned" if row.owner_id else "new"
    kind = "message" if row.sort == Sort.OTHER else row.sort
    calls.follow(row.message_id, state=state, assigned_id=row.owner_id, kind=kind, note=row.note, done_at=row.done_at)


def ring(person: Person, row: Item) -> Item:
    """Claim it, and dial its number at his desk, even if he sees it masked. Raises Problem.

    What cannot be dialled is not his for it: a claim that was made just for this is given up again.
    """
    if not row.number:
        raise Problem("no_number", "这一条没有可拨打的号码。", "There is no number to ring.")
    was_his = row.owner_id == person.pk
    row = claim(person, row)
    try:
        dial(person, Wish(row.number, asked=True), row.line)
    except Problem:
        if not was_his:
            _give_up(person, row)
        raise
    return row


def _give_up(person: Person, row: Item) -> None:
    """Nobody's again, unless something else was done with it meanwhile."""
    with transaction.atomic():
        if Item.objects.filter(pk=row.pk, owner=person, done_at=None, version=row.version).update(
                owner=None, claimed_at=None, version=F("version") + 1):
            _mirror(_fresh(row))


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Values that go through JSON."""
    return {key: value if value is None or isinstance(value, (int, float, dict, bool)) else
            value.isoformat() if hasattr(value, "isoformat") else str(value) for key, value in row.items()}


def tell_overdue(now: datetime) -> int:
    """Alarm the leads of what has just become overdue, once an item. How many."""
    from dealerline.apps.backlog.logic.rules import tell_leads

    with transaction.atomic():
        rows = list(Item.objects.select_for_update(skip_locked=True).filter(done_at=None, alarmed_at=None,
                                                                           due_at__lt=now))
        late: dict[int, int] = {}
        for row in rows:
            late[row.store_id] = late.get(row.store_id, 0) + 1
        Item.objects.filter(pk__in=[row.pk for row in rows]).update(alarmed_at=now)
        for store, count in late.items():
            tell_leads(store, "backlog.overdue", {
                "zh": f"有 {count} 条待办回访已超时。", "en": f"Work left over is overdue: {count}."})
    return len(rows)


__all__ = ["Kind", "Result", "access_item", "change", "claim", "counts", "draw", "plain", "ring", "search",
           "tell_overdue"]
