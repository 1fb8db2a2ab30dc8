"""A text message has one state and one end. Whoever wants no more of them is kept by a hash of his number."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.common.sealed import SealedTextField
from dealerline.integrations.sms import Gateway

BODY = '{"id": "{id}", "to": "{number}", "text": "{text}"}'


class Provider(models.Model):
    """Who sends our text messages: one row. Signing providers are spoken to by a relay that takes this form."""

    active = models.BooleanField(_("active"), default=True)
    url = models.CharField(_("address"), max_length=300, help_text=_("Each message is one POST to it."))
    form = models.BooleanField(_("as a form"), default=False, help_text=_("Off: the body is JSON."))
    headers = SealedTextField(_("headers"), blank=True, default="",
                              help_text=_("One a line, as Authorization: Bearer ... They are kept sealed."))
    body = models.TextField(_("body"), default=BODY, help_text=_(
        "JSON, or name=value&name=value for a form; {number}, {text} and {id} are put in."))
    accepted = models.CharField(_("the answer contains"), max_length=80, blank=True,
                                help_text=_("Empty: the status alone says whether a message was taken."))
    national = models.BooleanField(_("numbers without +86"), default=True)
    token = SealedTextField(_("secret of the address for replies"), blank=True, default="", editable=False)
    in_from = models.CharField(_("replies: name of the number"), max_length=40, default="from")
    in_text = models.CharField(_("replies: name of the text"), max_length=40, default="text")
    in_id = models.CharField(_("replies: name of the key"), max_length=40, default="id", help_text=_(
        "A reply that comes twice with the same key counts once."))

    class Meta:
        verbose_name = _("provider of text messages")
        verbose_name_plural = _("provider of text messages")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @property
    def gateway(self) -> Gateway:
        """As the integration wants it."""
        return Gateway(self.url, self.body, self.form, self.headers, self.accepted)

    def clean(self) -> None:
        if self.pk is None and Provider.objects.exists():
            raise ValidationError(_("There is one provider only: change that one."))
        try:
            self.gateway.check()
        except ValueError as error:
            words = {"url": _("The address must begin with http:// or https://."),
                     "headers": _("One header a line, as Name: value."),
                     "body": _("This is no JSON (or form) with {number} in it.")}
            field = str(error) if str(error) in words else "body"
            raise ValidationError({field: words[field]}) from error

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.token = self.token or secrets.token_urlsafe(24)
        super().save(*args, **kwargs)


class State(models.TextChoices):
    """What has become of a message. ``sent``: the provider took it; ``received``: it came in."""

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    RECEIVED = "received", _("Received")


class Purpose(models.TextChoices):
    """What a message is for."""

    RATING = "rating", _("Asks for a mark")
    PROMISE = "promise", _("Tells of a promise")
    ADVERT = "advert", _("Advertising")
    REPLY = "reply", _("Reply of a customer")
    TEST = "test", _("Test")


class Text(models.Model):
    """One message. ``call``: after which it was sent, or which it answers."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose.choices)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    store = models.ForeignKey("organisation.Store", models.SET_NULL, null=True, related_name="+",
                              verbose_name=_("store"))
    customer = models.ForeignKey("customers.Customer", models.SET_NULL, null=True, related_name="+",
                                 verbose_name=_("customer"))
    call = models.UUIDField(null=True)
    number = models.CharField(_("number"), max_length=40)  # E.164
    text = models.TextField(_("text"))
    at = models.DateTimeField(_("at"), default=timezone.now)
    tries = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(null=True)  # of a waiting one
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(_("why not"), max_length=200, blank=True)
    outside_id = models.CharField(max_length=80, null=True, unique=True)  # of one that came in

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("text message")
        verbose_name_plural = _("text messages")
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["next_at"], name="text_waiting", condition=models.Q(state="waiting")),
            models.Index(fields=["number", "-at"], name="text_number"),
            models.Index(fields=["customer", "-at"], name="text_customer"),
            models.Index(fields=["store", "-at"], name="text_store"),
        ]

    def __str__(self) -> str:
        return str(self.pk)  # neither number nor words: this may reach a log


class Asked(models.Model):
    """A customer was asked for a mark by text message. The first mark that comes in time counts."""

    call = models.UUIDField(primary_key=True)
    text = models.OneToOneField(Text, models.CASCADE, related_name="asked")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    number = models.CharField(max_length=40)
    until = models.DateTimeField()
    mark = models.PositiveSmallIntegerField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["number", "-until"], name="asked_number")]

    def __str__(self) -> str:
        return str(self.pk)


def mark_of(number: str) -> str:
    """What is kept of a number that wants nothing: a hash under the installation's secret."""
    return salted_hmac("dealerline.messaging.optout", number, algorithm="sha256").hexdigest()


class OptOut(models.Model):
    """A number that wants no more text messages, by its hash: so it outlives the erasing of whoever has it."""

    mark = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.at)
