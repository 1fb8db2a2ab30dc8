"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SegmentsConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.segments"
    label = "segments"
    verbose_name = _("Segments and loyalty")

    def ready(self) -> None:
        """What is known of a customer here."""
        from dealerline.apps.common import personal
        from dealerline.apps.segments.logic import own

        personal.register("segments", own.export, own.erase, words=own.WORDS)
