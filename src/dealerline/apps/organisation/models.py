"""Tables of the organisation. A change of most of them reaches the switch within a second (see common/triggers.py)."""

from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import ScopedQuerySet, SharedQuerySet
from dealerline.apps.common.names import Named
from dealerline.apps.common.sealed import SealedTextField

CODE = RegexValidator(r"^[a-z0-9][a-z0-9_-]*$", _("Use small letters, digits, - and _ only."))
DIALLED = RegexValidator(r"^\+?[0-9*#]{2,20}$", _("A number as it is rung: digits, with an optional + in front."))


class LineKind(models.TextChoices):
    """Business lines, in the field's words."""

    GROUP = "group", _("Group number (400)")
    SALES = "sales", _("Sales")
    NEW_CAR = "new_car", _("New-car enquiry")
    REPAIR = "repair", _("Repair")
    RESCUE = "rescue", _("Roadside rescue")
    COMPLAINTS = "complaints", _("Complaints")
    FAX = "fax", _("Fax")
    OTHER = "other", _("Other")


class Language(models.TextChoices):
    """Languages of prompts."""

    CHINESE = "zh", _("Mandarin")
    ENGLISH = "en", _("English")


class ConferenceTones(models.TextChoices):
    """Of what a tone tells in a call of three or more."""

    NONE = "none", _("No tone")
    ENTRY = "entry", _("Tone when somebody comes in")
    BOTH = "both", _("Tones when somebody comes in or leaves")


class TonesFor(models.TextChoices):
    """Who hears those tones."""

    STAFF = "staff", _("Staff only")
    EVERYBODY = "everybody", _("Everybody, customers too")


