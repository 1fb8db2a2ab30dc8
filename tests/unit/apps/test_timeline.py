"""The timeline of a customer: put together of sources that know their own pages, narrowed by kind and by person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dealerline.apps.common import timeline
from dealerline.apps.common.timeline import PAGE, Entry

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
WORDS = {"zh": "x", "en": "x"}
VIEWER: Any = None


def source(many: int, kind: str, by: Sequence[str]) -> timeline.Source:
    """``many`` entries an hour apart, done by each in turn."""
    all_of_it = [Entry(NOW - timedelta(hours=n), kind, str(n), 1, WORDS, by=by[n % len(by)]) for n in range(many)]

    def asked(_viewer: Any, _customers: Sequence[int], before: datetime | None, limit: int) -> Iterable[Entry]:
        return [entry for entry in all_of_it if before is None or entry.at < before][:limit]

    return asked


@pytest.fixture(autouse=True)
def two_thousand_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "_sources", {
        "call": (WORDS, source(2000, "call", ["Wang", *(f"p{n}" for n in range(499))])),
        "order": (WORDS, source(3, "order", ["Wang"]))})


def whole(**asked: Any) -> list[Entry]:
    """Page by page to the end, as the page asks for it."""
    found: list[Entry] = []
    while True:
        page = timeline.of_customers(VIEWER, [1], before=found[-1].at if found else None, limit=2, **asked)
        found += page
        if len(page) < 2:
            return found


def test_what_one_person_did_is_found_however_far_back_it_is() -> None:
    assert [(e.kind, e.object_id) for e in timeline.of_customers(VIEWER, [1], limit=50, by="Wang")] == [
        ("call", "0"), ("order", "0"), ("order", "1"), ("order", "2"), ("call", "500"), ("call", "1000"),
        ("call", "1500")]  # fmt: skip
    assert [e.object_id for e in whole(wanted=["call"], by="Wang")] == ["0", "500", "1000", "1500"]
    assert timeline.of_customers(VIEWER, [1], by="nobody") == []


def test_all_who_did_anything_can_be_chosen() -> None:
    assert len(timeline.people(VIEWER, [1])) == 500


def test_without_a_person_no_source_is_asked_for_more_than_the_page() -> None:
    asked: list[int] = []

    def counting(_viewer: Any, _customers: Sequence[int], _before: datetime | None, limit: int) -> Iterable[Entry]:
        asked.append(limit)
        return []

    timeline.register("counted", WORDS, counting)
    timeline.of_customers(VIEWER, [1], ["counted", "unknown"], limit=7)
    assert asked == [7]
    timeline.of_customers(VIEWER, [1], ["counted"], limit=7, by="Wang")
    assert asked == [7, PAGE]
