"""Changes appear on colleagues' screens at once: the web tells the switch, and the switch every desk that may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from dealerline.apps.common.outgoing import tell_switch

NEEDS = {"lead": "leads.view", "promise": "promises.view", "task": "promises.view", "leftover": "messages.view",
         "duplicate": "customers.merge"}
SEES = "customers.view"
"""Who is told of a change: whoever has this permission in its store, or that of its kind in ``NEEDS``."""


@dataclass(frozen=True, slots=True)
class News:
    """What changed: ``kind`` as ``customer``, ``lead``, ``promise``; "0" for many of that kind."""

    kind: str
    id: str
    store: int
    customer: int | None
    by: int | None


_hearers: list[Callable[[News], None]] = []


def hear_changed(tell: Callable[[News], None]) -> None:
    """Have ``tell`` called with every change, in its transaction. For apps above the one that changed something."""
    if tell not in _hearers:
        _hearers.append(tell)


def tell_changed(kind: str, object_id: Any, *, store: int, customer: int | None = None,
                 by: int | None = None) -> None:
    """After the transaction: pages that show this row read it again. ``object_id`` 0 means many of that kind.

    It carries no value, only which row: what a person may see he is told by the ordinary routes. Nobody waits for it,
    and a switch that is away loses nothing, since pages read anew when they come back.
    """
    news = News(kind, str(object_id), store, customer, by)
    for tell in _hearers:
        tell(news)
    message = {"kind": kind, "id": str(object_id), "store": store, "customer": customer, "by": by,
               "needs": NEEDS.get(kind, SEES)}
    transaction.on_commit(lambda: tell_switch("changed", message))
