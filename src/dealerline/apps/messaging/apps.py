"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.messaging"
    label = "messaging"
    verbose_name = _("Text messages")

    def ready(self) -> None:
        """Hear when calls end; bring what others have to tell; tell what is known of a customer here."""
        from dealerline.apps.calls import facade as calls
        from dealerline.apps.common import contacted, personal, texting, timeline
        from dealerline.apps.messaging.logic import own, ratings
        from dealerline.apps.messaging.logic.channel import Texts

        calls.hear_facts(ratings.take_in)
        texting.use(Texts())
        contacted.register("messaging", own.advertising)
        timeline.register("text", {"zh": "短信", "en": "Text message"}, own.entries)
        personal.register("messaging", own.export, own.erase, words=own.WORDS)
        personal.register_kept("texts", {"zh": "短信的号码和内容", "en": "Numbers and words of text messages"},
                               own.count_old, own.forget_old)
