"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.audit"
    label = "audit"
    verbose_name = _("Audit log")
