"""The back office's screens of rules."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dealerline.apps.backlog.models import Rating, Rules
from dealerline.apps.common.admin import GroupAdmin, ScopedAdmin


@admin.register(Rules)
class RulesScreen(GroupAdmin):
    view, edit = "organisation.view", "organisation.edit"
    fieldsets = (
        (_("Due within, in opening hours"), {"fields": ("message_minutes", "lost_minutes", "unreached_minutes",
                                                        "rating_minutes")}),
        (_("Promised call-backs"), {"fields": ("callback_tries", "callback_minutes", "callback_within", "seen")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Rules.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False


@admin.register(Rating)
class RatingScreen(ScopedAdmin):
    view, edit = "organisation.view", "organisation.edit"
    list_display = ("store", "asks", "texts", "bad")
    list_select_related = ("store",)
