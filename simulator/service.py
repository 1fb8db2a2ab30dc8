"""The control service: HTTP on loopback that makes the outside world ring and speak; see docs/howto/simulator.md."""

from __future__ import annotations

import contextlib
import random
from typing import Any

from aiohttp import web

from dealerline.settings import Settings, SettingsError
from simulator.ari import AriError
from simulator.life import MOST_MINUTES, Life, plan
from simulator.lines import directory, looks_like_number, number_of
from simulator.parties import Party
from simulator.robots import Robots
from simulator.script import HANG_UP_AT, LANGUAGES, BadScript, caller_steps, parse
from simulator.texts import Trouble
from simulator.world import Ring, World

WORLD = web.AppKey("world", World)
ROBOTS = web.AppKey("robots", Robots)
LIFE = web.AppKey("life", Life)
TRUNKS = ("address", "registered")
KNOWN = {"to", "line", "from", "language", "say", "steps", "keys", "hang_up_at", "tone", "stay", "trunk", "caller"}


def application(settings: Settings) -> web.Application:
    """The service; starting it connects to the outside world's Asterisk, stopping it makes everybody hang up."""
    app = web.Application(middlewares=[_troubles], client_max_size=256 * 1024)
    world = World(settings)
    app[WORLD], app[ROBOTS] = world, Robots(settings, world)
    app[LIFE] = Life(lambda errand_: world.ring(errand(errand_, settings)))
    app.add_routes([
        web.get("/health", _health),
        web.post("/ring", _ring),
        web.get("/calls", _calls),
        web.get("/calls/{id}", _call),
        web.delete("/calls/{id}", _hang_up),
        web.get("/calls/{id}/{side:heard|said}", _sound),
        web.post("/numbers", _teach),
        web.get("/robots", _robots),
        web.post("/robots", _start_robots),
        web.delete("/robots", _stop_robots),
        web.post("/life", _begin_life),
        web.delete("/life", _end_life),
    ])
    app.cleanup_ctx.append(_lifetime)
    return app


async def _lifetime(app: web.Application) -> Any:
    await app[WORLD].start()
    yield
    app[LIFE].end()
    await app[ROBOTS].stop()
    await app[WORLD].stop()


