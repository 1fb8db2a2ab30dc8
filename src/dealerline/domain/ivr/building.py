"""From a document (what the YAML or JSON of a flow holds) to a Flow, or to the list of all that is wrong with it.

The rule of the file: reading never stops at the first fault. Each field has a reader in the table of its node type; a
reader reports and returns a harmless value, so that one look shows an author everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dealerline.domain.ivr import model
from dealerline.domain.ivr.model import KEYS, Choice, Dated, Flow, FlowErrors, Node, Problem

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
PHONE = re.compile(r"\+?[0-9]{3,15}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")


class _Notes:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, path: str, code: str, **values: object) -> None:
        self.problems.append(Problem(path, code, {k: str(v) for k, v in values.items()}))


Reader = Callable[[_Notes, str, Any], Any]


def _number(low: float, high: float) -> Reader:
    def read(notes: _Notes, path: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            notes.add(path, "bad_number", low=f"{low:g}", high=f"{high:g}")
            return low
        return value

    return read


def _text(notes: _Notes, path: str, value: Any) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool) or str(value) == "":
        notes.add(path, "bad_text")
        return ""
    return str(value)


def _title(notes: _Notes, path: str, value: Any) -> dict[str, str]:
    if isinstance(value, str) and value:
        return {"zh": value, "en": value}
    if isinstance(value, Mapping) and value and all(isinstance(v, str) for v in value.values()):
        return {str(k): v for k, v in value.items()}
    notes.add(path, "bad_title")
    return {}


def _flag(notes: _Notes, path: str, value: Any) -> bool:
    if not isinstance(value, bool):
        notes.add(path, "bad_flag")
    return bool(value)


def _prompts(notes: _Notes, path: str, value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(v, str) and v for v in items):
        notes.add(path, "bad_prompts")
        return ()
    return tuple(items)


def _some_prompts(notes: _Notes, path: str, value: Any) -> tuple[str, ...]:
    found = _prompts(notes, path, value)
    if value in ([], (), ""):
        notes.add(path, "no_prompts")
    return found


def _key(notes: _Notes, path: str, value: Any) -> str:
    key = str(value)
    if len(key) != 1 or key not in KEYS:
        notes.add(path, "bad_key", name=key)
        return ""
    return key


def _phone(notes: _Notes, path: str, value: Any) -> str:
    number = re.sub(r"[ -]", "", str(value))
    if not PHONE.fullmatch(number):
        notes.add(path, "bad_phone", name=value)
    return number


def _language(notes: _Notes, path: str, value: Any) -> str:
    if not isinstance(value, str) or not LANGUAGE.fullmatch(value):
        notes.add(path, "bad_language", name=value)
        return "zh"
    return value


def _keyed(read: Reader) -> Reader:
    """A mapping from telephone keys to whatever ``read`` makes of the value."""

    def reader(notes: _Notes, path: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not value:
            notes.add(path, "no_keys")
            return {}
        found: dict[str, Any] = {}
        for raw, item in value.items():
            key = _key(notes, f"{path}.{raw}", raw)
            if key in found:
                notes.add(f"{path}.{raw}", "key_twice", name=key)
            found[key] = read(notes, f"{path}.{raw}", item)
        return found

    return reader


def _choice(notes: _Notes, path: str, value: Any) -> Choice:
    if isinstance(value, str):
        return Choice(value)
    if not isinstance(value, Mapping):
        notes.add(path, "bad_text")
        return Choice("")
    for name in value:
        if name not in ("to", "title"):
            notes.add(f"{path}.{name}", "unknown_field", name=name, wanted="to, title")
    if "to" not in value:
        notes.add(path, "missing", name="to")
    to = _text(notes, f"{path}.to", value["to"]) if "to" in value else ""
    return Choice(to, _title(notes, f"{path}.title", value["title"]) if "title" in value else {})


def _moment(notes: _Notes, path: str, value: Any, end: bool) -> datetime | None:
    """A date or date and time; a bare date as an end means that whole day."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            notes.add(path, "bad_date")
            return None
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        start = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the store's wall clock
        return start + timedelta(days=1) if end else start
    notes.add(path, "bad_date")
    return None


