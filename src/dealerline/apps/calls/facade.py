"""What other apps and the adapters may use of calls."""

from __future__ import annotations

from typing import Any

from dealerline.apps.calls.logic.journal import forget_segment, positions, project, raise_alarm, take_in
from dealerline.apps.calls.logic.projector import fold
from dealerline.apps.calls.logic.recordings import retime as retime_recordings
from dealerline.apps.calls.models import Alarm, Queue, QueueMember

__all__ = ["alarms", "directory_queues", "fold", "forget_segment", "positions", "project", "queue_codes",
           "raise_alarm", "retime_recordings",
           "take_in"]


def directory_queues(people: set[int]) -> list[dict[str, Any]]:
    """The active queues as the switch's directory has them; agents only of ``people``."""
    members: dict[int, list[int]] = {}
    for queue, person in QueueMember.objects.order_by("queue_id", "person_id").values_list("queue_id", "person_id"):
        if person in people:
            members.setdefault(queue, []).append(person)
    return [
        {"id": queue.pk, "store": queue.store_id, "code": queue.code, "name": queue.text,
         "agents": tuple(members.get(queue.pk, ())), "ring_seconds": queue.ring_seconds,
         "wrap_seconds": queue.wrap_seconds, "announce_seconds": queue.announce_seconds,
         "max_wait_seconds": queue.max_wait_seconds, "service_seconds": queue.service_seconds,
         "music": queue.music, "priority": queue.priority, **_alarm_limits(queue)}
        for queue in Queue.objects.filter(active=True, store__active=True).select_related("store").order_by("pk")]


def _alarm_limits(queue: Queue) -> dict[str, Any]:
    """The live board's limits: the queue's own, else its store's."""
    names = {"alarm_waiting": "alarm_waiting", "alarm_oldest": "alarm_oldest_seconds",
             "alarm_level": "alarm_level_percent", "alarm_nobody": "alarm_nobody"}
    own = {name: getattr(queue, field) for name, field in names.items()}
    return {name: getattr(queue.store, names[name]) if value is None else value for name, value in own.items()}


def alarms() -> list[dict[str, Any]]:
    """The alarms nobody has cleared, newest first."""
    return [{"code": alarm.code, "subject": alarm.subject, "count": alarm.count, "at": alarm.last_at.isoformat()}
            for alarm in Alarm.objects.filter(cleared_at__isnull=True)[:50]]


def queue_codes() -> dict[int, tuple[str, set[str]]]:
    """store id -> (store code, codes of its active queues), as the flow checker asks."""
    found: dict[int, tuple[str, set[str]]] = {}
    for queue in Queue.objects.filter(active=True).select_related("store"):
        found.setdefault(queue.store_id, (queue.store.code, set()))[1].add(queue.code)
    return found
