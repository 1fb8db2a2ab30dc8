"""What every screen of the back office is made of.

Opened by our permissions, scoped by store, guarded against two editors, audited.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget, RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.models import model_to_dict
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import StoreSet


def stores_of(request: HttpRequest, permission: str) -> StoreSet:
    """The stores in which the signed-in person holds the permission; none for anybody who is not a person of ours."""
    ask = getattr(request.user, "stores_for", None)
    return ask(permission) if ask is not None else StoreSet()


def digest_of(instance: models.Model) -> str:
    """What a row looks like, to notice that somebody changed it."""
    values = {name: str(value) for name, value in model_to_dict(instance).items()}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]


class GuardedForm(forms.ModelForm):  # type: ignore[type-arg]
    """Remembers how the row looked when the form was drawn; refuses to overwrite what somebody else saved meanwhile."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.fields["seen"].initial = digest_of(self.instance)

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        seen = self.cleaned_data.get("seen")
        if self.instance.pk is not None and seen:
            now = type(self.instance)._default_manager.filter(pk=self.instance.pk).first()
            if now is None:
                raise ValidationError(_("Somebody removed this just now."))
            if digest_of(now) != seen:
                raise ValidationError(_("Somebody changed this just now. Open it again to see the newer version; "
                                        "what you typed is still here to copy."))
        return values


def calm(field: Any) -> Any:
    """A form's field without what distracts: buttons that make related rows in passing, ten lines for one."""
    widget = getattr(field, "widget", None)
    if isinstance(widget, RelatedFieldWidgetWrapper):
        widget.can_add_related = widget.can_change_related = widget.can_delete_related = widget.can_view_related = False
    elif isinstance(widget, AdminTextareaWidget):
        widget.attrs["rows"] = 3
    return field


class ScopedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A screen. ``view`` and ``edit`` are permissions of ours.

    ``store_path`` tells whose row it is ("" for the group's own).
    """

    form = GuardedForm
    view = "back_office.use"
    edit = "system.manage"
    store_path = "store_id"
    shared_when_null = False
    list_per_page = 50
    save_on_top = False

    # whose row ----------------------------------------------------------------------------------------------------
    def store_of(self, obj: Any) -> int | None:
        """The store a row belongs to; None for the group's."""
        value = obj
        for part in self.store_path.split("__") if self.store_path else ():
            value = getattr(value, part, None)
        return value if self.store_path and isinstance(value, int) else None

    def may(self, request: HttpRequest, permission: str, obj: Any | None) -> bool:
        """Whether the permission holds for that row; without a row, anywhere."""
        stores = stores_of(request, permission)
        if obj is None:
            return bool(stores) if self.store_path else stores.every
        store = self.store_of(obj)
        return stores.every if store is None else store in stores

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows = super().get_queryset(request)
        stores = stores_of(request, self.view)
        if stores.every or not self.store_path:
            return rows
        condition = models.Q(**{f"{self.store_path}__in": sorted(stores.ids)})
        if self.shared_when_null:
            condition |= models.Q(**{f"{self.store_path}__isnull": True})
        return rows.filter(condition)

    # what Django asks ---------------------------------------------------------------------------------------------
    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(stores_of(request, self.view))

    def has_view_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        if obj is not None and self.shared_when_null and self.store_of(obj) is None:
            return bool(stores_of(request, self.view))
        if not self.store_path:
            return bool(stores_of(request, self.view))
        return self.may(request, self.view, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        stores = stores_of(request, self.edit)
        return bool(stores) if self.store_path else stores.every

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self.may(request, self.edit, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self.may(request, self.edit, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only rows that the person may use can be chosen."""
        manager = db_field.related_model._default_manager
        if "queryset" not in kwargs and hasattr(manager, "visible_to"):
            kwargs["queryset"] = manager.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return calm(super().formfield_for_dbfield(db_field, request, **kwargs))

    def get_form(self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Bind the person to the form, so that nobody moves a row into a store he does not manage."""
        base = super().get_form(request, obj, change, **kwargs)
        screen = self

        class Scoped(base):  # type: ignore[misc, valid-type]
            person = request.user

            def clean(self) -> Any:
                values = super().clean()
                store = (values or {}).get("store")
                if screen.store_path == "store_id" and "store" in self.fields and not self.errors.get("store"):
                    allowed = stores_of(request, screen.edit)
                    if (store is None and not allowed.every) or (store is not None and store.pk not in allowed):
                        self.add_error("store", _("Choose one of your own stores."))
                return values

        return Scoped

    # audit --------------------------------------------------------------------------------------------------------
    def _audit(self, request: HttpRequest, obj: Any, how: str, message: Any) -> None:
        from dealerline.apps.audit.facade import record

        changed: list[Any] = []
        if isinstance(message, list):
            for part in message:
                changed += part.get("changed", {}).get("fields", []) if isinstance(part, dict) else []
        record(request, "settings", object_type=obj._meta.model_name or "", object_id=obj.pk, store=self.store_of(obj),
               detail={"how": how, "fields": [str(field) for field in changed]})

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._audit(request, obj, "added", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._audit(request, obj, "changed", message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self._audit(request, obj, "removed", "")
        return super().log_deletions(request, queryset)


class GroupAdmin(ScopedAdmin):
    """A screen for rows of the whole group: seen by whoever may, changed by who holds the permission everywhere."""

    store_path = ""

    def may(self, request: HttpRequest, permission: str, obj: Any | None) -> bool:
        return stores_of(request, permission).every


class ScopedInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows inside another's screen: as free as the row around them."""

    extra = 0
    edit = "system.manage"

    def _may(self, request: HttpRequest) -> bool:
        return bool(stores_of(request, self.edit))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return calm(super().formfield_for_dbfield(db_field, request, **kwargs))

    def has_view_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self._may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return self._may(request)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        manager = db_field.related_model._default_manager
        if "queryset" not in kwargs and hasattr(manager, "visible_to"):
            kwargs["queryset"] = manager.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class PeopleInline(ScopedInline):
    """Rows that each name a ``person``: to choose from are those who work here, by name."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "person" and field is not None:
            field.queryset = field.queryset.filter(is_active=True).order_by("name")
        return field
