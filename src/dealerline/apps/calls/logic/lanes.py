"""The multitrack view of a call: one lane a voice, each stretch with its own file, on the axis of the whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from dealerline.apps.accounts.facade import Person, names, sees_numbers
from dealerline.apps.calls.logic import whole
from dealerline.apps.calls.logic.recordings import file_of
from dealerline.apps.calls.models import Call, Participant, Recording, Track
from dealerline.apps.common.errors import NotAllowed
from dealerline.domain import numbers

POINTS = 1200
"""Peaks over the whole axis: about as many as a screen has columns."""


def lanes(person: Person, call: Call) -> dict[str, Any]:
    """Lanes for who may listen to the store's calls. Raises NotAllowed for others, and for his own talks' agent too:

    inside tracks are among them.
    """
    if call.store_id not in person.stores_for("calls.listen"):
        raise NotAllowed
    talks = list(Recording.objects.filter(call=call, kind="talk", started_at__isnull=False))
    tracks = list(Track.objects.filter(call=call, started_at__isnull=False))
    rows: list[Recording | Track] = [*talks, *tracks]
    begun = [(row.started_at.timestamp(), row.seconds) for row in rows if row.started_at]
    start, end = whole.axis(call.pk, [(at, at + long) for at, long in begun])
    made = Recording.objects.filter(call=call, kind="whole", state="joined").first()
    if made is not None and made.started_at is not None:
        start, end = made.started_at.timestamp(), made.started_at.timestamp() + made.seconds
    seconds = max(0.001, end - start)
    found: dict[str, dict[str, Any]] = {}
    for talk in talks:
        _add(found, "customer", "customer", None, _segment(talk, "left", start, seconds, "main", "customer"))
        _add(found, f"person-{talk.agent_id}", "agent", talk.agent_id,
             _segment(talk, "right", start, seconds, "main", "customer"))
    for track in tracks:
        key = "customer" if track.role == "customer" else f"person-{track.agent_id}" if track.agent_id else track.party
        _add(found, key, track.role, track.agent_id,
             _segment(track, "track", start, seconds, track.room, track.audience))
    drawn = list(found.values())
    _name(person, call, drawn)
    drawn.sort(key=lambda lane: (lane["role"] != "customer", min(s["at"] for s in lane["segments"])))
    return {"start": datetime.fromtimestamp(start, UTC), "seconds": round(seconds, 3), "lanes": drawn}


def _add(found: dict[str, dict[str, Any]], key: str, role: str, person: int | None, segment: dict[str, Any]) -> None:
    lane = found.setdefault(key, {"key": key, "role": role, "person": person, "name": "", "number": "", "segments": []})
    lane["role"] = role if lane["role"] != "customer" else "customer"
    lane["segments"].append(segment)
    lane["segments"].sort(key=lambda segment: segment["at"])


def _segment(row: Recording | Track, kind: str, start: float, axis: float, room: str, audience: str) -> dict[str, Any]:
    assert row.started_at is not None
    ready = row.state == "joined"
    return {"id": row.pk, "kind": kind, "at": round(row.started_at.timestamp() - start, 3), "seconds": row.seconds,
            "room": room, "audience": audience, "state": row.state,
            "peaks": _peaks(row, kind, max(1, round(row.seconds / axis * POINTS))) if ready else []}


def _peaks(row: Recording | Track, kind: str, count: int) -> list[float]:
    """At most ``count`` of the stored peaks of that side: the loudest of each stretch."""
    try:
        drawn = json.loads(file_of(row.peaks_path).read_text())
        values = [float(value) for value in drawn["right" if kind == "right" else "left"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    if len(values) <= count:
        return values
    edges = [round(n * len(values) / count) for n in range(count + 1)]
    return [max(values[a:b], default=0.0) for a, b in pairwise(edges)]


def _name(person: Person, call: Call, rows: list[dict[str, Any]]) -> None:
    people = names({lane["person"] for lane in rows if lane["person"]})
    phones = dict(Participant.objects.filter(call=call).values_list("party", "phone"))
    seen = sees_numbers(person, call.store_id)
    for lane in rows:
        lane["name"] = people.get(lane["person"] or 0, "")
        phone = phones.get(lane["key"], "")
        lane["number"] = phone if seen else numbers.masked(phone)
