"""The loyalty index and the risk of loss: measures in one statement, the formula in ``domain.loyalty``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from procrastinate.exceptions import AlreadyEnqueued

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.errors import NotAllowed, Problem
from dealerline.apps.segments.logic import groups
from dealerline.apps.segments.logic.statement import COMPLAINT, NOT_ERASED
from dealerline.apps.segments.models import Formula, Score
from dealerline.domain import loyalty
from dealerline.domain.loyalty import DEFAULTS, INDEXES, MEASURES, FormulaError, Part

CHUNK = 2000
SAMPLE = 500
SERVICE_DAYS = 400  # a service is on time when it comes within so many days of the one before

MEASURED = f"""
SELECT c.id,
  extract(day FROM %(now)s - greatest(c.created_at,
      (SELECT max(x.answered_at) FROM calls_call x WHERE x.customer_id = c.id),
      (SELECT max(x.received_at) FROM customers_repair x WHERE x.customer_id = c.id),
      (SELECT max(x.ordered_on)::timestamptz FROM customers_order x WHERE x.customer_id = c.id))) AS recency,
  (SELECT count(*) FROM customers_repair x WHERE x.customer_id = c.id AND x.received_at >= %(two_years)s) AS visits,
  (SELECT count(*) FROM calls_call x WHERE x.customer_id = c.id AND x.answered_at >= %(year)s) AS calls,
  (SELECT coalesce(sum(x.amount), 0) FROM customers_repair x
    WHERE x.customer_id = c.id AND NOT x.open AND x.received_at >= %(two_years)s)
  + (SELECT coalesce(sum(x.amount), 0) FROM customers_order x
    WHERE x.customer_id = c.id AND x.status = 'delivered' AND x.ordered_on >= %(two_years)s) AS spent,
  extract(day FROM %(now)s - least(c.created_at,
      (SELECT min(x.bought_on)::timestamptz FROM customers_car x WHERE x.customer_id = c.id),
      (SELECT min(x.received_at) FROM customers_repair x WHERE x.customer_id = c.id),
      (SELECT min(x.ordered_on)::timestamptz FROM customers_order x WHERE x.customer_id = c.id))) / 30.44 AS tenure,
  (SELECT 100.0 * count(*) FILTER (WHERE g.gap <= make_interval(days => %(service)s::int)) / nullif(count(*), 0)
     FROM (SELECT coalesce(lead(x.received_at) OVER (ORDER BY x.received_at),
                           CASE WHEN x.received_at < %(late)s THEN %(now)s::timestamptz END) - x.received_at AS gap
             FROM customers_repair x WHERE x.customer_id = c.id AND x.received_at IS NOT NULL) AS g
    WHERE g.gap IS NOT NULL) AS on_time,
  (SELECT count(*) FROM calls_call x WHERE x.customer_id = c.id AND x.arrived_at >= %(year)s
      AND {COMPLAINT}) AS complaints,
  (SELECT avg(x.rating) FROM calls_call x WHERE x.customer_id = c.id) AS rating
