"""Promises to customers: made, found, drawn, changed.

The rule of the file: whoever changes one says which version of it he saw; what may happen is the domain's table. The
time first promised never changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from dealerline.apps.accounts.facade import Person, sees_numbers
from dealerline.apps.calls import facade as calls
from dealerline.apps.common.desks import dial, notice
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.common.live import live_call
from dealerline.apps.common.ringing import Wish as Ring
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.customers import facade as customers
from dealerline.apps.history import facade as history
from dealerline.apps.promises.logic import rules
from dealerline.apps.promises.models import OWED, Promise, What
from dealerline.domain import numbers
from dealerline.domain.promises import states, times
from dealerline.domain.promises.states import On

RELATED = ("customer", "car", "made_by", "owner", "told_by", "message_by", "ended_by")
SEE, EDIT, REPORT = "promises.view", "promises.edit", "promises.report"
FIELDS = ("what", "text", "customer_id", "car_id", "owner_id", "due_at", "state", "told_at", "ended_at", "ended_how",
          "note", "tries")
OLDEST = timedelta(hours=24)
"""A page that could not send it keeps a promise so long; what claims to be older was made now."""

WORDS = {
    What.RING_BACK: {"zh": "回电", "en": "Ring back"}, What.QUOTE: {"zh": "发报价", "en": "Send a quote"},
    What.CAR_READY: {"zh": "车辆备好", "en": "Car ready"}, What.OTHER: {"zh": "其他承诺", "en": "Promise"}}


def access_promise(person: Person, promise: UUID | str) -> Promise:
    """The promise, if it is of one of his stores. Raises NotFound."""
    row = Promise.objects.visible_to(person, SEE).select_related(*RELATED).filter(pk=promise).first()
    if row is None:
        raise NotFound
    return row


def search(person: Person, *, state: str, mine: bool, store: int | None, customer: int | None, call: UUID | None,
           q: str) -> QuerySet[Promise]:
    """``state``: owed, late, one of the states, "" (all). What is owed comes by its time, what is over newest first."""
    rows = Promise.objects.visible_to(person, SEE).select_related(*RELATED)
    for field, value in (("store", store), ("customer", customer), ("call", call), ("owner", person if mine else None)):
        if value:
            rows = rows.filter(**{field: value})
    if q.strip():
        text = "".join(c for c in q if c.isdigit())
        rows = rows.filter(Q(customer__name__contains=q.strip()) | Q(text__contains=q.strip())
                           | Q(number__endswith=text or "-"))
    if state in ("owed", "late"):
        rows = rows.filter(state__in=OWED)
        return (rows.filter(due_at__lt=timezone.now()) if state == "late" else rows).order_by("due_at", "pk")
    if state:
        rows = rows.filter(state=state)
    return rows.order_by(F("ended_at").desc(nulls_first=True), "due_at", "pk")


def _who(person: Any) -> dict[str, Any] | None:
    return {"id": person.pk, "name": person.name} if person is not None else None


def title(row: Promise) -> dict[str, str]:
    """What was promised, in both languages."""
    found = WORDS[What(row.what)]
    return {"zh": row.text or found["zh"], "en": row.text or found["en"]} if row.what == What.OTHER else found


def is_late(row: Promise, now: datetime | None = None) -> bool:
    return row.state in OWED and row.due_at < (now or timezone.now())


def draw(person: Person, row: Promise, now: datetime | None = None) -> dict[str, Any]:
    """A promise as the pages see it, the number masked by role."""
    return {
        "id": row.pk, "store": row.store_id, "what": row.what, "title": title(row), "text": row.text,
        "customer": _who(row.customer), "car": {"id": row.car.pk, "name": str(row.car)} if row.car else None,
        "number": row.number if sees_numbers(person, row.store_id) else numbers.masked(row.number),
        "call": row.call_id, "second": row.second, "made_by": _who(row.made_by), "made_at": row.made_at,
        "owner": _who(row.owner), "first_due_at": row.first_due_at, "due_at": row.due_at, "state": row.state,
        "late": is_late(row, now), "tries": row.tries, "told_at": row.told_at, "told_by": _who(row.told_by),
        "message": _message(row),
        "ended_at": row.ended_at, "ended_by": _who(row.ended_by), "ended_how": row.ended_how,
        "ended_call": row.ended_call, "note": row.note, "version": row.version}


def _message(row: Promise) -> dict[str, Any] | None:
    """The last text message about it."""
    if row.message is None:
        return None
    return {"state": row.message_state, "why": row.message_why, "at": row.message_at, "by": _who(row.message_by)}


def invalid(**fields: tuple[str, str]) -> Problem:
    """What the person has to put right, field by field."""
    return Problem("invalid", "请检查标红的内容。", "Please check what is marked.",
                   fields={field: {"zh": zh, "en": en} for field, (zh, en) in fields.items()})


def ahead(due: datetime, after: datetime) -> datetime:
    """A time that can be promised. Raises Problem."""
    if due <= after or due - after > timedelta(seconds=times.LONGEST):
        raise invalid(due_at=("请选择今后一年以内的时间。", "Choose a time ahead, within a year."))
    return due


# making -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class New:
    """What a page tells of a promise. ``store`` counts only for a call that neither records nor switch know yet."""

    id: UUID
    what: str
    text: str
    due_at: datetime
    call: UUID | None
    second: float | None
    customer: int | None
    car: int | None
    store: int | None
    made_at: datetime | None
    owner: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where it belongs."""

    store: int
    line: int
    number: str
    customer: int | None


