"""The desk's door on a running switch: what honest, old, second, broken and hostile pages get."""

from __future__ import annotations

import json
import time
from typing import Any

import aiohttp
import pytest

from simulator.desk import Desk, DeskError, ticket
from tests.telephony.harness import Centre, Telephones, until


async def say(centre: Centre, *messages: str | dict[str, Any]) -> list[dict[str, Any]]:
    """Send these on a fresh socket; everything that comes back until it is closed, or for a moment."""
    url = f"http://127.0.0.1:{centre.settings.switch_port}/desk"
    got: list[dict[str, Any]] = []
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        for message in messages:
            await socket.send_str(message if isinstance(message, str) else json.dumps(message))
        while True:
            try:
                answer = await socket.receive(timeout=0.7)
            except TimeoutError:
                return got
            if answer.type is not aiohttp.WSMsgType.TEXT:
                return got
            got.append(json.loads(answer.data))


def hello(centre: Centre, person: int = 1, **changes: Any) -> dict[str, Any]:
    word = ticket(person, "x", centre.settings.secret("desk"), time.time())
    return {"type": "hello", "ticket": word, "tab": "t", "device": "browser", "id": "h"} | changes


async def test_a_page_is_welcomed_first_and_with_all_it_needs(centre: Centre) -> None:
    first, *_ = await say(centre, hello(centre))
    assert first["type"] == "welcome" and first["sip"]["username"] == "agent-1" and len(first["sip"]["password"]) == 32
    assert first["person"]["name"] == "agent 1" and first["queues"][0]["code"] == "sales"


@pytest.mark.parametrize(
    ("message", "code"),
    [("nonsense", "hello_first"), ("[]", "hello_first"), ({"type": "state"}, "hello_first"),
     ({"type": "hello", "ticket": "a.b"}, "bad_ticket"), ({"type": "hello"}, "bad_ticket")],
)
async def test_who_does_not_say_hello_properly_is_told_so_and_closed(
    centre: Centre, message: str | dict[str, Any], code: str
) -> None:
    (answer,) = await say(centre, message)
    assert answer["code"] == code and answer["text"]["zh"] and answer["text"]["en"]


async def test_an_unknown_person_and_an_old_ticket_are_refused_in_words(centre: Centre) -> None:
    (unknown,) = await say(centre, hello(centre, person=999))
    assert unknown["code"] == "no_person"
    old = ticket(1, "x", centre.settings.secret("desk"), time.time() - 600)
    (late,) = await say(centre, hello(centre, ticket=old))
    assert late["code"] == "old_ticket"


async def test_broken_messages_are_answered_and_harm_nothing(centre: Centre) -> None:
    odd: list[str | dict[str, Any]] = [
        "{", '"x"', {"type": None}, {"type": "hold", "call": {"a": 1}}, {"type": "keys", "call": None, "digits": 5},
        {"type": "state", "state": ["ready"]}, {"type": "phone", "microphone": {}},
        {"type": "dial", "number": {}, "line": "x"},
        {"type": "ping", "id": "alive"},
    ]
    answers = [m for m in await say(centre, hello(centre), *odd) if m["type"] in ("error", "pong", "ok")]
    assert [m["type"] for m in answers] == ["error"] * 8 + ["pong"]
    async with aiohttp.ClientSession() as session:
        health = await session.get(f"http://127.0.0.1:{centre.settings.switch_port}/health")
        assert health.status == 200 and (await health.json())["errors"] == 0


async def test_a_message_too_long_closes_the_page_only(centre: Centre) -> None:
    await say(centre, hello(centre), "x" * 100_000)
    assert (await say(centre, hello(centre)))[0]["type"] == "welcome"


async def test_a_second_sign_in_signs_the_first_out_in_words(centre: Centre) -> None:
    first = await Desk(centre.settings.switch_port, 1, centre.settings.secret("desk")).open()
    second = await Desk(centre.settings.switch_port, 1, centre.settings.secret("desk")).open()
    await until(lambda: first.signed_out == "duplicate", what="the first is told")
    await until(lambda: not first.connected, what="the first is closed")
    with pytest.raises(DeskError):
        await first.send("state", state="ready")
    await first.close()
    await second.close()


async def test_a_watcher_sees_the_board_and_is_no_agent(centre: Centre, telephones: Telephones) -> None:
    agent = await telephones.agent(2)
    watcher = await Desk(centre.settings.switch_port, 2, centre.settings.secret("desk"), watch=True).open()
    await until(lambda: watcher.board and any(p["state"] == "ready" for p in watcher.board["people"]), what="the board")
    assert agent.state == "ready" and watcher.welcome["agent"] is None
    with pytest.raises(DeskError) as refused:
        await watcher.send("state", state="ready")
    assert refused.value.code == "watch_only"
    await watcher.close()


async def test_what_the_web_process_may_ask_wants_the_internal_secret(centre: Centre) -> None:
    base = f"http://127.0.0.1:{centre.settings.switch_port}"
    async with aiohttp.ClientSession() as session:
        assert (await session.get(f"{base}/internal/live")).status == 403
        assert (await session.post(f"{base}/internal/test_call", json={"person": 1})).status == 403
        secret = {"X-Dealerline-Internal": centre.settings.secret("internal")}
        answer = await session.post(f"{base}/internal/test_call", json={"person": 3}, headers=secret)
        assert answer.status == 409 and (await answer.json())["code"] == "hello_first"
        for junk in (b"[]", b"{", b'{"person": "x"}'):
            assert (await session.post(f"{base}/internal/test_call", data=junk, headers=secret)).status in (400, 409)
        metrics = await (await session.get(f"{base}/metrics")).text()
    assert "dealerline_repairs_total 0" in metrics and "dealerline_event_loop_lag_seconds_bucket" in metrics
