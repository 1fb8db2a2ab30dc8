"""What customers consented to, who asked to be erased, what may come back, and how long what is kept."""

from __future__ import annotations

from datetime import time
from typing import TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dealerline.apps.common.access import ScopedQuerySet

M = TypeVar("M", bound=models.Model)


class OfCustomer(ScopedQuerySet[M]):
    """Rows below a customer belong to the customer's store."""

    store_path = "customer__store_id"


class Consent(models.Model):
    """One word of a customer. Rows are only added (by trigger); the newest that covers a purpose counts."""

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="consents",
                                 verbose_name=_("customer"))
    channel = models.CharField(_("channel"), max_length=10)  # domain.contact.CHANNELS, or any
    purpose = models.CharField(_("purpose"), max_length=10)  # domain.contact.PURPOSES, or any
    state = models.CharField(_("state"), max_length=10)  # domain.contact.STATES
    source = models.CharField(_("source"), max_length=10)  # domain.contact.SOURCES
    note = models.CharField(_("note"), max_length=200, blank=True)
    call = models.UUIDField(null=True, blank=True)  # in which he said it
    at = models.DateTimeField(_("said at"), default=timezone.now)
    written_at = models.DateTimeField(_("written down at"), default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
                           verbose_name=_("written down by"))

    objects = OfCustomer["Consent"].as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["customer", "-at"], name="consent_customer")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.channel} {self.purpose}"


class ErasureState(models.TextChoices):
    """What became of a wish to be erased."""

    ASKED = "asked", _("Asked for")
    DONE = "done", pgettext_lazy("erasing", "Done")
    WITHDRAWN = "withdrawn", pgettext_lazy("erasing", "Withdrawn")


class ErasureReason(models.TextChoices):
    """Why (PIPL article 47, GDPR article 17)."""

    REQUEST = "request", _("He asked for it or withdrew his consent")
    PURPOSE = "purpose", _("The purpose is reached or the time is over")
    UNLAWFUL = "unlawful", _("The data were got unlawfully")
    OTHER = "other", _("Another reason")


class Erasure(models.Model):
    """A person is erased in two steps: asked for with a reason, then done. The row names nobody."""

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="erasures")
    store = models.ForeignKey("organisation.Store", models.PROTECT, related_name="+", verbose_name=_("store"))
    state = models.CharField(_("state"), max_length=10, choices=ErasureState.choices, default=ErasureState.ASKED)
    reason = models.CharField(_("reason"), max_length=10, choices=ErasureReason.choices)
    note = models.CharField(_("note"), max_length=200, blank=True)
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    counts = models.JSONField(default=dict)  # app -> what -> how many

    objects = ScopedQuerySet["Erasure"].as_manager()

    class Meta:
        verbose_name = _("erasing")
        verbose_name_plural = _("erasings")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["customer"], name="one_erasing_asked_for",
                                               condition=models.Q(state="asked"))]

    def __str__(self) -> str:
        return str(self.pk)


class Tombstone(models.Model):
    """A keyed hash of what an erased person was known by, so that an import can say that he asked to be erased."""

    digest = models.CharField(max_length=64, db_index=True)
    kind = models.CharField(max_length=8)  # phone, vin, plate, number
    store = models.ForeignKey("organisation.Store", models.CASCADE, related_name="+")
    erasure = models.ForeignKey(Erasure, models.CASCADE, related_name="tombstones")
    at = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet["Tombstone"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest", "kind", "store"], name="one_tombstone")]


class Retention(models.Model):
    """How many days a kind of data (``common.personal.kept``) is kept. No row, or no days: without end."""

    kind = models.CharField(max_length=40, unique=True)
    days = models.PositiveIntegerField(null=True, validators=[MinValueValidator(30), MaxValueValidator(36500)])
    updated_at = models.DateTimeField(auto_now=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    last_at = models.DateTimeField(null=True)
    last_count = models.PositiveIntegerField(default=0)


class QuietHours(models.Model):
    """Between which hours advertising and surveys may ring, and how often advertising may come: one row."""

    begin = models.TimeField(_("not before"), default=time(9))
    end = models.TimeField(_("not after"), default=time(20))
    channel_most = models.PositiveSmallIntegerField(
        _("advertising by one channel, at most"), null=True, blank=True, default=2, db_default=2,
        validators=[MinValueValidator(1)],
        help_text=_("Contacts with one customer by telephone, by text message and so on. Empty: without a limit."))
    all_most = models.PositiveSmallIntegerField(
        _("advertising by all channels, at most"), null=True, blank=True, default=3, db_default=3,
        validators=[MinValueValidator(1)], help_text=_("Empty: without a limit."))
    within_days = models.PositiveSmallIntegerField(
        _("within (days)"), default=7, db_default=7, validators=[MinValueValidator(1), MaxValueValidator(366)],
        help_text=_("What serves him, a call-back or a message about his car, does not count."))

    class Meta:
        verbose_name = _("hours and frequency of advertising")
        verbose_name_plural = _("hours and frequency of advertising")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    def clean(self) -> None:
        if self.begin and self.end and self.begin >= self.end:
            raise ValidationError(_("The beginning has to be before the end."))
        if self.pk is None and QuietHours.objects.exists():
            raise ValidationError(_("There is one row only: change that one."))
