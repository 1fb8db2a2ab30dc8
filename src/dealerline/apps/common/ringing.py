"""Whether a customer may be rung for what he is to be rung for: asked before the records have a number dialled.

The app that knows what customers agreed to registers the judge; those that dial import nothing of it. What serves a
customer is judged too, so that a page can warn, but is never held back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from dealerline.apps.common.errors import Problem
from dealerline.apps.common.timeline import Words


class Purpose(models.TextChoices):
    """What a customer is rung for: ``domain.contact.CALLED_FOR``."""

    SERVICE = "service", pgettext_lazy("rung for", "Service")
    MARKETING = "marketing", pgettext_lazy("rung for", "Marketing")
    SURVEY = "survey", pgettext_lazy("rung for", "Survey")


SERVICE = Purpose.SERVICE.value
PATTERN = f"^({'|'.join(Purpose.values)})$"
"""As routes take it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """To ring that number, E.164. ``customer``: whom it is about; ``asked``: he asked for it himself."""

    number: str
    purpose: str = SERVICE
    customer: int | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """``again``: from when, where it is only a matter of time."""

    allowed: bool
    reason: Words
    again: datetime | None = None


Judge = Callable[[Any, Wish], Verdict]
ALLOWED = Verdict(True, {"zh": "", "en": ""})
_judges: list[Judge] = []


def register(judge: Judge) -> None:
    """The one that judges. Registering again replaces."""
    _judges[:] = [judge]


def verdict(person: Any, wish: Wish) -> Verdict:
    """Whether whoever has that number may be rung for that, as far as the person's stores know him."""
    return _judges[0](person, wish) if _judges else ALLOWED


def need(person: Any, wish: Wish) -> None:
    """Raises Problem ``may_not_ring`` where it may not be; nothing was dialled."""
    if wish.purpose == SERVICE:
        return
    found = verdict(person, wish)
    if found.allowed:
        return
    again = {"zh": "", "en": ""}
    if found.again is not None:
        when = timezone.localtime(found.again)
        again = {"zh": f"；{when:%m-%d %H:%M} 后可以再拨", "en": f"; he may be rung again from {when:%m-%d %H:%M}"}
    raise Problem("may_not_ring", f"不能拨打：{found.reason['zh']}{again['zh']}。",
                  f"He may not be rung for this: {found.reason['en']}{again['en']}.", status=409)
