"""Text messages handed to a provider: his form, our texts, and what his answers mean."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from dealerline.apps.messaging.logic.ratings import mark_in, wants_no_more
from dealerline.integrations.sms import Gateway, SmsError

NASTY = 'He said "{id}" & left\n=100%'


class Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        server.seen.append(dict(self.headers))
        self.send_response(server.status)
        if server.status == 302:
            self.send_header("Location", server.url)
        self.end_headers()
        self.wfile.write(server.answer.encode())

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Taker)
    server.bodies, server.seen, server.status, server.answer = [], [], 200, '{"code": "OK"}'
    server.url = f"http://127.0.0.1:{server.server_port}/sms"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_text_arrives_as_it_was_written_whatever_stands_in_it(provider: Any) -> None:
    body = '{"to": ["{number}"], "params": {"content": "{text}"}, "ref": "{id}"}'
    Gateway(provider.url, body, headers="Authorization: Bearer abc").send("13800000000", NASTY, "k1")
    assert json.loads(provider.bodies[0]) == {"to": ["13800000000"], "params": {"content": NASTY}, "ref": "k1"}
    assert provider.seen[0]["Authorization"] == "Bearer abc"
    Gateway(provider.url, "mobile={number}&content={text}&sign=", form=True).send("13800000000", NASTY, "k2")
    assert parse_qs(provider.bodies[1], keep_blank_values=True) == {
        "mobile": ["13800000000"], "content": [NASTY], "sign": [""]}  # fmt: skip


@pytest.mark.parametrize(("status", "again"), [(500, True), (429, True), (400, False), (302, False)])
def test_a_status_says_whether_to_try_again(provider: Any, status: int, again: bool) -> None:
    provider.status = status
    with pytest.raises(SmsError) as error:
        Gateway(provider.url, '{"n": "{number}", "t": "{text}"}').send("1", "x", "k")
    assert error.value.again is again
    assert len(provider.bodies) == 1  # a redirection is not followed


def test_an_answer_that_does_not_say_taken_is_no_success_and_its_reason_names_nobody(provider: Any) -> None:
    provider.answer = '{"code": "LIMIT", "number": "13800000000"}'
    with pytest.raises(SmsError) as error:
        Gateway(provider.url, '{"n": "{number}"}', accepted='"OK"').send("13800000000", "x", "k")
    assert "LIMIT" in error.value.hint
    assert "13800000000" not in error.value.hint
    assert not error.value.again


def test_nobody_there_is_worth_another_attempt() -> None:
    with pytest.raises(SmsError) as error:
        Gateway("http://127.0.0.1:9/", '{"n": "{number}"}').send("1", "x", "k")
    assert error.value.again


@pytest.mark.parametrize(
    ("url", "body", "headers", "wrong"),
    [
        ("ftp://x/", '{"n": "{number}"}', "", "url"),
        ("http://x/", '{"n": ', "", "body"),
        ("http://x/", '{"n": "nobody"}', "", "body"),
        ("http://x/", '{"n": "{number}"}', "no colon", "headers"),
    ],
)
def test_what_cannot_work_is_said_before_it_is_saved(url: str, body: str, headers: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        Gateway(url, body, headers=headers).check()


@pytest.mark.parametrize(
    ("text", "mark"),
    [("5", 5), (" ５分 ", 5), ("打4分", 4), ("③", 3), ("1！", 1), ("55", None), ("2026 年", None), ("0", None),
     ("很好", None), ("", None), ("6", None)],
)  # fmt: skip
def test_a_mark_is_read_however_it_is_written_and_nothing_else_is(text: str, mark: int | None) -> None:
    assert mark_in(text) == mark


@pytest.mark.parametrize(("text", "stops"), [("TD", True), ("退订。", True), ("Stop", True), ("ＴＤ", True),
                                             ("T5", False), ("5", False)])  # fmt: skip
def test_who_wants_no_more_is_understood(text: str, stops: bool) -> None:
    assert wants_no_more(text) is stops
