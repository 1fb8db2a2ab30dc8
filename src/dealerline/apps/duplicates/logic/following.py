"""Where a customer is who was merged into another."""

from __future__ import annotations

from dealerline.apps.duplicates.models import Merge


def now_called(customer: int) -> int | None:
    """The customer that he was merged into, at the end of the chain; None when he was not merged away."""
    return Merge.objects.filter(gone=customer, undone_at__isnull=True).values_list("now", flat=True).first()
