"""A flow as data: nodes, and what is wrong with one. Nothing here acts; ``interpreter`` walks, ``building`` reads
documents.

The rule of the file: every node is frozen, and every way out of a node is the name of another node (or "" for the end).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dealerline.domain.ivr.texts import TEXTS

KEYS = "0123456789*#"
PERSON_KEY = "0"
WAIT = "wait"  # on_empty: wait - stay in the queue although nobody is signed in

Title = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a flow. ``path``: where, like ``nodes.menu.keys.3``; ``level``: error or warning."""

    path: str
    code: str
    values: Mapping[str, str] = field(default_factory=dict)
    level: str = "error"

    @property
    def text(self) -> dict[str, str]:
        """In words, by language (zh, en)."""
        return {language: text.format(**self.values) for language, text in TEXTS[self.code].items()}

    def __str__(self) -> str:
        return f"{self.path}: {self.text['en']}"


class FlowErrors(ValueError):
    """A document that is no flow. ``problems`` lists everything that is wrong, in the order of the document."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(str(p) for p in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a menu's key leads, and what it is called in the call's path."""

    to: str
    title: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dated:
    """Prompts played from ``start`` (included) until ``end`` (excluded), wall clock of the store; None: no limit."""

    prompts: tuple[str, ...]
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlayNode:
    name: str
    prompts: tuple[str, ...]
    next: str
    interruptible: bool = True
    title: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnnouncementNode:
    """Plays whatever of its items is valid today, nothing when none is."""

    name: str
    items: tuple[Dated, ...]
    next: str
    interruptible: bool = True
    title: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LanguageNode:
    name: str
    prompts: tuple[str, ...]
    keys: Mapping[str, str]
    next: str
    timeout: float = 0  # 0: as the installation says
    tries: int = 2
    wrong_prompt: str = "wrong_key"
    title: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MenuNode:
    """``repeat`` plays it again, ``back`` leads to the menu before; ``tries`` counts silences and wrong keys."""

    name: str
    prompts: tuple[str, ...]
    keys: Mapping[str, Choice]
    repeat: str = ""
    back: str = ""
    timeout: float = 0  # 0: as the installation says
    tries: int = 3
    wrong_prompt: str = "wrong_key"
    timeout_prompt: str = "timeout"
    on_timeout: str = ""
    on_wrong: str = ""
    title: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueueNode:
    """``max_wait``: seconds, 0: the queue's own. ``leave``: key -> node, works while waiting. ``offers``: what is said
    of those keys after each announcement of his place.
    """

    name: str
    queue: str
    on_timeout: str
    on_empty: str = ""
    prompts: tuple[str, ...] = ()
    leave: Mapping[str, str] = field(default_factory=dict)
    max_wait: float = 0
    priority: int = 0
    offers: tuple[str, ...] = ()
    title: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VoicemailNode:
    name: str
    prompts: tuple[str, ...]
    kind: str = "other"
    max_seconds: float = 120
    silence_seconds: float = 5
    done: tuple[str, ...] = ("voicemail.thanks",)
    next: str = ""
    on_fail: str = ""
    title: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallbackNode:
    """Keeps the caller's place while he hangs up. ``queue``: where; "": in the queue he comes from. ``tries`` counts
    silences, wrong keys and numbers that cannot be rung.
    """

    name: str
    on_fail: str
    queue: str = ""
    prompts: tuple[str, ...] = ()
    timeout: float = 0  # 0: as the installation says
    tries: int = 3
    next: str = ""
    title: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IdentifyNode:
    """Asks the caller for digits by which the records may know him. ``tries`` counts too few digits and digits of
    nobody; who keys nothing is not asked again. ``ask_known``: also whom the records know by his number.
    """

    name: str
    prompts: tuple[str, ...]
    found: str
    not_found: str
    on_timeout: str = ""
    ask_known: bool = False
    timeout: float = 0  # 0: as the installation says
    tries: int = 2
    wrong_prompt: str = ""
    title: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForwardNode:
    name: str
    number: str
    on_fail: str
    prompts: tuple[str, ...] = ()
    ring_seconds: float = 30
    title: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DutyNode:
    """Rings whoever carries the phone now, one after the other, of ``line`` ("": the line that was rung)."""

    name: str
    on_fail: str
    prompts: tuple[str, ...] = ()
    line: str = ""
    ring_seconds: float = 25
    title: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HoursNode:
    """Branches by the opening hours of ``line`` ("": the line that was rung)."""

    name: str
    open: str
    closed: str
    holiday: str = ""
    line: str = ""
    title: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GotoNode:
    """To another node, or to the flow that another line would run now."""

    name: str
    to: str = ""
    line: str = ""
    title: Title = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HangupNode:
    name: str
    prompts: tuple[str, ...] = ()
    title: Title = field(default_factory=dict)


