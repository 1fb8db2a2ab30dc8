"""One row of any model, made from the model itself: whatever text may be free holds a mark, by which a leak is seen."""

from __future__ import annotations

import datetime
import itertools
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.utils import timezone

from dealerline.apps.organisation.models import Store
from tests.integration.records.conftest import World

Made = Callable[["Rows", int], dict[str, Any]]

BY_HAND: dict[str, Made] = {
    "calls.Call": lambda rows, n: {"arrived_at": timezone.now(), "customer_number": f"+8613811110{n:03}"},
    "customers.Tie": lambda rows, n: {"other": rows.another_customer()},
    "calls.Recording": lambda rows, n: {"state": "joined", "path": ""},
    "calls.Track": lambda rows, n: {"state": "joined", "path": ""},
    "accounts.RoleGrant": lambda rows, n: {"person": rows.another_person()},
    "duplicates.Pair": lambda rows, n: rows.two_customers(n) | {"score": 90},
    "duplicates.Merge": lambda rows, n: rows.merged(n),
    "exchange.WebHook": lambda rows, n: {"kinds": ["customer.changed"]},
    "exchange.ImportRun": lambda rows, n: {"kind": "customers"},
    "routing.OverflowRule": lambda rows, n: {"to": "voicemail"},
    "routing.QueueNeed": lambda rows, n: {"relax": "30:1"},
    "segments.Formula": lambda rows, n: {"parts": [{"measure": "visits", "weight": 1, "zero": 0, "full": 4}]},
    "segments.Segment": lambda rows, n: {"sharing": "store"},
}
"""Values that a model's constraints want, by label; for what ``Rows`` cannot guess."""


GROUP = (
    "organisation.Group", "organisation.Region", "organisation.Brand", "organisation.Carrier",
    "organisation.BusyReason", "routing.LevelPriority", "customers.Label", "backlog.Rules", "leads.Rules",
    "leads.Stage", "leads.LostReason", "segments.Formula", "privacy.Retention", "privacy.QuietHours",
    "promises.Telling",
)  # fmt: skip
"""Models whose rows are the group's, and the same for every store."""


class Rows:
    """Rows of one store, one of each model, made when they are first asked for. ``group``: who has the group's."""

    def __init__(self, world: World, store: Store, person: Any, mark: str, group: Rows | None = None) -> None:
        self.world, self.store, self.person, self.mark, self.group = world, store, person, mark, group
        self._made: dict[type[models.Model], Any] = {Store: store, type(person): person}
        self._count = itertools.count(1)

    def of(self, model: type[models.Model]) -> Any:
        """The row of that model. Says what to do when it cannot be made."""
        if self.group is not None and model._meta.label in GROUP:
            return self.group.of(model)
        if model not in self._made:
            try:
                with transaction.atomic():
                    self._made[model] = self._make(model)
            except (DatabaseError, ValueError, TypeError) as error:
                label = model._meta.label
                raise AssertionError(
                    f"No row of {label} could be made: say in BY_HAND of {__name__} which values it wants. {error}"
                ) from error
        return self._made[model]

    def another_person(self) -> Any:
        """Somebody without grants."""
        from dealerline.apps.accounts.models import Person

        return Person.objects.create_user(f"{self.mark}-other", name=f"{self.mark}-other", store=self.store)

    def another_customer(self) -> Any:
        """One more, for what ties two."""
        from dealerline.apps.customers.models import Customer

        return Customer.objects.create(store=self.store, name=f"{self.mark}-other")

    def two_customers(self, number: int) -> dict[str, Any]:
        """Two of the store, the smaller id first."""
        from dealerline.apps.customers.models import Customer

        low, high = sorted((self.of(Customer).pk, self.another_customer().pk))
        return {"low": low, "high": high, "store_id": self.store.pk, "other_store_id": self.store.pk}

    def merged(self, number: int) -> dict[str, Any]:
        """One who was put into another of the store."""
        from dealerline.apps.customers.models import Customer

        kept = self.of(Customer).pk
        return {"kept": kept, "gone": 10**9 + self.store.pk, "now": kept, "store_id": self.store.pk,
                "other_store_id": self.store.pk, "row": {"name": self.mark}}  # fmt: skip

    def all(self) -> list[Any]:
        """Whatever was made."""
        return list(self._made.values())

    def _make(self, model: type[models.Model]) -> Any:
        number = next(self._count)
        values = {}
        for field in model._meta.concrete_fields:
            value = self._value(field, number)
            if value is not None:
                values[field.name] = value
        by_hand = BY_HAND.get(model._meta.label)
        row = model(**{**values, **(by_hand(self, number) if by_hand else {})})
        row.save(force_insert=True)
        return row

    def _value(self, field: Any, number: int) -> Any:
        if field.is_relation:
            return self._related(field)
        if field.primary_key and not isinstance(field, models.CharField):
            return uuid.uuid4() if isinstance(field, models.UUIDField) else None
        if field.choices:
            return next((key for key, _ in field.flatchoices if key not in ("", None)), None)
        if isinstance(field, models.CharField | models.TextField):
            text = f"{self.mark}{number}"
            return text if not field.max_length or field.max_length >= len(text) else text[-field.max_length :]
        if field.null or field.has_default() or field.db_default is not models.NOT_PROVIDED:
            return None
        now = timezone.now()
        for kind, value in (
            (models.DateTimeField, now),
            (models.DateField, now.date()),
            (models.TimeField, datetime.time(9)),
            (models.DurationField, datetime.timedelta(minutes=1)),
            (models.UUIDField, uuid.uuid4()),
            (models.DecimalField, Decimal(1)),
            (models.BooleanField, False),
            (models.FloatField, 1.0),
            (models.IntegerField, 1),
            (models.JSONField, {}),
        ):
            if isinstance(field, kind):
                return value
        return None

    def _related(self, field: Any) -> Any:
        other = field.related_model
        if other is Store:
            return self.store
        if field.null or other is field.model:
            return None
        return self.of(other)


def models_of_ours() -> list[type[models.Model]]:
    """Every table of the product."""
    return [model for model in apps.get_models() if model.__module__.startswith("dealerline.")]
