"""Whoever carries the phone tonight: rung one after the other, each answer confirmed by a key.

Rules of the file. The roster says whom (``Snapshot.duties``); those of the line's kind come before those of every kind.
A number outside may be answered by a voicemail box, so nobody is connected before he has pressed the key
(``confirming.py``). The caller hears music meanwhile; when nobody took it his flow goes on at ``on_fail``. After a
restart the ringing begins anew, with the first in turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dealerline.domain import numbers
from dealerline.switch.confirming import PATIENCE
from dealerline.switch.core import Core
from dealerline.switch.model import AgentLeg, Call, Phase

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine


class DutyPhones:
    """The roster's phones."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine

    def on_duty(self, call: Call, line_name: str = "") -> list[tuple[str, int]]:
        """(number, person or 0) in turn, now, for the call's line or another; never a number of our own."""
        lookup, now = self.core.lookup, self.core.now
        line = lookup.line_by_name(line_name, call.store) if line_name else lookup.lines.get(call.line)
        store, kind = (line.store, line.kind) if line is not None else (call.store, "")
        turns = [d for d in lookup.snapshot.duties if d.store == store and d.kind in ("", kind)]
        turns = sorted((d for d in turns if d.begins <= now < d.ends), key=lambda d: (not d.kind, -d.begins))
        found: dict[str, int] = {}
        for duty in turns:
            people = (*duty.people, *[0] * len(duty.numbers))
            for number, person in zip(duty.numbers, people, strict=False):
                if numbers.significant(number) not in lookup.by_number:
                    found.setdefault(number, person)
        return list(found.items())

    def ring(self, call: Call, line_name: str, seconds: float) -> None:
        """Begin with the first in turn."""
        self.core.go(call, Phase.FORWARDING)
        call.duty_left, call.duty_seconds = self.on_duty(call, line_name), seconds
        if not call.duty_left:
            self.core.fact("flow.error", call, node=call.flow.node if call.flow else "", reason="nobody_on_duty")
            call.forward_number = ""
            self.core.after.append(lambda: self.engine.outside.forward_over(call, "failed"))
            return
        self._next(call)

    def _next(self, call: Call) -> None:
        number, person = call.duty_left.pop(0)
        endpoint = self.engine.outside.ring_out(call, number, call.duty_seconds, "duty", person)
        if not endpoint:
            self.core.after.append(lambda: self._over(call, "failed"))
            return
        until = self.core.now + call.duty_seconds + PATIENCE
        call.duty = leg = AgentLeg(call.forward, person, endpoint, self.core.now, until, role="duty", number=number)
        leg.timer = self.core.later(call.duty_seconds + PATIENCE, self._too_long, call, leg)

    def _too_long(self, call: Call, leg: AgentLeg) -> None:
        """He took the phone and pressed nothing, or we never heard what became of it."""
        if call.duty is leg and not call.ended:
            self.core.by_channel.pop(leg.channel, None)
            self.core.do(self.core.media.hang_up, leg.channel)
            self.gone(call, 19)

    def confirmed(self, call: Call) -> None:
        """It is he: the talk begins."""
        leg = call.duty
        if leg is None or call.ended:
            return
        self.clear(call)
        self.core.by_channel[leg.channel] = (call, "forward")
        self.core.do(self.core.media.remember, leg.channel, {"DL_ROLE": "forward"})
        self.engine.outside.forward_answered(call)

    def gone(self, call: Call, cause: int) -> None:
        """This phone was not taken: the next in turn."""
        self.clear(call)
        self._over(call, self.engine.outside.result(cause))

    def _over(self, call: Call, result: str) -> None:
        if call.ended or call.phase is not Phase.FORWARDING:
            return
        if not call.duty_left:
            self.engine.outside.forward_over(call, result)
            return
        self.core.fact("forward.ended", call, number=call.forward_number, result=result)
        self._next(call)

    def clear(self, call: Call) -> None:
        """Nothing more is awaited of the phone that rings, or asks."""
        leg, call.duty = call.duty, None
        if leg is None:
            return
        leg.quiet()
        if leg.asking:
            self.core.by_playback.pop(leg.asking, None)
            leg.asking = ""
