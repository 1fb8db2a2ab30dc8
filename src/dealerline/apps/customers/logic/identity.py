"""Who is meant: by number, plate, VIN or its end, card, order, repair order or customer number.

One statement, each part an index's look. The surest way comes first, and of one way the newest. A caller who keys
digits on his telephone can say the digits of his plate, so those are looked for, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection

from dealerline.apps.common.access import StoreSet, Viewer
from dealerline.domain import numbers, plates, vins

FOUND_AT_MOST = 20
PART_OF_PLATE = 4
"""So many characters of a plate say enough to look for."""

_FOUND = """
WITH hit AS (
    (SELECT 1 AS rank, 'number' AS by, p.customer_id AS customer, NULL::bigint AS car
       FROM customers_customerphone p WHERE p.e164 = %(e164)s AND %(e164)s <> '' LIMIT 100)
    UNION ALL (SELECT 2, 'plate', c.customer_id, c.id FROM customers_car c
                WHERE c.plate = %(plate)s AND %(plate)s <> '' LIMIT 100)
    UNION ALL (SELECT 3, 'vin', c.customer_id, c.id FROM customers_car c
                WHERE c.vin = %(vin)s AND %(vin)s <> '' LIMIT 100)
    UNION ALL (SELECT 4, 'card', m.customer_id, NULL FROM customers_membershipcard m WHERE m.number = %(code)s)
    UNION ALL (SELECT 4, 'order', o.customer_id, o.car_id FROM customers_order o
                WHERE o.number = %(code)s AND (%(every)s OR o.store_id = ANY(%(stores)s)) LIMIT 100)
    UNION ALL (SELECT 4, 'repair', r.customer_id, r.car_id FROM customers_repair r
                WHERE r.number = %(code)s AND (%(every)s OR r.store_id = ANY(%(stores)s)) LIMIT 100)
    UNION ALL (SELECT 4, 'customer', u.id, NULL FROM customers_customer u WHERE u.number = %(code)s)
    UNION ALL (SELECT 5, 'vin_end', c.customer_id, c.id FROM customers_car c
                WHERE right(c.vin, 6) = right(%(tail)s, 6) AND c.vin LIKE '%%' || %(tail)s AND %(tail)s <> ''
                  AND c.gone_on IS NULL LIMIT 200)
    UNION ALL (SELECT 6, 'plate_part', c.customer_id, c.id FROM customers_car c
                WHERE c.plate LIKE '%%' || %(part)s || '%%' AND %(part)s <> '' AND c.gone_on IS NULL LIMIT 200)
)
SELECT DISTINCT ON (hit.customer) hit.rank, hit.by, u.id, hit.car, u.store_id, u.name, u.title, u.kind, u.level,
       coalesce(c.plate, ''), coalesce(c.model, ''), coalesce(c.vin, ''), u.updated_at
  FROM hit JOIN customers_customer u ON u.id = hit.customer LEFT JOIN customers_car c ON c.id = hit.car
 WHERE %(every)s OR u.store_id = ANY(%(stores)s)
 ORDER BY hit.customer, hit.rank, hit.car DESC NULLS LAST
"""


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody who may be meant. ``by``: number, plate, vin, card, order, repair, customer, vin_end or plate_part."""

    by: str
    customer: int
    car: int | None
    store: int
    name: str
    title: str
    kind: str
    level: str
    plate: str
    model: str
    vin: str

    def as_json(self) -> dict[str, Any]:
        """As the pages choose among them."""
        car = {"id": self.car, "plate": self.plate, "model": self.model, "vin": self.vin} if self.car else None
        return {"by": self.by, "customer": {"id": self.customer, "name": self.name, "title": self.title,
                                            "kind": self.kind, "level": self.level, "store": self.store}, "car": car}


def asked(text: str) -> dict[str, str]:
    """What the text can be, by ways of looking; "" where it cannot be that."""
    words = text.strip()[:60]
    plate, vin, code = plates.normalised(words), vins.normalised(words), words.upper().replace(" ", "")[:24]
    digits = re.sub(r"\D", "", words)
    whole = numbers.why_not(words) is None and len(digits) >= 7
    fits = bool(re.fullmatch(r"[A-Z0-9]+", vin))
    return {
        "e164": numbers.e164(words) if whole else "", "plate": plate if len(plate) <= plates.LONGEST else "",
        "vin": vin if fits and len(vin) == vins.LENGTH else "", "code": code or "-",
        "tail": vin if fits and 6 <= len(vin) < vins.LENGTH and not whole else "",
        "part": plate if PART_OF_PLATE <= len(plate) < 8 and not whole and plate.isalnum() else ""}


def find(viewer: Viewer, text: str) -> list[Match]:
    """Whom that text may mean, of those whom the viewer sees; the likeliest first."""
    return among(viewer.stores_for("customers.view"), text)


def among(stores: StoreSet, text: str) -> list[Match]:
    """As ``find``, for stores: who rings there and keys something has no rights of his own."""
    if not text.strip() or not stores:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, {**asked(text), "every": stores.every, "stores": sorted(stores.ids)})
        rows = cursor.fetchall()
    rows.sort(key=lambda row: (row[0], -row[12].timestamp()))
    return [Match(by, customer, car, store, *rest) for _rank, by, customer, car, store, *rest, _at
            in rows[:FOUND_AT_MOST]]
