"""Who was signed in as what, in ``run/agents.json``: so that a killed switch brings everybody back as he was.

The rule of the file: it is a help, not the truth. What is older than ``FRESH`` seconds counts no more; a person whose
page does not come back within the agents' grace is signed out as if it had closed; a person on a call is taken up
from the call itself.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from dealerline.domain import consent, presence
from dealerline.switch.agents import GRACE
from dealerline.switch.engine import Engine
from dealerline.switch.model import Call, Phase, Seat

log = logging.getLogger(__name__)

FRESH = 60.0
AGAIN = 10.0  # it is written so often though nothing changes, or a quiet minute would make it too old to count
EVERY = 0.25
KEPT = (
    *("id", "direction", "from_number", "to_number", "arrived", "line", "store", "language"),
    *("queue", "queued", "answered", "talk_started", "path"),
)


class SeatsFile:
    """Saves a quarter of a second after a change, restores once."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self._path = path
        self._engine = engine
        self._core = engine.core
        self._last = ""
        self._saved = 0.0

    def start(self) -> None:
        """Save from now on."""
        self._core.later(EVERY, self._again)

    def _again(self) -> None:
        self._core.later(EVERY, self._again)
        self.save()

    def save(self) -> None:
        """Write the file if something changed. A full disk costs only this help."""
        seats = [self._pack(s) for s in self._core.seats.values() if s.signed_in or s.desk is not None]
        text = json.dumps(seats, separators=(",", ":"))
        if text == self._last and 0 <= self._core.now - self._saved < AGAIN:
            return
        beside = self._path.with_suffix(".new")
        try:
            beside.write_text(json.dumps({"at": self._core.now, "seats": seats}), encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            log.warning("agents.json cannot be written: %s", error.strerror)
            return
        self._last, self._saved = text, self._core.now

    def _pack(self, seat: Seat) -> dict[str, Any]:
        now = seat.presence
        packed: dict[str, Any] = {
            "person": seat.person,
            "state": now.state,
            "reason": now.reason,
            "since": now.since,
            "until": now.until,
            "device": seat.device,
            "tab": seat.tab,
            "registered": seat.registered,
            "microphone": seat.microphone,
            "worked": [round(seat.worked, 1), seat.worked_day],
            "beat": seat.beat,
        }
        if seat.request is not None:
            packed["request"] = [seat.request.reason, seat.request.since, seat.request.minutes]
        if now.state == "wrap" and seat.call is not None:
            packed["wrap"] = self._call(seat.call)
        if seat.done:
            packed |= {"done": [self._call(call) for call in seat.done], "wrap_seconds": seat.wrap_seconds}
        return packed

    @staticmethod
    def _call(call: Call) -> dict[str, Any]:
        """A call that has ended for him, as long as its record is on his desk."""
        kept = {name: getattr(call, name) for name in KEPT}
        return {**kept, "seq": (call.origin or call).seq, "wrap_until": call.wrap_until}

    def restore(self) -> None:
        """Everybody who was there, as he was; pages have to come back soon."""
        try:
            saved = json.loads(self._path.read_text(encoding="utf-8"))
            fresh = self._core.now - float(saved["at"]) < FRESH
        except (OSError, ValueError, KeyError, TypeError):
            return
        for packed in saved["seats"]:
            try:
                self._unpack(packed, fresh)
            except (KeyError, TypeError, ValueError):
                log.warning("a seat in agents.json cannot be read")

    def _unpack(self, packed: dict[str, Any], fresh: bool) -> None:
        state = packed["state"]
        if packed["person"] not in self._core.lookup.people:
            return
        if not fresh or state == "offline":
            if state != "offline":
                self._core.fact("agent.signed_out", person=packed["person"], agent=packed["person"], cause="restart")
            return
        seat = self._engine.agents.seat(packed["person"])
        seat.device, seat.tab, seat.lost = packed["device"], packed["tab"], True
        seat.registered, seat.microphone = packed["registered"], packed["microphone"]
        seat.worked, seat.worked_day = packed.get("worked", (0.0, 0))
        seat.beat, seat.heard = float(packed.get("beat", 0)), self._core.now
        if packed.get("request"):
            seat.request = consent.Request(seat.person, *packed["request"])
        # A call of his says more, when it is found.
        kept = state if state in ("ready", "busy", "wrap", "away") else "ready"
        seat.presence = presence.Agent(
            seat.person,
            kept,
            packed["reason"] if kept in ("busy", "away") else "",
            "resumed",
            packed["since"],
            packed["until"] if kept in ("busy", "wrap") else None,
        )
        if kept == "wrap":
            self._wrap(seat, packed.get("wrap"))
        seat.done = [self._ended(seat, call) for call in packed.get("done", ())]
        seat.wrap_seconds = packed.get("wrap_seconds", 0.0)
        seat.gone_timer = self._core.later(GRACE, self._engine.agents.stayed_away, seat)
        self._engine.agents.sync(seat)

    def _wrap(self, seat: Seat, saved: dict[str, Any] | None) -> None:
        left = (seat.presence.until or 0.0) - self._core.now
        if saved is not None:
            seat.call = self._ended(seat, saved)
        seat.wrap_timer = self._core.later(max(left, 0.1), self._engine.agents.wrap_over, seat, "timeout")

    @staticmethod
    def _ended(seat: Seat, saved: dict[str, Any]) -> Call:
        call = Call(saved["id"], "", saved["direction"], saved["from_number"], saved["to_number"], saved["arrived"])
        for name in (*KEPT, "seq", "wrap_until"):
            setattr(call, name, saved[name])
        call.phase, call.ended, call.person = Phase.ENDED, True, seat.person
        return call
