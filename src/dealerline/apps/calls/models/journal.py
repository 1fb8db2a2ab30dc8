"""The journal: what happened, in the order in which it was told; and what an administrator should see."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """One fact, as the switch wrote it. Append-only by trigger."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=32)
    at = models.DateTimeField()
    call = models.UUIDField(null=True)
    seq = models.IntegerField(default=0)
    store = models.BigIntegerField(null=True)
    person = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["call", "seq"], name="event_call", condition=models.Q(call__isnull=False)),
            BrinIndex(fields=["at"], name="event_at"),
            models.Index(fields=["at"], name="event_queue_left", condition=models.Q(kind="queue.left")),  # the board's
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class SpoolPosition(models.Model):
    """How far the scribe has read each segment of the spool; moved in the transaction that inserts the facts."""

    segment = models.CharField(max_length=120, primary_key=True)
    offset = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)


class Alarm(models.Model):
    """Something an administrator should see: broken journal lines, files that are missing, a full disk."""

    code = models.CharField(max_length=40)
    subject = models.CharField(max_length=160, blank=True)
    detail = models.JSONField(default=dict)
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        ordering = ["-last_at"]
        constraints = [models.UniqueConstraint(fields=["code", "subject"], name="one_alarm_a_subject")]
