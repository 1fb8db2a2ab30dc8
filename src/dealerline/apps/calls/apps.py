"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CallsConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.calls"
    label = "calls"
    verbose_name = _("Calls and queues")
