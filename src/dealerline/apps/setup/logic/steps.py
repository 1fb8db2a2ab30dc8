"""The steps of the first run. Each may be repeated: the same again changes nothing, other values of one's own step
change it.

Two people may be at it at once: every step runs under one lock and tells what was there already (409
``done_meanwhile``) instead of overwriting what another has just saved. A page that saw the present values sends
``seen`` (their ``mark``) and may then change them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from dealerline.apps.common.errors import Problem, Text
from dealerline.apps.setup.logic.defaults import load_defaults, table

LOCK = 7_264_002
STEPS = ("group", "store", "administrator", "number", "agent", "test-call", "finish")
REQUIRED = ("group", "store", "administrator")
WEEK = {
    "showroom": ("展厅营业时间", "Showroom hours", time(9), time(18)),
    "workshop": ("维修接待时间", "Workshop hours", time(8, 30), time(17, 30)),
}
# kind, names, hours, flow when open, flow when closed
LINES = (
    ("sales", "销售热线", "Sales line", "showroom", "sales-open", "sales-closed"),
    ("repair", "售后服务热线", "Service line", "workshop", "repair-open", "repair-closed"),
    ("rescue", "道路救援热线", "Rescue line", "", "rescue", "rescue"),
    ("complaints", "客户关怀热线", "Customer care line", "showroom", "complaints-open", "complaints-closed"),
    ("new_car", "新车咨询热线", "New-car enquiries", "showroom", "new-car", "sales-closed"),
    ("group", "总机", "Switchboard", "", "store", "store"),
)
QUEUES = (
    ("sales", "销售", "Sales", 0),
    ("repair", "售后", "Service", 0),
    ("rescue", "救援", "Rescue", 10),
    ("complaints", "客户关怀", "Customer care", 5),
)
WEAK = {
    "password_too_short": ("至少 10 个字符。", "At least 10 characters."),
    "password_too_common": ("这个密码太常见。", "This password is too common."),
    "password_entirely_numeric": ("不能全是数字。", "Not digits only."),
    "password_too_similar": ("和用户名或姓名太像。", "Too much like the user name or name."),
}


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """A transaction under the set-up's lock."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        yield


def mark(values: Any) -> str:
    """Stands for what a page has seen of a step."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def _guard(present: dict[str, Any] | None, wanted: dict[str, Any], seen: str) -> bool:
    """Whether there is something to do. Raises 409 when somebody else did the step with other values meanwhile."""
    if present is None:
        return True
    if all(present.get(name) == value for name, value in wanted.items()):
        return False
    if seen != mark(present):
        raise Problem(
            "done_meanwhile",
            "这一步刚刚已由其他人完成，请核对现有内容。",
            "Somebody else has done this step meanwhile: look at what is there now.",
            status=409,
            extra={"current": present | {"mark": mark(present)}},
        )
    return True


def _field(name: str, zh: str, en: str) -> Problem:
    return Problem(
        "invalid", "请检查标红的内容。", "Please check what is marked.", status=422, fields={name: {"zh": zh, "en": en}}
    )


# -- what is there
def present() -> dict[str, dict[str, Any] | None]:
    """The values of each step that was done, None for the others."""
    group, store = table("organisation.Group").objects.first(), _store()
    number = table("organisation.Number").objects.select_related("line", "carrier").order_by("pk").first()
    agent = _agents().first()
    return {
        "group": {"name_zh": group.name_zh, "name_en": group.name_en} if group else None,
        "store": {"name_zh": store.name_zh, "name_en": store.name_en, "city": store.city, "timezone": store.timezone}
        if store
        else None,
        "administrator": {"username": admin.username, "name": admin.name}
        if (admin := _administrators().first())
        else None,
        "number": _number_values(number) if number else None,
        "agent": {"username": agent.username, "name": agent.name, "extension": agent.extension or ""}
        if agent
        else None,
    }


def _store() -> Any:
    return table("organisation.Store").objects.order_by("pk").first()


def _administrators() -> Any:
    return (
        table("accounts.Person")
        .objects.filter(grants__role="administrator", grants__scope="group", is_active=True)
        .order_by("pk")
        .distinct()
    )


def _agents() -> Any:
    return table("accounts.Person").objects.filter(grants__role="agent", is_active=True).order_by("pk").distinct()


def _number_values(number: Any) -> dict[str, Any]:
    carrier = number.carrier
    values = {"number": number.number, "line": number.line.kind}
    if carrier is not None:
        values |= {
            "carrier": carrier.name,
            "host": carrier.host,
            "port": carrier.port,
            "transport": carrier.transport,
            "register": carrier.register,
            "username": carrier.username,
            "addresses": list(carrier.addresses),
        }
    return values


# -- group, store
def save_group(name_zh: str, name_en: str, seen: str = "") -> None:
    """The group's names; also brings the start data in, in case ``up`` could not."""
    with one_at_a_time():
        model = table("organisation.Group")
        wanted = {"name_zh": name_zh.strip(), "name_en": name_en.strip()}
        if not wanted["name_zh"]:
            raise _field("name_zh", "请填写集团名称。", "Give the group a name.")
        if _guard(present()["group"], wanted, seen):
            row = model.objects.first() or model()
            row.name_zh, row.name_en = wanted["name_zh"], wanted["name_en"]
            row.save()
        load_defaults(timezone.localdate())