def _place(person: Person, new: New) -> Place:
    """By the call, else by the customer. Raises Problem. A call of a store that is not his is as unknown as any."""
    customer = customers.access_customer(person, new.customer) if new.customer else None
    if new.call is not None:
        brief = next(iter(calls.briefs([new.call])), None)
        if brief is not None and brief.store is not None and person.can(SEE, brief.store):
            return Place(brief.store, brief.line, brief.number, new.customer or brief.customer)
        live = live_call(new.call)
        if live is not None and person.can(SEE, live.store):
            return Place(live.store, live.line, numbers.e164(live.number), new.customer)
    if customer is not None:
        return Place(customer.store_id, 0, customers.main_number(customer.pk), customer.pk)
    if new.call is not None and new.store is not None:
        return Place(new.store, 0, "", None)
    raise invalid(customer=("请选择客户。", "Choose a customer."))


def may_edit(person: Person, store: int) -> None:
    """Raises NotFound for outsiders, NotAllowed for insiders without the right."""
    if not person.can(EDIT, store):
        raise NotAllowed if person.can(SEE, store) else NotFound


def chosen_owner(owner: int, store: int) -> Person:
    """Somebody of that store who may keep it. Raises Problem."""
    found = Person.objects.filter(pk=owner, is_active=True).first()
    if found is None or not found.can(EDIT, store):
        raise invalid(owner=("这家门店没有这位同事。", "There is no such colleague in that store."))
    return found


def make(person: Person, new: New) -> tuple[Promise, bool]:
    """The promise, and whether it is new: told twice (a page that heard no answer) it is there once."""
    there = Promise.objects.filter(pk=new.id).first()
    if there is not None:
        return access_promise(person, there.pk), False
    place, now = _place(person, new), timezone.now()
    may_edit(person, place.store)
    if new.what == What.OTHER and not new.text.strip():
        raise invalid(text=("请写明承诺了什么。", "Say what was promised."))
    made_at = new.made_at if new.made_at is not None and now - OLDEST < new.made_at < now else now
    due = ahead(new.due_at, made_at)
    if new.car and not (place.customer and customers.has_car(place.customer, new.car)):
        raise invalid(car=("这辆车不是这位客户的。", "That car is not this customer's."))
    owner = chosen_owner(new.owner, place.store) if new.owner and new.owner != person.pk else person
    row = Promise(pk=new.id, store_id=place.store, line=place.line, what=new.what, text=new.text.strip(),
                  customer_id=place.customer, car_id=new.car, number=place.number, call_id=new.call, second=new.second,
                  made_by=person, made_at=made_at, owner=owner, first_due_at=due, due_at=due)
    rules.set_alarms(row)
    with transaction.atomic():
        if place.customer is not None:
            customers.need_open(place.customer, hold=True)
        values = {field.attname: getattr(row, field.attname) for field in Promise._meta.concrete_fields}
        row, made = Promise.objects.get_or_create(pk=values.pop("id"), defaults=values)
        if made:
            source = history.Source.CALL if new.call else history.Source.PAGE
            history.record_new(row, FIELDS, by=person, source=source, customer=row.customer_id, store=row.store_id)
            told(row, person)
            if owner.pk != person.pk:
                _given(person, row)
    return access_promise(person, row.pk), made


def told(row: Promise, by: Person | None) -> None:
    """Every page that shows it reads it again."""
    tell_changed("promise", row.pk, store=row.store_id, customer=row.customer_id, by=by.pk if by is not None else None)


