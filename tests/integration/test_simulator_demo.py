"""The whole demo: a customer on file rings a line by its name, a robot agent answers, and both are heard."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from dealerline.runtime.stack import Stack
from tests.helpers import until_async
from tests.telephony import tones


@pytest.fixture
def ask(demo_stack: Stack) -> Callable[..., Any]:
    """One request to the control service; the answer's JSON."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def asked(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{demo_stack.settings.simulator_port}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(), headers={"Content-Type": "application/json"})
        with opener.open(request, timeout=30) as answer:
            return json.load(answer)

    return asked


async def test_a_customer_on_file_is_answered_by_a_robot_and_both_speak(
        demo_stack: Stack, ask: Callable[..., Any]) -> None:
    try:
        hired = await asyncio.to_thread(ask, "POST", "/robots", {"count": 20, "talk": 12, "wrap": 1})
        assert hired["count"] == 20  # everybody who has a desk phone, dispatchers among them
        errand = {"line": "pudong:rescue", "caller": "known", "say": "rescue.stuck"}
        call = await asyncio.to_thread(ask, "POST", "/ring", errand)
        on_file = json.loads((demo_stack.settings.run / "demo-callers.json").read_text(encoding="utf-8"))
        assert call["from"] in {one["number"] for one in on_file}

        def look() -> dict[str, Any]:
            view: dict[str, Any] = ask("GET", f"/calls/{call['id']}")
            return view

        await until_async(lambda: "talking" in look()["stages"], 60, "he talks with somebody")
        await until_async(lambda: look()["state"] == "ended", 60, "the robot has hung up")
    finally:
        await asyncio.to_thread(ask, "DELETE", "/robots")
    view = look()
    assert view["ended_by"] == "centre"
    assert "says" in [event["name"] for event in view["events"]]
    heard = demo_stack.settings.data / "carrier" / "heard"
    assert tones.loudness(heard / f"{call['id']}-heard.wav") > -30
    assert tones.loudness(heard / f"{call['id']}-said.wav") > -30
