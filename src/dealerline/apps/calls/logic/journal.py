"""The journal's way into the database.

Facts inserted once, the calls they touch folded again, all in one transaction.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from dealerline.apps.calls import jobs
from dealerline.apps.calls.logic.projector import CallRows, fold
from dealerline.apps.calls.logic.supervision import audit_supervision
from dealerline.apps.calls.models import (
    Alarm,
    Call,
    CallLeg,
    Event,
    MessageKind,
    Participant,
    Recording,
    SpoolPosition,
    Track,
    Transfer,
    VoiceMessage,
)
from dealerline.domain import numbers
from dealerline.domain.facts import Fact

CALL_FIELDS = [
    "direction", "from_number", "to_number", "customer_number", "carrier", "store", "line", "queue", "agent",
    "language", "purpose",
    "path", "outcome", "ended_by", "cause", "arrived_at", "queued_at", "answered_at", "ended_at", "waited_seconds",
    "talk_seconds", "hold_seconds", "wrap_seconds", "offers", "told_wait", "told_at", "rating", "rated", "seq"]
LEG_FIELDS = ["agent", "queue", "offered_at", "started_at", "ended_at", "result", "hold_seconds", "wrap_seconds", "how",
              "left"]
PARTICIPANT_FIELDS = ["party", "role", "person", "phone", "how", "joined_at", "left_at", "left", "voice_seconds",
                      "hold_seconds", "modes", "watched", "visible"]
TRANSFER_FIELDS = ["agent", "how", "target_kind", "target", "party", "started_at", "ended_at", "result", "done_at"]
TRACK_FIELDS = ["party", "role", "agent", "room", "audience", "started_at", "seconds", "raw_path", "state", "reason"]
RECORDING_FIELDS = ["agent", "started_at", "seconds", "agent_path", "customer_path", "state", "reason"]

# The customer of a call is the one of that store who has the number; of several, the one changed last. Only where
# nobody chose one.
FIND_CUSTOMERS = """
UPDATE calls_call AS c SET customer_id = found.customer_id
FROM (SELECT DISTINCT ON (k.id) k.id, p.customer_id
        FROM calls_call k JOIN customers_customerphone p ON p.e164 = k.customer_number
        JOIN customers_customer u ON u.id = p.customer_id AND u.store_id = k.store_id
       WHERE k.id = ANY(%s) AND k.customer_id IS NULL AND k.customer_number <> ''
       ORDER BY k.id, u.updated_at DESC) AS found
WHERE c.id = found.id
"""

# What he keyed says more than his number. The fact comes once, before anybody can have chosen somebody else.
KEYED_CUSTOMER = """
UPDATE calls_call AS c SET customer_id = u.id FROM customers_customer u WHERE c.id = %s AND u.id = %s
"""


def _at(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _time(at: float | None) -> datetime | None:
    return None if at is None else _at(at)


def positions() -> dict[str, int]:
    """How far each segment was read, in bytes."""
    return dict(SpoolPosition.objects.values_list("segment", "offset"))


def forget_segment(segment: str) -> None:
    """The segment's file is gone: so is its position."""
    SpoolPosition.objects.filter(pk=segment).delete()


_hearers: list[Callable[[Sequence[Fact]], None]] = []


def hear_facts(tell: Callable[[Sequence[Fact]], None]) -> None:
    """Have ``tell`` called with the facts that are new, in the transaction that takes them in, after their calls were
    written. For apps above this one, which it does not know.
    """
    if tell not in _hearers:
        _hearers.append(tell)


def take_in(facts: Sequence[Fact], segment: str, offset: int) -> int:
    """Insert ``facts``, fold the calls they touch and move the position, or nothing at all. How many were new."""
    with transaction.atomic():
        new = insert_events(facts)
        project({fact.call for fact in new if fact.call})
        _identify(new)
        audit_supervision(new)
        for tell in _hearers:
            tell(new)
        SpoolPosition.objects.update_or_create(pk=segment, defaults={"offset": offset})
    return len(new)


def tell_later_fact(fact: Fact) -> None:
    """A fact about a call that is over, which the records learn, not the switch: it comes after all others."""
    with transaction.atomic():
        last = Event.objects.filter(call=fact.call).order_by("-seq").values_list("seq", flat=True).first() or 0
        new = insert_events([replace(fact, seq=last)])
        project({fact.call})
        for tell in _hearers:
            tell(new)


