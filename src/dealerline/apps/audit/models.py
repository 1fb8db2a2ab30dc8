"""One table, append-only by trigger."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet


class Action(models.TextChoices):
    """What is audited."""

    SIGN_IN = "sign_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    SIGN_IN_LOCKED = "sign_in_locked", _("Sign-in locked")
    SIGN_OUT = "sign_out", _("Signed out")
    PASSWORD = "password", _("Password changed")
    SECOND_FACTOR = "second_factor", _("Second factor changed")
    LISTEN = "listen", _("Listened to a recording")
    LISTEN_MESSAGE = "listen_message", _("Listened to a voice message")
    EXPORT = "export", _("Exported")
    SETTINGS = "settings", _("Changed settings")
    CUSTOMER = "customer", _("Changed a customer")
    PURGE = "purge", _("Removed data")
    SUPERVISE = "supervise", _("Supervised a call")
    FORCE = "force", _("Forced a state or hung up")
    RING_BACK = "ring_back", _("Rang a left-over number")
    CANCEL_CALLBACK = "cancel_callback", _("Took a promised call-back back")
    REVEAL = "reveal", _("Looked at a whole number")
    LOOK = "look", _("Looked at a customer's file")
    IMPORT = "import", _("Imported")
    UNDO_IMPORT = "undo_import", _("Took an import back")
    CONNECTOR = "connector", _("Changed a connected system")
    API_KEY = "api_key", _("Changed a key of the interface")
    WEBHOOK = "webhook", _("Changed a web hook")
    LEAD = "lead", _("Changed a lead")
    PROMISE = "promise", _("Changed a promise")
    TASK = "task", _("Changed a task")
    SEGMENT = "segment", _("Changed a segment")
    CONSENT = "consent", _("Changed a consent")
    PERSONAL_EXPORT = "personal_export", _("Exported all data of a person")
    ERASE = "erase", _("Erased a person")
    MERGE = "merge", _("Merged customers")
    UNDO_MERGE = "undo_merge", _("Took a merge back")


class AuditEntry(models.Model):
    """Who did what to what, when, from where."""

    at = models.DateTimeField(_("at"), default=timezone.now)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, blank=True, related_name="+",
                               db_constraint=False, verbose_name=_("person"))
    username = models.CharField(_("user name"), max_length=60, blank=True)
    action = models.CharField(_("action"), max_length=20, choices=Action.choices)
    object_type = models.CharField(_("kind of object"), max_length=40, blank=True)
    object_id = models.CharField(_("object"), max_length=64, blank=True)
    store = models.ForeignKey("organisation.Store", models.DO_NOTHING, null=True, blank=True, related_name="+",
                              db_constraint=False, verbose_name=_("store"))
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    detail = models.JSONField(_("detail"), default=dict)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-id"]
        indexes = [
            BrinIndex(fields=["at"], name="audit_at"),
            models.Index(fields=["person", "-id"], name="audit_person"),
            models.Index(fields=["object_type", "object_id"], name="audit_object"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"
