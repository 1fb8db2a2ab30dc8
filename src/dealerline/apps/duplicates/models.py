"""Pairs that may be one customer; merges, and each row that a merge moved.

No foreign key to customers: a pair is no use of a customer that would keep him, and a merge outlives the one that it
took away, whose whole row it holds.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet, Viewer

M = TypeVar("M", bound=models.Model)


def _person(label: Any) -> Any:
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=label)


class OfTwoStores(ScopedQuerySet[M]):
    """Only whoever may see both stores sees the row."""

    store_path = "store_id"

    def visible_to(self, viewer: Viewer, permission: str = "") -> OfTwoStores[M]:
        """The rows both of whose stores are in the viewer's right."""
        stores = viewer.stores_for(permission)
        if stores.every:
            return self
        ids = sorted(stores.ids)
        return self.filter(store_id__in=ids, other_store_id__in=ids)


class PairState(models.TextChoices):
    """As dealerline.domain.duplicates.states has them."""

    FOUND = "found", _("To look at")
    DISMISSED = "dismissed", _("Not the same")
    MERGED = "merged", _("Merged")
    UNDONE = "undone", _("Taken back")


class Pair(models.Model):
    """Two customers who may be one; ``low`` is the smaller id. ``reasons``: what agrees, with its points."""

    low = models.BigIntegerField()
    high = models.BigIntegerField(db_index=True)
    store_id = models.BigIntegerField()
    other_store_id = models.BigIntegerField()
    score = models.PositiveSmallIntegerField()
    reasons = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=PairState.choices, default=PairState.FOUND)
    found_at = models.DateTimeField(default=timezone.now)
    seen_run = models.BigIntegerField(default=0)  # the run that found it last
    decided_at = models.DateTimeField(null=True)
    decided_by = _person(_("decided by"))
    note = models.CharField(max_length=200, blank=True)

    objects = OfTwoStores["Pair"].as_manager()

    class Meta:
        verbose_name = _("pair of duplicates")
        verbose_name_plural = _("pairs of duplicates")
        ordering = ["-score", "id"]
        constraints = [models.UniqueConstraint(fields=["low", "high"], name="one_pair_each"),
                       models.CheckConstraint(condition=models.Q(low__lt=models.F("high")), name="pair_low_first")]
        indexes = [models.Index(fields=["state", "-score", "id"], name="pair_state")]


class Merge(models.Model):
    """One customer put into another. ``row``: the one merged away, whole. ``now``: where he is today."""

    kept = models.BigIntegerField(db_index=True)
    gone = models.BigIntegerField()
    now = models.BigIntegerField(db_index=True)
    store_id = models.BigIntegerField()  # of the one kept, before
    other_store_id = models.BigIntegerField()  # of the one merged away
    row = models.JSONField()
    counts = models.JSONField(default=dict)  # rows moved, by table
    # What others still call the one merged away: an import that knows him by it comes to the one kept.
    number = models.CharField(max_length=24, blank=True)
    external_source = models.CharField(max_length=40, blank=True)
    external_key = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField(default=timezone.now)
    by = _person(_("merged by"))
    undone_at = models.DateTimeField(null=True)
    undone_by = _person(_("taken back by"))
    left = models.JSONField(default=list)  # what taking it back could not put back, and why

    objects = OfTwoStores["Merge"].as_manager()

    class Meta:
        verbose_name = _("merge of customers")
        verbose_name_plural = _("merges of customers")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["gone"], name="gone_once",
                                               condition=models.Q(undone_at__isnull=True))]
        indexes = [
            models.Index(fields=["external_source", "external_key"], name="merge_outside",
                         condition=~models.Q(external_key="")),
            models.Index(fields=["gone"], name="merge_gone"),
            models.Index(fields=["number"], name="merge_number", condition=~models.Q(number="")),
        ]


class Move(models.Model):
    """One row that a merge touched, in the order of doing.

    ``kind``: ``moved`` (``field`` from ``before`` to ``after``), ``changed`` (the same, of a row that stays where it
    is), ``aside`` (taken out of its table; ``before`` is the whole row), ``made`` (a row that the merge added).
    """

    merge = models.ForeignKey(Merge, models.CASCADE, related_name="moves")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=8)
    label = models.CharField(max_length=60)
    object_id = models.CharField(max_length=64)
    field = models.CharField(max_length=60, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ["merge_id", "seq"]
        constraints = [models.UniqueConstraint(fields=["merge", "seq"], name="one_move_a_place")]


class Run(models.Model):
    """One look for duplicates. ``marks``: up to which row of each table the next need not look again."""

    at = models.DateTimeField(default=timezone.now)
    whole = models.BooleanField(default=False)
    seconds = models.FloatField(null=True)
    customers = models.PositiveIntegerField(default=0)  # looked at; of a whole run, all there are
    pairs = models.PositiveIntegerField(default=0)  # new ones
    marks = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
