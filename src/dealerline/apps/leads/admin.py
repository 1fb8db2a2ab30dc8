"""The back office's screens: stages, reasons for losing, rules. Leads themselves belong to the desk."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from dealerline.apps.common.admin import GroupAdmin
from dealerline.apps.leads.models import LostReason, Rules, Stage


@admin.register(Rules)
class RulesScreen(GroupAdmin):
    view, edit = "organisation.view", "organisation.edit"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Rules.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False


@admin.register(Stage)
class StageScreen(GroupAdmin):
    view, edit = "organisation.view", "organisation.edit"
    list_display = ("__str__", "kind", "brand", "position", "active")
    list_editable = ("position", "active")
    list_filter = ("kind", "brand", "active")
    list_select_related = ("brand",)

    def get_actions(self, request: HttpRequest) -> Any:
        """One by one only: of many at once nobody asks whether a lead could still begin or end."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not obj.needed())


@admin.register(LostReason)
class LostReasonScreen(GroupAdmin):
    view, edit = "organisation.view", "organisation.edit"
    list_display = ("__str__", "position", "active")
    list_editable = ("position", "active")
