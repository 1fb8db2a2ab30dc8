"""What other apps and the adapters may use of calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dealerline.apps.calls.logic.journal import (
    forget_segment,
    hear_facts,
    positions,
    project,
    raise_alarm,
    take_in,
    tell_later_fact,
)
from dealerline.apps.calls.logic.messages import follow, hear_messages
from dealerline.apps.calls.logic.personal import traces
from dealerline.apps.calls.logic.projector import fold
from dealerline.apps.calls.logic.recordings import retime as retime_recordings
from dealerline.apps.calls.models import Alarm, Call, Event, Queue, QueueMember, VoiceMessage

__all__ = ["Brief", "Left", "alarms", "briefs", "directory_queues", "facts_between", "fold", "follow",
           "forget_segment", "hear_facts", "hear_messages", "lost_since", "open_messages", "positions", "project",
           "queue_codes", "queue_names", "raise_alarm", "retime_recordings", "spoken_since", "take_in",
           "tell_later_fact", "traces"]


@dataclass(frozen=True, slots=True)
class Left:
    """A voice message as it is now."""

    id: UUID
    kind: str
    at: datetime
    state: str
    assigned: int | None
    done_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class Brief:
    """A call in a few plain values; ``messages``: the voice messages left in it."""

    id: UUID
    direction: str
    store: int | None
    line: int
    number: str
    customer: int | None
    outcome: str
    answered_at: datetime | None
    ended_at: datetime | None
    rating: int | None
    rated: int | None
    messages: tuple[Left, ...]
    agent: int | None = None  # the last of ours who talked
    language: str = ""


def briefs(calls: Iterable[UUID | str]) -> list[Brief]:
    """Those of the calls that exist, the oldest end first."""
    rows = list(Call.objects.filter(pk__in=list(calls)).order_by("ended_at"))
    left: dict[UUID, list[Left]] = {}
    for message in VoiceMessage.objects.filter(call__in=rows):
        left.setdefault(message.call_id, []).append(Left(message.pk, message.kind, message.left_at, message.state,
                                                         message.assigned_id, message.done_at, message.note))
    return [Brief(row.pk, row.direction, row.store_id, row.line_id or 0, row.customer_number, row.customer_id,
                  row.outcome, row.answered_at, row.ended_at, row.rating, row.rated_id, tuple(left.get(row.pk, ())),
                  row.agent_id, row.language)
            for row in rows]


def spoken_since(store: int, number: str, at: datetime) -> UUID | None:
    """A call with that number in which somebody of ours talked since, in or out."""
    found = Call.objects.filter(store=store, customer_number=number, answered_at__gt=at).order_by("answered_at")
    return found.values_list("pk", flat=True).first() if number else None


def lost_since(at: datetime) -> list[UUID]:
    """Calls that ended since then because their callers hung up while they waited, the oldest first."""
    rows = Call.objects.filter(ended_at__gte=at, outcome="abandoned", direction="in").order_by("ended_at")
    return list(rows.values_list("pk", flat=True))


def open_messages() -> dict[UUID, UUID]:
    """Voice message -> its call, of all that are not done with."""
    return dict(VoiceMessage.objects.exclude(state="done").values_list("pk", "call_id"))


def queue_names(queues: set[int]) -> dict[int, dict[str, str]]:
    """id -> both names."""
    return {queue.pk: queue.text for queue in Queue.objects.filter(pk__in=queues)}


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


def facts_between(begin: datetime, end: datetime, kinds: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """(epoch seconds, kind, call or "", person or 0, data) of the facts of these kinds, in order of time."""
    found = Event.objects.filter(at__gte=begin, at__lt=end, kind__in=kinds).order_by("at", "seq")
    for at, kind, call, person, data in found.values_list("at", "kind", "call", "person", "data").iterator():
        yield at.timestamp(), kind, str(call or ""), person or 0, data


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
