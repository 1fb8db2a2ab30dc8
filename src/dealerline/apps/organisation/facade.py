"""What other apps and the adapters may use of the organisation.

``directory_*`` give the switch's fields as plain values.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from dealerline.apps.common.access import Viewer
from dealerline.apps.organisation.models import (
    Brand,
    BusyReason,
    Carrier,
    DeskPhone,
    Group,
    Holiday,
    HolidayKind,
    Hours,
    Line,
    LineKind,
    Number,
    Store,
)
from dealerline.domain.hours import after_open, year_without_days

__all__ = [
    "ALWAYS",
    "LineKind",
    "Week",
    "agents_see_numbers_in",
    "brand_names",
    "brand_words",
    "brands",
    "clock_of",
    "directory_carriers",
    "directory_hours",
    "directory_lines",
    "directory_phones",
    "directory_reasons",
    "directory_settings",
    "directory_stores",
    "due",
    "group",
    "line_kinds",
    "line_names",
    "lines_seen_by",
    "opening_of",
    "published_numbers",
    "retention_days",
    "sales_line",
    "set_up_finished",
    "store_codes",
    "store_names",
    "store_words",
    "stores_seen_by",
    "warn_of_missing_holidays",
    "year_without_holidays",
]

@dataclass(frozen=True, slots=True)
class Week:
    """Opening hours as the domain asks for them."""

    weekly: Sequence[tuple[int, int, int]]
    days: Mapping[str, tuple[str, Sequence[tuple[int, int]]]]


ALWAYS = 0
"""The id of the opening hours of lines that have none: open day and night."""


def group() -> Group | None:
    """The group, once set-up made it."""
    return Group.objects.first()


def set_up_finished() -> bool:
    """Whether the first run's set-up was brought to its end."""
    return Group.objects.filter(setup_finished_at__isnull=False).exists()


def stores_seen_by(viewer: Viewer) -> list[dict[str, Any]]:
    """The active stores a person works with: id, code and both names."""
    stores = Store.objects.visible_to(viewer).filter(active=True)
    return [{"id": store.pk, "code": store.code, "name": store.text} for store in stores]


def store_names(stores: set[int]) -> dict[int, dict[str, str]]:
    """id -> both names."""
    return {store.pk: store.text for store in Store.objects.filter(pk__in=stores)}


def brand_names(brands: set[int] | None = None) -> dict[int, dict[str, str]]:
    """id -> both names; of every brand without ``brands``."""
    rows = Brand.objects.all() if brands is None else Brand.objects.filter(pk__in=brands)
    return {brand.pk: brand.text for brand in rows}


def store_words() -> dict[int, tuple[set[str], str]]:
    """id -> (every way the store is called in lists, in small letters; its time zone), of active stores."""
    return {store.pk: ({word.casefold().strip() for word in (store.code, store.name_zh, store.name_en) if word},
                       store.timezone) for store in Store.objects.filter(active=True)}


def store_codes() -> dict[int, str]:
    """id -> the store's code."""
    return dict(Store.objects.values_list("pk", "code"))


def brand_words() -> dict[int, set[str]]:
    """id -> every way the brand is called in lists, in small letters."""
    return {brand.pk: {word.casefold().strip() for word in (brand.code, brand.name_zh, brand.name_en) if word}
            for brand in Brand.objects.all()}


def line_names(lines: set[int]) -> dict[int, dict[str, str]]:
    """id -> both names."""
    return {line.pk: line.text for line in Line.objects.filter(pk__in=lines)}


def line_kinds() -> dict[int, tuple[str, set[str]]]:
    """store id -> (store code, kinds of its active lines), as the flow checker asks."""
    found: dict[int, tuple[str, set[str]]] = {}
    for line in Line.objects.filter(active=True).select_related("store"):
        found.setdefault(line.store_id, (line.store.code, set()))[1].add(line.kind)
    return found


def lines_seen_by(viewer: Viewer) -> list[dict[str, Any]]:
    """The active lines of the person's stores, with their numbers."""
    lines = Line.objects.visible_to(viewer).filter(active=True).select_related("store").prefetch_related("numbers")
    return [{"id": line.pk, "store": line.store_id, "kind": line.kind, "name": line.text,
             "numbers": [number.number for number in line.numbers.all()]} for line in lines]


