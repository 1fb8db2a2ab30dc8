"""The API's root: routers of the apps, errors as JSON in both languages, health, the system page."""

from __future__ import annotations

import json
import logging
import shutil
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.renderers import JSONRenderer

from dealerline import __version__
from dealerline.apps.accounts.facade import need, signed_in
from dealerline.apps.calls.facade import alarms
from dealerline.apps.common.errors import NotFound, Problem
from dealerline.apps.common.live import ask_switch
from dealerline.apps.common.schemas import ProblemOut
from dealerline.apps.organisation.facade import year_without_holidays

log = logging.getLogger(__name__)

APPS_WITH_ROUTES = (
    "accounts",
    "organisation",
    "customers",
    "calls",
    "routing",
    "backlog",
    "messaging",
    "segments",
    "exchange",
    "promises",
    "leads",
    "privacy",
    "duplicates",
)


class Utf8Renderer(JSONRenderer):
    """Chinese as Chinese, not as six ASCII characters each."""

    json_dumps_params = {"ensure_ascii": False, "separators": (",", ":")}


class ObjectParser(Parser):
    """Bodies are JSON objects. Ninja takes anything else for an empty object, and so would save empty forms."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        body = json.loads(request.body)
        if not isinstance(body, dict):
            raise ValueError("not an object")
        return body


api = NinjaAPI(title="Dealerline", version=__version__, urls_namespace="api", docs_url=None, openapi_url=None,
               renderer=Utf8Renderer(), parser=ObjectParser())
for app in APPS_WITH_ROUTES:
    api.add_router("", import_module(f"dealerline.apps.{app}.api").router)
for app in ("setup", "demo"):  # an installation may leave these out
    if find_spec(f"dealerline.apps.{app}") and find_spec(f"dealerline.apps.{app}.api"):
        api.add_router("", import_module(f"dealerline.apps.{app}.api").router)


@api.exception_handler(Problem)
def on_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    """What the person can put right."""
    response = api.create_response(request, problem.as_json(), status=problem.status)
    if "seconds" in problem.extra:
        response["Retry-After"] = str(problem.extra["seconds"])
    return response


@api.exception_handler(AuthenticationError)
def on_unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """No session, or one that is over."""
    problem = Problem("signed_out", "请先登录。", "Please sign in.", status=401)
    return api.create_response(request, problem.as_json(), status=401)


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja's own refusals: a missing CSRF token, a body that is no JSON."""
    if error.status_code == 403:
        problem = Problem("csrf", "页面已过期，请刷新后重试。", "This page is out of date: reload it and try again.",
                          status=403)
    else:
        problem = Problem("bad_request", "请求格式不正确。", "The request cannot be understood.",
                          status=error.status_code)
    return api.create_response(request, problem.as_json(), status=problem.status)


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A value of the wrong kind or length; which one is in ``fields``."""
    fields = {}
    for item in error.errors:
        name = ".".join(str(part) for part in item["loc"][1:] if part not in ("data", "query")) or "body"
        fields[name] = {"zh": "格式或长度不正确。", "en": str(item["msg"])}
    problem = Problem("invalid", "请检查标红的内容。", "Please check what is marked.", status=422, fields=fields)
    return api.create_response(request, problem.as_json(), status=422)


@api.exception_handler(Http404)
def on_missing(request: HttpRequest, error: Http404) -> HttpResponse:
    """As NotFound."""
    return api.create_response(request, NotFound().as_json(), status=404)


@api.exception_handler(DatabaseError)
def on_database(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    """The database is away: calls go on, pages wait. A refused value (a mistake of ours) is logged as such."""
    log.exception("the database refused %s", request.path)
    problem = Problem("database", "数据库暂时无法连接，通话不受影响，请稍后重试。",
                      "The database cannot be reached just now. Calls go on; try again in a moment.", status=503)
    return api.create_response(request, problem.as_json(), status=503)


class HealthOut(Schema):
    ok: bool
    database: bool


class ChildOut(Schema):
    """A process of the centre."""

    name: str
    state: str
    restarts: int
    since: float | None = None


class AlarmOut(Schema):
    code: str
    subject: str
    count: int
    at: str


class SystemOut(Schema):
    """For administrators. Bytes; ``switch`` is what the switch tells of itself, or null when it is away.

    ``year_without_holidays``: a year that is due in the calendar and has no day in it.
    """

    version: str
    database_version: str
    children: list[ChildOut]
    disk_free: int
    disk_total: int
    min_free: int
    spool_bytes: int
    alarms: list[AlarmOut]
    year_without_holidays: int | None
    switch: dict[str, Any] | None


@api.get("/health", response={200: HealthOut, 503: HealthOut}, auth=None, tags=["system"])
def health(request: HttpRequest) -> HttpResponse:
    """Whether the web answers and the database with it. 503 when the database does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database = True
    except DatabaseError:
        database = False
    return api.create_response(request, {"ok": database, "database": database}, status=200 if database else 503)


def _children() -> list[dict[str, Any]]:
    """The supervisor's table of its children."""
    try:
        table = json.loads((settings.DEALERLINE.run / "supervisor.json").read_text())
    except (OSError, ValueError):
        return []
    nodes = table.get("nodes", {}) if isinstance(table, dict) else {}
    return [{"name": name, "state": str(node.get("state", "")), "restarts": int(node.get("restarts", 0)),
             "since": node.get("since")} for name, node in nodes.items() if isinstance(node, dict)]


@api.get("/system", response={200: SystemOut, 403: ProblemOut}, auth=signed_in, tags=["system"])
def system(request: HttpRequest) -> dict[str, Any]:
    """Processes, disk, versions, alarms."""
    need(request, "system.manage")
    product = settings.DEALERLINE
    disk = shutil.disk_usage(product.data)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        row = cursor.fetchone()
    spool = sum(path.stat().st_size for path in product.spool.glob("*.jsonl")) if product.spool.is_dir() else 0
    return {
        "version": __version__, "database_version": str(row[0]) if row else "", "children": _children(),
        "disk_free": disk.free, "disk_total": disk.total, "min_free": product.min_free_mb * 1024 * 1024,
        "spool_bytes": spool, "alarms": alarms(),
        "year_without_holidays": year_without_holidays(), "switch": ask_switch("live")}
