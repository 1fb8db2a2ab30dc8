"""Finding calls and drawing them; the one access function for calls."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from dealerline.apps.accounts.facade import Person, names, sees_numbers
from dealerline.apps.calls.logic import menus
from dealerline.apps.calls.logic.attendance import attendance
from dealerline.apps.calls.models import Call, CallLeg, CallRecord, Event, Queue, Recording, Track
from dealerline.apps.common.errors import NotFound
from dealerline.apps.organisation.facade import line_names, store_names
from dealerline.domain import numbers


def access_call(person: Person, call: UUID, permission: str = "calls.view") -> Call:
    """The call, if the person may see it: it is of his stores, or he talked on it, brought in from another store.

    Raises NotFound for outsiders, and for stubs that somebody else wrote.
    """
    row = Call.objects.filter(pk=call).first()
    if row is None:
        raise NotFound
    if row.store_id is None and row.arrived_at is None:
        if CallRecord.objects.filter(call=row, author=person).exists():
            return row
        raise NotFound
    if row.store_id in person.stores_for(permission) or (person.can(permission) and talked(person, row)):
        return row
    raise NotFound


def took_part(person: Person, call: Call) -> bool:
    """Whether the call was offered to him or talked by him."""
    return CallLeg.objects.filter(call=call, agent_id=person.pk).exists()


def talked(person: Person, call: Call) -> bool:
    """Whether he talked on the call."""
    return CallLeg.objects.filter(call=call, agent_id=person.pk, started_at__isnull=False).exists()


def search(person: Person, *, q: str = "", store: int | None = None, line: int | None = None, agent: int | None = None,
           queue: int | None = None, customer: int | None = None, outcome: str = "", direction: str = "",
           mark: int | None = None, since: datetime | None = None, until: datetime | None = None) -> QuerySet[Call]:
    """The calls a person may see, newest first; with himself as ``agent`` also those of other stores he talked on.

    ``mark``: only those to which the customer gave this mark, 1 to 5, or a lower one.
    """
    rows = Call.objects.visible_to(person, "calls.view").filter(arrived_at__isnull=False)
    if agent == person.pk and person.can("calls.view"):
        stores = person.stores_for("calls.view")
        own = Exists(CallLeg.objects.filter(call=OuterRef("pk"), agent_id=agent, started_at__isnull=False))
        if not stores.every:
            rows = Call.objects.filter(Q(own) | Q(store_id__in=sorted(stores.ids)), arrived_at__isnull=False)
    exact = {"store_id": store, "line_id": line, "queue_id": queue, "customer_id": customer, "outcome": outcome,
             "direction": direction}
    rows = rows.filter(**{key: value for key, value in exact.items() if value})
    if agent:
        rows = rows.filter(Q(agent_id=agent) | Exists(CallLeg.objects.filter(call=OuterRef("pk"), agent_id=agent)))
    if mark:
        rows = rows.filter(rating__lte=mark)
    if since:
        rows = rows.filter(arrived_at__gte=since)
    if until:
        rows = rows.filter(arrived_at__lt=until)
    if q.strip():
        rows = rows.filter(_matches(person, q.strip()))
    return rows.order_by("-arrived_at")


def _matches(person: Person, text: str) -> Q:
    """By number (whole, or a part for who sees numbers; else the last four digits) or by the customer's name."""
    digits = re.sub(r"\D", "", text)
    if len(digits) < 3 or re.search(r"[^\d+()\-. ]", text):
        return Q(customer__name__contains=text)
    found = Q(customer_number=numbers.e164(text)) | Q(to_number=text)
    stores = person.stores_for("numbers.see")
    if stores.every:
        found |= Q(customer_number__contains=digits)
    elif stores:
        found |= Q(customer_number__contains=digits, store_id__in=sorted(stores.ids))
    if len(digits) == 4:
        found |= Q(customer_number__endswith=digits)
    return found


def main_records(calls: Iterable[UUID]) -> dict[UUID, CallRecord]:
    """Of each call the entry that stands for it in lists: a finished one before a draft, the newest of them."""
    rows = CallRecord.objects.filter(call__in=list(calls)).select_related("matter", "result")
    return {record.call_id: record for record in rows.order_by("-draft", "updated_at")}


