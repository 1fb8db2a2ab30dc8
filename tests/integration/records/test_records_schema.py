"""The API's own description: up to date for the pages' types, and no request drawn from it makes the server stumble."""

from __future__ import annotations

import json
import random
import string
from typing import Any

import pytest
from django.core.management import call_command

from dealerline.config.api import api
from tests.integration.records.conftest import World

pytestmark = pytest.mark.django_db


def test_the_pages_types_are_made_from_the_present_description() -> None:
    call_command("export_openapi", check=True)


HOSTILE: list[Any] = [
    None,
    "",
    " ",
    "0",
    "-1",
    "1e9",
    "9" * 400,
    "\x00",
    "a\x00b",
    "％",
    "💥" * 50,
    "'; DROP TABLE calls_call; --",
    "../../etc/passwd",
    "<script>",
    "{{7*7}}",
    "%s%n",
    "\ud83d\ude00",
    "NaN",
    "Infinity",
    "true",
    "00000000-0000-0000-0000-000000000000",
    "+86",
    "*",
    True,
    False,
    0,
    -1,
    2**63,
    10**40,
    1.5,
    [],
    {},
    [[]],
    {"a": {"b": []}},
]


def routes() -> list[tuple[str, str, dict[str, Any]]]:
    schema = api.get_openapi_schema(path_prefix="/api/")
    return [
        (method.upper(), path, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if not path.startswith(("/api/setup", "/api/demo"))
        and path not in ("/api/me/password", "/api/session", "/api/calls/export")
    ]


def _fill(path: str, chance: random.Random) -> str:
    from urllib.parse import quote

    while "{" in path:
        start, end = path.index("{"), path.index("}")
        value = str(chance.choice([value for value in HOSTILE if value not in ("", " ", None)]))
        path = path[:start] + quote(value.encode("utf-8", "surrogatepass"), safe="") + path[end + 1 :]
    return path


@pytest.mark.parametrize("seed", range(3))
def test_no_hostile_request_makes_a_server_error(world: World, seed: int) -> None:
    """Each route with values that were never meant: every answer is below 500, and is JSON with a code and words."""
    chance = random.Random(seed)
    browser = world.browser("ada")
    schema = api.get_openapi_schema(path_prefix="/api/")["components"]["schemas"]
    for method, path, operation in routes():
        names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
        query = {name: str(chance.choice(HOSTILE)) for name in names if chance.random() < 0.6}
        from urllib.parse import urlencode

        target = _fill(path, chance) + ("?" + urlencode(query, errors="surrogatepass") if query else "")
        body = None
        if "requestBody" in operation:
            reference = json.dumps(operation["requestBody"]).partition("#/components/schemas/")[2].split('"')[0]
            fields = list(schema.get(reference, {}).get("properties", {}))  # none: a file, sent as a form
            body = {field: chance.choice(HOSTILE) for field in fields if chance.random() < 0.7}
            if chance.random() < 0.1:
                body = "".join(chance.choices(string.printable, k=40))  # type: ignore[assignment]
        answer = browser.send(method, target, body)
        assert answer.status_code < 500, (method, target, body, answer.content[:300])
        if (
            answer.status_code >= 400
            and path.startswith("/api/")
            and answer["Content-Type"].startswith("application/json")
        ):
            assert {"code", "text"} <= set(answer.json())


def test_an_unknown_route_says_so(world: World) -> None:
    assert world.browser("ada").get("/api/nothing/here").status_code == 404
