"""Flows are text with versions; the switch runs the published one. Prompts are texts with a sound for each language."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.access import SharedQuerySet
from dealerline.apps.common.names import Named

PROMPT_KEY = RegexValidator(r"^[a-z0-9][a-z0-9_.-]*$", _("Small letters, digits, dots, - and _ only."))


class Flow(Named):
    """What callers hear and may choose. Lines point to a flow; the version in force is ``published``."""

    code = models.CharField(_("code"), max_length=48, unique=True,
                            validators=[RegexValidator(r"^[a-z0-9][a-z0-9_-]*$")])
    store = models.ForeignKey("organisation.Store", models.CASCADE, null=True, blank=True, related_name="flows",
                              verbose_name=_("store"), help_text=_("Empty: every store may use it."))
    published = models.ForeignKey("FlowVersion", models.SET_NULL, null=True, blank=True, related_name="+",
                                  verbose_name=_("version in force"), editable=False)
    shipped_sha256 = models.CharField(max_length=64, blank=True, editable=False)  # of the shipped text last loaded

    objects = SharedQuerySet.as_manager()

    class Meta:
        verbose_name = _("flow")
        verbose_name_plural = _("flows")
        ordering = ["code"]


class FlowVersionQuerySet(SharedQuerySet["FlowVersion"]):
    """A version belongs to its flow's store."""

    store_path = "flow__store_id"


class FlowVersion(models.Model):
    """One saved text of a flow. Versions are never changed: a call's journal says which one it ran."""

    flow = models.ForeignKey(Flow, models.CASCADE, related_name="versions", verbose_name=_("flow"))
    version = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"))
    document = models.JSONField(_("document"))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
                               verbose_name=_("author"))
    created_at = models.DateTimeField(_("saved"), auto_now_add=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)

    objects = FlowVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a flow")
        verbose_name_plural = _("versions of flows")
        ordering = ["flow", "-version"]
        constraints = [models.UniqueConstraint(fields=["flow", "version"], name="one_flow_version")]

    def __str__(self) -> str:
        return f"{self.flow.code} v{self.version}"


class Prompt(models.Model):
    """A text that callers hear. A store's own prompt of the same key wins over the group's."""

    key = models.CharField(_("key"), max_length=64, validators=[PROMPT_KEY])
    store = models.ForeignKey("organisation.Store", models.CASCADE, null=True, blank=True, related_name="prompts",
                              verbose_name=_("store"), help_text=_("Empty: every store."))
    text_zh = models.TextField(_("Chinese text"), blank=True)
    text_en = models.TextField(_("English text"), blank=True)
    shipped = models.BooleanField(default=False, editable=False)

    objects = SharedQuerySet.as_manager()

    class Meta:
        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["key", "store"], name="one_prompt_a_key", nulls_distinct=False)]

    def __str__(self) -> str:
        return self.key

    def text_in(self, language: str) -> str:
        """The text in "zh" or "en"; "" when there is none."""
        return self.text_en if language == "en" else self.text_zh


class AudioSource(models.TextChoices):
    """Where a sound came from.

    A person's upload wins over speech, speech over what was shipped when the text differs.
    """

    SHIPPED = "shipped", _("Shipped")
    SPEECH = "speech", _("Spoken by the speech engine")
    UPLOAD = "upload", _("Uploaded by a person")


class PromptAudioQuerySet(SharedQuerySet["PromptAudio"]):
    """A sound belongs to its prompt's store."""

    store_path = "prompt__store_id"


class PromptAudio(models.Model):
    """The sound of a prompt in one language.

    One row a source, so that taking back an upload brings the older sound back.
    """

    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="audio", verbose_name=_("prompt"))
    language = models.CharField(_("language"), max_length=2, choices=[("zh", _("Mandarin")), ("en", _("English"))])
    source = models.CharField(_("source"), max_length=8, choices=AudioSource.choices)
    path = models.CharField(_("file"), max_length=255)  # absolute, or below settings.media (media:) or assets (assets:)
    text_sha256 = models.CharField(max_length=64, blank=True)  # of the text that is spoken; "" for uploads
    sha256 = models.CharField(max_length=64)
    seconds = models.FloatField(_("seconds"), default=0)
    voice = models.CharField(_("voice"), max_length=40,
                             blank=True)  # or the engine; "espeak" is made anew once better voices are there
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = PromptAudioQuerySet.as_manager()

    class Meta:
        verbose_name = _("sound")
        verbose_name_plural = _("sounds")
        ordering = ["prompt", "language"]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "language", "source"], name="one_sound_a_source")]

    def __str__(self) -> str:
        return f"{self.prompt.key} {self.language} {self.source}"
