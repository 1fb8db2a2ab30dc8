"""The back office's screens of rules."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from dealerline.apps.common.admin import GroupAdmin, ScopedAdmin
from dealerline.apps.promises.models import StoreRules, Telling


@admin.register(StoreRules)
class StoreRulesScreen(ScopedAdmin):
    view, edit = "organisation.view", "organisation.edit"
    list_display = ("store", "opening_hours", "remind_minutes", "lead_minutes", "manager_minutes")
    list_select_related = ("store",)


@admin.register(Telling)
class TellingScreen(GroupAdmin):
    """One row: the words, and when they go by themselves."""

    view, edit = "organisation.view", "organisation.edit"
    list_display = ("__str__", "after_minutes")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Telling.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False
