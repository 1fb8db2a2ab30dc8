"""Queues, and who serves them."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.common.names import Named


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
