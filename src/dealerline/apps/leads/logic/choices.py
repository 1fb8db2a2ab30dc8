"""What a lead may be set to: stages, reasons, brands, stores, people. Stages are rows that the group defines."""

from __future__ import annotations

from typing import Any

from django.db import connection

from dealerline.apps.accounts.facade import Person, names, who_may
from dealerline.apps.leads.models import LostReason, Rules, Stage, StageKind
from dealerline.apps.organisation import facade as organisation
from dealerline.domain.leads.clock import Rules as ClockRules
from dealerline.domain.leads.stages import missing

STAGES = (("新线索", "New", "open"), ("已联系", "Contacted", "open"), ("已到店", "Visited", "open"),
          ("已试驾", "Test drive", "open"), ("已报价", "Quoted", "open"), ("商谈中", "Negotiating", "open"),
          ("成交", "Won", "won"), ("战败", "Lost", "lost"))  # fmt: skip
REASONS = (("价格高于竞品", "Price higher than elsewhere"), ("买了其他品牌", "Bought another brand"),
           ("在其他店购买", "Bought at another dealer"), ("贷款未通过", "Loan was refused"),
           ("没有现车", "Not in stock"), ("暂不购车", "Does not buy for now"), ("联系不上", "Cannot be reached"),
           ("信息无效", "Not a real enquiry"))  # fmt: skip
LOCK = 7_264_031


def ensure_defaults() -> int:
    """Stages and reasons to begin with, where the group has none of its own; how many rows were new."""
    if Stage.objects.filter(brand=None).exists() and LostReason.objects.exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    made = 0
    if not Stage.objects.filter(brand=None).exists():
        made += len(Stage.objects.bulk_create(Stage(name_zh=zh, name_en=en, kind=kind, position=n)
                                              for n, (zh, en, kind) in enumerate(STAGES)))
    if not LostReason.objects.exists():
        made += len(LostReason.objects.bulk_create(LostReason(name_zh=zh, name_en=en, position=n)
                                                   for n, (zh, en) in enumerate(REASONS)))
    return made


def rules() -> Rules:
    """The group's rules, the shipped ones before anybody saved any."""
    return Rules.objects.first() or Rules()


def clock_rules() -> ClockRules:
    """The same, as the domain has them."""
    row = rules()
    return ClockRules(row.reaction_minutes, row.overdue_days, row.silent_days)


def stages(brand: int | None) -> list[Stage]:
    """The steps of that brand, in order: its own where they are whole, else the group's."""
    own = list(Stage.objects.filter(brand=brand, active=True)) if brand is not None else []
    return own if not missing(stage.kind for stage in own) else list(Stage.objects.filter(brand=None, active=True))


def first(brand: int | None) -> Stage:
    """Where a new lead begins."""
    found = next((stage for stage in stages(brand) if stage.kind == StageKind.OPEN), None)
    if found is None:  # somebody switched every step off: the lead must not be lost for that
        ensure_defaults()
        return Stage.objects.filter(kind=StageKind.OPEN).order_by("brand_id", "position")[0]
    return found


def counterpart(brand: int | None, stage: Stage) -> Stage:
    """The step of that brand which is as far as ``stage`` is among its own."""
    wanted = stages(brand)
    if stage in wanted:
        return stage
    place = [s.pk for s in stages(stage.brand_id) if s.kind == stage.kind]
    same = [s for s in wanted if s.kind == stage.kind] or [first(brand)]
    return same[min(place.index(stage.pk) if stage.pk in place else 0, len(same) - 1)]


def as_json(stage: Stage) -> dict[str, Any]:
    """A stage as the pages see it."""
    return {"id": stage.pk, "name": stage.text, "kind": stage.kind, "brand": stage.brand_id, "position": stage.position}


def people_of(store: int) -> dict[int, str]:
    """Who may have leads of that store."""
    return names(set(who_may("leads.edit", store)))


def all_of(person: Person) -> dict[str, Any]:
    """Everything the person may choose from. Of stores he does not see only the name: whom they have is theirs."""
    seen = person.stores_for("leads.view")
    return {
        "stages": [as_json(stage) for stage in Stage.objects.filter(active=True)],
        "lost_reasons": [{"id": row.pk, "name": row.text} for row in LostReason.objects.filter(active=True)],
        "brands": organisation.brands(),
        "stores": [{"id": store["id"], "name": store["name"], "seen": store["id"] in seen,
                    "people": [{"id": pk, "name": name} for pk, name in sorted(people_of(store["id"]).items())]
                    if store["id"] in seen else []}
                   for store in organisation.directory_stores()],
        "rules": {name: getattr(rules(), name) for name in ("reaction_minutes", "overdue_days", "silent_days")}}
