"""The control service and the command line, with a plain Asterisk as the centre."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import ClientSession, web

from simulator import cli
from simulator.service import WORLD, application
from tests.telephony.harness import Centre, environment, until


@pytest.fixture
async def service(plain_centre: Centre) -> AsyncIterator[web.Application]:
    """The control service on its port."""
    app = application(plain_centre.settings)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", plain_centre.settings.simulator_port).start()
    await until(app[WORLD].ari.connected.is_set, what="the outside world's Asterisk answers")
    yield app
    await runner.cleanup()


@pytest.fixture
async def http(service: web.Application, plain_centre: Centre) -> AsyncIterator[ClientSession]:
    async with ClientSession(f"http://127.0.0.1:{plain_centre.settings.simulator_port}") as session:
        yield session


async def test_a_call_is_made_watched_heard_and_ended_over_http(http: ClientSession, service: web.Application) -> None:
    async with http.post("/ring", json={"to": "1000", "from": "13800000055", "tone": 400}) as answer:
        assert answer.status == 201
        made = await answer.json()
    party = service[WORLD].parties[made["id"]]
    await until(lambda: party.hears, what="the caller hears the centre")
    async with http.get(f"/calls/{made['id']}") as answer:
        view = await answer.json()
    assert (view["state"], view["number"], view["other"]) == ("up", "13800000055", "1000")
    assert "answered" in [event["name"] for event in view["events"]]
    async with http.delete(f"/calls/{made['id']}") as answer:
        assert answer.status == 200
    await until(lambda: not party.live)
    async with http.get(f"/calls/{made['id']}/heard") as answer:
        assert (await answer.read())[:4] == b"RIFF"
    async with http.get("/calls") as answer:
        assert made["id"] in [call["id"] for call in (await answer.json())["calls"]]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), [
    ("POST", "/ring", {"to": "1000", "steps": [{"dance": 1}]}, 400, "bad_request"),
    ("POST", "/ring", {"line": "sales"}, 400, "no_directory"),
    ("GET", "/calls/nobody", None, 404, "no_call"),
    ("GET", "/calls/nobody/heard", None, 404, "no_call"),
    ("DELETE", "/calls/nobody", None, 404, "no_call"),
    ("POST", "/numbers", {"number": "nobody's", "steps": []}, 400, "bad_request"),
    ("POST", "/numbers", {"number": "13800000055", "steps": [{"dance": 1}]}, 400, "bad_request"),
    ("POST", "/robots", {"count": 0}, 400, "bad_request"),
    ("POST", "/robots", {"count": 2, "talk": "long"}, 400, "bad_request"),
])
async def test_what_cannot_be_done_is_said_in_both_languages(
        http: ClientSession, plain_centre: Centre, method: str, path: str, body: object, status: int,
        code: str) -> None:
    published = plain_centre.settings.run / "directory.json"
    kept = published.read_bytes()
    if code == "no_directory":
        published.unlink()
    try:
        async with http.request(method, path, json=body) as answer:
            told = await answer.json()
    finally:
        published.write_bytes(kept)
    assert (answer.status, told["code"]) == (status, code)
    assert told["text"]["zh"] and told["text"]["en"]


async def test_a_body_that_is_no_json_is_refused(http: ClientSession) -> None:
    async with http.post("/ring", data=b"\xff{") as answer:
        assert answer.status == 400


async def test_the_command_line_rings_and_says_so(
        service: web.Application, plain_centre: Centre, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in environment(plain_centre.settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    arguments = ["ring", "--line", "1000", "--from", "13800000056", "--count", "2", "--keys", "1"]
    assert await asyncio.to_thread(cli.main, arguments) == 0
    assert capsys.readouterr().out.count("13800000056 is ringing 1000") == 2
    assert len(service[WORLD].live()) == 2
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert await asyncio.to_thread(cli.main, ["ring", "--line", "nowhere"]) == 1
    assert "没有" in capsys.readouterr().err


def test_the_command_line_says_what_to_start_when_nothing_runs(
        plain_centre: Centre, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in environment(replace(plain_centre.settings, simulator_port=9)).items():
        monkeypatch.setenv(name, value)
    assert cli.main(["robots", "2"]) == 1
    assert "./dealerline up --demo" in capsys.readouterr().err


async def test_without_the_outside_asterisk_ringing_is_refused_and_afterwards_works_again(
        http: ClientSession, service: web.Application, plain_centre: Centre) -> None:
    async with http.post("/ring", json={"to": "1000", "tone": 400}) as answer:
        party = service[WORLD].parties[(await answer.json())["id"]]
    await until(lambda: party.state == "up")
    plain_centre.kill("carrier")
    await until(lambda: not party.live, what="the call of a dead carrier is over")
    assert party.ended_by == "carrier"
    async with http.post("/ring", json={"to": "1000"}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (503, "no_carrier")
    async with http.get("/health") as answer:
        assert answer.status == 503
    await asyncio.to_thread(plain_centre.start, "carrier")
    await until(service[WORLD].ari.connected.is_set, what="the service finds the carrier again")
    async with http.post("/ring", json={"to": "1000"}) as answer:
        again = service[WORLD].parties[(await answer.json())["id"]]
    await until(lambda: again.hears, what="the next caller hears the centre")


async def test_callers_of_a_dead_service_are_hung_up_by_the_next_one(
        service: web.Application, plain_centre: Centre) -> None:
    other = application(plain_centre.settings)[WORLD]
    await other.start()
    await until(other.ari.connected.is_set)
    channel = {"endpoint": "PJSIP/1000@centre", "context": "caller", "extension": "person", "priority": 1}
    await other.ari.call("POST", "channels/orphan", {"variables": {"PARTY": "orphan"}}, **channel)

    async def gone() -> bool:
        return "orphan" not in json.dumps(await other.ari.call("GET", "channels"))

    deadline = asyncio.get_running_loop().time() + 10
    while not await gone():
        assert asyncio.get_running_loop().time() < deadline, "the orphan is still on the line"
    await other.stop()
