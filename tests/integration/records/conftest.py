"""The records against a real PostgreSQL: Django's test database on an embedded server of the session's own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone

from dealerline.runtime.stack import Stack
from dealerline.settings import Settings

PASSWORD = "a long enough word 7"


@pytest.fixture(scope="session")
def database(make_stack: Callable[..., Stack]) -> Stack:
    """An empty PostgreSQL."""
    return make_stack(("postgres",))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database: Stack) -> None:
    """pytest-django makes its test database there."""
    product = database.settings
    connections["default"].settings_dict.update(
        NAME="dealerline",
        USER="dealerline",
        PASSWORD=product.secret("postgres"),
        HOST="127.0.0.1",
        PORT=str(product.postgres_port),
        OPTIONS={"connect_timeout": 5},
    )
    # Tests that look at plans shall see those of untouched tables, not of what was counted in the middle of another
    # test's rows (which are rolled back) when the suite happened to take longer than a minute.
    with psycopg.connect(
        dbname="dealerline",
        user="dealerline",
        password=product.secret("postgres"),
        host="127.0.0.1",
        port=product.postgres_port,
        autocommit=True,
    ) as server:
        server.execute("ALTER SYSTEM SET autovacuum = off")
        server.execute("SELECT pg_reload_conf()")


@pytest.fixture(autouse=True)
def product(tmp_path: Path, settings: Any) -> Settings:
    """Folders of the test's own, and secrets."""
    fresh = replace(settings.DEALERLINE, data=tmp_path, switch_port=9, speech_port=9)
    for folder in (fresh.secrets, fresh.run, fresh.spool, fresh.recordings, fresh.media):
        folder.mkdir(parents=True, exist_ok=True)
    for name in ("desk", "internal", "sip"):
        (fresh.secrets / name).write_text(f"secret of {name}")
    settings.DEALERLINE = fresh
    # Argon2 costs a fifth of a second on purpose: too long for the eight people of every test.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    cache.clear()
    return fresh


class Browser(Client):
    """A signed-in page: JSON both ways, the CSRF header with every change."""

    def __init__(self, **extra: Any) -> None:
        super().__init__(enforce_csrf_checks=True, SERVER_NAME="localhost", **extra)
        self.token = self.get("/api/session").json()["csrf"]

    def send(self, method: str, path: str, body: Any = None) -> Any:
        return self.generic(
            method,
            path,
            json.dumps({} if body is None else body),
            content_type="application/json",
            headers={"X-CSRFToken": self.token, "Accept-Language": "en"},
        )

    def sign_in(self, username: str, password: str = PASSWORD, code: str = "") -> Any:
        answer = self.send("POST", "/api/session", {"username": username, "password": password, "code": code})
        if answer.status_code == 200:
            self.token = answer.json()["csrf"]
        return answer

    def become(self, person: Any) -> Browser:
        """Signed in without the form."""
        self.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        self.token = self.get("/api/session").json()["csrf"]
        return self


@dataclass
class World:
    """Two stores in two regions. Alice (agent) and Bob (agent) work in the east, Charlie (agent) in the west.

    Lena leads the east's shift, Max manages the east store, Gina the group, Ada administers everything.
    """

    east: Any
    west: Any
    people: dict[str, Any]
    group: Any = None

    def __getattr__(self, name: str) -> Any:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None

    def browser(self, name: str) -> Browser:
        return Browser().become(self.people[name])


@pytest.fixture
def world(db: None) -> World:
    from dealerline.apps.accounts.models import Person, RoleGrant
    from dealerline.apps.flows.models import Flow
    from dealerline.apps.organisation.models import Group, Line, Number, Region, Store

    group = Group.objects.create(name_zh="集团", setup_finished_at=timezone.now())
    stores = {}
    for code in ("east", "west"):
        region = Region.objects.create(code=code, name_zh=code)
        stores[code] = Store.objects.create(code=code, name_zh=f"{code}店", name_en=f"Store {code}", region=region)
    flow = Flow.objects.create(code="plain", name_zh="流程")
    for n, store in enumerate(stores.values(), 1):
        line = Line.objects.create(store=store, kind="sales", name_zh="销售", name_en="Sales", open_flow=flow)
        Number.objects.create(number=f"0238888000{n}", line=line)
    people = {}
    for name, store, role, scope in [
        ("alice", "east", "agent", "store"),
        ("bob", "east", "agent", "store"),
        ("charlie", "west", "agent", "store"),
        ("lena", "east", "shift_lead", "store"),
        ("max", "east", "store_manager", "store"),
        ("walter", "west", "store_manager", "store"),
        ("gina", None, "group_manager", "group"),
        ("ada", None, "administrator", "group"),
    ]:
        person = Person.objects.create_user(name, PASSWORD, name=name.title(), store=stores[store] if store else None)
        RoleGrant.objects.create(
            person=person, role=role, scope=scope, store=stores[store] if scope == "store" else None
        )
        people[name] = Person.objects.get(pk=person.pk)
    return World(stores["east"], stores["west"], people, group)


@pytest.fixture
def make_call(world: World) -> Callable[..., Any]:
    """A finished call of the east store that Alice talked, with her recording; changes by keyword."""
    from dealerline.apps.calls.models import Call, CallLeg, Recording

    def make(
        agent: Any = None, store: Any = None, number: str = "+8613812345678", joined: bool = True, **values: Any
    ) -> Any:
        agent, store, now = agent or world.alice, store or world.east, timezone.now()
        call = Call.objects.create(
            **{
                "id": uuid.uuid4(),
                "store": store,
                "line": store.lines.first(),
                "agent": agent,
                "from_number": number,
                "to_number": "02388880001",
                "customer_number": number,
                "outcome": "answered",
                "arrived_at": now,
                "answered_at": now,
                "ended_at": now,
                "talk_seconds": 10,
            }
            | values
        )
        CallLeg.objects.create(
            call=call, number=1, agent=agent, offered_at=now, started_at=now, ended_at=now, result="answered"
        )
        path = f"2026/01/01/{call.pk}.wav" if joined else ""
        if joined:
            file = settings.DEALERLINE.recordings / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"RIFF sound")
        Recording.objects.create(
            id=uuid.uuid4(),
            call=call,
            agent=agent,
            started_at=now,
            seconds=10,
            path=path,
            state="joined" if joined else "stopped",
            sha256="0" * 64,
        )
        return call

    return make


@pytest.fixture
def anonymous(db: None) -> Iterator[Browser]:
    yield Browser()
