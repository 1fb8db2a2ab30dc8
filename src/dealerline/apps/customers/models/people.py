"""Persons and companies: who they are, how they are reached, to whom they belong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.customers.logic.names import pinyin_of, sort_key
from dealerline.apps.customers.logic.phone_facts import facts_of
from dealerline.apps.customers.models.base import Derived, Kept, OfCustomer, Outside, one_outside_key, short


class CustomerKind(models.TextChoices):
    """A person or a company."""

    PERSON = "person", _("Person")
    COMPANY = "company", _("Company")


class CustomerLevel(models.TextChoices):
    """How important; shown in the pop."""

    NORMAL = "normal", _("Normal")
    SILVER = "silver", _("Silver")
    GOLD = "gold", _("Gold")
    VIP = "vip", _("VIP")


class LevelSource(models.TextChoices):
    """What set a level: a rule leaves alone what a person set."""

    UNSET = "", _("nothing yet")
    PERSON = "person", _("a person")
    RULE = "rule", _("a rule")
    IMPORT = "import", _("an import")


class Intention(models.TextChoices):
    """How near to buying: A within a week, B within a month, C within three, D later or not at all."""

    UNKNOWN = "", _("not known")
    A = "A", _("A: within a week")
    B = "B", _("B: within a month")
    C = "C", _("C: within three months")
    D = "D", _("D: later")


class PurchaseStatus(models.TextChoices):
    """Where he stands with his next car."""

    UNKNOWN = "", _("not known")
    LOOKING = "looking", _("Looking around")
    COMPARING = "comparing", _("Comparing models")
    TEST_DRIVEN = "test_driven", _("Has driven it")
    TALKING = "talking", _("Talking about the price")
    ORDERED = "ordered", pgettext_lazy("customer", "Has ordered")
    OWNER = "owner", _("Has his car")
    ELSEWHERE = "elsewhere", _("Bought elsewhere")


class Label(models.Model):
    """A word that may be put on customers. Rows keep the words themselves; this list keeps them the same words."""

    text = models.CharField(_("label"), max_length=40, unique=True)
    colour = short(_("colour"), 12)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("label")
        verbose_name_plural = _("labels")
        ordering = ["text"]

    def __str__(self) -> str:
        return self.text


class Customer(Derived, Outside):
    """Somebody who rings."""

    store = models.ForeignKey("organisation.Store", models.PROTECT, related_name="customers", verbose_name=_("store"))
    kind = models.CharField(_("kind"), max_length=8, choices=CustomerKind.choices, default=CustomerKind.PERSON)
    number = models.CharField(_("customer number"), max_length=24, unique=True, null=True, blank=True)
    name = models.CharField(_("name"), max_length=120)
    title = models.CharField(_("form of address"), max_length=20, blank=True)  # 先生, 女士, Mr ...
    name_pinyin = models.CharField(_("pinyin"), max_length=800, blank=True,
                                   editable=False)  # "zhangsan zs": see logic/names.py
    # "zhang1 san1", compared by bytes
    name_sort = short(_("sorted as"), 200, editable=False, db_collation="C")
    company = models.CharField(_("company"), max_length=120, blank=True)
    level = models.CharField(_("level"), max_length=8, choices=CustomerLevel.choices, default=CustomerLevel.NORMAL)
    level_source = short(_("level set by"), 8, choices=LevelSource.choices)
    level_because = short(_("level set because"), 120)
    level_at = models.DateTimeField(_("level set"), null=True, blank=True)
    labels = models.JSONField(_("labels"), default=list, blank=True)  # list of short texts
    notes = models.TextField(_("notes"), blank=True)
    need = models.CharField(_("what he asked for first"), max_length=200, blank=True)
    language = short(_("language"), 8)
    email = short(_("e-mail"), 120)
    address = short(_("address"), 200)
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    intention = short(_("intention"), 1, choices=Intention.choices)
    purchase_status = short(_("purchase status"), 12, choices=PurchaseStatus.choices)
    wants_model = short(_("wants"), 120)
    budget_from = models.PositiveIntegerField(_("budget from (CNY)"), null=True, blank=True)
    budget_to = models.PositiveIntegerField(_("budget to (CNY)"), null=True, blank=True)
    buys_by = models.DateField(_("wants to buy by"), null=True, blank=True)
    needs = models.TextField(_("needs"), blank=True, default="", db_default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    version = models.PositiveIntegerField(default=1)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-id"]
        constraints = [one_outside_key("customer_outside")]
        indexes = [
            models.Index(fields=["store", "-id"], name="customer_store"),
            models.Index(fields=["store", "name_sort", "id"], name="customer_store_sorted"),
            models.Index(fields=["name_sort", "id"], name="customer_sorted"),
            GinIndex(name="customer_name_trgm", fields=["name"], opclasses=["gin_trgm_ops"]),
            GinIndex(name="customer_pinyin_trgm", fields=["name_pinyin"], opclasses=["gin_trgm_ops"]),
            GinIndex(name="customer_labels", fields=["labels"], opclasses=["jsonb_path_ops"]),
        ]

    def __str__(self) -> str:
        return self.name

    def facts(self) -> Mapping[str, Any]:
        """What follows from the name."""
        return {"name_pinyin": pinyin_of(self.name), "name_sort": sort_key(self.name)}


class PhoneUse(models.TextChoices):
    """What a number is."""

    MOBILE = "mobile", pgettext_lazy("telephone", "Mobile")
    HOME = "home", pgettext_lazy("telephone", "Home")
    WORK = "work", pgettext_lazy("telephone", "Work")
    OTHER = "other", pgettext_lazy("telephone", "Other")


class VerifiedHow(models.TextChoices):
    """How it was made sure that the number is his."""

    CALL = "call", _("he rang from it")
    RUNG = "rung", _("he was rung there")
    CODE = "code", _("a code sent to it")
    PAPER = "paper", _("a paper he signed")


class CustomerPhone(Derived, Kept):
    """A number of a customer."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="phones", verbose_name=_("customer"))
    e164 = models.CharField(_("number"), max_length=20)
    raw = models.CharField(_("as written"), max_length=40, blank=True)
    extension = short(_("extension"), 10)
    use = models.CharField(_("use"), max_length=12, default="mobile", choices=PhoneUse.choices)
    primary = models.BooleanField(_("main number"), default=False)
    used_by = short(_("who uses it"), 80)
    # What the numbering plans say of it; kept, so that the pop reads it and lists can be filtered by it.
    country = short(_("country"), 2)
    city_zh = short(_("place (Chinese)"), 60)
    city_en = short(_("place (English)"), 80)
    carrier = short(_("carrier"), 12)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    verified_how = short(_("verified how"), 8, choices=VerifiedHow.choices)
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                                    verbose_name=_("verified by"))
    do_not_call = models.BooleanField(_("do not call"), default=False, db_default=False)
    do_not_call_why = short(_("why not"), 120)
    do_not_call_since = models.DateTimeField(_("not since"), null=True, blank=True)

    objects = OfCustomer.as_manager()

    class Meta:
        verbose_name = _("phone")
        verbose_name_plural = _("phones")
        ordering = ["-primary", "id"]
        constraints = [models.UniqueConstraint(fields=["customer", "e164"], name="one_phone_each")]
        indexes = [
            models.Index(fields=["e164"], name="phone_e164"),
            GinIndex(name="phone_trgm", fields=["e164"], opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}/{self.pk}"  # not the number: this text may reach a log

    def facts(self) -> Mapping[str, Any]:
        """What follows from the number."""
        return facts_of(self.e164)


class TieKind(models.TextChoices):
    """What ``other`` is to ``customer``. Of a household or of a company."""

    SPOUSE = "spouse", _("Spouse")
    PARENT = "parent", _("Parent")
    CHILD = "child", _("Child")
    RELATIVE = "relative", _("Relative")
    HOUSEHOLD = "household", _("Of the same household")
    FRIEND = "friend", _("Friend")
    EMPLOYER = "employer", _("Employer")
    EMPLOYEE = "employee", _("Employee")
    CONTACT = "contact", _("Contact person")
    CONTACT_OF = "contact_of", _("Contact person of")
    DRIVER = "driver", _("Driver")
    DRIVER_OF = "driver_of", _("Driver of")
    BROUGHT = "brought", _("Was brought by him")
    BROUGHT_BY = "brought_by", _("Brought him")
    OTHER = "other", _("Other")


class Tie(Kept):
    """``other`` is the ``kind`` of ``customer``; read the other way round it is the kind's opposite."""

    OPPOSITE = {
        "spouse": "spouse", "parent": "child", "child": "parent", "relative": "relative", "household": "household",
        "friend": "friend", "employer": "employee", "employee": "employer", "contact": "contact_of",
        "contact_of": "contact", "driver": "driver_of", "driver_of": "driver", "brought": "brought_by",
        "brought_by": "brought", "other": "other"}

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="ties", verbose_name=_("customer"))
    other = models.ForeignKey(Customer, models.CASCADE, related_name="ties_to", verbose_name=_("tied to"))
    kind = models.CharField(_("kind"), max_length=12, choices=TieKind.choices)
    note = short(_("note"), 120)
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)

    objects = OfCustomer.as_manager()

    class Meta:
        verbose_name = _("tie")
        verbose_name_plural = _("ties")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "other", "kind"], name="one_tie_of_a_kind"),
            models.CheckConstraint(condition=~models.Q(customer=models.F("other")), name="nobody_is_tied_to_himself"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}-{self.other_id}"
