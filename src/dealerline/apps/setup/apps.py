"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SetupConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.setup"
    label = "setup"
    verbose_name = _("Set-up")
