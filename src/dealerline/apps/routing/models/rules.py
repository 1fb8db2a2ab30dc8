"""The rules of a queue, lending between stores, and what a customer's level counts."""

from __future__ import annotations

from typing import TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dealerline.apps.common.access import ScopedQuerySet, Viewer
from dealerline.apps.customers.facade import CustomerLevel
from dealerline.apps.routing.models.base import DAY_SECONDS, LEVEL, SHORT, spoken
from dealerline.apps.routing.models.people import Skill
from dealerline.domain import numbers
from dealerline.domain.routing_rules import BadSteps, steps

M = TypeVar("M", bound=models.Model)


class Strategy(models.TextChoices):
    """Who of a queue's free people is rung."""

    LONGEST_IDLE = "longest_idle", _("Longest idle")
    LEAST_BUSY = "least_busy", _("Least busy today")
    ROUND_ROBIN = "round_robin", _("In turn")
    BEST_SKILL = "best_skill", _("Best skilled")
    RING_ALL = "ring_all", _("All at once")
    ORDERED = "ordered", _("In a fixed order")


class Sticky(models.TextChoices):
    """Whom a known caller is kept for."""

    LAST = "last", _("Whom he last spoke with")
    OWNER = "owner", _("Who looks after him")


class OfQueue(ScopedQuerySet[M]):
    """A queue's rules belong to the queue's store."""

    store_path = "queue__store_id"


class OfRule(ScopedQuerySet[M]):
    """And so do their parts."""

    store_path = "rule__queue__store_id"


class QueueRule(models.Model):
    """How a queue's callers are given to people. A queue without one asks the longest idle."""

    queue = models.OneToOneField("calls.Queue", models.CASCADE, related_name="rule", verbose_name=_("queue"))
    strategy = models.CharField(_("who is rung"), max_length=16, choices=Strategy.choices,
                                default=Strategy.LONGEST_IDLE)
    age_seconds = models.PositiveIntegerField(
        _("ageing (seconds)"), default=60, validators=[MaxValueValidator(DAY_SECONDS)],
        help_text=_("So much waiting counts as one step of priority, so that nobody waits for ever. 0: never."))
    sticky = models.CharField(_("keep a known caller for"), max_length=8, choices=Sticky.choices, default=Sticky.LAST)
    sticky_seconds = models.PositiveSmallIntegerField(
        _("for so long (seconds)"), default=0, validators=[MaxValueValidator(600)],
        help_text=_("If that person is signed in. The caller keeps his place meanwhile. 0: not at all."))

    objects = OfQueue.as_manager()

    class Meta:
        verbose_name = _("rules of a queue")
        verbose_name_plural = _("rules of queues")
        ordering = ["queue"]

    def __str__(self) -> str:
        return f"{self.queue.store} {self.queue}"


class QueueNeed(models.Model):
    """A skill that the queue's callers want."""

    rule = models.ForeignKey(QueueRule, models.CASCADE, related_name="needs", verbose_name=_("rules"))
    skill = models.ForeignKey(Skill, models.PROTECT, related_name="needs", verbose_name=_("skill"))
    level = models.PositiveSmallIntegerField(pgettext_lazy("skill", "level"), default=1, validators=LEVEL)
    must = models.BooleanField(_("must have"), default=True,
                               help_text=_("Off: nice to have; whoever has it is preferred."))
    relax = models.CharField(
        _("relaxation"), max_length=120, blank=True,
        help_text=_("Seconds waited and the level wanted from then on, as 30:3, 60:1, 120:0. Level 0: no longer."))

    objects = OfRule.as_manager()

    class Meta:
        verbose_name = _("need")
        verbose_name_plural = _("needs")
        ordering = ["-must", "skill"]
        constraints = [models.UniqueConstraint(fields=["rule", "skill"], name="one_need_a_skill")]

    def __str__(self) -> str:
        return f"{self.skill} {self.level}"

    def clean(self) -> None:
        try:
            steps(self.relax, self.level or 5)
        except BadSteps as error:
            raise ValidationError({"relax": spoken(error.text)}) from error


class QueueOrder(models.Model):
    """Somebody's place in a queue that rings in a fixed order."""

    rule = models.ForeignKey(QueueRule, models.CASCADE, related_name="order", verbose_name=_("rules"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))
    place = models.PositiveSmallIntegerField(_("place"), default=1, help_text=_("The smaller is asked first."))

    objects = OfRule.as_manager()

    class Meta:
        verbose_name = _("place in the order")
        verbose_name_plural = _("places in the order")
        ordering = ["place", "person"]
        constraints = [models.UniqueConstraint(fields=["rule", "person"], name="one_place_a_person")]

    def __str__(self) -> str:
        return f"{self.place}"


class When(models.TextChoices):
    """What sets an overflow rule off."""

    WAITED = "waited", _("he has waited (seconds)")
    EXPECTED = "expected", _("he would have to wait (seconds)")
    LENGTH = "length", _("so many are before him")
    NOBODY = "nobody", _("nobody is signed in")