def _items(notes: _Notes, path: str, value: Any) -> tuple[Dated, ...]:
    if not isinstance(value, list):
        notes.add(path, "bad_prompts")
        return ()
    found = []
    for n, item in enumerate(value):
        here = f"{path}.{n}"
        if not isinstance(item, Mapping):
            notes.add(here, "bad_prompts")
            continue
        for name in item:
            if name not in ("prompts", "from", "until"):
                notes.add(f"{here}.{name}", "unknown_field", name=name, wanted="prompts, from, until")
        start = _moment(notes, f"{here}.from", item.get("from"), end=False)
        end = _moment(notes, f"{here}.until", item.get("until"), end=True)
        if start and end and start >= end:
            notes.add(f"{here}.until", "dates_reversed")
        found.append(Dated(_some_prompts(notes, f"{here}.prompts", item.get("prompts", [])), start, end))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Field:
    read: Reader
    required: bool = False


_node, _SECONDS, _TRIES = _text, _number(1, 120), _number(1, 10)
_COMMON = {"title": _Field(_title)}

#: node type -> (class, field -> how it is read). What is not in this table cannot be written in a flow.
FIELDS: dict[str, tuple[type[Any], dict[str, _Field]]] = {
    "play": (
        model.PlayNode,
        {"prompts": _Field(_some_prompts, True), "next": _Field(_node, True), "interruptible": _Field(_flag)},
    ),
    "announcement": (
        model.AnnouncementNode,
        {"items": _Field(_items, True), "next": _Field(_node, True), "interruptible": _Field(_flag)},
    ),
    "language": (
        model.LanguageNode,
        {
            "prompts": _Field(_some_prompts, True),
            "keys": _Field(_keyed(_language), True),
            "next": _Field(_node, True),
            "timeout": _Field(_SECONDS),
            "tries": _Field(_TRIES),
            "wrong_prompt": _Field(_text),
        },
    ),
    "menu": (
        model.MenuNode,
        {
            "prompts": _Field(_some_prompts, True),
            "keys": _Field(_keyed(_choice), True),
            "repeat": _Field(_key),
            "back": _Field(_key),
            "timeout": _Field(_SECONDS),
            "tries": _Field(_TRIES),
            "wrong_prompt": _Field(_text),
            "timeout_prompt": _Field(_text),
            "on_timeout": _Field(_node),
            "on_wrong": _Field(_node),
        },
    ),
    "queue": (
        model.QueueNode,
        {
            "queue": _Field(_text, True),
            "prompts": _Field(_prompts),
            "on_timeout": _Field(_node, True),
            "on_empty": _Field(_node),
            "leave": _Field(_keyed(_node)),
            "max_wait": _Field(_number(0, 7200)),
            "priority": _Field(_number(0, 100)),
            "offers": _Field(_prompts),
        },
    ),
    "voicemail": (
        model.VoicemailNode,
        {
            "prompts": _Field(_some_prompts, True),
            "kind": _Field(_text),
            "max_seconds": _Field(_number(5, 600)),
            "silence_seconds": _Field(_number(1, 60)),
            "done": _Field(_prompts),
            "next": _Field(_node),
            "on_fail": _Field(_node),
        },
    ),
    "callback": (
        model.CallbackNode,
        {
            "queue": _Field(_text),
            "prompts": _Field(_prompts),
            "timeout": _Field(_SECONDS),
            "tries": _Field(_TRIES),
            "next": _Field(_node),
            "on_fail": _Field(_node, True),
        },
    ),
    "identify": (
        model.IdentifyNode,
        {
            "prompts": _Field(_some_prompts, True),
            "found": _Field(_node, True),
            "not_found": _Field(_node, True),
            "on_timeout": _Field(_node),
            "ask_known": _Field(_flag),
            "timeout": _Field(_SECONDS),
            "tries": _Field(_TRIES),
            "wrong_prompt": _Field(_text),
        },
    ),
    "forward": (
        model.ForwardNode,
        {
            "number": _Field(_phone, True),
            "prompts": _Field(_prompts),
            "ring_seconds": _Field(_number(5, 120)),
            "on_fail": _Field(_node, True),
        },
    ),
    "duty": (
        model.DutyNode,
        {
            "line": _Field(_text),
            "prompts": _Field(_prompts),
            "ring_seconds": _Field(_number(5, 120)),
            "on_fail": _Field(_node, True),
        },
    ),
    "hours": (
        model.HoursNode,
        {
            "line": _Field(_text),
            "open": _Field(_node, True),
            "closed": _Field(_node, True),
            "holiday": _Field(_node),
        },
    ),
    "goto": (model.GotoNode, {"to": _Field(_node), "line": _Field(_text)}),
    "hangup": (model.HangupNode, {"prompts": _Field(_prompts)}),
}

