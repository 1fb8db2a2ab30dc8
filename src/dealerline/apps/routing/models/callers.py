"""Who rings: VIPs with their own people, the blocked, nuisance."""

from __future__ import annotations

from typing import TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import SharedQuerySet
from dealerline.domain import numbers

M = TypeVar("M", bound=models.Model)


class ListingKind(models.TextChoices):
    """What a number is listed as."""

    VIP = "vip", _("VIP")
    BLOCKED = "blocked", _("Blocked")
    NUISANCE = "nuisance", _("Known nuisance")


class CallerListing(models.Model):
    """A number that is treated in a way of its own: in a store, or, without one, everywhere. A store's own wins."""

    number = models.CharField(_("number"), max_length=20,
                              help_text=_("With country code, as +8613812345678; without one it is taken for China's."))
    kind = models.CharField(_("kind"), max_length=8, choices=ListingKind.choices)
    store = models.ForeignKey("organisation.Store", models.CASCADE, null=True, blank=True, related_name="+",
                              verbose_name=_("store"), help_text=_("Empty: every store."))
    note = models.CharField(_("note"), max_length=200, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("Empty: for good."))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False,
                                 related_name="+", verbose_name=_("added by"))
    added_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        verbose_name = _("caller list entry")
        verbose_name_plural = _("caller lists")
        ordering = ["-added_at"]
        constraints = [models.UniqueConstraint(fields=["number", "store"], name="one_listing_a_number",
                                               nulls_distinct=False)]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"  # not the number: this text may reach a log

    def clean(self) -> None:
        written = numbers.e164(self.number or "")
        if not numbers.is_plausible(self.number or "") or not written:
            raise ValidationError({"number": _("This is no telephone number: write it as +8613812345678.")})
        self.number = written


class OfListing(SharedQuerySet[M]):
    """Named people belong to the listing's store."""

    store_path = "listing__store_id"


class NamedPerson(models.Model):
    """Who serves a VIP, the first choice first."""

    listing = models.ForeignKey(CallerListing, models.CASCADE, related_name="named",
                                verbose_name=_("caller list entry"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))
    place = models.PositiveSmallIntegerField(_("place"), default=1, help_text=_("The smaller is asked first."))

    objects = OfListing.as_manager()

    class Meta:
        verbose_name = _("named person")
        verbose_name_plural = _("named people")
        ordering = ["place", "id"]
        constraints = [models.UniqueConstraint(fields=["listing", "person"], name="one_naming_a_person")]

    def __str__(self) -> str:
        return f"{self.place}"
