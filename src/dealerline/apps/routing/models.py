"""Tables of routing. A change of any of them reaches the switch within a second (see common/triggers.py).

Queues and people belong to other apps and are named by string: what a queue's rules say stands in ``QueueRule``, beside
the queue and not in it.
"""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.access import ScopedQuerySet, SharedQuerySet, Viewer
from dealerline.apps.common.names import Named, in_language
from dealerline.apps.common.phones import e164
from dealerline.apps.customers.facade import CustomerLevel
from dealerline.apps.organisation.facade import LineKind
from dealerline.domain import numbers
from dealerline.domain.routing_rules import BadSteps, steps

M = TypeVar("M", bound=models.Model)
CODE = RegexValidator(r"^[a-z0-9][a-z0-9_-]*$", _("Use small letters, digits, - and _ only."))
LEVEL = [MinValueValidator(1), MaxValueValidator(5)]
DAY_SECONDS = 86_400
SHORT = 6  # digits of a short number, as 10086, which is written without its country


def spoken(text: Any) -> str:
    """A text of the domain in the reader's language."""
    return in_language(text["zh"], text["en"]) if get_language() else str(text["en"])


# skills and capacity ------------------------------------------------------------------------------------------------
class Skill(Named):
    """Something that people know: a language, a brand, insurance. A store's own, or everybody's."""

    store = models.ForeignKey("organisation.Store", models.CASCADE, null=True, blank=True, related_name="+",
                              verbose_name=_("store"), help_text=_("Empty: every store."))
    code = models.CharField(_("code"), max_length=48, unique=True, validators=[CODE])
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        verbose_name = _("skill")
        verbose_name_plural = _("skills")
        ordering = ["position", "code"]


class OfPerson(ScopedQuerySet[M]):
    """What belongs to a person belongs to his home store."""

    store_path = "person__store_id"


class PersonSkill(models.Model):
    """How well somebody knows something: 1 a little, 5 as an expert."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="skills",
                               verbose_name=_("person"))
    skill = models.ForeignKey(Skill, models.CASCADE, related_name="people", verbose_name=_("skill"))
    level = models.PositiveSmallIntegerField(pgettext_lazy("skill", "level"), default=3, validators=LEVEL,
                                             help_text=_("1 a little, 5 as an expert."))

    objects = OfPerson.as_manager()

    class Meta:
        verbose_name = _("skill of a person")
        verbose_name_plural = _("skills of people")
        ordering = ["person", "skill"]
        constraints = [models.UniqueConstraint(fields=["person", "skill"], name="one_level_a_skill")]

    def __str__(self) -> str:
        return f"{self.skill} {self.level}"


class WorkKind(models.TextChoices):
    """Kinds of work besides calls, of which everybody has one at a time."""

    CHAT = "chat", _("Chat")
    EMAIL = "email", _("E-mail")
    CALLBACK = "callback", _("Call-back")
    TASK = "task", _("Task")


class Capacity(models.Model):
    """How much work of a kind people have at a time: in a store, or, without one, everywhere."""

    store = models.ForeignKey("organisation.Store", models.CASCADE, null=True, blank=True, related_name="+",
                              verbose_name=_("store"), help_text=_("Empty: every store."))
    kind = models.CharField(_("kind of work"), max_length=12, choices=WorkKind.choices)
    most = models.PositiveSmallIntegerField(_("at a time"), default=1, validators=[MaxValueValidator(50)],
                                            help_text=_("0: none of this kind. Of calls everybody has one at a time."))

    objects = SharedQuerySet.as_manager()

    class Meta:
        verbose_name = _("capacity")
        verbose_name_plural = _("capacities")
        ordering = ["store", "kind"]
        constraints = [models.UniqueConstraint(fields=["store", "kind"], name="one_capacity_a_store",
                                               nulls_distinct=False)]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.most}"


class PersonCapacity(models.Model):
    """The same for one person; it wins over his store's."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="capacities",
                               verbose_name=_("person"))
    kind = models.CharField(_("kind of work"), max_length=12, choices=WorkKind.choices)
    most = models.PositiveSmallIntegerField(_("at a time"), default=1, validators=[MaxValueValidator(50)])

    objects = OfPerson.as_manager()

    class Meta:
        verbose_name = _("capacity of a person")
        verbose_name_plural = _("capacities of people")
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="one_capacity_a_person")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.most}"


# rules of a queue ---------------------------------------------------------------------------------------------------
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


# lending between stores -----------------------------------------------------------------------------------------------
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


# who rings ------------------------------------------------------------------------------------------------------------
class ListingKind(models.TextChoices):
    """What a number is listed as."""

    VIP = "vip", _("VIP")
    BLOCKED = "blocked", _("Blocked")
    NUISANCE = "nuisance", _("Known nuisance")


