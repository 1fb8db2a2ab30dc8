"""The call record: what people write. Everybody who took part has an entry of his own, which nobody else overwrites.

A lead may correct an agent's entry; it stays the agent's, and says who changed it. Two windows that edit one entry at
once are told; nothing is ever overwritten unseen.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.calls.logic.calls import access_call, took_part
from dealerline.apps.calls.models import Call, CallRecord, CallRecordVersion, Choice, Matter, Result
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem, Text
from dealerline.apps.customers.facade import open_customer

STUB_DAYS = 2
"""A record can be written before its call is in the database.

The id is a UUIDv7, which tells the time; older ones are not stubs.
"""


def as_json(record: CallRecord) -> dict[str, Any]:
    """The record as the form has it."""
    return {
        "call": record.call_id, "matter": record.matter_id, "result": record.result_id, "notes": record.notes,
        "follow_up_at": record.follow_up_at.isoformat() if record.follow_up_at else None,
        "follow_up_note": record.follow_up_note, "customer": record.call.customer_id, "draft": record.draft,
        "version": record.version, "author": record.author.name if record.author else None,
        "author_id": record.author_id, "edited_by": record.edited_by.name if record.edited_by else None,
        "updated_at": record.updated_at.isoformat()}


def as_read(record: CallRecord) -> dict[str, Any]:
    """The record as others read it: matter and result in words."""
    return as_json(record) | {"matter_name": record.matter.text if record.matter else None,
                              "result_name": record.result.text if record.result else None}


def record_of(person: Person, call: UUID, author: int | None = None) -> CallRecord | None:
    """His entry (or that of ``author``), or None when none was written or the call is not yet known.

    Raises NotFound for outsiders.
    """
    if not Call.objects.filter(pk=call).exists():
        return None
    access_call(person, call)
    rows = CallRecord.objects.select_related("call", "author", "edited_by")
    return rows.filter(call=call, author=author or person.pk).first()


def records_of(call: Call) -> list[CallRecord]:
    """Everybody's entry, the oldest first."""
    rows = CallRecord.objects.select_related("call", "author", "edited_by", "matter", "result")
    return list(rows.filter(call=call).order_by("created_at"))


def may_write(person: Person, call: Call) -> bool:
    """Whether he may write an entry of his own: while it goes on all of the store, then who took part or leads."""
    if took_part(person, call):
        return person.can("records.write")
    if call.store_id not in person.stores_for("records.write"):
        return False
    return (call.ended_at is None or call.store_id in person.stores_for("records.edit_others")
            or CallRecord.objects.filter(call=call, author=person).exists())


def choices(person: Person, store: int | None) -> dict[str, list[dict[str, Any]]]:
    """Matters and results as trees: the shared ones and the store's (of all the person's stores when None)."""

    def tree(rows: list[Any], parent: int | None) -> list[dict[str, Any]]:
        return [{"id": row.pk, "code": row.code, "name": row.text, "children": tree(rows, row.pk),
                 "line_kind": getattr(row, "line_kind", ""),
                 "required_follow_up": getattr(row, "needs_follow_up",
                                               False)} for row in rows if row.parent_id == parent]

    result = {}
    for name, model in (("matters", Matter), ("results", Result)):
        rows: Any = model._default_manager.visible_to(person).filter(active=True)
        if store is not None:
            rows = rows.filter(Q(store__isnull=True) | Q(store_id=store))
        result[name] = tree(list(rows.order_by("position", "id")), None)
    return result


def _choice(model: type[Choice], person: Person, value: int | None, field: str, problems: dict[str, Text]) -> Any:
    if value is None:
        return None
    row = model._default_manager.visible_to(person).filter(pk=value, active=True).first()
    if row is None:
        problems[field] = {"zh": "这个选项已不可用，请重新选择。",
                           "en": "This choice is no longer there: choose again."}
    return row


def _call_for_writing(person: Person, call: UUID, author: int) -> Call:
    """The call, locked; a stub when the journal has not reached the database. Raises NotFound, NotAllowed."""
    row = Call.objects.select_for_update(of=("self",)).filter(pk=call).first()
    if row is None:
        if not person.can("records.write"):
            raise NotAllowed
        if call.version == 7:
            age = timezone.now().timestamp() - (call.int >> 80) / 1000
            if not -3600 < age < STUB_DAYS * 86400:
                raise NotFound
        Call.objects.bulk_create([Call(id=call)], ignore_conflicts=True)
        return Call.objects.select_for_update(of=("self",)).get(pk=call)
    if row.arrived_at is None:  # a stub: nobody can tell yet who takes part, so it is his who began it
        if author != person.pk or CallRecord.objects.filter(call=row).exclude(author=person).exists():
            raise NotFound
        return row
    access_call(person, call)
    allowed = may_write(person, row) if author == person.pk else (
        row.store_id in person.stores_for("records.edit_others"))
    if not allowed:
        raise NotAllowed
    return row


def save(person: Person, call: UUID, *, matter: int | None, result: int | None, notes: str,
         follow_up_at: datetime | None,
         follow_up_note: str, customer: int | None, draft: bool, version: int, author: int | None = None) -> CallRecord:
    """Write his own entry, or as a lead that of ``author``, which must be there already. Raises Problem.

    ``stale`` (409, with the row as it is), ``invalid`` (fields), NotFound, NotAllowed.
    """
    problems: dict[str, Text] = {}
    with transaction.atomic():
        row = _call_for_writing(person, call, author or person.pk)
        record = CallRecord.objects.select_related("author", "edited_by").filter(
            call=row, author=author or person.pk).first()
        if record is None and author not in (None, person.pk):
            raise NotFound
        if record is not None and record.version != version:
            record.call = row
            raise Problem("stale", "别人刚刚保存了这条记录，请查看后再决定保留哪一份。",
                          "Somebody saved this record just now: look at it and choose which to keep.", status=409,
                          extra={"current": as_json(record)})
        chosen_matter = _choice(Matter, person, matter, "matter", problems)
        chosen_result = _choice(Result, person, result, "result", problems)
        if not draft:
            _complete(chosen_matter, chosen_result, follow_up_at, problems)
        if problems:
            raise Problem("invalid", "请检查标红的内容。", "Please check what is marked.", fields=problems)
        if customer is not None and customer != row.customer_id:
            row.customer_id = open_customer(person, customer).pk
            row.save(update_fields=["customer"])
        if record is None:
            record = CallRecord(call=row, author=person, draft=True, version=0)
        record.matter, record.result, record.notes = chosen_matter, chosen_result, notes
        record.follow_up_at, record.follow_up_note = follow_up_at, follow_up_note
        record.draft = record.draft and draft  # what was finished stays finished
        record.version += 1
        record.edited_by = person if record.author_id != person.pk else None
        record.save()
        if not record.draft:
            content = {key: value for key, value in as_json(record).items() if key not in (
                "call", "author", "author_id", "edited_by", "updated_at")}
            CallRecordVersion.objects.create(record=record, version=record.version, author=person, content=content)
    return record


def _complete(matter: Any, result: Any, follow_up_at: datetime | None, problems: dict[str, Text]) -> None:
    """What a finished record must have."""
    if matter is None:
        problems.setdefault("matter", {"zh": "请选择来电事项。", "en": "Choose what the call was about."})
    if result is None:
        problems.setdefault("result", {"zh": "请选择处理结果。", "en": "Choose what came of it."})
    elif result.needs_follow_up and follow_up_at is None:
        problems["follow_up_at"] = {"zh": "这个结果需要填写回访时间。", "en": "This result needs a date to follow up."}
