"""Overflow made real: a caller whom a queue's rule sends further.

Rules of the file. Lent to another queue, he stays where he is, and the router knows that others may take him. Anywhere
else he is taken out of the queue at the end of the step, and only if nobody's phone rings for him by then. An outside
number that does not answer brings him back to his place, and no rule takes him away a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dealerline.domain import ivr, routing
from dealerline.switch.core import Core
from dealerline.switch.model import Call, Phase

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

RING_SECONDS = 30
Way = Callable[[Call, routing.Overflow], None]


class Overflowing:
    """``ways``: what is done for each ``to`` but queue; whoever can do better for one puts himself there."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self.core = core
        self.engine = engine
        self.ways: dict[str, Way] = {"number": self._number, "callback": self._flow, "voicemail": self._message}

    def happens(self, decision: routing.Overflowed) -> None:
        """A rule came true."""
        call, rule = self.core.calls.get(decision.call), decision.rule
        if call is None or call.phase is not Phase.QUEUED:
            return
        if call.stands and rule.to != "queue":
            return  # a promised call-back: others may see to it, but nobody is there who could be sent elsewhere
        if rule.to == "queue":
            call.lent += (rule.queue,)
        else:
            call.spent = True
        if call.stands:
            return  # of a promise that nobody waits for no facts of a queue are told
        self.core.fact(
            "queue.overflow",
            call,
            queue=decision.queue,
            target_kind=rule.to,
            target=str(rule.queue) if rule.to == "queue" else rule.number or rule.to,
            rule=rule.when,
            value=rule.value,
            waited=round(decision.waited, 3),
        )
        self.engine.remember(call)
        if rule.to != "queue":
            self.core.after.append(lambda: self._go(call, rule))

    def _go(self, call: Call, rule: routing.Overflow) -> None:
        if not call.ended and call.phase is Phase.QUEUED:
            self.ways.get(rule.to, self._flow)(call, rule)

    def _flow(self, call: Call, rule: routing.Overflow) -> None:
        """As if he had waited long enough: his flow knows where to."""
        self.engine.queueing.waited_enough(call)

    def _message(self, call: Call, rule: routing.Overflow) -> None:
        """His flow asks him for a message."""
        self.engine.flows.step(call, ivr.QueueMessage())

    def _number(self, call: Call, rule: routing.Overflow) -> None:
        self.engine.queueing.out(call, "overflow")
        self.core.go(call, Phase.FLOW)
        self.engine.outside.forward(call, rule.number, RING_SECONDS)

    @staticmethod
    def is_out(call: Call) -> bool:
        """Whether a rule sent him to an outside number, and his place in a queue is behind him."""
        return bool(call.queue) and call.spent and call.phase is Phase.FORWARDING

    def answered(self, call: Call) -> None:
        """Somebody outside took him: his flow's waiting is over."""
        if self.is_out(call) and call.flow is not None:
            self.engine.flows.step(call, ivr.QueueAnswered())

    def taken_back(self, call: Call) -> None:
        """He pressed a key while a number outside rang for him: it stops."""
        if call.forward and self.core.by_channel.pop(call.forward, None) is not None:
            self.core.do(self.core.media.hang_up, call.forward)
        self.core.fact("forward.ended", call, number=call.forward_number, result="caller_gone")
        call.forward = ""

    def in_vain(self, call: Call) -> None:
        """Nobody took him there: he waits again, in his place."""
        queue = self.core.lookup.queues.get(call.queue)
        if queue is None:
            call.queue = 0
            self.core.go(call, Phase.FLOW)
            self.engine.flows.step(call, ivr.QueueTimeout())
            return
        self.core.go(call, Phase.FLOW)
        self.core.go(call, Phase.QUEUED)
        self.core.fact("queue.returned", call, queue=call.queue, reason="overflow_failed")
        self.engine.queueing.take_up(call, queue)
        self.engine.queueing.music(call)
        self.engine.remember(call)
