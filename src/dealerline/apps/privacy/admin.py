"""The back office's screens about privacy."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from dealerline.apps.common.admin import GroupAdmin
from dealerline.apps.privacy.models import QuietHours


@admin.register(QuietHours)
class QuietHoursScreen(GroupAdmin):
    view, edit = "organisation.view", "organisation.edit"
    list_display = ("__str__", "begin", "end", "channel_most", "all_most", "within_days")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not QuietHours.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False
