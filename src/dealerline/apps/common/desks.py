"""What the records ask of people's desks: to dial a number there, to show a notice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from dealerline.apps.common import ringing
from dealerline.apps.common.errors import Problem
from dealerline.apps.common.live import ask_switch
from dealerline.apps.common.outgoing import tell_switch


def dial(person: Any, wish: ringing.Wish, line: int = 0) -> None:
    """Dial it at his desk, even if he sees it masked; ``line`` 0: one of his own store. Raises Problem, also where the
    customer may not be rung for that.
    """
    ringing.need(person, wish)
    answer = ask_switch("dial_for", "POST", {"person": person.pk, "number": wish.number, "line": line,
                                             "purpose": wish.purpose}, timeout=2.0)
    if answer is None:
        raise Problem("switch_away", "话务服务暂时不可用，请稍后再试。", "The switch is away: try again in a moment.",
                      status=503)
    if "code" in answer:
        text = answer.get("text")
        words = text if isinstance(text, dict) else {}
        raise Problem(str(answer["code"]), str(words.get("zh", "")), str(words.get("en", "")), status=409)


def notice(people: Sequence[int], text: dict[str, str], kind: str = "info") -> None:
    """A notice on every page of those who are there, once what it tells of is certain; nobody waits for it."""
    if people:
        transaction.on_commit(lambda: tell_switch("notice", {"people": list(people), "text": text, "kind": kind}))
