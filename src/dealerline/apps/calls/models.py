"""The journal and what is derived from it; what people write about calls; queues.

Event is the truth; Call, CallLeg, Recording and VoiceMessage are folded from it by logic/projector.py and could be
made again. They name stores, lines, people and queues without database constraints: a fact about a line removed long
ago must not stop the scribe.
"""

from __future__ import annotations

import uuid
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet, SharedQuerySet
from dealerline.apps.common.names import Named

M = TypeVar("M", bound=models.Model)


def _loose(to: str, label: Any, **options: Any) -> Any:
    """A reference that the journal gave: kept even when the row it names is gone."""
    return models.ForeignKey(to, models.DO_NOTHING, null=True, blank=True, db_constraint=False, related_name="+",
                             verbose_name=label, **options)


# queues -------------------------------------------------------------------------------------------------------------
class Queue(Named):
    """Where callers wait for an agent."""

    store = models.ForeignKey("organisation.Store", models.CASCADE, related_name="queues", verbose_name=_("store"))
    code = models.CharField(_("code"), max_length=48, validators=[RegexValidator(r"^[a-z0-9][a-z0-9_-]*$")],
                            help_text=_("Flows name it by this; the same code in several stores lets one flow "
                                        "serve all of them."))
    ring_seconds = models.PositiveSmallIntegerField(
        _("ring an agent for (seconds)"), default=20, validators=[MinValueValidator(5), MaxValueValidator(120)],
        help_text=_("Then the caller goes back in front and the agent becomes busy: no answer."))
    wrap_seconds = models.PositiveSmallIntegerField(
        _("after-call work (seconds)"), default=30, validators=[MaxValueValidator(1800)])
    announce_seconds = models.PositiveSmallIntegerField(
        _("say the position every (seconds)"), default=30, validators=[MinValueValidator(10), MaxValueValidator(600)])
    max_wait_seconds = models.PositiveSmallIntegerField(
        _("longest wait (seconds)"), default=600, validators=[MinValueValidator(10)],
        help_text=_("Then the flow goes on at the queue's on_timeout."))
    service_seconds = models.PositiveSmallIntegerField(
        _("service level (seconds)"), default=20, help_text=_("A call answered within this counts as in time."))
    music = models.CharField(_("music"), max_length=40, blank=True, help_text=_("Empty: the store's music."))
    priority = models.SmallIntegerField(_("priority"), default=0,
                                        help_text=_("An agent of several queues serves the higher one first."))
    alarm_waiting = models.PositiveSmallIntegerField(
        _("alarm: more callers waiting than"), null=True, blank=True,
        help_text=_("On the live board. Empty: the store's; 0: no alarm."))
    alarm_oldest_seconds = models.PositiveSmallIntegerField(
        _("alarm: somebody waits longer than (seconds)"), null=True, blank=True,
        help_text=_("On the live board. Empty: the store's; 0: no alarm."))
    alarm_level_percent = models.PositiveSmallIntegerField(
        _("alarm: service level of today below (%)"), null=True, blank=True, validators=[MaxValueValidator(100)],
        help_text=_("On the live board. Empty: the store's; 0: no alarm."))
    alarm_nobody = models.BooleanField(
        _("alarm: nobody signed in"), null=True, blank=True,
        help_text=_("While a line of the store is open, or somebody waits. Unknown: as the store has it."))
    active = models.BooleanField(_("active"), default=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ["store", "code"]
        constraints = [models.UniqueConstraint(fields=["store", "code"], name="one_queue_a_code_and_store")]


class QueueMemberQuerySet(ScopedQuerySet["QueueMember"]):
    """A membership belongs to the queue's store."""

    store_path = "queue__store_id"


class QueueMember(models.Model):
    """An agent of a queue."""

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="members", verbose_name=_("queue"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="queues",
                               verbose_name=_("person"))

    objects = QueueMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [models.UniqueConstraint(fields=["queue", "person"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.queue_id}/{self.person_id}"


# the journal --------------------------------------------------------------------------------------------------------
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


# derived ------------------------------------------------------------------------------------------------------------
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
    carrier = _loose("organisation.Carrier", _("carrier"))
    store = _loose("organisation.Store", _("store"), db_index=False)
    line = _loose("organisation.Line", _("line"), db_index=False)
    queue = _loose("calls.Queue", _("queue"), db_index=False)  # the last one he waited in
    agent = _loose(settings.AUTH_USER_MODEL, _("agent"), db_index=False)  # the last one who talked
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
    rated = _loose(settings.AUTH_USER_MODEL, _("rated"), db_index=False)  # whose mark it is
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
    agent = _loose(settings.AUTH_USER_MODEL, _("agent"))
    queue = _loose("calls.Queue", _("queue"), db_index=False)
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
    person = _loose(settings.AUTH_USER_MODEL, _("person"))
    phone = models.CharField(max_length=40, blank=True)
    how = models.CharField(max_length=16, blank=True)
    joined_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    left = models.CharField(max_length=24, blank=True)
    voice_seconds = models.FloatField(default=0)
    hold_seconds = models.FloatField(default=0)
    modes = models.JSONField(default=list)  # of a lead: [[epoch seconds, listen|whisper|barge], ...]
    watched = _loose(settings.AUTH_USER_MODEL, _("watched"), db_index=False)
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
    agent = _loose(settings.AUTH_USER_MODEL, _("agent"))  # who asked
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


class RecordingState(models.TextChoices):
    """A recording's life."""

    RECORDING = "recording", _("Being recorded")
    STOPPED = "stopped", _("Waiting to be joined")
    JOINED = "joined", _("Ready")
    FAILED = "failed", _("Not recorded")
    MISSING = "missing", _("File missing")
    EXPIRED = "expired", _("Removed after its time")


class RecordingKind(models.TextChoices):
    """What a stereo file holds."""

    TALK = "talk", _("A talk of two")
    WHOLE = "whole", _("The whole call")


class Recording(models.Model):
    """A stereo file: of one talk (left: customer, right: agent), or of a whole call in which more than two talked.

    The whole is made of the call's talks and tracks (left: the customer, right: everybody he heard), on the time axis
    from the first talk to the last. The row outlives the file.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=5, choices=RecordingKind.choices, default=RecordingKind.TALK)
    sources = models.JSONField(default=list, blank=True)  # of a whole: checksums of what it was made of
    call = models.ForeignKey(Call, models.CASCADE, related_name="recordings")
    agent = _loose(settings.AUTH_USER_MODEL, _("agent"))
    started_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(_("seconds"), default=0)
    agent_path = models.CharField(max_length=255, blank=True)  # raw sides, below settings.recordings
    customer_path = models.CharField(max_length=255, blank=True)
    path = models.CharField(_("file"), max_length=255, blank=True)  # joined, below settings.recordings
    peaks_path = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    bytes = models.BigIntegerField(default=0)
    state = models.CharField(_("state"), max_length=10, choices=RecordingState.choices,
                             default=RecordingState.RECORDING)
    reason = models.CharField(max_length=120, blank=True)
    joined_at = models.DateTimeField(null=True, blank=True)
    delete_after = models.DateTimeField(_("kept until"), null=True, blank=True)

    objects = OfCall.as_manager()

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        ordering = ["started_at"]
        indexes = [
            models.Index(fields=["state", "started_at"], name="recording_state"),
            models.Index(fields=["delete_after"], name="recording_due", condition=models.Q(state="joined")),
        ]


class Track(models.Model):
    """One party's own voice from a time on, while more than two are in a call. The row outlives the file.

    A party that goes to another room, or is heard by others than before, begins a new track. ``audience``: "customer"
    when the customer heard it or it is his own; what is "inside" is in no copy for him.
    """

    id = models.UUIDField(primary_key=True)
    call = models.ForeignKey(Call, models.CASCADE, related_name="tracks")
    party = models.CharField(max_length=40)
    role = models.CharField(max_length=8)
    agent = _loose(settings.AUTH_USER_MODEL, _("agent"))
    room = models.CharField(max_length=24, blank=True)
    audience = models.CharField(max_length=8, default="inside")
    started_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(_("seconds"), default=0)
    raw_path = models.CharField(max_length=255, blank=True)  # as recorded, below settings.recordings
    path = models.CharField(_("file"), max_length=255, blank=True)  # checked and kept, below settings.recordings
    peaks_path = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    bytes = models.BigIntegerField(default=0)
    state = models.CharField(_("state"), max_length=10, choices=RecordingState.choices,
                             default=RecordingState.RECORDING)
    reason = models.CharField(max_length=120, blank=True)
    joined_at = models.DateTimeField(null=True, blank=True)
    delete_after = models.DateTimeField(_("kept until"), null=True, blank=True)

    objects = OfCall.as_manager()

    class Meta:
        verbose_name = _("track")
        verbose_name_plural = _("tracks")
        ordering = ["started_at"]
        indexes = [
            models.Index(fields=["state", "started_at"], name="track_state"),
            models.Index(fields=["delete_after"], name="track_due", condition=models.Q(state="joined")),
        ]


class MessageKind(models.TextChoices):
    """What a voice message is about."""

    MESSAGE = "message", _("Message")
    COMPLAINT = "complaint", _("Complaint")
    SUGGESTION = "suggestion", _("Suggestion")


class MessageState(models.TextChoices):
    """A message is work: new, somebody's, done."""

    NEW = "new", _("New")
    ASSIGNED = "assigned", _("Assigned")
    DONE = "done", _("Done")


class VoiceMessage(models.Model):
    """A message a caller left. The id is the fact's that told of it."""

    id = models.UUIDField(primary_key=True)
    call = models.ForeignKey(Call, models.CASCADE, related_name="messages")
    left_at = models.DateTimeField()
    path = models.CharField(max_length=255)  # below settings.recordings
    sha256 = models.CharField(max_length=64, blank=True)
    seconds = models.FloatField(default=0)
    kind = models.CharField(max_length=12, choices=MessageKind.choices, default=MessageKind.MESSAGE)
    state = models.CharField(max_length=10, choices=MessageState.choices, default=MessageState.NEW)
    assigned = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = OfCall.as_manager()

    class Meta:
        verbose_name = _("voice message")
        verbose_name_plural = _("voice messages")
        ordering = ["-left_at"]
        indexes = [models.Index(fields=["state", "-left_at"], name="message_state")]


# what people write --------------------------------------------------------------------------------------------------
class Choice(Named):
    """A node of a tree of choices; a store's own nodes stand beside the shared ones."""

    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children",
                               verbose_name=_("above"))
    store = models.ForeignKey("organisation.Store", models.CASCADE, null=True, blank=True, related_name="+",
                              verbose_name=_("store"), help_text=_("Empty: every store."))
    code = models.CharField(_("code"), max_length=48, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["position", "id"]


class Matter(Choice):
    """What a call was about."""

    line_kind = models.CharField(_("line kind"), max_length=12, blank=True, help_text=_("Offered first on such lines."))

    class Meta(Choice.Meta):
        verbose_name = _("matter")
        verbose_name_plural = _("matters")


class Result(Choice):
    """What came of it."""

    needs_follow_up = models.BooleanField(_("needs a follow-up"), default=False)

    class Meta(Choice.Meta):
        verbose_name = _("result")
        verbose_name_plural = _("results")


class CallRecord(models.Model):
    """What one person wrote about a call: everybody who took part has an entry of his own.

    ``version`` guards against two windows, or a lead who corrects it, writing at once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    call = models.ForeignKey(Call, models.CASCADE, related_name="records")
    matter = models.ForeignKey(Matter, models.PROTECT, null=True, blank=True, related_name="+",
                               verbose_name=_("matter"))
    result = models.ForeignKey(Result, models.PROTECT, null=True, blank=True, related_name="+",
                               verbose_name=_("result"))
    notes = models.TextField(_("notes"), blank=True)
    follow_up_at = models.DateTimeField(_("follow up at"), null=True, blank=True)
    follow_up_note = models.CharField(_("follow-up"), max_length=200, blank=True)
    draft = models.BooleanField(_("draft"), default=True)
    version = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
                               verbose_name=_("author"))
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                                  verbose_name=_("edited by"))  # another than the author who changed it last
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OfCall.as_manager()

    class Meta:
        verbose_name = _("call record")
        verbose_name_plural = _("call records")
        constraints = [models.UniqueConstraint(fields=["call", "author"], name="one_record_a_person")]
        indexes = [models.Index(fields=["follow_up_at"], name="record_follow_up",
                                condition=models.Q(follow_up_at__isnull=False))]


class CallRecordVersion(models.Model):
    """Each finished save, with who wrote it: the record of every person who handled the call."""

    record = models.ForeignKey(CallRecord, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    content = models.JSONField()

    class Meta:
        verbose_name = _("version of a record")
        verbose_name_plural = _("versions of records")
        ordering = ["record", "-version"]
        constraints = [models.UniqueConstraint(fields=["record", "version"], name="one_record_version")]
