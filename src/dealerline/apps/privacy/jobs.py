"""Jobs about privacy, run by the worker."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app


@app.periodic(cron="50 2 * * *")
@app.task(name="purge_personal", pass_context=False)
def purge_personal(timestamp: int) -> None:
    """Take out of what is kept too long what is personal in it."""
    from dealerline.apps.privacy.logic import retention

    retention.purge(timezone.now())
