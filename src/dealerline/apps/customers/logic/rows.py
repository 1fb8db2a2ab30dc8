"""How every row of the file is looked for, made, changed and removed: within rights, with history, told to colleagues.

The rule of the file: a row changes only with the version that it was read at. Who comes second is told, gets the row as
it is now, and has overwritten nothing. What was removed stays in the history with all it held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import IntegrityError, models, transaction

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.customers.logic.access import need_open
from dealerline.apps.history import facade as history

R = TypeVar("R", bound=models.Model)
VIEW, EDIT = "customers.view", "customers.edit"
Text = dict[str, str]
Draw = Callable[[Person, Any], dict[str, Any]]


@dataclass(frozen=True)
class Kind(Generic[R]):
    """A kind of row. ``fields``: what people change and the history keeps, foreign keys by their ``_id`` names.

    ``home``: of which customer and which store a row is. ``related``: what drawing it needs.
    """

    name: str
    model: type[R]
    fields: tuple[str, ...]
    home: Callable[[R], tuple[int, int]]
    words: Text
    draw: Draw
    related: tuple[str, ...] = ()


def invalid(**fields: Text) -> Problem:
    """What the form marks red."""
    return Problem("invalid", "请检查标红的内容。", "Please check what is marked.", fields=fields)


def visible(kind: Kind[R], person: Person) -> Any:
    """The rows of that kind that the person may see, with what drawing them needs."""
    return kind.model._default_manager.visible_to(person, VIEW).select_related(*kind.related)  # type: ignore[attr-defined]


def access(kind: Kind[R], person: Person, key: int, permission: str = VIEW) -> R:
    """The row, if he may: outsiders are told that there is none, insiders without the right that they may not."""
    row: R | None = visible(kind, person).filter(pk=key).first()
    if row is None:
        raise NotFound
    if permission != VIEW and not person.can(permission, kind.home(row)[1]):
        raise NotAllowed
    return row


def create(kind: Kind[R], person: Person, row: R, source: str, taken: Text | None = None) -> R:
    """Save a new row. ``taken``: what is said when its number is another's already."""
    customer, store = kind.home(row)
    if not person.can(EDIT, store):
        raise NotAllowed
    try:
        with transaction.atomic():
            if customer:
                need_open(customer, hold=True)
            row.save()
            history.record_new(row, kind.fields, by=person, source=source, customer=customer or row.pk, store=store)
            tell(kind, row, person)
    except IntegrityError as error:
        raise _twice(kind, taken) from error
    return row


def change(kind: Kind[R], person: Person, key: int, version: int, values: Mapping[str, Any], source: str, *,
           before_saving: Callable[[R], None] | None = None, taken: Text | None = None) -> R:
    """Change the fields given. Raises Problem ``stale`` (409) with the row as it is when somebody saved meanwhile."""
    row = access(kind, person, key, EDIT)
    try:
        with transaction.atomic():
            locked: Any = kind.model._default_manager.select_for_update().get(pk=row.pk)
            if locked.version != version:
                raise stale(kind, person, access(kind, person, key))
            need_open(kind.home(locked)[0] or locked.pk)
            old = history.snapshot(locked, kind.fields)
            for field, value in values.items():
                setattr(locked, field, value)
            if before_saving is not None:
                before_saving(locked)
            if history.snapshot(locked, kind.fields) != old:
                locked.version += 1
                locked.save()
                customer, store = kind.home(locked)
                history.record(locked, old, by=person, source=source, customer=customer, store=store)
                tell(kind, locked, person)
    except IntegrityError as error:
        raise _twice(kind, taken) from error
    return access(kind, person, key)


def remove(kind: Kind[R], person: Person, key: int, version: int, source: str) -> None:
    """Remove a row; its values stay in the history, so that it can be put in again."""
    row = access(kind, person, key, EDIT)
    with transaction.atomic():
        locked: Any = kind.model._default_manager.select_for_update().filter(pk=row.pk).first()
        if locked is None:
            raise NotFound
        if locked.version != version:
            raise stale(kind, person, locked)
        customer, store = kind.home(locked)
        history.record_removed(locked, kind.fields, by=person, source=source, customer=customer, store=store)
        tell(kind, locked, person)
        locked.delete()


def stale(kind: Kind[R], person: Person, row: R) -> Problem:
    """Somebody else was quicker."""
    words = kind.words
    return Problem("stale", f"别人刚刚修改了{words['zh']}，请查看最新内容。",
                   f"Somebody changed {words['en']} just now: look at the newer version.", status=409,
                   extra={"current": kind.draw(person, row)})


def _twice(kind: Kind[R], taken: Text | None) -> Problem:
    text = taken or {"zh": "已有相同的记录。", "en": "There is such a row already."}
    return Problem("taken", text["zh"], text["en"], status=400)


def tell(kind: Kind[R], row: R, person: Person) -> None:
    """Colleagues' pages read the row again once this is committed."""
    customer, store = kind.home(row)
    tell_changed(kind.name, row.pk, store=store, customer=customer or row.pk, by=person.pk)


def jsonable(row: Any, fields: Iterable[str]) -> dict[str, Any]:
    """Those fields as they are, with ``id`` and ``version``."""
    return {"id": row.pk, **{field: getattr(row, field) for field in fields}, "version": row.version}
