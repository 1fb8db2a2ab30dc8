"""The door to a customer's file."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.customers.models import Customer

_followers: list[Callable[[int], int | None]] = []
_closers: list[Callable[[int], bool]] = []


def follow_with(now_called: Callable[[int], int | None]) -> None:
    """Whoever asks for a customer who is not there is led to the one that ``now_called`` says."""
    _followers[:] = [now_called]


def close_with(erased: Callable[[int], bool]) -> None:
    """A file of which ``erased`` says so is closed: nothing new comes into it."""
    _closers[:] = [erased]


def need_open(customer: int, *, hold: bool = False) -> None:
    """Raises Problem ``erased`` where he was erased on request: written into again, the file would know him again.

    ``hold``: nobody is erased, and no file goes into another, until the transaction ends.
    """
    if hold:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {Customer._meta.db_table} WHERE id = %s FOR KEY SHARE", [customer])
    if any(erased(customer) for erased in _closers):
        raise Problem("erased", "该客户的资料已按要求删除。如果他再次成为客户，请新建客户。",
                      "This customer was erased on request. If he is a customer again, make a new file of him.",
                      status=409)


def open_customer(person: Person, customer: int) -> Customer:
    """The customer, for something new about him: see ``access_customer`` and ``need_open``."""
    row = access_customer(person, customer)
    need_open(row.pk)
    return row


def lock_customer(customer: int) -> Customer | None:
    """The row, for whoever changes the whole file: everybody who merges, erases or adds something waits."""
    return Customer.objects.select_for_update().filter(pk=customer).first()


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
