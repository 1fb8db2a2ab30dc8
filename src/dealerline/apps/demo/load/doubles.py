"""Second files of some customers, and the pairs that the finder makes of them, so that the list shows them at once.

Drawn from a stream of their own and loaded last, so that everything else of the demo stays as it was.
"""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from dealerline.apps.demo.load.customers import Customers
from dealerline.apps.demo.load.ledger import Ledger, table
from dealerline.apps.demo.load.organisation import Organisation
from dealerline.apps.demo.world.customers import Customer
from dealerline.apps.demo.world.doubles import doubles
from dealerline.apps.duplicates.facade import look_among_all
from dealerline.apps.segments.facade import recompute


def load(ledger: Ledger, made: Organisation, base: date, zone: ZoneInfo, people: list[Customer]) -> int:
    """How many pairs were found. Pairs go with their stores when the demo is removed."""
    second = Customers(ledger, made, base, zone, "second files")
    second.load_bare(doubles(people))
    recompute(list(second.ids.values()))
    run = look_among_all()
    ledger.remember(table("duplicates.Run"), [run])
    return int(table("duplicates.Pair").objects.filter(seen_run=run).count())
