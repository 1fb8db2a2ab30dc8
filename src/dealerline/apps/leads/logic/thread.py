"""A lead's thread: notes, calls, visits, test drives, quotes; discounts asked for and answered in it; photos.

The rule of the file: what a telephone sends twice is written once (``client_id``). The reaction's clock stops when we
came to know of a contact, not when it is said to have been: nobody can date his reaction back.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.history import facade as history
from dealerline.apps.leads.logic import telling
from dealerline.apps.leads.logic.rows import actor
from dealerline.apps.leads.logic.work import (
    KEPT,
    finish,
    handed,
    invalid,
    locked,
    may_assign,
    reacted,
    step,
    taken,
    write_event,
)
from dealerline.apps.leads.models import Lead, LeadEvent, LeadPhoto
from dealerline.domain.leads import dates, photos
from dealerline.domain.leads.moves import ENDS, Actor, Move, State

CONTACTS = frozenset({"call", "visit", "drive", "quote"})
"""What is a reaction to the customer; a note to oneself is none."""
PHOTOS_AN_EVENT = 12
TOO_OLD = dates.UNSENT


def _data(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """What belongs to the kind, and nothing else."""
    names = {"drive": ("car", "route", "licence", "minutes"), "quote": ("model", "price", "valid_until", "extras"),
             "discount": ("amount", "price"), "call": ("reached",), "visit": ("people",)}.get(kind, ())
    found = {name: data[name] for name in names if data.get(name) not in (None, "")}
    if kind == "drive":
        found["licence"] = bool(data.get("licence"))
        if not found.get("car"):
            raise invalid("car", "请填写试驾车辆。", "Say which car was driven.")
    if kind == "quote" and not found.get("price"):
        raise invalid("price", "请填写报价金额。", "Enter the price that was quoted.")
    if kind == "discount" and not found.get("amount"):
        raise invalid("amount", "请填写申请优惠的金额。", "Enter how much is asked for.")
    return found


def _when(at: datetime | None, now: datetime) -> datetime:
    if at is None:
        return now
    if at > now + timedelta(minutes=5):
        raise invalid("at", "时间不能在将来。", "This is in the future.")
    if at < now - TOO_OLD:
        raise invalid("at", "时间太久远了，只能补记一个月内的事。", "This is too long ago: at most a month.")
    return min(at, now)


def _check_dates(values: dict[str, Any], when: datetime, next_at: datetime | None, now: datetime) -> None:
    if next_at is not None and not dates.can_be_next(next_at, now, dates.UNSENT):
        raise invalid("next_at", "请选择今后一年以内的时间。", "Choose a time ahead, within a year.")
    if "valid_until" in values and not dates.can_hold_until(date.fromisoformat(values["valid_until"]),
                                                            timezone.localdate(when)):
        raise invalid("valid_until", "有效期不能早于报价当天，最长一年。",
                      "An offer holds from the day it is made, for a year at most.")


def add(person: Person, lead: Lead, kind: str, *, text: str, data: dict[str, Any], at: datetime | None = None,
        place: str = "", latitude: float | None = None, longitude: float | None = None, call: UUID | None = None,
        next_step: str | None = None, next_at: datetime | None = None, purpose: str | None = None,
        client_id: UUID | None = None) -> LeadEvent:
    """One thing that happened, and perhaps what comes next. Sent again, it is the one written before."""
    if client_id is not None:
        there = _written(person, lead, client_id)
        if there is not None:
            return there
    now = timezone.now()
    if kind == "note" and not text.strip():
        raise invalid("text", "请写点内容。", "Write something.")
    when, values = _when(at, now), _data(kind, data)
    _check_dates(values, when, next_at, now)
    if next_at is not None and not (next_step or "").strip():
        raise invalid("next_step", "请写明下一步做什么。", "Say what the next step is.")
    try:
        with transaction.atomic():
            row = locked(person, lead)
            event = _add(person, row, kind, text.strip(), values, when, now, place=place.strip(), latitude=latitude,
                         longitude=longitude, call=call, client_id=client_id, next_step=next_step, next_at=next_at,
                         purpose=purpose)
    except IntegrityError:
        again = _written(person, lead, client_id) if client_id is not None else None
        if again is None:
            raise
        return again
    return event


def _written(person: Person, lead: Lead, client_id: UUID) -> LeadEvent | None:
    there = LeadEvent.objects.filter(client_id=client_id).first()
    if there is not None and (there.lead_id != lead.pk or there.by_id != person.pk):
        raise taken()
    return there


def _add(person: Person, row: Lead, kind: str, text: str, values: dict[str, Any], when: datetime, now: datetime, *,
         next_step: str | None, next_at: datetime | None, purpose: str | None, **rest: Any) -> LeadEvent:
    who = actor(person, row)
    if who is None:
        raise NotAllowed
    if who is Actor.COLLEAGUE and kind != "note":
        raise _not_yours(row)
    before = history.snapshot(row, KEPT)
    waits = row.state == State.WAITING
    if kind in CONTACTS:
        row.state = step(person, row, Move.REACT)
        row.owner_id = row.owner_id or person.pk
        if waits:
            reacted(row, now)
    elif row.state in ENDS and kind != "note":
        step(person, row, Move.STAGE)  # says that it has ended
    if (next_step is not None or next_at is not None) and who is not Actor.COLLEAGUE and row.closed_at is None:
        row.next_step, row.next_at, row.purpose = (next_step or "").strip(), next_at, purpose or row.purpose
    event = write_event(row, kind, person, text, when, data=values, state="open" if kind == "discount" else "", **rest)
    if history.snapshot(row, KEPT) != before or (waits and kind in CONTACTS):
        finish(row, before, person)
    else:
        Lead.objects.filter(pk=row.pk).update(last_at=now)
        telling.changed(row, person.pk)
    _tell(person, row, kind)
    return event


def _not_yours(row: Lead) -> Problem:
    """He may have had it when it happened, and writes it down late: who has it now, and what he still may do."""
    if row.owner is None:
        zh = "这条线索已不在您名下：请先领取，或只写备注。"
        en = "This lead is not yours any more: claim it first, or write a note."
    else:
        zh = f"这条线索现在由 {row.owner.name} 跟进：您可以写备注。"
        en = f"{row.owner.name} has this lead now: you may write a note."
    return Problem("not_yours", zh, en, status=403, extra={"pool": row.state == State.POOL})


def _tell(person: Person, row: Lead, kind: str) -> None:
    name = row.customer.name
    if kind == "discount":
        telling.tell([pk for pk in telling.leads_of(row.store_id) if pk != person.pk],
                     f"{person.name} 为 {name} 申请优惠，请您批复。",
                     f"{person.name} asks for a discount for {name}: please answer.")
    elif row.owner_id is not None and row.owner_id != person.pk:
        telling.tell([row.owner_id], f"{person.name} 更新了 {name} 的线索。",
                     f"{person.name} wrote in the lead of {name}.")


def access_event(lead: Lead, event: int) -> LeadEvent:
    """The event, if it is of that lead. Raises NotFound."""
    row = LeadEvent.objects.select_related("by").filter(pk=event, lead=lead).first()
    if row is None:
        raise NotFound
    return row


def answer(person: Person, lead: Lead, event: LeadEvent, granted: bool, text: str, amount: int | None) -> LeadEvent:
    """A discount, or the wish to have the lead, granted or refused: by who assigns leads there, or for the wish by who
    has it; never by who asked. Once.
    """
    with transaction.atomic():
        row = locked(person, lead)
        event = LeadEvent.objects.select_for_update(of=("self",)).select_related("by").get(pk=event.pk)
        if event.kind not in ("discount", "ask"):
            raise NotFound
        if event.by_id == person.pk or not (may_assign(person, row)
                                            or (event.kind == "ask" and row.owner_id == person.pk)):
            raise NotAllowed
        if event.state != "open":
            raise Problem("answered", "这条申请已经有人批复了。", "Somebody has answered this already.", status=409)
        if event.kind == "discount" and granted:
            _check_granted(event, amount)
        event.state = "granted" if granted else "refused"
        event.save(update_fields=["state"])
        data: dict[str, Any] = {"granted": granted, "what": event.kind}
        if event.kind == "discount" and granted:
            data["amount"] = amount if amount is not None else event.data.get("amount")
        reply = write_event(row, "answer", person, text.strip(), data=data, answers=event)
        asker = event.by
        if asker is not None:
            word = ("同意", "granted") if granted else ("没有同意", "refused")
            what = ("优惠申请", "the discount") if event.kind == "discount" else ("接手申请", "your wish to have")
            telling.tell([asker.pk], f"{person.name}{word[0]}了您对 {row.customer.name} 的{what[0]}。",
                         f"{person.name} {word[1]} {what[1]} for {row.customer.name}.")
        if event.kind == "ask" and granted and asker is not None:
            _hand_to(person, row, Person.objects.get(pk=asker.pk))
        else:
            Lead.objects.filter(pk=row.pk).update(last_at=timezone.now())
            telling.changed(row, person.pk)
    return reply


def _check_granted(event: LeadEvent, amount: int | None) -> None:
    if amount is not None and not 0 < amount <= int(event.data.get("amount") or 0):
        raise invalid("amount", "同意的金额须大于零，且不超过申请的金额；不同意请选择“不同意”。",
                      "Grant more than nothing and at most what is asked for, or refuse it.")


def _hand_to(person: Person, row: Lead, asker: Person) -> None:
    """He gets it, in this store if he may work there, else in his own."""
    store = row.store_id if asker.can("leads.edit", row.store_id) else asker.store_id
    if store is None or not asker.can("leads.edit", store):
        raise Problem("no_store", f"{asker.name} 没有可以跟进线索的门店。",
                      f"{asker.name} has no store where he may have leads.", status=409)
    if row.state == State.POOL:
        raise Problem("wrong_state", "这条线索在公海里，请先领取。", "This lead is in the pool: claim it first.",
                      status=409)
    if row.state in ENDS:
        raise Problem("wrong_state", "这条线索已经结束。", "This lead has ended.", status=409)
    handed(person, row, State.WAITING, store, asker.pk, "")


# photos ---------------------------------------------------------------------------------------------------------------
def add_photo(person: Person, lead: Lead, event: LeadEvent, photo: UUID, content: bytes) -> LeadPhoto:
    """A picture of what happened, by whoever wrote that down. Sent again, it is there once. Raises Problem."""
    digest = hashlib.sha256(content).hexdigest()
    there = LeadPhoto.objects.filter(pk=photo).first()
    if there is not None:
        if (there.event_id, there.by_id, there.sha256) != (event.pk, person.pk, digest):
            raise taken()
        return there
    if event.by_id != person.pk or not person.can("leads.edit", lead.store_id):
        raise NotAllowed
    if event.photos.count() >= PHOTOS_AN_EVENT:
        raise Problem("too_many", f"一条记录最多 {PHOTOS_AN_EVENT} 张照片。", f"At most {PHOTOS_AN_EVENT} photos each.")
    try:
        picture = photos.clean(content)
    except photos.NotAPhoto as error:
        raise Problem("not_a_photo", "这不是照片：请选择 JPEG、PNG 或 WebP 图片。",
                      "This is no photo: choose a JPEG, PNG or WebP picture.", status=415) from error
    now = timezone.localtime()
    path = f"{now:%Y/%m}/{photo}{picture.suffix}"
    file = settings.DEALERLINE.photos / path
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_bytes(picture.content)
    part.replace(file)
    row, made = LeadPhoto.objects.get_or_create(pk=photo, defaults={
        "lead": lead, "event": event, "by": person, "path": path, "content_type": picture.content_type,
        "width": picture.width, "height": picture.height, "size": len(picture.content), "sha256": digest})
    if made:
        telling.changed(lead, person.pk)
    return row


def read_photo(lead: Lead, photo: UUID) -> tuple[LeadPhoto, bytes]:
    """The picture of that lead. Raises NotFound, also when its file is gone."""
    row = LeadPhoto.objects.filter(pk=photo, lead=lead).first()
    if row is None:
        raise NotFound
    try:
        return row, (settings.DEALERLINE.photos / row.path).read_bytes()
    except OSError:
        raise NotFound from None
