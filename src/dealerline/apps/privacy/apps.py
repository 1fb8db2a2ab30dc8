"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.privacy"
    label = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        """What is known of a customer here, and of his history."""
        from dealerline.apps.common import personal, ringing, timeline, warnings
        from dealerline.apps.customers.facade import close_with
        from dealerline.apps.privacy.logic import consents, own

        close_with(consents.erased)
        ringing.register(consents.judge)
        personal.register("privacy", own.export, own.erase, words=own.WORDS, stays=own.stays)
        personal.register("history", own.export_history, own.erase_history, words=own.WORDS)
        personal.register_kept("history", {"zh": "修改历史中的旧值和新值", "en": "Values in the history of changes"},
                               own.count_history, own.forget_history)
        warnings.register("erased", own.warned)
        timeline.register("consent", {"zh": "授权", "en": "Consent"}, consents.entries)
