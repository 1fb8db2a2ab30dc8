"""The back office's screens of the organisation."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dealerline.apps.audit.facade import record
from dealerline.apps.calls.facade import retime_recordings
from dealerline.apps.common.admin import GroupAdmin, GuardedForm, ScopedAdmin, ScopedInline, stores_of
from dealerline.apps.organisation.facade import warn_of_missing_holidays
from dealerline.apps.organisation.models import (
    Brand,
    BusyReason,
    Carrier,
    DeskPhone,
    Group,
    Holiday,
    Hours,
    HoursInterval,
    Line,
    Number,
    Region,
    Store,
)
from dealerline.apps.organisation.month import KINDS, DayForm, form_for, grid
from dealerline.settings import SettingsError

MOST_DAYS = 31  # of one entry: a slip of the year would otherwise close the lines for all of it


@admin.register(Group)
class GroupScreen(GroupAdmin):
    list_display = ("name_zh", "name_en", "agent_lost_seconds")
    fieldsets = (
        (None, {"fields": ("name_zh", "name_en")}),
        (_("Callers and agents"), {
            "fields": ("agent_lost_seconds", "digit_seconds", "calls_per_desk", "supervision_visible")}),
        (_("Transfers"), {"fields": ("ring_seconds_transfer", "return_seconds")}),
        (_("Calls of three or more"), {"fields": ("conference_tones", "conference_tones_for")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Group.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False


@admin.register(Region)
class RegionScreen(GroupAdmin):
    list_display = ("code", "name_zh", "name_en")
    search_fields = ("code", "name_zh", "name_en")


@admin.register(Brand)
class BrandScreen(GroupAdmin):
    list_display = ("code", "name_zh", "name_en")
    search_fields = ("code", "name_zh", "name_en")


@admin.register(Store)
class StoreScreen(ScopedAdmin):
    view, edit, store_path = "organisation.view", "organisation.edit", "pk"
    list_display = ("code", "name_zh", "name_en", "region", "city", "retention_days", "agents_see_numbers", "active")
    list_filter = ("region", "active")
    search_fields = ("code", "name_zh", "name_en", "city")
    filter_horizontal = ("brands",)
    fieldsets = (
        (None, {"fields": ("code", "name_zh", "name_en", "region", "brands", "city", "address", "timezone", "active")}),
        (_("Calls"), {"fields": ("music", "retention_days", "agents_see_numbers")}),
        (_("Live board"), {"fields": ("alarm_waiting", "alarm_oldest_seconds", "alarm_level_percent", "alarm_nobody",
                                      "alarm_over_break")}),
        (None, {"fields": ("seen",)}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        ask = getattr(request.user, "stores_for", None)
        return ask is not None and ask("system.manage").every

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self.has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: Store, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "retention_days" in form.changed_data:
            retime_recordings(obj.pk, obj.retention_days)


class IntervalInline(ScopedInline):
    model = HoursInterval
    edit = "organisation.edit"


@admin.register(Hours)
class HoursScreen(ScopedAdmin):
    view, edit = "organisation.view", "organisation.edit"
    list_display = ("name_zh", "name_en", "store")
    list_filter = (("store", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("name_zh", "name_en")
    inlines = (IntervalInline,)


class HolidayForm(GuardedForm):
    """One day; a new entry may be a whole holiday, from its first day to its last."""

    until = forms.DateField(label=_("last day"), required=False, widget=AdminDateWidget,
                            help_text=_("Of several days in a row; each becomes an entry of its own. Empty: one day."))

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or {}
        first, last = values.get("date"), values.get("until")
        if first and last:
            if not first <= last <= first + datetime.timedelta(days=MOST_DAYS):
                self.add_error("until", _("The last day comes after the first, by a month at most."))
            elif taken := sorted(Holiday.objects.filter(date__gt=first, date__lte=last, store=values.get("store"))
                                 .values_list("date", flat=True)):
                self.add_error("until", _("There is an entry already: %(days)s.") % {
                    "days": ", ".join(day.isoformat() for day in taken)})
        return values


@admin.register(Holiday)
class HolidayScreen(ScopedAdmin):
    form = HolidayForm
    change_list_template = "admin/holiday_list.html"
    view, edit, shared_when_null = "organisation.view", "organisation.edit", True
    list_display = ("date", "name_zh", "name_en", "kind", "store", "opens", "closes")
    list_filter = ("kind", ("store", admin.RelatedOnlyFieldListFilter))
    date_hierarchy = "date"
    search_fields = ("name_zh", "name_en")

    def get_fields(self, request: HttpRequest, obj: Any | None = None) -> Any:
        return (("date",) if obj else ("date", "until")) + ("kind", "name_zh", "name_en", "store", "opens", "closes",
                                                                "seen")

    def save_model(self, request: HttpRequest, obj: Holiday, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        day, last = obj.date, form.cleaned_data.get("until") or obj.date
        more = []
        while not change and day < last:
            day += datetime.timedelta(days=1)
            more.append(Holiday(date=day, kind=obj.kind, store=obj.store, name_zh=obj.name_zh, name_en=obj.name_en,
                                opens=obj.opens, closes=obj.closes))
        Holiday.objects.bulk_create(more)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if request.method == "GET" and stores_of(request, self.edit).every:
            warn_of_missing_holidays(request)
        return super().changelist_view(request, extra_context)

    # a month as a grid ----------------------------------------------------------------------------------------------
    def get_urls(self) -> list[Any]:
        mine = path("calendar/", self.admin_site.admin_view(self.calendar), name="organisation_holiday_calendar")
        return [mine, *super().get_urls()]

    def calendar(self, request: HttpRequest) -> HttpResponse:
        """What each day of a month is for a store's line; a day is changed for the store, or, without one, for all."""
        allowed, seen = stores_of(request, self.edit), stores_of(request, self.view)
        stores = Store.objects.filter(active=True)
        stores = stores if seen.every else stores.filter(pk__in=sorted(seen.ids))
        store = stores.filter(pk=_number(request.GET.get("store"))).first()
        if not seen or (request.GET.get("store") and store is None):
            raise PermissionDenied
        lines = Line.objects.filter(store=store, active=True).select_related("hours") if store else Line.objects.none()
        line = lines.filter(pk=_number(request.GET.get("line"))).first() or lines.filter(hours__isnull=False).first()
        first = _month(request.GET.get("month", ""))
        may = allowed.every if store is None else store.pk in allowed
        if request.method == "POST" and not may:
            raise PermissionDenied
        day = _day(request.GET.get("day", "")) if may else None
        form = DayForm(request.POST) if request.method == "POST" else form_for(day, store) if day else None
        here = _address(store, line, first)
        if request.method == "POST" and form is not None and form.is_valid():
            days = form.save(store)
            record(request, "settings", object_type="holiday", store=store.pk if store else None,
                   detail={"how": "calendar", "day": str(form.cleaned_data["day"]), "days": days})
            return HttpResponseRedirect(here)
        rows = grid(store, line, first.year, first.month)
        return TemplateResponse(request, "admin/calendar.html", {
            **self.admin_site.each_context(request), "title": _("Calendar"), "opts": self.opts, "weeks": rows,
            "kinds": KINDS, "stores": stores, "store": store, "lines": lines, "line": line, "first": first,
            "form": form, "may": may, "here": here, "day": day, "weekdays": [each.cell.day for each in rows[0]],
            "before": _address(store, line, (first - datetime.timedelta(days=1)).replace(day=1)),
            "after": _address(store, line, (first + datetime.timedelta(days=31)).replace(day=1))})


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def _month(text: str) -> datetime.date:
    """The first of the month written as 2026-12; of this month when that says nothing."""
    first = _day(f"{text[:7]}-01")
    return first if first is not None and 1 < first.year < 9999 else timezone.localdate().replace(day=1)


