"""Made from the API's own description and from the tables: whoever belongs to another store sees nothing, counts
nothing, guesses nothing. A new route or table is in these tests without being named here; one that they cannot prove
fails, and says what to tell them.

Olga holds every role of a store in the west, Inga every role in the east. Of every table a row is made in each store.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.db import models, transaction

from dealerline.apps.accounts.models import Person, RoleGrant
from dealerline.apps.accounts.models import Role as Roles
from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.organisation.models import Store
from tests.integration.records.conftest import Browser, World
from tests.integration.records.routes import Route, plain, routes, sample
from tests.integration.records.rows import GROUP, Rows, models_of_ours

pytestmark = pytest.mark.django_db

MARK = "zqeast"
OPEN_TO_ALL = {
    "GET /api/health": "says whether the centre works, to whatever watches it",
    "GET /api/session": "the sign-in page asks who one is",
    "POST /api/session": "signs in",
    "DELETE /api/session": "signs out, harmless when one is not signed in",
    "POST /api/sms/{token}": "a provider, by the secret in the address: test_sms.py",
    "POST /api/wall/ticket": "by the key of a wall's link: test_records_walls.py",
}
LATE = {"call"}  # the switch knows a call before the records do: another store's must be as unknown as one to come
NO_STORE: dict[str, str] = {
    "GET /api/imports/template/{kind}": "an empty sheet, the same for everybody",
    "GET /api/exports/{export}/file": "its maker's alone, when it is made: test_records_interfaces.py",
    "GET /api/upsert/{kind}/{source}/{key}": "by a machine's key: test_records_interfaces.py",
    "PUT /api/upsert/{kind}/{source}/{key}": "by a machine's key: test_records_interfaces.py",
    "GET /api/rows/{kind}": "a list, of the stores one sees: test_records_interfaces.py",
    "POST /api/leads/{lead}/events/{event}/answer": "only for a discount that was asked for: test_leads.py",
    "POST /api/lead-reassignments/{batch}/undo": "a batch has no row of its own: test_lead_reassign.py",
    "GET /api/leads/{lead}/photos/{photo}": "wants the picture on the disk: test_leads.py",
    "PUT /api/calls/{call}/record": "a call to come may be written about, another store's 404: test_records_scope.py",
    "GET /api/calls/{call}/record": "null for a call that is still to come, 404 for another store's; ids are random",
    **dict.fromkeys(
        ["POST /api/privacy/retention/{kind}/preview", "PUT /api/privacy/retention/{kind}"], "a rule of the group"
    ),
    **dict.fromkeys(
        [
            "POST /api/keys/{key}/revoke",
            "PUT /api/hooks/{hook}",
            "DELETE /api/hooks/{hook}",
            "POST /api/hooks/{hook}/test",
            "GET /api/hooks/{hook}/deliveries",
            "POST /api/hooks/{hook}/deliveries/{delivery}/again",
        ],
        "the group's, for its administrators; everybody else is refused whatever the id",
    ),
}
ALLOWED: dict[str, str] = {
    "POST /api/leads/{lead}/hand-over store": "a lead is handed over to any store of the group",
    "POST /api/leads/{lead}/move order": "counts only for a lead that is won, and then it must be the customer's",
}
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/cards/{card}/movements": {"points": 1},
}
UNSCOPED: dict[str, str] = {
    **dict.fromkeys(GROUP, "the group's: the same for every store"),
    **dict.fromkeys(
        ["accounts.Person", "accounts.RoleGrant", "routing.SkilledPerson"],
        "colleagues are told to each other by the desk; the back office has its own rules: test_records_back_office.py",
    ),
    **dict.fromkeys(
        [
            "organisation.HoursInterval", "calls.CallRecordVersion", "backlog.Loss", "segments.Run",
            "segments.RunChange", "segments.Mark", "duplicates.Move", "duplicates.Run",
        ],
        "never asked for by itself, only through its hours, record, item or rule",
    ),
    **dict.fromkeys(["promises.Snooze", "exchange.Mapping", "exchange.Export"], "one person's, asked for by him"),
    **dict.fromkeys(
        ["messaging.Provider", "messaging.Asked", "messaging.OptOut"],
        "of text messages: asked for by no route, only by what sends and receives them",
    ),
    **dict.fromkeys(
        ["exchange.ApiKey", "exchange.WebHook", "exchange.OutEvent", "exchange.Delivery"],
        "of machines, which have lists of stores of their own: test_records_interfaces.py; set up by administrators",
    ),
    **dict.fromkeys(
        ["calls.Event", "calls.SpoolPosition", "calls.Alarm", "demo.DemoLoad", "demo.DemoObject"],
        "the centre's own books; a call's events are told with the call",
    ),
}


class Sides:
    """Rows and somebody with every role, in the west and in the east."""

    def __init__(self, world: World) -> None:
        self.world = world
        group = Rows(world, world.west, world.gina, "zqgroup")
        self.west = Rows(world, world.west, world.charlie, "zqwest", group)
        self.east = Rows(world, world.east, world.alice, MARK, group)
        self.olga, self.inga = self.somebody("olga", world.west), self.somebody("inga", world.east)
        self.missing = Missing()
        self.outside, self.inside = Browser().become(self.olga), Browser().become(self.inga)
        self.insiders = [self.inside, world.browser("alice"), world.browser("ada")]

    @staticmethod
    def somebody(name: str, store: Store) -> Person:
        person = Person.objects.create_user(name, "a long enough word 7", name=name, store=store)
        for role in Roles.values:
            if role != Roles.ADMINISTRATOR:
                RoleGrant.objects.create(person=person, role=role, scope="store", store=store)
        return Person.objects.get(pk=person.pk)


class Missing:
    """Ids of nothing, in the place of rows."""

    def of(self, model: type[models.Model]) -> Any:
        key = model._meta.pk
        return type("Nothing", (), {"pk": uuid.UUID(int=7) if isinstance(key, models.UUIDField) else 999_999_999})


@pytest.fixture
def sides(world: World) -> Sides:
    return Sides(world)


def scoped(model: type[models.Model] | None) -> bool:
    return model is not None and isinstance(model._default_manager.all(), ScopedQuerySet)


def ask(browser: Browser, route: Route, path: str, body: Any = None) -> tuple[int, str]:
    """Status and text of the answer; whatever it did is undone."""
    with transaction.atomic():
        answer = browser.send(route.method, path, body)
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return answer.status_code, text.decode(errors="replace")


def body_of(route: Route, rows: Any) -> Any:
    """The least body that the route takes, its ids those of these rows."""
    schema = route.body()
    if not schema:
        return None
    body = {**sample(schema), **BODIES.get(str(route), {})}
    for name in body:
        kind, model = plain(schema["properties"].get(name, {})), route.model(name)
        if model is not None and is_id(kind) and name not in BODIES.get(str(route), {}):
            body[name] = key(rows, model)
    return body


def is_id(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "integer" or schema.get("format") == "uuid"


def key(rows: Any, model: type[models.Model]) -> Any:
    found = rows.of(model).pk
    return str(found) if isinstance(found, uuid.UUID) else found


def fields_of(route: Route) -> dict[str, type[models.Model]]:
    """The fields of its body that name a row of a table with stores."""
    found = {}
    for name, schema in route.body().get("properties", {}).items():
        if is_id(plain(schema)):
            model = route.model(name)
            if model is Store or scoped(model):
                found[name] = model
    return found  # type: ignore[return-value]


def same(one: tuple[int, str], other: tuple[int, str], ids: list[Any]) -> bool:
    """Whether two answers tell the same, apart from the ids that were asked for and the time."""

    def told(answer: tuple[int, str]) -> tuple[int, str]:
        text = re.sub(r"\d{4}-\d\d-\d\d[T ][0-9:.+Z-]+", "TIME", answer[1])
        text = re.sub(r"\d+\.\d{3,}", "SECONDS", text)
        for each in ids:
            text = re.sub(rf'(?<![\w-]){re.escape(str(each))}(?![\w-])', "ID", text)
        return answer[0], text

    return told(one) == told(other)


def test_a_row_of_another_store_is_not_there_whatever_is_done_with_it(sides: Sides) -> None:
    wrong = []
    for model in models_of_ours():
        sides.east.of(model)
    for route in routes():
        if not route.names or str(route) in NO_STORE or str(route) in OPEN_TO_ALL:
            continue
        theirs, nothing = route.filled(sides.east), route.filled(sides.missing)
        if theirs is None or nothing is None:
            wrong.append(f"{route}: say in FIXED of routes.py which row its parameters mean, or in NO_STORE why none")
            continue
        body = body_of(route, sides.east)
        outside, nobody = ask(sides.outside, route, theirs, body), ask(sides.outside, route, nothing, body)
        ids = [sides.east.of(m).pk for m in map(route.model, route.names) if m] + [
            sides.missing.of(m).pk for m in map(route.model, route.names) if m]
        if outside[0] != 404:
            wrong.append(f"{route}: another store's row is answered {outside[0]}, not 404: {outside[1][:200]} {body}")
        elif not same(outside, nobody, ids):
            wrong.append(f"{route}: another store's row is told from one that is not there: {outside} {nobody}")
        inside = []
        for browser in sides.insiders:
            inside.append(ask(browser, route, theirs, body))
            if inside[-1][0] not in (401, 403, 404, 405, 422):
                break
        else:
            wrong.append(f"{route}: its own people do not get through, so nothing is proved (BODIES?): {inside} {body}")
    assert not wrong, "\n".join(wrong)


def test_no_list_and_no_count_changes_with_what_another_store_has(sides: Sides) -> None:
    lists = [route for route in routes() if route.method == "GET" and not route.names and str(route) not in OPEN_TO_ALL]
    for model in models_of_ours():
        sides.west.of(model)
    before = {str(route): ask(sides.outside, route, route.path) for route in lists}
    for model in models_of_ours():
        sides.east.of(model)
    wrong = []
    for route in lists:
        after = ask(sides.outside, route, route.path)
        if not same(before[str(route)], after, []):
            wrong.append(f"{route}: the other store's rows change it: {before[str(route)]} {after}")
        for name, schema in route.queries().items():
            model = route.model(name) if is_id(plain(schema)) else None
            if model is not None and (model is Store or scoped(model)):
                theirs, nothing = key(sides.east, model), key(sides.missing, model)
                one = ask(sides.outside, route, f"{route.path}?{name}={theirs}")
                other = ask(sides.outside, route, f"{route.path}?{name}={nothing}")
                if not same(one, other, [theirs, nothing]) and f"{route} {name}" not in ALLOWED:
                    wrong.append(f"{route}?{name}=: another store's is told from none: {one} {other}"[:600])
            elif name == "q":
                for text in (MARK, "zq"):
                    told = ask(sides.outside, route, f"{route.path}?q={text}")[1]
                    if MARK in told:
                        wrong.append(f"{route}?q={text} finds what is another store's")
        if MARK in after[1]:
            wrong.append(f"{route}: tells of another store")
    assert not wrong, "\n".join(wrong)


def test_no_field_takes_a_row_of_another_store_nor_tells_that_it_is_there(sides: Sides) -> None:
    wrong = []
    for route in routes():
        if route.method == "GET" or str(route) in OPEN_TO_ALL:
            continue
        path = route.filled(sides.west)
        if path is None:
            continue
        for name, model in fields_of(route).items():
            if f"{route} {name}" in ALLOWED:
                continue
            theirs, nothing = key(sides.east, model), key(sides.missing, model)
            body = body_of(route, sides.west)
            one = ask(sides.outside, route, path, {**body, name: theirs})
            other = ask(sides.outside, route, path, {**body, name: nothing})
            if name in LATE and one[0] == other[0]:
                continue
            if one[0] < 400:
                wrong.append(f"{route}: takes another store's row as {name}: {one[0]} {one[1][:200]}")
            elif not same(one, other, [theirs, nothing]):
                wrong.append(f"{route}: as {name} another store's row is told from none: {one} {other}"[:600])
    assert not wrong, "\n".join(wrong)


def test_nobody_is_told_anything_without_signing_in(sides: Sides) -> None:
    nobody = Browser()
    wrong = []
    for route in routes():
        if str(route) not in OPEN_TO_ALL:
            path = route.filled(sides.west) or re.sub(r"\{\w+\}", "1", route.path)
            status, text = ask(nobody, route, path, body_of(route, sides.west))
            if status != 401:
                wrong.append(f"{route}: {status} {text[:200]}")
    assert not wrong, "\n".join(wrong)


def test_every_table_is_scoped_or_says_why_not_and_hides_its_rows(sides: Sides) -> None:
    wrong = []
    for model in models_of_ours():
        label = model._meta.label
        if not scoped(model):
            if label not in UNSCOPED:
                wrong.append(f"{label}: give it a ScopedQuerySet (common/access.py), or say in UNSCOPED why not")
            continue
        row = sides.east.of(model)
        rows = model._default_manager.all()
        store: Any = row
        for part in rows.store_path.split("__"):
            store = getattr(store, part)
        shared = store is None and rows.shared_when_null
        if rows.visible_to(sides.olga).filter(pk=row.pk).exists() is not shared:
            wrong.append(f"{label}: a row of the east is visible in the west")
        if store is not None and not rows.visible_to(sides.inga).filter(pk=row.pk).exists():
            wrong.append(f"{label}: a row of the east is not visible there: store_path {rows.store_path}")
        if store is not None and store != sides.world.east.pk:
            wrong.append(f"{label}: its store_path {rows.store_path} does not lead to the store")
    assert not wrong, "\n".join(wrong)
