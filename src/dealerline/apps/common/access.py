"""Who may see what: the rule that every scoped manager obeys.

A person holds grants; a grant is a role over a store, a region or the whole group. For one permission the grants give
a set of stores, or all of them. Rows carry ``store``; a row is visible when its store is in that set. Rows without a
store are either shared (``shared_when_null``, e.g. a matter that every store uses) or visible only to those who see
every store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from django.db import models


@dataclass(frozen=True, slots=True)
class StoreSet:
    """A set of stores, or every store there is and will be."""

    every: bool = False
    ids: frozenset[int] = frozenset()

    def __contains__(self, store: int | None) -> bool:
        return self.every or (store is not None and store in self.ids)

    def __bool__(self) -> bool:
        return self.every or bool(self.ids)

    def __or__(self, other: StoreSet) -> StoreSet:
        return StoreSet(self.every or other.every, self.ids | other.ids)

    def covers(self, other: StoreSet) -> bool:
        """Whether every store of ``other`` is in this set."""
        return self.every or (not other.every and other.ids <= self.ids)


NO_STORES = StoreSet()


class Viewer(Protocol):
    """Whoever looks: a signed-in person, seen from apps that know nothing of accounts."""

    @property
    def pk(self) -> Any: ...

    def stores_for(self, permission: str = "") -> StoreSet:
        """The stores in which he holds the permission; "" means any role at all."""
        ...


M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M]):
    """``visible_to`` for every table that belongs to stores. Subclasses set where the store is."""

    store_path = "store_id"
    shared_when_null = False

    def visible_to(self, viewer: Viewer, permission: str = "") -> Self:
        """The rows of stores in which ``viewer`` holds ``permission`` (any role when "")."""
        stores = viewer.stores_for(permission)
        if stores.every:
            return self
        condition = models.Q(**{f"{self.store_path}__in": sorted(stores.ids)})
        if self.shared_when_null and stores:
            condition |= models.Q(**{f"{self.store_path}__isnull": True})
        return self.filter(condition)

    def locked(self, key: Any, *related: str) -> M:
        """The row for writing, with what is joined to it.

        Locked first and read after: whoever waits for the lock in a join gets the row as it is now, but joined to what
        it named before.
        """
        list(self.select_for_update().filter(pk=key).values_list("pk"))
        return self.select_related(*related).get(pk=key)


class SharedQuerySet(ScopedQuerySet[M]):
    """As ScopedQuerySet; rows without a store are everybody's to see."""

    shared_when_null = True
