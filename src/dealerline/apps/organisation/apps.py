"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrganisationConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.organisation"
    label = "organisation"
    verbose_name = _("Organisation")
