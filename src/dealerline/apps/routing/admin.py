"""The back office's screens of routing."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.forms.formsets import all_valid
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, JsonResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.admin import GroupAdmin, GuardedForm, PeopleInline, ScopedAdmin, ScopedInline, stores_of
from dealerline.apps.routing import duty_admin  # noqa: F401 - registers the roster's screens
from dealerline.apps.routing.logic.rules import circle, circle_in_words, preview_of, warnings_of
from dealerline.apps.routing.models import (
    CallerListing,
    Capacity,
    Lending,
    LevelPriority,
    NamedPerson,
    OverflowRule,
    PersonCapacity,
    PersonSkill,
    QueueNeed,
    QueueOrder,
    QueueRule,
    Skill,
    SkilledPerson,
    To,
    spoken,
)


@admin.register(Skill)
class SkillScreen(ScopedAdmin):
    view, edit, shared_when_null = "queues.edit", "queues.edit", True
    list_display = ("code", "name_zh", "name_en", "store", "position", "active")
    list_filter = (("store", admin.RelatedOnlyFieldListFilter), "active")
    list_select_related = ("store",)
    search_fields = ("code", "name_zh", "name_en")


class PersonSkillInline(ScopedInline):
    model = PersonSkill
    edit = "queues.edit"


class PersonCapacityInline(ScopedInline):
    model = PersonCapacity
    edit = "queues.edit"


@admin.register(SkilledPerson)
class SkilledPersonScreen(ScopedAdmin):
    """A person's skills and capacity; the person himself is changed under People."""

    view = edit = "queues.edit"
    list_display = ("username", "name", "store", "skill_list")
    list_filter = ("skills__skill", ("store", admin.RelatedOnlyFieldListFilter))
    search_fields = ("username", "name", "name_en", "extension")
    inlines = (PersonSkillInline, PersonCapacityInline)
    fields = ("name", "store", "seen")
    readonly_fields = ("name", "store")

    def get_queryset(self, request: HttpRequest) -> Any:
        stores = stores_of(request, self.view)
        rows = SkilledPerson._default_manager.filter(is_active=True).select_related("store")
        return (rows if stores.every else rows.filter(store_id__in=sorted(stores.ids))).prefetch_related(
            "skills__skill")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False

    @admin.display(description=_("skills"))
    def skill_list(self, person: Person) -> str:
        return ", ".join(str(known) for known in person.skills.all())


@admin.register(Capacity)
class CapacityScreen(ScopedAdmin):
    view, edit, shared_when_null = "queues.edit", "queues.edit", True
    list_display = ("kind", "store", "most")
    list_filter = ("kind", ("store", admin.RelatedOnlyFieldListFilter))


# rules of a queue ---------------------------------------------------------------------------------------------------
class RuleForm(GuardedForm):
    """Only queues of stores whose queues one edits."""

    def clean_queue(self) -> Any:
        queue, person = self.cleaned_data.get("queue"), getattr(self, "person", None)
        if queue is not None and (person is None or queue.store_id not in person.stores_for("queues.edit")):
            raise ValidationError(_("Choose one of your own stores."))
        return queue


class NeedInline(ScopedInline):
    model = QueueNeed
    edit = "queues.edit"


class OrderInline(PeopleInline):
    model = QueueOrder
    edit = "queues.edit"


class OverflowFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """Refuses rules that send callers round for ever, and shows the way round."""

    def clean(self) -> None:
        super().clean()
        queue = self.instance.queue_id
        if queue is None or any(form.errors for form in self.forms):
            return
        given = [form.cleaned_data for form in self.forms
                 if form.cleaned_data.get("to") and not form.cleaned_data.get("DELETE")]
        found = circle(queue, ((row["to"], row["queue"].pk if row.get("queue") and row["to"] == To.QUEUE else None,
                                row.get("hours") is None) for row in given))
        if found is not None:
            raise ValidationError(_("These rules lead round and round and end nowhere: %(way)s. Give one of these "
                                    "queues a way out: another queue, a number, a call-back or a voice message, at any "
                                    "time.") % {"way": circle_in_words(found)})


class OverflowInline(ScopedInline):
    model = OverflowRule
    formset = OverflowFormSet
    edit = "queues.edit"
    fields = ("when", "value", "to", "queue", "number", "hours")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Besides queues of one's own stores those that other stores lend them."""
        if db_field.name == "queue":
            queues, stores = db_field.related_model._default_manager, stores_of(request, "")
            rows = queues.filter(active=True).select_related("store").order_by("store", "code")
            if not stores.every:
                lent = Lending.objects.seen_from(sorted(stores.ids)).filter(active=True)
                rows = rows.filter(Q(store_id__in=sorted(stores.ids)) | Q(pk__in=lent.values("queue_id"))
                                   | Q(store_id__in=lent.filter(queue__isnull=True).values("store_id")))
            kwargs["queryset"] = rows
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "queue" and field is not None:
            field.label_from_instance = lambda queue: f"{queue.store} {queue}"
        return field


