"""Erasing one person (PIPL article 47, GDPR article 17): what would go, what stays, what forbids it; asked, then done.

The rules of the file:

- The preview is the erasing itself, rolled back: it counts what will really go.
- Two steps: asked for with a reason, then done by typing the name. There is no undo.
- All apps erase in one transaction, or none does; files go when it is through.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from dealerline.apps.accounts.facade import Person, names
from dealerline.apps.common.errors import NotFound, Problem
from dealerline.apps.common.personal import holders
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.customers.facade import identifiers, lock_customer
from dealerline.apps.privacy.models import Erasure, ErasureReason, ErasureState, Tombstone

ERASE = "customers.erase"
SALT = "dealerline.privacy.tombstone"


class _Back(Exception):
    """Rolls a preview back."""


def digest(kind: str, value: str) -> str:
    """What is kept of an identifier: a hash under the installation's secret."""
    return salted_hmac(SALT, f"{kind}:{value.strip().upper()}", algorithm="sha256").hexdigest()


def was_erased(values: Iterable[tuple[str, str]], store: int) -> dict[tuple[str, str], datetime]:
    """Of these (kind, value) - phone in E.164, vin, plate, number, key - those of people erased there, when."""
    if not Tombstone.objects.filter(store_id=store).exists():  # a list of 100,000 rows need not be hashed for nothing
        return {}
    wanted = {digest(kind, value): (kind, value) for kind, value in values if value}
    rows = Tombstone.objects.filter(store_id=store, digest__in=wanted).values_list("digest", "at")
    return {wanted[key]: at for key, at in rows}


def _take_out(customer: int) -> dict[str, dict[str, int]]:
    found = {holder.app: holder.erase(customer) for holder in holders()}
    return {app: counts for app, counts in found.items() if any(counts.values())}


def preview(customer: int) -> dict[str, Any]:
    """What would go, what stays, what forbids it now."""
    counts: dict[str, dict[str, int]] = {}
    holds = _words(customer, "holds")
    stays = _words(customer, "stays")
    try:
        with transaction.atomic():
            counts = _take_out(customer)
            raise _Back
    except _Back:
        pass
    return {"goes": named(counts), "stays": stays, "holds": holds, **state_of(customer)}


def _words(customer: int, what: str) -> list[dict[str, str]]:
    found = []
    for holder in reversed(holders()):
        ask = getattr(holder, what)
        if ask is not None:
            found += [dict(text) for text in ask(customer)]
    return found


def named(counts: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """Counts with the names of what was counted."""
    names_of = {holder.app: holder for holder in holders()}
    return [{"name": dict(names_of[app].name(key)) if app in names_of else {"zh": key, "en": key}, "count": count}
            for app, some in counts.items() for key, count in some.items() if count]


def state_of(customer: int) -> dict[str, Any]:
    """Where the erasing of this customer stands."""
    row = Erasure.objects.filter(customer_id=customer).exclude(state=ErasureState.WITHDRAWN).first()
    if row is None:
        return {"state": "", "reason": "", "note": "", "asked_at": None, "asked_by": "", "ended_at": None}
    return {"state": row.state, "reason": row.reason, "note": row.note, "asked_at": row.asked_at,
            "asked_by": names({row.asked_by_id}).get(row.asked_by_id, "") if row.asked_by_id else "",
            "ended_at": row.ended_at}


def ask(person: Person, customer: Any, reason: str, note: str) -> Erasure:
    """The first step. Raises Problem when it was asked for or done already."""
    if reason == ErasureReason.OTHER and not note.strip():
        raise Problem("invalid", "请说明原因。", "Say why.", fields={"note": {"zh": "请说明原因。", "en": "Say why."}})
    if state_of(customer.pk)["state"] == ErasureState.DONE:
        raise _erased_already()
    try:
        with transaction.atomic():
            return Erasure.objects.create(customer=customer, store_id=customer.store_id, reason=reason,
                                          note=note.strip(), asked_by=person)
    except IntegrityError as error:
        raise Problem("asked", "已经有人提出了删除。", "It was asked for already.", status=409) from error


def _erased_already() -> Problem:
    return Problem("erased", "该客户的资料已按要求删除。", "This customer was erased already.", status=409)


def _asked(customer: Any) -> Erasure:
    row = Erasure.objects.select_for_update().filter(customer=customer, state=ErasureState.ASKED).first()
    if row is None:
        raise NotFound
    return row


def withdraw(person: Person, customer: Any) -> Erasure:
    """Not after all."""
    with transaction.atomic():
        row = _asked(customer)
        row.state, row.ended_at, row.ended_by = ErasureState.WITHDRAWN, timezone.now(), person
        row.save()
    return row


def confirm(person: Person, customer: Any, name: str) -> Erasure:
    """The second step: he is erased. Raises Problem when the name is another, or something forbids it."""
    with transaction.atomic():
        customer = lock_customer(customer.pk)  # as he is after whoever merges him or writes into his file just now
        if customer is None:
            raise NotFound
        if state_of(customer.pk)["state"] == ErasureState.DONE:
            raise _erased_already()
        row = _asked(customer)
        if not hmac.compare_digest(name.strip().encode(), customer.name.strip().encode()):
            text = {"zh": "姓名与客户不符，请照原样输入。", "en": "This is not his name: type it as it stands."}
            raise Problem("invalid", text["zh"], text["en"], fields={"name": text})
        holds = _words(customer.pk, "holds")
        if holds:
            raise Problem("held", "现在不能删除：" + "".join(text["zh"] for text in holds),
                          "It cannot be done now: " + " ".join(text["en"] for text in holds), status=409)
        now = timezone.now()
        Tombstone.objects.bulk_create(
            (Tombstone(digest=digest(kind, value), kind=kind, store_id=customer.store_id, erasure=row, at=now)
             for kind, value in identifiers(customer.pk)), ignore_conflicts=True)
        row.counts = _take_out(customer.pk)
        row.state, row.ended_at, row.ended_by, row.note = ErasureState.DONE, now, person, ""
        row.save()
        tell_changed("customer", customer.pk, store=customer.store_id, customer=customer.pk, by=person.pk)
    return row
