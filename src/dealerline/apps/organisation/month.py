"""The calendar of opening hours as a month: read for a line, changed for a store or for all."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dealerline.apps.organisation.facade import Week, minutes, special_day
from dealerline.apps.organisation.models import Holiday, HolidayKind, Hours, Line, Store
from dealerline.domain.calendars import Cell, month

USUAL = "usual"
MOST_DAYS = 31
ALWAYS = tuple((weekday, 0, 1440) for weekday in range(7))


@dataclass(frozen=True, slots=True)
class DayCell:
    """A day of the grid, and the entry that makes it what it is: a store's own, or everybody's."""

    cell: Cell
    entry: Holiday | None

    @property
    def own(self) -> bool:
        """Whether the store itself has an entry for it."""
        return self.entry is not None and self.entry.store_id is not None


def weekly_of(hours: Hours | None) -> tuple[tuple[int, int, int], ...]:
    """A week's intervals; without hours day and night."""
    if hours is None:
        return ALWAYS
    return tuple(sorted((i.weekday, minutes(i.opens), minutes(i.closes)) for i in hours.intervals.all()))


def entries(store: Store | None, first: datetime.date, last: datetime.date) -> dict[datetime.date, Holiday]:
    """The entry that holds on each day: the store's own before everybody's."""
    found: dict[datetime.date, Holiday] = {}
    rows = Holiday.objects.filter(date__gte=first, date__lte=last)
    for row in rows.filter(store=None):
        found[row.date] = row
    if store is not None:
        for row in rows.filter(store=store):
            found[row.date] = row
    return found


def grid(store: Store | None, line: Line | None, year: int, number: int) -> list[list[DayCell]]:
    """The month of that line's hours. Without a line: of a week that is open day and night, to see the special days."""
    first = datetime.date(year, number, 1) - datetime.timedelta(days=7)
    there = entries(store, first, first + datetime.timedelta(days=50))
    weekly = weekly_of(line.hours if line is not None else None)
    # A line without hours never closes, holidays or not, just as the switch has it.
    always = line is not None and line.hours is None
    days = {} if always else {day.isoformat(): special_day(row, weekly) for day, row in there.items()}
    return [[DayCell(cell, there.get(cell.day)) for cell in week] for week in month(Week(weekly, days), year, number)]


class DayForm(forms.Form):
    """What one day, or several in a row, shall be."""

    day = forms.DateField(widget=forms.HiddenInput)
    until = forms.DateField(label=_("last day"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
                            help_text=_("Of several days in a row. Empty: one day."))
    kind = forms.ChoiceField(label=_("kind"), choices=[(USUAL, _("As usual")), *HolidayKind.choices])
    opens = forms.TimeField(label=_("opens"), required=False,
                            widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    closes = forms.TimeField(label=_("closes"), required=False,
                             widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    name_zh = forms.CharField(label=_("Chinese name"), required=False, max_length=80)
    name_en = forms.CharField(label=_("English name"), required=False, max_length=120)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        first, last = values.get("day"), values.get("until")
        if first and last and not first <= last <= first + datetime.timedelta(days=MOST_DAYS):
            self.add_error("until", _("The last day comes after the first, by a month at most."))
        if (values.get("opens") is None) != (values.get("closes") is None):
            self.add_error("closes", _("Give both times or neither."))
        if values.get("kind") in HolidayKind.values and not values.get("name_zh"):
            self.add_error("name_zh", _("Give the day a name."))
        return values

    @transaction.atomic
    def save(self, store: Store | None) -> int:
        """Make the days so, as the store's own entries, or everybody's; how many entries changed."""
        values, changed = self.cleaned_data, 0
        day, last = values["day"], values["until"] or values["day"]
        while day <= last:
            if values["kind"] == USUAL:
                changed += Holiday.objects.filter(date=day, store=store).delete()[0]
            else:
                given = {name: values[name] for name in ("kind", "opens", "closes", "name_zh", "name_en")}
                Holiday.objects.update_or_create(date=day, store=store, defaults=given)
                changed += 1
            day += datetime.timedelta(days=1)
        return changed


def form_for(day: datetime.date, store: Store | None) -> DayForm:
    """The form as the day is now for that store."""
    row = Holiday.objects.filter(date=day, store=store).first()
    shared = Holiday.objects.filter(date=day, store=None).first() if row is None else None
    given: dict[str, Any] = {"day": day, "kind": row.kind if row else USUAL}
    for name in ("opens", "closes", "name_zh", "name_en"):
        given[name] = getattr(row or shared, name, "")
    return DayForm(initial=given)


KINDS = {
    "open": pgettext_lazy("calendar", "Open"), "closed": pgettext_lazy("calendar", "Closed"),
    "holiday": _("Holiday"), "makeup": _("Make-up working day"), "special": _("Special hours"),
}
