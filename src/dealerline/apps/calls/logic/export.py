"""The list of calls as a file for spreadsheets: UTF-8 with a mark, in the reader's words, numbers masked by role.

The rule of the file: no cell is ever taken for a formula, and what was begun is the list of that moment: calls that
arrive meanwhile do not push others out of their places.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dealerline.apps.accounts.facade import Person
from dealerline.apps.calls.logic.calls import draw_many
from dealerline.apps.calls.models import Call, Direction, Outcome
from dealerline.apps.common.sheets import cell

AT_MOST = 100_000
PART = 1000

Column = tuple[str, Callable[[dict[str, Any]], Any]]


def columns(tongue: str) -> list[Column]:
    """Headings and how each cell is made, in the language of this request. ``tongue``: zh or en."""

    def name(key: str) -> Callable[[dict[str, Any]], str]:
        return lambda row: str((row[key] or {}).get(tongue, ""))

    # Looked up now: while the file streams, the request and its language are gone.
    directions = {str(value): str(label) for value, label in Direction.choices}
    outcomes = {str(value): str(label) for value, label in Outcome.choices}
    return [
        (_("Time"), lambda row: timezone.localtime(row["at"]).strftime("%Y-%m-%d %H:%M:%S")),
        (_("Direction"), lambda row: directions.get(row["direction"], row["direction"])),
        (_("Customer's number"), lambda row: row["number"]),
        (_("Number rung"), lambda row: row["to_number"]),
        (_("Customer"), lambda row: row["customer"]["name"] if row["customer"] else ""),
        (_("Store"), name("store_name")),
        (_("Line"), name("line_name")),
        (_("Queue"), name("queue_name")),
        (_("Agent"), lambda row: row["agent_name"]),
        (_("Outcome"), lambda row: outcomes.get(row["outcome"], row["outcome"])),
        (_("Waited (s)"), lambda row: round(row["waited"], 1)),
        (_("Talked (s)"), lambda row: round(row["talked"], 1)),
        (_("Matter"), name("matter")),
        (_("Result"), name("result")),
    ]


def rows_of(person: Person, found: QuerySet[Call]) -> QuerySet[Call]:
    """Those of ``found`` that the person may take away, newest first, as of now."""
    stores = person.stores_for("calls.export")
    if not stores.every:
        found = found.filter(store_id__in=sorted(stores.ids))
    return found.filter(arrived_at__lte=timezone.now()).select_related("customer").order_by("-arrived_at", "-pk")


def lines(person: Person, rows: QuerySet[Call], made: list[Column]) -> Iterator[str]:
    """The file, a piece at a time; AT_MOST rows."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([heading for heading, _cell in made])
    yield "\ufeff" + _taken(buffer)
    left, after = AT_MOST, None
    while left > 0:
        # From the last row on, not by counting: counting to the ninety-thousandth row reads all those before it.
        rest = rows if after is None else rows.filter(
            Q(arrived_at__lt=after.arrived_at) | Q(arrived_at=after.arrived_at, pk__lt=after.pk))
        part = list(rest[:min(PART, left)])
        for row in draw_many(person, part):
            writer.writerow([cell(value(row)) for _heading, value in made])
        yield _taken(buffer)
        if len(part) < PART:
            return
        left, after = left - len(part), part[-1]


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
