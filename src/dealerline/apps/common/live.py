"""What the switch knows of a call that may not have reached the database yet."""

from __future__ import annotations

import http.client
import json
import logging
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from dealerline.settings import SettingsError

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class LiveCall:
    """The customer's number as he rang, and where."""

    number: str
    store: int
    line: int


def ask_switch(path: str, method: str = "GET", body: dict[str, object] | None = None,
               timeout: float = TIMEOUT_SECONDS) -> dict[str, object] | None:
    """The switch's answer to an internal request; None when it is away or knows nothing. Never raises."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", settings.DEALERLINE.switch_port, timeout=timeout)
        try:
            connection.request(method, f"/internal/{path}", json.dumps(body) if body is not None else None,
                               {"X-Dealerline-Internal": settings.DEALERLINE.secret("internal"),
                                "Content-Type": "application/json"})
            response = connection.getresponse()
            answer = json.loads(response.read()) if response.status == 200 else None
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException, SettingsError):
        return None
    return answer if isinstance(answer, dict) else None


def live_call(call: UUID) -> LiveCall | None:
    """The live call, if the switch has it."""
    answer = ask_switch(f"calls/{call}")
    if answer is None:
        return None
    try:
        return LiveCall(str(answer["number"]), int(str(answer["store"])), int(str(answer["line"])))
    except (KeyError, ValueError):
        return None