class CallerListing(models.Model):
    """A number that is treated in a way of its own: in a store, or, without one, everywhere. A store's own wins."""

    number = models.CharField(_("number"), max_length=20,
                              help_text=_("With country code, as +8613812345678; without one it is taken for China's."))
    kind = models.CharField(_("kind"), max_length=8, choices=ListingKind.choices)
    store = models.ForeignKey("organisation.Store", models.CASCADE, null=True, blank=True, related_name="+",
                              verbose_name=_("store"), help_text=_("Empty: every store."))
    note = models.CharField(_("note"), max_length=200, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("Empty: for good."))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False,
                                 related_name="+", verbose_name=_("added by"))
    added_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        verbose_name = _("caller list entry")
        verbose_name_plural = _("caller lists")
        ordering = ["-added_at"]
        constraints = [models.UniqueConstraint(fields=["number", "store"], name="one_listing_a_number",
                                               nulls_distinct=False)]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"  # not the number: this text may reach a log

    def clean(self) -> None:
        written = numbers.e164(self.number or "")
        if not numbers.is_plausible(self.number or "") or not written:
            raise ValidationError({"number": _("This is no telephone number: write it as +8613812345678.")})
        self.number = written


class OfListing(SharedQuerySet[M]):
    """Named people belong to the listing's store."""

    store_path = "listing__store_id"


class NamedPerson(models.Model):
    """Who serves a VIP, the first choice first."""

    listing = models.ForeignKey(CallerListing, models.CASCADE, related_name="named",
                                verbose_name=_("caller list entry"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))
    place = models.PositiveSmallIntegerField(_("place"), default=1, help_text=_("The smaller is asked first."))

    objects = OfListing.as_manager()

    class Meta:
        verbose_name = _("named person")
        verbose_name_plural = _("named people")
        ordering = ["place", "id"]
        constraints = [models.UniqueConstraint(fields=["listing", "person"], name="one_naming_a_person")]

    def __str__(self) -> str:
        return f"{self.place}"


# who carries the phone -----------------------------------------------------------------------------------------------
class DutyShift(models.Model):
    """Who carries a store's phone from one time to another, second and third in turn behind him.

    ``ends`` not after ``begins`` means on the next day. Numbers left empty are the people's own mobiles.
    """

    store = models.ForeignKey("organisation.Store", models.CASCADE, related_name="+", verbose_name=_("store"))
    kind = models.CharField(_("line kind"), max_length=12, blank=True, choices=LineKind.choices,
                            help_text=_("Empty: every line of the store. A line's own kind comes first."))
    date = models.DateField(_("date"))
    begins = models.TimeField(pgettext_lazy("time", "from"), default=datetime.time(18, 0))
    ends = models.TimeField(pgettext_lazy("time", "to"), default=datetime.time(8, 30),
                            help_text=_("A time not after the beginning is on the next day."))
    first = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                              verbose_name=_("first"))
    first_number = models.CharField(_("his number"), max_length=20, blank=True)
    second = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                               verbose_name=_("second"))
    second_number = models.CharField(_("his number"), max_length=20, blank=True)
    third = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                              verbose_name=_("third"))
    third_number = models.CharField(_("his number"), max_length=20, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("duty")
        verbose_name_plural = _("duty roster")
        ordering = ["date", "begins", "store", "kind"]
        constraints = [models.UniqueConstraint(fields=["store", "kind", "date", "begins"], name="one_duty_a_time")]
        indexes = [models.Index(fields=["date"], name="duty_date")]

    TURNS = ("first", "second", "third")

    def __str__(self) -> str:
        return f"{self.date:%Y-%m-%d} {self.begins:%H:%M}-{self.ends:%H:%M}"

    @property
    def turns(self) -> list[tuple[str, int]]:
        """(number, person or 0) in turn; who has no number is left out."""
        found = []
        for turn in self.TURNS:
            person = getattr(self, turn)
            number = getattr(self, f"{turn}_number") or (e164(person.mobile) if person is not None else "")
            if number and (person is None or person.is_active or getattr(self, f"{turn}_number")):
                found.append((number, person.pk if person is not None else 0))
        return found

    def span(self) -> tuple[float, float]:
        """From when to when, epoch seconds, by the store's wall clock."""
        zone = zoneinfo.ZoneInfo(self.store.timezone)
        last = self.date + datetime.timedelta(days=0 if self.ends > self.begins else 1)
        return (datetime.datetime.combine(self.date, self.begins, zone).timestamp(),
                datetime.datetime.combine(last, self.ends, zone).timestamp())

    def clean(self) -> None:
        wrong: dict[str, Any] = {}
        for turn in self.TURNS:
            field = f"{turn}_number"
            given, person = getattr(self, field), getattr(self, turn)
            if given and not e164(given):
                wrong[field] = _("This is no telephone number: write it as +8613812345678.")
            setattr(self, field, e164(given) or given)
            if person is not None and not given and not person.mobile:
                wrong[field] = _("%(name)s has no mobile: write the number here.") % {"name": person.name}
        if wrong:
            raise ValidationError(wrong)
        if not self.turns:
            raise ValidationError(_("Name at least one person or number."))


class SkilledPerson(Person):
    """A person, as far as routing goes."""

    class Meta:
        proxy = True
        verbose_name = _("person's skills")
        verbose_name_plural = _("people's skills")
