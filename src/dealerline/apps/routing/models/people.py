"""What people can do, and how much at a time."""

from __future__ import annotations

from typing import TypeVar

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.access import ScopedQuerySet, SharedQuerySet
from dealerline.apps.common.names import Named
from dealerline.apps.routing.models.base import CODE, LEVEL

M = TypeVar("M", bound=models.Model)


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


class SkilledPerson(Person):
    """A person, as far as routing goes."""

    class Meta:
        proxy = True
        verbose_name = _("person's skills")
        verbose_name_plural = _("people's skills")
