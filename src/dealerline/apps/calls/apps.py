"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CallsConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.calls"
    label = "calls"
    verbose_name = _("Calls and queues")

    def ready(self) -> None:
        """What is known of a customer here, and how long; calls are part of his timeline."""
        from dealerline.apps.calls.logic import personal as own
        from dealerline.apps.calls.logic import recordings
        from dealerline.apps.calls.logic.of_customer import advertising, entries
        from dealerline.apps.common import contacted, personal, timeline

        contacted.register("calls", advertising)
        personal.register("calls", own.export, own.erase, words=own.WORDS, holds=own.holds)
        personal.register_expiring(
            "recordings", {"zh": "录音（各门店自定天数）", "en": "Recordings, by each store's days"},
            recordings.count_due)
        personal.register_kept(
            "strangers", {"zh": "从未成为客户的来电者的号码", "en": "Numbers of callers who never became customers"},
            own.count_strangers, own.forget_strangers)
        personal.register_kept("notes", {"zh": "通话记录里的备注", "en": "Notes about calls"}, own.count_words,
                               own.forget_words)
        timeline.register("call", {"zh": "通话", "en": "Calls"}, entries)
