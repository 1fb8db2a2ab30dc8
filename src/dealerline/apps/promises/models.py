"""Promises to customers and tasks. Each has one owner, one time and one end."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.common.ringing import Purpose
from dealerline.domain.promises.telling import LATER, LONGEST, WORDS, wrong_places


def _person(label: Any) -> Any:
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=label)


class What(models.TextChoices):
    """What was promised. A promise to ring back is kept by ringing; the others by word."""

    RING_BACK = "ring_back", _("Ring back")
    QUOTE = "quote", _("Send a quote")
    CAR_READY = "car_ready", _("Car ready")
    OTHER = "other", _("Something else")


class PromiseState(models.TextChoices):
    """As dealerline.domain.promises.states has them."""

    OPEN = "open", _("Open")
    REMINDED = "reminded", _("Reminded of")
    KEPT = "kept", _("Kept")
    BROKEN = "broken", _("Broken")
    RELEASED = "released", _("Released")


OWED = (PromiseState.OPEN, PromiseState.REMINDED)


class Promise(models.Model):
    """Somebody promised a customer something by a time. ``id`` is the page's: told twice it is made once."""

    id = models.UUIDField(primary_key=True)
    store = models.ForeignKey("organisation.Store", models.CASCADE, related_name="+", verbose_name=_("store"))
    line = models.BigIntegerField(default=0)  # of the call: whose opening hours count, and whose number is shown
    what = models.CharField(_("what"), max_length=10, choices=What.choices, default=What.RING_BACK)
    text = models.CharField(_("in words"), max_length=200, blank=True)
    customer = models.ForeignKey("customers.Customer", models.SET_NULL, null=True, related_name="+",
                                 verbose_name=_("customer"))
    car = models.ForeignKey("customers.Car", models.SET_NULL, null=True, related_name="+", verbose_name=_("car"))
    number = models.CharField(_("number"), max_length=40, blank=True)  # E.164
    # No constraint: the call may not have reached the database yet.
    call = models.ForeignKey("calls.Call", models.DO_NOTHING, null=True, db_constraint=False, related_name="+")
    second = models.FloatField(null=True)  # after the call came: where it can be heard
    made_by = _person(_("made by"))
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    owner = _person(_("owner"))
    first_due_at = models.DateTimeField(_("first promised for"))
    due_at = models.DateTimeField(_("due"))
    state = models.CharField(_("state"), max_length=10, choices=PromiseState.choices, default=PromiseState.OPEN)
    remind_at = models.DateTimeField()
    lead_at = models.DateTimeField()
    manager_at = models.DateTimeField()
    lapse_at = models.DateTimeField()
    step = models.PositiveSmallIntegerField(default=0)  # how far up it has gone: see domain/promises/times.py
    tries = models.PositiveSmallIntegerField(default=0)  # he was rung and not reached
    told_at = models.DateTimeField(null=True)  # the customer was told that it will be late
    told_by = _person(_("told by"))
    message = models.UUIDField(null=True, db_index=True)  # the last text message that told him of it
    message_state = models.CharField(max_length=8, blank=True, db_default="")  # waiting, sent, failed
    message_why = models.CharField(max_length=200, blank=True, db_default="")  # it was not sent
    message_at = models.DateTimeField(null=True)
    message_by = _person(_("sent by"))  # empty: it went by itself
    ended_at = models.DateTimeField(null=True)
    ended_by = _person(_("ended by"))
    ended_how = models.CharField(max_length=10, blank=True)  # reached, keep, break, lapse, tell_off, withdraw
    ended_call = models.UUIDField(null=True)  # the call that reached him
    note = models.CharField(_("note"), max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(fields=["store", "due_at"], name="promise_owed", condition=models.Q(state__in=OWED)),
            models.Index(fields=["owner", "due_at"], name="promise_owner", condition=models.Q(state__in=OWED)),
            models.Index(fields=["store", "first_due_at"], name="promise_report"),
            models.Index(fields=["number"], name="promise_number", condition=models.Q(state__in=OWED)),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.pk}"


class TaskState(models.TextChoices):
    """What has become of a task."""

    OPEN = "open", _("Open")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")


