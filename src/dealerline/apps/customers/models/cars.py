"""Cars, and who has what to do with them over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Left, Right
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.customers.logic.car_facts import facts_of
from dealerline.apps.customers.models.base import (
    Derived,
    Kept,
    OfCustomer,
    Outside,
    one_outside_key,
    only_digits,
    short,
)
from dealerline.apps.customers.models.people import Customer


class Car(Derived, Kept, Outside):
    """A car, in the file of the customer who keeps it. Others who have to do with it are its roles."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="cars", verbose_name=_("customer"))
    vin = models.CharField("VIN", max_length=17, blank=True)
    # What the VIN and the plate say of themselves (logic/car_facts.py): kept, so that the pop reads them.
    vin_warning = short(_("warning about the VIN"), 12)
    maker_zh = short(_("maker (Chinese)"), 60)
    maker_en = short(_("maker (English)"), 60)
    plate = models.CharField(_("plate"), max_length=12, blank=True)
    plate_kind = short(_("kind of plate"), 12)
    brand = models.ForeignKey("organisation.Brand", models.SET_NULL, null=True, blank=True, related_name="+",
                              verbose_name=_("brand"))
    model = models.CharField(_("model"), max_length=80, blank=True)
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    colour = models.CharField(_("colour"), max_length=20, blank=True)
    mileage_km = models.PositiveIntegerField(_("mileage (km)"), null=True, blank=True)
    mileage_on = models.DateField(_("mileage read on"), null=True, blank=True)
    bought_on = models.DateField(_("bought"), null=True, blank=True)
    insurance_until = models.DateField(_("insured until"), null=True, blank=True)
    insurer = short(_("insurer"), 60)
    inspection_until = models.DateField(_("inspection until"), null=True, blank=True)
    warranty_until = models.DateField(_("warranty until"), null=True, blank=True)
    warranty_km = models.PositiveIntegerField(_("warranty up to (km)"), null=True, blank=True)
    next_service_on = models.DateField(_("next service"), null=True, blank=True)
    next_service_km = models.PositiveIntegerField(_("next service at (km)"), null=True, blank=True)
    recall = short(_("open recall"), 120)
    gone_on = models.DateField(_("sold or scrapped"), null=True, blank=True)
    notes = short(_("notes"), 500)

    objects = OfCustomer.as_manager()

    class Meta:
        verbose_name = _("car")
        verbose_name_plural = _("cars")
        ordering = ["id"]
        constraints = [
            # Not one in the whole group: two stores may have the same car in two files, until somebody merges them.
            models.UniqueConstraint(fields=["customer", "vin"], name="one_car_a_vin_each",
                                    condition=~models.Q(vin="")),
            one_outside_key("car_outside"),
        ]
        indexes = [
            models.Index(only_digits("plate"), name="car_plate_digits"),
            models.Index(fields=["plate"], name="car_plate"),
            models.Index(fields=["vin"], name="car_vin"),
            models.Index(Right("vin", 6), name="car_vin_tail"),
            models.Index(Left("vin", 8), name="car_vin_type"),
            GinIndex(name="car_plate_trgm", fields=["plate"], opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return self.plate or self.vin or self.model

    def facts(self) -> Mapping[str, Any]:
        """What follows from VIN and plate."""
        return facts_of(self.vin, self.plate)


class RoleKind(models.TextChoices):
    """What somebody is to a car."""

    OWNER = "owner", _("Owner")
    DRIVER = "driver", _("Drives it")
    PAYER = "payer", _("Pays for it")


class OfCar(ScopedQuerySet["CarRole"]):
    """A role belongs to the store of its car's file."""

    store_path = "car__customer__store_id"


class CarRole(Kept):
    """Who owned, drove or paid for a car, from when until when. Open: until now."""

    car = models.ForeignKey(Car, models.CASCADE, related_name="roles", verbose_name=_("car"))
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="car_roles", verbose_name=_("customer"))
    role = models.CharField(_("role"), max_length=8, choices=RoleKind.choices)
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)
    note = short(_("note"), 120)

    objects = OfCar.as_manager()

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["car"], name="one_owner_at_a_time",
                                    condition=models.Q(role="owner", until__isnull=True)),
            models.UniqueConstraint(fields=["car", "customer", "role"], name="one_open_role",
                                    condition=models.Q(until__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.car_id}-{self.customer_id}"
