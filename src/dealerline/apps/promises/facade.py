"""What other apps may use of promises and tasks."""

from __future__ import annotations

from typing import Any

from dealerline.apps.promises.logic.messaging import Channel
from dealerline.apps.promises.logic.messaging import use as use_channel
from dealerline.apps.promises.models import Promise, Task

__all__ = ["Channel", "forget_customer", "use_channel"]


def forget_customer(customer: int) -> int:
    """Blank what names him in his promises and tasks, for he was erased on request: the figures stay. How many rows."""
    blank: dict[str, Any] = {"number": "", "text": "", "note": "", "customer": None}
    return (Promise.objects.filter(customer=customer).update(**blank, car=None)
            + Task.objects.filter(customer=customer).update(**blank, title="-"))
