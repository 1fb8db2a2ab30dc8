"""The back office's screens of flows and prompts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dealerline.apps.calls.facade import queue_codes
from dealerline.apps.common.admin import GuardedForm, ScopedAdmin
from dealerline.apps.common.errors import Problem
from dealerline.apps.flows import jobs
from dealerline.apps.flows.logic import flows, prompts
from dealerline.apps.flows.models import Flow, FlowVersion, Prompt
from dealerline.apps.organisation.facade import line_kinds


def tongue() -> str:
    """"zh" or "en", whichever the reader uses."""
    return "zh" if (get_language() or "zh").startswith("zh") else "en"


class FlowForm(GuardedForm):
    """The flow's text is checked before anything is saved; with "Check" nothing is saved at all."""

    text = forms.CharField(
        label=_("text"), strip=False,
        widget=forms.Textarea(attrs={"rows": 34, "cols": 110, "class": "code", "spellcheck": "false"}),
        help_text=_("YAML, as docs/reference/flows.md tells. Saving makes a version; "
                    "calls that run already finish the old one."))
    publish = forms.BooleanField(label=_("put in force"), required=False, initial=True,
                                 help_text=_("Callers hear it within a second. Off: kept as a version only."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reading: flows.Reading | None = None
        if self.instance.pk is not None and "text" in self.fields:
            newest = self.instance.versions.first()
            self.fields["text"].initial = newest.text if newest else ""

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or {}
        text = values.get("text")
        if text is None:
            return values
        text = text.replace("\r\n", "\n")
        values["text"] = text
        store = values.get("store")
        self.reading = flows.read_for(store.pk if store else None, text, queue_codes(), line_kinds())
        for finding in self.reading.errors:
            self.add_error("text", finding.words(tongue()))
        if "_check" in self.data and not self.reading.errors:
            notes = [f.words(tongue()) for f in self.reading.findings]
            self.add_error(None, ValidationError([str(_("The flow has no errors. Nothing was saved yet.")), *notes]))
        return values


@admin.register(Flow)
class FlowScreen(ScopedAdmin):
    form = FlowForm
    view, edit, shared_when_null = "flows.view", "flows.edit", True
    change_form_template = "admin/flow_form.html"
    list_display = ("code", "name_zh", "name_en", "store", "published", "newest")
    list_filter = (("store", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("store", "published", "published__flow")
    search_fields = ("code", "name_zh", "name_en")
    readonly_fields = ("history",)
    fieldsets = (
        (None, {"fields": ("code", "name_zh", "name_en", "store")}),
        (_("Flow"), {"fields": ("text", "publish", "history", "seen")}),
    )

    @admin.display(description=_("newest version"))
    def newest(self, flow: Flow) -> int | str:
        version = flow.versions.first()
        return version.version if version else "–"

    @admin.display(description=_("versions"))
    def history(self, flow: Flow) -> SafeString | str:
        if flow.pk is None:
            return "–"
        rows = ((reverse("admin:flows_flowversion_change", args=[v.pk]), v.version,
                 v.author.name if v.author else _("shipped"), v.created_at.strftime("%Y-%m-%d %H:%M"),
                 _("in force") if v.pk == flow.published_id else "")
                for v in flow.versions.select_related("author")[:12])
        return format_html_join("", '<div><a href="{}">v{}</a> · {} · {} <b>{}</b></div>', rows)

    def save_model(self, request: HttpRequest, obj: Flow, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.reading is None:
            return
        version = flows.save_version(obj, form.cleaned_data["text"], request.user, form.reading,
                                     publish=form.cleaned_data["publish"])
        for finding in form.reading.findings:
            messages.warning(request, finding.words(tongue()))
        messages.info(request, _("Version %d") % version.version)


@admin.register(FlowVersion)
class FlowVersionScreen(ScopedAdmin):
    view, edit, store_path, shared_when_null = "flows.view", "flows.edit", "flow__store_id", True
    list_display = ("flow", "version", "author", "created_at", "published_at")
    list_filter = (("flow", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("flow", "author")
    readonly_fields = ("flow", "version", "author", "created_at", "published_at", "shown_text")
    fields = ("flow", "version", "author", "created_at", "published_at", "shown_text")
    actions = ("put_in_force",)

    @admin.display(description=_("text"))
    def shown_text(self, version: FlowVersion) -> SafeString:
        return format_html('<pre class="code">{}</pre>', version.text)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False

    @admin.action(description=_("Put this version in force (undo)"))
    def put_in_force(self, request: HttpRequest, queryset: Any) -> None:
        for version in queryset.select_related("flow"):
            if super().has_change_permission(request, version):
                flows.put_in_force(version.flow, version)
                self.log_change(request, version.flow, [{"changed": {"fields": ["published"]}}])
                messages.success(request, str(version))


class PromptForm(GuardedForm):
    """Texts are spoken by the speech engine; an upload wins over it until it is taken back."""

    upload_zh = forms.FileField(label=_("Chinese recording (WAV)"), required=False)
    upload_en = forms.FileField(label=_("English recording (WAV)"), required=False)
    take_back_zh = forms.BooleanField(label=_("take the Chinese recording back"), required=False)
    take_back_en = forms.BooleanField(label=_("take the English recording back"), required=False)

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or {}
        for language in prompts.LANGUAGES:
            file = values.get(f"upload_{language}")
            if file is None:
                continue
            try:
                prompts.telephone_sound(file.read())
                file.seek(0)
            except Problem as problem:
                self.add_error(f"upload_{language}", problem.text[tongue()])
        if not (values.get("text_zh") or values.get("text_en") or values.get("upload_zh") or values.get("upload_en")):
            raise ValidationError(_("Give a text or a recording: a caller must not hear silence."))
        return values


@admin.register(Prompt)
class PromptScreen(ScopedAdmin):
    form = PromptForm
    view, edit, shared_when_null = "flows.view", "prompts.edit", True
    list_display = ("key", "store", "text_zh", "text_en", "sounds")
    list_filter = (("store", admin.RelatedOnlyFieldListFilter), "audio__source")
    search_fields = ("key", "text_zh", "text_en")
    readonly_fields = ("listen_zh", "listen_en")
    fieldsets = (
        (None, {"fields": ("key", "store")}),
        (_("Mandarin"), {"fields": ("text_zh", "listen_zh", "upload_zh", "take_back_zh")}),
        (_("English"), {"fields": ("text_en", "listen_en", "upload_en", "take_back_en", "seen")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("audio")

    def get_urls(self) -> list[Any]:
        mine = path("<int:prompt>/sound/<str:language>/", self.admin_site.admin_view(self.sound),
                    name="flows_prompt_sound")
        return [mine, *super().get_urls()]

    def sound(self, request: HttpRequest, prompt: int, language: str) -> HttpResponseBase:
        """The sound in force, for listening."""
        row = self.get_queryset(request).filter(pk=prompt).first()
        best = prompts.best_audio(row, language, row.audio.all()) if row else None
        if best is None:
            raise Http404
        response = HttpResponse(prompts.sound_file(best).read_bytes(), content_type="audio/wav")
        response["Cache-Control"] = "private, no-store"
        return response

    def _listen(self, prompt: Prompt, language: str) -> SafeString | str:
        best = prompts.best_audio(prompt, language, prompt.audio.all()) if prompt.pk else None
        if best is None:
            return str(_("No sound yet.")) if prompt.pk else "–"
        note = _("an older text; the new one is being spoken") if prompts.is_stale(best, prompt) else ""
        return format_html('<audio controls preload="none" src="{}"></audio> {} · {} s {}',
                           reverse("admin:flows_prompt_sound", args=[prompt.pk, language]), best.get_source_display(),
                           f"{best.seconds:.1f}", note)

    @admin.display(description=_("sound in force"))
    def listen_zh(self, prompt: Prompt) -> SafeString | str:
        return self._listen(prompt, "zh")

    @admin.display(description=_("sound in force"))
    def listen_en(self, prompt: Prompt) -> SafeString | str:
        return self._listen(prompt, "en")

    @admin.display(description=_("sounds"))
    def sounds(self, prompt: Prompt) -> str:
        found = []
        for language in prompts.LANGUAGES:
            best = prompts.best_audio(prompt, language, prompt.audio.all())
            found.append(f"{language}: {best.get_source_display() if best else '–'}")
        return " · ".join(found)

    def save_model(self, request: HttpRequest, obj: Prompt, form: Any, change: bool) -> None:
        if {"text_zh", "text_en"} & set(form.changed_data):
            obj.shipped = False
        super().save_model(request, obj, form, change)
        for language in prompts.LANGUAGES:
            if form.cleaned_data.get(f"take_back_{language}"):
                prompts.take_back(obj, language)
            file = form.cleaned_data.get(f"upload_{language}")
            if file is not None:
                prompts.upload(obj, language, file.read(), request.user)
            elif prompts.wants_speech(Prompt.objects.prefetch_related("audio").get(pk=obj.pk), language):
                jobs.order(obj.pk, language)
                messages.info(request, _("The new text is being spoken; it is in force in a moment."))


