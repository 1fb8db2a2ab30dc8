"""What a customer buys and has repaired: orders, repair orders, appointments."""

from __future__ import annotations

from typing import Any, TypeVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.customers.models.base import Kept, Outside, one_outside_key, only_digits, short
from dealerline.apps.customers.models.cars import Car
from dealerline.apps.customers.models.people import Customer

M = TypeVar("M", bound=models.Model)


class Numbered(Kept, Outside):
    """A paper of a store with the number that the store's own system counts it by; open until it is done with."""

    store = models.ForeignKey("organisation.Store", models.PROTECT, related_name="+", verbose_name=_("store"))
    number: models.CharField[Any, Any]
    open = models.BooleanField(_("open"), default=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-open", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["store", "number"], name="one_%(class)s_a_number"),
            one_outside_key("%(class)s_outside"),
        ]
        indexes = [
            models.Index(fields=["number"], name="%(class)s_number_begins", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["-open", "-id"], name="%(class)s_listed"),
            models.Index(only_digits("number"), name="%(class)s_digits"),
        ]

    def __str__(self) -> str:
        return str(self.number)


class Step(models.Model):
    """When a paper came to a step, and who said so."""

    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                           verbose_name=_("by"))

    class Meta:
        abstract = True
        ordering = ["at", "id"]


class OrderStatus(models.TextChoices):
    """Steps of a car's purchase."""

    ENQUIRY = "enquiry", _("Enquiry")
    DEPOSIT = "deposit", _("Deposit paid")
    ORDERED = "ordered", _("Ordered")
    IN_TRANSIT = "in_transit", _("On its way")
    READY = "ready", _("Ready for delivery")
    DELIVERED = "delivered", _("Delivered")
    CANCELLED = "cancelled", _("Cancelled")


class Order(Numbered):
    """A car that a customer buys."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders", verbose_name=_("customer"))
    number = models.CharField(_("order number"), max_length=24)
    model = models.CharField(_("model"), max_length=120)
    colour = short(_("colour"), 20)
    car = models.ForeignKey(Car, models.SET_NULL, null=True, blank=True, related_name="orders", verbose_name=_("car"))
    status = models.CharField(_("status"), max_length=12, choices=OrderStatus.choices, default=OrderStatus.ENQUIRY)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=12, decimal_places=2, null=True, blank=True)
    salesperson = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                                    verbose_name=_("salesperson"))
    ordered_on = models.DateField(_("ordered"), null=True, blank=True)
    expected_on = models.DateField(_("expected"), null=True, blank=True)
    delivered_on = models.DateField(_("delivered on"), null=True, blank=True)
    notes = short(_("notes"), 500)

    class Meta(Numbered.Meta):
        verbose_name = _("order")
        verbose_name_plural = _("orders")


class OfOrder(ScopedQuerySet[M]):
    """Rows below an order belong to its store."""

    store_path = "order__store_id"


class OrderStep(Step):
    """When an order came to a step."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="steps", verbose_name=_("order"))
    status = models.CharField(_("status"), max_length=12, choices=OrderStatus.choices)

    objects = OfOrder.as_manager()

    class Meta(Step.Meta):
        verbose_name = _("order step")
        verbose_name_plural = _("order steps")

    def __str__(self) -> str:
        return f"{self.order_id} {self.status}"


class PaymentKind(models.TextChoices):
    """What was paid."""

    DEPOSIT = "deposit", _("Deposit")
    PART = "part", _("Part payment")
    LOAN = "loan", _("Paid by a loan")
    FINAL = "final", _("Final payment")
    REFUND = "refund", _("Paid back")


class Payment(Kept, Outside):
    """Money for an order. What is paid back is negative."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="payments", verbose_name=_("order"))
    kind = models.CharField(_("kind"), max_length=8, choices=PaymentKind.choices)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=12, decimal_places=2)
    paid_on = models.DateField(_("paid"))
    way = short(_("how paid"), 40)
    note = short(_("note"), 120)

    objects = OfOrder.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["paid_on", "id"]
        constraints = [one_outside_key("payment_outside")]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.pk}"


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


class Repair(Numbered):
    """A car in the workshop."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="repairs", verbose_name=_("customer"))
    car = models.ForeignKey(Car, models.SET_NULL, null=True, blank=True, related_name="repairs", verbose_name=_("car"))
    number = models.CharField(_("repair order"), max_length=24)
    stage = models.CharField(_("stage"), max_length=12, choices=RepairStage.choices, default=RepairStage.BOOKED)
    work = models.CharField(_("work"), max_length=200)
    said = short(_("what the customer said"), 500)
    adviser = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                                verbose_name=_("service adviser"))
    amount = models.DecimalField(_("amount (CNY)"), max_digits=10, decimal_places=2, null=True, blank=True)
    mileage_km = models.PositiveIntegerField(_("mileage (km)"), null=True, blank=True)
    received_at = models.DateTimeField(_("received"), null=True, blank=True)
    promised_at = models.DateTimeField(_("promised"), null=True, blank=True)
    closed_at = models.DateTimeField(_("collected at"), null=True, blank=True)

    class Meta(Numbered.Meta):
        verbose_name = _("repair")
        verbose_name_plural = _("repairs")


