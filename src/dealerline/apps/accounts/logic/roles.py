"""Roles are sets of permissions; a grant gives a role over some stores. This table is the whole rule.

A permission is a word ``area.verb``. "back_office.use" opens the back office, where each screen asks its own
permission again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dealerline.apps.common.access import NO_STORES, StoreSet

_DESK = frozenset({
    "desk.use", "calls.view", "calls.listen_own", "records.write", "customers.view", "customers.edit", "messages.view",
    "board.view", "leads.view", "leads.edit", "promises.view", "promises.edit", "numbers.reveal",
})
_SALES = frozenset({"customers.view", "customers.edit", "leads.view", "leads.edit", "promises.view", "promises.edit",
                    "numbers.reveal"})
_LEAD = _DESK | {"calls.listen", "numbers.see", "messages.handle", "records.edit_others", "queues.edit", "people.view",
                 "back_office.use", "leads.assign", "promises.report", "customers.merge"}
_EDITOR = frozenset({"flows.view", "flows.edit", "prompts.edit", "board.view", "back_office.use"})
_STORE_MANAGER = _LEAD | _EDITOR | {"calls.export", "people.edit", "organisation.view", "organisation.edit",
                                    "audit.view", "customers.import", "customers.export", "segments.edit"}
_GROUP_MANAGER = _STORE_MANAGER | {"carriers.view", "customers.erase"}

ROLE_PERMISSIONS: Mapping[str, frozenset[str]] = {
    "agent": _DESK,
    "shift_lead": _LEAD,
    "handler": _DESK | {"calls.listen", "numbers.see", "messages.handle", "records.edit_others"},
    "dispatcher": _DESK | {"numbers.see", "messages.handle"},
    "sales": _SALES,
    "editor": _EDITOR,
    "campaign_manager": frozenset({"calls.view", "calls.listen", "customers.view", "messages.view", "board.view",
                                   "segments.edit", "customers.export"}),
    "store_manager": _STORE_MANAGER,
    "group_manager": _GROUP_MANAGER,
    "administrator": _GROUP_MANAGER | {"carriers.edit", "system.manage", "people.administer", "webhooks.manage"},
}

PERMISSIONS: frozenset[str] = frozenset().union(*ROLE_PERMISSIONS.values())


@dataclass(frozen=True, slots=True)
class GrantScope:
    """One grant, as plain values. scope: "store", "region" or "group"."""

    role: str
    scope: str
    store: int | None = None
    region: int | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """What one person may do, and where."""

    by_permission: Mapping[str, StoreSet] = field(default_factory=dict)
    anywhere: StoreSet = NO_STORES
    roles: tuple[str, ...] = ()

    def stores_for(self, permission: str = "") -> StoreSet:
        """The stores of that permission; "" is any role. An unknown permission is a mistake in the code: ValueError."""
        if not permission:
            return self.anywhere
        if permission not in PERMISSIONS:
            raise ValueError(f"no such permission: {permission}")
        return self.by_permission.get(permission, NO_STORES)

    @property
    def permissions(self) -> tuple[str, ...]:
        """Every permission held in at least one store, sorted."""
        return tuple(sorted(name for name, stores in self.by_permission.items() if stores))

    def may_grant(self, role: str, stores: StoreSet) -> bool:
        """Whether he may give that role over those stores: he must hold all of its permissions there himself."""
        return self.stores_for("people.edit").covers(stores) and all(
            self.stores_for(permission).covers(stores) for permission in ROLE_PERMISSIONS[role])


def access_of(grants: Iterable[GrantScope], stores_of_region: Mapping[int, set[int]]) -> Access:
    """The rights that follow from grants. ``stores_of_region``: region id -> its stores' ids."""
    by_permission: dict[str, StoreSet] = {}
    anywhere = NO_STORES
    roles: list[str] = []
    for grant in grants:
        if grant.scope == "group":
            stores = StoreSet(every=True)
        elif grant.scope == "region":
            stores = StoreSet(ids=frozenset(stores_of_region.get(grant.region or 0, set())))
        else:
            stores = StoreSet(ids=frozenset({grant.store} if grant.store is not None else set()))
        if grant.role not in roles:
            roles.append(grant.role)
        anywhere |= stores
        for permission in ROLE_PERMISSIONS[grant.role]:
            by_permission[permission] = by_permission.get(permission, NO_STORES) | stores
    return Access(by_permission, anywhere, tuple(roles))
