"""The club: cards, and what happened to their points and money."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.customers.models.base import Kept, OfCustomer, Outside, one_outside_key, only_digits, short
from dealerline.apps.customers.models.people import Customer, CustomerLevel


class MembershipCard(Kept, Outside):
    """A club card with points and prepaid money."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="cards", verbose_name=_("customer"))
    number = models.CharField(_("card number"), max_length=24, unique=True)
    level = models.CharField(_("level"), max_length=8, choices=CustomerLevel.choices, default=CustomerLevel.NORMAL)
    points = models.PositiveIntegerField(_("points"), default=0)
    balance = models.DecimalField(_("balance (CNY)"), max_digits=10, decimal_places=2, default=0)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    blocked = models.BooleanField(_("blocked"), default=False, db_default=False)

    objects = OfCustomer.as_manager()

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        ordering = ["id"]
        constraints = [one_outside_key("card_outside")]
        indexes = [models.Index(only_digits("number"), name="card_digits")]

    def __str__(self) -> str:
        return self.number


class MovementKind(models.TextChoices):
    """What changed a card."""

    EARNED = "earned", _("Points earned")
    SPENT = "spent", _("Points spent")
    EXPIRED = "expired", _("Points expired")
    TOPPED_UP = "topped_up", _("Money paid in")
    PAID = "paid", _("Paid with the card")
    REFUNDED = "refunded", _("Paid back")
    CORRECTED = "corrected", _("Corrected")


class OfCard(ScopedQuerySet["CardMovement"]):
    """A movement belongs to the store of its card's customer."""

    store_path = "card__customer__store_id"


class CardMovement(Outside):
    """A line of a card's account: written once, together with the card's new sums; a mistake is put right by another.
    """

    card = models.ForeignKey(MembershipCard, models.CASCADE, related_name="movements", verbose_name=_("card"))
    at = models.DateTimeField(_("at"), default=timezone.now)
    kind = models.CharField(_("kind"), max_length=10, choices=MovementKind.choices)
    points = models.IntegerField(_("points"), default=0)
    money = models.DecimalField(_("money (CNY)"), max_digits=10, decimal_places=2, default=0)
    points_after = models.PositiveIntegerField(_("points then"))
    balance_after = models.DecimalField(_("balance then (CNY)"), max_digits=10, decimal_places=2)
    text = short(_("what for"), 120)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                           verbose_name=_("entered by"))

    objects = OfCard.as_manager()

    class Meta:
        verbose_name = _("card movement")
        verbose_name_plural = _("card movements")
        ordering = ["-at", "-id"]
        constraints = [one_outside_key("movement_outside")]
        indexes = [models.Index(fields=["card", "-at"], name="movement_card")]

    def __str__(self) -> str:
        return f"{self.card_id}/{self.pk}"
