"""Lists a page at a time.

Counting stops at a limit: nobody turns ten thousand pages, and counting millions takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from ninja import Schema

PER_PAGE = 50
COUNT_AT_MOST = 10_000

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Page(Schema, Generic[T]):
    """One page. ``total`` stops at 10,000: then there are at least that many."""

    items: list[T]
    total: int
    page: int
    pages: int


def paged_ids(found: list[int], rows: QuerySet[M], page: int, draw: Callable[[M], dict[str, Any]],
              per_page: int = PER_PAGE) -> dict[str, Any]:
    """The page of the rows with these ids, in this order, of which no more are read than are shown."""
    shown = found[(page - 1) * per_page:page * per_page]
    known = {row.pk: row for row in rows.filter(pk__in=shown)}
    return {"items": [draw(known[number]) for number in shown if number in known], "total": len(found), "page": page,
            "pages": max(1, -(-len(found) // per_page))}


def paged(rows: QuerySet[M], page: int, draw: Callable[[M], dict[str, Any]], per_page: int = PER_PAGE) -> dict[str,
                                                                                                               Any]:
    """The page of ``rows`` (ordered by the caller), drawn row by row."""
    total = rows.order_by()[:COUNT_AT_MOST].count()
    start = (page - 1) * per_page
    return {"items": [draw(row) for row in rows[start:start + per_page]], "total": total, "page": page,
            "pages": max(1, -(-total // per_page))}
