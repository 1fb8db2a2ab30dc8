"""Work left over, and the promises to ring back. An item has one owner, one clock and one end."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet


class Rules(models.Model):
    """How soon people have to see to what is left over, and how callers are rung back: one row."""

    message_minutes = models.PositiveSmallIntegerField(
        _("minutes for a voice message"), default=60, validators=[MinValueValidator(1), MaxValueValidator(10080)],
        help_text=_("Of opening hours: by then somebody has to have dealt with it; later it is red and its lead is "
                    "told."))
    lost_minutes = models.PositiveSmallIntegerField(
        _("minutes for a lost caller"), default=30, validators=[MinValueValidator(1), MaxValueValidator(10080)],
        help_text=_("He hung up while he waited, and nobody has reached him since."))
    unreached_minutes = models.PositiveSmallIntegerField(
        _("minutes for a call-back that was not reached"), default=120,
        validators=[MinValueValidator(1), MaxValueValidator(10080)])
    rating_minutes = models.PositiveSmallIntegerField(
        _("minutes for a bad mark"), default=60, validators=[MinValueValidator(1), MaxValueValidator(10080)])
    callback_tries = models.PositiveSmallIntegerField(
        _("tries of a promised call-back"), default=3, validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text=_("So often the number is rung; then it is left to people."))
    callback_minutes = models.PositiveSmallIntegerField(
        _("minutes between two tries"), default=10, validators=[MinValueValidator(1), MaxValueValidator(1440)])
    callback_within = models.PositiveSmallIntegerField(
        _("minutes in which a call-back has to be kept"), default=60,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text=_("Where no expected time could be told to the caller."))

    class Meta:
        verbose_name = _("rules for work left over")
        verbose_name_plural = _("rules for work left over")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    def clean(self) -> None:
        if self.pk is None and Rules.objects.exists():
            raise ValidationError(_("There is one row of rules only: change that one."))


class CallbackState(models.TextChoices):
    """What has become of a promise."""

    OPEN = "open", _("Open")
    KEPT = "kept", _("Kept")
    UNREACHED = "unreached", _("Not reached")
    CANCELLED = "cancelled", _("Taken back")


class Callback(models.Model):
    """A caller was promised to be rung. Folded from the facts ``callback.*``; the switch keeps the promise itself."""

    id = models.UUIDField(primary_key=True)
    call = models.ForeignKey("calls.Call", models.CASCADE, related_name="+")  # in which it was promised
    store = models.ForeignKey("organisation.Store", models.CASCADE, related_name="+")
    line = models.BigIntegerField(default=0)
    queue = models.BigIntegerField(default=0)
    number = models.CharField(max_length=40)  # E.164
    asked_from = models.CharField(max_length=40, blank=True)
    promised_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    last_result = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=10, choices=CallbackState.choices, default=CallbackState.OPEN)
    how = models.CharField(max_length=10, blank=True)  # dialled, own_call, agent
    late_seconds = models.FloatField(null=True)  # negative: in time
    ended_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("promised call-back")
        verbose_name_plural = _("promised call-backs")
        ordering = ["-promised_at"]
        indexes = [models.Index(fields=["store", "-promised_at"], name="callback_store")]


class Kind(models.TextChoices):
    """Why something is left over."""

    MESSAGE = "message", _("Voice message")
    LOST = "lost", _("Lost caller")
    CALLBACK = "callback", _("Call-back not reached")
    RATING = "rating", _("Bad mark")


class Sort(models.TextChoices):
    """What it is about."""

    COMPLAINT = "complaint", _("Complaint")
    SUGGESTION = "suggestion", _("Suggestion")
    OTHER = "other", _("Other")


class Result(models.TextChoices):
    """How it ended."""

    REACHED = "reached", _("Reached")
    NOT_REACHED = "not_reached", _("Not reached")
    WRITTEN = "written", _("Answered in writing")
    NO_NEED = "no_need", _("Nothing to do")


class Item(models.Model):
    """One thing left over. ``owner`` deals with it; it is done once, by somebody or by a call that reached him."""

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    store = models.ForeignKey("organisation.Store", models.CASCADE, related_name="+", verbose_name=_("store"))
    line = models.BigIntegerField(default=0)
    number = models.CharField(_("number"), max_length=40, blank=True)  # E.164
    call = models.ForeignKey("calls.Call", models.CASCADE, related_name="+")  # the newest it is about
    message = models.OneToOneField("calls.VoiceMessage", models.CASCADE, null=True, related_name="+")
    callback = models.OneToOneField(Callback, models.CASCADE, null=True, related_name="+")
    sort = models.CharField(_("sort"), max_length=10, choices=Sort.choices, default=Sort.OTHER)
    times = models.PositiveSmallIntegerField(default=1)  # how often he was lost
    mark = models.PositiveSmallIntegerField(null=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    due_at = models.DateTimeField(_("due"))
    alarmed_at = models.DateTimeField(null=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
                              verbose_name=_("owner"))
    claimed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    done_call = models.UUIDField(null=True)  # the call that reached him
    result = models.CharField(max_length=12, choices=Result.choices, blank=True)
    note = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("work left over")
        verbose_name_plural = _("work left over")
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(fields=["store", "due_at"], name="item_open", condition=models.Q(done_at=None)),
            models.Index(fields=["store", "-done_at"], name="item_done"),
            models.Index(fields=["store", "number"], name="item_number", condition=models.Q(done_at=None)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["store", "number"], name="one_open_item_a_lost_number",
                                    condition=models.Q(kind="lost", done_at=None)),
            models.UniqueConstraint(fields=["call"], name="one_item_a_bad_mark",
                                    condition=models.Q(kind="rating")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Loss(models.Model):
    """A call that was lost, and the item it is counted in."""

    call = models.OneToOneField("calls.Call", models.CASCADE, primary_key=True, related_name="+")
    item = models.ForeignKey(Item, models.CASCADE, related_name="losses")
    at = models.DateTimeField(default=timezone.now)


class Rating(models.Model):
    """Whether a store's callers are asked for a mark after the call, and which marks are bad."""

    store = models.OneToOneField("organisation.Store", models.CASCADE, related_name="+", verbose_name=_("store"))
    asks = models.BooleanField(_("callers are asked"), default=True,
                               help_text=_("When the agent hangs up first, the caller hears a question and keys 1 to "
                                           "5."))
    texts = models.BooleanField(
        _("asked by text message"), default=False,
        help_text=_("Who gave no mark by key gets a text message after the call and replies with one; once a provider "
                    "of text messages is set."))
    texts_days = models.PositiveSmallIntegerField(
        _("days between two such messages"), default=30, validators=[MinValueValidator(1), MaxValueValidator(365)])
    bad = models.PositiveSmallIntegerField(
        _("bad marks"), default=2, validators=[MinValueValidator(0), MaxValueValidator(4)],
        help_text=_("A mark up to this one tells the lead and is work left over. 0: none is."))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("marks after the call")
        verbose_name_plural = _("marks after the call")

    def __str__(self) -> str:
        return str(self.store)