FROM customers_customer c WHERE c.id = ANY(%(ids)s) AND {NOT_ERASED}
"""


def measures(customers: Iterable[int], now: datetime) -> dict[int, dict[str, float | None]]:
    """customer -> measure -> value; None: not known."""
    service = timedelta(days=SERVICE_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(MEASURED, {"now": now, "year": now - timedelta(days=365), "two_years": now - timedelta(days=730),
                                  "service": SERVICE_DAYS, "late": now - service, "ids": list(customers)})
        names = [column[0] for column in cursor.description or ()]
        return {row[0]: {name: None if value is None else round(float(value), 2)
                         for name, value in zip(names[1:], row[1:], strict=True)} for row in cursor.fetchall()}


def formulas() -> dict[str, tuple[Part, ...]]:
    """The formulas in force; the shipped ones where nobody changed any."""
    found = dict(DEFAULTS)
    for index in INDEXES:
        row = Formula.objects.filter(index=index).first()
        if row is not None:
            found[index] = loyalty.parse(row.parts)
    return found


def recompute(customers: Sequence[int], now: datetime | None = None) -> int:
    """Work out and keep the scores of those customers. How many."""
    now, count, inforce = now or timezone.now(), 0, formulas()
    for start in range(0, len(customers), CHUNK):
        found = measures(customers[start:start + CHUNK], now)
        rows = [Score(customer_id=key, measures=measured, at=now,
                      **{index: loyalty.index(formula, measured).value for index, formula in inforce.items()})
                for key, measured in found.items()]
        Score.objects.bulk_create(rows, update_conflicts=True, unique_fields=["customer"],
                                  update_fields=["loyalty", "risk", "measures", "at"])
        count += len(rows)
    return count


def recompute_all(now: datetime | None = None) -> int:
    """Everybody, a piece at a time, by number."""
    last, count = 0, 0
    while True:
        keys = list(groups.customers().objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not keys:
            return count
        count += recompute(keys, now)
        last = keys[-1]


def score_of(customer: int) -> dict[str, Any]:
    """A customer's indexes with their parts, by the formulas in force and what was measured last."""
    row = Score.objects.filter(pk=customer).first()
    measured: Mapping[str, float | None] = row.measures if row else {}
    result: dict[str, Any] = {"at": row.at if row else None, "indexes": []}
    for index, formula in formulas().items():
        found = loyalty.index(formula, measured)
        result["indexes"].append({
            "index": index, "name": INDEXES[index], "value": found.value, "formula": loyalty.in_words(formula),
            "parts": [{"measure": share.measure, "name": MEASURES[share.measure], "value": share.value,
                       "weight": share.weight, "points": share.points} for share in found.shares]})
    return result


def read_formula(data: Any) -> tuple[Part, ...]:
    """The formula. Raises Problem that names the part."""
    try:
        return loyalty.parse(data)
    except FormulaError as error:
        where = "parts" if error.part is None else f"parts.{error.part}"
        raise Problem("formula", error.text["zh"], error.text["en"], fields={where: error.text}) from error


def preview(person: Person, index: str, parts: Sequence[Part]) -> dict[str, Any]:
    """What a changed formula does to a sample of the customers he sees: both spreads, and who changes most."""
    rows = list(groups.customers().objects.visible_to(person, groups.SEE).order_by("-id")
                .values_list("pk", "name")[:SAMPLE])
    measured = measures([key for key, _ in rows], timezone.now())
    before, after, moved = [], [], []
    inforce = formulas()[index]
    for key, name in rows:
        old, new = (loyalty.index(one, measured.get(key, {})).value for one in (inforce, parts))
        before.append(old)
        after.append(new)
        if old != new:
            moved.append({"id": key, "name": name, "before": old, "after": new})
    moved.sort(key=lambda row: -abs((row["after"] or 0) - (row["before"] or 0)))
    return {"sample": len(rows), "before": loyalty.spread(before), "after": loyalty.spread(after),
            "changed": len(moved), "most": moved[:10], "words": loyalty.in_words(parts)}


def save_formula(person: Person, index: str, parts: Sequence[Part], note: str) -> Formula:
    """A new version; it is everybody's, so it takes a manager of the whole group."""
    if not person.stores_for(groups.EDIT).every:
        raise NotAllowed
    return Formula.objects.create(index=index, note=note.strip(), by=person, parts=[
        {"measure": part.measure, "weight": part.weight, "zero": part.zero, "full": part.full} for part in parts])


def later() -> None:
    """Have everybody measured anew by the worker; once, however often it is asked for meanwhile."""
    from dealerline.apps.segments.jobs import score_customers

    try:
        score_customers.configure(queueing_lock="score_customers").defer(timestamp=0)
    except AlreadyEnqueued:
        return
