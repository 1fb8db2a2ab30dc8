"""People and their grants. What a role may do is in logic/roles.py."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from dealerline.apps.accounts.logic.roles import ROLE_PERMISSIONS, Access, GrantScope, access_of
from dealerline.apps.common.access import ScopedQuerySet, StoreSet

E164 = RegexValidator(r"^\+[1-9][0-9]{5,14}$", _("A telephone number with country code, as +8613812345678."))


class Role(models.TextChoices):
    """The ten roles."""

    AGENT = "agent", _("Agent")
    SHIFT_LEAD = "shift_lead", _("Shift lead")
    HANDLER = "handler", _("Complaint handler")
    DISPATCHER = "dispatcher", _("Rescue dispatcher")
    SALES = "sales", _("Sales consultant")
    EDITOR = "editor", _("Editor")
    CAMPAIGN_MANAGER = "campaign_manager", _("Campaign manager")
    STORE_MANAGER = "store_manager", _("Store manager")
    GROUP_MANAGER = "group_manager", _("Group manager")
    ADMINISTRATOR = "administrator", _("Administrator")


assert set(ROLE_PERMISSIONS) == {role.value for role in Role}


class ScopeKind(models.TextChoices):
    """How far a grant reaches."""

    STORE = "store", _("Store")
    REGION = "region", _("Region")
    GROUP = "group", _("Whole group")


class PersonManager(BaseUserManager["Person"]):
    """Creates people; nobody gets rights without a grant."""

    def create_user(self, username: str, password: str | None = None, **extra: Any) -> Person:
        """A person who can sign in. Without a password he cannot, until one is set."""
        person = self.model(username=self.model.normalize_username(username), **extra)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, username: str, password: str | None = None, **extra: Any) -> Person:
        """An administrator of the whole group (``manage createsuperuser``)."""
        extra.setdefault("name", username)
        person = self.create_user(username, password, **extra)
        RoleGrant.objects.create(person=person, role=Role.ADMINISTRATOR, scope=ScopeKind.GROUP)
        return person

    def visible_to(self, viewer: Any, permission: str = "") -> models.QuerySet[Person]:
        """Colleagues: people whose home store, or a store they hold a grant for, is one the viewer sees."""
        stores = viewer.stores_for(permission)
        if stores.every:
            return self.get_queryset()
        ids = sorted(stores.ids)
        return self.get_queryset().filter(
            models.Q(store_id__in=ids) | models.Q(grants__store_id__in=ids) | models.Q(pk=viewer.pk)).distinct()


class Person(AbstractBaseUser):
    """Somebody who works with Dealerline."""

    username = models.CharField(_("user name"), max_length=60, unique=True, validators=[ASCIIUsernameValidator()])
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    store = models.ForeignKey("organisation.Store", models.PROTECT, null=True, blank=True, related_name="people",
                              verbose_name=_("home store"), help_text=_("Empty for people of the group's head office."))
    extension = models.CharField(
        _("extension"), max_length=8, unique=True, null=True, blank=True,
        validators=[RegexValidator(r"^[0-9]{2,8}$", _("Two to eight digits."))],
        help_text=_("Colleagues ring him by it. Empty: he has no telephone."))
    mobile = models.CharField(
        _("mobile"), max_length=20, blank=True, validators=[E164],
        help_text=_("His own outside phone: calls can be passed on to it, and he can work with it as his telephone. "
                    "With country code, as +8613812345678; a number without one is taken for China's."))
    language = models.CharField(_("language"), max_length=8, choices=[("zh-hans", "简体中文"), ("en", "English")],
                                default="zh-hans")
    desk_phone = models.OneToOneField("organisation.DeskPhone", models.SET_NULL, null=True, blank=True,
                                      related_name="person", verbose_name=_("desk phone"),
                                      help_text=_("Empty: he talks through the browser."))
    must_change_password = models.BooleanField(_("must change the password"), default=False)
    is_active = models.BooleanField(_("active"), default=True,
                                    help_text=_("Off: cannot sign in. Calls and records keep his name."))
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["username"]

    def __str__(self) -> str:
        return f"{self.name} ({self.username})"

    def get_full_name(self) -> str:
        """As Django's own templates ask for it."""
        return self.name

    def get_short_name(self) -> str:
        """As Django's own templates ask for it."""
        return self.name

    @cached_property
    def access(self) -> Access:
        """His rights, read once for this object (a request loads its person anew)."""
        grants = [
            GrantScope(grant.role, grant.scope, grant.store_id, grant.region_id) for grant in self.grants.all()]
        regions = {grant.region for grant in grants if grant.region is not None}
        stores_of: dict[int, set[int]] = {}
        if regions:
            store_model = self._meta.get_field("store").related_model
            rows = store_model._default_manager.filter(region_id__in=regions).values_list("region_id", "pk")  # type: ignore[union-attr]
            for region, store in rows:
                stores_of.setdefault(region, set()).add(store)
        return access_of(grants, stores_of)

    def stores_for(self, permission: str = "") -> StoreSet:
        """The stores in which he holds the permission ("": any role at all)."""
        return self.access.stores_for(permission) if self.is_active else StoreSet()

    def can(self, permission: str, store: int | None = None) -> bool:
        """Whether he holds the permission in that store; without one, in any store."""
        stores = self.stores_for(permission)
        return bool(stores) if store is None else store in stores

    # what Django's back office asks -------------------------------------------------------------------------------
    @property
    def is_staff(self) -> bool:
        """Whether the back office opens for him."""
        return self.can("back_office.use")

    @property
    def is_superuser(self) -> bool:
        """An administrator of the whole group; Django's own tools ask."""
        return self.stores_for("system.manage").every

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """The back office decides in each ModelAdmin by our own permissions; Django's names are for administrators."""
        return self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        """Whether an area of the back office is listed: each ModelAdmin decides."""
        return self.is_staff


