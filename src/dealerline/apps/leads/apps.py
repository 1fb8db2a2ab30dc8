"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LeadsConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.leads"
    label = "leads"
    verbose_name = _("Leads")

    def ready(self) -> None:
        """Its events are part of a customer's timeline, and of what is known of him; its next steps are work to do."""
        from dealerline.apps.common import personal, timeline, todo
        from dealerline.apps.leads.logic import personal as own
        from dealerline.apps.leads.logic.asks import Asks
        from dealerline.apps.leads.logic.steps import Steps
        from dealerline.apps.leads.logic.story import entries

        personal.register("leads", own.export, own.erase, words=own.WORDS, holds=own.holds)
        timeline.register("lead", {"zh": "销售线索", "en": "Leads"}, entries)
        todo.register("lead", {"zh": "线索跟进", "en": "Lead"}, Steps())
        todo.register("lead_ask", {"zh": "待批复", "en": "To answer"}, Asks())
