"""The back office's screens of text messages."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dealerline.apps.accounts.facade import sees_numbers
from dealerline.apps.common.admin import GroupAdmin, ScopedAdmin
from dealerline.apps.messaging.logic import sending
from dealerline.apps.messaging.models import Provider, Text
from dealerline.domain.numbers import masked


@admin.register(Provider)
class ProviderScreen(GroupAdmin):
    view = edit = "system.manage"
    list_display = ("url", "active", "form")
    readonly_fields = ("replies",)
    actions = ("send_test",)
    fieldsets = (
        (_("Sending"), {"fields": ("active", "url", "form", "headers", "body", "accepted", "national")}),
        (_("Replies"), {"fields": ("replies", "in_from", "in_text", "in_id", "seen")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Provider.objects.exists()

    @admin.display(description=_("address for replies"))
    def replies(self, provider: Provider) -> str:
        if not provider.token:
            return str(_("Save once to get the address that the provider has to POST replies to."))
        return f"{settings.DEALERLINE.origin}/api/sms/{provider.token}"

    @admin.action(description=_("Send a test message to my own mobile number"))
    def send_test(self, request: HttpRequest, queryset: Any) -> None:
        mobile = str(getattr(request.user, "mobile", "") or "")
        if not mobile:
            self.message_user(request, _("You have no mobile number: enter it under People."), messages.ERROR)
            return
        result = sending.try_now(mobile)
        if result["sent"]:
            self.message_user(request, _("The provider took the message."), messages.SUCCESS)
        else:
            self.message_user(request, _("The provider did not take it: %(why)s") % {"why": result["error"]},
                              messages.ERROR)


@admin.register(Text)
class TextScreen(ScopedAdmin):
    """What was sent and what came in; nothing is changed here."""

    view, edit = "organisation.view", "organisation.edit"
    list_display = ("at", "store", "purpose", "state", "number_seen", "text", "tries", "error")
    list_filter = ("purpose", "state", ("store", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("store",)
    search_fields = ("text",)
    date_hierarchy = "at"

    def get_list_display(self, request: HttpRequest) -> Any:
        self._viewer = request.user
        return super().get_list_display(request)

    @admin.display(description=_("number"))
    def number_seen(self, row: Text) -> str:
        viewer: Any = self._viewer
        return row.number if row.store_id is not None and sees_numbers(viewer, row.store_id) else masked(row.number)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False
