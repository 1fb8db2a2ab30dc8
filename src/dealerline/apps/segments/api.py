"""Groups by rule; rules for labels and levels; the loyalty index and its formula."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.db import OperationalError
from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import Person, names, need, person_of, signed_in
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import NotFound, Problem
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.schemas import Done, Id, NamedRef, Plain, ProblemOut, StaleOut, Text
from dealerline.apps.customers.facade import access_customer
from dealerline.apps.organisation.facade import brand_names, stores_seen_by
from dealerline.apps.segments.jobs import run_label_rule
from dealerline.apps.segments.logic import groups, labels, scores
from dealerline.apps.segments.logic.statement import Scope
from dealerline.apps.segments.models import Formula, LabelRule, Run, Score, Segment
from dealerline.domain import loyalty
from dealerline.domain.segments import known_fields
from dealerline.domain.segments.fields import OF, UNITS

router = Router(tags=["segments"], auth=signed_in)
ERRORS = {400: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: StaleOut}
MEMBERS_SECONDS = 15.0

HOWS = {"all": {"zh": "全部满足", "en": "all of these"}, "any": {"zh": "满足任一", "en": "any of these"},
        "none": {"zh": "全不满足", "en": "none of these"},
        "one_car": {"zh": "同一辆车全部满足", "en": "one car that meets all of these"},
        "one_call": {"zh": "同一次通话全部满足", "en": "one call that meets all of these"},
        "one_order": {"zh": "同一订单全部满足", "en": "one order that meets all of these"},
        "one_repair": {"zh": "同一维修单全部满足", "en": "one repair that meets all of these"}}


class OptionOut(Schema):
    value: str
    name: Text


class FieldOut(Schema):
    """A field of a rule. ``ids``: its values are numbers. ``operators``: code and words, "…" stands for the value."""

    code: str
    kind: str
    of: str
    of_name: Text
    name: Text
    unit: Text
    ids: bool
    options: list[OptionOut]
    operators: list[OptionOut]


class InSegmentOut(Schema):
    id: int
    name: str
    sharing: str


class InSegmentsOut(Schema):
    """``left_out``: there are more groups than were looked at in time."""

    items: list[InSegmentOut]
    left_out: bool


class ReadyOut(Schema):
    code: str
    name: Text
    rule: dict[str, Any]


class FieldsOut(Schema):
    """All that a builder of rules needs."""

    fields: list[FieldOut]
    hows: list[OptionOut]
    labels: list[str]
    levels: list[OptionOut]
    stores: list[NamedRef]
    ready: list[ReadyOut]
    may_edit: bool
    whole_group: bool


class CustomerGroupOut(Schema):
    """A group. ``broken``: its rule means nothing any more, and ``words`` say why."""

    id: int
    name: str
    rule: dict[str, Any]
    words: Text
    broken: bool
    sharing: str
    store: int | None
    owner: str
    mine: bool
    may_edit: bool
    version: int
    updated_at: datetime


class SegmentIn(Schema):
    name: Plain = Field(max_length=80)
    rule: dict[str, Any]
    sharing: Literal["private", "store", "group"] = "private"
    store: Id | None = None


class SegmentPatch(Schema):
    """What to change, and the version it was read at."""

    version: int = Field(ge=0, le=2**31 - 1)
    name: Plain | None = Field(None, max_length=80)
    rule: dict[str, Any] | None = None
    sharing: Literal["private", "store", "group"] | None = None
    store: Id | None = None


class MemberOut(Schema):
    id: int
    name: str
    company: str
    level: str
    labels: list[str]
    store: int
    loyalty: int | None
    risk: int | None


class RuleIn(Schema):
    rule: dict[str, Any]


class CountOut(Schema):
    """``more``: there are more than ``count``."""

    count: int
    more: bool
    words: Text
    sample: list[MemberOut]


class MembersQuery(Schema):
    page: int = Field(1, ge=1, le=100_000)


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


class ScorePartOut(Schema):
    measure: str
    name: Text
    value: float | None
    weight: float
    points: float | None


class IndexOut(Schema):
    """``value``: 0 to 100; ``parts``: what it is made of; ``formula`` in words."""

    index: str
    name: Text
    value: int | None
    formula: Text
    parts: list[ScorePartOut]


class ScoreOut(Schema):
    at: datetime | None
    indexes: list[IndexOut]


class PartIn(Schema):
    """``zero``: the measure's value that gives nothing; ``full``: the one that gives all."""

    measure: Plain
    weight: float
    zero: float
    full: float


class PartOut(PartIn):
    name: Text


class FormulaVersionOut(Schema):
    at: datetime
    by: str
    note: str
    words: Text


