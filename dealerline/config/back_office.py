"""The back office: Django's admin, in our colours and words, opened by role instead of by Django's permissions."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class BackOffice(AdminSite):
    """The site; what each screen may do is decided by its ModelAdmin (see apps/common/admin.py)."""

    site_header = _("Dealerline back office")
    site_title = _("Back office")
    index_title = _("Settings")
    site_url = "/"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and getattr(user, "is_staff", False))
