"""The back office's screens of queues, choices and alarms."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dealerline.apps.calls.models import Alarm, Matter, Queue, QueueMember, Result
from dealerline.apps.common.admin import GroupAdmin, PeopleInline, ScopedAdmin


class MemberInline(PeopleInline):
    model = QueueMember
    edit = "queues.edit"


@admin.register(Queue)
class QueueScreen(ScopedAdmin):
    view = edit = "queues.edit"
    list_display = ("code", "name_zh", "name_en", "store", "members_count", "ring_seconds", "wrap_seconds",
                    "service_seconds",
                    "active")
    list_filter = (("store", admin.RelatedOnlyFieldListFilter), "active")
    list_select_related = ("store",)
    search_fields = ("code", "name_zh", "name_en")
    inlines = (MemberInline,)
    fieldsets = (
        (None, {"fields": ("store", "code", "name_zh", "name_en", "active")}),
        (_("Agents"), {"fields": ("ring_seconds", "wrap_seconds", "priority")}),
        (_("Waiting"), {"fields": ("announce_seconds", "max_wait_seconds", "service_seconds", "music", "seen")}),
        (_("Live board"), {"fields": ("alarm_waiting", "alarm_oldest_seconds", "alarm_level_percent", "alarm_nobody")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("members")

    @admin.display(description=_("members"))
    def members_count(self, queue: Queue) -> int:
        return len(queue.members.all())


class ChoiceScreen(ScopedAdmin):
    view, edit, shared_when_null = "organisation.view", "organisation.edit", True
    list_display = ("name_zh", "name_en", "parent", "store", "code", "position", "active")
    list_filter = (("parent", admin.RelatedOnlyFieldListFilter), ("store", admin.RelatedOnlyFieldListFilter), "active")
    list_select_related = ("parent", "store")
    search_fields = ("name_zh", "name_en", "code")


@admin.register(Matter)
class MatterScreen(ChoiceScreen):
    pass


@admin.register(Result)
class ResultScreen(ChoiceScreen):
    pass


@admin.register(Alarm)
class AlarmScreen(GroupAdmin):
    view = "system.manage"
    list_display = ("code", "subject", "count", "first_at", "last_at", "cleared_at")
    list_filter = ("code", ("cleared_at", admin.EmptyFieldListFilter))
    readonly_fields = ("code", "subject", "detail", "count", "first_at", "last_at", "cleared_at")
    actions = ("clear",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False

    @admin.action(description=_("Clear"))
    def clear(self, request: HttpRequest, queryset: Any) -> None:
        count = queryset.filter(cleared_at__isnull=True).update(cleared_at=timezone.now())
        messages.success(request, _("Cleared: %d") % count)
