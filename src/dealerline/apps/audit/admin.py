"""The back office's screen of the audit log: to read, never to change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.common.admin import ScopedAdmin


@admin.register(AuditEntry)
class AuditScreen(ScopedAdmin):
    view = "audit.view"
    list_display = ("at", "username", "action", "object_type", "object_id", "store", "address")
    list_filter = ("action", "object_type", ("store", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("store",)
    search_fields = ("username", "object_id", "address")
    date_hierarchy = "at"
    readonly_fields = ("at", "person", "username", "action", "object_type", "object_id", "store", "address", "detail")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False
