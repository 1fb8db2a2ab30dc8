"""The first run through the real web: from an empty database to a centre that takes calls."""

from __future__ import annotations

import http.cookiejar
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dealerline.runtime.stack import Stack
from tests.helpers import open_folder

PASSWORD = "Violet-harbour-58"
ADMINISTRATOR = {"username": "boss", "name": "唐可", "password": PASSWORD}


class Page:
    """A browser as the API sees it: cookies and the CSRF header."""

    def __init__(self, stack: Stack) -> None:
        self.base = f"http://127.0.0.1:{stack.settings.web_port}"
        code = stack.settings.secrets / "setup"
        self.code = code.read_text().strip() if code.exists() else ""
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.ask("GET", "/api/session")

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        token = next((c.value for c in self.jar if c.name == "dealerline_csrf"), "") or ""
        request = urllib.request.Request(
            self.base + path, method=method, data=json.dumps(body or {}).encode() if method != "GET" else None,
            headers={"Content-Type": "application/json", "X-CSRFToken": token, "Host": "localhost"})
        try:
            with self.opener.open(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def step(self, name: str, /, **body: Any) -> tuple[int, dict[str, Any]]:
        return self.ask("POST", f"/api/setup/{name}", body)

    def unlock(self) -> Page:
        assert self.step("code", code=self.code.lower().replace("-", " "))[0] == 200
        return self


@pytest.fixture(scope="module")
def centre() -> Iterator[Stack]:
    with (
        open_folder("dealerline-setup") as folder,
        Stack(folder / "data", children=("postgres", "web"), load=("load_prompts",)) as stack,
    ):
        yield stack


@pytest.fixture(scope="module")
def carrier() -> Iterator[int]:
    """A SIP server that answers every request with 403, as carriers do to strangers; its UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        line.settimeout(0.2)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    data, sender = line.recvfrom(4096)
                except TimeoutError:
                    continue
                via = next(row for row in data.split(b"\r\n") if row.startswith(b"Via"))
                line.sendto(b"SIP/2.0 403 Forbidden\r\n" + via + b"\r\nContent-Length: 0\r\n\r\n", sender)

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(line.getsockname()[1])
        over.set()
        thread.join()


def test_nobody_sets_up_without_the_code(centre: Stack) -> None:
    page = Page(centre)
    assert page.ask("GET", "/api/session")[1]["setup_needed"] is True
    status, state = page.ask("GET", "/api/setup")
    assert (status, state["allowed"], state["next"]) == (200, False, "group")
    for step, body in (("group", {"name_zh": "x"}), ("administrator", ADMINISTRATOR), ("finish", {})):
        status, problem = page.step(step, **body)
        assert (status, problem["code"]) == (403, "setup_code")
    status, problem = page.step("code", code="AAAA-BBBB-CCCC")
    assert (status, problem["code"]) == (400, "setup_code_wrong")
    assert "secrets/setup" in problem["text"]["en"], "says where the code is"


def test_a_weak_or_unfit_entry_is_told_at_its_field(centre: Stack) -> None:
    page = Page(centre).unlock()
    for name, body, field in (
        ("group", {"name_zh": "  "}, "name_zh"),
        ("administrator", {**ADMINISTRATOR, "password": "1234567890"}, "password"),
        ("administrator", {**ADMINISTRATOR, "password": "kurz"}, "password"),
        ("administrator", {**ADMINISTRATOR, "username": "唐 可"}, "username"),
        ("administrator", {**ADMINISTRATOR, "name": ""}, "name"),
    ):
        status, problem = page.step(name, **body)
        assert (status, problem["code"]) == (422, "invalid"), problem
        assert set(problem["fields"]) == {field}
        assert problem["fields"][field]["zh"] and problem["fields"][field]["en"]


def test_steps_out_of_order_say_which_comes_first(centre: Stack) -> None:
    page = Page(centre).unlock()
    assert page.step("store", name_zh="一店")[1]["code"] == "order"
    status, problem = page.step("finish")
    assert (status, problem["code"], problem["step"]) == (409, "order", "group")


def test_the_way_from_nothing_to_a_centre(centre: Stack, carrier: int) -> None:
    page, other = Page(centre).unlock(), Page(centre).unlock()
    status, state = page.step("group", name_zh="远帆汽车", name_en="Sail Motors")
    assert (status, state["next"]) == (200, "store")
    assert page.step("group", name_zh="远帆汽车", name_en="Sail Motors")[0] == 200, "a double click changes nothing"
    status, problem = other.step("group", name_zh="别的名字")
    assert (status, problem["code"]) == (409, "done_meanwhile")
    assert problem["current"]["name_zh"] == "远帆汽车"
    seen = problem["current"]["mark"]
    changed = other.step("group", name_zh="远帆汽车集团", name_en="Sail Motors", seen=seen)
    assert changed[0] == 200, "who has seen it may change it"

    assert page.step("store", name_zh="一店", timezone="Mars/Olympus")[1]["fields"].keys() == {"timezone"}
    status, state = page.step("store", name_zh="城东店", name_en="East", city="武汉")
    assert (status, state["next"]) == (200, "administrator")
    with ThreadPoolExecutor(6) as clicks:
        answers = list(clicks.map(lambda p: p.step("administrator", **ADMINISTRATOR), [page] * 3 + [other] * 3))
    assert {status for status, _ in answers} == {200}, "six clicks make one administrator"
    assert page.ask("GET", "/api/me")[1]["roles"] == ["administrator"], "and this page is signed in as him"
    assert other.step("administrator", username="thief", name="x", password=PASSWORD)[1]["code"] == "done_meanwhile"

    trunk = {"number": "027 8888 0001", "line": "group", "carrier": "电信", "host": "127.0.0.1", "port": carrier}
    status, answer = page.step("number", **trunk, check_only=True)
    assert (status, answer["saved"], answer["reachable"]) == (200, False, True)
    assert page.step("number", **trunk, register=True)[1]["fields"].keys() == {"username"}
    status, answer = page.step("number", **trunk)
    assert (status, answer["saved"], answer["reachable"]) == (200, True, True)
    assert "403" in answer["text"]["en"]

    agent = {"username": "anna", "name": "安娜", "password": "Copper-lantern-31", "extension": "8001"}
    assert page.step("agent", **{**agent, "extension": "8"})[1]["fields"].keys() == {"extension"}
    assert page.step("agent", **agent)[1]["next"] == "finish"
    assert page.step("agent", myself=True, extension="8000")[0] == 200, "the administrator may answer calls himself"
    status, problem = page.step("test-call")
    assert (status, problem["code"]) == (503, "away"), "no switch runs here, and the page is told so"

    status, state = page.step("finish")
    assert (status, state["finished"]) == (200, True)
    assert state["after"], "says what to do next"


def test_once_finished_the_door_is_shut(centre: Stack) -> None:
    stranger, boss = Page(centre), Page(centre)
    assert stranger.ask("GET", "/api/session")[1]["setup_needed"] is False
    assert stranger.ask("GET", "/api/setup")[0] == 404
    assert stranger.step("administrator", **ADMINISTRATOR)[0] == 404
    assert stranger.step("code", code="whatever")[0] == 404
    assert not (centre.settings.secrets / "setup").exists()
    assert boss.ask("POST", "/api/session", {"username": "boss", "password": PASSWORD})[0] == 200
    status, state = boss.ask("GET", "/api/setup")
    assert (status, state["finished"]) == (200, True), "an administrator may still look"
    assert boss.step("group", name_zh="x")[0] == 404
    lists = boss.ask("GET", "/api/lists")[1]
    assert {line["kind"] for line in lists["lines"]} == {"sales", "repair", "rescue", "complaints", "new_car", "group"}
    assert [n for line in lists["lines"] for n in line["numbers"]] == ["02788880001"]


def test_the_rings_button_belongs_to_the_demo(centre: Stack) -> None:
    boss = Page(centre)
    assert boss.ask("POST", "/api/demo/ring", {"line": "sales"})[0] == 401
    boss.ask("POST", "/api/session", {"username": "boss", "password": PASSWORD})
    assert boss.ask("POST", "/api/demo/ring", {"line": "sales"})[0] == 404
