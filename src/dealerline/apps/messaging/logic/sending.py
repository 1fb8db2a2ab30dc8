"""Messages on their way out. A row waits until the provider took it, or until there is no more to try."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from dealerline.apps.calls.facade import raise_alarm
from dealerline.apps.common.texting import Outcome, tell_outcome
from dealerline.apps.messaging import jobs
from dealerline.apps.messaging.models import OptOut, Provider, Purpose, State, Text, mark_of
from dealerline.apps.privacy import facade as privacy
from dealerline.integrations.sms import SmsError

DELAYS = (30, 120, 600, 3600)
"""Seconds until the next attempt; after the last the message has failed."""
LEASE_SECONDS = 60  # nobody else tries one that is being tried; a worker that died loses no message
AT_ONCE = 50
COUNTRY = "+86"


def provider() -> Provider | None:
    """Who sends, or None: then nothing is promised and nothing is written."""
    return Provider.objects.filter(active=True).first()


def queue(number: str, text: str, *, purpose: Purpose, store: int | None, customer: int | None = None,
          call: UUID | None = None) -> Text | None:
    """Have a message sent, after the transaction; None where nobody sends, the number wants none, or where it is
    advertising, and that customer may not have any now.
    """
    if provider() is None or OptOut.objects.filter(pk=mark_of(number)).exists():
        return None
    if purpose is Purpose.ADVERT and not (
            customer and privacy.may_contact(customer, "sms", "marketing", phone=number).allowed):
        return None
    row = Text.objects.create(number=number, text=text, purpose=purpose, store_id=store, customer_id=customer,
                              call=call, next_at=timezone.now())
    transaction.on_commit(jobs.wake)
    return row


def deliver(now: datetime) -> int:
    """Try what is due. How many were sent. Each attempt is outside of any transaction."""
    sent = 0
    via = provider()
    if via is None:
        return 0
    for row in _leased(now):
        try:
            via.gateway.send(_written(row.number, via), row.text, str(row.pk))
        except SmsError as error:
            _not_sent(row, error)
        else:
            _end(row, State.SENT)
            sent += 1
    return sent


def _leased(now: datetime) -> list[Text]:
    with transaction.atomic():
        rows = list(Text.objects.select_for_update(skip_locked=True).filter(
            state=State.WAITING, next_at__lte=now).order_by("next_at")[:AT_ONCE])
        Text.objects.filter(pk__in=[row.pk for row in rows]).update(next_at=now + timedelta(seconds=LEASE_SECONDS))
    return rows


def _written(number: str, via: Provider) -> str:
    return number.removeprefix(COUNTRY) if via.national else number


def _not_sent(row: Text, error: SmsError) -> None:
    delay = DELAYS[row.tries] if error.again and row.tries < len(DELAYS) else None
    row.tries += 1
    row.error = error.hint[:200]
    if delay is not None:
        row.next_at = timezone.now() + timedelta(seconds=delay)
        row.save(update_fields=["tries", "error", "next_at"])
        return
    _end(row, State.FAILED)
    raise_alarm("messaging.failed", error.hint[:80], {"text": str(row.pk)})


def _end(row: Text, state: State) -> None:
    if state is State.SENT:
        row.tries, row.error = row.tries + 1, ""
    row.state, row.next_at, row.ended_at = state, None, timezone.now()
    with transaction.atomic():
        row.save(update_fields=["state", "next_at", "ended_at", "tries", "error"])
        tell_outcome(Outcome(row.pk, row.purpose, state.value, row.error))


def try_now(number: str) -> dict[str, Any]:
    """A test message, at once: ``{"sent": bool, "error": str}``."""
    via = Provider.objects.first()
    if via is None:
        return {"sent": False, "error": ""}
    row = Text.objects.create(number=number, text="Dealerline: 短信测试 / test message", purpose=Purpose.TEST)
    try:
        via.gateway.send(_written(number, via), row.text, str(row.pk))
    except SmsError as error:
        row.error = error.hint[:200]
        _end(row, State.FAILED)
        return {"sent": False, "error": error.hint}
    _end(row, State.SENT)
    return {"sent": True, "error": ""}
