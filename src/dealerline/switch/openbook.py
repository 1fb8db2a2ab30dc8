"""Which calls are open, told from the facts alone: so that a new switch can close what ended while nobody watched.

The rule of the file: a call is open from ``call.arrived`` until ``call.ended``; a step (queue, talk, hold, recording)
from its beginning until its end. Pure: facts in, a small dictionary out, that goes through JSON unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dealerline.domain.facts import Fact

BEGINS = {
    "queue.entered": "queue",
    "talk.started": "talk",
    "hold.started": "hold",
    "recording.started": "recording",
    "queue.returned": "queue",
}
ENDS = {
    "queue.left": "queue",
    "talk.ended": "talk",
    "hold.ended": "hold",
    "recording.stopped": "recording",
    "recording.failed": "recording",
}


class OpenBook:
    """call id -> {"seq", "store", and one entry for each open step}."""

    def __init__(self) -> None:
        self.calls: dict[str, dict[str, Any]] = {}

    def note(self, fact: Fact) -> None:
        """Take in one fact; again or late, it does no harm."""
        if not fact.call:
            return
        if fact.kind == "call.arrived":
            self.calls.setdefault(fact.call, {"seq": 0, "store": fact.store})
        entry = self.calls.get(fact.call)
        if entry is None:
            return
        entry["seq"] = max(entry["seq"], fact.seq)
        if fact.kind == "call.ended":
            del self.calls[fact.call]
        elif fact.kind in BEGINS:
            entry[BEGINS[fact.kind]] = {
                "at": fact.at,
                "person": fact.data.get("agent", 0),
                "queue": fact.data.get("queue", 0),
                "recording": fact.data.get("recording", ""),
            }
        elif fact.kind in ENDS:
            entry.pop(ENDS[fact.kind], None)

    def closing(self, call: str, now: float) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """(kind, person, data) of the facts that end an open call in order."""
        entry = self.calls.get(call, {})
        talk, queue, hold, recording = (entry.get(k) for k in ("talk", "queue", "hold", "recording"))
        if hold:
            yield "hold.ended", hold["person"], {"agent": hold["person"], "seconds": round(now - hold["at"], 3)}
        if recording:
            yield (
                "recording.stopped",
                recording["person"],
                {
                    "recording": recording["recording"],
                    "agent": recording["person"],
                    "seconds": round(now - recording["at"], 3),
                },
            )
        if talk:
            yield (
                "talk.ended",
                talk["person"],
                {"agent": talk["person"], "reason": "unwatched", "seconds": round(now - talk["at"], 3)},
            )
        if queue:
            yield (
                "queue.left",
                0,
                {"queue": queue["queue"], "reason": "abandoned", "waited": round(now - queue["at"], 3)},
            )
        yield "call.ended", 0, {"by": "customer", "cause": "unwatched"}
