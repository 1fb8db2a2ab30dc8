"""Groups by rule: built, counted, saved, shared, looked into."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.db import OperationalError
from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from dealerline.apps.accounts.facade import need, person_of
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import Problem
from dealerline.apps.common.paging import Page, paged
from dealerline.apps.common.schemas import Done, Id, NamedRef, Plain, ProblemOut, Text
from dealerline.apps.customers.facade import access_customer
from dealerline.apps.organisation.facade import brand_names, stores_seen_by
from dealerline.apps.segments.api.shared import ERRORS, OptionOut, options
from dealerline.apps.segments.logic import groups
from dealerline.apps.segments.logic.statement import Scope
from dealerline.apps.segments.models import Score, Segment
from dealerline.domain.segments import known_fields
from dealerline.domain.segments.choices import OF, UNITS

router = Router()
MEMBERS_SECONDS = 15.0

HOWS = {"all": {"zh": "全部满足", "en": "all of these"}, "any": {"zh": "满足任一", "en": "any of these"},
        "none": {"zh": "全不满足", "en": "none of these"},
        "one_car": {"zh": "同一辆车全部满足", "en": "one car that meets all of these"},
        "one_call": {"zh": "同一次通话全部满足", "en": "one call that meets all of these"},
        "one_order": {"zh": "同一订单全部满足", "en": "one order that meets all of these"},
        "one_repair": {"zh": "同一维修单全部满足", "en": "one repair that meets all of these"}}


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
    """``more``: there are ``count`` at least. ``high`` above 0: an estimate, most likely between ``low`` and that.

    ``count`` 0 and ``more``: probably nobody, since of ``looked`` customers drawn by lot none fits; hardly more than
    ``most``. ``looked`` 0: the time was over before anybody was looked at.
    """

    count: int
    more: bool
    low: int
    high: int
    looked: int
    most: int
    words: Text
    sample: list[MemberOut]


class MembersQuery(Schema):
    page: int = Field(1, ge=1, le=100_000)


@router.get("/segments/fields", response={200: FieldsOut, 403: ProblemOut})
def get_fields(request: HttpRequest) -> dict[str, Any]:
    """What rules can ask about, with the values there are to choose from."""
    person = need(request, groups.SEE)
    stores = stores_seen_by(person)
    known = {"stores": {store["id"]: store["name"] for store in stores}, "brands": brand_names()}
    return {
        "fields": [{"code": one.code, "kind": one.kind, "of": one.of, "of_name": OF[one.of], "name": one.words,
                    "unit": UNITS[one.unit], "ids": bool(one.lookup),
                    "options": options(known[one.lookup] if one.lookup else dict(one.choices or {})),
                    "operators": options(dict(one.operators))} for one in known_fields()],
        "hows": options(HOWS), "labels": groups.labels_in_use(person), "stores": stores,
        "levels": options(dict(next(one for one in known_fields() if one.code == "level").choices or {})),
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
    return {"count": found.count, "more": found.more, "low": found.low, "high": found.high,
            "looked": found.looked, "most": found.most, "words": groups.words(rule), "sample": _members(rows)}


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
