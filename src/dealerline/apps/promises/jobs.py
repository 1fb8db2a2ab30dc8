"""Jobs about promises and tasks, run by the worker."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app


@app.periodic(cron="* * * * *")
@app.task(name="watch_promises", pass_context=False)
def watch_promises(timestamp: int) -> None:
    """Remind owners, tell leads and managers of what is late."""
    from dealerline.apps.promises.logic import keeping

    keeping.watch(timezone.now())