def published_numbers() -> list[str]:
    """Every number of ours, as the carriers send them."""
    return list(Number.objects.values_list("number", flat=True))


def agents_see_numbers_in(store: int | None) -> bool:
    """The store's rule on masking; without a store numbers are masked."""
    return store is not None and Store.objects.filter(pk=store, agents_see_numbers=True).exists()


def retention_days(store: int | None) -> int | None:
    """How long the store keeps recordings; None when there is no such store."""
    return Store.objects.filter(pk=store).values_list("retention_days", flat=True).first() if store else None


def year_without_holidays() -> int | None:
    """A year that is due in the group's calendar of holidays and has none: see domain/hours.py."""
    entered = {day.year for day in Holiday.objects.filter(store=None).dates("date", "year")}
    return year_without_days(entered, timezone.localdate())


def warn_of_missing_holidays(request: HttpRequest) -> None:
    """Say at the top of a back-office page that a year's holidays are due, and what to do about it."""
    year = year_without_holidays()
    if year is not None:
        messages.warning(request, _(
            "The holidays of %(year)s are not entered yet: on those days every line would answer as open. Add them "
            "under Holidays when they are announced (China: in November), or update Dealerline.") % {"year": year})


# for the switch -----------------------------------------------------------------------------------------------------
def directory_settings() -> dict[str, Any]:
    """The installation's settings that the switch follows; nothing before set-up, when its own defaults hold."""
    found = group()
    names = ("agent_lost_seconds", "ring_seconds_transfer", "return_seconds", "digit_seconds", "calls_per_desk",
             "supervision_visible", "conference_tones", "conference_tones_for", "idle_minutes")
    return {name: getattr(found, name) for name in names} if found is not None else {}


def directory_stores() -> list[dict[str, Any]]:
    """Active stores."""
    return [{"id": store.pk, "code": store.code, "name": store.text, "region": store.region_id,
             "timezone": store.timezone, "music": store.music, "retention_days": store.retention_days,
             "alarm_over_break": store.alarm_over_break}
            for store in Store.objects.filter(active=True).order_by("pk")]


def minutes(time: datetime.time) -> int:
    """Minutes of the wall clock since midnight."""
    return time.hour * 60 + time.minute


