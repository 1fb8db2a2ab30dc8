"""Jobs about leads, run by the worker."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app


@app.periodic(cron="* * * * *")
@app.task(name="watch_leads", pass_context=False)
def watch_leads(timestamp: int) -> None:
    """See which leads were rung, and put those that nobody sees to into the pool."""
    from dealerline.apps.leads.logic import watching

    now = timezone.now()
    watching.hear_calls(now)
    watching.pool_neglected(now)
