"""Work left over as entries of everybody's list of work (apps/common/todo.py)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from dealerline.apps.backlog.logic import items
from dealerline.apps.backlog.models import Item, Kind, Result
from dealerline.apps.common.errors import NotFound
from dealerline.apps.common.todo import AT_MOST, Todo

WORDS = {
    Kind.MESSAGE: {"zh": "语音留言", "en": "Voice message"},
    Kind.LOST: {"zh": "未接来电", "en": "Lost caller"},
    Kind.CALLBACK: {"zh": "回呼未接通", "en": "Call-back not reached"},
    Kind.RATING: {"zh": "低分评价", "en": "Bad mark"},
}


def _todo(row: Item) -> Todo:
    customer = row.call.customer
    return Todo("leftover", str(row.pk), row.store_id, WORDS[Kind(row.kind)], row.due_at, row.note, row.number,
                row.owner_id, (customer.pk, customer.name) if customer is not None else None, "",
                f"/calls/{row.call_id}", row.version, tuple(Result.values), row.done_at, row.result, asked=True)


class Leftover:
    """His, and what is nobody's."""

    def waiting(self, person: Any) -> Iterable[Todo]:
        rows = Item.objects.visible_to(person, items.SEE).select_related(*items.RELATED)
        rows = rows.filter(Q(owner=person.pk) | Q(owner=None), done_at=None).order_by("due_at")
        return [_todo(row) for row in rows[:AT_MOST]]

    def finished(self, person: Any, since: datetime) -> Iterable[Todo]:
        rows = Item.objects.visible_to(person, items.SEE).select_related(*items.RELATED)
        return [_todo(row) for row in rows.filter(done_by=person.pk, done_at__gte=since)[:AT_MOST]]

    def _access(self, person: Any, key: str) -> Item:
        if not key.isdecimal() or len(key) > 18:
            raise NotFound
        return items.access_item(person, int(key))

    def one(self, person: Any, key: str) -> Todo:
        return _todo(self._access(person, key))

    def ring(self, person: Any, key: str) -> Todo:
        return _todo(items.ring(person, self._access(person, key)))

    def finish(self, person: Any, key: str, version: int, result: str, note: str) -> Todo:
        values = {"result": result, **({"note": note} if note.strip() else {})}
        return _todo(items.change(person, self._access(person, key), version, **values))

    def reopen(self, person: Any, key: str) -> Todo:
        row = self._access(person, key)
        return _todo(row if row.done_at is None else items.change(person, row, row.version, result=""))
