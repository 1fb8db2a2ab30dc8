"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.customers"
    label = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        """Tell the timeline, the pop's warnings, and who asks what is known of a customer, what the file has."""
        from dealerline.apps.common import personal, warnings
        from dealerline.apps.customers.logic import personal as own
        from dealerline.apps.customers.logic import timeline, warned

        personal.register("customers", own.export, own.erase, words=own.words, holds=own.holds, stays=own.stays)
        timeline.register_all()
        warnings.register("file", warned.of_file)
