"""From the tables to the domain's values: what a queue's rules say, and whether they may stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Q

from dealerline.apps.organisation.facade import published_numbers
from dealerline.apps.routing.models import Lending, OverflowRule, PersonSkill, QueueRule, To
from dealerline.domain.routing_preview import Line, preview
from dealerline.domain.routing_rules import Lead, Need, Rules, Text, Way, endless, steps, warnings

SAVING = 7_264_010  # advisory lock: two who save rules at once could close a circle that neither of them sees


def members_of(queue: Any) -> list[int]:
    """The active people of a queue."""
    return list(queue.members.filter(person__is_active=True).order_by("person_id").values_list("person_id", flat=True))


def lendings(queue: Any, borrower: int) -> list[Lending]:
    """Under which lendings a store may use another's queue."""
    wanted = Q(queue=queue) | Q(queue__isnull=True, store_id=queue.store_id)
    return list(Lending.objects.filter(wanted & (Q(borrower__isnull=True) | Q(borrower_id=borrower)), active=True)
                .order_by("pk"))


def _way(rule: OverflowRule, store: int) -> Way:
    queue = rule.queue
    if queue is None:
        return Way(rule.when, rule.value, rule.to, number=rule.number, hours=rule.hours.text if rule.hours else None)
    served = len(members_of(queue)) if queue.active else 0
    lent = queue.store_id == store or bool(lendings(queue, store))
    name = queue.text if queue.store_id == store else {
        language: f"{queue.store.text[language]} {queue.text[language]}" for language in ("zh", "en")}
    return Way(rule.when, rule.value, rule.to, queue.pk, name, served, lent, hours=rule.hours.text if rule.hours else
               None)


def rules_of(rule: QueueRule) -> Rules:
    """A queue's rules as they are in the database now."""
    queue = rule.queue
    levels: dict[int, dict[int, int]] = {person: {} for person in members_of(queue)}
    known = PersonSkill.objects.filter(person_id__in=levels, skill__active=True)
    for person, skill, level in known.values_list("person_id", "skill_id", "level"):
        levels[person][skill] = level
    needs = rule.needs.filter(skill__active=True).select_related("skill")
    order = rule.order.filter(person_id__in=levels).select_related("person")
    overflows = rule.overflows.select_related("queue", "queue__store", "hours")
    return Rules(
        people=tuple(levels.values()), strategy=rule.strategy,
        needs=tuple(Need(need.skill_id, need.skill.text, need.level, need.must, steps(need.relax)) for need in needs),
        order=tuple(place.person.name for place in order), age_seconds=rule.age_seconds, sticky=rule.sticky,
        sticky_seconds=rule.sticky_seconds, ring_seconds=queue.ring_seconds, max_wait_seconds=queue.max_wait_seconds,
        ways=tuple(_way(overflow, queue.store_id) for overflow in overflows))


def preview_of(rule: QueueRule) -> tuple[Line, ...]:
    """What these rules do to a caller."""
    return preview(rules_of(rule))


def warnings_of(rule: QueueRule) -> tuple[Text, ...]:
    """What of them will do nothing."""
    return warnings(rules_of(rule), published_numbers())


def circle(queue: int, ways: Iterable[tuple[str, int | None, bool]]) -> tuple[int, ...] | None:
    """The circle that a queue's new rules would close, with all other queues' as they are; None when there is none.

    ``ways``: (where to, which queue, at any time). Holds the lock until the transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SAVING])
    others = OverflowRule.objects.exclude(rule__queue_id=queue).values_list("rule__queue_id", "to", "queue_id",
                                                                          "hours_id")
    leads = [Lead(queue, (other or 0) if to == To.QUEUE else 0, always) for to, other, always in ways]
    leads += [Lead(of, (other or 0) if to == To.QUEUE else 0, hours is None) for of, to, other, hours in others]
    return endless(leads)


def circle_in_words(queues: tuple[int, ...]) -> str:
    """``A → B → A``, by names with their stores."""
    model: Any = QueueRule._meta.get_field("queue").related_model
    names = {queue.pk: f"{queue.store} {queue}" for queue in model.objects.filter(pk__in=queues)
             .select_related("store")}
    return " → ".join(names.get(queue, str(queue)) for queue in queues)
