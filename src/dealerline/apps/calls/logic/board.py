"""Today's figures of the live board, in one SQL statement, from the same facts that the switch counts.

What counts how is said once, in ``domain.service``: here SQL only counts, by its words, its buckets and its formula.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db import connection

from dealerline.apps.accounts.facade import Person
from dealerline.domain import service

TODAY = """
WITH stays AS MATERIALIZED (
    SELECT q.id AS queue_id, e.data->>'reason' AS reason, (e.data->>'waited')::float8 AS waited,
           (e.data->>'waited')::float8 > q.service_seconds AS late
      FROM calls_event e JOIN calls_queue q ON q.id = (e.data->>'queue')::bigint
     WHERE e.kind = 'queue.left' AND e.at >= %(since)s
       AND (%(every)s OR q.store_id = ANY(%(stores)s)) AND (%(store)s::bigint IS NULL OR q.store_id = %(store)s)
), calls AS MATERIALIZED (
    SELECT c.queue_id, extract(hour FROM c.arrived_at AT TIME ZONE %(zone)s)::int AS hour,
           extract(epoch FROM c.ended_at - c.answered_at)::float8 AS talked,
           (c.outcome = 'answered' OR c.outcome = 'failed' AND c.answered_at IS NOT NULL) AS answered,
           (c.outcome = 'abandoned' OR c.outcome = 'failed' AND c.answered_at IS NULL) AS abandoned
      FROM calls_call c
     WHERE c.arrived_at >= %(since)s AND c.queued_at IS NOT NULL AND c.direction = 'in'
       AND (%(every)s OR c.store_id = ANY(%(stores)s)) AND (%(store)s::bigint IS NULL OR c.store_id = %(store)s)
), queues AS (
    SELECT q.id AS queue, q.store_id AS store, q.name_zh, coalesce(nullif(q.name_en, ''), q.name_zh) AS name_en,
           count(s.*) FILTER (WHERE s.reason = ANY(%(ends)s)) AS offered,
           count(*) FILTER (WHERE s.reason = 'answered') AS answered,
           count(*) FILTER (WHERE s.reason = 'answered' AND NOT s.late) AS within,
           count(*) FILTER (WHERE s.reason = ANY(%(lost)s) AND s.late) AS lost_late,
           count(*) FILTER (WHERE s.reason = ANY(%(lost)s) AND s.reason <> 'abandoned') AS sent_on,
           array_agg(width_bucket(s.waited, %(bounds)s::float8[])) FILTER (WHERE s.reason = 'abandoned') AS abandons,
           avg(s.waited) FILTER (WHERE s.reason = 'answered') AS average_wait, max(s.waited) AS longest_wait
      FROM calls_queue q LEFT JOIN stays s ON s.queue_id = q.id
     WHERE q.active AND (%(every)s OR q.store_id = ANY(%(stores)s))
       AND (%(store)s::bigint IS NULL OR q.store_id = %(store)s)
     GROUP BY q.id
)
SELECT json_build_object(
    'queues', coalesce((SELECT json_agg(json_build_object(
        'queue', queue, 'store', store, 'name', json_build_object('zh', name_zh, 'en', name_en), 'offered', offered,
        'answered', answered, 'within', within, 'lost_late', lost_late, 'sent_on', sent_on,
        'abandons', coalesce(abandons, '{}'), 'average_wait', round(average_wait::numeric, 1),
        'longest_wait', round(longest_wait::numeric, 1),
        'average_talk', (SELECT round(avg(talked)::numeric, 1) FROM calls c WHERE c.queue_id = queue AND c.answered))
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
                               "store": store, "ends": list(service.ENDS), "lost": list(service.LOST),
                               "bounds": list(service.BOUNDS)})
        row = cursor.fetchone()
    assert row is not None
    answer: dict[str, Any] = json.loads(row[0])
    for queue in answer["queues"]:
        found = queue["abandons"]
        queue["abandons"] = [found.count(n) for n in range(len(service.BOUNDS) + 1)]
        queue["abandoned"] = len(found)
        level = service.level(queue["within"], queue["answered"], queue["lost_late"])
        queue["service_level"] = None if level is None else round(level, 4)
    return answer
