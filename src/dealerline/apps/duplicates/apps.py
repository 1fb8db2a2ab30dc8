"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DuplicatesConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.duplicates"
    label = "duplicates"
    verbose_name = _("Duplicates")

    def ready(self) -> None:
        """Whoever asks for a customer who was merged away is led to where he is now; merges keep personal data."""
        from dealerline.apps.common import personal, timeline
        from dealerline.apps.customers.facade import follow_with
        from dealerline.apps.duplicates.logic import own, story
        from dealerline.apps.duplicates.logic.following import now_called

        follow_with(now_called)
        personal.register("duplicates", own.export, own.erase, words=own.WORDS)
        timeline.register(story.KIND, story.WORDS, story.entries)
