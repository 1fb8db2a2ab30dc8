"""Today's figures."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema

from dealerline.apps.accounts.facade import need
from dealerline.apps.calls.logic.board import today
from dealerline.apps.common.schemas import Id, ProblemOut, Text

router = Router(tags=["board"])


class QueueToday(Schema):
    """Seconds; the service level is a share of 1, null before a caller counts; docs/reference/board.md has its formula.

    Of callers whose waiting ended today: ``abandons`` by seconds waited (0-5, 5-20, 20-60, 60 and more), ``sent_on``
    unserved, ``lost_late`` after the queue's seconds.
    """

    queue: int
    store: int
    name: Text
    offered: int
    answered: int
    abandoned: int
    within: int
    lost_late: int
    sent_on: int
    abandons: list[int]
    service_level: float | None
    average_wait: float | None
    longest_wait: float | None
    average_talk: float | None


class HourToday(Schema):
    hour: int
    offered: int
    answered: int
    abandoned: int


class TodayOut(Schema):
    queues: list[QueueToday]
    hours: list[HourToday]


class TodayQuery(Schema):
    store: Id | None = None


@router.get("/board/today", response={200: TodayOut, 403: ProblemOut})
def board_today(request: HttpRequest, query: Query[TodayQuery]) -> dict[str, Any]:
    """Since midnight in the installation's time zone."""
    person = need(request, "board.view")
    zone = settings.TIME_ZONE
    midnight = timezone.now().astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return today(person, midnight, zone, query.store)