def code_for(name_en: str, name_zh: str, taken: set[str]) -> str:
    """A short code out of a name: letters and digits of the English one, else ``store``; numbered when taken."""
    base = (
        re.sub(r"[^a-z0-9]+", "-", (name_en or name_zh).lower().encode("ascii", "ignore").decode()).strip("-")[:24]
        or "store"
    )
    code, n = base, 2
    while code in taken:
        code, n = f"{base}-{n}", n + 1
    return code


def save_store(name_zh: str, name_en: str, city: str, zone: str, seen: str = "") -> None:
    """The first store, with a region, hours, queues and lines that fit most stores; all may be changed later."""
    if zone not in available_timezones():
        raise _field(
            "timezone", "没有这个时区，例如 Asia/Shanghai。", "There is no such time zone; for example Asia/Shanghai."
        )
    with one_at_a_time():
        if table("organisation.Group").objects.first() is None:
            raise Problem("order", "请先填写集团。", "Name the group first.", status=409)
        wanted = {"name_zh": name_zh.strip(), "name_en": name_en.strip(), "city": city.strip(), "timezone": zone}
        if not wanted["name_zh"]:
            raise _field("name_zh", "请填写门店名称。", "Give the store a name.")
        if not _guard(present()["store"], wanted, seen):
            return
        store = _store()
        if store is None:
            store = _new_store(wanted)
        for name, value in wanted.items():
            setattr(store, name, value)
        store.save()


def _new_store(wanted: dict[str, Any]) -> Any:
    regions, stores = table("organisation.Region"), table("organisation.Store")
    region = regions.objects.order_by("pk").first() or regions.objects.create(
        code="region", name_zh=wanted["city"] or "第一区域", name_en=wanted["city"] or "First region"
    )
    taken = set(stores.objects.values_list("code", flat=True))
    store = stores.objects.create(code=code_for(wanted["name_en"], wanted["name_zh"], taken), region=region, **wanted)
    hours_model, interval = table("organisation.Hours"), table("organisation.HoursInterval")
    hours: dict[str, Any] = {"": None}
    for code, (zh, en, opens, closes) in WEEK.items():
        hours[code] = hours_model.objects.create(store=store, name_zh=zh, name_en=en)
        interval.objects.bulk_create(
            [interval(hours=hours[code], weekday=d, opens=opens, closes=closes) for d in range(7)]
        )
    queue, line = table("calls.Queue"), table("organisation.Line")
    queue.objects.bulk_create(
        [queue(store=store, code=code, name_zh=zh, name_en=en, priority=priority) for code, zh, en, priority in QUEUES]
    )
    load_defaults(timezone.localdate())
    flows = {f.code: f for f in table("flows.Flow").objects.all()}
    line.objects.bulk_create(
        [
            line(
                store=store,
                kind=kind,
                name_zh=zh,
                name_en=en,
                hours=hours[when],
                open_flow=flows[opened],
                closed_flow=flows[closed],
                holiday_flow=flows["rescue" if kind == "rescue" else "holiday" if when else opened],
            )
            for kind, zh, en, when, opened, closed in LINES
        ]
    )
    return store


# -- people
def _check_password(password: str, person: Any) -> None:
    try:
        password_validation.validate_password(password, person)
    except ValidationError as error:
        texts = [WEAK.get(item.code or "", (item.messages[0], item.messages[0])) for item in error.error_list]
        raise _field("password", "".join(zh for zh, _ in texts), " ".join(en for _, en in texts)) from error


def _new_person(username: str, name: str, password: str, extension: str, store: Any) -> Any:
    model = table("accounts.Person")
    person = model(
        username=model.normalize_username(username.strip()),
        name=name.strip(),
        extension=extension.strip() or None,
        store=store,
    )
    person.set_unusable_password()  # checked below together with the rest, then replaced
    try:
        person.full_clean(exclude=["password"])
    except ValidationError as error:
        fields: dict[str, Text] = {field: _why(field, messages) for field, messages in error.message_dict.items()}
        raise Problem(
            "invalid", "请检查标红的内容。", "Please check what is marked.", status=422, fields=fields
        ) from error
    _check_password(password, person)
    person.set_password(password)
    person.save()
    return person


def _why(field: str, messages: list[str]) -> Text:
    return {
        "username": {
            "zh": "用户名已被使用，或含有不能用的字符（只能用字母、数字和 @ . + - _）。",
            "en": "This user name is taken, or has characters that cannot be used (letters, digits and @ . + - _ can).",
        },
        "extension": {
            "zh": "分机号须为 2 到 8 位数字，且不能重复。",
            "en": "An extension has 2 to 8 digits and belongs to one person.",
        },
        "name": {"zh": "请填写姓名。", "en": "Give a name."},
    }.get(field, {"zh": " ".join(messages), "en": " ".join(messages)})