class To(models.TextChoices):
    """Where it leads."""

    QUEUE = "queue", _("People of another queue, too")
    NUMBER = "number", _("An outside number")
    CALLBACK = "callback", _("Offer of a call-back")
    VOICEMAIL = "voicemail", _("Voice message")


class OverflowRule(models.Model):
    """Where a caller may go besides."""

    rule = models.ForeignKey(QueueRule, models.CASCADE, related_name="overflows", verbose_name=_("rules"))
    when = models.CharField(_("when"), max_length=8, choices=When.choices, default=When.WAITED)
    value = models.PositiveIntegerField(_("seconds or callers"), default=60,
                                        validators=[MaxValueValidator(DAY_SECONDS)])
    to = models.CharField(_("goes to"), max_length=10, choices=To.choices, default=To.QUEUE)
    queue = models.ForeignKey("calls.Queue", models.CASCADE, null=True, blank=True, related_name="+",
                              verbose_name=_("queue"))
    number = models.CharField(_("number"), max_length=20, blank=True)
    hours = models.ForeignKey("organisation.Hours", models.PROTECT, null=True, blank=True, related_name="+",
                              verbose_name=_("only within"), help_text=_("Empty: at any time."))

    objects = OfRule.as_manager()

    class Meta:
        verbose_name = _("overflow rule")
        verbose_name_plural = _("overflow rules")
        ordering = ["when", "value", "id"]

    def __str__(self) -> str:
        return f"{self.get_when_display()} {self.value}: {self.get_to_display()}"

    def clean(self) -> None:
        if self.to == To.QUEUE and self.queue_id is None:
            raise ValidationError({"queue": _("Choose the queue.")})
        if self.to == To.NUMBER and not numbers.dialable(self.number):
            raise ValidationError({"number": _("Write a number that can be dialled, as +8613812345678.")})
        if self.to != To.NUMBER:
            self.number = ""
        elif numbers.in_plan(self.number) and len(numbers.dialable(self.number)) > SHORT:
            self.number = numbers.e164(self.number)
        else:
            self.number = numbers.dialable(self.number)
        if self.to != To.QUEUE:
            self.queue = None


class LendingQuerySet(ScopedQuerySet["Lending"]):
    """Both sides see it; what is lent to every store is everybody's to see."""

    def visible_to(self, viewer: Viewer, permission: str = "") -> LendingQuerySet:
        stores = viewer.stores_for(permission)
        return self if stores.every else self.seen_from(sorted(stores.ids))

    def seen_from(self, stores: list[int]) -> LendingQuerySet:
        """Lent by these stores, to them, or to all."""
        return self.filter(models.Q(store_id__in=stores) | models.Q(borrower_id__in=stores)
                           | models.Q(borrower__isnull=True))


class Lending(models.Model):
    """A store lends the people of its queues to another. Without it no overflow rule of another store works."""

    store = models.ForeignKey("organisation.Store", models.CASCADE, related_name="+", verbose_name=_("lender"))
    queue = models.ForeignKey("calls.Queue", models.CASCADE, null=True, blank=True, related_name="+",
                              verbose_name=_("queue"), help_text=_("Empty: every queue of the store."))
    borrower = models.ForeignKey("organisation.Store", models.CASCADE, null=True, blank=True, related_name="+",
                                 verbose_name=_("borrower"), help_text=_("Empty: every store, as an expert centre."))
    hours = models.ForeignKey("organisation.Hours", models.PROTECT, null=True, blank=True, related_name="+",
                              verbose_name=_("only within"), help_text=_("Empty: at any time."))
    note = models.CharField(_("note"), max_length=120, blank=True)
    active = models.BooleanField(_("active"), default=True)

    objects = LendingQuerySet.as_manager()

    class Meta:
        verbose_name = _("lending")
        verbose_name_plural = _("lendings")
        ordering = ["store", "borrower", "queue"]
        constraints = [models.UniqueConstraint(fields=["store", "queue", "borrower", "hours"], name="one_lending_each",
                                               nulls_distinct=False)]

    def __str__(self) -> str:
        return f"{self.queue or self.store} → {self.borrower or _('every store')}"

    def clean(self) -> None:
        if self.queue is not None and self.queue.store_id != self.store_id:
            raise ValidationError({"queue": _("This queue is another store's.")})
        if self.store_id is not None and self.store_id == self.borrower_id:
            raise ValidationError({"borrower": _("A store needs no leave for its own queues.")})


class LevelPriority(models.Model):
    """How much a customer's level counts in every queue."""

    level = models.CharField(_("level"), max_length=8, choices=CustomerLevel.choices,
                             unique=True)
    priority = models.SmallIntegerField(
        _("priority"), default=0, validators=[MinValueValidator(-50), MaxValueValidator(50)],
        help_text=_("Added to the queue's own. The rescue line shall stay above the best customer."))

    class Meta:
        verbose_name = _("priority of a customer's level")
        verbose_name_plural = _("priorities of customers' levels")
        ordering = ["-priority"]

    def __str__(self) -> str:
        return f"{self.get_level_display()}: {self.priority}"
