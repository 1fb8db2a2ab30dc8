"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.customers"
    label = "customers"
    verbose_name = _("Customers")
