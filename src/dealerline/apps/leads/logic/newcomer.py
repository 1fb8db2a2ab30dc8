"""A lead of somebody who is in no list: he and his lead are made together, or neither is.

The rule of the file: nobody is made twice in silence. What was written outside without a network comes late, when he
may long be in the files: then whoever wrote it is asked which of them it is.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from dealerline.apps.accounts.facade import Person, sees_numbers
from dealerline.apps.common.errors import Problem
from dealerline.apps.customers import facade as customers
from dealerline.apps.leads.logic import work
from dealerline.apps.leads.models import Lead
from dealerline.domain import numbers


def create(person: Person, who: dict[str, Any], *, store: int, client_id: UUID | None, **lead: Any) -> Lead:
    """Him and a lead of his; the same page's second try gets what the first one made. Raises Problem: ``known`` when
    he may be in the files, ``held`` when somebody has an open lead of one with his number.
    """
    with transaction.atomic():
        work.once(client_id)
        there = work.made(person, client_id)
        if there is not None:
            return there
        if not who["anyway"]:
            _ask_who(person, who["name"], who["phone"])
        customer = customers.create(person, store=store, phone=who["phone"], call_number="",
                                    values={field: who[field] for field in ("name", "title", "kind")})
        return work.create(person, customer=customer, store=store, client_id=client_id, **lead)


def _ask_who(person: Person, name: str, phone: str) -> None:
    found = customers.alike(person, name, phone)
    if not found:
        return

    def drawn(row: Any, by: str) -> dict[str, Any]:
        number = next((one.e164 for one in row.phones.all()), "")
        whole = sees_numbers(person, row.store_id)
        return {"customer": {"id": row.pk, "name": row.name, "title": row.title},
                "number": number if whole else numbers.masked(number), "by": by}

    raise Problem("known", "客户档案里可能已有这个人，请确认是不是同一位。",
                  "He may be in the files already: say whether it is the same person.", status=409,
                  extra={"known": [drawn(row, by) for row, by in found]})