def insert_events(facts: Sequence[Fact]) -> list[Fact]:
    """Insert what is not there yet; the facts that were new."""
    if not facts:
        return []
    unique = {uuid.UUID(fact.id): fact for fact in facts}
    known = set(Event.objects.filter(pk__in=unique).values_list("pk", flat=True))
    new = {key: fact for key, fact in unique.items() if key not in known}
    Event.objects.bulk_create(
        [Event(id=key, kind=fact.kind, at=_at(fact.at), call=uuid.UUID(fact.call) if fact.call else None,
               seq=fact.seq, store=fact.store or None, person=fact.person or None, data=fact.data)
         for key, fact in new.items()],
        ignore_conflicts=True)
    return list(new.values())


def facts_of(calls: Iterable[str]) -> dict[str, list[Fact]]:
    """Every known fact of those calls."""
    found: dict[str, list[Fact]] = defaultdict(list)
    rows = Event.objects.filter(call__in=list(calls)).values_list("id", "kind", "at", "call", "seq", "store", "person",
                                                                  "data")
    for key, kind, at, call, seq, store, person, data in rows:
        found[str(call)].append(Fact(str(key), kind, at.timestamp(), str(call), seq, store or 0, person or 0, data))
    return found


def project(calls: Iterable[str]) -> None:
    """Fold these calls from all their facts and write the rows. May be repeated at will."""
    all_rows = [fold(call, facts) for call, facts in sorted(facts_of(calls).items())]
    if not all_rows:
        return
    Call.objects.bulk_create([_call(rows) for rows in all_rows], update_conflicts=True, unique_fields=["id"],
                             update_fields=CALL_FIELDS)
    with connection.cursor() as cursor:
        cursor.execute(FIND_CUSTOMERS, [[uuid.UUID(rows.id) for rows in all_rows]])
    _write_legs(all_rows)
    _write_participants(all_rows)
    _write_transfers(all_rows)
    _write_recordings(all_rows)
    _write_tracks(all_rows)
    _write_messages(all_rows)


def _identify(new: Sequence[Fact]) -> None:
    """Calls of who keyed who he is are his."""
    keyed = [(uuid.UUID(fact.call), fact.data["customer"]) for fact in new
             if fact.kind == "caller.identified" and fact.call and fact.data["customer"]]
    if keyed:
        with connection.cursor() as cursor:
            cursor.executemany(KEYED_CUSTOMER, keyed)


def _call(rows: CallRows) -> Call:
    theirs = rows.from_number if rows.direction == "in" else rows.to_number
    return Call(
        id=uuid.UUID(rows.id), direction=rows.direction, from_number=rows.from_number, to_number=rows.to_number,
        customer_number=numbers.e164(theirs), carrier_id=rows.carrier, store_id=rows.store, line_id=rows.line,
        queue_id=rows.queue, agent_id=rows.agent, language=rows.language,
        purpose=rows.purpose, path=rows.path, outcome=rows.outcome,
        ended_by=rows.ended_by, cause=rows.cause, arrived_at=_time(rows.arrived_at), queued_at=_time(rows.queued_at),
        answered_at=_time(rows.answered_at), ended_at=_time(rows.ended_at), waited_seconds=rows.waited_seconds,
        talk_seconds=rows.talk_seconds, hold_seconds=rows.hold_seconds, wrap_seconds=rows.wrap_seconds,
        offers=rows.offers, told_wait=rows.told_wait, told_at=_time(rows.told_at), rating=rows.rating,
        rated_id=rows.rated, seq=rows.seq)


def _write_legs(all_rows: Sequence[CallRows]) -> None:
    legs = [
        CallLeg(call_id=uuid.UUID(rows.id), number=number, agent_id=leg.agent or None, queue_id=leg.queue,
                offered_at=_time(leg.offered_at), started_at=_time(leg.started_at), ended_at=_time(leg.ended_at),
                result=leg.result, hold_seconds=leg.hold_seconds, wrap_seconds=leg.wrap_seconds, how=leg.how,
                left=leg.left)
        for rows in all_rows for number, leg in enumerate(rows.legs, 1)]
    CallLeg.objects.bulk_create(legs, update_conflicts=True, unique_fields=["call", "number"], update_fields=LEG_FIELDS)


