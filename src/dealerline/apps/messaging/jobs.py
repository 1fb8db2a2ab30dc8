"""Jobs about text messages, run by the worker."""

from __future__ import annotations

from contextlib import suppress

from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued


def wake() -> None:
    """There is something to send: do it now instead of at the next full minute."""
    with suppress(AlreadyEnqueued):
        send_texts_now.configure(queueing_lock="send_texts_now").defer()


@app.task(name="send_texts_now")
def send_texts_now() -> None:
    """Send what is due."""
    from dealerline.apps.messaging.logic import sending

    sending.deliver(timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="send_texts", pass_context=False)
def send_texts(timestamp: int) -> None:
    """Send what is due again, and what nobody was woken for."""
    from dealerline.apps.messaging.logic import sending

    sending.deliver(timezone.now())
