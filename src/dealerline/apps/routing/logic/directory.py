"""What the switch's directory holds of routing, as plain values by the id of the queue or person."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from dealerline.apps.routing.logic.rules import lendings
from dealerline.apps.routing.models import (
    Capacity,
    DutyShift,
    LevelPriority,
    OverflowRule,
    PersonCapacity,
    PersonSkill,
    QueueRule,
    Skill,
)
from dealerline.domain.routing_rules import steps


def directory_skills() -> list[tuple[int, dict[str, str]]]:
    """Active skills: id and names."""
    return [(skill.pk, skill.text) for skill in Skill.objects.filter(active=True).order_by("pk")]


def directory_levels() -> list[tuple[str, int]]:
    """What customers' levels add to the priority; what adds nothing is left out."""
    return list(LevelPriority.objects.exclude(priority=0).order_by("level").values_list("level", "priority"))


def directory_people(stores: Mapping[int, int]) -> dict[int, dict[str, Any]]:
    """person -> skills and capacity. ``stores``: person -> his home store. A person's own rule wins over his store's,
    that over the group's.
    """
    skills: dict[int, list[tuple[int, int]]] = {}
    known = PersonSkill.objects.filter(skill__active=True).order_by("person_id", "skill_id")
    for person, skill, level in known.values_list("person_id", "skill_id", "level"):
        skills.setdefault(person, []).append((skill, level))
    shared: dict[str, int] = {}
    by_store: dict[int, dict[str, int]] = {}
    for store, kind, most in Capacity.objects.values_list("store_id", "kind", "most"):
        (shared if store is None else by_store.setdefault(store, {}))[kind] = most
    own: dict[int, dict[str, int]] = {}
    for person, kind, most in PersonCapacity.objects.values_list("person_id", "kind", "most"):
        own.setdefault(person, {})[kind] = most
    return {
        person: {"skills": tuple(skills.get(person, ())),
                 "capacity": tuple(sorted({**shared, **by_store.get(store, {}), **own.get(person, {})}.items()))}
        for person, store in stores.items()}


def directory_queues() -> dict[int, dict[str, Any]]:
    """queue -> its rules. An overflow rule to another store's queue is there once for each lending that permits it,
    with that lending's hours as ``lent_hours``; without one it is not there at all.
    """
    rules = QueueRule.objects.filter(queue__active=True).select_related("queue").prefetch_related(
        "needs__skill", "order", "overflows__queue__store").order_by("queue_id")
    return {
        rule.queue_id: {
            "strategy": rule.strategy, "age_seconds": rule.age_seconds, "sticky": rule.sticky,
            "sticky_seconds": rule.sticky_seconds,
            "needs": [{"skill": need.skill_id, "level": need.level, "must": need.must, "relax": steps(need.relax)}
                      for need in rule.needs.all() if need.skill.active],
            "order": tuple((place.person_id, place.place) for place in rule.order.all()),
            "overflow": [row for overflow in rule.overflows.all() for row in _overflow(overflow, rule.queue.store_id)]}
        for rule in rules}


def _overflow(rule: OverflowRule, store: int) -> list[dict[str, Any]]:
    row = {"when": rule.when, "value": float(rule.value), "to": rule.to, "queue": rule.queue_id or 0,
           "number": rule.number, "hours": rule.hours_id or 0, "lent_hours": 0}
    queue = rule.queue
    if queue is None:
        return [row]
    if not (queue.active and queue.store.active):
        return []
    if queue.store_id == store:
        return [row]
    return [{**row, "lent_hours": hours}
            for hours in dict.fromkeys(lending.hours_id or 0 for lending in lendings(queue, store))]


def directory_duties() -> list[dict[str, Any]]:
    """Who is on duty, from the day before yesterday to two weeks ahead; the file is made anew every minute."""
    today = timezone.localdate()
    shifts = DutyShift.objects.filter(date__gte=today - datetime.timedelta(2), date__lte=today + datetime.timedelta(14),
                                      store__active=True).select_related("store", *DutyShift.TURNS)
    made = []
    for shift in shifts.order_by("date", "begins", "pk"):
        begins, ends = shift.span()
        turns = shift.turns
        if turns:
            made.append({"store": shift.store_id, "begins": begins, "ends": ends, "kind": shift.kind,
                         "numbers": tuple(number for number, _ in turns), "people": tuple(who for _, who in turns)})
    return made
