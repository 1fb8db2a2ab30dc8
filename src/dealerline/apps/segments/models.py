"""Groups of customers by rule, the rules that label them, and their scores."""

from __future__ import annotations

from typing import TypeVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet, Viewer

M = TypeVar("M", bound=models.Model)


class Sharing(models.TextChoices):
    """Who sees a group besides its owner."""

    PRIVATE = "private", _("Only its owner")
    STORE = "store", _("A store")
    GROUP = "group", _("Everybody")


class SegmentQuerySet(ScopedQuerySet["Segment"]):
    """One's own, one's stores', everybody's."""

    def visible_to(self, viewer: Viewer, permission: str = "") -> SegmentQuerySet:
        """Those he may look at, in stores where he holds the permission."""
        stores = viewer.stores_for(permission)
        if not stores:
            return self.none()
        seen = models.Q(owner_id=viewer.pk) | models.Q(sharing=Sharing.GROUP)
        of_stores = models.Q(sharing=Sharing.STORE)
        if not stores.every:
            of_stores &= models.Q(store_id__in=sorted(stores.ids))
        return self.filter(seen | of_stores)


class Segment(models.Model):
    """A group of customers by rule. ``rule`` is the data of ``dealerline.domain.segments``."""

    name = models.CharField(_("name"), max_length=80)
    rule = models.JSONField(_("rule"))
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
                              verbose_name=_("owner"))
    sharing = models.CharField(_("shared with"), max_length=8, choices=Sharing.choices, default=Sharing.PRIVATE)
    store = models.ForeignKey("organisation.Store", models.CASCADE, null=True, blank=True, related_name="+",
                              verbose_name=_("store"))
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    version = models.PositiveIntegerField(default=1)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["name", "id"]
        constraints = [models.CheckConstraint(name="segment_store_when_shared_with_it", condition=(
            models.Q(sharing="store", store__isnull=False)
            | (~models.Q(sharing="store") & models.Q(store__isnull=True))))]

    def __str__(self) -> str:
        return self.name


class Sets(models.TextChoices):
    """What a rule sets."""

    LABEL = "label", _("Label")
    LEVEL = "level", _("Level")


class OfStoreOrGroup(ScopedQuerySet[M]):
    """A store's own, and the whole group's, which every manager of a store sees."""

    shared_when_null = True


class LabelRule(models.Model):
    """Who is in the group gets the label or the level, every night."""

    name = models.CharField(_("name"), max_length=80)
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="label_rules", verbose_name=_("segment"))
    sets = models.CharField(_("sets"), max_length=8, choices=Sets.choices)
    value = models.CharField(_("value"), max_length=40)
    overwrite = models.BooleanField(_("may overwrite what a person set"), default=False)
    take_back = models.BooleanField(_("takes back from who leaves the group"), default=True)
    store = models.ForeignKey("organisation.Store", models.CASCADE, null=True, blank=True, related_name="+",
                              verbose_name=_("store"), help_text=_("Empty: every store."))
    active = models.BooleanField(_("every night"), default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    objects = OfStoreOrGroup["LabelRule"].as_manager()

    class Meta:
        verbose_name = _("rule for labels")
        verbose_name_plural = _("rules for labels")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """One application of a rule. ``held``: would have changed, but a person had decided."""

    rule = models.ForeignKey(LabelRule, models.CASCADE, related_name="runs")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")  # None: the night
    given = models.PositiveIntegerField(default=0)
    taken_back = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    undone = models.PositiveIntegerField(default=0)  # how many were set back

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["rule", "-id"], name="segments_run_rule")]


class RunChange(models.Model):
    """What one run did to one customer. ``before`` and ``after``: the level, or whether he had the label."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="changes")
    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="+")
    before = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "customer"], name="one_change_a_run_and_customer")]


class Mark(models.Model):
    """A label or level that a rule gave and that still is the rule's. ``before``: the level to go back to."""

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="+")
    rule = models.ForeignKey(LabelRule, models.CASCADE, related_name="marks")
    sets = models.CharField(max_length=8, choices=Sets.choices)
    value = models.CharField(max_length=40)
    before = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "sets", "value"], name="one_mark_each")]


class Formula(models.Model):
    """A version of the formula of an index; the newest counts. Rows are only added."""

    index = models.CharField(_("index"), max_length=8, choices=[("loyalty", _("Loyalty index")),
                                                                ("risk", _("Risk of loss"))])
    parts = models.JSONField(_("parts"))
    note = models.CharField(_("why"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
                           verbose_name=_("person"))

    class Meta:
        verbose_name = _("formula")
        verbose_name_plural = _("formulas")
        ordering = ["-id"]


class OfCustomer(ScopedQuerySet[M]):
    """Rows below a customer belong to the customer's store."""

    store_path = "customer__store_id"


class Score(models.Model):
    """A customer's indexes as last worked out, with what they were made of."""

    customer = models.OneToOneField("customers.Customer", models.CASCADE, primary_key=True, related_name="score")
    loyalty = models.PositiveSmallIntegerField(_("loyalty index"), null=True)
    risk = models.PositiveSmallIntegerField(_("risk of loss"), null=True)
    measures = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    objects = OfCustomer["Score"].as_manager()

    def __str__(self) -> str:
        return str(self.customer_id)
