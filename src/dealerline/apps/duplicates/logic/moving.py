"""Moving all that hangs on one row to another, whatever app it is of, so that each step can be taken back.

The rule of the file: which tables hang on a row is asked of Django, never written down here, so that tables of later
apps are moved, too. Where both rows have what may be there once only (the same number, the same car, an open lead for
the same make), the two are made one in the same way, down to the last row; what is taken out of a table is kept whole.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models

OWN = "duplicates"
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def plain(value: Any) -> Any:
    """A column's value as JSON keeps it."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value


def whole(row: models.Model) -> dict[str, Any]:
    """Every column of a row."""
    return {column.attname: plain(getattr(row, column.attname)) for column in row._meta.concrete_fields}


def restored(model: Any, values: Mapping[str, Any]) -> Any:
    """The row that ``whole`` described, not yet saved."""
    columns = {column.attname: column for column in model._meta.concrete_fields}
    return model(**{name: columns[name].to_python(value) for name, value in values.items() if name in columns})


@contextmanager
def append_only_opened() -> Iterator[Any]:
    """A cursor that may give rows of append-only tables (consents) another customer: see common/triggers.py."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL dealerline.purge = 'merge'")
        yield cursor
        cursor.execute("SET LOCAL dealerline.purge = ''")


def relations(model: Any) -> list[tuple[Any, Any]]:
    """(table, its foreign key) of all that refers to a row of ``model``, hidden and many-to-many ones included."""
    found = [(relation.related_model, relation.field) for relation in model._meta.get_fields(include_hidden=True)
             if relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one)]
    return sorted(((child, column) for child, column in found if child._meta.app_label != OWN),
                  key=lambda pair: (pair[0]._meta.label_lower, pair[1].name))


@dataclass(slots=True)
class Step:
    """See models.Move."""

    kind: str
    label: str
    object_id: str
    field: str = ""
    before: Any = None
    after: Any = None


@dataclass(slots=True)
class Joined:
    """Two rows of which one was made, or a row that was not needed any more (``kept`` None)."""

    label: str
    gone: Any
    kept: Any


@dataclass(frozen=True, slots=True)
class Habit:
    """What a table needs beyond its constraints.

    ``alike``: further rows that are the same as one there (moving rows, rows there -> moving pk -> pk there).
    ``stays``: whether the moving row stays rather than the one there. ``ends``: instead of making the two one, the
    moving row is ended by these values. ``fill``: the columns that a row takes from the one that goes, None: all.
    ``either``: a column that is true when either was, with those that explain it. ``after``: told of (gone, kept).
    """

    alike: Callable[[Sequence[Any], Sequence[Any]], dict[Any, Any]] | None = None
    stays: Callable[[Any, Any], bool] | None = None
    ends: Callable[[Any, Any, date], dict[str, Any] | None] | None = None
    fill: tuple[str, ...] | None = None
    either: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after: Callable[[Mover, Any, Any], None] | None = None
    first: bool = False  # before other tables, whose rows it may lie between


NEVER_FILLED = ("id", "version", "created_at", "updated_at", "external_source", "external_key")


class Mover:
    """Moves, and remembers each step. In the caller's transaction."""

    def __init__(self, habits: Mapping[str, Habit], today: date) -> None:
        self.habits, self.today = habits, today
        self.steps: list[Step] = []
        self.joined: list[Joined] = []
        self.counts: Counter[str] = Counter()

    def empty_out(self, model: Any, mapping: Mapping[Any, Any]) -> None:
        """Move whatever hangs on the rows that are keys of ``mapping`` to its values."""
        for child, column in sorted(relations(model), key=lambda pair: not self._habit(pair[0]).first):
            self._move(child, column, mapping)

    def join(self, model: Any, mapping: Mapping[Any, Any]) -> None:
        """Make one of each two rows: all that hangs on the first is the second's, which takes what it lacks."""
        if not mapping:
            return
        rows = model._base_manager.in_bulk([*mapping, *mapping.values()])
        self.empty_out(model, mapping)
        self.set_aside(model, list(mapping))
        habit = self._habit(model)
        for gone, kept in mapping.items():
            self.joined.append(Joined(model._meta.label_lower, rows[gone], rows[kept]))
            self._fill(rows[gone], rows[kept])
            if habit.after is not None:
                habit.after(self, rows[gone], rows[kept])

    def set_aside(self, model: Any, keys: Sequence[Any]) -> None:
        """Take rows out of their table, and first whatever still hangs on them."""
        if not keys:
            return
        for child, column in relations(model):
            self.set_aside(child, list(child._base_manager.filter(**{f"{column.name}__in": keys}).order_by("pk")
                                       .values_list("pk", flat=True)))
        rows = model._base_manager.filter(pk__in=keys)
        for row in rows.order_by("pk"):
            self.steps.append(Step("aside", model._meta.label_lower, str(row.pk), before=whole(row)))
        rows._raw_delete(rows.db)

    def change(self, row: Any, values: Mapping[str, Any]) -> None:
        """Give columns of a row other values."""
        for name, value in values.items():
            old, new = plain(getattr(row, name)), plain(value)
            if old != new:
                self.steps.append(Step("changed", row._meta.label_lower, str(row.pk), name, old, new))
        if values:
            type(row)._base_manager.filter(pk=row.pk).update(**values)
            for name, value in values.items():
                setattr(row, name, value)

    def made(self, row: Any) -> None:
        """Remember a row that the merge added."""
        self.steps.append(Step("made", row._meta.label_lower, str(row.pk), after=whole(row)))

    def _habit(self, model: Any) -> Habit:
        return self.habits.get(model._meta.label_lower, Habit())

    def _move(self, child: Any, column: Any, mapping: Mapping[Any, Any]) -> None:
        name = column.attname
        base = child._base_manager
        keys = list(base.filter(**{f"{column.name}__in": mapping}).order_by("pk").values_list("pk", flat=True))
        if not keys:
            return
        if column.primary_key:  # one row for each, worked out of the rest: there is nothing to move it to
            self.set_aside(child, keys)
            return
        self._drop_tied_to_itself(child, column, mapping)
        same, ended = self._same(child, column, mapping)
        for row, values in ended:
            self.change(row, values)
        stays = self._habit(child).stays
        if stays is not None and same:
            rows = base.in_bulk([*same, *same.values()])
            same = dict((there, moving) if stays(rows[moving], rows[there]) else (moving, there)
                        for moving, there in same.items())
        self.join(child, same)
        left = base.filter(**{f"{column.name}__in": mapping}).order_by("pk").values_list("pk", name)
        self._relabel(child, column, [(pk, old, mapping[old]) for pk, old in left])

    def _relabel(self, child: Any, column: Any, rows: Sequence[tuple[Any, Any, Any]]) -> None:
        if not rows:
            return
        label, meta = child._meta.label_lower, child._meta
        types = [meta.pk.rel_db_type(connection), column.target_field.rel_db_type(connection)]
        quote = connection.ops.quote_name
        with append_only_opened() as cursor:
            cursor.execute(
                f"UPDATE {quote(meta.db_table)} AS t SET {quote(column.column)} = m.new "
                f"FROM unnest(%s::{types[0]}[], %s::{types[1]}[]) AS m(pk, new) WHERE t.{quote(meta.pk.column)} = m.pk",
                [[pk for pk, _, _ in rows], [new for _, _, new in rows]])
        self.steps += [Step("moved", label, str(pk), column.attname, plain(old), plain(new)) for pk, old, new in rows]
        self.counts[label] += len(rows)

    def _drop_tied_to_itself(self, child: Any, column: Any, mapping: Mapping[Any, Any]) -> None:
        """A row that ties the two to each other says nothing any more, and would be refused."""
        for other in child._meta.concrete_fields:
            if other is column or getattr(other.remote_field, "model", None) is not column.remote_field.model:
                continue
            if not any(isinstance(rule, models.CheckConstraint) for rule in child._meta.constraints):
                continue
            rows = child._base_manager.filter(**{f"{column.name}__in": mapping}).order_by("pk")
            keys = [row.pk for row in rows if getattr(row, other.attname) == mapping[getattr(row, column.attname)]]
            self.joined += [Joined(child._meta.label_lower, row, None) for row in rows if row.pk in keys]
            self.set_aside(child, keys)

    def _same(self, child: Any, column: Any, mapping: Mapping[Any, Any]) -> tuple[dict[Any, Any],
                                                                                list[tuple[Any, dict[str, Any]]]]:
        """moving pk -> pk of the row there that it is the same as; and rows to end instead."""
        same: dict[Any, Any] = {}
        ended: list[tuple[Any, dict[str, Any]]] = []
        habit = self._habit(child)
        for fields, condition, nulls_differ in _unique(child, column):
            rows = child._base_manager.filter(condition) if condition is not None else child._base_manager.all()
            names = [child._meta.get_field(name).attname for name in fields]
            taken = {_key(row, names, {}): row
                     for row in rows.filter(**{f"{column.name}__in": set(mapping.values())}).order_by("pk")}
            for row in rows.filter(**{f"{column.name}__in": mapping}).order_by("pk"):
                key = _key(row, names, {column.attname: mapping})
                if row.pk in same or (nulls_differ and None in key):
                    continue
                there = taken.setdefault(key, row)
                if there is row:
                    continue
                values = habit.ends(row, there, self.today) if habit.ends is not None else None
                if values is not None:
                    ended.append((row, values))
                else:
                    same[row.pk] = there.pk
        if habit.alike is not None:
            there = child._base_manager.filter(**{f"{column.name}__in": set(mapping.values())}).order_by("pk")
            moving = child._base_manager.filter(**{f"{column.name}__in": mapping}).exclude(pk__in=list(same))
            same |= habit.alike(list(moving.order_by("pk")), list(there.exclude(pk__in=list(same))))
        return same, ended

    def _fill(self, gone: Any, kept: Any) -> None:
        habit, values = self._habit(type(kept)), {}
        for column in kept._meta.concrete_fields:
            name = column.attname
            if column.primary_key or name in NEVER_FILLED or (habit.fill is not None and name not in habit.fill):
                continue
            if getattr(kept, name) in _EMPTY and getattr(gone, name) not in _EMPTY and not _is_bool(column):
                values[name] = getattr(gone, name)
        for name, because in habit.either.items():
            if getattr(gone, name) and not getattr(kept, name):
                values |= {one: getattr(gone, one) for one in (name, *because)}
        if hasattr(kept, "external_key") and gone.external_key and not kept.external_key:
            values |= {"external_source": gone.external_source, "external_key": gone.external_key}
        self.change(kept, values)


def _is_bool(column: Any) -> bool:
    return isinstance(column, models.BooleanField)


def _key(row: Any, names: Sequence[str], mapped: Mapping[str, Mapping[Any, Any]]) -> tuple[Any, ...]:
    values = ((name, getattr(row, name)) for name in names)
    return tuple(json.dumps(value) if isinstance(value, list | dict) else mapped.get(name, {}).get(value, value)
                 for name, value in values)


def _unique(child: Any, column: Any) -> Iterator[tuple[Sequence[str], Any, bool]]:
    """(fields, condition, whether empty values differ) of all that may be there once only and has ``column`` in it."""
    for rule in child._meta.constraints:
        if isinstance(rule, models.UniqueConstraint) and column.name in rule.fields:
            yield rule.fields, rule.condition, rule.nulls_distinct is not False
    for fields in child._meta.unique_together:
        if column.name in fields:
            yield fields, None, True
    if column.unique and not column.primary_key:
        yield (column.name,), None, True


def model_of(label: str) -> Any:
    """The table of that name; LookupError when there is none any more."""
    app, _, name = label.partition(".")
    for model in apps.get_app_config(app).get_models(include_auto_created=True):
        if model._meta.model_name == name:
            return model
    raise LookupError(label)
