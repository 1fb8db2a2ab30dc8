"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.exchange"
    label = "exchange"
    verbose_name = _("Import, export, interfaces")

    def ready(self) -> None:
        """Hear what happens, for web hooks."""
        from dealerline.apps.calls import facade as calls
        from dealerline.apps.common import personal
        from dealerline.apps.common.telling import hear_changed
        from dealerline.apps.exchange.logic import hooks
        from dealerline.apps.exchange.logic import personal as own

        personal.register("exchange", own.export, own.erase, words=own.WORDS)
        hear_changed(hooks.on_changed)
        calls.hear_facts(hooks.on_facts)