def save_administrator(username: str, name: str, password: str) -> Any:
    """The first administrator; the very same again (name and password) is the same person. Returns him."""
    with one_at_a_time():
        there = _administrators().first()
        if there is not None:
            if there.username == username.strip() and there.check_password(password):
                return there
            values = {"username": there.username, "name": there.name}
            raise Problem(
                "done_meanwhile",
                "已经有管理员了，请用他的账号登录后继续。",
                "There is an administrator already: sign in as him to go on.",
                status=409,
                extra={"current": values},
            )
        person = _new_person(username, name, password, "", None)
        table("accounts.RoleGrant").objects.create(person=person, role="administrator", scope="group")
        return person


def save_agent(username: str, name: str, password: str, extension: str, queues: list[str], myself: Any = None) -> Any:
    """The first agent: a new person, or the administrator himself (``myself``).

    He serves ``queues`` of the first store.
    """
    with one_at_a_time():
        store = _store()
        if store is None:
            raise Problem("order", "请先建立门店。", "Make the store first.", status=409)
        found = list(table("calls.Queue").objects.filter(store=store, code__in=queues or [code for code, *_ in QUEUES]))
        there = table("accounts.Person").objects.filter(username=username.strip()).first() if username else None
        if myself is not None:
            person = myself
            if extension.strip() and not person.extension:
                person.extension = extension.strip()
                person.save(update_fields=["extension"])
        elif there is not None and there.name == name.strip() and there.check_password(password):
            person = there
        else:
            person = _new_person(username, name, password, extension, store)
        table("accounts.RoleGrant").objects.get_or_create(
            person=person, role="agent", scope="store", store=store, region=None
        )
        for queue in found:
            table("calls.QueueMember").objects.get_or_create(queue=queue, person=person)
        return person


# -- number and carrier
def save_number(values: dict[str, Any], password: str, seen: str = "") -> None:
    """A published number, the line it leads to, and the carrier it comes from."""
    with one_at_a_time():
        store = _store()
        if store is None:
            raise Problem("order", "请先建立门店。", "Make the store first.", status=409)
        line = table("organisation.Line").objects.filter(store=store, kind=values["line"]).first()
        if line is None:
            raise _field("line", "没有这条业务线。", "There is no such line.")
        if not _guard(present()["number"], values, seen) and not password:
            return
        carriers, numbers = table("organisation.Carrier"), table("organisation.Number")
        first = numbers.objects.select_related("carrier").order_by("pk").first()
        carrier = (
            (first.carrier if first else None) or carriers.objects.filter(name=values["carrier"]).first() or carriers()
        )
        carrier.name, carrier.host, carrier.port = values["carrier"], values["host"], values["port"]
        carrier.transport, carrier.register, carrier.username = (
            values["transport"],
            values["register"],
            values["username"],
        )
        carrier.match = "\n".join(values["addresses"])
        carrier.password = password or carrier.password
        row = first or numbers()
        row.number, row.line = re.sub(r"[ ()-]", "", values["number"]), line
        _clean(carrier, {"name": "carrier", "match": "addresses"}, [])
        _clean(row, {}, ["carrier"])
        carrier.save()
        row.carrier = carrier
        row.save()
        table("organisation.Line").objects.filter(store=store, carrier=None).update(
            carrier=carrier, caller_id=row.number
        )


_FIELD_HELP = {
    "number": (
        "号码须为 2 到 20 位数字，可带 +，且不能重复。",
        "A number has 2 to 20 digits, perhaps a + in front, and is used once.",
    ),
    "carrier": ("名称不能为空或重复。", "The name must be given and not be used twice."),
    "host": ("请填写运营商的服务器地址。", "Give the address of the carrier's server."),
    "port": ("端口为 1 到 65535。", "A port is 1 to 65535."),
    "username": ("注册方式需要用户名和密码。", "To register, user name and password are needed."),
    "addresses": (
        "请填写运营商的 IP 地址，否则来电会被拒绝。",
        "Give the carrier's IP addresses, else its calls are refused.",
    ),
}


def _clean(row: Any, names: dict[str, str], skip: list[str]) -> None:
    try:
        row.full_clean(exclude=skip)
    except ValidationError as error:
        fields: dict[str, Text] = {}
        for field, messages in error.message_dict.items():
            name = names.get(field, field)
            zh, en = _FIELD_HELP.get(name, (" ".join(messages), " ".join(messages)))
            fields[name] = {"zh": zh, "en": en}
        raise Problem(
            "invalid", "请检查标红的内容。", "Please check what is marked.", status=422, fields=fields
        ) from error


# -- the end
def finish() -> None:
    """Close the set-up. Raises 409 naming the first required step that is missing."""
    with one_at_a_time():
        there = present()
        missing = [step for step in REQUIRED if there[step] is None]
        if missing:
            raise Problem(
                "order", "还有必填步骤没有完成。", "A required step is missing.", status=409, extra={"step": missing[0]}
            )
        table("organisation.Group").objects.filter(setup_finished_at=None).update(setup_finished_at=timezone.now())
