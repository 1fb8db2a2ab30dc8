"""The back office as Django's admin with our own site class."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class BackOfficeConfig(AdminConfig):
    """Makes ``admin.site`` our BackOffice."""

    default_site = "dealerline.config.back_office.BackOffice"