class FormulaOut(Schema):
    index: str
    name: Text
    parts: list[PartOut]
    words: Text
    shipped: bool
    versions: list[FormulaVersionOut]


class FormulasOut(Schema):
    formulas: list[FormulaOut]
    measures: list[OptionOut]
    may_edit: bool


class FormulaIn(Schema):
    index: Literal["loyalty", "risk"]
    parts: list[PartIn] = Field(max_length=20)
    note: Plain = Field("", max_length=200)


class MovedOut(Schema):
    id: int
    name: str
    before: int | None
    after: int | None


class FormulaPreviewOut(Schema):
    """``before``, ``after``: how many of the sample lie in 0-9, 10-19, ... 90-100."""

    sample: int
    before: list[int]
    after: list[int]
    changed: int
    most: list[MovedOut]
    words: Text


def _options(words: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"value": str(code), "name": name} for code, name in words.items()]


@router.get("/segments/fields", response={200: FieldsOut, 403: ProblemOut})
def get_fields(request: HttpRequest) -> dict[str, Any]:
    """What rules can ask about, with the values there are to choose from."""
    person = need(request, groups.SEE)
    stores = stores_seen_by(person)
    known = {"stores": {store["id"]: store["name"] for store in stores}, "brands": brand_names()}
    return {
        "fields": [{"code": one.code, "kind": one.kind, "of": one.of, "of_name": OF[one.of], "name": one.words,
                    "unit": UNITS[one.unit], "ids": bool(one.lookup),
                    "options": _options(known[one.lookup] if one.lookup else dict(one.choices or {})),
                    "operators": _options(dict(one.operators))} for one in known_fields()],
        "hows": _options(HOWS), "labels": groups.labels_in_use(person), "stores": stores,
        "levels": _options(dict(next(one for one in known_fields() if one.code == "level").choices or {})),
        "ready": [{"code": code, "name": name, "rule": rule} for code, name, rule in groups.READY],
        "may_edit": person.can(groups.EDIT), "whole_group": person.stores_for(groups.EDIT).every}


@router.get("/segments", response={200: list[CustomerGroupOut], 403: ProblemOut})
def list_segments(request: HttpRequest) -> list[dict[str, Any]]:
    """One's own, and those shared with one's stores or with everybody."""
    person = need(request, groups.SEE)
    return [groups.draw(person, row) for row in Segment.objects.visible_to(person, groups.SEE)[:500]]


@router.post("/segments", response={200: CustomerGroupOut, **ERRORS})
def create_segment(request: HttpRequest, data: SegmentIn) -> dict[str, Any]:
    """Save a group."""
    person = need(request, groups.EDIT)
    row = groups.create(person, name=data.name, rule=data.rule, sharing=data.sharing, store=data.store)
    audit.record(request, "segment", object_type="segment", object_id=row.pk, store=row.store_id,
                 detail={"created": True})
    return groups.draw(person, row)


@router.post("/segments/count", response={200: CountOut, **ERRORS})
def count_segment(request: HttpRequest, data: RuleIn) -> dict[str, Any]:
    """How many customers fit a rule, some of them, and the rule in words. Nothing is saved."""
    person = need(request, groups.SEE)
    rule = groups.read_rule(data.rule)
    found = groups.count(rule, Scope.of(person))
    rows = groups.customers().objects.visible_to(person, groups.SEE).filter(pk__in=found.sample).order_by("-id")
    return {"count": found.count, "more": found.more, "words": groups.words(rule), "sample": _members(rows)}


def _members(rows: Any) -> list[dict[str, Any]]:
    rows = list(rows)
    known = Score.objects.in_bulk([row.pk for row in rows])
    return [groups.draw_member(row, known.get(row.pk)) for row in rows]


@router.get("/segments/{segment}", response={200: CustomerGroupOut, **ERRORS})
def get_segment(request: HttpRequest, segment: Id) -> dict[str, Any]:
    """One group."""
    person = person_of(request)
    return groups.draw(person, groups.access_segment(person, segment))


@router.patch("/segments/{segment}", response={200: CustomerGroupOut, **ERRORS})
def change_segment(request: HttpRequest, segment: Id, data: SegmentPatch) -> dict[str, Any]:
    """Change it; 409 with the newer one when somebody saved meanwhile."""
    person = person_of(request)
    row = groups.access_segment(person, segment, edit=True)
    values = data.dict(exclude_unset=True, exclude={"version"})
    row = groups.change(person, row, data.version, **{key: value for key, value in values.items()
                                                      if value is not None or key == "store"})
    audit.record(request, "segment", object_type="segment", object_id=row.pk, store=row.store_id,
                 detail={"fields": sorted(values)})
    return groups.draw(person, row)


