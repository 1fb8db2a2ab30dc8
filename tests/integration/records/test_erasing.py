"""Whatever tables there are: the file of one person tells every row of his, and erasing him leaves none of his words.

The rows are made from the models themselves. A new table that names a customer is filled, told and erased here, or this
fails; what has to stay is named in ``STAYS``, with the reason.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.utils import timezone

from dealerline.apps.calls.models import Call
from dealerline.apps.customers.models import Customer
from dealerline.apps.privacy.logic import erasing, file
from tests.integration.records.conftest import World
from tests.integration.records.rows import Rows, models_of_ours

SECRET, NUMBER = "㵘", "+8613812345678"
LOOSE = {"calls.Event", "exchange.ImportRow", "routing.CallerListing", "duplicates.Merge", "duplicates.Move"}
"""They know him by a number or an id that is no reference."""
NUMBERS = {"e164", "number", "customer_number", "asked_from", "from_number", "phone", "target"}
CODES = {
    "action", "audience", "cause", "channel", "content_type", "counts", "digest", "ended_by", "ended_how", "error",
    "field", "how", "kind", "label", "language", "last_result", "left", "message_state", "message_why", "modes",
    "object_id", "object_type", "outcome", "outside_id", "party", "path", "pool_reason", "purpose", "reason", "result",
    "role", "room", "sha256", "source", "sources", "state", "target_kind", "to_number", "way",
}  # fmt: skip
"""They hold words and numbers of ours, none of his."""
STAYS = {
    "customers.Order": {"number", "model"}, "customers.Repair": {"number", "work"},  # accounting
    "customers.RepairLine": {"text", "code"},
    "customers.Car": {"brand", "model"}, "leads.Lead": {"model"},  # which cars are asked for: statistics
}  # fmt: skip
UNTOLD = {"calls.Event", "calls.Recording", "calls.Track", "leads.LeadPhoto", "duplicates.Merge", "duplicates.Move"}
"""Facts, names of files and steps of undoing: what they say of him stands in the file by another section."""


class His(Rows):
    """One row of every model that may know him, hung on him; all free texts hold the secret."""

    def __init__(self, world: World, him: Customer) -> None:
        super().__init__(world, world.east, world.alice, "plain")
        self.him = him
        self._made[Customer] = him
        self.models = _closure()

    def of(self, model: type[models.Model]) -> Any:
        if model in self._made:
            return self._made[model]
        before, self.mark = self.mark, SECRET if model in self.models else "plain"
        try:
            return super().of(model)
        finally:
            self.mark = before

    def _value(self, field: Any, number: int) -> Any:
        label = field.model._meta.label
        if self.mark != SECRET or field.is_relation or field.choices:
            return super()._value(field, number)
        if field.name in CODES or field.name in STAYS.get(label, ()):
            value = super()._value(field, number)
            return value[len(SECRET) :] if isinstance(value, str) else value
        own = label.startswith("customers.") and label != "customers.CustomerPhone"  # where a number is another thing
        if isinstance(field, models.CharField) and field.name in NUMBERS and not own:
            return NUMBER
        if isinstance(field, models.JSONField | ArrayField):
            text = f"{SECRET}{number}号"
            return [text] if field.default is list else {"note": text}
        if isinstance(field, models.UUIDField) and field.name == "call":
            return self.of(Call).pk
        if isinstance(field, models.CharField | models.TextField) and not field.primary_key:
            text = f"{SECRET}{number}号"
            return text if not field.max_length or field.max_length >= len(text) else text[: field.max_length]
        return super()._value(field, number)

    def another_customer(self) -> Any:
        """Somebody else, of whom nothing is erased."""
        return Customer.objects.create(store=self.store, name="other")

    def _related(self, field: Any) -> Any:
        other = field.related_model
        return self.of(other) if other in self.models and other is not field.model else super()._related(field)


def _closure() -> set[type[models.Model]]:
    """Every model of ours from which references lead to a customer."""
    found: set[type[models.Model]] = {Customer}
    ours = models_of_ours()
    while True:
        more = {model for model in ours if model not in found and (model._meta.label in LOOSE or any(
            field.is_relation and field.related_model in found for field in model._meta.concrete_fields))}  # fmt: skip
        if not more:
            return found
        found |= more


@pytest.mark.django_db
def test_his_file_tells_every_row_and_erasing_leaves_none_of_his_words(world: World) -> None:
    him = Customer.objects.create(store=world.east, name=f"{SECRET}0号", notes=SECRET, labels=[SECRET])
    his = His(world, him)
    for model in sorted(his.models, key=lambda one: one._meta.label):
        his.of(model)
    _loose_ends(his)

    told = json.dumps(file.sections(him.pk), ensure_ascii=False, default=str)
    untold = {model._meta.label for model in his.models if _secrets(his, model) and not any(
        one in told for one in _secrets(his, model))} - UNTOLD  # fmt: skip

    erasing._take_out(him.pk)
    left = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" AS t WHERE t::text ~ %s', [f"{SECRET}|{NUMBER[3:]}"])
            rows = [row[0] for row in cursor.fetchall()]
            if rows:
                left[table] = rows
    assert (sorted(untold), left) == ([], {})
    assert Call.objects.get(pk=his.of(Call).pk).arrived_at, "that he rang still counts"


def _secrets(his: His, model: type[models.Model]) -> set[str]:
    """The texts that only that row has."""
    row, found = his.of(model), set()
    for field in model._meta.concrete_fields:
        text = json.dumps(getattr(row, field.attname), ensure_ascii=False, default=str)
        if SECRET in text and "号" in text:
            found.add(SECRET + text.split(SECRET)[1].split("号")[0] + "号")
    return found


def _loose_ends(his: His) -> None:
    """What knows him without a reference."""
    from dealerline.apps.duplicates.models import Merge
    from dealerline.apps.exchange.models import ImportRow

    ImportRow.objects.update(object_id=his.him.pk, outcome="done")
    Merge.objects.update(now=his.him.pk, kept=his.him.pk)
    Call.objects.update(ended_at=timezone.now())
