"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SegmentsConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.segments"
    label = "segments"
    verbose_name = _("Segments and loyalty")
