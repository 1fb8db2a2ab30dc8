"""One row for each field that was changed. Rows are only added; erasing a person blanks their values."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet


class Source(models.TextChoices):
    """By what way a change came."""

    PAGE = "page", _("Page")
    CALL = "call", _("During a call")
    IMPORT = "import", _("Import")
    CONNECTOR = "connector", _("Connected system")
    RULE = "rule", _("Rule")
    MERGE = "merge", _("Merging")
    API = "api", _("Interface")


class Change(models.Model):
    """One field of one row, from what to what. ``old`` and ``new`` are JSON; a new row has ``old`` null."""

    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
                           verbose_name=_("person"))
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, default=Source.PAGE)
    object_type = models.CharField(_("kind of object"), max_length=40)
    object_id = models.CharField(_("object"), max_length=64)
    # No constraint: the history outlives a customer who was merged into another.
    customer = models.ForeignKey("customers.Customer", models.DO_NOTHING, null=True, db_constraint=False,
                                 related_name="+", db_index=False, verbose_name=_("customer"))
    store = models.ForeignKey("organisation.Store", models.CASCADE, null=True, related_name="+", db_index=False,
                              verbose_name=_("store"))
    field = models.CharField(_("field"), max_length=40)
    old = models.JSONField(_("before"), null=True)
    new = models.JSONField(_("after"), null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="change_object"),
            models.Index(fields=["customer", "-id"], name="change_customer",
                         condition=models.Q(customer__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.object_type} {self.object_id} {self.field}"  # no value: this text may reach a log