class Group(Named):
    """The dealership group: one row."""

    agent_lost_seconds = models.PositiveSmallIntegerField(
        _("seconds to wait for an agent whose browser is gone"), default=20,
        validators=[MinValueValidator(5), MaxValueValidator(120)],
        help_text=_("The caller hears music this long; then he is put in front of the queue."))
    ring_seconds_transfer = models.PositiveSmallIntegerField(
        _("seconds a transferred call rings"), default=20,
        validators=[MinValueValidator(5), MaxValueValidator(120)],
        help_text=_("Whoever is brought into a call, by transfer, consultation or invitation, is rung this long."))
    return_seconds = models.PositiveSmallIntegerField(
        _("seconds a returned call rings"), default=20,
        validators=[MinValueValidator(5), MaxValueValidator(120)],
        help_text=_("Nobody took the transferred call: whoever transferred it is rung again this long; then the caller "
                    "goes to the front of his queue."))
    digit_seconds = models.PositiveSmallIntegerField(
        _("seconds a caller has for a key"), default=5,
        validators=[MinValueValidator(2), MaxValueValidator(30)],
        help_text=_("In menus whose flow does not give a time of its own."))
    calls_per_desk = models.PositiveSmallIntegerField(
        _("calls one agent may have at a time"), default=3,
        validators=[MinValueValidator(1), MaxValueValidator(9)],
        help_text=_("One he talks on, the others with music. 1: he cannot dial while he has a call."))
    idle_minutes = models.PositiveSmallIntegerField(
        _("minutes until a ready agent whom nobody sees is away"), default=30, validators=[MaxValueValidator(480)],
        help_text=_("Ready, no call, and his page is not touched for this long: he is away until he touches it. "
                    "0: never."))
    supervision_visible = models.BooleanField(
        _("agents see who listens"), default=True,
        help_text=_("Off: an agent is not told that a shift lead listens to his call. The audit log tells in any "
                    "case."))
    conference_tones = models.CharField(
        _("tones when somebody comes or goes"), max_length=8, choices=ConferenceTones.choices,
        default=ConferenceTones.NONE,
        help_text=_("In a call of three or more, heard by those who are in the same room. The talk goes on under it."))
    conference_tones_for = models.CharField(
        _("who hears these tones"), max_length=10, choices=TonesFor.choices, default=TonesFor.STAFF)
    setup_finished_at = models.DateTimeField(_("set-up finished"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("group")

    def clean(self) -> None:
        if self.pk is None and Group.objects.exists():
            raise ValidationError(_("There is one group only: change that one."))


class Region(Named):
    """A region of the group."""

    code = models.CharField(_("code"), max_length=32, unique=True, validators=[CODE])

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ["code"]


class Brand(Named):
    """A make of cars that some stores sell."""

    code = models.CharField(_("code"), max_length=32, unique=True, validators=[CODE])

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["code"]


class StoreQuerySet(ScopedQuerySet["Store"]):
    """A store is its own scope."""

    store_path = "pk"


class Store(Named):
    """A store: the unit that data belongs to."""

    code = models.CharField(_("code"), max_length=32, unique=True, validators=[CODE])
    region = models.ForeignKey(Region, models.PROTECT, related_name="stores", verbose_name=_("region"))
    brands = models.ManyToManyField(Brand, blank=True, related_name="stores", verbose_name=_("brands"))
    timezone = models.CharField(_("time zone"), max_length=40, default="Asia/Shanghai")
    city = models.CharField(_("city"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    music = models.CharField(
        _("music on hold"), max_length=40, blank=True,
        help_text=_("A folder below media/music; empty: the music that comes with Dealerline."))
    retention_days = models.PositiveIntegerField(
        _("keep recordings for (days)"), default=365, validators=[MinValueValidator(1)],
        help_text=_("Older recordings are removed at night. Calls, records and the journal stay."))
    agents_see_numbers = models.BooleanField(
        _("agents see whole numbers"), default=False,
        help_text=_("Off: agents see customers' numbers masked, as +86138****5678. "
                    "Leads and managers always see them."))
    alarm_waiting = models.PositiveSmallIntegerField(
        _("alarm: more callers waiting than"), default=5,
        help_text=_("In one queue; a queue may have its own. 0: none."))
    alarm_oldest_seconds = models.PositiveSmallIntegerField(
        _("alarm: somebody waits longer than (seconds)"), default=90,
        help_text=_("In one queue; a queue may have its own. 0: none."))
    alarm_level_percent = models.PositiveSmallIntegerField(
        _("alarm: service level of today below (%)"), default=80, validators=[MaxValueValidator(100)],
        help_text=_("In one queue; a queue may have its own. 0: none."))
    alarm_nobody = models.BooleanField(
        _("alarm: nobody signed in"), default=True,
        help_text=_("While a line of the store is open, or somebody waits; a queue may say otherwise."))
    alarm_over_break = models.BooleanField(
        _("alarm: somebody over his break"), default=True, help_text=_("Busy longer than his reason's limit."))
    active = models.BooleanField(_("active"), default=True)

    objects = StoreQuerySet.as_manager()

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ["code"]


class Hours(Named):
    """Opening hours: a week's intervals, used by one or several lines."""

    store = models.ForeignKey(Store, models.CASCADE, related_name="hours", verbose_name=_("store"))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["store", "id"]


class Weekday(models.IntegerChoices):
    """0 is Monday, as in Python."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class HoursInterval(models.Model):
    """From ``opens`` to ``closes`` on one weekday.

    ``closes`` not after ``opens`` means on the next day (00:00 is midnight).
    """

    hours = models.ForeignKey(Hours, models.CASCADE, related_name="intervals", verbose_name=_("opening hours"))
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    opens = models.TimeField(_("opens"), default=datetime.time(8, 30))
    closes = models.TimeField(_("closes"), default=datetime.time(18, 0),
                              help_text=_("00:00 is midnight; a time before the opening is on the next day."))

    class Meta:
        verbose_name = _("interval")
        verbose_name_plural = _("intervals")
        ordering = ["weekday", "opens"]
        constraints = [models.UniqueConstraint(fields=["hours", "weekday", "opens"], name="one_interval_a_start")]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}-{self.closes:%H:%M}"


class HolidayKind(models.TextChoices):
    """What a special day is."""

    HOLIDAY = "holiday", _("Holiday")
    WORKDAY = "open", _("Working day (make-up or special)")


class Holiday(Named):
    """A day with rules of its own, for one store or for all."""

    date = models.DateField(_("date"))
    kind = models.CharField(_("kind"), max_length=8, choices=HolidayKind.choices, default=HolidayKind.HOLIDAY)
    store = models.ForeignKey(Store, models.CASCADE, null=True, blank=True, related_name="holidays",
                              verbose_name=_("store"), help_text=_("Empty: every store. A store's own day wins."))
    opens = models.TimeField(_("opens"), null=True, blank=True,
                             help_text=_("Empty: closed on a holiday; Monday's hours on a working day."))
    closes = models.TimeField(_("closes"), null=True, blank=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["-date"]
        constraints = [
            models.UniqueConstraint(fields=["date", "store"], name="one_rule_a_day_and_store", nulls_distinct=False)]

    def clean(self) -> None:
        if (self.opens is None) != (self.closes is None):
            raise ValidationError(_("Give both times or neither."))


class Transport(models.TextChoices):
    """SIP transports."""

    UDP = "udp", "UDP"
    TCP = "tcp", "TCP"


class Carrier(models.Model):
    """A SIP trunk: by registration with the carrier, or by the carrier's address."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    host = models.CharField(_("host"), max_length=120, help_text=_("The carrier's SIP server: a name or an address."))
    port = models.PositiveIntegerField(_("port"), default=5060,
                                       validators=[MinValueValidator(1), MaxValueValidator(65535)])
    transport = models.CharField(_("transport"), max_length=4, choices=Transport.choices, default=Transport.UDP)
    register = models.BooleanField(
        _("register"), default=False,
        help_text=_("On: we sign in to the carrier with user name and password. Off: he knows us by our address."))
    username = models.CharField(_("user name"), max_length=80, blank=True)
    password = SealedTextField(_("password"), blank=True, default="")
    match = models.TextField(_("the carrier's addresses"), blank=True,
                             help_text=_("One a line, as 203.0.113.7 or 203.0.113.0/24. "
                                         "Calls from elsewhere are refused."))
    codecs = models.CharField(_("codecs"), max_length=60, default="alaw,ulaw")
    prefix = models.CharField(_("prefix"), max_length=8, blank=True, help_text=_("Put before numbers dialled out."))
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def addresses(self) -> tuple[str, ...]:
        """``match`` as a list; commas, blanks and line ends all separate."""
        return tuple(self.match.replace(",", " ").split())

    def clean(self) -> None:
        if self.register and not (self.username and self.password):
            raise ValidationError({"username": _("To register, user name and password are needed.")})
        if not self.register and not self.addresses:
            raise ValidationError({"match": _("Without registration the carrier's addresses are needed.")})


class DeskPhone(models.Model):
    """A SIP telephone on a desk. Its password is derived, so it is stored nowhere."""

    store = models.ForeignKey(Store, models.CASCADE, related_name="desk_phones", verbose_name=_("store"))
    name = models.CharField(_("name"), max_length=60)
    username = models.CharField(_("SIP user name"), max_length=40, unique=True, validators=[CODE])
    active = models.BooleanField(_("active"), default=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("desk phone")
        verbose_name_plural = _("desk phones")
        ordering = ["store", "username"]

    def __str__(self) -> str:
        return f"{self.name} ({self.username})"


class Line(Named):
    """A business line of a store, and what happens to those who ring it."""

    store = models.ForeignKey(Store, models.CASCADE, related_name="lines", verbose_name=_("store"))
    kind = models.CharField(_("kind"), max_length=12, choices=LineKind.choices)
    hours = models.ForeignKey(Hours, models.PROTECT, null=True, blank=True, related_name="lines",
                              verbose_name=_("opening hours"), help_text=_("Empty: open day and night."))
    open_flow = models.ForeignKey("flows.Flow", models.PROTECT, related_name="+", verbose_name=_("flow when open"))
    closed_flow = models.ForeignKey("flows.Flow", models.PROTECT, null=True, blank=True, related_name="+",
                                    verbose_name=_("flow when closed"), help_text=_("Empty: the flow when open."))
    holiday_flow = models.ForeignKey("flows.Flow", models.PROTECT, null=True, blank=True, related_name="+",
                                     verbose_name=_("flow on holidays"), help_text=_("Empty: the flow when closed."))
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.CHINESE)
    carrier = models.ForeignKey(Carrier, models.SET_NULL, null=True, blank=True, related_name="lines",
                                verbose_name=_("carrier for calls out"))
    caller_id = models.CharField(_("number shown when calling out"), max_length=20, blank=True, validators=[DIALLED])
    priority = models.PositiveSmallIntegerField(
        _("priority"), default=0, validators=[MaxValueValidator(9)],
        help_text=_("0 to 9, added to the priority of the queue: whoever rings this line goes before callers of the "
                    "same queue who rang a line with a lower one."))
    active = models.BooleanField(_("active"), default=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["store", "kind", "id"]


class NumberQuerySet(ScopedQuerySet["Number"]):
    """A number belongs to its line's store."""

    store_path = "line__store_id"


class Number(models.Model):
    """A published number, written as the carrier sends it; it leads to one line."""

    number = models.CharField(_("number"), max_length=20, unique=True, validators=[DIALLED],
                              help_text=_("Exactly as the carrier sends it, e.g. 02388880001 or +862388880001."))
    line = models.ForeignKey(Line, models.CASCADE, related_name="numbers", verbose_name=_("line"))
    carrier = models.ForeignKey(Carrier, models.SET_NULL, null=True, blank=True, related_name="numbers",
                                verbose_name=_("carrier"))
    note = models.CharField(_("note"), max_length=120, blank=True)

    objects = NumberQuerySet.as_manager()

    class Meta:
        verbose_name = _("number")
        verbose_name_plural = _("numbers")
        ordering = ["number"]

    def __str__(self) -> str:
        return self.number


class BusyReason(Named):
    """Why an agent is busy; he chooses one."""

    code = models.CharField(_("code"), max_length=24, unique=True, validators=[CODE])
    minutes = models.PositiveSmallIntegerField(_("limit (minutes)"), default=0,
                                               help_text=_("0: no limit. Past it, his state turns red on the board."))
    needs_consent = models.BooleanField(
        _("needs a lead's consent"), default=False,
        help_text=_("He asks, a lead of his store grants or refuses it; until then he goes on taking calls."))
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("busy reason")
        verbose_name_plural = _("busy reasons")
        ordering = ["position", "code"]
