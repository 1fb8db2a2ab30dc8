"""The back office's screens of people. Nobody can give, take or touch rights that he does not hold himself."""

from __future__ import annotations

from typing import Any

from axes.utils import reset
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from dealerline.apps.accounts.logic.walls import key_of
from dealerline.apps.accounts.models import Person, RoleGrant, WallScreen
from dealerline.apps.audit.facade import record
from dealerline.apps.common.access import StoreSet
from dealerline.apps.common.admin import GuardedForm, ScopedAdmin, ScopedInline
from dealerline.apps.common.phones import e164


def reach_of(grant: RoleGrant) -> StoreSet:
    """The stores of a grant."""
    if grant.scope == "group":
        return StoreSet(every=True)
    if grant.scope == "region":
        region = grant.region
        return StoreSet(ids=frozenset(region.stores.values_list("pk", flat=True) if region else ()))
    return StoreSet(ids=frozenset({grant.store_id} if grant.store_id else set()))


def may_manage(manager: Any, person: Person) -> bool:
    """Whether he may change that person: his home store is the manager's, and so is every right that person holds."""
    if not isinstance(manager, Person):
        return False
    stores = manager.stores_for("people.edit")
    if person.pk is None:
        return bool(stores)
    home = stores.every if person.store_id is None else person.store_id in stores
    return home and all(manager.access.may_grant(grant.role, reach_of(grant)) for grant in person.grants.all())


class PersonForm(GuardedForm):
    """A new password is typed here by whoever manages him; he must change it at his first sign-in."""

    new_password = forms.CharField(
        label=_("new password"), required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters. He is asked to change it when he signs in. "
                    "Leave it empty to keep the present one."))

    def clean_new_password(self) -> str:
        given = str(self.cleaned_data.get("new_password") or "")
        if given:
            password_validation.validate_password(given, self.instance)
        elif self.instance.pk is None:
            raise ValidationError(_("Give him a first password."))
        return given

    def clean_mobile(self) -> str:
        """As it is dialled: people type blanks and leave the country out."""
        given = str(self.cleaned_data.get("mobile") or "").strip()
        number = e164(given)
        if given and not number:
            raise ValidationError(_("This is no telephone number: write it as +8613812345678."))
        return number

    def clean_extension(self) -> str | None:
        return self.cleaned_data.get("extension") or None

    def clean_store(self) -> Any:
        store, manager = self.cleaned_data.get("store"), getattr(self, "person", None)
        stores = manager.stores_for("people.edit") if manager is not None else StoreSet()
        if (store is None and not stores.every) or (store is not None and store.pk not in stores):
            raise ValidationError(_("Choose one of your own stores."))
        return store


class GrantFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """Refuses grants beyond the manager's own rights, given or taken away."""

    manager: Any = None

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            going = form.cleaned_data.get("DELETE") if not form.errors else False
            if not form.has_changed() and not going:
                continue
            before = RoleGrant.objects.filter(pk=form.instance.pk).first() if form.instance.pk else None
            after = None if form.errors or not form.cleaned_data else form.instance
            for grant in (before, after):
                if grant is not None and grant.role and not self.manager.access.may_grant(grant.role, reach_of(grant)):
                    raise ValidationError(_("You can only give or take rights that you hold yourself in those stores."))