def special_day(day: Holiday, weekly: Sequence[tuple[int, int, int]]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A special day as opening hours have it. Without times: closed on a holiday, Monday's hours on a working day."""
    if day.opens is not None and day.closes is not None:
        return day.kind, ((minutes(day.opens), minutes(day.closes)),)
    if day.kind == HolidayKind.HOLIDAY:
        return day.kind, ()
    return day.kind, tuple((opens, closes) for weekday, opens, closes in weekly if weekday == 0)


def directory_hours() -> list[dict[str, Any]]:
    """Every week's hours with the special days from last week to thirteen months ahead.

    And ALWAYS, without special days.
    """
    today = timezone.localdate()
    near = Holiday.objects.filter(date__gte=today - datetime.timedelta(days=7),
                                  date__lte=today + datetime.timedelta(400))
    shared: dict[str, Holiday] = {}
    own: dict[int, dict[str, Holiday]] = {}
    for day in near.order_by("date"):
        target = shared if day.store_id is None else own.setdefault(day.store_id, {})
        target[day.date.isoformat()] = day
    result: list[dict[str, Any]] = [
        {"id": ALWAYS, "weekly": tuple((weekday, 0, 1440) for weekday in range(7)), "days": {}}]
    for hours in Hours.objects.prefetch_related("intervals").order_by("pk"):
        weekly = sorted((i.weekday, minutes(i.opens), minutes(i.closes)) for i in hours.intervals.all())
        days = {date: special_day(day, weekly) for date, day in {**shared, **own.get(hours.store_id, {})}.items()}
        result.append({"id": hours.pk, "weekly": tuple(weekly), "days": days})
    return result


def opening_of(line: int) -> tuple[Week, str] | None:
    """A line's opening hours and its time zone; None where there is no such line."""
    row = Line.objects.select_related("store").filter(pk=line).first()
    every = {hours["id"]: hours for hours in directory_hours()}
    found = every.get(row.hours_id or ALWAYS) if row is not None else None
    return (Week(found["weekly"], found["days"]), row.store.timezone) if row is not None and found is not None else None


def due(line: int, at: datetime.datetime, minutes: int) -> datetime.datetime:
    """When so many minutes of a line's opening hours will have passed; of the wall clock where it has none."""
    found = opening_of(line)
    if found is None:
        return at + datetime.timedelta(minutes=minutes)
    moment = after_open(*found, at.timestamp(), minutes * 60.0)
    return datetime.datetime.fromtimestamp(moment, datetime.UTC)


def clock_of(store: int, line: int = 0) -> tuple[str, Week | None]:
    """A store's time zone, and the opening hours of that line of it, else of its first line that has any; None: always
    open.
    """
    row = Store.objects.filter(pk=store).first()
    lines = list(Line.objects.filter(store=store, active=True).order_by("pk").values_list("pk", "hours_id"))
    of_line = dict(lines)
    wanted = of_line[line] if line in of_line else next((hours for _, hours in lines if hours), None)
    found = next((h for h in directory_hours() if h["id"] == wanted), None) if wanted else None
    return (row.timezone if row is not None else str(timezone.get_current_timezone()),
            Week(found["weekly"], found["days"]) if found is not None else None)


def sales_line(store: int) -> int:
    """The line whose opening hours are those of the store's salesroom, and by which it rings customers; 0: none."""
    lines = {line.kind: line.pk for line in Line.objects.filter(store=store, active=True).order_by("-pk")}
    for kind in (LineKind.SALES, LineKind.NEW_CAR, LineKind.REPAIR):
        if kind in lines:
            return lines[kind]
    return next(iter(lines.values()), 0)


def brands() -> list[dict[str, Any]]:
    """Every make of cars with its names and the ids of the stores that sell it."""
    return [{"id": brand.pk, "name": brand.text, "stores": [store.pk for store in brand.stores.all()]}
            for brand in Brand.objects.prefetch_related("stores")]


def directory_lines() -> list[dict[str, Any]]:
    """Active lines; an empty flow falls back to the one before it (holiday, closed, open)."""
    lines = Line.objects.filter(active=True, store__active=True).prefetch_related("numbers").order_by("pk")
    return [
        {"id": line.pk, "store": line.store_id, "kind": line.kind, "name": line.text,
         "numbers": tuple(number.number for number in line.numbers.all()), "hours": line.hours_id or ALWAYS,
         "open_flow": line.open_flow_id, "closed_flow": line.closed_flow_id or line.open_flow_id,
         "holiday_flow": line.holiday_flow_id or line.closed_flow_id or line.open_flow_id, "language": line.language,
         "carrier": line.carrier_id or 0, "caller_id": line.caller_id,
         "priority": line.priority}
        for line in lines]


def directory_carriers() -> list[dict[str, Any]]:
    """Active carriers, with their passwords in clear: the file they go to is readable by us alone."""
    return [
        {"id": carrier.pk, "name": carrier.name, "host": carrier.host, "port": carrier.port,
         "transport": carrier.transport, "username": carrier.username, "password": carrier.password,
         "register": carrier.register, "match": carrier.addresses,
         "codecs": tuple(carrier.codecs.replace(",", " ").split()), "prefix": carrier.prefix}
        for carrier in Carrier.objects.filter(active=True).order_by("pk")]


def directory_phones() -> list[dict[str, Any]]:
    """Active desk phones."""
    return [{"id": phone.pk, "store": phone.store_id, "username": phone.username, "name": phone.name}
            for phone in DeskPhone.objects.filter(active=True).order_by("pk")]


def directory_reasons() -> list[dict[str, Any]]:
    """Active busy reasons in their order."""
    return [{"code": reason.code, "name": reason.text, "minutes": reason.minutes,
             "needs_consent": reason.needs_consent}
            for reason in BusyReason.objects.filter(active=True)]
