"""Rules that give labels and levels: written, tried, run, undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import Person, names, need, person_of
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import NotFound
from dealerline.apps.common.schemas import Done, Id, Plain, ProblemOut
from dealerline.apps.segments.api.shared import ERRORS
from dealerline.apps.segments.jobs import run_label_rule
from dealerline.apps.segments.logic import groups, labels
from dealerline.apps.segments.models import LabelRule, Run

router = Router()


class RunOut(Schema):
    """One run. ``by``: "" is the night."""

    id: int
    at: datetime
    by: str
    given: int
    taken_back: int
    held: int
    undone_at: datetime | None
    undone: int


class LabelRuleOut(Schema):
    id: int
    name: str
    segment: int
    segment_name: str
    sets: str
    value: str
    overwrite: bool
    take_back: bool
    store: int | None
    active: bool
    may_edit: bool
    version: int
    last: RunOut | None


class LabelRuleIn(Schema):
    """``store``: empty for the whole group. ``sets``: label or level."""

    name: Plain = Field(max_length=80)
    segment: Id
    sets: Literal["label", "level"]
    value: Plain = Field(max_length=40)
    overwrite: bool = False
    take_back: bool = True
    store: Id | None = None
    active: bool = True


class LabelRulePatch(Schema):
    version: int = Field(ge=0, le=2**31 - 1)
    name: Plain | None = Field(None, max_length=80)
    segment: Id | None = None
    value: Plain | None = Field(None, max_length=40)
    overwrite: bool | None = None
    take_back: bool | None = None
    active: bool | None = None


class PlannedOut(Schema):
    id: int
    name: str
    step: str


class PlanOut(Schema):
    """What a run would do; ``more``: at least that. ``step``: set, take_back, held (a person decided otherwise)."""

    given: int
    taken_back: int
    held: int
    more: bool
    shown: list[PlannedOut]


def _run_out(row: Run, people: dict[int, str]) -> dict[str, Any]:
    return {"id": row.pk, "at": row.at, "by": people.get(row.by_id or 0, ""), "given": row.given,
            "taken_back": row.taken_back, "held": row.held, "undone_at": row.undone_at, "undone": row.undone}


def _rule_out(person: Person, row: LabelRule) -> dict[str, Any]:
    last = row.runs.first()
    stores = person.stores_for(groups.EDIT)
    return {"id": row.pk, "name": row.name, "segment": row.segment_id, "segment_name": row.segment.name,
            "sets": row.sets, "value": row.value, "overwrite": row.overwrite, "take_back": row.take_back,
            "store": row.store_id, "active": row.active, "version": row.version,
            "may_edit": stores.every if row.store_id is None else row.store_id in stores,
            "last": _run_out(last, names({last.by_id} if last.by_id else set())) if last else None}


@router.get("/label-rules", response={200: list[LabelRuleOut], 403: ProblemOut})
def list_rules(request: HttpRequest) -> list[dict[str, Any]]:
    """The rules of one's stores and of the group, in the order the night takes them."""
    person = need(request, groups.EDIT)
    rows = LabelRule.objects.visible_to(person, groups.EDIT).select_related("segment")
    return [_rule_out(person, row) for row in rows]


@router.post("/label-rules", response={200: LabelRuleOut, **ERRORS})
def create_rule(request: HttpRequest, data: LabelRuleIn) -> dict[str, Any]:
    """A new rule. It runs in the night, or when somebody lets it."""
    person = need(request, groups.EDIT)
    values = data.dict(exclude={"segment", "store"}) | {"segment_id": data.segment, "store_id": data.store}
    row = LabelRule.objects.create(created_by=person, **labels.check(person, values))
    audit.record(request, "segment", object_type="label_rule", object_id=row.pk, store=row.store_id,
                 detail={"created": True})
    return _rule_out(person, row)


@router.patch("/label-rules/{rule}", response={200: LabelRuleOut, **ERRORS})
def change_rule(request: HttpRequest, rule: Id, data: LabelRulePatch) -> dict[str, Any]:
    """Change it; what it gave under another value stays with the customers."""
    person = person_of(request)
    row = labels.access_rule(person, rule, edit=True)
    values = data.dict(exclude_unset=True, exclude_none=True, exclude={"version"})
    if "segment" in values:
        values["segment_id"] = values.pop("segment")
    row = labels.change(person, row, data.version, values)
    audit.record(request, "segment", object_type="label_rule", object_id=row.pk, store=row.store_id,
                 detail={"fields": sorted(values)})
    return _rule_out(person, LabelRule.objects.select_related("segment").get(pk=row.pk))


@router.delete("/label-rules/{rule}", response={200: Done, **ERRORS})
def delete_rule(request: HttpRequest, rule: Id) -> dict[str, bool]:
    """Remove the rule; the labels and levels it gave stay."""
    row = labels.access_rule(person_of(request), rule, edit=True)
    key, store = row.pk, row.store_id
    row.delete()
    audit.record(request, "segment", object_type="label_rule", object_id=key, store=store, detail={"removed": True})
    return {"ok": True}


@router.post("/label-rules/{rule}/preview", response={200: PlanOut, **ERRORS})
def preview_rule(request: HttpRequest, rule: Id) -> dict[str, Any]:
    """What a run would change now."""
    person = person_of(request)
    plan = labels.preview(labels.access_rule(person, rule))
    seen = set(groups.customers().objects.visible_to(person, groups.SEE)
               .filter(pk__in=[key for key, *_ in plan.shown]).values_list("pk", flat=True))
    return {"given": plan.given, "taken_back": plan.taken_back, "held": plan.held, "more": plan.more,
            "shown": [{"id": key, "name": name, "step": step} for key, name, step in plan.shown if key in seen]}


@router.post("/label-rules/{rule}/run", response={200: RunOut, 202: Done, **ERRORS})
def run_rule(request: HttpRequest, rule: Id) -> Any:
    """Let it run now; 202 when it reaches so many that the worker does it in the background."""
    person = person_of(request)
    row = labels.access_rule(person, rule, edit=True)
    if labels.too_many(row):
        run_label_rule.defer(rule=row.pk, person=person.pk)
        audit.record(request, "segment", object_type="label_rule", object_id=row.pk, store=row.store_id,
                     detail={"run": "in the background"})
        return 202, {"ok": True}
    done = labels.run(row, person)
    audit.record(request, "segment", object_type="label_rule", object_id=row.pk, store=row.store_id,
                 detail={"run": done.pk, "given": done.given, "taken_back": done.taken_back})
    return _run_out(done, {person.pk: person.name})


@router.get("/label-rules/{rule}/runs", response={200: list[RunOut], **ERRORS})
def list_runs(request: HttpRequest, rule: Id) -> list[dict[str, Any]]:
    """The newest fifty runs."""
    rows = list(labels.access_rule(person_of(request), rule).runs.all()[:50])
    people = names({row.by_id for row in rows if row.by_id})
    return [_run_out(row, people) for row in rows]


@router.post("/label-rules/{rule}/runs/{run}/undo", response={200: RunOut, **ERRORS})
def undo_run(request: HttpRequest, rule: Id, run: Id) -> dict[str, Any]:
    """Set back what a run did, where nobody changed it since. The rule is switched off."""
    person = person_of(request)
    row = labels.access_rule(person, rule, edit=True)
    done = row.runs.filter(pk=run).first()
    if done is None:
        raise NotFound
    done = labels.undo(person, done)
    audit.record(request, "segment", object_type="label_rule", object_id=row.pk, store=row.store_id,
                 detail={"undone": done.pk, "customers": done.undone})
    return _run_out(done, names({done.by_id} if done.by_id else set()))