class OfRepair(ScopedQuerySet[M]):
    """Rows below a repair belong to its store."""

    store_path = "repair__store_id"


class RepairStep(Step):
    """When a repair came to a stage."""

    repair = models.ForeignKey(Repair, models.CASCADE, related_name="steps", verbose_name=_("repair"))
    stage = models.CharField(_("stage"), max_length=12, choices=RepairStage.choices)

    objects = OfRepair.as_manager()

    class Meta(Step.Meta):
        verbose_name = _("repair step")
        verbose_name_plural = _("repair steps")

    def __str__(self) -> str:
        return f"{self.repair_id} {self.stage}"


class LineKind(models.TextChoices):
    """What a line of a repair order is."""

    LABOUR = "labour", _("Labour")
    PART = "part", _("Part")
    OUTSIDE = "outside", _("Work of others")
    OTHER = "other", _("Other")


class RepairLine(Kept, Outside):
    """A line of a repair order. Work that the customer declined stays there, so that he can be asked again."""

    repair = models.ForeignKey(Repair, models.CASCADE, related_name="lines", verbose_name=_("repair"))
    kind = models.CharField(_("kind"), max_length=8, choices=LineKind.choices, default=LineKind.LABOUR)
    code = short(_("code"), 40)
    text = models.CharField(_("text"), max_length=200)
    quantity = models.DecimalField(_("quantity"), max_digits=8, decimal_places=2, default=1)
    price = models.DecimalField(_("price of one (CNY)"), max_digits=10, decimal_places=2, null=True, blank=True)
    declined = models.BooleanField(_("declined"), default=False)
    declined_why = short(_("why declined"), 120)
    ask_again_on = models.DateField(_("ask again on"), null=True, blank=True)

    objects = OfRepair.as_manager()

    class Meta:
        verbose_name = _("repair line")
        verbose_name_plural = _("repair lines")
        ordering = ["id"]
        constraints = [one_outside_key("repair_line_outside")]
        indexes = [
            models.Index(fields=["ask_again_on"], name="line_ask_again", condition=models.Q(declined=True)),
        ]

    def __str__(self) -> str:
        return f"{self.repair_id}/{self.pk}"


class BookingKind(models.TextChoices):
    """What somebody comes for."""

    SERVICE = "service", _("Service")
    REPAIR = "repair", _("Repair")
    BODYWORK = "bodywork", _("Bodywork and paint")
    INSPECTION = "inspection", _("Yearly inspection")
    DELIVERY = "delivery", _("Delivery of his car")
    OTHER = "other", _("Other")


class BookingState(models.TextChoices):
    """What became of an appointment."""

    BOOKED = "booked", _("Booked")
    CONFIRMED = "confirmed", _("Confirmed")
    ARRIVED = "arrived", _("He is here")
    DONE = "done", _("Done")
    MISSED = "missed", _("Did not come")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_BOOKINGS = (BookingState.BOOKED, BookingState.CONFIRMED, BookingState.ARRIVED)


class Booking(Kept, Outside):
    """An appointment at the store."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="bookings", verbose_name=_("customer"))
    store = models.ForeignKey("organisation.Store", models.PROTECT, related_name="+", verbose_name=_("store"))
    car = models.ForeignKey(Car, models.SET_NULL, null=True, blank=True, related_name="bookings",
                            verbose_name=_("car"))
    repair = models.ForeignKey(Repair, models.SET_NULL, null=True, blank=True, related_name="bookings",
                               verbose_name=_("repair"))
    kind = models.CharField(_("kind"), max_length=10, choices=BookingKind.choices, default=BookingKind.SERVICE)
    at = models.DateTimeField(_("at"))
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=60)
    text = short(_("what for"), 200)
    adviser = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                                verbose_name=_("service adviser"))
    state = models.CharField(_("state"), max_length=10, choices=BookingState.choices, default=BookingState.BOOKED)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                           verbose_name=_("booked by"))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["at", "id"]
        constraints = [one_outside_key("booking_outside")]
        indexes = [models.Index(fields=["store", "at"], name="booking_store_at")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.at:%Y-%m-%d}"
