"""Messages that come in by the provider's request to us."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from dealerline.apps.common.errors import NotFound, Problem
from dealerline.apps.messaging.logic import ratings
from dealerline.apps.messaging.models import Provider, Purpose, State, Text
from dealerline.domain import numbers

MOST = 2000  # characters of a text that are kept


def receive(token: str, data: Mapping[str, Any]) -> None:
    """Take one in; again with the same key changes nothing. Raises NotFound for a wrong token, Problem for what cannot
    be read.
    """
    via = Provider.objects.first()
    if via is None or not via.token or not hmac.compare_digest(token.encode(), via.token.encode()):
        raise NotFound
    number, text, key = (str(data.get(name, "") or "").replace("\0", "")
                         for name in (via.in_from, via.in_text, via.in_id))
    if not numbers.is_plausible(number):
        raise Problem("invalid", f"缺少号码（{via.in_from}）。", f"There is no number ({via.in_from}).", status=422)
    e164 = numbers.e164(number)
    with transaction.atomic():
        if key and Text.objects.filter(outside_id=key[:80]).exists():
            return
        asked = ratings.reply(e164, text)
        last = asked.text if asked is not None else Text.objects.filter(number=e164).order_by("-at").first()
        values: dict[str, Any] = {
            "purpose": Purpose.REPLY, "number": e164, "text": text[:MOST], "state": State.RECEIVED,
            "store_id": last.store_id if last is not None else None,
            "customer_id": last.customer_id if last is not None else None,
            "call": asked.call if asked is not None else None}
        if key:
            Text.objects.get_or_create(outside_id=key[:80], defaults=values)
        else:
            Text.objects.create(**values)
