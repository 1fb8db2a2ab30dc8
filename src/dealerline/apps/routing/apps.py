"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoutingConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.routing"
    label = "routing"
    verbose_name = _("Routing")

    def ready(self) -> None:
        """What is known of a customer here: his numbers on the lists of callers."""
        from dealerline.apps.common import personal
        from dealerline.apps.routing.logic import personal as own

        personal.register("routing", own.export, own.erase, words=own.WORDS)
