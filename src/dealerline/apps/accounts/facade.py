"""What other apps and the adapters may use of people."""

from __future__ import annotations

from typing import Any

from dealerline.apps.accounts.auth import need, person_of, signed_in, visitor
from dealerline.apps.accounts.logic.masking import sees_numbers
from dealerline.apps.accounts.models import Person, Role, RoleGrant, ScopeKind, WallScreen
from dealerline.apps.common.phones import e164
from dealerline.apps.common.telling import NEEDS, SEES
from dealerline.apps.organisation.facade import directory_stores

__all__ = [
    "Person", "Role", "RoleGrant", "ScopeKind", "administrator_exists", "directory_people", "directory_viewers",
    "directory_walls", "names", "need", "person_of", "sees_numbers", "signed_in", "visitor", "who_may",
]


def administrator_exists() -> bool:
    """Whether anybody can administer the group."""
    return RoleGrant.objects.filter(role=Role.ADMINISTRATOR, scope=ScopeKind.GROUP, person__is_active=True).exists()


def names(people: set[int]) -> dict[int, str]:
    """id -> name, for showing who did something."""
    return dict(Person.objects.filter(pk__in=people).values_list("pk", "name"))


def who_may(permission: str, store: int) -> list[int]:
    """The active people who hold that permission in that store."""
    people = Person.objects.filter(is_active=True).prefetch_related("grants")
    return [person.pk for person in people if store in person.stores_for(permission)]


def directory_people() -> list[dict[str, Any]]:
    """Everybody who may open a desk or a board, as the switch's directory has them."""
    people = Person.objects.filter(is_active=True).select_related("store").prefetch_related("grants").order_by("pk")
    every = [store["id"] for store in directory_stores()]
    result = []
    for person in people:
        if not (person.can("desk.use") or person.can("board.view")):
            continue
        stores = person.stores_for()
        seen = tuple(every) if stores.every else tuple(sorted(stores.ids & set(every)))
        result.append({
            "id": person.pk, "store": person.store_id or (seen[0] if seen else 0), "name": person.name,
            "extension": person.extension or "", "roles": person.access.roles, "stores": seen,
            "masked": not sees_numbers(person, person.store_id), "phone": person.desk_phone_id or 0,
            "mobile": e164(person.mobile), "language": "en" if person.language == "en" else "zh"})
    return result


def directory_viewers() -> list[dict[str, Any]]:
    """Everybody who may sign in, and of which stores' changes his pages are told, as the switch's directory has them.
    """
    people = Person.objects.filter(is_active=True).select_related("store").prefetch_related("grants").order_by("pk")
    every = tuple(store["id"] for store in directory_stores())
    told = sorted({SEES, *NEEDS.values()})
    result = []
    for person in people:
        scopes = ((permission, person.stores_for(permission)) for permission in told)
        hears = tuple((permission, every if stores.every else tuple(sorted(stores.ids & set(every))))
                      for permission, stores in scopes if stores)
        result.append({"id": person.pk, "name": person.name, "store": person.store_id or 0,
                       "desk": person.can("desk.use"), "board": person.can("board.view"), "hears": hears})
    return result


def directory_walls() -> list[dict[str, Any]]:
    """The screens on walls that may look, as the switch's directory has them."""
    every = tuple(store["id"] for store in directory_stores())
    return [{"id": wall.pk, "name": wall.name, "serial": wall.serial,
             "stores": (wall.store_id,) if wall.store_id else every}
            for wall in WallScreen.objects.filter(active=True).order_by("pk") if wall.store_id in (None, *every)]
