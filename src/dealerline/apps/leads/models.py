"""Tables of leads. A lead has one owner at most, one clock on his reaction, one end; what happened is its thread."""

from __future__ import annotations

from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dealerline.apps.common.access import ScopedQuerySet
from dealerline.apps.common.names import Named
from dealerline.apps.common.ringing import Purpose
from dealerline.domain.leads.stages import missing

M = TypeVar("M", bound=models.Model)
PERSON = settings.AUTH_USER_MODEL


class Rules(models.Model):
    """How soon somebody has to react to a lead, and when it is taken for neglected: one row."""

    reaction_minutes = models.PositiveSmallIntegerField(
        _("minutes until the first reaction"), default=30,
        validators=[MinValueValidator(1), MaxValueValidator(10080)],
        help_text=_("Of the sales line's opening hours, from the moment somebody gets the lead. Later it goes to the "
                    "pool, where whoever is quickest may claim it."))
    overdue_days = models.PositiveSmallIntegerField(
        _("days that a next step may be late"), default=3, validators=[MaxValueValidator(365)],
        help_text=_("If nothing else happened either, the lead then goes to the pool. 0: never."))
    silent_days = models.PositiveSmallIntegerField(
        _("days without anything"), default=14, validators=[MaxValueValidator(365)],
        help_text=_("Where no next step is agreed. 0: never."))

    class Meta:
        verbose_name = _("rules for leads")
        verbose_name_plural = _("rules for leads")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    def clean(self) -> None:
        if self.pk is None and Rules.objects.exists():
            raise ValidationError(_("There is one row of rules only: change that one."))


class StageKind(models.TextChoices):
    """Whether a lead goes on there."""

    OPEN = "open", _("Goes on")
    WON = "won", pgettext_lazy("lead", "Won")
    LOST = "lost", pgettext_lazy("lead", "Lost")


class Stage(Named):
    """A step on the way to a sale, as the group names it; a brand may have steps of its own."""

    brand = models.ForeignKey("organisation.Brand", models.CASCADE, null=True, blank=True, related_name="+",
                              verbose_name=_("brand"),
                              help_text=_("Empty: for every brand that has no steps of its own. A brand's own hold "
                                          "once one of them goes on, one is won and one is lost."))
    kind = models.CharField(_("kind"), max_length=4, choices=StageKind.choices, default=StageKind.OPEN)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("stage of leads")
        verbose_name_plural = _("stages of leads")
        ordering = ["brand_id", "position", "id"]

    def clean(self) -> None:
        if self.pk is None:
            return
        before = Stage.objects.filter(pk=self.pk).first()
        moved = before is not None and (before.kind, before.brand_id) != (self.kind, self.brand_id)
        if moved and self.leads.exists():
            raise ValidationError(_("Leads stand on this stage: its kind and its brand stay. Retire it (not active) "
                                    "and make a new one."))
        if before is not None and before.needed() and (moved or not self.active):
            raise ValidationError(_("This is the last active stage of its kind: leads have to begin, be won and be "
                                    "lost somewhere. Make another one first."))

    def needed(self) -> bool:
        """Whether the group's leads could not begin, be won or be lost without it."""
        others = Stage.objects.filter(brand=None, active=True).exclude(pk=self.pk).values_list("kind", flat=True)
        return self.brand_id is None and self.active and self.kind in missing(others)


class LostReason(Named):
    """Why somebody bought elsewhere, or not at all."""

    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("reason for a lost lead")
        verbose_name_plural = _("reasons for lost leads")
        ordering = ["position", "id"]


class LeadState(models.TextChoices):
    """See domain/leads/moves.py."""

    WAITING = "waiting", _("Waits for a reaction")
    ACTIVE = "active", _("Followed up")
    POOL = "pool", _("In the pool")
    WON = "won", pgettext_lazy("lead", "Won")
    LOST = "lost", pgettext_lazy("lead", "Lost")


class Origin(models.TextChoices):
    """Where it came from."""

    CALL = "call", _("Call")
    WALK_IN = "walk_in", _("Came to the store")
    WEB = "web", _("Website or platform")
    REFERRAL = "referral", _("Recommended by a customer")
    SHOW = "show", _("Motor show")
    CAMPAIGN = "campaign", _("Campaign")
    OLD_CUSTOMER = "old_customer", _("Customer of ours")
    OTHER = "other", pgettext_lazy("origin", "Other")