def _write_participants(all_rows: Sequence[CallRows]) -> None:
    found = [
        Participant(call_id=uuid.UUID(rows.id), number=number, party=him.party, role=him.role,
                    person_id=him.person or None, phone=him.number, how=him.how, joined_at=_time(him.joined_at),
                    left_at=_time(him.left_at), left=him.left, voice_seconds=him.voice_seconds,
                    hold_seconds=him.hold_seconds, modes=him.modes, watched_id=him.watched or None,
                    visible=him.visible)
        for rows in all_rows for number, him in enumerate(rows.participants, 1)]
    if found:
        Participant.objects.bulk_create(found, update_conflicts=True, unique_fields=["call", "number"],
                                        update_fields=PARTICIPANT_FIELDS)


def _write_transfers(all_rows: Sequence[CallRows]) -> None:
    found = [
        Transfer(call_id=uuid.UUID(rows.id), number=number, agent_id=one.agent or None, how=one.how,
                 target_kind=one.target_kind, target=one.target, party=one.party, started_at=_time(one.started_at),
                 ended_at=_time(one.ended_at), result=one.result, done_at=_time(one.done_at))
        for rows in all_rows for number, one in enumerate(rows.transfers, 1)]
    if found:
        Transfer.objects.bulk_create(found, update_conflicts=True, unique_fields=["call", "number"],
                                     update_fields=TRANSFER_FIELDS)


def _write_recordings(all_rows: Sequence[CallRows]) -> None:
    found = [(rows, recording) for rows in all_rows for recording in rows.recordings.values()]
    if not found:
        return
    ids = [uuid.UUID(recording.id) for _, recording in found]
    before = dict(Recording.objects.select_for_update().filter(pk__in=ids).values_list("pk", "state"))
    keep = {key for key, state in before.items() if state not in ("recording",
                                                                  "stopped")}  # the worker was there already
    rows_to_write = [
        Recording(id=uuid.UUID(recording.id), call_id=uuid.UUID(rows.id), agent_id=recording.agent,
                  started_at=_time(recording.started_at), seconds=recording.seconds, agent_path=recording.agent_path,
                  customer_path=recording.customer_path, state=recording.state, reason=recording.reason)
        for rows, recording in found if uuid.UUID(recording.id) not in keep]
    Recording.objects.bulk_create(rows_to_write, update_conflicts=True, unique_fields=["id"],
                                  update_fields=RECORDING_FIELDS)
    for row in rows_to_write:
        if row.state == "stopped" and before.get(row.pk) != "stopped":
            jobs.join_recording.configure(schedule_in={"seconds": 1}).defer(recording=str(row.pk))


def _write_tracks(all_rows: Sequence[CallRows]) -> None:
    found = [(rows, track) for rows in all_rows for track in rows.tracks.values()]
    if not found:
        return
    ids = [uuid.UUID(track.id) for _, track in found]
    before = dict(Track.objects.select_for_update().filter(pk__in=ids).values_list("pk", "state"))
    fresh = [
        Track(id=uuid.UUID(track.id), call_id=uuid.UUID(rows.id), party=track.party, role=track.role,
              agent_id=track.agent, room=track.room, audience=track.audience, started_at=_time(track.started_at),
              seconds=track.seconds, raw_path=track.raw_path, state=track.state, reason=track.reason)
        for rows, track in found if before.get(uuid.UUID(track.id), "recording") in ("recording", "stopped")]
    Track.objects.bulk_create(fresh, update_conflicts=True, unique_fields=["id"], update_fields=TRACK_FIELDS)
    for row in fresh:
        if row.state == "stopped" and before.get(row.pk) != "stopped":
            jobs.keep_track.configure(schedule_in={"seconds": 1}).defer(track=str(row.pk))


def _write_messages(all_rows: Sequence[CallRows]) -> None:
    kinds = set(MessageKind.values)
    VoiceMessage.objects.bulk_create(
        [VoiceMessage(id=uuid.UUID(message.id), call_id=uuid.UUID(rows.id), left_at=_at(message.left_at),
                      path=message.path, seconds=message.seconds,
                      kind=message.kind if message.kind in kinds else MessageKind.MESSAGE)
         for rows in all_rows for message in rows.messages],
        ignore_conflicts=True)


def raise_alarm(code: str, subject: str, detail: dict[str, Any]) -> None:
    """Show administrators that something is wrong. The same code and subject counts up instead of piling up."""
    now = timezone.now()
    alarm, made = Alarm.objects.get_or_create(code=code, subject=subject[:160], defaults={"detail": detail})
    if not made:
        Alarm.objects.filter(pk=alarm.pk).update(count=F("count") + 1, last_at=now, cleared_at=None, detail=detail)
