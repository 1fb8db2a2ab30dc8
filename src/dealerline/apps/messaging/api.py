"""Replies of customers, told by the provider of text messages."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from django.http import HttpRequest
from ninja import Router, Schema

from dealerline.apps.common.errors import Problem
from dealerline.apps.common.schemas import ProblemOut
from dealerline.apps.messaging.logic import incoming

router = Router(tags=["messaging"])

MOST_BYTES = 16 * 1024


class TakenOut(Schema):
    ok: bool


def _fields(request: HttpRequest) -> dict[str, Any]:
    """JSON or a form, whichever the provider sends."""
    if len(request.body) > MOST_BYTES:
        raise Problem("too_long", "内容过长。", "This is too long.", status=413)
    text = request.body.decode("utf-8", errors="replace")
    if request.content_type == "application/json" or text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Problem("bad_request", "请求格式不正确。", "The request cannot be understood.", status=400)
        return found
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True, max_num_fields=100).items()}


@router.post("/sms/{token}", auth=None,
             response={200: TakenOut, 400: ProblemOut, 404: ProblemOut, 413: ProblemOut, 422: ProblemOut})
def receive_sms(request: HttpRequest, token: str) -> dict[str, bool]:
    """A message from a customer. The address is secret; names of the fields are the provider's (back office)."""
    incoming.receive(token, _fields(request))
    return {"ok": True}
