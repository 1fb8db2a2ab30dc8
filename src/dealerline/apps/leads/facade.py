"""What other apps may use of leads."""

from __future__ import annotations

from dealerline.apps.leads.logic.choices import ensure_defaults
from dealerline.apps.leads.logic.thread import remove_photos
from dealerline.apps.leads.models import Lead

__all__ = ["ensure_defaults", "forget_customer"]


def forget_customer(customer: int) -> int:
    """What people wrote of him and the pictures of his visits, for he was erased on request; how many leads.

    The leads stay as figures: origin, brand, stage, dates, who reacted how fast.
    """
    rows = list(Lead.objects.filter(customer=customer))
    remove_photos([row.pk for row in rows])
    for row in rows:
        row.photos.all().delete()
        row.events.update(text="", place="", latitude=None, longitude=None, data={})
    Lead.objects.filter(customer=customer).update(need="", lost_note="", next_step="", origin_note="")
    return len(rows)