def draw_many(person: Person, calls: Iterable[Call]) -> list[dict[str, Any]]:
    """Rows of the list, with the names looked up once for all of them."""
    rows = list(calls)
    ids = [row.pk for row in rows]
    people = names({row.agent_id for row in rows if row.agent_id})
    stores = store_names({row.store_id for row in rows if row.store_id})
    lines = line_names({row.line_id for row in rows if row.line_id})
    waited_in = {row.queue_id for row in rows if row.queue_id}
    queues = {queue.pk: queue.text for queue in Queue.objects.filter(pk__in=waited_in)}
    records = main_records(ids)
    counts = dict(Recording.objects.filter(call__in=ids, state="joined").values_list("call").annotate(Count("pk")))
    whole = {store: sees_numbers(person, store) for store in {row.store_id for row in rows}}
    result = []
    for row in rows:
        record = records.get(row.pk)
        number = row.customer_number or (row.from_number if row.direction == "in" else row.to_number)
        result.append({
            "id": row.pk, "at": row.arrived_at, "direction": row.direction,
            "number": number if whole[row.store_id] else numbers.masked(number),
            "to_number": row.to_number if row.direction == "in" else "",
            "customer": {"id": row.customer_id, "name": row.customer.name} if row.customer else None,
            "store": row.store_id or 0, "store_name": stores.get(row.store_id or 0), "line": row.line_id,
            "line_name": lines.get(row.line_id or 0), "queue": row.queue_id,
            "queue_name": queues.get(row.queue_id or 0),
            "agent": row.agent_id, "agent_name": people.get(row.agent_id or 0, ""), "outcome": row.outcome,
            "waited": row.waited_seconds, "talked": row.talk_seconds, "recordings": counts.get(row.pk, 0),
            "rating": row.rating, "told_wait": row.told_wait,
            "matter": record.matter.text if record and record.matter else None,
            "result": record.result.text if record and record.result else None,
            "draft": record.draft if record else None})
    return result


def draw(person: Person, call: Call) -> dict[str, Any]:
    """The call's page: the row of the list, with legs, recordings and the record's id."""
    [row] = draw_many(person, [call])
    legs = list(CallLeg.objects.filter(call=call))
    recordings = list(Recording.objects.filter(call=call))
    people = names({leg.agent_id for leg in legs if leg.agent_id} | {r.agent_id for r in recordings if r.agent_id})
    told = Event.objects.filter(call=call.pk, kind__in=menus.KINDS).order_by("seq", "at").values_list("kind", "data")
    tracks = Track.objects.filter(call=call).exists()
    row |= {
        "ended_at": call.ended_at, "ended_by": call.ended_by, "cause": call.cause, "language": call.language,
        "path": menus.path(told), "answered_at": call.answered_at,
        "hold": call.hold_seconds, "wrap": call.wrap_seconds,
        "legs": [{
            "agent": leg.agent_id or 0, "agent_name": people.get(leg.agent_id or 0, ""), "offered": leg.offered_at,
            "from": leg.started_at, "to": leg.ended_at, "result": leg.result, "hold": leg.hold_seconds,
            "how": leg.how,
            "seconds": (leg.ended_at - leg.started_at).total_seconds() if leg.ended_at and leg.started_at else 0}
            for leg in legs],
        **attendance(person, call, legs),
        "lanes": tracks and call.store_id in person.stores_for("calls.listen"),
        "whole_coming": tracks and not any(r.kind == "whole" and r.state != "stopped" for r in recordings),
        "may_copy": call.store_id in person.stores_for("calls.export"),
        "recordings_list": [{
            "id": r.pk, "kind": r.kind, "seconds": r.seconds, "state": r.state, "started_at": r.started_at,
            "sha256": r.sha256,
            "agent_name": people.get(r.agent_id or 0, ""), "reason": r.reason,
            "may_listen": may_listen(person, call, r)} for r in recordings]}
    return row


def may_listen(person: Person, call: Call, recording: Recording) -> bool:
    """Leads and managers to every recording of their stores; an agent to his own talks (see ``own_spans``)."""
    if call.store_id in person.stores_for("calls.listen"):
        return True
    if not person.can("calls.listen_own"):
        return False
    return talked(person, call) if recording.kind == "whole" else recording.agent_id == person.pk


def own_spans(person: Person, call: Call) -> list[tuple[float, float]] | None:
    """The times (epoch seconds) of a whole call that he may hear: None is all of it, for an agent his own talks."""
    if call.store_id in person.stores_for("calls.listen"):
        return None
    own = CallLeg.objects.filter(call=call, agent_id=person.pk, started_at__isnull=False, ended_at__isnull=False)
    return [(since.timestamp(), until.timestamp()) for since, until in own.values_list("started_at", "ended_at")
            if since and until]
