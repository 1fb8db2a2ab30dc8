"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.accounts"
    label = "accounts"
    verbose_name = _("People")
