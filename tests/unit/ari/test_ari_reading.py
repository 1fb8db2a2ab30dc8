"""What the ARI client makes of Asterisk's words, without an Asterisk."""

from __future__ import annotations

import json
import logging
from typing import Any

import msgspec
import pytest

from dealerline.switch.ari import Ari, AriError, AriLost, quietly
from dealerline.switch.ari import models as m

CHANNEL = {
    "id": "c1",
    "name": "PJSIP/x-1",
    "protocol_id": "p",
    "state": "Up",
    "caller": {"name": "", "number": "1"},
    "connected": {"name": "", "number": ""},
    "accountcode": "",
    "creationtime": "2026-01-01T00:00:00.000+0000",
    "dialplan": {"context": "a", "exten": "b", "priority": 1, "app_name": "", "app_data": ""},
    "language": "en",
}


def client(seen: list[Any]) -> Ari:
    return Ari("http://127.0.0.1:1", "u", "p", "app", on_event=seen.append)


def text(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, "application": "app", "timestamp": "2026-01-01T00:00:00.000+0000", **fields})


async def test_a_known_event_becomes_its_own_type() -> None:
    seen: list[Any] = []
    client(seen)._received(text("StasisStart", args=["in", "400"], channel=CHANNEL))
    (event,) = seen
    assert isinstance(event, m.StasisStart) and event.args == ["in", "400"] and event.channel.caller.number == "1"


async def test_fields_of_a_newer_asterisk_are_passed_over() -> None:
    seen: list[Any] = []
    client(seen)._received(text("StasisEnd", channel={**CHANNEL, "mood": "fine"}, colour="blue"))
    assert isinstance(seen[0], m.StasisEnd)


@pytest.mark.parametrize(
    "odd", ['{"type": "FlyingSaucer"}', '{"type": "StasisEnd"}', "[]", "not json", '{"type": 5}', "", "null"]
)
async def test_what_we_do_not_understand_is_said_once_and_stops_nothing(
    odd: str, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Any] = []
    ari = client(seen)
    with caplog.at_level(logging.WARNING):
        ari._received(odd)
        ari._received(odd)
        ari._received(text("StasisEnd", channel=CHANNEL))
    assert len(caplog.records) == 1 and len(seen) == 1


async def test_an_answer_nobody_waits_for_is_let_go() -> None:
    ari = client([])
    answer = {"request_id": "99", "transaction_id": "", "status_code": 204, "reason_phrase": "No Content", "uri": "x"}
    ari._received(text("RESTResponse", content_type="", message_body="", **answer))


async def test_without_a_socket_a_request_fails_at_once_and_says_why() -> None:
    ari = client([])
    with pytest.raises(AriLost, match="cannot be reached"):
        await ari.channels.answer("c1")
    assert not ari.connected


async def test_a_request_nobody_waits_for_complains_only_of_what_matters(caplog: pytest.LogCaptureFixture) -> None:
    import asyncio

    loop = asyncio.get_running_loop()
    for error in (AriError(404, "gone"), AriLost(), AriError(500, "broken")):
        future: asyncio.Future[Any] = loop.create_future()
        quietly(future)
        future.set_exception(error)
    await asyncio.sleep(0)
    assert [r.getMessage() for r in caplog.records] == ["a request nobody waits for failed: 500 broken"]


def test_every_event_of_the_swagger_has_its_type_and_can_be_read() -> None:
    names = [kind.__struct_config__.tag for kind in m.EVENTS]
    assert len(names) == len(set(names)) > 40
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"type":"StasisEnd"}', type=m.StasisEnd)
