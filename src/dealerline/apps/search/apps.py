"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SearchConfig(AppConfig):
    """See the package's docstring. It has no tables, only functions and indexes on those of others."""

    name = "dealerline.apps.search"
    label = "search"
    verbose_name = _("Search")
