"""The ring button: who may press it, and what it says when nobody can ring."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.management import call_command

from dealerline.apps.accounts.models import Person
from dealerline.apps.setup.facade import load_defaults
from dealerline.settings import Settings
from tests.integration.records.conftest import Browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """A listener in the simulator's place; its port and what it was asked."""
    bodies: list[dict[str, Any]] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            number = bodies[-1].get("from", "+8615430000000")
            answer = json.dumps({"id": "caller-1", "from": number, "to": "x"}).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, bodies
        server.shutdown()
        thread.join()


@pytest.fixture
def demo(db: None, product: Settings, settings: Any) -> Callable[..., None]:
    """The demo is loaded and on; called with a port, the simulator listens there."""

    def on(port: int = 9) -> None:
        settings.DEALERLINE = replace(product, demo=True, simulator_port=port)

    load_defaults(date(2026, 11, 22))
    on()
    call_command("load_demo", "--now", "2026-11-22T11:00+08:00", "--days", "2", stdout=io.StringIO())
    return on


def press(login: str, **body: Any) -> Any:
    return Browser().become(Person.objects.get(username=login)).send("POST", "/api/demo/ring", body)


def test_a_customer_of_the_store_rings_and_asks_for_a_person(demo: Callable[..., None], asked: Any) -> None:
    port, bodies = asked
    demo(port)
    answer = press("agent1", line="repair")
    assert answer.status_code == 200, answer.content
    assert answer.json()["number"].startswith("+86154"), "somebody on file"
    assert bodies[0]["to"] == "+862191880002", "the service line of his own store"
    assert (bodies[0]["keys"], bodies[0]["say"]) == ("10", ["repair.book"])
    assert press("agent1", line="rescue", language="en", caller="new").status_code == 200
    assert "from" not in bodies[1]
    assert (bodies[1]["keys"], bodies[1]["say"]) == ("", ["rescue.stuck.en"]), "rescue asks nothing"
    press("agent1", line="sales", keys="1 2", say="你好", caller="+8615400000001")
    assert (bodies[2]["keys"], bodies[2]["say"], bodies[2]["from"]) == ("12", ["你好"], "+8615400000001")


def test_only_lines_one_sees_can_be_rung(demo: Callable[..., None]) -> None:
    assert press("agent1", line="binhai:sales").status_code == 404, "another store's"
    assert press("group1", line="binhai:sales").status_code == 503, "seen, but no simulator runs"
    assert press("agent1", line="fax").status_code == 404
    assert press("agent1", line="sales", keys="abc").status_code == 422


def test_without_a_simulator_the_button_says_what_to_do(demo: Callable[..., None]) -> None:
    answer = press("agent1", line="sales")
    assert (answer.status_code, answer.json()["code"]) == (503, "no_simulator")
    assert "./dealerline up --demo" in answer.json()["text"]["en"]