FLOW_FIELDS: dict[str, _Field] = {
    "title": _Field(_title),
    "language": _Field(_language),
    "start": _Field(_node),
    "person": _Field(_node),
    "max_visits": _Field(_number(10, 500)),
}


def _read_node(notes: _Notes, name: str, body: Any) -> Node | None:
    path = f"nodes.{name}"
    if not NAME.fullmatch(name):
        notes.add(path, "bad_name", name=name)
    if not isinstance(body, Mapping):
        notes.add(path, "missing", name="type")
        return None
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in FIELDS:
        if "type" in body:
            notes.add(f"{path}.type", "unknown_type", name=kind, wanted=", ".join(FIELDS))
        else:
            notes.add(path, "missing", name="type")
        return None
    cls, fields = FIELDS[kind]
    values = _read_fields(notes, path, body, {**fields, **_COMMON}, skip=("type",))
    if values is None:
        return None
    node: Node = cls(name=name, **values)
    return node


def _read_fields(
    notes: _Notes, path: str, body: Mapping[Any, Any], fields: Mapping[str, _Field], skip: tuple[str, ...]
) -> dict[str, Any] | None:
    """The values that were given, by field name; None when a required one is missing."""
    prefix = f"{path}." if path else ""
    for given in body:
        if given not in fields and given not in skip:
            notes.add(f"{prefix}{given}", "unknown_field", name=given, wanted=", ".join(fields))
    lacking = [name for name, field in fields.items() if field.required and body.get(name) is None]
    for name in lacking:
        notes.add(path, "missing", name=name)
    values = {n: f.read(notes, f"{prefix}{n}", body[n]) for n, f in fields.items() if body.get(n) is not None}
    return None if lacking else values


def _references(notes: _Notes, flow: Flow, known: set[str]) -> None:
    for name, target in (("start", flow.start), ("person", flow.person)):
        if target and target not in known:
            notes.add(name, "unknown_node", name=target)
    for node in flow.nodes.values():
        path = f"nodes.{node.name}"
        for where, target in model.ways_out(flow, node):
            if where and target not in known:
                notes.add(f"{path}.{where}", "unknown_node", name=target)
        if isinstance(node, model.MenuNode):
            taken = [key for key in (node.repeat, node.back) if key]
            for key in taken:
                if key in node.keys or taken.count(key) > 1:
                    notes.add(path, "key_twice", name=key)
            if not (node.on_timeout or node.on_wrong or flow.person):
                notes.add(path, "no_way_on")
        if isinstance(node, model.CallbackNode) and not node.queue:
            queues = [n for n in flow.nodes.values() if isinstance(n, model.QueueNode)]
            if not queues:
                notes.add(f"{path}.queue", "callback_nowhere")
        if isinstance(node, model.GotoNode) and bool(node.to) == bool(node.line):
            notes.add(path, "goto_one")


