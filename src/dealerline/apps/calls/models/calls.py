"""Calls and who took part, folded from the journal by logic/projector.py. They could be made again."""

from __future__ import annotations

from typing import TypeVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from dealerline.apps.calls.models.base import loose
from dealerline.apps.common.access import ScopedQuerySet

M = TypeVar("M", bound=models.Model)


class Direction(models.TextChoices):
    """Who rang whom."""

    IN = "in", _("Incoming")
    OUT = "out", _("Outgoing")


class Outcome(models.TextChoices):
    """How a call ended, or that it goes on."""

    LIVE = "live", _("In progress")
    ANSWERED = "answered", _("Answered")
    ABANDONED = "abandoned", _("Hung up while waiting")
    SELF_SERVICE = "self_service", _("Self-service only")
    VOICEMAIL = "voicemail", _("Left a message")
    CALLBACK = "callback", _("Asked to be called back")
    FORWARDED = "forwarded", _("Forwarded")
    UNKNOWN_NUMBER = "unknown_number", _("Number without a line")
    NO_ANSWER = "no_answer", _("No answer")
    FAILED = "failed", _("Cut off by a fault")


class Call(models.Model):
    """A call, folded from its facts.

    A stub (``arrived_at`` empty) exists when a record was written before the facts were in.
    """

    id = models.UUIDField(primary_key=True)
    direction = models.CharField(_("direction"), max_length=3, choices=Direction.choices, default=Direction.IN)
    from_number = models.CharField(_("from"), max_length=40, blank=True)
    to_number = models.CharField(_("to"), max_length=40, blank=True)
    customer_number = models.CharField(_("customer's number"), max_length=40, blank=True)  # E.164 where it can be
    carrier = loose("organisation.Carrier", _("carrier"))
    store = loose("organisation.Store", _("store"), db_index=False)
    line = loose("organisation.Line", _("line"), db_index=False)
    queue = loose("calls.Queue", _("queue"), db_index=False)  # the last one he waited in
    agent = loose(settings.AUTH_USER_MODEL, _("agent"), db_index=False)  # the last one who talked
    customer = models.ForeignKey("customers.Customer", models.SET_NULL, null=True, blank=True, related_name="calls",
                                 verbose_name=_("customer"))
    language = models.CharField(_("language"), max_length=2, blank=True)
    # what he was rung for (domain.contact.CALLED_FOR); "" where nobody said
    purpose = models.CharField(_("rung for"), max_length=10, blank=True, db_default="")
    path = models.JSONField(_("menu path"), default=list)  # keys dialled, in order
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices, default=Outcome.LIVE)
    ended_by = models.CharField(max_length=12, blank=True)
    cause = models.CharField(max_length=60, blank=True)
    arrived_at = models.DateTimeField(_("arrived"), null=True, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)  # by a person, the first time
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    waited_seconds = models.FloatField(_("waited (s)"), default=0)  # in queues, all together
    talk_seconds = models.FloatField(_("talked (s)"), default=0)
    hold_seconds = models.FloatField(default=0)
    wrap_seconds = models.FloatField(default=0)
    offers = models.PositiveSmallIntegerField(default=0)
    told_wait = models.FloatField(null=True)  # the expected wait (s) he was told first, and when
    told_at = models.DateTimeField(null=True)
    rating = models.PositiveSmallIntegerField(_("mark"), null=True, blank=True)  # the customer's, 1 (worst) to 5
    rated = loose(settings.AUTH_USER_MODEL, _("rated"), db_index=False)  # whose mark it is
    seq = models.IntegerField(default=0)  # highest fact folded in

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["-arrived_at"]
        indexes = [
            models.Index(fields=["-arrived_at"], name="call_arrived"),
            models.Index(fields=["store", "-arrived_at"], name="call_store"),
            models.Index(fields=["agent", "-arrived_at"], name="call_agent"),
            models.Index(fields=["customer", "-arrived_at"], name="call_customer"),
            models.Index(fields=["customer_number", "-arrived_at"], name="call_number"),
            GinIndex(name="call_number_trgm", fields=["customer_number"], opclasses=["gin_trgm_ops"]),
            models.Index(fields=["-arrived_at"], name="call_rated", condition=models.Q(rating__isnull=False)),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class OfCall(ScopedQuerySet[M]):
    """Rows below a call belong to the call's store."""

    store_path = "call__store_id"


class CallLeg(models.Model):
    """One person's talk within a call."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="legs")
    number = models.PositiveSmallIntegerField()  # 1, 2, ... in order of time
    agent = loose(settings.AUTH_USER_MODEL, _("agent"))
    queue = loose("calls.Queue", _("queue"), db_index=False)
    offered_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=16,
                              blank=True)  # answered, no_answer, refused, device_lost, caller_gone, failed
    hold_seconds = models.FloatField(default=0)
    wrap_seconds = models.FloatField(default=0)
    how = models.CharField(max_length=16, blank=True)  # he came by: queue, out, transfer, consult, invite, return, ...
    left = models.CharField(max_length=24, blank=True)  # transferred, taken_over, or what the end of his talk said

    objects = OfCall.as_manager()

    class Meta:
        verbose_name = _("leg")
        verbose_name_plural = _("legs")
        ordering = ["call", "number"]
        constraints = [models.UniqueConstraint(fields=["call", "number"], name="one_leg_a_number")]


class Participant(models.Model):
    """Somebody who was there besides the customer and the agents of the legs: a person outside, a lead at a call."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="participants")
    number = models.PositiveSmallIntegerField()  # 1, 2, ... in order of coming
    party = models.CharField(max_length=40, blank=True)
    role = models.CharField(max_length=8)  # outside, lead
    person = loose(settings.AUTH_USER_MODEL, _("person"))
    phone = models.CharField(max_length=40, blank=True)
    how = models.CharField(max_length=16, blank=True)
    joined_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    left = models.CharField(max_length=24, blank=True)
    voice_seconds = models.FloatField(default=0)
    hold_seconds = models.FloatField(default=0)
    modes = models.JSONField(default=list)  # of a lead: [[epoch seconds, listen|whisper|barge], ...]
    watched = loose(settings.AUTH_USER_MODEL, _("watched"), db_index=False)
    visible = models.BooleanField(default=True)  # whether the agent was told of the lead

    objects = OfCall.as_manager()

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ["call", "number"]
        constraints = [models.UniqueConstraint(fields=["call", "number"], name="one_participant_a_number")]


class Transfer(models.Model):
    """One attempt to bring somebody into a call, or to hand its customer over."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="transfers")
    number = models.PositiveSmallIntegerField()  # 1, 2, ... in order of time
    agent = loose(settings.AUTH_USER_MODEL, _("agent"))  # who asked
    how = models.CharField(max_length=16)  # transfer, consult, invite, return, lead
    target_kind = models.CharField(max_length=8)  # person, number, queue, line
    target = models.CharField(max_length=40)  # its id, or the number
    party = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=16, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)  # when the customer was handed over by it

    objects = OfCall.as_manager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ["call", "number"]
        constraints = [models.UniqueConstraint(fields=["call", "number"], name="one_transfer_a_number")]
