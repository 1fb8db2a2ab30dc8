"""The back office's screen of rules."""

from __future__ import annotations

from django.contrib import admin

from dealerline.apps.common.admin import ScopedAdmin
from dealerline.apps.promises.models import StoreRules


@admin.register(StoreRules)
class StoreRulesScreen(ScopedAdmin):
    view, edit = "organisation.view", "organisation.edit"
    list_display = ("store", "opening_hours", "remind_minutes", "lead_minutes", "manager_minutes")
    list_select_related = ("store",)
