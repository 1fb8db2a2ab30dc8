"""The loyalty index and the risk of loss: a customer's, and the formula that says how."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need, person_of
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.schemas import Id, Plain, ProblemOut, Text
from dealerline.apps.customers.facade import access_customer
from dealerline.apps.segments.api.shared import ERRORS, OptionOut, options
from dealerline.apps.segments.logic import groups, scores
from dealerline.apps.segments.models import Formula
from dealerline.domain import loyalty

router = Router()


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
    return {"formulas": result, "measures": options(dict(loyalty.MEASURES)),
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
