"""Changes appear on colleagues' screens at once: the web tells the switch, and the switch every desk that may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from dealerline.apps.common.outgoing import tell_switch

NEEDS = {"lead": "leads.view", "promise": "promises.view", "task": "promises.view", "leftover": "messages.view",
         "duplicate": "customers.merge"}
SEES = "customers.view"
"""Who is told of a change: whoever has this permission in its store, or that of its kind in ``NEEDS``."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was written: ``kind`` customers, cars, orders, repairs, cards; ``how`` made, changed, removed."""

    kind: str
    id: int
    customer: int | None
    how: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """What changed: ``kind`` as ``customer``, ``lead``, ``promise``; "0" for many of that kind.

    ``rows``: which rows exactly, where many are written at once or one by its own key.
    """

    kind: str
    id: str
    store: int
    customer: int | None
    by: int | None
    rows: tuple[Row, ...] = ()


_hearers: list[Callable[[News], None]] = []


def hear_changed(tell: Callable[[News], None]) -> None:
    """Have ``tell`` called with every change, in its transaction. For apps above the one that changed something."""
    if tell not in _hearers:
        _hearers.append(tell)


def tell_rows(rows: Iterable[tuple[int, Row]], *, by: int | None = None) -> None:
    """In the transaction that wrote them, to those who hear of every change: which rows of the customer file, by store.

    For many rows at once. Screens are not told: they are, once, by ``show_changed`` when all is done.
    """
    stores: dict[int, list[Row]] = {}
    for store, row in rows:
        stores.setdefault(store, []).append(row)
    for store, found in stores.items():
        _hear(News("customer", "0", store, None, by, tuple(found)))


def show_changed(kind: str, *, store: int) -> None:
    """After the transaction: pages that show rows of that kind read them again."""
    _show(News(kind, "0", store, None, None))


def tell_changed(kind: str, object_id: Any, *, store: int, customer: int | None = None,
                 by: int | None = None, rows: Sequence[Row] = ()) -> None:
    """After the transaction: pages that show this row read it again. ``object_id`` 0 means many of that kind.

    It carries no value, only which row: what a person may see he is told by the ordinary routes. Nobody waits for it,
    and a switch that is away loses nothing, since pages read anew when they come back.
    """
    news = News(kind, str(object_id), store, customer, by, tuple(rows))
    _hear(news)
    _show(news)


def _hear(news: News) -> None:
    for tell in _hearers:
        tell(news)


def _show(news: News) -> None:
    message = {"kind": news.kind, "id": news.id, "store": news.store, "customer": news.customer, "by": news.by,
               "needs": NEEDS.get(news.kind, SEES)}
    transaction.on_commit(lambda: tell_switch("changed", message))