def _given(person: Person, row: Promise) -> None:
    words = title(row)
    notice([row.owner_id or 0], {"zh": f"{person.name} 把一个承诺交给了您：{words['zh']}。",
                                 "en": f"{person.name} gave you a promise to keep: {words['en']}."})


# changing -----------------------------------------------------------------------------------------------------------
def stale(person: Person, row: Promise) -> Problem:
    return Problem("stale", "别人刚刚处理了这个承诺。", "Somebody dealt with this promise just now.", status=409,
                   extra={"current": plain(draw(person, row))})


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Values that go through JSON."""
    return {key: value if value is None or isinstance(value, (int, float, dict, bool)) else
            value.isoformat() if hasattr(value, "isoformat") else str(value) for key, value in row.items()}


@dataclass(frozen=True, slots=True)
class Wish:
    """What to do with it: an event of the domain, ``told`` (that it will be late), ``again`` (not reached), or ""."""

    do: str = ""
    note: str = ""
    due_at: datetime | None = None
    owner: int | None = None
    text: str | None = None


def change(person: Person, promise: Promise, version: int, wish: Wish) -> Promise:
    """Raises Problem: ``stale`` (409) with the row as it is now, ``not_now`` (409), or what to put right."""
    now = timezone.now()
    with transaction.atomic():
        row = Promise.objects.locked(promise.pk, *RELATED)
        may_edit(person, row.store_id)
        if row.version != version:
            raise stale(person, row)
        if row.customer_id is not None:
            customers.need_open(row.customer_id)
        if wish.due_at is not None and wish.do != On.MOVE:
            raise invalid(due_at=("改时间请用“改期”。", "Another time goes with putting it off (move)."))
        before = history.snapshot(row, FIELDS)
        if wish.do:
            _do(person, row, wish, now)
        if wish.text is not None:
            row.text = wish.text.strip()
        if wish.owner is not None and wish.owner != row.owner_id:
            if row.owner_id != person.pk and not person.can(REPORT, row.store_id):
                raise NotAllowed
            row.owner = chosen_owner(wish.owner, row.store_id)
            _given(person, row)
        row.version += 1
        row.save()
        history.record(row, before, by=person, customer=row.customer_id, store=row.store_id)
        told(row, person)
    return access_promise(person, row.pk)


def _do(person: Person, row: Promise, wish: Wish, now: datetime) -> None:
    if wish.do in ("told", "again"):
        if row.state not in OWED:
            raise not_now()
        if wish.do == "again":
            row.tries += 1
        else:
            _is_told(person, row, wish.note, now)
        return
    on = On(wish.do)
    if not states.may(row.state, on):
        raise not_now()
    if on in states.NEEDS_NOTE and not wish.note.strip():
        raise invalid(note=("请写一句说明。", "Say in a word how, or why."))
    row.state = states.step(row.state, on)
    if on is On.MOVE:
        row.due_at = ahead(wish.due_at or now, now)
        row.step = 0
        rules.set_alarms(row)
        _is_told(person, row, wish.note, now)
    elif on is On.REOPEN:
        row.ended_at = row.ended_by = row.ended_call = None
        row.ended_how = ""
        rules.reopen(row, now)
    else:
        end(row, on, now, by=person, note=wish.note.strip())


def _is_told(person: Person, row: Promise, note: str, now: datetime) -> None:
    """The customer knows that it will be late, or by when it comes instead."""
    row.told_at, row.told_by = row.told_at or now, row.told_by or person
    row.note = note.strip() or row.note


def end(row: Promise, on: On, at: datetime, *, by: Any = None, note: str = "", call: UUID | None = None) -> None:
    """Its state is the new one already."""
    row.ended_at, row.ended_by, row.ended_how, row.ended_call = at, by, on.value, call
    row.note = note or row.note


def not_now() -> Problem:
    return Problem("not_now", "这个承诺现在不能这样处理，请先刷新。",
                   "That cannot be done with this promise now: read it again first.", status=409)


def ring(person: Person, row: Promise) -> Promise:
    """Dial the customer at his desk, even if he sees the number masked. Raises Problem."""
    may_edit(person, row.store_id)
    number = row.number or (customers.main_number(row.customer_id) if row.customer_id else "")
    if not number:
        raise Problem("no_number", "这位客户没有可拨打的号码。", "There is no number to ring.")
    dial(person, Ring(number, asked=True), row.line)
    return row
