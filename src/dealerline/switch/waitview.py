"""Who waits in a queue, one by one, for a lead of its store.

The rule of the file: nothing is changed here, and a number leaves as the lead's role may see it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dealerline.switch import callview
from dealerline.switch.core import Core
from dealerline.switch.model import Call, Refused

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

MOST = 50


def waiting(core: Core, engine: Engine, wanted: object, lead: int, stores: frozenset[int]) -> dict[str, Any]:
    """The first callers of that queue in their order: first those whose call rings somewhere, who have no place any
    more. Raises Refused when the queue is none of his.
    """
    queue = core.lookup.queues.get(wanted) if isinstance(wanted, int) else None
    if queue is None or queue.store not in stores:
        raise Refused("forbidden")
    router, person = engine.queueing.router, core.lookup.people.get(lead)
    ringing = [c for c in core.calls.values() if c.queue == queue.id and c.leg is not None and not c.leg.answered]
    waits = (core.calls.get(call) for call in router.callers(queue.id))
    calls = [*ringing, *(call for call in waits if call is not None and call not in ringing)]

    def row(call: Call) -> dict[str, Any]:
        line = core.lookup.lines.get(call.line)
        leg = call.leg if call in ringing else None
        rings = core.lookup.people.get(leg.person) if leg is not None else None
        return {
            "call": call.id,
            "number": callview.number_of(call, person),
            "line_name": line.name if line is not None else None,
            "path": call.path,
            "since": call.queued,
            "position": router.position(call.id),
            "expected": router.expected_wait(call.id, core.now),
            "rings": rings.name if rings is not None else None,
        }

    return {"queue": queue.id, "calls": [row(call) for call in calls[:MOST]], "count": len(calls)}
