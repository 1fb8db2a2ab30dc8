"""The test call: rings the page of whoever asks, with a voice and an echo, through the real switch and media engine."""

from __future__ import annotations

import http.client
import json
from typing import Any

from django.conf import settings

from dealerline.apps.common.errors import Problem
from dealerline.settings import SettingsError

_TEXTS = {
    "away": (
        "呼叫引擎没有响应。请在服务器上运行 ./dealerline status 查看各部分的状态。",
        "The switch does not answer. Run ./dealerline status on the server to see the state of each part.",
    ),
    "not_signed_in": (
        "请先在本页允许使用麦克风，等话机显示“已就绪”，再拨测试电话。",
        "First let this page use the microphone and wait until the phone is ready; then make the test call.",
    ),
}


def ring(person: int, line: int | None = None) -> dict[str, Any]:
    """Ask the switch to ring that person's page. Raises Problem in words when it cannot."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", settings.DEALERLINE.switch_port, timeout=3.0)
        try:
            connection.request(
                "POST",
                "/internal/test_call",
                json.dumps({"person": person, "line": line or 0}),
                {"X-Dealerline-Internal": settings.DEALERLINE.secret("internal"), "Content-Type": "application/json"},
            )
            response = connection.getresponse()
            status, body = response.status, response.read()
        finally:
            connection.close()
        answer = json.loads(body) if body[:1] == b"{" else {}
    except (OSError, ValueError, http.client.HTTPException, SettingsError) as error:
        raise _problem("away", 503) from error
    if status == 200:
        return answer if isinstance(answer, dict) else {}
    if status == 409 and isinstance(answer, dict) and "text" in answer:
        if answer.get("code") in ("hello_first", "no_phone"):
            raise _problem("not_signed_in", 409)
        raise Problem(str(answer.get("code", "refused")), answer["text"]["zh"], answer["text"]["en"], status=409)
    raise _problem("away", 503)


def _problem(code: str, status: int) -> Problem:
    zh, en = _TEXTS[code]
    return Problem(code, zh, en, status=status)