@router.delete("/segments/{segment}", response={200: Done, **ERRORS})
def delete_segment(request: HttpRequest, segment: Id) -> dict[str, bool]:
    """Remove it; 409 while a rule for labels uses it."""
    row = groups.access_segment(person_of(request), segment, edit=True)
    key, store = row.pk, row.store_id
    groups.remove(row)
    audit.record(request, "segment", object_type="segment", object_id=key, store=store, detail={"removed": True})
    return {"ok": True}


@router.get("/segments/{segment}/members", response={200: Page[MemberOut], **ERRORS, 503: ProblemOut})
def list_members(request: HttpRequest, segment: Id, query: Query[MembersQuery]) -> dict[str, Any]:
    """Who is in it now, of the customers one may see; newest first."""
    person = person_of(request)
    rows = groups.members(person, groups.access_segment(person, segment)).select_related("score").order_by("-id")
    try:
        with groups.at_most(MEMBERS_SECONDS):
            return paged(rows, query.page, lambda row: groups.draw_member(row, getattr(row, "score", None)))
    except OperationalError as error:
        if not groups.gave_up(error):
            raise
        raise Problem("slow", "这个分组的条件太慢，无法列出成员，请增加更窄的条件（例如门店或日期）。",
                      "This rule takes too long to list: add a narrower condition (a store, a date).",
                      status=503) from error


@router.get("/customers/{customer}/segments", response={200: InSegmentsOut, 404: ProblemOut})
def list_segments_of_customer(request: HttpRequest, customer: Id) -> dict[str, Any]:
    """The saved groups one sees that the customer is in now."""
    person = person_of(request)
    found, left_out = groups.of_customer(person, access_customer(person, customer).pk)
    return {"items": [{"id": row.pk, "name": row.name, "sharing": row.sharing} for row in found],
            "left_out": left_out}


# labels ---------------------------------------------------------------------------------------------------------------
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


# loyalty --------------------------------------------------------------------------------------------------------------
@router.get("/customers/{customer}/score", response={200: ScoreOut, **ERRORS})
def get_score(request: HttpRequest, customer: Id) -> dict[str, Any]:
    """A customer's loyalty index and risk of loss, with their parts and the formula in words."""
    return scores.score_of(access_customer(person_of(request), customer).pk)


@router.post("/customers/{customer}/score", response={200: ScoreOut, **ERRORS})
def recompute_score(request: HttpRequest, customer: Id) -> dict[str, Any]:
    """Measure him anew now."""
    key = access_customer(person_of(request), customer).pk
    scores.recompute([key])
    return scores.score_of(key)


@router.get("/loyalty/formulas", response={200: FormulasOut, 403: ProblemOut})
def get_formulas(request: HttpRequest) -> dict[str, Any]:
    """The formulas in force, and their versions."""
    person = need(request, groups.SEE)
    result = []
    for index, parts in scores.formulas().items():
        rows = list(Formula.objects.filter(index=index).select_related("by")[:20])
        result.append({
            "index": index, "name": loyalty.INDEXES[index], "words": loyalty.in_words(parts), "shipped": not rows,
            "parts": [{"measure": part.measure, "name": loyalty.MEASURES[part.measure], "weight": part.weight,
                       "zero": part.zero, "full": part.full} for part in parts],
            "versions": [{"at": row.at, "by": row.by.name if row.by else "", "note": row.note,
                          "words": loyalty.in_words(loyalty.parse(row.parts))} for row in rows]})
    return {"formulas": result, "measures": _options(dict(loyalty.MEASURES)),
            "may_edit": person.stores_for(groups.EDIT).every}


@router.post("/loyalty/formulas/preview", response={200: FormulaPreviewOut, **ERRORS})
def preview_formula(request: HttpRequest, data: FormulaIn) -> dict[str, Any]:
    """What a changed formula would do to the newest five hundred customers one sees. Nothing is saved."""
    person = need(request, groups.EDIT)
    return scores.preview(person, data.index, scores.read_formula([part.dict() for part in data.parts]))


@router.post("/loyalty/formulas", response={200: FormulasOut, **ERRORS})
def save_formula(request: HttpRequest, data: FormulaIn) -> dict[str, Any]:
    """Put a changed formula in force, and have every customer measured anew by the worker."""
    person = need(request, groups.EDIT)
    row = scores.save_formula(person, data.index, scores.read_formula([part.dict() for part in data.parts]), data.note)
    audit.record(request, "settings", object_type="formula", object_id=row.pk, detail={"index": data.index})
    scores.later()
    return get_formulas(request)
