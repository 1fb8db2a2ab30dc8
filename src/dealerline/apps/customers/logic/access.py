"""The door to a customer's file."""

from __future__ import annotations

from collections.abc import Callable

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.errors import NotAllowed, NotFound
from dealerline.apps.customers.models import Customer

_followers: list[Callable[[int], int | None]] = []


def follow_with(now_called: Callable[[int], int | None]) -> None:
    """Whoever asks for a customer who is not there is led to the one that ``now_called`` says."""
    _followers[:] = [now_called]


def access_customer(person: Person, customer: int, permission: str = "customers.view") -> Customer:
    """The customer, if the person may.

    Outsiders are told that there is none; insiders without the right, that they may not. Who was merged into another
    is that other.
    """
    rows = Customer.objects.visible_to(person, "customers.view")
    row = rows.filter(pk=customer).first()
    if row is None:
        now = next((now for follow in _followers if (now := follow(customer)) is not None), 0)
        row = rows.filter(pk=now).first()
    if row is None:
        raise NotFound
    if permission != "customers.view" and not person.can(permission, row.store_id):
        raise NotAllowed
    return row
