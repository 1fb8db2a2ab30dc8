"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DemoConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.demo"
    label = "demo"
    verbose_name = _("Demo")
