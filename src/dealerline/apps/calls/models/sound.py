"""Recordings, their tracks, and voice messages; of the files only where they lie."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dealerline.apps.calls.models.base import loose
from dealerline.apps.calls.models.calls import Call, OfCall


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


class Sound(models.Model):
    """A file that is recorded, checked and kept for its time. The row outlives the file."""

    id = models.UUIDField(primary_key=True)
    agent = loose(settings.AUTH_USER_MODEL, _("agent"))
    started_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(_("seconds"), default=0)
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
        abstract = True
        ordering = ["started_at"]
        indexes = [
            models.Index(fields=["state", "started_at"], name="%(class)s_state"),
            models.Index(fields=["delete_after"], name="%(class)s_due", condition=models.Q(state="joined")),
        ]


class Recording(Sound):
    """A stereo file: of one talk (left: customer, right: agent), or of a whole call in which more than two talked.

    The whole is made of the call's talks and tracks (left: the customer, right: everybody he heard), on the time axis
    from the first talk to the last.
    """

    kind = models.CharField(max_length=5, choices=RecordingKind.choices, default=RecordingKind.TALK)
    sources = models.JSONField(default=list, blank=True)  # of a whole: checksums of what it was made of
    call = models.ForeignKey(Call, models.CASCADE, related_name="recordings")
    agent_path = models.CharField(max_length=255, blank=True)  # raw sides, below settings.recordings
    customer_path = models.CharField(max_length=255, blank=True)

    class Meta(Sound.Meta):
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")


class Track(Sound):
    """One party's own voice from a time on, while more than two are in a call.

    A party that goes to another room, or is heard by others than before, begins a new track. ``audience``: "customer"
    when the customer heard it or it is his own; what is "inside" is in no copy for him.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="tracks")
    party = models.CharField(max_length=40)
    role = models.CharField(max_length=8)
    room = models.CharField(max_length=24, blank=True)
    audience = models.CharField(max_length=8, default="inside")
    raw_path = models.CharField(max_length=255, blank=True)  # as recorded, below settings.recordings

    class Meta(Sound.Meta):
        verbose_name = _("track")
        verbose_name_plural = _("tracks")


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
