"""Loading the start data. May be repeated at will: what a person changed stays, what is new is added.

A shipped flow whose text changed becomes a new version in force, unless somebody published a text of his own.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import chinese_calendar
import yaml
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from dealerline.apps.leads.facade import ensure_defaults
from dealerline.apps.setup.logic.start_data import (
    BUSY_REASONS,
    HOLIDAY_NAMES,
    LEVEL_PRIORITIES,
    MATTERS,
    NEED_CONSENT,
    RESULTS,
)
from dealerline.domain import ivr
from dealerline.settings import CHECKOUT

FLOWS = CHECKOUT / "assets" / "flows"
PROMPTS = CHECKOUT / "assets" / "prompts"


def table(name: str) -> Any:
    """The model of that name, ``app.Model``: start data touches several apps and must not tie them together."""
    return apps.get_model(name)


@transaction.atomic
def load_defaults(today: date) -> dict[str, int]:
    """Everything; how many rows were new, by kind."""
    return {
        "busy reasons": _reasons(),
        "matters": _matters(),
        "results": _results(),
        "levels": _levels(),
        "holidays": _holidays(today),
        "flows": _flows(),
        "lead stages": ensure_defaults(),
    }


def _add(model: Any, code: str, **values: Any) -> tuple[Any, bool]:
    row, made = model.objects.get_or_create(code=code, defaults=values)
    return row, bool(made)


def _reasons() -> int:
    model = table("organisation.BusyReason")
    return sum(
        _add(model, code, name_zh=zh, name_en=en, minutes=minutes, needs_consent=code in NEED_CONSENT, position=n)[1]
        for n, (code, zh, en, minutes) in enumerate(BUSY_REASONS)
    )


def _matters() -> int:
    model, new = table("calls.Matter"), 0
    for n, (code, zh, en, kind, children) in enumerate(MATTERS):
        above, made = _add(model, code, name_zh=zh, name_en=en, line_kind=kind, position=n)
        new += made
        new += sum(
            _add(model, c, name_zh=z, name_en=e, parent=above, line_kind=kind, position=i)[1]
            for i, (c, z, e) in enumerate(children)
        )
    return new


def _results() -> int:
    model = table("calls.Result")
    return sum(
        _add(model, code, name_zh=zh, name_en=en, needs_follow_up=follow, position=n)[1]
        for n, (code, zh, en, follow) in enumerate(RESULTS)
    )


def _levels() -> int:
    model = table("routing.LevelPriority")
    made = [model.objects.get_or_create(level=level, defaults={"priority": n})[1] for level, n in LEVEL_PRIORITIES]
    return sum(made)


def _holidays(today: date) -> int:
    """China's public holidays and make-up working days from last year on, as far as they are published.

    The calendar ends where the State Council's notice ends (usually this year's December); later days are typed in
    the back office. A year that has any day already is left alone: somebody may have removed days on purpose.
    """
    model = table("organisation.Holiday")
    there = {d.year for d in model.objects.filter(store=None).values_list("date", flat=True)}
    rows = []
    for kind, days in (("holiday", chinese_calendar.constants.holidays), ("open", chinese_calendar.constants.workdays)):
        for day, english in days.items():
            if day.year >= today.year - 1 and day.year not in there:
                zh, en = HOLIDAY_NAMES.get(str(english), (str(english), str(english)))
                if kind == "open":
                    zh, en = f"{zh}调休上班", f"Working day for {en}"
                rows.append(model(date=day, kind=kind, name_zh=zh, name_en=en))
    model.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _flows() -> int:
    return sum(1 for path in sorted(FLOWS.glob("*.yaml")) if _flow(path.stem, path.read_text(encoding="utf-8"))[1])


def add_flow(code: str, text: str) -> Any:
    """The flow ``code`` with ``text`` in force. Raises ivr.FlowErrors when the text is no flow."""
    return _flow(code, text)[0]


def _flow(code: str, text: str) -> tuple[Any, bool]:
    document = yaml.safe_load(text)
    flow = ivr.build(document)
    digest = hashlib.sha256(text.encode()).hexdigest()
    model, versions = table("flows.Flow"), table("flows.FlowVersion")
    row, made = _add(model, code, name_zh=flow.title.get("zh", code), name_en=flow.title.get("en", code))
    if not made and row.shipped_sha256 == digest:
        return row, False
    own = row.published is not None and hashlib.sha256(row.published.text.encode()).hexdigest() != row.shipped_sha256
    row.shipped_sha256 = digest
    if not own:  # nobody's own text is in force
        last = versions.objects.filter(flow=row).order_by("-version").values_list("version", flat=True).first() or 0
        row.published = versions.objects.create(
            flow=row,
            version=last + 1,
            text=text,
            document=json.loads(json.dumps(document, default=str)),
            published_at=timezone.now(),
        )
    row.save()
    return row, not own


@dataclass(frozen=True, slots=True)
class ShippedSound:
    """A shipped prompt in one language. ``path`` is as PromptAudio stores it, "" when there is no sound yet."""

    text: str
    path: str
    text_sha256: str
    sha256: str
    seconds: float


def prompt_sound(key: str) -> dict[str, ShippedSound] | None:
    """The shipped prompt of that key by language, or None when there is none."""
    texts = yaml.safe_load((PROMPTS / "prompts.yaml").read_text(encoding="utf-8")).get(key)
    if texts is None:
        return None
    manifest_path = PROMPTS / "manifest.json"
    manifest = json.loads(manifest_path.read_text(encoding="utf-8")).get(key, {}) if manifest_path.is_file() else {}
    found = {}
    for language in ("zh", "en"):
        entry, text = manifest.get(language), texts[language]
        spoken = hashlib.sha256((entry["text"] if entry else text).strip().encode()).hexdigest()
        found[language] = ShippedSound(
            text,
            f"assets:{entry['file']}" if entry else "",
            spoken,
            entry["sha256"] if entry else "",
            float(entry.get("seconds", 0)) if entry else 0.0,
        )
    return found
