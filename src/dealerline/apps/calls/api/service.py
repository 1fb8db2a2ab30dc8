"""How well callers were told what to expect, and what they thought of us."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need
from dealerline.apps.calls.logic import service
from dealerline.apps.common.schemas import Id, ProblemOut, Text

router = Router(tags=["service"])


class WaitsOut(Schema):
    """A queue. Seconds; shares are 0 to 1: ``good`` within a minute or a third of what was told, ``not_longer`` than
    that.
    """

    queue: int
    store: int
    name: Text
    calls: int
    told: float
    real: float
    error: float
    good: float
    not_longer: float


class Figures(Schema):
    """``spread``: how many gave 1, 2, 3, 4, 5; ``bad``: 1 and 2; ``before``: the mean of as many days before."""

    count: int
    average: float | None
    before: float | None
    bad: int
    spread: list[int]


class PartMarks(Figures):
    """``part``: ``sales``, ``after_sales`` (workshop and rescue) or ``centre`` (all other lines)."""

    part: str


class PersonMarks(Figures):
    person: int
    name: str


class StoreMarks(Figures):
    """``people``: whose the marks are, for leads, and one's own; the least content customers' first."""

    store: int
    name: Text | None
    parts: list[PartMarks]
    people: list[PersonMarks]


class MarksOut(Figures):
    parts: list[PartMarks]
    stores: list[StoreMarks]


class DaysQuery(Schema):
    days: int = Field(1, ge=1, le=92)
    store: Id | None = None


@router.get("/service/waits", response={200: list[WaitsOut], 403: ProblemOut})
def waits(request: HttpRequest, query: Query[DaysQuery]) -> list[dict[str, Any]]:
    """Expected waits that callers were told first, beside the waits they had, by queue."""
    person = need(request, "board.view")
    return service.waits(person, timezone.now() - timedelta(days=query.days), query.store)


@router.get("/service/marks", response={200: MarksOut, 403: ProblemOut})
def marks(request: HttpRequest, query: Query[DaysQuery]) -> dict[str, Any]:
    """The marks that customers gave after their calls: by part of the house, store and person."""
    return service.marks(need(request, "board.view"), query.days, query.store)
