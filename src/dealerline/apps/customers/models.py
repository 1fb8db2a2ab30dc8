"""Tables of customers. Phones are E.164 in an indexed column.

The pop finds its customer among a million in one look.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.customers.logic.names import pinyin_of

M = TypeVar("M", bound=models.Model)


class CustomerKind(models.TextChoices):
    """A person or a company."""

    PERSON = "person", _("Person")
    COMPANY = "company", _("Company")


class CustomerLevel(models.TextChoices):
    """How important; shown in the pop."""

    NORMAL = "normal", _("Normal")
    SILVER = "silver", _("Silver")
    GOLD = "gold", _("Gold")
    VIP = "vip", _("VIP")


class OfCustomer(ScopedQuerySet[M]):
    """Rows below a customer belong to the customer's store."""

    store_path = "customer__store_id"


class Customer(models.Model):
    """Somebody who rings."""

    store = models.ForeignKey("organisation.Store", models.PROTECT, related_name="customers", verbose_name=_("store"))
    kind = models.CharField(_("kind"), max_length=8, choices=CustomerKind.choices, default=CustomerKind.PERSON)
    number = models.CharField(_("customer number"), max_length=24, unique=True, null=True, blank=True)
    name = models.CharField(_("name"), max_length=80)
    title = models.CharField(_("form of address"), max_length=20, blank=True)  # 先生, 女士, Mr ...
    name_pinyin = models.CharField(_("pinyin"), max_length=200, blank=True,
                                   editable=False)  # "zhang san zs": see logic/names.py
    company = models.CharField(_("company"), max_length=120, blank=True)
    level = models.CharField(_("level"), max_length=8, choices=CustomerLevel.choices, default=CustomerLevel.NORMAL)
    labels = models.JSONField(_("labels"), default=list, blank=True)  # list of short texts
    notes = models.TextField(_("notes"), blank=True)
    need = models.CharField(_("what he asked for first"), max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    version = models.PositiveIntegerField(default=1)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["store", "-id"], name="customer_store"),
            GinIndex(name="customer_name_trgm", fields=["name"], opclasses=["gin_trgm_ops"]),
            GinIndex(name="customer_pinyin_trgm", fields=["name_pinyin"], opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name_pinyin = pinyin_of(self.name)
        super().save(*args, **kwargs)


class CustomerPhone(models.Model):
    """A number of a customer."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="phones", verbose_name=_("customer"))
    e164 = models.CharField(_("number"), max_length=20)
    raw = models.CharField(_("as written"), max_length=40, blank=True)
    use = models.CharField(_("use"), max_length=12, default="mobile", choices=[
        ("mobile", pgettext_lazy("telephone", "Mobile")), ("home", pgettext_lazy("telephone", "Home")),
        ("work", pgettext_lazy("telephone", "Work")), ("other", pgettext_lazy("telephone", "Other"))])
    primary = models.BooleanField(_("main number"), default=False)

    objects = OfCustomer.as_manager()

    class Meta:
        verbose_name = _("phone")
        verbose_name_plural = _("phones")
        ordering = ["-primary", "id"]
        constraints = [models.UniqueConstraint(fields=["customer", "e164"], name="one_phone_each")]
        indexes = [
            models.Index(fields=["e164"], name="phone_e164"),
            GinIndex(name="phone_trgm", fields=["e164"], opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}/{self.pk}"  # not the number: this text may reach a log


class Car(models.Model):
    """A customer's car."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="cars", verbose_name=_("customer"))
    vin = models.CharField("VIN", max_length=17, blank=True)
    plate = models.CharField(_("plate"), max_length=12, blank=True)
    brand = models.ForeignKey("organisation.Brand", models.SET_NULL, null=True, blank=True, related_name="+",
                              verbose_name=_("brand"))
    model = models.CharField(_("model"), max_length=80, blank=True)
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    colour = models.CharField(_("colour"), max_length=20, blank=True)
    mileage_km = models.PositiveIntegerField(_("mileage (km)"), null=True, blank=True)
    bought_on = models.DateField(_("bought"), null=True, blank=True)
    insurance_until = models.DateField(_("insured until"), null=True, blank=True)
    inspection_until = models.DateField(_("inspection until"), null=True, blank=True)

    objects = OfCustomer.as_manager()

    class Meta:
        verbose_name = _("car")
        verbose_name_plural = _("cars")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["vin"], name="one_car_a_vin", condition=~models.Q(vin=""))]
        indexes = [
            models.Index(fields=["plate"], name="car_plate"),
            GinIndex(name="car_plate_trgm", fields=["plate"], opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return self.plate or self.vin or self.model


class OrderStatus(models.TextChoices):
    """Steps of a car's purchase."""

    ENQUIRY = "enquiry", _("Enquiry")
    DEPOSIT = "deposit", _("Deposit paid")
    ORDERED = "ordered", _("Ordered")
    IN_TRANSIT = "in_transit", _("On its way")
    READY = "ready", _("Ready for delivery")
    DELIVERED = "delivered", _("Delivered")
    CANCELLED = "cancelled", _("Cancelled")


class Order(models.Model):
    """A car that a customer buys."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders", verbose_name=_("customer"))
    store = models.ForeignKey("organisation.Store", models.PROTECT, related_name="+", verbose_name=_("store"))
    number = models.CharField(_("order number"), max_length=24, unique=True)
    model = models.CharField(_("model"), max_length=120)
    status = models.CharField(_("status"), max_length=12, choices=OrderStatus.choices, default=OrderStatus.ENQUIRY)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=12, decimal_places=2, null=True, blank=True)
    salesperson = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                                    verbose_name=_("salesperson"))
    ordered_on = models.DateField(_("ordered"), null=True, blank=True)
    expected_on = models.DateField(_("expected"), null=True, blank=True)
    open = models.BooleanField(_("open"), default=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-open", "-id"]

    def __str__(self) -> str:
        return self.number


class RepairStage(models.TextChoices):
    """Steps of a repair."""

    BOOKED = "booked", _("Booked")
    RECEIVED = "received", _("Received")
    DIAGNOSIS = "diagnosis", _("Diagnosis")
    PARTS = "parts", _("Waiting for parts")
    WORKING = "working", _("In repair")
    CHECK = "check", _("Final check")
    READY = "ready", _("Ready to collect")
    CLOSED = "closed", _("Collected")


class Repair(models.Model):
    """A car in the workshop."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="repairs", verbose_name=_("customer"))
    car = models.ForeignKey(Car, models.SET_NULL, null=True, blank=True, related_name="repairs", verbose_name=_("car"))
    store = models.ForeignKey("organisation.Store", models.PROTECT, related_name="+", verbose_name=_("store"))
    number = models.CharField(_("repair order"), max_length=24, unique=True)
    stage = models.CharField(_("stage"), max_length=12, choices=RepairStage.choices, default=RepairStage.BOOKED)
    work = models.CharField(_("work"), max_length=200)
    adviser = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                                verbose_name=_("service adviser"))
    amount = models.DecimalField(_("amount (CNY)"), max_digits=10, decimal_places=2, null=True, blank=True)
    received_at = models.DateTimeField(_("received"), null=True, blank=True)
    promised_at = models.DateTimeField(_("promised"), null=True, blank=True)
    open = models.BooleanField(_("open"), default=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("repair")
        verbose_name_plural = _("repairs")
        ordering = ["-open", "-id"]

    def __str__(self) -> str:
        return self.number


class MembershipCard(models.Model):
    """A club card with points and prepaid money."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="cards", verbose_name=_("customer"))
    number = models.CharField(_("card number"), max_length=24, unique=True)
    level = models.CharField(_("level"), max_length=8, choices=CustomerLevel.choices, default=CustomerLevel.NORMAL)
    points = models.PositiveIntegerField(_("points"), default=0)
    balance = models.DecimalField(_("balance (CNY)"), max_digits=10, decimal_places=2, default=0)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    objects = OfCustomer.as_manager()

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.number
