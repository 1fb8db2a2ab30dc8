"""``/api/setup``: the first run, step by step. Closed for good once it is finished (docs/howto/first-run.md)."""

from __future__ import annotations

import ipaddress
from typing import Any, Literal

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import person_of, visitor
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import NotFound, Problem
from dealerline.apps.common.schemas import Done, LockedOut, Plain, ProblemOut, StaleOut, Text
from dealerline.apps.organisation.facade import set_up_finished
from dealerline.apps.setup.logic import code, reach, steps, trial

router = Router(tags=["setup"])

_ERRORS = {403: ProblemOut, 404: ProblemOut, 409: StaleOut, 422: ProblemOut}
_BACKEND = "django.contrib.auth.backends.ModelBackend"


class StepOut(Schema):
    """A step of the first run.

    ``values``: what was entered (no passwords); ``mark``: send back as ``seen`` to change it.
    """

    name: str
    required: bool
    done: bool
    values: dict[str, Any] | None
    mark: str


class NextOut(Schema):
    """Something worth doing after the set-up, and where."""

    text: Text
    link: str


class SetupOut(Schema):
    """``allowed``: this session may go on (it gave the code). ``next``: the first step not done, or "finish"."""

    finished: bool
    allowed: bool
    signed_in: bool
    steps: list[StepOut]
    next: str
    timezone: str
    after: list[NextOut]


class SetupCodeIn(Schema):
    code: Plain = Field(max_length=40)


class GroupIn(Schema):
    name_zh: Plain = Field(max_length=80)
    name_en: Plain = Field("", max_length=120)
    seen: Plain = Field("", max_length=40)


class FirstStoreIn(Schema):
    name_zh: Plain = Field(max_length=80)
    name_en: Plain = Field("", max_length=120)
    city: Plain = Field("", max_length=40)
    timezone: Plain = Field("Asia/Shanghai", max_length=40)
    seen: Plain = Field("", max_length=40)


class AdministratorIn(Schema):
    username: Plain = Field(max_length=60)
    name: Plain = Field(max_length=60)
    password: Plain = Field(max_length=200)


class NumberIn(Schema):
    """``line``: the kind of line it leads to, "group" for the switchboard.

    ``check_only``: ask the carrier, save nothing.
    """

    number: Plain = Field("", max_length=24)
    line: Literal["group", "sales", "repair", "rescue", "complaints", "new_car"] = "group"
    carrier: Plain = Field("", max_length=60)
    host: Plain = Field(max_length=120)
    port: int = Field(5060, ge=1, le=65535)
    transport: Literal["udp", "tcp"] = "udp"
    register_: bool = Field(False, alias="register")
    username: Plain = Field("", max_length=80)
    password: Plain = Field("", max_length=200)
    addresses: list[Plain] = Field(default_factory=list, max_length=20)
    check_only: bool = False
    seen: Plain = Field("", max_length=40)


class ReachOut(Schema):
    """``reachable``: true, false, or null when nobody can tell; ``text`` says it in words."""

    saved: bool
    reachable: bool | None
    text: Text


class FirstAgentIn(Schema):
    """``myself``: the administrator answers calls himself; then only ``extension`` and ``queues`` count."""

    myself: bool = False
    username: Plain = Field("", max_length=60)
    name: Plain = Field("", max_length=60)
    password: Plain = Field("", max_length=200)
    extension: Plain = Field("", max_length=8)
    queues: list[Plain] = Field(default_factory=list, max_length=20)


class TestCallOut(Schema):
    ok: bool
    call: str


_AFTER = (
    ("检查营业时间和节假日", "Look through opening hours and holidays", "/admin/organisation/hours/"),
    ("听一遍提示音，换成您自己的", "Listen to the prompts and make them your own", "/admin/flows/prompt/"),
    ("为其他同事建立账号", "Make sign-ins for your colleagues", "/admin/accounts/person/"),
    ("登记更多号码和业务线", "Add more numbers and lines", "/admin/organisation/number/"),
    ("建立其他门店", "Add your other stores", "/admin/organisation/store/"),
    ("打开工作台，示闲，接第一个电话", "Open the desk, go ready, take the first call", "/"),
)


@router.get("/setup", response={200: SetupOut, 404: ProblemOut}, auth=None)
def status(request: HttpRequest) -> dict[str, Any]:
    """How far the set-up is. 404 once it is finished, except for administrators."""
    finished = set_up_finished()
    administrator = code.is_administrator(request)
    if finished and not administrator:
        raise NotFound
    allowed = administrator or code.is_open_to(request)
    there = steps.present() if allowed else {}
    rows = [
        {
            "name": name,
            "required": name in steps.REQUIRED,
            "done": there.get(name) is not None,
            "values": there.get(name),
            "mark": steps.mark(there[name]) if there.get(name) else "",
        }
        for name in ("group", "store", "administrator", "number", "agent")
    ]
    following = next((row["name"] for row in rows if not row["done"]), "finish")
    return {
        "finished": finished,
        "allowed": allowed,
        "signed_in": request.user.is_authenticated,
        "steps": rows,
        "next": following,
        "timezone": settings.DEALERLINE.timezone,
        "after": [{"text": {"zh": zh, "en": en}, "link": link} for zh, en, link in _AFTER],
    }


