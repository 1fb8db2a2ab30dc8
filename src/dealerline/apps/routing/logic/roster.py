"""The duty roster week by week."""

from __future__ import annotations

import datetime

from django.db import transaction

from dealerline.apps.routing.models import DutyShift

WEEK = datetime.timedelta(days=7)


def monday_of(day: datetime.date) -> datetime.date:
    """The Monday of that day's week."""
    return day - datetime.timedelta(days=day.weekday())


def week(store: int, kind: str, monday: datetime.date) -> list[DutyShift]:
    """The week's shifts; a day without one has one that is not saved yet."""
    there: dict[datetime.date, list[DutyShift]] = {}
    for shift in DutyShift.objects.filter(store_id=store, kind=kind, date__gte=monday, date__lt=monday + WEEK):
        there.setdefault(shift.date, []).append(shift)
    days = [monday + datetime.timedelta(days=n) for n in range(7)]
    return [shift for day in days
            for shift in there.get(day) or [DutyShift(store_id=store, kind=kind, date=day)]]


@transaction.atomic
def copy_week(store: int, kind: str, monday: datetime.date) -> tuple[int, int]:
    """The week's shifts once more a week later: how many were copied, and how many stood there already and stay."""
    shifts = list(DutyShift.objects.filter(store_id=store, kind=kind, date__gte=monday, date__lt=monday + WEEK))
    taken = set(DutyShift.objects.filter(store_id=store, kind=kind, date__gte=monday + WEEK, date__lt=monday + 2 * WEEK)
                .values_list("date", flat=True))
    new = [shift for shift in shifts if shift.date + WEEK not in taken]
    for shift in new:
        shift.pk, shift.date = None, shift.date + WEEK
    DutyShift.objects.bulk_create(new)
    return len(new), len(shifts) - len(new)