Node = (
    PlayNode
    | AnnouncementNode
    | LanguageNode
    | MenuNode
    | QueueNode
    | VoicemailNode
    | CallbackNode
    | IdentifyNode
    | ForwardNode
    | DutyNode
    | HoursNode
    | GotoNode
    | HangupNode
)


@dataclass(frozen=True, slots=True)
class Flow:
    """``person``: the node that key 0 reaches from every menu that gives 0 no other meaning; also taken when the flow
    errs.
    """

    start: str
    nodes: Mapping[str, Node]
    language: str = "zh"
    person: str = ""
    max_visits: int = 100
    title: Title = field(default_factory=dict)


#: The fields of a node that name another.
WAYS = (
    *("next", "found", "not_found", "on_timeout", "on_wrong", "on_empty", "on_fail"),
    *("open", "closed", "holiday", "to"),
)


def ways_out(flow: Flow, node: Node) -> Iterator[tuple[str, str]]:
    """Every (field path, node name) that leads on from ``node``, without the end of the call."""
    for name in WAYS:
        target = getattr(node, name, "")
        if target and not (name == "on_empty" and target == WAIT):
            yield name, target
    if isinstance(node, MenuNode):
        yield from ((f"keys.{key}", choice.to) for key, choice in node.keys.items() if choice.to)
        if flow.person:
            yield "", flow.person
    if isinstance(node, QueueNode):
        yield from ((f"leave.{key}", to) for key, to in node.leave.items() if to)


def nearest(flow: Flow, node: Node, kind: type[object]) -> str:
    """The node of that kind with the fewest steps from ``node`` on, of several the first in the flow; "": none."""
    seen, todo = {node.name}, [node]
    while todo:
        ways = {to for each in todo for _, to in ways_out(flow, each)} - seen
        found = next((name for name in flow.nodes if name in ways and isinstance(flow.nodes[name], kind)), "")
        if found:
            return found
        seen |= ways
        todo = [flow.nodes[name] for name in flow.nodes if name in ways]
    return ""


def prompts_of(node: Node) -> Iterator[tuple[str, str]]:
    """Every (field path, prompt key) that ``node`` may play."""
    for index, key in enumerate(getattr(node, "prompts", ())):
        yield f"prompts.{index}", key
    for index, key in enumerate(getattr(node, "done", ())):
        yield f"done.{index}", key
    for index, key in enumerate(getattr(node, "offers", ())):
        yield f"offers.{index}", key
    for name in ("wrong_prompt", "timeout_prompt"):
        if getattr(node, name, ""):
            yield name, getattr(node, name)
    if isinstance(node, AnnouncementNode):
        for n, item in enumerate(node.items):
            yield from ((f"items.{n}.prompts.{i}", key) for i, key in enumerate(item.prompts))


def title_of(node: Node) -> Title:
    """What to call the node: its own title, else its name."""
    return node.title or {"zh": node.name, "en": node.name}


def chosen(flow: Flow, name: str, digit: str) -> Title | None:
    """What that key at the node ``name`` chooses, in words. None when it chooses no way: a language, a menu once more
    or the one before, a key without a meaning.
    """
    node, to = flow.nodes.get(name), ""
    title: Title = {}
    if isinstance(node, MenuNode) and digit in node.keys:
        to, title = node.keys[digit].to, node.keys[digit].title
    elif isinstance(node, MenuNode) and digit == PERSON_KEY and digit not in (node.repeat, node.back):
        to = flow.person
    elif isinstance(node, QueueNode):
        to = node.leave.get(digit, "")
    return title or (title_of(flow.nodes[to]) if to in flow.nodes else None)
