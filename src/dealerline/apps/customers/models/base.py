"""What the rows of the file have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet

M = TypeVar("M", bound=models.Model)


def only_digits(column: str) -> models.Func:
    """What of a plate or a number can be keyed on a telephone: an index by it finds a caller who keys it."""
    every = (models.Value("[^0-9]"), models.Value(""), models.Value("g"))
    return models.Func(models.F(column), *every, function="regexp_replace", output_field=models.TextField())


class OfCustomer(ScopedQuerySet[M]):
    """Rows below a customer belong to the customer's store."""

    store_path = "customer__store_id"


class Kept(models.Model):
    """A row that people edit: ``version`` goes up by one with every change, so that two who edit at once are told."""

    version = models.PositiveIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(_("created"), default=timezone.now, db_default=Now())
    updated_at = models.DateTimeField(_("changed"), auto_now=True, db_default=Now())

    class Meta:
        abstract = True


class Derived(models.Model):
    """A row some of whose columns say what follows from others; kept, so that the pop and lists read them."""

    class Meta:
        abstract = True

    def facts(self) -> Mapping[str, Any]:
        """What follows, by column."""
        raise NotImplementedError

    def derive(self) -> tuple[str, ...]:
        """Set what follows; the names of those columns. Whoever writes many at once asks for it."""
        facts = self.facts()
        for field, value in facts.items():
            setattr(self, field, value)
        return tuple(facts)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.derive()
        super().save(*args, **kwargs)


class Outside(models.Model):
    """A row that another system may keep: what that system calls it, so that it is put in again without a double.

    ``external_source`` names the system (``kerridge-east``), ``external_key`` is its own key of the row.
    """

    external_source = models.CharField(_("outside system"), max_length=40, blank=True, default="", db_default="")
    external_key = models.CharField(_("outside key"), max_length=80, blank=True, default="", db_default="")

    class Meta:
        abstract = True


def one_outside_key(name: str) -> models.UniqueConstraint:
    """One row of a kind for each key of an outside system."""
    return models.UniqueConstraint(fields=["external_source", "external_key"], name=name,
                                   condition=~models.Q(external_key=""))


def short(label: Any, length: int, **options: Any) -> Any:
    """A short text that may be empty; empty, too, when the row is put in by SQL that does not know it."""
    return models.CharField(label, max_length=length, blank=True, default="", db_default="", **options)
