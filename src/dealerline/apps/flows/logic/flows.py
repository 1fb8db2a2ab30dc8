"""Flows as people edit them: YAML read with line numbers, checked against what is there, saved as versions.

The rule of the file: what is wrong is told with its line in both languages, all of it at once; a text with errors is
never saved, so what is in force can always be run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import yaml
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from dealerline.apps.common.errors import Problem
from dealerline.apps.flows.logic.prompts import languages_with_sound
from dealerline.apps.flows.models import Flow, FlowVersion
from dealerline.domain import ivr

MOST_BYTES = 200_000

Text = dict[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong (``error``) or unwise (``warning``). ``line`` from 1, 0 when it is about the whole."""

    line: int
    path: str
    level: str
    text: Text

    def words(self, language: str) -> str:
        """One line for a person."""
        where = {"zh": f"第 {self.line} 行", "en": f"line {self.line}"}[language] if self.line else ""
        sign = {"zh": "：", "en": ": "}[language] if where else ""
        return f"{where}{sign}{self.text[language]}" + (f" [{self.path}]" if self.path else "")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text read: the document (JSON values only), and what was found."""

    document: dict[str, Any]
    findings: tuple[Finding, ...]
    title: Text

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.level == "error")


def _no(line: int, zh: str, en: str, path: str = "") -> Finding:
    return Finding(line, path, "error", {"zh": zh, "en": en})


class _Lines:
    """Where each path of the document stands in the text; and keys that stand there twice."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {"": 1}
        self.twice: list[Finding] = []

    def walk(self, node: yaml.Node, path: str) -> None:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                name = str(key.value)
                here = f"{path}.{name}" if path else name
                line = key.start_mark.line + 1
                if name in seen:
                    self.twice.append(_no(line, f"“{name}”写了两次", f"“{name}” is there twice", here))
                seen.add(name)
                self.lines[here] = line
                self.walk(value, here)
        elif isinstance(node, yaml.SequenceNode):
            for number, value in enumerate(node.value):
                self.walk(value, f"{path}.{number}")

    def of(self, path: str) -> int:
        """The line of that path, or of the nearest above it."""
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        return self.lines.get(path, 0)


def _load(text: str) -> tuple[Any, _Lines, list[Finding]]:
    """The YAML's values and lines. Anchors are refused: a few lines of them can grow to gigabytes."""
    where = _Lines()
    if len(text.encode()) > MOST_BYTES:
        return None, where, [_no(0, "文本太长（最多 200 KB）", "the text is too long (200 kB at most)")]
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                line = event.start_mark.line + 1 if event.start_mark else 0
                return None, where, [_no(line, "不支持锚点和别名（& 和 *）；“*”键请加引号",
                                         "no anchors and aliases (& and *), please; write the key “*” in quotes")]
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None:
            where.walk(root, "")
        return yaml.safe_load(text), where, list(where.twice)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        return None, where, [_no(line, f"这里不是正确的 YAML：{error.problem}", f"this is not YAML: {error.problem}")]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return None, where, [_no(0, "文本无法读取，请检查缩进和特殊字符",
                                 f"the text cannot be read: {type(error).__name__}")]


def read(text: str, *, prompts: dict[str, set[str]] | None = None, queues: set[str] | None = None,
         lines: set[str] | None = None) -> Reading:
    """Read and check. What is None is not checked."""
    values, where, findings = _load(text)
    if findings:
        return Reading({}, tuple(findings), {})
    try:
        flow = ivr.build(values)
        problems = ivr.check(flow, prompts=prompts, queues=queues, lines=lines)
        title = dict(flow.title)
    except ivr.FlowErrors as error:
        problems, title = error.problems, {}
    found = tuple(Finding(where.of(p.path), p.path, p.level, p.text) for p in problems)
    document = json.loads(json.dumps(values, default=str)) if isinstance(values, dict) else {}
    return Reading(document, tuple(sorted(found, key=lambda f: (f.level, f.line))), title)


def read_for(flow_store: int | None, text: str, queues: dict[int, tuple[str, set[str]]],
             lines: dict[int, tuple[str, set[str]]]) -> Reading:
    """Read and check against this installation.

    ``queues`` and ``lines``: store id -> (store code, queue codes or line kinds there). A store's flow may name what
    its store has; a shared flow what any store has; ``code/name`` names another store's.
    """
    return read(text, prompts=languages_with_sound(), queues=_known(flow_store, queues), lines=_known(flow_store,
                                                                                                      lines))


def _known(store: int | None, there: dict[int, tuple[str, set[str]]]) -> set[str] | None:
    if not any(found for _, found in there.values()):
        return None  # nothing is set up yet: nothing to check against
    names = {f"{code}/{name}" for code, found in there.values() for name in found}
    for key, (_, found) in there.items():
        if store is None or key == store:
            names |= found
    return names


def save_version(flow: Flow, text: str, author: Any, reading: Reading, *, publish: bool = True) -> FlowVersion:
    """A new version; the one in force when ``publish``. The same text again makes none. Raises Problem ``bad_flow``."""
    if reading.errors:
        raise Problem("bad_flow", "流程有错误，没有保存。", "The flow has errors and was not saved.", fields={
            "text": {language: "\n".join(f.words(language) for f in reading.errors) for language in ("zh", "en")}})
    with transaction.atomic():
        locked = Flow.objects.select_for_update(of=("self",)).get(pk=flow.pk)
        version = FlowVersion.objects.filter(flow=locked, text=text).order_by("-version").first()
        if version is None:
            last = FlowVersion.objects.filter(flow=locked).aggregate(last=Max("version"))["last"] or 0
            version = FlowVersion.objects.create(flow=locked, version=last + 1, text=text, document=reading.document,
                                                 author=author if getattr(author, "pk", None) else None)
        if publish:
            put_in_force(locked, version)
    return version


def put_in_force(flow: Flow, version: FlowVersion) -> None:
    """Publish a version, an older one too (that is undo)."""
    version.published_at = timezone.now()
    version.save(update_fields=["published_at"])
    flow.published = version
    flow.save(update_fields=["published"])
