"""What a caller's keys meant: the facts say where he stood, the flow of that version says what each key was called.

The rule of the file: words come from the version that ran, never from the one in force now; what is not known any more
is shown as the key, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from dealerline.apps.flows.facade import flow_that_ran
from dealerline.domain import ivr

KINDS = ("flow.started", "flow.node", "flow.key")  # all that ``path`` needs to see
Text = dict[str, str]
FlowThatRan = Callable[[int, int], ivr.Flow | None]


class Walk:
    """Goes through a call's facts in order; knows the flow that runs and the node where the caller stands."""

    def __init__(self, flow_that_ran: FlowThatRan = flow_that_ran) -> None:
        self._ask = flow_that_ran
        self._asked: dict[tuple[int, int], ivr.Flow | None] = {}
        self.flow: ivr.Flow | None = None
        self.node = ""

    def take(self, kind: str, data: dict[str, Any]) -> None:
        """The next fact of the call."""
        if kind == "flow.started":
            self.node = ""
            try:
                ran = int(data.get("flow", 0)), int(data.get("version", 0))
            except (TypeError, ValueError):
                ran = 0, 0
            if ran not in self._asked:
                self._asked[ran] = self._ask(*ran) if all(ran) else None
            self.flow = self._asked[ran]
        elif kind.startswith(("flow.", "voicemail.")) and isinstance(data.get("node"), str):
            self.node = data["node"]

    @property
    def name(self) -> Text | None:
        """What the flow is called."""
        return _both(self.flow.title) if self.flow else None

    @property
    def place(self) -> Text | None:
        """What the node is called; None when it has no name but the one in the flow's text."""
        node = self.flow.nodes.get(self.node) if self.flow else None
        return _both(node.title) if node else None

    @property
    def knows(self) -> bool:
        """Whether keys can be told in words here."""
        return self.flow is not None and self.node in self.flow.nodes

    def chosen(self, digits: str) -> Text | None:
        """What that key chose here, in words; None when it chose no way."""
        return _both(ivr.chosen(self.flow, self.node, digits)) if self.flow else None


def _both(title: Any) -> Text | None:
    """The title in both languages, one standing in for the other where a flow has only one."""
    if not title:
        return None
    any_ = next(iter(title.values()))
    return {"zh": title.get("zh") or any_, "en": title.get("en") or any_}


def path(facts: Iterable[tuple[str, dict[str, Any]]], flow_that_ran: FlowThatRan = flow_that_ran) -> list[Text]:
    """The caller's choices in words, in their order. ``facts``: kind and data of the call's, of KINDS at least."""
    walk, found = Walk(flow_that_ran), []
    for kind, data in facts:
        walk.take(kind, data)
        if kind == "flow.key":
            digits = str(data.get("digits", ""))
            found.append(walk.chosen(digits) if walk.knows else _key(digits))
    return [text for text in found if text]


def _key(digits: str) -> Text:
    return {"zh": f"按 {digits}", "en": f"key {digits}"}
