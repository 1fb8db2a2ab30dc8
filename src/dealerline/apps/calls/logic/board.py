"""Today's figures of the live board, in one SQL statement."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db import connection

from dealerline.apps.accounts.facade import Person

# Offered: calls that entered a queue. Service level: answered within the queue's seconds, of those offered; callers who
# gave up within that time are left out, as is usual (they did not wait long enough for us to fail them). Live waiting
# calls count only once they are settled.
TODAY = """
WITH calls AS MATERIALIZED (
    SELECT c.queue_id, c.store_id, c.outcome, c.answered_at, c.waited_seconds, q.service_seconds,
           extract(hour FROM c.arrived_at AT TIME ZONE %(zone)s)::int AS hour,
           (c.outcome = 'answered' OR c.outcome = 'failed' AND c.answered_at IS NOT NULL) AS answered,
           (c.outcome = 'abandoned' OR c.outcome = 'failed' AND c.answered_at IS NULL) AS abandoned,
           (c.outcome <> 'live') AS settled
      FROM calls_call c JOIN calls_queue q ON q.id = c.queue_id
     WHERE c.arrived_at >= %(since)s AND c.queued_at IS NOT NULL AND c.direction = 'in'
       AND (%(every)s OR c.store_id = ANY(%(stores)s)) AND (%(store)s::bigint IS NULL OR c.store_id = %(store)s)
), queues AS (
    SELECT q.id AS queue, q.store_id AS store, q.name_zh, coalesce(nullif(q.name_en, ''), q.name_zh) AS name_en,
           count(c.*) AS offered,
           count(*) FILTER (WHERE c.answered) AS answered,
           count(*) FILTER (WHERE c.abandoned) AS abandoned,
           count(*) FILTER (WHERE c.answered AND c.waited_seconds <= c.service_seconds) AS within,
           count(*) FILTER (WHERE c.abandoned AND c.waited_seconds <= c.service_seconds) AS short,
           count(*) FILTER (WHERE c.settled) AS settled,
           avg(c.waited_seconds) FILTER (WHERE c.answered) AS average_wait,
           max(c.waited_seconds) AS longest_wait
      FROM calls_queue q LEFT JOIN calls c ON c.queue_id = q.id
     WHERE q.active AND (%(every)s OR q.store_id = ANY(%(stores)s))
       AND (%(store)s::bigint IS NULL OR q.store_id = %(store)s)
     GROUP BY q.id
)
SELECT json_build_object(
    'queues', coalesce((SELECT json_agg(json_build_object(
        'queue', queue, 'store', store, 'name', json_build_object('zh', name_zh, 'en', name_en), 'offered', offered,
        'answered', answered, 'abandoned', abandoned, 'within', within,
        'service_level', CASE WHEN settled - short > 0 THEN round(within::numeric / (settled - short), 4) END,
        'average_wait', round(average_wait::numeric, 1), 'longest_wait', round(longest_wait::numeric, 1))
        ORDER BY store, queue) FROM queues), '[]'::json),
    'hours', coalesce((SELECT json_agg(h.row ORDER BY h.hour) FROM (
        SELECT hour, json_build_object('hour', hour, 'offered', count(*), 'answered', count(*) FILTER (WHERE answered),
               'abandoned', count(*) FILTER (WHERE abandoned)) AS row FROM calls GROUP BY hour) AS h), '[]'::json)
)::text
"""


def today(person: Person, since: datetime, zone: str, store: int | None = None) -> dict[str, Any]:
    """Figures since ``since`` (the day's beginning) of the queues the person may see; hours in ``zone``."""
    stores = person.stores_for("board.view")
    with connection.cursor() as cursor:
        cursor.execute(TODAY, {"since": since, "zone": zone, "every": stores.every, "stores": sorted(stores.ids),
                               "store": store})
        row = cursor.fetchone()
    assert row is not None
    answer: dict[str, Any] = json.loads(row[0])
    return answer