class Task(models.Model):
    """Something to do that nobody was promised. ``owner`` empty: whoever of the store takes it."""

    id = models.UUIDField(primary_key=True)
    store = models.ForeignKey("organisation.Store", models.CASCADE, related_name="+", verbose_name=_("store"))
    title = models.CharField(_("title"), max_length=120)
    text = models.CharField(_("in words"), max_length=500, blank=True)
    customer = models.ForeignKey("customers.Customer", models.SET_NULL, null=True, related_name="+",
                                 verbose_name=_("customer"))
    number = models.CharField(_("number"), max_length=40, blank=True)  # E.164
    made_by = _person(_("made by"))
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    owner = _person(_("owner"))
    due_at = models.DateTimeField(_("due"))
    state = models.CharField(_("state"), max_length=8, choices=TaskState.choices, default=TaskState.OPEN)
    purpose = models.CharField(_("rung for"), max_length=10, choices=Purpose.choices, default=Purpose.SERVICE,
                               db_default=Purpose.SERVICE.value)
    tries = models.PositiveSmallIntegerField(default=0)
    told_late = models.BooleanField(default=False)  # its owner was told that it is late
    ended_at = models.DateTimeField(null=True)
    ended_by = _person(_("ended by"))
    note = models.CharField(_("note"), max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(fields=["store", "due_at"], name="task_open", condition=models.Q(state="open")),
            models.Index(fields=["owner", "due_at"], name="task_owner", condition=models.Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"task {self.pk}"


class Snooze(models.Model):
    """One thing to do, out of one person's sight until then. Its own clock goes on."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))
    kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=64)
    until = models.DateTimeField()
    reason = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("put aside")
        verbose_name_plural = _("put aside")
        constraints = [models.UniqueConstraint(fields=["person", "kind", "object_id"], name="one_snooze_each")]

    def __str__(self) -> str:
        return f"{self.person_id}/{self.kind}/{self.object_id}"


class StoreRules(models.Model):
    """How a store keeps its promises; without a row the shipped values hold."""

    store = models.OneToOneField("organisation.Store", models.CASCADE, related_name="+", verbose_name=_("store"))
    opening_hours = models.BooleanField(
        _("within opening hours"), default=True,
        help_text=_("The quick times ('in an hour', 'tomorrow morning') and the steps upwards keep to the opening "
                    "hours of the line, or of the store's first line."))
    remind_minutes = models.PositiveSmallIntegerField(
        _("remind the owner (minutes before)"), default=15, validators=[MaxValueValidator(1440)])
    lead_minutes = models.PositiveSmallIntegerField(
        _("tell the leads (minutes after)"), default=15, validators=[MaxValueValidator(10080)])
    manager_minutes = models.PositiveSmallIntegerField(
        _("tell the store's manager (minutes after)"), default=60, validators=[MaxValueValidator(10080)])
    lapse_days = models.PositiveSmallIntegerField(
        _("broken after (days)"), default=7, validators=[MinValueValidator(1), MaxValueValidator(92)],
        help_text=_("So long after its time a promise of which nobody says anything counts as broken."))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("rules for promises")
        verbose_name_plural = _("rules for promises")

    def __str__(self) -> str:
        return str(self.store)


def known_places(words: str) -> None:
    """Words with something else in braces than what is filled in are refused."""
    wrong = wrong_places(words)
    if wrong:
        raise ValidationError(_("There is no {%(name)s}: only {customer}, {store}, {agent}, {what}, {time} and, where "
                                "another time is told, {later}.") % {"name": wrong[0]})


def _words(label: Any, shipped: str) -> Any:
    return models.CharField(label, max_length=LONGEST, default=shipped, validators=[known_places])


class Telling(models.Model):
    """How a customer is told by text message that he is not forgotten: one row, the group's."""

    words_zh = _words(_("message, Chinese"), WORDS["zh"])
    words_en = _words(_("message, English"), WORDS["en"])
    later_zh = _words(_("message with another time, Chinese"), LATER["zh"])
    later_en = _words(_("message with another time, English"), LATER["en"])
    after_minutes = models.PositiveSmallIntegerField(
        _("send it by itself (minutes after)"), null=True, blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(1440)],
        help_text=_("So long after its time a customer is told of a promise by itself, once, if nobody has told him. "
                    "Empty: never. It keeps opening hours where the store does, and the hours for advertising calls."))

    class Meta:
        verbose_name = _("messages about late promises")
        verbose_name_plural = _("messages about late promises")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    def text(self, language: str, *, later: bool) -> str:
        """The words in that language, with another time or without."""
        return str(getattr(self, f"{'later' if later else 'words'}_{language}"))

    def clean(self) -> None:
        if self.pk is None and Telling.objects.exists():
            raise ValidationError(_("There is one row only: change that one."))
