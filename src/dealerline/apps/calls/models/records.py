"""What people write about calls."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dealerline.apps.calls.models.calls import Call, OfCall
from dealerline.apps.common.access import SharedQuerySet
from dealerline.apps.common.names import Named


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
