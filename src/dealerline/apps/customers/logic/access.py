"""The door to a customer's file."""

from __future__ import annotations

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.errors import NotAllowed, NotFound
from dealerline.apps.customers.models import Customer


def access_customer(person: Person, customer: int, permission: str = "customers.view") -> Customer:
    """The customer, if the person may.

    Outsiders are told that there is none; insiders without the right, that they may not.
    """
    row = Customer.objects.visible_to(person, "customers.view").filter(pk=customer).first()
    if row is None:
        raise NotFound
    if permission != "customers.view" and not person.can(permission, row.store_id):
        raise NotAllowed
    return row