def _address(store: Store | None, line: Line | None, first: datetime.date) -> str:
    query = {"store": store.pk if store else "", "line": line.pk if line else "", "month": f"{first:%Y-%m}"}
    return f"{reverse('admin:organisation_holiday_calendar')}?{urlencode(query)}"


class NumberInline(ScopedInline):
    model = Number
    edit = "organisation.edit"


@admin.register(Line)
class LineScreen(ScopedAdmin):
    view, edit = "organisation.view", "organisation.edit"
    list_display = ("name_zh", "name_en", "kind", "store", "published_numbers", "hours", "open_flow", "priority",
                    "active")
    list_filter = ("kind", ("store", admin.RelatedOnlyFieldListFilter), "active")
    list_select_related = ("store", "hours", "open_flow")
    search_fields = ("name_zh", "name_en", "numbers__number")
    inlines = (NumberInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("numbers")

    @admin.display(description=_("numbers"))
    def published_numbers(self, line: Line) -> str:
        return ", ".join(number.number for number in line.numbers.all())


@admin.register(Number)
class NumberScreen(ScopedAdmin):
    view, edit, store_path = "organisation.view", "organisation.edit", "line__store_id"
    list_display = ("number", "line", "store", "carrier", "note")
    list_filter = (("line__store", admin.RelatedOnlyFieldListFilter), "carrier")
    list_select_related = ("line", "line__store", "carrier")
    search_fields = ("number", "note")

    @admin.display(description=_("store"), ordering="line__store")
    def store(self, number: Number) -> Store:
        return number.line.store


class CarrierForm(GuardedForm):
    """The password is never shown again; leaving it empty keeps it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "password" in self.fields:
            self.fields["password"].widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
            self.fields["password"].help_text = _("Never shown again. Leave it empty to keep the present one.")

    def clean_password(self) -> str:
        given = self.cleaned_data.get("password") or ""
        return given or (self.instance.password if self.instance.pk else "")


@admin.register(Carrier)
class CarrierScreen(GroupAdmin):
    form = CarrierForm
    view, edit = "carriers.view", "carriers.edit"
    list_display = ("name", "host", "port", "transport", "register", "active")
    list_filter = ("register", "active")
    fieldsets = (
        (None, {"fields": ("name", "host", "port", "transport", "active")}),
        (_("By registration"), {"fields": ("register", "username", "password")}),
        (_("By address"), {"fields": ("match",)}),
        (_("Calls"), {"fields": ("codecs", "prefix", "seen")}),
    )


@admin.register(DeskPhone)
class DeskPhoneScreen(ScopedAdmin):
    view, edit = "organisation.view", "organisation.edit"
    list_display = ("name", "username", "store", "active")
    list_filter = (("store", admin.RelatedOnlyFieldListFilter), "active")
    search_fields = ("name", "username")

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> tuple[str, ...]:
        return ("sip_password", "sip_server") if obj is not None and self.has_change_permission(request, obj) else ()

    @admin.display(description=_("SIP password"))
    def sip_password(self, phone: DeskPhone) -> str:
        """Derived from the installation's secret: docs/architecture.md, SIP accounts."""
        try:
            return str(settings.DEALERLINE.sip_password(phone.username))
        except SettingsError:
            return ""

    @admin.display(description=_("SIP server and account"))
    def sip_server(self, phone: DeskPhone) -> str:
        return f"{phone.username} @ {settings.DEALERLINE.host}:{settings.DEALERLINE.sip_port}"


@admin.register(BusyReason)
class BusyReasonScreen(GroupAdmin):
    list_display = ("code", "name_zh", "name_en", "minutes", "needs_consent", "position", "active")
    list_editable = ("position", "active")
