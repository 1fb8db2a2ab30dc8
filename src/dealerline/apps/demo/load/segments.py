"""Groups of customers, a rule for labels, and consents of the demo; and the indexes of its customers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from dealerline.apps.demo.load.ledger import Ledger, table
from dealerline.apps.demo.load.organisation import Organisation
from dealerline.apps.segments.facade import READY, recompute

SERVICE = {"how": "all", "of": [
    {"field": "open_repair", "op": "no"},
    {"how": "one_car", "of": [{"field": "car.mileage", "op": "at_least", "value": 30000},
                              {"field": "car.insurance_until", "op": "within_next", "value": 60}]},
    {"how": "none", "of": [{"field": "complaints_year", "op": "at_least", "value": 1}]}]}
SOURCES = ("store", "paper", "call", "online")


def load(ledger: Ledger, made: Organisation, customers: Sequence[int], now: datetime) -> None:
    """All of it. ``customers``: their keys."""
    owner = made.people["group1"]
    segment, rule = table("segments.Segment"), table("segments.LabelRule")
    rows = [segment(name=name["zh"], rule=data, owner=owner, sharing="group") for _, name, data in READY]
    rows.append(segment(name="高里程续保且无投诉", rule=SERVICE, owner=owner, sharing="group"))
    ledger.add(rows)
    ledger.add([rule(name="久未联系", segment=rows[1], sets="label", value="久未联系", created_by=owner)])
    ledger.add(list(_consents(owner, customers, now)))
    recompute(customers)


def _consents(owner: Any, customers: Sequence[int], now: datetime) -> Any:
    """Every third customer said something; some changed their mind, a few want no calls at all."""
    dice, consent = Random(8), table("privacy.Consent")
    for customer in customers[::3]:
        at = now - timedelta(days=dice.randrange(20, 600), minutes=dice.randrange(600))
        said = {"customer_id": customer, "by": owner, "source": dice.choice(SOURCES)}
        channel = dice.choice(("call", "sms", "wechat"))
        yield consent(channel=channel, purpose="marketing", state="granted", at=at, written_at=at, **said)
        if dice.random() < 0.2:
            later = at + timedelta(days=dice.randrange(1, 19))
            yield consent(channel=channel, purpose="marketing", state="withdrawn", at=later, written_at=later, **said)
        if dice.random() < 0.05:
            yield consent(channel="call", purpose="any", state="refused", note="请勿再来电", at=at, written_at=at,
                          **said)
