"""What the customer file warns of, over all else in the pop: numbers not to be rung, open recalls, blocked cards.

One statement, since the pop waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from dealerline.apps.common.access import Viewer
from dealerline.apps.common.warnings import Warned
from dealerline.apps.customers.logic import rows
from dealerline.domain.numbers import SHOWN

NAMED = 5
"""So many numbers, cars or cards are named."""

_FOUND = f"""
SELECT w.* FROM (
    SELECT 'phone' AS kind, p.customer_id, right(p.e164, {SHOWN}) AS name, p.do_not_call AS holds,
           p.do_not_call_why AS why, p.do_not_call_since AS since
      FROM customers_customerphone p WHERE p.customer_id = ANY(%(customers)s)
    UNION ALL
    SELECT 'car', c.customer_id, coalesce(nullif(c.plate, ''), nullif(c.model, ''), c.vin), true, c.recall, NULL
      FROM customers_car c WHERE c.customer_id = ANY(%(customers)s) AND c.recall <> '' AND c.gone_on IS NULL
    UNION ALL
    SELECT 'card', m.customer_id, m.number, true, '', NULL
      FROM customers_membershipcard m WHERE m.customer_id = ANY(%(customers)s) AND m.blocked
) AS w JOIN customers_customer u ON u.id = w.customer_id
 WHERE %(every)s OR u.store_id = ANY(%(stores)s)
"""


def of_file(viewer: Viewer, customers: Sequence[int]) -> list[Warned]:
    """The file's warnings about these customers. Numbers by their last four digits: whoever looks may see no more."""
    stores = viewer.stores_for(rows.VIEW)
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, {"customers": list(customers), "every": stores.every, "stores": sorted(stores.ids)})
        found = cursor.fetchall()
    result = []
    for customer in customers:
        his = [row for row in found if row[1] == customer]
        result += _phones(customer, [row for row in his if row[0] == "phone"])
        result += [Warned(customer, {"zh": f"{name} 有未完成的召回：{why}", "en": f"{name}: open recall, {why}"})
                   for kind, _, name, _, why, _ in his if kind == "car"][:NAMED]
        result += [Warned(customer, {"zh": f"会员卡 {name} 已冻结", "en": f"Card {name} is blocked"})
                   for kind, _, name, *_ in his if kind == "card"][:NAMED]
    return result


def _phones(customer: int, phones: list[tuple[Any, ...]]) -> list[Warned]:
    """Not to be rung at all, or not at some of his numbers."""
    barred = [row for row in phones if row[3]]
    if not barred:
        return []
    why = "；".join(dict.fromkeys(row[4] for row in barred if row[4]))
    ends = "、".join(f"…{row[2]}" for row in barred[:NAMED])
    whole = len(barred) == len(phones)
    zh, en = ("勿扰：不要外呼", "Do not call") if whole else (f"勿扰号码 {ends}", f"Do not call {ends}")
    text = {"zh": f"{zh}（{why}）", "en": f"{en} ({why})"} if why else {"zh": zh, "en": en}
    return [Warned(customer, text, barred[0][5], "lost" if whole else "warn")]