def silent_loops(flow: Flow) -> list[tuple[str, ...]]:
    """Circles of nodes that neither speak nor wait: a call would spin there. Each circle once, in order."""

    def silent_ways(name: str) -> list[str]:
        node = flow.nodes.get(name)
        if isinstance(node, model.AnnouncementNode):  # may have nothing to say today
            return [node.next]
        if isinstance(node, model.IdentifyNode) and not node.ask_known:  # known by his number, he is asked nothing
            return [node.found]
        if isinstance(node, model.HoursNode | model.GotoNode):
            return [to for _, to in model.ways_out(flow, node)]
        return []

    circles: list[tuple[str, ...]] = []
    done: set[str] = set()
    for first in flow.nodes:
        trail: list[str] = []  # the way from ``first`` to here; an edge back into it closes a circle
        ways: list[list[str]] = [[first]]
        while ways:
            if not ways[-1]:
                ways.pop()
                if trail:
                    done.add(trail.pop())
                continue
            name = ways[-1].pop()
            if name in trail:
                circles.append(tuple(trail[trail.index(name) :]))
            elif name not in done:
                trail.append(name)
                ways.append(silent_ways(name))
    return circles


def build(document: Any) -> Flow:
    """The flow that ``document`` describes (see docs/reference/flows.md). Raises FlowErrors listing every problem."""
    notes = _Notes()
    if not isinstance(document, Mapping):
        raise FlowErrors((Problem("", "not_a_flow"),))
    values = _read_fields(notes, "", document, FLOW_FIELDS, skip=("nodes",)) or {}
    raw = document.get("nodes")
    if not isinstance(raw, Mapping) or not raw:
        notes.add("nodes", "no_nodes")
        raise FlowErrors(tuple(notes.problems))
    names = [str(name) for name in raw]
    read = [_read_node(notes, str(name), body) for name, body in raw.items()]
    values.setdefault("start", names[0])
    flow = Flow(nodes={node.name: node for node in read if node}, **values)
    _references(notes, flow, set(names))
    for circle in silent_loops(flow):
        notes.add(f"nodes.{circle[0]}", "silent_loop", name=" → ".join(circle))
    if notes.problems:
        raise FlowErrors(tuple(notes.problems))
    return flow


def check(
    flow: Flow,
    *,
    prompts: Mapping[str, set[str]] | set[str] | None = None,
    queues: set[str] | None = None,
    lines: set[str] | None = None,
) -> tuple[Problem, ...]:
    """What a built flow refers to that is not there (errors), and what is unwise (warnings). None: not checked.

    ``prompts``: the keys, or key -> languages it has sound for; a missing zh or en is then a warning.
    """
    found: list[Problem] = []
    for node in flow.nodes.values():
        path = f"nodes.{node.name}"
        for where, key in model.prompts_of(node):
            if prompts is not None and key not in prompts:
                found.append(Problem(f"{path}.{where}", "unknown_prompt", {"name": key}))
            elif isinstance(prompts, Mapping):
                for language in sorted({"zh", "en"} - prompts[key]):
                    values = {"name": key, "wanted": language}
                    found.append(Problem(f"{path}.{where}", "no_language", values, "warning"))
        queue = getattr(node, "queue", "")
        if queue and queues is not None and queue not in queues:
            found.append(Problem(f"{path}.queue", "unknown_queue", {"name": queue}))
        line = getattr(node, "line", "")
        if line and lines is not None and line not in lines:
            found.append(Problem(f"{path}.line", "unknown_line", {"name": line}))
        if isinstance(node, model.MenuNode) and model.PERSON_KEY not in node.keys and not flow.person:
            found.append(Problem(f"{path}.keys", "no_person", {}, "warning"))
    return (*found, *_unreachable(flow))


def _unreachable(flow: Flow) -> list[Problem]:
    seen: set[str] = set()
    todo = [flow.start, flow.person] if flow.person else [flow.start]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(to for _, to in model.ways_out(flow, flow.nodes[name]))
    return [Problem(f"nodes.{n}", "unreachable", {"name": n}, "warning") for n in flow.nodes if n not in seen]
