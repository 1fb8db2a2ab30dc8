"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.exchange"
    label = "exchange"
    verbose_name = _("Import, export, interfaces")
