"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FlowsConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.flows"
    label = "flows"
    verbose_name = _("Flows and prompts")
