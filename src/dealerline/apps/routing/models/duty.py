"""Who carries the phone after hours."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.common.phones import e164
from dealerline.apps.organisation.facade import LineKind

M = TypeVar("M", bound=models.Model)


class DutyShift(models.Model):
    """Who carries a store's phone from one time to another, second and third in turn behind him.

    ``ends`` not after ``begins`` means on the next day. Numbers left empty are the people's own mobiles.
    """

    store = models.ForeignKey("organisation.Store", models.CASCADE, related_name="+", verbose_name=_("store"))
    kind = models.CharField(_("line kind"), max_length=12, blank=True, choices=LineKind.choices,
                            help_text=_("Empty: every line of the store. A line's own kind comes first."))
    date = models.DateField(_("date"))
    begins = models.TimeField(pgettext_lazy("time", "from"), default=datetime.time(18, 0))
    ends = models.TimeField(pgettext_lazy("time", "to"), default=datetime.time(8, 30),
                            help_text=_("A time not after the beginning is on the next day."))
    first = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                              verbose_name=_("first"))
    first_number = models.CharField(_("his number"), max_length=20, blank=True)
    second = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                               verbose_name=_("second"))
    second_number = models.CharField(_("his number"), max_length=20, blank=True)
    third = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                              verbose_name=_("third"))
    third_number = models.CharField(_("his number"), max_length=20, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("duty")
        verbose_name_plural = _("duty roster")
        ordering = ["date", "begins", "store", "kind"]
        constraints = [models.UniqueConstraint(fields=["store", "kind", "date", "begins"], name="one_duty_a_time")]
        indexes = [models.Index(fields=["date"], name="duty_date")]

    TURNS = ("first", "second", "third")

    def __str__(self) -> str:
        return f"{self.date:%Y-%m-%d} {self.begins:%H:%M}-{self.ends:%H:%M}"

    @property
    def turns(self) -> list[tuple[str, int]]:
        """(number, person or 0) in turn; who has no number is left out."""
        found = []
        for turn in self.TURNS:
            person = getattr(self, turn)
            number = getattr(self, f"{turn}_number") or (e164(person.mobile) if person is not None else "")
            if number and (person is None or person.is_active or getattr(self, f"{turn}_number")):
                found.append((number, person.pk if person is not None else 0))
        return found

    def span(self) -> tuple[float, float]:
        """From when to when, epoch seconds, by the store's wall clock."""
        zone = zoneinfo.ZoneInfo(self.store.timezone)
        last = self.date + datetime.timedelta(days=0 if self.ends > self.begins else 1)
        return (datetime.datetime.combine(self.date, self.begins, zone).timestamp(),
                datetime.datetime.combine(last, self.ends, zone).timestamp())

    def clean(self) -> None:
        wrong: dict[str, Any] = {}
        for turn in self.TURNS:
            field = f"{turn}_number"
            given, person = getattr(self, field), getattr(self, turn)
            if given and not e164(given):
                wrong[field] = _("This is no telephone number: write it as +8613812345678.")
            setattr(self, field, e164(given) or given)
            if person is not None and not given and not person.mobile:
                wrong[field] = _("%(name)s has no mobile: write the number here.") % {"name": person.name}
        if wrong:
            raise ValidationError(wrong)
        if not self.turns:
            raise ValidationError(_("Name at least one person or number."))
