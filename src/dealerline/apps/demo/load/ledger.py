"""Inserting and remembering. Every row of the demo goes through here, so that none is forgotten.

Other apps are reached by their models' names only (``table("calls.Call")``): the demo fills tables of every app and
must not become a reason why they import one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from django.db import connection, models

from dealerline.apps.demo.models import DemoObject


def table(name: str) -> Any:
    """The model of that name, ``app.Model``."""
    return apps.get_model(name)


class Ledger:
    """Rows are inserted in bulk; their keys are kept and written at the end by ``close``."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._keys: list[tuple[str, str]] = []

    def remember(self, model: Any, keys: Iterable[Any]) -> None:
        """Enter rows that are there already (made by somebody else for the demo)."""
        name = model._meta.db_table
        found = [(name, str(key)) for key in keys]
        self._keys += found
        self.counts[name] = self.counts.get(name, 0) + len(found)

    def add(self, rows: Sequence[models.Model]) -> None:
        """Insert model instances of one model and enter them."""
        if not rows:
            return
        type(rows[0])._base_manager.bulk_create(rows, batch_size=1000)
        self.remember(type(rows[0]), (row.pk for row in rows))

    def new_keys(self, model: Any, count: int) -> list[int]:
        """``count`` fresh primary keys of a model with a numeric one."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [model._meta.db_table, model._meta.pk.column, count],
            )
            return [row[0] for row in cursor.fetchall()]

    def copy(self, model: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, enter: bool = True) -> None:
        """COPY rows into the model's table.

        The primary key is the first column. ``enter=False``: removed by another rule.
        """
        names = ", ".join(f'"{column}"' for column in columns)
        keys: list[Any] = []
        with connection.cursor() as cursor, cursor.copy(f'COPY "{model._meta.db_table}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
                keys.append(row[0])
        if enter:
            self.remember(model, keys)
        else:
            self.counts[model._meta.db_table] = len(keys)

    def close(self) -> None:
        """Write the ledger itself."""
        with (
            connection.cursor() as cursor,
            cursor.copy(f'COPY "{DemoObject._meta.db_table}" ("table", "key") FROM STDIN') as copy,
        ):
            for pair in self._keys:
                copy.write_row(pair)
