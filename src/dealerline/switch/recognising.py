"""Who rings: asked of the records when a call comes, used when the answer is there.

Rules of the file. Nobody waits for the answer: the flow begins meanwhile, and a call goes on without one. A caller who
is blocked hears why in a polite sentence, once it is known, unless somebody talks with him already. A caller without a
number is like one whom nobody knows.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dealerline.switch.core import Core
from dealerline.switch.model import Call, Phase
from dealerline.switch.ports import Callers, Known

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

REFUSAL = "caller.refused"
LEAST = -100
"""The priority of a nuisance: below every other caller, whatever the queue."""


class Recognising:
    """The question and what follows from its answer."""

    def __init__(self, core: Core, engine: Engine, callers: Callers | None) -> None:
        self.core = core
        self.engine = engine
        self.callers = callers

    def ask(self, call: Call) -> None:
        """Ask at the end of the step, when the call's facts are written."""
        if self.callers is not None and call.from_number:
            self.core.do(self.callers.ask, call.from_number, call.store, partial(self._answer, call))

    def _answer(self, call: Call, known: Known | None) -> None:
        self.core.run(self._know, call, known)

    def _know(self, call: Call, known: Known | None) -> None:
        if known is None or call.ended:
            return
        call.known = known
        if known.standing:
            self.core.fact("caller.listed", call, standing=known.standing, customer=known.customer)
        if known.standing == "blocked" and call.phase in (Phase.FLOW, Phase.QUEUED, Phase.OFFERED):
            self.engine.queueing.leave(call, "blocked")
            self.engine.flows.farewell(call, REFUSAL, "blocked")

    @staticmethod
    def priority(call: Call, otherwise: int) -> int:
        """His priority in a queue, where his flow gives ``otherwise``."""
        nuisance = call.known is not None and call.known.standing == "nuisance"
        return min(otherwise, LEAST) if nuisance else otherwise
