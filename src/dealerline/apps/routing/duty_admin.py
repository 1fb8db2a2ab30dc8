"""The back office's screens of the duty roster: the list, and a week as a table."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import modelform_factory
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from dealerline.apps.accounts.facade import Person
from dealerline.apps.audit.facade import record
from dealerline.apps.common.admin import GuardedForm, ScopedAdmin, stores_of
from dealerline.apps.organisation.facade import LineKind
from dealerline.apps.routing.logic.roster import WEEK, copy_week, monday_of, week
from dealerline.apps.routing.models import DutyShift

EDITED = ("begins", "ends", *(name for turn in DutyShift.TURNS for name in (turn, f"{turn}_number")))


class DutyRow(GuardedForm):
    """A row of the week's table; one without a person or a number is no shift."""

    @property
    def empty(self) -> bool:
        """Whether nobody is named in it."""
        return not any(self.cleaned_data.get(name) for name in EDITED[2:])

    def _post_clean(self) -> None:
        if not self.empty:
            super()._post_clean()  # type: ignore[misc]

    def save_row(self) -> None:
        """Save it, or take the shift away."""
        if not self.empty:
            self.save()
        elif self.instance.pk is not None:
            self.instance.delete()


@admin.register(DutyShift)
class DutyShiftScreen(ScopedAdmin):
    view = edit = "queues.edit"
    change_list_template = "admin/duty_list.html"
    list_display = ("date", "weekday", "begins", "ends", "store", "kind", "first", "second", "third")
    list_filter = (("store", admin.RelatedOnlyFieldListFilter), "kind")
    list_select_related = ("store", *DutyShift.TURNS)
    date_hierarchy = "date"
    fieldsets = (
        (None, {"fields": ("store", "kind", "date", ("begins", "ends"))}),
        (_("In this order"), {"fields": (*((turn, f"{turn}_number") for turn in DutyShift.TURNS), "seen")}),
    )

    @admin.display(description=_("weekday"), ordering="date")
    def weekday(self, shift: DutyShift) -> str:
        return date_format(shift.date, "D")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name in DutyShift.TURNS and field is not None:
            field.queryset = field.queryset.filter(is_active=True).order_by("name")
        return field

    # a week as a table --------------------------------------------------------------------------------------------
    def get_urls(self) -> list[Any]:
        mine = path("week/", self.admin_site.admin_view(self.week_page), name="routing_dutyshift_week")
        return [mine, *super().get_urls()]

    def _stores(self, request: HttpRequest) -> list[Any]:
        stores: Any = DutyShift._meta.get_field("store").related_model
        allowed, rows = stores_of(request, self.edit), stores._default_manager.filter(active=True)
        return list(rows if allowed.every else rows.filter(pk__in=sorted(allowed.ids)))

    def week_page(self, request: HttpRequest) -> HttpResponse:
        """Seven days of one store and kind of line."""
        stores = self._stores(request)
        wanted = request.GET.get("store", "")
        store = next((each for each in stores if str(each.pk) == wanted), None if wanted else next(iter(stores), None))
        if store is None:
            raise PermissionDenied
        kind = request.GET.get("kind", "")
        kind = kind if kind in LineKind.values else ""
        try:
            monday = monday_of(datetime.date.fromisoformat(request.GET.get("week", "")))
        except ValueError:
            monday = monday_of(timezone.localdate())
        data = request.POST if request.method == "POST" else None
        form = modelform_factory(DutyShift, DutyRow, fields=EDITED)
        people = Person.objects.visible_to(request.user).filter(is_active=True).order_by("name").distinct()
        shifts = week(store.pk, kind, monday)
        rows: list[Any] = [form(data, instance=shift, prefix=f"d{n}") for n, shift in enumerate(shifts)]
        for row in rows:
            for name in ("begins", "ends"):
                row.fields[name].widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
            for turn in DutyShift.TURNS:
                row.fields[turn].queryset = people
        valid = [row.is_valid() for row in rows] if data is not None else []  # each tells what is wrong with it
        if data is not None and all(valid):
            self._save_week(request, rows, store, kind, monday)
            there = monday + WEEK if "_copy" in data else monday
            return HttpResponseRedirect(self._address(store.pk, kind, there))
        context = {
            **self.admin_site.each_context(request), "title": _("Duty roster, week by week"), "opts": self.opts,
            "rows": [(row, row.instance.date) for row in rows], "stores": stores, "store": store, "kind": kind,
            "kinds": LineKind.choices, "monday": monday, "sunday": monday + datetime.timedelta(days=6),
            "before": self._address(store.pk, kind, monday - WEEK),
            "after": self._address(store.pk, kind, monday + WEEK)}
        return TemplateResponse(request, "admin/duty_week.html", context)

    @staticmethod
    def _address(store: int, kind: str, monday: datetime.date) -> str:
        return f"{reverse('admin:routing_dutyshift_week')}?{urlencode({'store': store, 'kind': kind, 'week': monday})}"

    def _save_week(self, request: HttpRequest, rows: list[Any], store: Any, kind: str, monday: datetime.date) -> None:
        with transaction.atomic():
            for row in rows:
                row.save_row()
        how = {"how": "week", "week": monday.isoformat(), "kind": kind}
        record(request, "settings", object_type="dutyshift", store=store.pk, detail=how)
        messages.success(request, _("The week is saved."))
        if "_copy" in request.POST:
            copied, stayed = copy_week(store.pk, kind, monday)
            messages.success(request, _("Copied to the next week: %(copied)d days. Left as they were: %(stayed)d.") % {
                "copied": copied, "stayed": stayed})


