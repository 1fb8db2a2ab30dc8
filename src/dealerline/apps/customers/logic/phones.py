"""The numbers of a customer: added, made the main one, verified, barred; and shown once to whoever sees them masked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from dealerline.apps.accounts.facade import Person, sees_numbers
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.customers.logic import rows
from dealerline.apps.customers.models import Customer, CustomerPhone
from dealerline.apps.history import facade as history
from dealerline.domain import numbers
from dealerline.domain.number_places import CARRIERS

FIELDS = ("e164", "extension", "use", "primary", "used_by", "verified_how", "do_not_call", "do_not_call_why")
NUMBERS_AT_MOST = 20
REVEALS_AN_HOUR = 60
"""So many numbers one person may have shown in an hour: more than anybody needs at work, less than a list that is
carried off."""


def draw(person: Person, phone: CustomerPhone) -> dict[str, Any]:
    """A number as he may see it. ``logic/pop.py`` says the same in SQL."""
    return drawn(phone, sees_numbers(person, phone.customer.store_id))


def drawn(phone: CustomerPhone, whole: bool) -> dict[str, Any]:
    """A number, whole or masked."""
    city = phone.city_zh or phone.city_en
    return {"id": phone.pk, "number": phone.e164 if whole else numbers.masked(phone.e164), "use": phone.use,
            "primary": phone.primary, "extension": phone.extension, "used_by": phone.used_by,
            "country": phone.country, "city": {"zh": phone.city_zh, "en": phone.city_en} if city else None,
            "carrier": CARRIERS.get(phone.carrier), "verified_at": phone.verified_at,
            "verified_how": phone.verified_how, "do_not_call": phone.do_not_call,
            "do_not_call_why": phone.do_not_call_why, "version": phone.version}


PHONE = rows.Kind(
    "phone", CustomerPhone, FIELDS, lambda phone: (phone.customer_id, phone.customer.store_id),
    {"zh": "这个号码", "en": "this number"}, draw, ("customer",))
TAKEN = {"zh": "这位客户已有这个号码。", "en": "This customer has that number already."}


def read_number(raw: str) -> tuple[str, str]:
    """E.164 and extension of what was typed. Raises Problem with what to change."""
    why = numbers.why_not(raw)
    if why is not None:
        raise rows.invalid(phone=why)
    return numbers.e164(raw), numbers.extension(raw)


def add(person: Person, customer: Customer, raw: str, source: str, **values: Any) -> CustomerPhone:
    """One more number. The one that he has already is given back unchanged."""
    e164, behind = read_number(raw)
    same = CustomerPhone.objects.select_related("customer").filter(customer=customer, e164=e164).first()
    if same is not None:
        return same
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)  # one at a time, else there are two main ones
        others = CustomerPhone.objects.filter(customer=customer)
        if others.count() >= NUMBERS_AT_MOST:
            raise rows.invalid(phone={"zh": f"一位客户最多 {NUMBERS_AT_MOST} 个号码。",
                                      "en": f"A customer has at most {NUMBERS_AT_MOST} numbers."})
        phone = CustomerPhone(customer=customer, e164=e164, raw=raw.strip()[:40], extension=behind)
        _put(phone, values, person)
        phone.primary = bool(values.get("primary")) or not others.filter(primary=True).exists()
        if phone.primary:
            _unset_primary(customer.pk, None, person, source)
        return rows.create(PHONE, person, phone, source, TAKEN)


def change(person: Person, customer: int, key: int, version: int, values: dict[str, Any], source: str) -> CustomerPhone:
    """Change a number. A new number, or another person who uses it, is not verified any more."""
    of_customer(person, customer, key, rows.EDIT)
    wanted = dict(values)
    number = wanted.pop("number", None)

    def before_saving(phone: CustomerPhone) -> None:
        if number is not None:
            old = phone.e164
            phone.e164, phone.extension = read_number(number)
            phone.raw = number.strip()[:40]
            if phone.e164 != old and "verified_how" not in wanted:
                wanted["verified_how"] = ""
        _put(phone, wanted, person)
        if phone.primary:
            _unset_primary(phone.customer_id, phone.pk, person, source)
        elif wanted.get("primary") is False:
            first = CustomerPhone.objects.filter(customer=phone.customer_id, primary=True).exclude(pk=phone.pk).exists()
            phone.primary = not first  # somebody has to be the main one: name another instead

    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer)  # his numbers one at a time, else two are the main one
        return rows.change(PHONE, person, key, version, {}, source, before_saving=before_saving, taken=TAKEN)


def remove(person: Person, customer: int, key: int, version: int, source: str) -> None:
    """Take a number away; the next one becomes the main one."""
    of_customer(person, customer, key, rows.EDIT)
    with transaction.atomic():
        rows.remove(PHONE, person, key, version, source)
        left = CustomerPhone.objects.select_related("customer").filter(customer=customer)
        if not left.filter(primary=True).exists() and (heir := left.order_by("pk").first()) is not None:
            rows.change(PHONE, person, heir.pk, heir.version, {"primary": True}, source)


def of_customer(person: Person, customer: int, key: int, permission: str = rows.VIEW) -> CustomerPhone:
    """That number, if it is his and the person may."""
    phone = rows.access(PHONE, person, key, permission)
    if phone.customer_id != customer:
        raise NotFound
    return phone


def reveal(request: HttpRequest, person: Person, customer: int, key: int) -> dict[str, Any]:
    """The whole number, audited; how many he has looked at within the hour and today is told to him, too."""
    phone = of_customer(person, customer, key)
    store = phone.customer.store_id
    now = timezone.now()
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    if sees_numbers(person, store):  # nothing is hidden from him
        return {"number": phone.e164, "this_hour": 0, "today": 0, "an_hour": REVEALS_AN_HOUR}
    if not person.can("numbers.reveal", store):
        raise NotAllowed
    this_hour = count_reveal(request, person, store, "phone", key, {"customer": customer})
    return {"number": phone.e164, "this_hour": this_hour, "today": audit.count(person, "reveal", today),
            "an_hour": REVEALS_AN_HOUR}


def count_reveal(request: HttpRequest, person: Person, store: int, object_type: str, key: int,
                 detail: dict[str, Any]) -> int:
    """A whole number is shown to somebody who sees it masked, wherever: audited, and how many it is within the hour.

    Raises Problem ``too_many`` (429) for what is more than anybody needs.
    """
    this_hour = audit.count(person, "reveal", timezone.now() - timedelta(hours=1))
    if this_hour >= REVEALS_AN_HOUR and not sees_numbers(person, store):
        audit.record(request, "reveal", object_type=object_type, object_id=key, store=store, detail={"refused": True})
        raise Problem("too_many", f"一小时内最多查看 {REVEALS_AN_HOUR} 个完整号码，请稍后再试，或请班长查看。",
                      f"At most {REVEALS_AN_HOUR} whole numbers an hour: try later, or ask your lead.", status=429,
                      extra={"seconds": 600})
    audit.record(request, "reveal", object_type=object_type, object_id=key, store=store, detail=detail)
    return this_hour + 1


def _put(phone: CustomerPhone, values: dict[str, Any], person: Person) -> None:
    """Set the fields given, and what follows from them."""
    for field in ("use", "primary", "used_by", "do_not_call_why"):
        if field in values:
            setattr(phone, field, values[field])
    if "verified_how" in values:
        phone.verified_how = values["verified_how"]
        phone.verified_at = timezone.now() if phone.verified_how else None
        phone.verified_by = person if phone.verified_how else None
    if "do_not_call" in values and values["do_not_call"] != phone.do_not_call:
        phone.do_not_call = values["do_not_call"]
        phone.do_not_call_since = timezone.now() if phone.do_not_call else None
        if not phone.do_not_call:
            phone.do_not_call_why = ""


def _unset_primary(customer: int, but: int | None, person: Person, source: str) -> None:
    others = CustomerPhone.objects.select_for_update().filter(customer=customer, primary=True)
    for other in others.exclude(pk=but) if but is not None else others:
        before = history.snapshot(other, FIELDS)
        other.primary, other.version = False, other.version + 1
        other.save()
        history.record(other, before, by=person, source=source, customer=customer, store=other.customer.store_id)
