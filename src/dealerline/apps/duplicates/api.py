"""Pairs that may be one customer; the preview of a merge, the merge, and its taking back."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from procrastinate.contrib.django import app as jobs
from procrastinate.exceptions import AlreadyEnqueued
from pydantic import Field

from dealerline.apps.accounts.facade import Person, need, person_of, signed_in
from dealerline.apps.audit import facade as audit
from dealerline.apps.common.errors import Problem
from dealerline.apps.common.paging import PER_PAGE, Page, paged
from dealerline.apps.common.schemas import Done, Id, Plain, ProblemOut, StaleOut, Text
from dealerline.apps.duplicates.logic import merging, pairs, showing, undoing
from dealerline.apps.duplicates.models import Run

router = Router(tags=["duplicates"], auth=signed_in)
REFUSALS = {400: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut}

Take = dict[Plain, Literal["kept", "gone", "both"]]


class ReasonOut(Schema):
    """One thing on which the two agree."""

    rule: str
    words: Text
    what: str
    points: int


class DuplicateOut(Schema):
    """One of the two. ``gone``: he was merged into the other."""

    id: int
    name: str
    title: str
    kind: str
    level: str
    company: str
    number: str | None
    store: int
    created_at: datetime | None
    version: int
    phones: list[str]
    cars: list[str]
    cars_count: int
    gone: bool = False


class PairOut(Schema):
    """Two customers who may be one. ``merge``: by which they were made one."""

    id: int
    score: int
    state: str
    note: str
    across: bool
    found_at: datetime
    decided_at: datetime | None
    decided_by: str
    reasons: list[ReasonOut]
    customers: list[DuplicateOut]
    merge: int | None


class PairsQuery(Schema):
    state: Literal["found", "dismissed", "merged", "undone"] = "found"
    rule: Literal["", "vin", "phone", "card", "key", "plate", "company"] = ""
    store: Id | None = None
    customer: Id | None = None
    page: int = Field(1, ge=1, le=100_000)


class PairCountsOut(Schema):
    """How many pairs there are of each state, at most 10,000; the last look among all, and its seconds."""

    found: int
    dismissed: int
    merged: int
    undone: int
    looked_at: datetime | None
    whole_at: datetime | None
    whole_seconds: float | None
    customers: int


class NoteIn(Schema):
    note: Plain = Field("", max_length=200)


class MergeFieldOut(Schema):
    """A field: both values, which is taken and why (same, only, joined, by_hand, newer, stays), what may be taken."""

    field: str
    words: Text
    kept: Text
    gone: Text
    take: str
    why: str
    may: list[str]


class GoesAlongOut(Schema):
    label: str
    words: Text
    count: int


class JoinedOut(Schema):
    label: str
    words: Text
    what: str
    note: Text


class PreviewIn(Schema):
    """``kept``: who stays; without it the better one. ``take``: field -> kept, gone or both."""

    one: Id
    other: Id
    kept: Id | None = None
    take: Take = Field(default_factory=dict, max_length=60)


class PreviewOut(Schema):
    """What a merge would do. ``stamp`` goes back with the merge."""

    kept: DuplicateOut
    gone: DuplicateOut
    pair: int | None
    state: str
    score: int
    reasons: list[ReasonOut]
    against: list[Text]
    warnings: list[Text]
    fields: list[MergeFieldOut]
    moves: list[GoesAlongOut]
    joined: list[JoinedOut]
    stamp: dict[str, int]


class MergeIn(Schema):
    kept: Id
    gone: Id
    take: Take = Field(default_factory=dict, max_length=60)
    stamp: dict[Plain, int] = Field(max_length=200)


class LeftOut(Schema):
    what: Text
    why: Text


class MergeOut(Schema):
    """``moved``: rows that went along. ``first``: a later merge that has to be taken back before. ``left``: what taking

    it back could not put back, and why. ``now``: the customer in whom he is today.
    """

    id: int
    kept: int
    kept_name: str
    gone: int
    gone_name: str
    now: int
    at: datetime
    by: str
    moved: int
    undone_at: datetime | None
    undone_by: str
    left: list[LeftOut]
    first: int | None
    erased: bool


class MergesQuery(Schema):
    customer: Id | None = None
    page: int = Field(1, ge=1, le=100_000)


@router.get("/duplicates", response={200: Page[PairOut], 403: ProblemOut})
def list_pairs(request: HttpRequest, query: Query[PairsQuery]) -> dict[str, Any]:
    """Pairs of which both are in stores where the person may merge, the surest first."""
    person = need(request, merging.RIGHT)
    rows = pairs.listed(person, query.state, query.rule, query.store, query.customer)
    page = paged(rows, query.page, lambda pair: {"pair": pair}, PER_PAGE)
    page["items"] = showing.pairs_as_json(person, [item["pair"] for item in page["items"]])
    return page


@router.get("/duplicates/counts", response={200: PairCountsOut, 403: ProblemOut})
def count_pairs(request: HttpRequest) -> dict[str, Any]:
    """How many there are, and when they were looked for."""
    person = need(request, merging.RIGHT)
    last, whole = Run.objects.first(), Run.objects.filter(whole=True).first()
    return {**pairs.counts(person), "looked_at": last.at if last else None, "whole_at": whole.at if whole else None,
            "whole_seconds": whole.seconds if whole else None, "customers": whole.customers if whole else 0}


@router.post("/duplicates/look", response={200: Done, 403: ProblemOut})
def look_now(request: HttpRequest) -> dict[str, bool]:
    """Look among all customers now, in the background."""
    need(request, merging.RIGHT)
    with suppress(AlreadyEnqueued):  # somebody asked a moment ago
        jobs.configure_task("find_all_duplicates", queueing_lock="find_all_duplicates").defer(timestamp=0)
    return {"ok": True}


@router.post("/duplicates/{pair}/dismiss", response={200: PairOut, **REFUSALS})
def dismiss_pair(request: HttpRequest, pair: Id, data: NoteIn) -> dict[str, Any]:
    """They are not the same: they are never found again, until somebody says otherwise."""
    return _decide(request, pair, "dismiss", data.note)


@router.post("/duplicates/{pair}/reopen", response={200: PairOut, **REFUSALS})
def reopen_pair(request: HttpRequest, pair: Id) -> dict[str, Any]:
    """Look at them once more."""
    return _decide(request, pair, "reopen", "")


def _decide(request: HttpRequest, pair: int, event: str, note: str) -> dict[str, Any]:
    person = person_of(request)
    row = pairs.decide(person, pair, event, note)
    audit.record(request, "merge", object_type="duplicate", object_id=row.pk, store=row.store_id,
                 detail={"did": event, "customers": [row.low, row.high]})
    return showing.pairs_as_json(person, [row])[0]


@router.post("/duplicates/preview", response={200: PreviewOut, **REFUSALS})
def preview_merge(request: HttpRequest, data: PreviewIn) -> dict[str, Any]:
    """Side by side: what each field becomes, what goes along, what is made one. Nothing of it stays."""
    person = person_of(request)
    one, other = merging.both(person, data.one, data.other)
    if data.kept is None:
        kept, gone = merging.ordered(one, other)
    elif data.kept in (one.pk, other.pk):
        kept, gone = (one, other) if data.kept == one.pk else (other, one)
    else:
        raise Problem("invalid", "请检查标红的内容。", "Please check what is marked.",
                      fields={"kept": {"zh": "只能保留这两位之一。", "en": "One of the two has to stay."}})
    return showing.preview(person, kept, gone, data.take)


@router.post("/duplicates/merges", response={200: MergeOut, 400: ProblemOut, 403: ProblemOut, 404: ProblemOut,
                                             409: StaleOut | ProblemOut})
def merge_customers(request: HttpRequest, data: MergeIn) -> dict[str, Any]:
    """Put one into the other as previewed; 409 when either changed since, with what changed."""
    person = person_of(request)
    done = merging.merge(person, data.kept, data.gone, data.take, data.stamp)
    audit.record(request, "merge", object_type="customer", object_id=done.merge.kept, store=done.merge.store_id,
                 detail={"merge": done.merge.pk, "gone": done.merge.gone, "moved": done.merge.counts})
    return showing.merge_as_json(done.merge)


@router.get("/duplicates/merges", response={200: Page[MergeOut], 403: ProblemOut})
def list_merges(request: HttpRequest, query: Query[MergesQuery]) -> dict[str, Any]:
    """The newest first; of one customer: those into him and the one that took him away."""
    person = need(request, merging.RIGHT)
    return paged(pairs.merges(person, query.customer), query.page, showing.merge_as_json)


@router.get("/duplicates/merges/{merge}", response={200: MergeOut, **REFUSALS})
def get_merge(request: HttpRequest, merge: Id) -> dict[str, Any]:
    """One merge."""
    return showing.merge_as_json(undoing.access_merge(person_of(request), merge))


@router.post("/duplicates/merges/{merge}/undo", response={200: MergeOut, **REFUSALS})
def undo_merge(request: HttpRequest, merge: Id) -> dict[str, Any]:
    """Take it back: everything goes back but what was changed since, which is told in ``left``."""
    person: Person = person_of(request)
    row = undoing.undo(person, merge)
    audit.record(request, "undo_merge", object_type="customer", object_id=row.kept, store=row.store_id,
                 detail={"merge": row.pk, "gone": row.gone, "left": len(row.left)})
    return showing.merge_as_json(row)


