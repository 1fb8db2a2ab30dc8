"""The switch's directory, made from the database.

The only place where the records' tables meet the switch's dataclasses.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction

from dealerline.apps.accounts import facade as accounts
from dealerline.apps.backlog import facade as backlog
from dealerline.apps.calls import facade as calls
from dealerline.apps.flows import facade as flows
from dealerline.apps.organisation import facade as organisation
from dealerline.apps.routing import facade as routing
from dealerline.domain.hours import common
from dealerline.switch.directory import (
    BusyReason,
    Carrier,
    DeskPhone,
    Duty,
    FlowVersion,
    Hours,
    Line,
    Need,
    Overflow,
    Person,
    PromptAudio,
    Queue,
    Snapshot,
    Store,
    Viewer,
    Wall,
)

FILE = "directory.json"


def build() -> Snapshot:
    """The configuration as it is now, of one moment (one transaction). ``version`` is still 0."""
    with transaction.atomic():
        hours = {row["id"]: Hours(**row) for row in organisation.directory_hours()}
        people = _people()
        queues = _queues({person.id for person in people}, hours)
        return Snapshot(
            demo=settings.DEALERLINE.demo,
            stores=tuple(Store(**row) for row in organisation.directory_stores()),
            hours=tuple(hours.values()),
            lines=tuple(Line(**row) for row in organisation.directory_lines()),
            queues=queues,
            people=people,
            phones=tuple(DeskPhone(**row) for row in organisation.directory_phones()),
            carriers=tuple(Carrier(**row) for row in organisation.directory_carriers()),
            flows=tuple(FlowVersion(**row) for row in flows.directory_flows()),
            prompts=tuple(PromptAudio(**row) for row in flows.directory_prompts()),
            viewers=tuple(Viewer(**row) for row in accounts.directory_viewers()),
            walls=tuple(Wall(**row) for row in accounts.directory_walls()),
            reasons=tuple(BusyReason(**row) for row in organisation.directory_reasons()),
            skills=tuple(routing.directory_skills()),
            levels=tuple(routing.directory_levels()),
            rating_stores=backlog.directory_ratings(),
            **backlog.directory_rules(),
            duties=tuple(Duty(**row) for row in routing.directory_duties()),
            **organisation.directory_settings())


def _people() -> tuple[Person, ...]:
    rows = accounts.directory_people()
    rules = routing.directory_people({row["id"]: row["store"] for row in rows})
    return tuple(Person(**row, **rules[row["id"]]) for row in rows)


def _queues(people: set[int], hours: dict[int, Hours]) -> tuple[Queue, ...]:
    """The queues with their rules. Adds to ``hours`` what holds only while rule and lending both do."""
    rules = routing.directory_queues()
    made = []
    for row in calls.directory_queues(people):
        rule: dict[str, Any] = dict(rules.get(row["id"], {}))
        if rule:
            rule["needs"] = tuple(Need(**need) for need in rule["needs"])
            rule["overflow"] = tuple(_overflow(dict(overflow), hours) for overflow in rule["overflow"])
        made.append(Queue(**row, **rule))
    return tuple(made)


def _overflow(row: dict[str, Any], hours: dict[int, Hours]) -> Overflow:
    own, lent = row["hours"], row.pop("lent_hours")
    if own and lent and own != lent:
        row["hours"] = both = -(max(own, lent) << 24 | min(own, lent))
        if both not in hours:
            hours[both] = Hours(both, *common(hours[own], hours[lent]))
    else:
        row["hours"] = own or lent
    return Overflow(**row)


def read(path: Path) -> Snapshot | None:
    """The directory last written, or None when there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Snapshot)
    except (OSError, msgspec.MsgspecError):
        return None


def publish(folder: Path) -> int | None:
    """Write the directory if it differs from the one there. The new version, or None when nothing changed.

    Written beside and renamed, so that the switch reads the old one or the new one whole; readable by us alone, since
    carriers' passwords are in it. Versions are milliseconds of the clock, and never go back even when the clock does.
    """
    path = folder / FILE
    old, new = read(path), build()
    if old is not None and replace(old, version=0) == new:
        return None
    version = max(int(time.time() * 1000), (old.version if old else 0) + 1)
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{FILE}.{os.getpid()}"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(replace(new, version=version)))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return version