class Intention(models.TextChoices):
    """How near somebody is to buying."""

    A = "A", _("A: within a week")
    B = "B", _("B: within a month")
    C = "C", _("C: within three months")
    D = "D", _("D: later")


class Lead(models.Model):
    """Somebody who may buy a car of a brand, and who of ours sees to it."""

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="leads", verbose_name=_("customer"))
    store = models.ForeignKey("organisation.Store", models.PROTECT, related_name="+", verbose_name=_("store"))
    origin = models.CharField(_("origin"), max_length=12, choices=Origin.choices, default=Origin.OTHER)
    origin_note = models.CharField(_("more about the origin"), max_length=120, blank=True)
    call = models.UUIDField(null=True)  # the call it came from; the journal may bring that call a moment later
    brand = models.ForeignKey("organisation.Brand", models.SET_NULL, null=True, blank=True, related_name="+",
                              verbose_name=_("brand"))
    model = models.CharField(_("model"), max_length=80, blank=True)
    budget_from = models.PositiveIntegerField(_("budget from (CNY)"), null=True, blank=True)
    budget_to = models.PositiveIntegerField(_("budget to (CNY)"), null=True, blank=True)
    intention = models.CharField(_("intention"), max_length=1, choices=Intention.choices, default=Intention.B)
    wants_by = models.DateField(_("wants the car by"), null=True, blank=True)
    need = models.CharField(_("what he wants"), max_length=500, blank=True)
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="leads", verbose_name=_("stage"))
    state = models.CharField(_("state"), max_length=8, choices=LeadState.choices, default=LeadState.WAITING)
    owner = models.ForeignKey(PERSON, models.SET_NULL, null=True, blank=True, related_name="+",
                              verbose_name=_("owner"))
    helpers: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        PERSON, blank=True, related_name="+", verbose_name=_("helpers"))
    next_step = models.CharField(_("next step"), max_length=200, blank=True)
    next_at = models.DateTimeField(_("next step at"), null=True, blank=True)
    purpose = models.CharField(_("rung for"), max_length=10, choices=Purpose.choices, default=Purpose.SERVICE,
                               db_default=Purpose.SERVICE.value)
    handed_at = models.DateTimeField(_("given at"), default=timezone.now)
    handed_from_store = models.ForeignKey("organisation.Store", models.SET_NULL, null=True, blank=True,
                                          related_name="+", verbose_name=_("given by store"))
    handed_from = models.ForeignKey(PERSON, models.SET_NULL, null=True, blank=True, related_name="+",
                                    verbose_name=_("given by"))
    reaction_due = models.DateTimeField(_("reaction due"), null=True, blank=True)
    reacted_at = models.DateTimeField(_("reacted"), null=True, blank=True)
    pooled_at = models.DateTimeField(_("in the pool since"), null=True, blank=True)
    pool_reason = models.CharField(max_length=12, blank=True)  # see domain/leads/clock.py
    lost_reason = models.ForeignKey(LostReason, models.PROTECT, null=True, blank=True, related_name="+",
                                    verbose_name=_("reason for losing it"))
    lost_note = models.CharField(_("more about losing it"), max_length=500, blank=True)
    order = models.ForeignKey("customers.Order", models.SET_NULL, null=True, blank=True, related_name="+",
                              verbose_name=_("order"))
    last_at = models.DateTimeField(_("last activity"), default=timezone.now)
    closed_at = models.DateTimeField(_("ended"), null=True, blank=True)
    created_by = models.ForeignKey(PERSON, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    client_id = models.UUIDField(null=True, unique=True, editable=False)  # a page that repeats itself makes one lead
    version = models.PositiveIntegerField(default=1)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        ordering = ["-id"]
        constraints = [
            # The last word on protection, whatever two people do at once: see domain/leads/protection.py.
            models.UniqueConstraint(fields=["customer", "brand"], name="one_open_lead", nulls_distinct=False,
                                    condition=models.Q(closed_at__isnull=True)),
            models.CheckConstraint(
                name="lead_ends_once",
                condition=models.Q(state__in=["won", "lost"], closed_at__isnull=False)
                | models.Q(state__in=["waiting", "active", "pool"], closed_at__isnull=True)),
            models.CheckConstraint(name="pool_is_nobodys", condition=~models.Q(state="pool") | models.Q(owner=None)),
            models.CheckConstraint(name="lost_has_a_reason",
                                   condition=~models.Q(state="lost") | models.Q(lost_reason__isnull=False)),
        ]
        indexes = [
            models.Index(fields=["store", "state", "stage"], name="lead_board"),
            models.Index(fields=["owner", "state"], name="lead_owner"),
            models.Index(fields=["customer", "-id"], name="lead_customer"),
            models.Index(fields=["reaction_due"], name="lead_waiting", condition=models.Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class OfLead(ScopedQuerySet[M]):
    """Rows below a lead belong to the lead's store."""

    store_path = "lead__store_id"


class EventKind(models.TextChoices):
    """What happened."""

    CREATED = "created", _("Created")
    NOTE = "note", _("Note")
    CALL = "call", _("Call")
    VISIT = "visit", _("Visit")
    DRIVE = "drive", _("Test drive")
    QUOTE = "quote", _("Quote")
    DISCOUNT = "discount", _("Discount asked for")
    ANSWER = "answer", _("Answer")
    STAGE = "stage", _("Stage")
    HANDOVER = "handover", _("Hand-over")
    CLAIM = "claim", _("Claimed")
    POOL = "pool", _("To the pool")
    ASK = "ask", _("Asked to have it")
    JOIN = "join", _("Joined")
    EDIT = "edit", _("Changed")


class LeadEvent(models.Model):
    """One thing that happened. ``at``: when, as whoever wrote it says; ``written_at``: when we came to know."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="events")
    kind = models.CharField(_("kind"), max_length=10, choices=EventKind.choices)
    at = models.DateTimeField(_("at"), default=timezone.now)
    written_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="+", verbose_name=_("person"))
    text = models.TextField(_("text"), blank=True)
    data = models.JSONField(default=dict)  # what belongs to the kind: see logic/thread.py
    call = models.UUIDField(null=True)
    place = models.CharField(_("place"), max_length=200, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    answers = models.ForeignKey("self", models.CASCADE, null=True, related_name="answered_by")
    state = models.CharField(max_length=8, blank=True)  # of what waits for an answer: open, granted, refused
    client_id = models.UUIDField(null=True, unique=True)  # a telephone that sends it twice writes it once

    objects = OfLead.as_manager()

    class Meta:
        verbose_name = _("event of a lead")
        verbose_name_plural = _("events of leads")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["lead", "at"], name="lead_event")]
        constraints = [models.UniqueConstraint(fields=["answers"], name="one_answer")]


class LeadPhoto(models.Model):
    """A picture of a visit. The file is below ``settings.DEALERLINE.photos``, without what the camera wrote into it."""

    id = models.UUIDField(primary_key=True)  # made by the page that sends it, so that sending twice makes one
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="photos")
    event = models.ForeignKey(LeadEvent, models.CASCADE, related_name="photos")
    by = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    path = models.CharField(max_length=80)  # below the folder of photos
    content_type = models.CharField(max_length=12)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()  # bytes, as kept
    sha256 = models.CharField(max_length=64)  # of what was sent

    objects = OfLead.as_manager()

    class Meta:
        verbose_name = _("photo of a lead")
        verbose_name_plural = _("photos of leads")
        ordering = ["at", "id"]


class Handover(models.Model):
    """Somebody, or a store, got a lead: what the report of reactions counts."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="handovers")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="+")
    from_store = models.ForeignKey("organisation.Store", models.CASCADE, null=True, related_name="+")
    from_person = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="+")
    store = models.ForeignKey("organisation.Store", models.CASCADE, related_name="+")
    person = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="+")
    due_at = models.DateTimeField()
    reacted_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)  # opening seconds until the reaction
    ended_at = models.DateTimeField(null=True)  # reacted, lapsed, or handed on before either

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("hand-over of a lead")
        verbose_name_plural = _("hand-overs of leads")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["store", "-at"], name="handover_store"),
                   models.Index(fields=["lead"], name="handover_open", condition=models.Q(ended_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.lead_id}/{self.pk}"


def related() -> tuple[Any, ...]:
    """What is read with a lead to draw it."""
    return ("customer", "store", "brand", "stage", "owner", "handed_from", "handed_from_store", "lost_reason", "order")
