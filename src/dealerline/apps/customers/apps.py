"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.customers"
    label = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        """What is known of a customer here, for who asks for it or wants it erased."""
        from dealerline.apps.common import personal
        from dealerline.apps.customers.logic import personal as own

        personal.register("customers", own.export, own.erase, words=own.words, holds=own.holds, stays=own.stays)
