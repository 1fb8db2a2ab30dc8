"""One row of another system put in by its own key: made when it is new, changed when it differs, else left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from dealerline.apps.accounts.facade import sees_numbers
from dealerline.apps.common.access import Viewer
from dealerline.apps.common.errors import NotFound, Problem
from dealerline.apps.common.telling import tell_changed
from dealerline.apps.customers.facade import bulk, finding
from dealerline.apps.exchange.logic.bringing import bring_in
from dealerline.apps.exchange.logic.deciding import ERASED, Rule, Words, as_row, decide
from dealerline.apps.organisation import facade as organisation
from dealerline.domain import numbers
from dealerline.domain.exchange import KINDS, clean


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """JSON's values as the cells of a list have them. Raises Problem with each that is none."""
    texts, wrong = {}, {}
    for name, value in values.items():
        parts = value if isinstance(value, list) else [] if value is None else [value]
        if any(isinstance(part, bool) or not isinstance(part, str | int | float) for part in parts):
            wrong[name] = {"zh": "应为文字或数字。", "en": "A text or a number is wanted."}
        elif value is not None:
            texts[name] = ";".join(str(part) for part in parts)
    if wrong:
        raise _invalid(wrong)
    return texts


def put(viewer: Viewer, kind: str, source: str, key: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Put it in: its id, whether it was made, which fields changed. Raises Problem with each field's fault."""
    stores = viewer.stores_for("customers.edit")
    if kind == "customers" and "phones" in values:  # as they are read
        values = {"phone": values["phones"]} | {name: value for name, value in values.items() if name != "phones"}
    unknown = sorted(name for name in values if KINDS[kind].column(name) is None or name == "key")
    if unknown:
        raise _invalid({name: {"zh": "没有这个字段。", "en": "There is no such field."} for name in unknown})
    cleaned = clean(KINDS[kind], _texts(values))
    cleaned.values["key"] = key  # as it stands in the address, and as GET looks for it
    by = viewer if viewer.pk is not None else None
    with transaction.atomic():
        with connection.cursor() as cursor:  # the same key twice at once: the second finds what the first made
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"upsert {kind} {source} {key}"])
        row = as_row(1, cleaned.values, cleaned.faults)
        rule = Rule(kind, _store(viewer), stores, system=source)
        decide([row], rule, Words.now())
        if row.faults:
            erased = next((fault for fault in row.faults if fault.code == ERASED), None)
            if erased is not None:
                raise Problem(ERASED, erased.zh, erased.en, status=409,
                              fields={erased.column: {"zh": erased.zh, "en": erased.en}})
            raise _invalid({fault.column: {"zh": fault.zh, "en": fault.en} for fault in row.faults})
        brought = bring_in([row], rule, by=by, source="api").get(row.line)
        pk = brought.id if brought is not None else row.found.id
        if pk is None:
            raise NotFound
        news = list(brought.news(kind, row.store)) if brought is not None else []
        if brought is not None and news:
            tell_changed("customer", brought.customer or 0, store=news[0][0], customer=brought.customer,
                         by=by.pk if by else None, rows=[told for _store, told in news])
    changed = brought.changed if brought is not None else None
    return {"id": pk, "kind": kind, "created": row.action == "new",
            "changed": sorted(changed.after) if changed is not None else []}


def get(viewer: Viewer, kind: str, source: str, key: str) -> dict[str, Any]:
    """What we have of it."""
    stores = viewer.stores_for("customers.view")
    for store in sorted(organisation.store_words()):
        if store not in stores:
            continue
        found = finding.find(kind, [finding.Ask(store=store, source=source, key=key)])[0]
        if found.id is not None and not found.elsewhere:
            return _masked(viewer, bulk.told(kind, bulk.model_of(kind).objects.filter(pk=found.id))[0])
    raise NotFound


def listed(viewer: Viewer, kind: str, *, after: int, limit: int, ids: Sequence[int], since: datetime | None,
           ) -> dict[str, Any]:
    """A page of the rows he may see, by id; ``next``: where the next one begins, None when this is the last."""
    rows = bulk.model_of(kind).objects.visible_to(viewer, "customers.view").filter(pk__gt=after).order_by("pk")
    if ids:
        rows = rows.filter(pk__in=ids)
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    found = bulk.told(kind, rows[:limit + 1])
    return {"items": [_masked(viewer, row) for row in found[:limit]],
            "next": found[limit - 1]["id"] if len(found) > limit else None}


def _masked(viewer: Viewer, row: dict[str, Any]) -> dict[str, Any]:
    values = row["values"]
    if "phones" in values and not sees_numbers(viewer, row["store"]):
        values["phones"] = [numbers.masked(number) for number in values["phones"]]
    return row


def _store(viewer: Viewer) -> int:
    stores = viewer.stores_for("customers.edit")
    own = getattr(viewer, "store_id", None)
    if own is not None and own in stores:
        return int(own)
    return next((store for store in sorted(organisation.store_words()) if store in stores), 0)


def _invalid(fields: dict[str, dict[str, str]]) -> Problem:
    return Problem("invalid", "请检查标红的内容。", "Please check what is marked.", status=422, fields=fields)
