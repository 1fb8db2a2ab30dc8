"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HistoryConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.history"
    label = "history"
    verbose_name = _("History of records")