@web.middleware
async def _troubles(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        answer: web.StreamResponse = await handler(request)
        return answer
    except Trouble as trouble:
        return _trouble(trouble)
    except BadScript as error:
        return _trouble(Trouble("bad_request", reason=str(error)))
    except SettingsError as error:
        return _trouble(Trouble("no_secret", 503, reason=str(error)))
    except AriError as error:
        return _trouble(Trouble("refused", 502, reason=str(error)) if error.status else Trouble("no_carrier", 503))


def _trouble(trouble: Trouble) -> web.Response:
    return web.json_response({"code": trouble.code, "text": trouble.text}, status=trouble.status)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        data = await request.json()
    except ValueError as error:
        raise Trouble("bad_request", reason=f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise Trouble("bad_request", reason="wanted a JSON object")
    return data


def errand(data: dict[str, Any], settings: Settings) -> Ring:
    """The checked errand of a ``POST /ring`` body. Raises Trouble or BadScript."""
    unknown = set(data) - KNOWN
    if unknown:
        names = ", ".join(sorted(unknown))
        raise Trouble("bad_request", reason=f"{names}: not known; there are {', '.join(sorted(KNOWN))}")
    wanted = data.get("to", data.get("line", ""))
    if not isinstance(wanted, str | int) or isinstance(wanted, bool) or not wanted:
        raise Trouble("bad_request", reason="to: wanted a number or a line such as sales or sh1:sales")
    if isinstance(wanted, str) and looks_like_number(wanted):
        to = number_of(wanted, {})
    else:
        to = number_of(wanted, directory(settings.run))
    number = str(data.get("from") or "").replace(" ", "").replace("-", "")
    if number and not looks_like_number(number):
        raise Trouble("bad_request", reason="from: wanted a telephone number")
    return Ring(to, number, _steps(data), hang_up_at=_choice(data, "hang_up_at", HANG_UP_AT),
                trunk=_choice(data, "trunk", TRUNKS) or "address",
                language=_choice(data, "language", LANGUAGES) or "zh",
                known=_choice(data, "caller", ("known", "stranger")) == "known")


def _steps(data: dict[str, Any]) -> Any:
    if data.get("steps") is not None:
        return parse(data["steps"])
    words = data.get("say") or []
    words = [words] if isinstance(words, str) else words
    if not isinstance(words, list) or not all(isinstance(text, str) for text in words):
        raise Trouble("bad_request", reason="say: wanted a text or a list of texts")
    tone, stay = data.get("tone", 0), data.get("stay", 0)
    if not isinstance(tone, int | float) or not isinstance(stay, int | float) or stay < 0:
        raise Trouble("bad_request", reason="tone and stay: wanted numbers")
    steps = caller_steps(str(data.get("keys") or ""), words, float(tone), float(stay))
    language = _choice(data, "language", LANGUAGES)
    if language:
        _speak(steps, language)
    return parse(steps)


def _speak(steps: list[dict[str, Any]], language: str) -> None:
    for step in steps:
        if "say" in step:
            step["language"] = language
        _speak(step.get("loop", []), language)


def _choice(data: dict[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = data.get(name) or ""
    if value not in ("", *choices):
        raise Trouble("bad_request", reason=f"{name}: wanted one of {', '.join(choices)}")
    return str(value)


def _party(request: web.Request) -> Party:
    party = request.app[WORLD].parties.get(request.match_info["id"])
    if party is None:
        raise Trouble("no_call", 404)
    return party


async def _health(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    up = world.ari.connected.is_set()
    state = {"ok": up, "asterisk": up, "calls": len(world.live()), "robots": len(request.app[ROBOTS].names())}
    return web.json_response(state, status=200 if up else 503)


async def _ring(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    party = await world.ring(errand(await _body(request), world.settings))
    return web.json_response({"id": party.id, "from": party.number, "to": party.other}, status=201)


async def _calls(request: web.Request) -> web.Response:
    parties = sorted(request.app[WORLD].parties.values(), key=lambda party: party.began, reverse=True)
    return web.json_response({"calls": [party.view() for party in parties[:200]]})


async def _call(request: web.Request) -> web.Response:
    return web.json_response(_party(request).view(full=True))


async def _hang_up(request: web.Request) -> web.Response:
    party = _party(request)
    await request.app[WORLD].player.hang_up(party)
    return web.json_response(party.view())


async def _teach(request: web.Request) -> web.Response:
    """From now on that number outside does so when it is rung; without steps what its last digit says again."""
    data = await _body(request)
    number, steps = str(data.get("number") or ""), parse(data.get("steps", []))
    if not looks_like_number(number):
        raise Trouble("bad_request", reason="number: wanted a telephone number")
    scripts = request.app[WORLD].scripts
    scripts.pop(number, None)
    if steps:
        scripts[number] = steps
    return web.json_response({"number": number, "steps": len(steps)})


async def _sound(request: web.Request) -> web.StreamResponse:
    party, world = _party(request), request.app[WORLD]
    path = world.heard(party) if request.match_info["side"] == "heard" else world.said(party)
    if not path.is_file():
        raise Trouble("no_sound", 404)
    return web.FileResponse(path, headers={"Content-Type": "audio/wav"})


async def _robots(request: web.Request) -> web.Response:
    return web.json_response({"robots": request.app[ROBOTS].view()})


async def _start_robots(request: web.Request) -> web.Response:
    data = await _body(request)
    count, talk = data.get("count", 1), data.get("talk", 20)
    wrap, behaviour = data.get("wrap", 3), _choice(data, "behaviour", ("answers", "no_answer", "rejects")) or "answers"
    if not isinstance(count, int) or not 1 <= count <= 200:
        raise Trouble("bad_request", reason="count: wanted 1 to 200")
    if not isinstance(talk, int | float) or not isinstance(wrap, int | float) or talk < 0 or wrap < 0:
        raise Trouble("bad_request", reason="talk and wrap: wanted seconds")
    people = data.get("people")
    if people is not None and not (isinstance(people, list) and all(isinstance(who, int) for who in people)):
        raise Trouble("bad_request", reason="people: wanted a list of person ids")
    tone = data.get("tone", 0)
    if not isinstance(tone, int | float):
        raise Trouble("bad_request", reason="tone: wanted hertz")
    names = await request.app[ROBOTS].hire(count, talk=float(talk), wrap=float(wrap), behaviour=behaviour,
                                           people=people, tone=float(tone))
    return web.json_response({"count": len(names), "names": names, "wanted": count}, status=201)


async def _stop_robots(request: web.Request) -> web.Response:
    return web.json_response({"count": await request.app[ROBOTS].stop()})


async def _begin_life(request: web.Request) -> web.Response:
    data = await _body(request)
    minutes, a_minute, robots = data.get("minutes", 10), data.get("a_minute", 6), data.get("robots", 8)
    if not isinstance(minutes, int | float) or not 0 < minutes <= MOST_MINUTES:
        raise Trouble("bad_request", reason=f"minutes: wanted a number up to {MOST_MINUTES}")
    if not isinstance(a_minute, int | float) or not 0 < a_minute <= 60:
        raise Trouble("bad_request", reason="a_minute: wanted callers a minute, up to 60")
    if not isinstance(robots, int) or not 0 <= robots <= 200:
        raise Trouble("bad_request", reason="robots: wanted 0 to 200")
    world, hired = request.app[WORLD], list[str]()
    coming = plan(directory(world.settings.run), minutes, a_minute, random.randrange(2**32))
    if robots:
        with contextlib.suppress(Trouble):  # those there are, are at work already
            hired = await request.app[ROBOTS].hire(robots, talk=0, wrap=5)
    request.app[LIFE].begin(coming)
    return web.json_response({"callers": len(coming), "robots": len(hired), "minutes": minutes}, status=201)


async def _end_life(request: web.Request) -> web.Response:
    request.app[LIFE].end()
    return web.json_response({"count": await request.app[ROBOTS].stop()})
