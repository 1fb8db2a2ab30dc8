"""Lists for the pages' filters."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from dealerline.apps.accounts.facade import person_of, signed_in
from dealerline.apps.common.schemas import Text
from dealerline.apps.organisation import facade

router = Router(tags=["organisation"], auth=signed_in)


class StoreRow(Schema):
    id: int
    code: str
    name: Text


class LineRow(Schema):
    id: int
    store: int
    kind: str
    name: Text
    numbers: list[str]


class ListsOut(Schema):
    """What the person may choose from."""

    stores: list[StoreRow]
    lines: list[LineRow]


@router.get("/lists", response=ListsOut)
def lists(request: HttpRequest) -> dict[str, Any]:
    """Stores and lines the person sees."""
    person = person_of(request)
    return {"stores": facade.stores_seen_by(person), "lines": facade.lines_seen_by(person)}
