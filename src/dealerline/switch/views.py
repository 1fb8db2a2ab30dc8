"""What pages are shown: calls, people and queues, each as the person who looks may see it.

The rule of the file: nothing is changed here, and a number leaves only through ``_number``. See
docs/reference/desk-protocol.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dealerline.domain import numbers, presence
from dealerline.switch import callview
from dealerline.switch.core import Core
from dealerline.switch.directory import Person, Viewer, Wall
from dealerline.switch.model import AgentLeg, Call, Phase, Seat

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

NAMELESS = {"zh": "", "en": ""}


class Views:
    """Reads the core's state."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    def call(self, call: Call, person: int) -> dict[str, Any]:
        """A CallView for that person."""
        lookup = self.core.lookup
        store, line, queue = lookup.stores.get(call.store), lookup.lines.get(call.line), lookup.queues.get(call.queue)
        leg = call.leg_of(person) or (call.leg if call.leg is not None and not call.leg.answered else None)
        offered = leg.at if leg is not None else None
        seat = self.core.seats.get(person)
        shown = callview.phase(call, leg)
        wrapping = shown == "wrap" and seat is not None and seat.presence.state == "wrap" and seat.call is call
        waited = 0.0
        if call.queued:
            waited = (call.answered or self.core.now) - call.queued
        return {
            "id": call.id,
            "rev": call.rev,
            "phase": shown,
            "direction": call.direction,
            "number": callview.number_of(call, lookup.people.get(person)),
            "to_number": call.to_number if call.direction == "in" else call.from_number,
            "store": call.store,
            "store_name": store.name if store else NAMELESS,
            "line": call.line,
            "line_name": line.name if line else NAMELESS,
            "line_kind": line.kind if line else "",
            "queue": call.queue or None,
            "queue_name": queue.name if queue else NAMELESS,
            "language": call.language,
            "path": call.path,
            "arrived": call.arrived,
            "waited": round(max(waited, 0.0), 3),
            "offered": offered,
            "ring_until": leg.ring_until if leg is not None and shown == "offered" else None,
            "answered": call.answered or None,
            "held_since": call.held_since or None,
            "wrap_until": (seat.presence.until if wrapping and seat is not None else call.wrap_until) or None,
            "recording": call.recording_state,
            "channel_hint": leg.channel if leg is not None else "",
            "far_answered": call.up,
            "promise": self.engine.callbacks.view(call, lookup.people.get(person)),
            "chosen": self._chosen(call, leg),
            "keyed": callview.keyed(call),
            **callview.people(self.core, call, person),
        }

    def _chosen(self, call: Call, leg: AgentLeg | None) -> dict[str, Any] | None:
        """Why his phone and no other rings for a caller of a queue, where it is not simply his turn."""
        queue = self.core.lookup.queues.get(call.queue)
        if leg is None or leg.answered or leg.attempt is not None or queue is None or call.phase is not Phase.OFFERED:
            return None
        known, (people, _) = call.known, self.engine.recognising.kept_for(call, queue)
        if known is not None and leg.person in people:
            return {"how": "named" if known.standing == "vip" else queue.sticky}
        return {"how": "lent"} if leg.person not in queue.agents else None

    def colleagues(self) -> list[dict[str, Any]]:
        """Everybody of the group, as somebody who wants to transfer has to see them: no calls, no numbers."""
        lookup = self.core.lookup
        rows = []
        for person in lookup.people.values():
            seat = self.core.seats.get(person.id)
            state = seat.presence if seat is not None else presence.Agent(person.id)
            store = lookup.stores.get(person.store)
            free = seat is not None and state.state != "wrap" and self.engine.bringing.targets.can_be_rung(seat)
            rows.append(
                {
                    "id": person.id,
                    "name": person.name,
                    "extension": person.extension,
                    "store": person.store,
                    "store_name": store.name if store else NAMELESS,
                    "queues": lookup.queues_of.get(person.id, []),
                    "state": state.state,
                    "reason": state.reason,
                    "since": state.since,
                    "free": free,
                }
            )
        return rows

    def agent(self, seat: Seat) -> dict[str, Any]:
        """An AgentView."""
        now = seat.presence
        return {
            "state": now.state,
            "reason": now.reason,
            "cause": now.cause,
            "since": now.since,
            "until": now.until,
            "text": seat.text,
            "wish": {"state": now.wish.state, "reason": now.wish.reason} if now.wish else None,
            "rejoin": self.engine.rejoining.offer(seat),
            "asks": {"reason": seat.request.reason, "since": seat.request.since} if seat.request else None,
        }

    def waiting(self, stores: frozenset[int]) -> dict[str, Any]:
        """queue -> how many wait, and since when, for the queues of these stores."""
        router = self.engine.queueing.router
        return {
            str(q.id): {"count": router.waiting(q.id), "oldest": router.oldest(q.id)}
            for q in self.core.lookup.queues.values()
            if q.store in stores
        }

    def welcome(self, seat: Seat | None, person: Person, sip_password: str) -> dict[str, Any]:
        """All that a page needs to draw itself the first time. ``seat`` is None for one that only watches."""
        lookup = self.core.lookup
        stores = frozenset(person.stores)
        calls = [self.call(call, person.id) for call in seat.calls] if seat is not None else []
        return {
            "type": "welcome",
            "person": {
                "id": person.id,
                "name": person.name,
                "extension": person.extension,
                "roles": list(person.roles),
                "phone": bool(person.phone),
                "outside": numbers.masked(person.mobile) if self.engine.confirming.endpoint(person) else "",
            },
            "agent": self.agent(seat) if seat is not None else None,
            "calls": calls,
            "sip": {"username": f"agent-{person.id}", "password": sip_password, "path": "/sip", "realm": "dealerline"},
            "reasons": [
                {"code": r.code, "name": r.name, "minutes": r.minutes, "consent": r.needs_consent}
                for r in lookup.reasons.values()
            ],
            "idle_minutes": lookup.snapshot.idle_minutes,
            "queues": [
                {"id": q.id, "code": q.code, "name": q.name, "store": q.store}
                for q in lookup.queues.values()
                if q.store in stores
            ],
            "lines": [
                {"id": line.id, "store": line.store, "name": line.name, "kind": line.kind}
                for line in lookup.lines.values()
                if line.store in stores
            ],
            "targets": {
                "queues": [
                    {"id": q.id, "code": q.code, "name": q.name, "store": q.store} for q in lookup.queues.values()
                ],
                "lines": [
                    {"id": line.id, "store": line.store, "name": line.name, "kind": line.kind}
                    for line in lookup.lines.values()
                ],
            },
            "stores": [{"id": s.id, "name": s.name} for s in lookup.stores.values() if s.id in stores],
            "alarms": [code for code, on in self.core.alarms.items() if on],
            "now": self.core.now,
        }

    def welcome_wall(self, wall: Wall) -> dict[str, Any]:
        """For a screen on a wall: nobody's page, with no telephone."""
        return self._welcome_looking(Person(0, 0, wall.name, "", (), wall.stores))

    def welcome_news(self, viewer: Viewer) -> dict[str, Any]:
        """For who has neither desk nor board: nothing but who he is."""
        return {**self._welcome_looking(Person(viewer.id, viewer.store, viewer.name, "", (), ())), "alarms": []}

    def _welcome_looking(self, who: Person) -> dict[str, Any]:
        return {**self.welcome(None, who, ""), "targets": {"queues": [], "lines": []}, "sip": None}

    def live(self) -> dict[str, Any]:
        """For the web process: how many of what, and the calls that go on (no numbers)."""
        return {
            "media": self.core.media_here,
            "repairs": self.core.metrics.repairs,
            "errors": self.core.metrics.errors,
            "version": self.core.lookup.snapshot.version,
            "alarms": [c for c, on in self.core.alarms.items() if on],
            "problems": {str(k): v for k, v in self.core.lookup.problems.items()},
            "online": sorted(self.core.online),
            "calls": [
                {
                    "id": c.id,
                    "phase": c.phase.value,
                    "direction": c.direction,
                    "line": c.line,
                    "store": c.store,
                    "queue": c.queue,
                    "person": c.person or (c.leg.person if c.leg else 0),
                    "arrived": c.arrived,
                }
                for c in self.core.calls.values()
                if not c.stands
            ],
            "people": [
                {
                    "id": s.person,
                    "state": s.presence.state,
                    "reason": s.presence.reason,
                    "device": s.device,
                    "desk": s.desk is not None,
                    "usable": self.engine.agents.usable(s),
                }
                for s in self.core.seats.values()
            ],
        }