@admin.register(QueueRule)
class QueueRuleScreen(ScopedAdmin):
    form = RuleForm
    view = edit = "queues.edit"
    store_path = "queue__store_id"
    list_display = ("queue", "store", "strategy", "age_seconds", "sticky_seconds", "overflow_count")
    list_filter = ("strategy", ("queue__store", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("queue", "queue__store")
    search_fields = ("queue__code", "queue__name_zh", "queue__name_en")
    inlines = (NeedInline, OverflowInline, OrderInline)
    readonly_fields = ("preview",)
    fieldsets = (
        (None, {"fields": ("queue", "strategy", "age_seconds")}),
        (_("A known caller"), {"fields": ("sticky", "sticky_seconds")}),
        (_("What these rules do"), {"fields": ("preview", "seen")}),
    )

    class Media:
        js = ("dealerline/rule_preview.js",)

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, form_url: str = "",
                        extra_context: dict[str, Any] | None = None) -> Any:
        if object_id is not None and request.method == "POST" and "_preview" in request.POST:
            return self._tried_out(request, object_id)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _tried_out(self, request: HttpRequest, object_id: str) -> JsonResponse:
        """What the rules as they are typed would do: saved, read, and taken back, so that it is what saving brings."""
        rule = self.get_object(request, unquote(object_id))
        if rule is None or not self.has_change_permission(request, rule):
            raise PermissionDenied
        with transaction.atomic():
            form = self.get_form(request, rule, change=True)(request.POST, request.FILES, instance=rule)
            formsets, _inlines = self._create_formsets(  # type: ignore[attr-defined]
                request, form.instance, change=True)
            valid = all_valid(formsets) and form.is_valid()
            if valid:
                form.save()
                for formset in formsets:
                    formset.save()
                told = self.preview(QueueRule.objects.get(pk=rule.pk))
            else:
                errors = [*form.non_field_errors(), *(e for f in formsets for e in f.non_form_errors())]
                told = format_html('<ul class="preview">{}</ul>', format_html_join(
                    "", '<li class="warning">⚠ {}</li>',
                    ((text,) for text in errors or [_("Something is still missing or wrong above.")])))
            transaction.set_rollback(True)
        note = _("As typed, not saved yet")
        return JsonResponse({"valid": valid, "html": format_html('<p class="help">{}</p>{}', note, told)})

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("overflows")

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "queue") if obj is not None else tuple(self.readonly_fields)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "queue" and field is not None:
            stores = stores_of(request, self.edit)
            rows = field.queryset.filter(rule__isnull=True).select_related("store")
            field.queryset = rows if stores.every else rows.filter(store_id__in=sorted(stores.ids))
            field.label_from_instance = lambda queue: f"{queue.store} {queue}"
        return field

    @admin.display(description=_("store"), ordering="queue__store")
    def store(self, rule: QueueRule) -> Any:
        return rule.queue.store

    @admin.display(description=_("overflow rules"))
    def overflow_count(self, rule: QueueRule) -> int:
        return len(rule.overflows.all())

    @admin.display(description=_("a caller, minute by minute"))
    def preview(self, rule: QueueRule) -> SafeString | str:
        if rule.pk is None:
            return _("Save once to read here what the rules do.")
        lines = format_html_join("", "<li>{}</li>", ((_words(line),) for line in preview_of(rule)))
        notes = format_html_join("", '<li class="warning">⚠ {}</li>', ((spoken(text),) for text in warnings_of(rule)))
        return format_html('<ul class="preview">{}{}</ul>', lines, notes)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for text in warnings_of(QueueRule.objects.get(pk=form.instance.pk)):
            messages.warning(request, spoken(text))


def _words(line: Any) -> str:
    return spoken({language: line.words(language) for language in ("zh", "en")})


# lending, levels ------------------------------------------------------------------------------------------------------
@admin.register(Lending)
class LendingScreen(ScopedAdmin):
    """Both sides see a lending; only the lender changes it."""

    view, edit = "queues.edit", "organisation.edit"
    list_display = ("store", "queue", "borrower_name", "hours", "active", "note")
    list_filter = (("store", admin.RelatedOnlyFieldListFilter), "active")
    list_select_related = ("store", "queue", "borrower", "hours")

    def get_queryset(self, request: HttpRequest) -> Any:
        return Lending.objects.visible_to(request.user, self.view)  # type: ignore[arg-type]

    def has_view_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return bool(stores_of(request, self.view)) if obj is None else self.get_queryset(request).filter(
            pk=obj.pk).exists()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Lent is what one's own stores have, to any store."""
        if db_field.name == "borrower":
            kwargs["queryset"] = db_field.related_model._default_manager.filter(active=True)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "queue" and field is not None:
            field.label_from_instance = lambda queue: f"{queue.store} {queue}"
        return field

    @admin.display(description=_("borrower"), ordering="borrower")
    def borrower_name(self, lending: Lending) -> Any:
        return lending.borrower or _("every store")


@admin.register(LevelPriority)
class LevelPriorityScreen(GroupAdmin):
    list_display = ("level", "priority")
    list_editable = ("priority",)


# caller lists ---------------------------------------------------------------------------------------------------------
class NamedPersonInline(PeopleInline):
    model = NamedPerson
    edit = "queues.edit"


@admin.register(CallerListing)
class CallerListingScreen(ScopedAdmin):
    """Whoever edits queues sees whole numbers (accounts/logic/roles.py), so they stand here unmasked."""

    view = edit = "queues.edit"
    shared_when_null = True
    list_display = ("number", "kind", "store", "until", "note", "added_by")
    list_filter = ("kind", ("store", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("store", "added_by")
    search_fields = ("number", "note")
    inlines = (NamedPersonInline,)

    def save_model(self, request: HttpRequest, obj: CallerListing, form: Any, change: bool) -> None:
        if not change:
            obj.added_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
