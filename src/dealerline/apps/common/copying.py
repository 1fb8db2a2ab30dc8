"""Rows by the hundred thousand: put in by COPY, without an object each; found without a parameter each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models
from django.db.models.expressions import RawSQL
from psycopg import sql


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Put rows in, in the caller's transaction: values as the database has them, JSON as ``as_json`` makes it.

    Nothing of the model's own takes part: whatever it would fill in, ``rows`` has to bring.
    """
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, columns)))
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(command) as copy:
        for row in rows:
            copy.write_row(row)


def as_json(value: Any) -> str | None:
    """A value for a column of JSON; None is none, not JSON's null."""
    return None if value is None else json.dumps(value)


def among(keys: Iterable[int]) -> RawSQL:
    """``filter(pk__in=among(keys))`` does what ``filter(pk__in=keys)`` does, sooner where they are many."""
    return RawSQL("SELECT unnest(%s::bigint[])", [list(keys)])


def among_texts(keys: Iterable[str]) -> RawSQL:
    """The same of a column of text."""
    return RawSQL("SELECT unnest(%s::text[])", [list(keys)])
