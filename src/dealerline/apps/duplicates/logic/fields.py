"""A customer's own fields in a merge: what each side says, what is chosen unless somebody chooses otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import translation

from dealerline.apps.common.errors import Problem
from dealerline.apps.duplicates.logic.habits import customer_model
from dealerline.apps.history import facade as history
from dealerline.apps.organisation.facade import store_names
from dealerline.domain.duplicates import Choice, Given, Side, choose, value_of

Text = dict[str, str]
GROUPS: Mapping[str, tuple[str, ...]] = {
    "level": ("level_source", "level_because", "level_at"),
    "external_key": ("external_source",)}
"""Columns that go with a field: they explain it."""
HIDDEN = ("id", "name_pinyin", "name_sort", "created_by", "created_at", "updated_at", "version",
          *(name for group in GROUPS.values() for name in group))
STAYS = ("store", "number", "external_key")
"""What a file is called and where it lies does not become another's because that is newer."""
BY_HAND = ("page", "call", "api")
LANGUAGES = {"zh": "zh-hans", "en": "en"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name, both values, what is chosen and why."""

    name: str
    kept: Any
    gone: Any
    choice: Choice


def in_both(say: Any) -> Text:
    """What ``say()`` says in each language."""
    found = {}
    for code, language in LANGUAGES.items():
        with translation.override(language):
            found[code] = str(say())
    return found


def columns() -> list[Any]:
    """The fields that somebody may choose of."""
    return [column for column in customer_model()._meta.concrete_fields if column.name not in HIDDEN]


def _set(row: Any) -> dict[str, tuple[datetime, bool]]:
    """When each field was set last, and whether by hand, as far as the history knows."""
    found: dict[str, tuple[datetime, bool]] = {}
    for change in history.of_object("customers.customer", row.pk)[:500]:
        found.setdefault(change.field, (change.at, change.source in BY_HAND))
    if row.level_source:
        found["level"] = (row.level_at or row.created_at, row.level_source == "person")
    return found


def _said(column: Any, given: Given, told: bool) -> Given:
    """A level or a kind that every new file begins with, and that nobody set, says nothing."""
    begins = column.get_default() if column.has_default() else None
    return replace(given, value=None) if given.value == begins and not told else given


def fields_of(kept: Any, gone: Any) -> list[Field]:
    """All fields in which either says something."""
    # A field of which the history knows nothing is as old as the file.
    sides = [(row, _set(row), (row.created_at, row.created_by_id is not None)) for row in (kept, gone)]
    found = []
    for column in columns():
        name = column.attname
        one, two = (Given(getattr(row, name), *known.get(name, else_)) for row, known, else_ in sides)
        if one.value in (None, "", []) and two.value in (None, "", []):
            continue
        said = [_said(column, given, name in known) for given, (_, known, _) in zip((one, two), sides, strict=True)]
        chosen = choose(column.name, *((one, two) if one.value == two.value else said))
        if column.name in STAYS and chosen.why in ("by_hand", "newer"):
            chosen = Choice("kept", "stays")
        found.append(Field(column.name, one.value, two.value, chosen))
    return found


def chosen_values(kept: Any, gone: Any, take: Mapping[str, str]) -> dict[str, Any]:
    """attname -> what the one that stays is to say, where that differs. Raises Problem for what cannot be chosen."""
    fields = {field.name: field for field in fields_of(kept, gone)}
    wrong = {name: {"zh": "这里不能这样选。", "en": "This cannot be chosen here."} for name, side in take.items()
             if name in fields and side not in fields[name].choice.may}
    if wrong:
        raise Problem("invalid", "请检查标红的内容。", "Please check what is marked.", fields=wrong)
    values: dict[str, Any] = {}
    for name, field in fields.items():
        side = take.get(name, field.choice.take)
        attname = kept._meta.get_field(name).attname
        value = value_of(side, field.kept, field.gone)
        if value != field.kept:
            values[attname] = value
        if side == "gone":
            values |= {other: getattr(gone, other) for other in GROUPS.get(name, ())
                       if getattr(gone, other) != getattr(kept, other)}
    return values


def side_of(row: Any, used: int) -> Side:
    """The file as the choice of the one that stays sees it."""
    filled = sum(getattr(row, column.attname) not in (None, "", []) for column in columns())
    return Side(row.pk, row.created_at, bool(row.external_key), used, filled)


def field_words(name: str) -> Text:
    """What a field is called."""
    column = customer_model()._meta.get_field(name)
    return in_both(lambda: column.verbose_name)


def shown(name: str, value: Any) -> Text:
    """A field's value in words."""
    if value in (None, "", []):
        return {"zh": "", "en": ""}
    if name == "store":
        return store_names({int(value)}).get(int(value), {"zh": str(value), "en": str(value)})
    if isinstance(value, list):
        text = ", ".join(map(str, value))
        return {"zh": text, "en": text}
    choices = dict(customer_model()._meta.get_field(name).flatchoices)
    return in_both(lambda: choices.get(value, value))
