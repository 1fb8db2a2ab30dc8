"""Queues' rules in words: what they do to a caller, and what of them does nothing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Router, Schema

from dealerline.apps.accounts.facade import need, signed_in
from dealerline.apps.common.errors import NotFound
from dealerline.apps.common.schemas import Id, ProblemOut, Text
from dealerline.apps.routing.logic.rules import preview_of, warnings_of
from dealerline.apps.routing.models import QueueRule

router = Router(tags=["routing"], auth=signed_in)
READ = "board.view"  # whoever waits at a desk for callers may know why they come to him


class PreviewLine(Schema):
    """``after``: seconds of waiting; null when the text itself says on which condition."""

    after: float | None
    text: Text


class QueueRulesOut(Schema):
    """A queue's rules in words."""

    queue: int
    store: int
    name: Text
    strategy: str
    preview: list[PreviewLine]
    warnings: list[Text]


def _drawn(rule: QueueRule) -> dict[str, Any]:
    return {"queue": rule.queue_id, "store": rule.queue.store_id, "name": rule.queue.text, "strategy": rule.strategy,
            "preview": [{"after": line.after, "text": line.text} for line in preview_of(rule)],
            "warnings": list(warnings_of(rule))}


@router.get("/routing/queues", response={200: list[QueueRulesOut], 403: ProblemOut})
def queue_rules(request: HttpRequest) -> list[dict[str, Any]]:
    """Every queue of the person's stores that has rules."""
    person = need(request, READ)
    rules = QueueRule.objects.visible_to(person, READ).filter(queue__active=True).select_related("queue")
    return [_drawn(rule) for rule in rules.order_by("queue__store_id", "queue__code")]


@router.get("/routing/queues/{queue}", response={200: QueueRulesOut, 403: ProblemOut, 404: ProblemOut})
def rules_of_queue(request: HttpRequest, queue: Path[Id]) -> dict[str, Any]:
    """One queue's rules. 404 for a queue that has none of its own."""
    person = need(request, READ)
    rule = QueueRule.objects.visible_to(person, READ).filter(queue_id=queue).select_related("queue").first()
    if rule is None:
        raise NotFound
    return _drawn(rule)
