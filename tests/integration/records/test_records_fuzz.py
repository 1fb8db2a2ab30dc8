"""No request makes the server stumble: drawn from the API's own description by schemathesis, and half of them with the
ids of rows that are there, so that they come further than to the refusal of an unknown id.

A few requests of each route in every test run. ``FUZZ_SECONDS=900`` goes on for so many seconds, with ever new ones.
"""

from __future__ import annotations

import json
import os
import random
import time
import urllib.parse
from collections import Counter
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from dealerline.apps.accounts.models import Person, RoleGrant
from tests.integration.records.conftest import Browser, World
from tests.integration.records.routes import Route, description, plain, routes
from tests.integration.records.rows import Rows

pytestmark = pytest.mark.django_db

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
EACH = 2 if not SECONDS else 25  # requests of one route in a round
AWAY = {"switch_away", "slow"}  # what is not there in these tests, or took too long for the database, and says so
OUT = {"DELETE /api/session", "POST /api/me/password", "POST /api/me/totp", "DELETE /api/me/totp"}  # ends his session


class Asker:
    """Sends what was drawn, undoes it, and keeps what went wrong."""

    def __init__(self, world: World) -> None:
        self.rows = Rows(world, world.east, world.alice, "fuzz")
        self.browsers = [world.browser(name) for name in ("alice", "max", "ada")]
        everything = Person.objects.create_user("olga", "x" * 20, name="Olga", store=world.east)
        for role in ("agent", "shift_lead", "store_manager", "sales"):
            RoleGrant.objects.create(person=everything, role=role, scope="store", store=world.east)
        self.browsers.append(Browser().become(Person.objects.get(pk=everything.pk)))
        self.faults: dict[str, str] = {}
        self.counts: Counter[int] = Counter()

    def ids(self, route: Route, names: list[str]) -> dict[str, Any]:
        """Of rows that are there."""
        models = ((name, route.model(name)) for name in names)
        return {name: self.rows.of(model).pk for name, model in models if model is not None}

    def ask(self, route: Route, case: Any, chance: random.Random) -> None:
        path, query, body = dict(case.path_parameters or {}), dict(case.query or {}), case.body
        if chance.random() < 0.5:
            path.update(self.ids(route, route.names))
            query.update(self.ids(route, list(query)))
            if isinstance(body, dict):
                body = {**body, **self.ids(route, list(body))}
                if isinstance(body.get("version"), int):
                    body["version"] = 1
        address = route.path.format(**{k: urllib.parse.quote(str(v), safe="") for k, v in path.items()})
        if query:
            address += "?" + urllib.parse.urlencode(query, doseq=True, errors="replace")
        content, kind = self.written(case, body)
        browser = chance.choice(self.browsers)
        with transaction.atomic():
            try:
                answer = browser.generic(
                    route.method, address, content, content_type=kind, headers={"X-CSRFToken": browser.token}
                )
                status, words = answer.status_code, "" if answer.streaming else answer.content.decode(errors="replace")
            except Exception as error:  # the client hands on what the server would answer with 500
                status, words = 500, f"{type(error).__name__}: {error}"
            transaction.set_rollback(True)
        self.counts[status] += 1
        if status >= 500 and not (status in (502, 503) and json.loads(words).get("code") in AWAY):
            self.faults.setdefault(str(route), f"{status} {address} {content[:600]!r} {words[:600]}")

    @staticmethod
    def written(case: Any, body: Any) -> tuple[bytes, str]:
        if body is None or type(body).__name__ == "NotSet":
            return b"", "application/json"
        if isinstance(body, bytes):
            return body, case.media_type or "application/octet-stream"
        return json.dumps(body, default=str).encode("utf-8", "surrogatepass"), "application/json"


@pytest.fixture
def asker(world: World) -> Asker:
    return Asker(world)


@pytest.mark.timeout(SECONDS + 180)
def test_no_request_that_the_description_permits_or_nearly_so_makes_a_server_error(asker: Asker) -> None:
    described = schemathesis.openapi.from_dict(description())
    asked = [route for route in routes() if str(route) not in OUT]
    for route in asked:  # every row before the first request: none is undone with it
        asker.ids(route, [*route.names, *route.queries(), *route.body().get("properties", {})])
    began, number = time.monotonic(), 0
    while True:
        for route in asked:
            number += 1
            round_of(asker, described, route, number)
            if SECONDS and time.monotonic() - began > SECONDS:
                break
        if time.monotonic() - began >= SECONDS:
            break
    print(f"answers: {dict(sorted(asker.counts.items()))}")
    assert not asker.faults, "\n".join(f"{route}: {what}" for route, what in asker.faults.items())


def round_of(asker: Asker, described: Any, route: Route, number: int) -> None:
    """Some requests of one route, of both kinds: as described, and not quite."""
    operation = described[route.path][route.method]
    chance = random.Random(number)
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
    kind = modes[number % 2] if route.names or route.queries() or plain(route.body()) else modes[0]

    @seed(number)
    @settings(max_examples=EACH, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=kind), _=st.none())
    def ask(case: Any, _: None) -> None:
        asker.ask(route, case, chance)

    ask()
