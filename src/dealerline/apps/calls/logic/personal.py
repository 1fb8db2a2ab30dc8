"""A customer's calls told whole, and his traces in them erased: numbers, words and voices go, counts and times stay."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from dealerline.apps.calls.logic.recordings import file_of
from dealerline.apps.calls.models import (
    Call,
    CallRecord,
    CallRecordVersion,
    Event,
    Participant,
    Recording,
    RecordingState,
    Track,
    Transfer,
    VoiceMessage,
)
from dealerline.apps.common.personal import Words
from dealerline.apps.customers.facade import numbers_of
from dealerline.domain import numbers

WORDS: dict[str, Words] = {
    "calls": {"zh": "通话", "en": "Calls"}, "records": {"zh": "通话记录", "en": "Call records"},
    "record_versions": {"zh": "通话记录的历史版本", "en": "Earlier versions of call records"},
    "call_numbers": {"zh": "通话里的号码", "en": "His number in calls"},
    "call_notes": {"zh": "通话备注（含历史版本）", "en": "Notes about calls, with earlier versions"},
    "recordings": {"zh": "录音", "en": "Recordings"}, "messages": {"zh": "语音留言", "en": "Voice messages"}}
PIECE = 500
LONG_ENTRY = 4
"""Keys dialled in a menu of at least so many digits are a card or an order number, not a choice."""


def calls_of(customer: int) -> QuerySet[Call]:
    """His calls: those linked to him, and those from his numbers in his store that are linked to nobody."""
    found = numbers_of(customer)
    unlinked = Q(customer=None, customer_number__in=found) & Q(store__customers=customer) if found else Q(pk=None)
    return Call.objects.filter(Q(customer_id=customer) | unlinked)


def traces(customer: int) -> tuple[list[UUID], set[str]]:
    """The ids of his calls, and every number he is known by in them, E.164."""
    calls = list(calls_of(customer).values_list("pk", "customer_number"))
    return [key for key, _ in calls], {number for _, number in calls if number} | set(numbers_of(customer))


def holds(customer: int) -> Iterator[Words]:
    """A call that goes on."""
    live = calls_of(customer).filter(ended_at=None, arrived_at__gt=timezone.now() - timedelta(hours=12))
    if live.exists():
        yield {"zh": "他正在通话中，请等通话结束。", "en": "He is in a call: wait until it is over."}


def export(customer: int) -> dict[str, Any]:
    """His calls, what was written about them, and which recordings there are of them."""
    rows = calls_of(customer).order_by("arrived_at")
    keys = [row.pk for row in rows]
    versions = CallRecordVersion.objects.filter(record__call__in=keys).order_by("pk")
    records = CallRecord.objects.filter(call__in=keys).select_related("matter", "result").order_by("created_at")
    return {
        "calls": [{"id": str(row.pk), "at": row.arrived_at, "direction": row.direction, "number": row.customer_number,
                   "outcome": row.outcome, "talk_seconds": row.talk_seconds, "rating": row.rating} for row in rows],
        "records": [{"call": str(row.call_id), "at": row.updated_at, "matter": str(row.matter or ""),
                     "result": str(row.result or ""), "notes": row.notes, "follow_up_at": row.follow_up_at,
                     "follow_up": row.follow_up_note} for row in records],
        "record_versions": [{"call": str(row.record.call_id), "version": row.version, "content": row.content}
                            for row in versions.select_related("record")],
        "recordings": [{"call": str(row.call_id), "started_at": row.started_at, "seconds": row.seconds,
                        "state": row.state, "kept_until": row.delete_after}
                       for row in Recording.objects.filter(call__in=keys).order_by("started_at")],
        "messages": [{"call": str(row.call_id), "left_at": row.left_at, "seconds": row.seconds, "kind": row.kind,
                      "note": row.note} for row in VoiceMessage.objects.filter(call__in=keys).order_by("left_at")]}


def erase(customer: int) -> dict[str, int]:
    """Numbers, words and voices of all his calls."""
    keys, known = traces(customer)
    counts = dict.fromkeys(("call_numbers", "call_notes", "recordings", "messages"), 0)
    for start in range(0, len(keys), PIECE):
        piece = keys[start:start + PIECE]
        counts["call_notes"] += _words(piece)
        counts["recordings"] += _voices(Recording, piece) + _voices(Track, piece)
        counts["messages"] += _messages(piece)
        counts["call_numbers"] += forget_numbers(piece, known)
        Call.objects.filter(pk__in=piece, customer=None).update(customer_id=customer)
    return counts


def _words(calls: Sequence[UUID]) -> int:
    """Notes, and every saved version of them."""
    for version in CallRecordVersion.objects.filter(record__call__in=calls):
        content = {key: "" if "note" in key else value for key, value in version.content.items()}
        CallRecordVersion.objects.filter(pk=version.pk).update(content=content)
    written = CallRecord.objects.filter(call__in=calls).exclude(notes="", follow_up_note="")
    return written.update(notes="", follow_up_note="")


def _voices(model: type[Recording] | type[Track], calls: Sequence[UUID]) -> int:
    rows: list[Any] = list(model._default_manager.filter(call__in=calls).exclude(state=RecordingState.EXPIRED))
    for row in rows:
        raw = (row.raw_path,) if isinstance(row, Track) else (row.agent_path, row.customer_path)
        _remove_later((row.path, row.peaks_path, *raw))
        blank = {"raw_path": ""} if isinstance(row, Track) else {"agent_path": "", "customer_path": ""}
        model._default_manager.filter(pk=row.pk).update(state=RecordingState.EXPIRED, reason="erased", path="",
                                                        peaks_path="", **blank)
    return len(rows)


def _messages(calls: Sequence[UUID]) -> int:
    rows = list(VoiceMessage.objects.filter(call__in=calls).exclude(sha256="erased"))
    _remove_later(row.path for row in rows)
    VoiceMessage.objects.filter(pk__in=[row.pk for row in rows]).update(path="", sha256="erased", note="")
    return len(rows)


def _remove_later(paths: Iterable[str]) -> None:
    """Files go once the transaction is through: a preview is rolled back."""
    files = [file_of(path) for path in paths if path]

    def remove() -> None:
        for file in files:
            with contextlib.suppress(OSError):
                file.unlink()

    transaction.on_commit(remove)


def forget_numbers(calls: Sequence[UUID], known: set[str]) -> int:
    """Take the customer's number out of calls, of whom was brought in there, and out of their facts, so that folding
    them anew brings none back.
    """
    same = {numbers.significant(number) for number in known} - {""}
    rows = list(Call.objects.filter(pk__in=calls))
    for row in rows:
        same |= {numbers.significant(row.customer_number)} - {""}
        side = {"from_number": ""} if row.direction == "in" else {"to_number": ""}
        Call.objects.filter(pk=row.pk).update(customer_number="", path=_short(row.path), **side)
    for model, field in ((Participant, "phone"), (Transfer, "target")):
        for key, number in model._default_manager.filter(call__in=calls).values_list("pk", field):
            if numbers.significant(number) in same:
                model._default_manager.filter(pk=key).update(**{field: ""})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL dealerline.purge = 'erase'")
        for event in Event.objects.filter(call__in=calls):
            data = {key: _without(key, value, same) for key, value in event.data.items()}
            if data != event.data:
                Event.objects.filter(pk=event.pk).update(data=data)
        cursor.execute("SET LOCAL dealerline.purge = ''")
    return len(rows)


def _short(path: Any) -> Any:
    return [key if len(str(key)) < LONG_ENTRY else "" for key in path] if isinstance(path, list) else path


def _without(key: str, value: Any, same: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(name, one, same) for name, one in value.items()}
    if isinstance(value, list):
        return [_without(key, one, same) for one in value]
    if not isinstance(value, str):
        return value
    if key == "note" or (key == "digits" and len(value) >= LONG_ENTRY):
        return ""
    for digits in set(re.findall(r"\+?\d{5,}", value)):
        if numbers.significant(digits) in same:
            value = value.replace(digits, "")
    return value


# what is kept for a time only -----------------------------------------------------------------------------------------
def _strangers(before: datetime) -> QuerySet[Call]:
    return Call.objects.filter(customer=None, ended_at__lt=before).exclude(customer_number="")


def count_strangers(before: datetime) -> int:
    """Calls of people who never became customers."""
    return _strangers(before).count()


def forget_strangers(before: datetime) -> int:
    """Their numbers."""
    count = 0
    while keys := list(_strangers(before).values_list("pk", flat=True)[:PIECE]):
        with transaction.atomic():
            count += forget_numbers(keys, set())
    return count


def _old_words(before: datetime) -> QuerySet[CallRecord]:
    return CallRecord.objects.filter(updated_at__lt=before).exclude(notes="", follow_up_note="")


def count_words(before: datetime) -> int:
    """Notes about calls."""
    return _old_words(before).count()


def forget_words(before: datetime) -> int:
    """The notes; matter and result stay."""
    count = 0
    while keys := list(_old_words(before).values_list("call_id", flat=True)[:PIECE]):
        with transaction.atomic():
            count += max(1, _words(keys))
    return count
