"""Which calls are open, told from the facts alone: so that a new switch can close what ended while nobody watched.

The rule of the file: a call is open from ``call.arrived`` until ``call.ended``; a step (queue, talk, hold, recording)
from its beginning until its end. Pure: facts in, a small dictionary out, that goes through JSON unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dealerline.domain.facts import Fact

BEGINS = {
    "queue.entered": ("queue", ""),
    "queue.returned": ("queue", ""),
    "offer.made": ("offer", "agent"),
    "talk.started": ("talk", "agent"),
    "hold.started": ("hold", ""),
    "mute.started": ("mute", "agent"),
    "recording.started": ("recording", "recording"),
    "track.started": ("track", "track"),
    "party.joined": ("party", "party"),
    "supervision.started": ("supervision", "agent"),
}
ENDS = {
    "queue.left": ("queue", ""),
    "offer.ended": ("offer", "agent"),
    "talk.ended": ("talk", "agent"),
    "hold.ended": ("hold", ""),
    "mute.ended": ("mute", "agent"),
    "recording.stopped": ("recording", "recording"),
    "recording.failed": ("recording", "recording"),
    "track.stopped": ("track", "track"),
    "track.failed": ("track", "track"),
    "party.left": ("party", "party"),
    "supervision.ended": ("supervision", "agent"),
}
KEPT = ("agent", "queue", "recording", "track", "party", "role", "number")


class OpenBook:
    """call id -> {"seq", "store", and one entry for each open step: "talk 7", "track <id>", "queue "...}."""

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
            entry[_key(BEGINS[fact.kind], fact)] = {"at": fact.at, **{k: fact.data[k] for k in KEPT if k in fact.data}}
        elif fact.kind in ENDS:
            entry.pop(_key(ENDS[fact.kind], fact), None)

    def steps(self, call: str, name: str) -> list[dict[str, Any]]:
        """The open steps of that name, oldest first."""
        entry = self.calls.get(call, {})
        return [value for key, value in entry.items() if key.partition(" ")[0] == name and isinstance(value, dict)]

    def talking(self, call: str) -> list[int]:
        """Who was talking on that call."""
        return [int(step.get("agent", 0)) for step in self.steps(call, "talk")]

    def closing(self, call: str, now: float) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """(kind, person, data) of the facts that end an open call in order."""

        def lasted(step: dict[str, Any]) -> float:
            return round(now - float(step["at"]), 3)

        for step in self.steps(call, "hold"):
            agent = step.get("agent", 0)
            yield "hold.ended", agent, {"agent": agent, "seconds": lasted(step)}
        for step in self.steps(call, "mute"):
            yield "mute.ended", step.get("agent", 0), {"agent": step.get("agent", 0)}
        for step in self.steps(call, "recording"):
            agent = step.get("agent", 0)
            data = {"recording": step.get("recording", ""), "agent": agent, "seconds": lasted(step)}
            yield "recording.stopped", agent, data
        for step in self.steps(call, "track"):
            yield "track.stopped", 0, {"track": step.get("track", ""), "seconds": lasted(step)}
        for step in self.steps(call, "supervision"):
            yield "supervision.ended", step.get("agent", 0), {"agent": step.get("agent", 0), "reason": "unwatched"}
        for step in self.steps(call, "party"):
            who = {key: step.get(key, "") for key in ("party", "role", "agent", "number")}
            yield "party.left", 0, {**who, "reason": "unwatched", "seconds": lasted(step)}
        for step in self.steps(call, "talk"):
            agent = step.get("agent", 0)
            yield "talk.ended", agent, {"agent": agent, "reason": "unwatched", "seconds": lasted(step)}
        for step in self.steps(call, "offer"):
            yield "offer.ended", step.get("agent", 0), {"agent": step.get("agent", 0), "result": "failed"}
        for step in self.steps(call, "queue"):
            data = {"queue": step.get("queue", 0), "reason": "abandoned", "waited": lasted(step)}
            yield "queue.left", 0, data
        yield "call.ended", 0, {"by": "customer", "cause": "unwatched"}


def _key(row: tuple[str, str], fact: Fact) -> str:
    name, field = row
    return f"{name} {fact.data.get(field, '')}" if field else f"{name} "
