"""Jobs about work left over, run by the worker."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from procrastinate.contrib.django import app


@app.periodic(cron="* * * * *")
@app.task(name="watch_backlog", pass_context=False)
def watch_backlog(timestamp: int) -> None:
    """Tell leads of what is overdue; take in what no fact told of."""
    from dealerline.apps.backlog.logic import feeding, items

    now = timezone.now()
    feeding.adopt(now - timedelta(hours=1))
    items.tell_overdue(now)