class RoleGrant(models.Model):
    """A role over a store, a region or the group."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="grants", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    scope = models.CharField(_("scope"), max_length=8, choices=ScopeKind.choices, default=ScopeKind.STORE)
    store = models.ForeignKey("organisation.Store", models.CASCADE, null=True, blank=True, related_name="grants",
                              verbose_name=_("store"))
    region = models.ForeignKey("organisation.Region", models.CASCADE, null=True, blank=True, related_name="grants",
                               verbose_name=_("region"))

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.UniqueConstraint(fields=["person", "role", "scope", "store", "region"], name="one_grant_each",
                                    nulls_distinct=False),
            models.CheckConstraint(
                name="grant_scope_matches",
                condition=models.Q(scope="store", store__isnull=False, region__isnull=True)
                | models.Q(scope="region", store__isnull=True, region__isnull=False)
                | models.Q(scope="group", store__isnull=True, region__isnull=True)),
        ]

    def __str__(self) -> str:
        where = self.store or self.region or self.get_scope_display()
        return f"{self.get_role_display()} · {where}"

    def clean(self) -> None:
        wanted = {"store": (True, False), "region": (False, True), "group": (False, False)}[self.scope]
        if (self.store_id is not None, self.region_id is not None) != wanted:
            raise ValidationError(_("A store's grant names the store, a region's grant the region, a group's neither."))


class WallScreen(models.Model):
    """A screen on a wall that shows the live board of a store, or of the group, without anybody signed in at it."""

    name = models.CharField(_("name"), max_length=60,
                            help_text=_("Where it hangs. It stands at the top of the screen."))
    store = models.ForeignKey("organisation.Store", models.CASCADE, null=True, blank=True, related_name="walls",
                              verbose_name=_("store"), help_text=_("Empty: every store of the group."))
    serial = models.PositiveIntegerField(default=1, editable=False)
    active = models.BooleanField(_("active"), default=True, help_text=_("Off: its link opens nothing any more."))
    seen_at = models.DateTimeField(_("last connected"), null=True, blank=True, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("wall display")
        verbose_name_plural = _("wall displays")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
