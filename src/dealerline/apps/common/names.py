"""Names in two languages: two columns, shown in the reader's language."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


def in_language(zh: str, en: str) -> str:
    """The text in the active language; the other one when it is empty."""
    chinese = (get_language() or "zh-hans").startswith("zh")
    return (zh or en) if chinese else (en or zh)


class Named(models.Model):
    """A row with a Chinese and an English name."""

    name_zh = models.CharField(_("Chinese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=120, blank=True)

    class Meta:
        abstract = True

    @property
    def text(self) -> dict[str, str]:
        """Both names, as every JSON answer and the switch's directory give them."""
        return {"zh": self.name_zh, "en": self.name_en or self.name_zh}

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)
