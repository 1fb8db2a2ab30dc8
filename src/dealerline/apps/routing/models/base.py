"""What tables of routing have in common."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dealerline.apps.common.names import in_language

CODE = RegexValidator(r"^[a-z0-9][a-z0-9_-]*$", _("Use small letters, digits, - and _ only."))
LEVEL = [MinValueValidator(1), MaxValueValidator(5)]
DAY_SECONDS = 86_400
SHORT = 6  # digits of a short number, as 10086, which is written without its country


def spoken(text: Any) -> str:
    """A text of the domain in the reader's language."""
    return in_language(text["zh"], text["en"]) if get_language() else str(text["en"])