@router.post("/setup/code", response={200: Done, 400: ProblemOut, 404: ProblemOut, 429: LockedOut}, auth=visitor)
def give_code(request: HttpRequest, data: SetupCodeIn) -> dict[str, bool]:
    """Give the set-up code; this session may then go on."""
    code.give(request, data.code)
    return {"ok": True}


@router.post("/setup/group", response={200: SetupOut, **_ERRORS}, auth=visitor)
def save_group(request: HttpRequest, data: GroupIn) -> dict[str, Any]:
    """Step 1: the group."""
    code.let_in(request)
    steps.save_group(data.name_zh, data.name_en, data.seen)
    audit.record(request, "settings", object_type="setup", object_id="group")
    return status(request)


@router.post("/setup/store", response={200: SetupOut, **_ERRORS}, auth=visitor)
def save_store(request: HttpRequest, data: FirstStoreIn) -> dict[str, Any]:
    """Step 2: the first store, with hours, queues and lines that fit most."""
    code.let_in(request)
    steps.save_store(data.name_zh, data.name_en, data.city, data.timezone, data.seen)
    audit.record(request, "settings", object_type="setup", object_id="store")
    return status(request)


@router.post("/setup/administrator", response={200: SetupOut, **_ERRORS}, auth=visitor)
def save_administrator(request: HttpRequest, data: AdministratorIn) -> dict[str, Any]:
    """Step 3: the administrator. This session is signed in as him afterwards."""
    code.let_in(request)
    person = steps.save_administrator(data.username, data.name, data.password)
    if request.user != person:
        login(request, person, backend=_BACKEND)
    audit.record(request, "settings", person=person, object_type="setup", object_id="administrator")
    return status(request)


@router.post("/setup/number", response={200: ReachOut, **_ERRORS}, auth=visitor)
def save_number(request: HttpRequest, data: NumberIn) -> dict[str, Any]:
    """Step 4: a number and its carrier; says whether the carrier can be reached.

    Saved even when not: it may come later.
    """
    code.let_in(request)
    host = data.host.strip()
    if not data.check_only:
        addresses = [a.strip() for a in data.addresses if a.strip()]
        if not data.register_ and not addresses and _is_address(host):
            addresses = [host]
        steps.save_number(
            {
                "number": data.number.strip(),
                "line": data.line,
                "carrier": data.carrier.strip() or host,
                "host": host,
                "port": data.port,
                "transport": data.transport,
                "register": data.register_,
                "username": data.username.strip(),
                "addresses": addresses,
            },
            data.password,
            data.seen,
        )
        audit.record(request, "settings", object_type="setup", object_id="number")
    found = reach.ask(host, data.port, data.transport)
    return {"saved": not data.check_only, "reachable": found.ok, "text": found.text}


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@router.post("/setup/agent", response={200: SetupOut, **_ERRORS}, auth=visitor)
def save_agent(request: HttpRequest, data: FirstAgentIn) -> dict[str, Any]:
    """Step 5: the first agent, or the administrator himself."""
    code.let_in(request)
    if data.myself and not code.is_administrator(request):
        raise Problem("order", "请先建立管理员。", "Make the administrator first.", status=409)
    myself = person_of(request) if data.myself else None
    person = steps.save_agent(data.username, data.name, data.password, data.extension, list(data.queues), myself)
    audit.record(request, "settings", object_type="setup", object_id=f"agent {person.pk}")
    return status(request)


@router.post("/setup/test-call", response={200: TestCallOut, 503: ProblemOut, **_ERRORS}, auth=visitor)
def test_call(request: HttpRequest) -> dict[str, Any]:
    """Step 6: rings the page of the person who is signed in here."""
    code.let_in(request)
    if not request.user.is_authenticated:
        raise Problem("order", "请先建立管理员。", "Make the administrator first.", status=409)
    answer = trial.ring(person_of(request).pk)
    return {"ok": True, "call": str(answer.get("call", ""))}


@router.post("/setup/finish", response={200: SetupOut, **_ERRORS}, auth=visitor)
def finish(request: HttpRequest) -> dict[str, Any]:
    """The end: the set-up closes for everybody but administrators."""
    code.let_in(request)
    steps.finish()
    code.forget()
    audit.record(request, "settings", object_type="setup", object_id="finish")
    return status(request)
