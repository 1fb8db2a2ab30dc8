"""``/api/demo``: only where the demo runs."""

from __future__ import annotations

from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need, person_of, signed_in
from dealerline.apps.common.errors import NotFound
from dealerline.apps.common.schemas import Plain, ProblemOut
from dealerline.apps.demo import logic

router = Router(tags=["demo"])
ERRORS = {404: ProblemOut, 409: ProblemOut, 422: ProblemOut, 503: ProblemOut}


class RingIn(Schema):
    """``line``: an id, "store:kind" or a kind. ``say``: what he says once somebody answers; "" for a usual sentence."""

    line: int | Plain
    keys: str = Field("", max_length=32, pattern=r"^[0-9*#w ]*$")
    say: Plain = Field("", max_length=200)
    language: Literal["zh", "en"] = "zh"
    caller: str = Field("known", max_length=20, pattern=r"^(known|new|\+?[0-9]{3,16})$")


class RingOut(Schema):
    """The simulated call."""

    id: str
    number: str


@router.post("/demo/ring", response={200: RingOut, **ERRORS}, auth=signed_in)
def ring(request: HttpRequest, data: RingIn) -> dict[str, Any]:
    """A simulated customer rings one of the lines that the person sees."""
    if not settings.DEALERLINE.demo:
        raise NotFound
    line = logic.line_of(person_of(request), data.line)
    answer = logic.ring(line, data.keys.replace(" ", ""), data.say, data.language, data.caller)
    return {"id": str(answer.get("id", "")), "number": str(answer.get("from", ""))}


class LifeIn(Schema):
    minutes: int = Field(10, ge=1, le=60)


class LifeOut(Schema):
    """How many customers will ring, and how many robot agents came to work."""

    callers: int
    robots: int


@router.post("/demo/life", response={200: LifeOut, **ERRORS}, auth=signed_in)
def life(request: HttpRequest, data: LifeIn) -> dict[str, Any]:
    """Customers ring on all lines for some minutes, robots answer: something for boards to show."""
    if not settings.DEALERLINE.demo:
        raise NotFound
    need(request, "board.view")
    return logic.live(data.minutes)