class GrantInline(ScopedInline):
    model = RoleGrant
    formset = GrantFormSet
    edit = "people.edit"
    fk_name = "person"

    def get_formset(self, request: HttpRequest, obj: Any | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        return type("BoundGrantFormSet", (formset,), {"manager": request.user})


@admin.register(Person)
class PersonScreen(ScopedAdmin):
    form = PersonForm
    view, edit = "people.view", "people.edit"
    list_display = ("username", "name", "extension", "store", "role_names", "desk_phone", "is_active", "last_login")
    list_filter = ("grants__role", ("store", admin.RelatedOnlyFieldListFilter), "is_active")
    list_select_related = ("store", "desk_phone")
    search_fields = ("username", "name", "name_en", "extension")
    inlines = (GrantInline,)
    actions = ("unlock", "remove_second_factor")
    fieldsets = (
        (None, {"fields": ("username", "name", "name_en", "store", "is_active")}),
        (_("Telephone"), {"fields": ("extension", "desk_phone", "mobile")}),
        (_("Signing in"), {"fields": ("language", "new_password", "seen")}),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return Person.objects.visible_to(request.user, self.view).prefetch_related("grants")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        rows, _ = super().get_search_results(request, queryset, search_term)
        return rows, True

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return super().has_change_permission(request, None) if obj is None else may_manage(request.user, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        if obj is None:
            return super().has_view_permission(request, None)
        return Person.objects.visible_to(request.user, self.view).filter(pk=obj.pk).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False  # his calls and records keep his name: he is made inactive instead

    @admin.display(description=_("roles"))
    def role_names(self, person: Person) -> str:
        return ", ".join(dict.fromkeys(str(grant.get_role_display()) for grant in person.grants.all()))

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        password = form.cleaned_data.get("new_password")
        if password:
            obj.set_password(password)
            obj.must_change_password = obj.pk != request.user.pk
        super().save_model(request, obj, form, change)
        if password:
            record(request, "password", object_type="person", object_id=obj.pk, store=obj.store_id)

    @admin.action(description=_("Unlock sign-in after wrong passwords"))
    def unlock(self, request: HttpRequest, queryset: Any) -> None:
        chosen = [person for person in queryset if may_manage(request.user, person)]
        for person in chosen:
            reset(username=person.username)
            record(request, "settings", object_type="person", object_id=person.pk, detail={"how": "unlocked"})
        messages.success(request, _("Unlocked: %d") % len(chosen))

    @admin.action(description=_("Take off the second factor (lost telephone)"))
    def remove_second_factor(self, request: HttpRequest, queryset: Any) -> None:
        chosen = [person for person in queryset if may_manage(request.user, person)]
        for person in chosen:
            TOTPDevice.objects.filter(user=person).delete()
            record(request, "second_factor", object_type="person", object_id=person.pk, detail={"on": False})
        messages.success(request, _("Second factor taken off: %d") % len(chosen))


@admin.register(WallScreen)
class WallScreenScreen(ScopedAdmin):
    """The link is shown to whoever manages the screen; a new one ends the old."""

    view = edit = "organisation.edit"
    list_display = ("name", "store", "active", "seen_at")
    list_filter = (("store", admin.RelatedOnlyFieldListFilter), "active")
    list_select_related = ("store",)
    actions = ("new_link",)

    def get_fieldsets(self, request: HttpRequest, obj: Any | None = None) -> Any:
        known = ("link", "seen_at") if obj is not None and self.has_change_permission(request, obj) else ()
        return ((None, {"fields": ("name", "store", "active", *known, "seen")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> tuple[str, ...]:
        return ("link", "seen_at")

    @admin.display(description=_("link"))
    def link(self, wall: WallScreen) -> str:
        """Open it once on the screen's browser; whoever has it sees this board until it is taken back."""
        if not wall.active:
            return str(_("The link is taken back."))
        address = f"/board/wall#{key_of(wall, settings.DEALERLINE.secret('desk'))}"
        return format_html('<a href="{}" target="_blank" rel="noopener">{}</a>', address, address)

    @admin.action(description=_("Take the link back and make a new one"))
    def new_link(self, request: HttpRequest, queryset: Any) -> None:
        chosen = [wall for wall in queryset if self.has_change_permission(request, wall)]
        for wall in chosen:
            WallScreen.objects.filter(pk=wall.pk).update(serial=models.F("serial") + 1)
            record(request, "settings", object_type="wallscreen", object_id=wall.pk, store=wall.store_id,
                   detail={"how": "new link"})
        messages.success(request, _("New links: %d. Open them on the screens.") % len(chosen))
