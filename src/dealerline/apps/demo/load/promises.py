"""Promises and tasks as rows."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dealerline.apps.demo.load.ledger import Ledger, table
from dealerline.apps.demo.load.organisation import Organisation
from dealerline.apps.demo.world import SEED
from dealerline.apps.demo.world.history import Story
from dealerline.apps.demo.world.promises import TASKS, Promise, Task, promises

NAMES = uuid.uuid5(uuid.NAMESPACE_URL, SEED)


def _at(moment: float) -> datetime | None:
    return datetime.fromtimestamp(moment, UTC) if moment else None


class Promises:
    """Loads all of them; ``told``: each story with its call."""

    def __init__(self, ledger: Ledger, made: Organisation, customers: dict[int, int],
                 told: Sequence[tuple[Story, Any]], now: datetime) -> None:
        self.ledger, self.made, self.customers, self.now = ledger, made, customers, now
        self.calls = {story.serial: (story, call) for story, call in told}
        self.cars: dict[int, int] = {}

    def load(self) -> int:
        """How many promises."""
        found = promises((story for story, _ in self.calls.values()), self.now.timestamp())
        owners = {self.customers[self.calls[one.serial][0].customer] for one in found}
        rows = table("customers.Car").objects.filter(customer__in=owners).order_by("-pk")
        self.cars = dict(rows.values_list("customer_id", "pk"))  # the first of each
        self.ledger.add([self._promise(one) for one in found])
        self.ledger.add([self._task(n, one) for n, one in enumerate(TASKS)])
        return len(found)

    def _promise(self, one: Promise) -> Any:
        story, call = self.calls[one.serial]
        owner, customer, due = self.made.people[story.agent], self.customers[story.customer], _at(one.due)
        assert due is not None
        late = one.due < self.now.timestamp()
        return table("promises.Promise")(
            id=uuid.uuid5(NAMES, f"promise/{one.serial}"), store=self.made.stores[story.store], line=call.line or 0,
            what=one.what, text=one.text, customer_id=customer, car_id=self.cars.get(customer), number=story.number,
            call_id=call.id, second=round(one.second, 1), made_by=owner, made_at=_at(one.made), owner=owner,
            first_due_at=due, due_at=due, state=one.state, remind_at=due - timedelta(minutes=15),
            lead_at=due + timedelta(minutes=15), manager_at=due + timedelta(hours=1), lapse_at=due + timedelta(days=7),
            step=3 if late else 0, tries=one.tries, told_at=_at(one.told), told_by=owner if one.told else None,
            ended_at=_at(one.ended), ended_by=owner if one.ended else None, ended_how=one.how, note=one.note)

    def _task(self, number: int, one: Task) -> Any:
        people = self.made.people
        return table("promises.Task")(
            id=uuid.uuid5(NAMES, f"task/{number}"), store=self.made.stores[one.store], title=one.title, text=one.text,
            made_by=people[one.by], made_at=self.now - timedelta(hours=3),
            owner=people[one.owner] if one.owner else None, due_at=self.now + timedelta(hours=one.due))
