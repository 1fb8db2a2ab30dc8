"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoutingConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.routing"
    label = "routing"
    verbose_name = _("Routing")
