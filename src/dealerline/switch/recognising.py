"""Who rings: asked of the records when a call comes, used when the answer is there, and what follows for his place.

Rules of the file. Nobody waits for the answer: the flow begins meanwhile, and a call goes on without one. A caller who
is blocked hears why in a polite sentence, once it is known, unless somebody talks with him already; a nuisance waits
behind everybody else. A level counts as priority; whoever a caller spoke with last, his owner, or the named people of a
VIP are the ones he is kept for a while. A caller without a number is like one whom nobody knows. Who is known by what
he keyed stays that one, whatever his number says; what the number is listed as holds all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from dealerline.domain import routing
from dealerline.switch.core import Core
from dealerline.switch.directory import Queue
from dealerline.switch.model import Call, Phase
from dealerline.switch.ports import Callers, Known

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

REFUSAL = "caller.refused"
LEAST = -100
"""The priority that a nuisance gets on top of what his flow gives: below every other caller, whatever the queue."""
NAMED_PATIENCE = 20.0  # seconds that a VIP is kept for his people in a queue that keeps nobody else


class Recognising:
    """The question and what follows from its answer."""

    def __init__(self, core: Core, engine: Engine, callers: Callers | None) -> None:
        self.core = core
        self.engine = engine
        self.callers = callers

    def ask(self, call: Call) -> None:
        """He is here: who is he?"""
        if self.callers is not None and call.from_number:
            self.callers.ask(call.from_number, call.store, partial(self._answer, call))

    def _answer(self, call: Call, known: Known | None) -> None:
        self.core.run(self._know, call, known)

    def _know(self, call: Call, known: Known | None) -> None:
        if known is None or call.ended:
            return
        if call.known is not None and call.known.by:
            known = replace(call.known, named=known.named, standing=known.standing)
        elif call.known is not None:
            known = replace(known, among=call.known.among, tried=call.known.tried)
        call.known = known
        self.engine.remember(call)
        if known.standing:
            self.core.fact("caller.listed", call, standing=known.standing, customer=known.customer)
        if known.standing == "blocked" and call.phase in (Phase.FLOW, Phase.QUEUED, Phase.OFFERED):
            self.engine.queueing.leave(call, "blocked")
            self.engine.flows.farewell(call, REFUSAL, "blocked")
            return
        queue = self.core.lookup.queues.get(call.queue)
        if queue is None or call.phase not in (Phase.QUEUED, Phase.OFFERED):
            return
        people, patience = self.kept_for(call, queue)
        self.engine.queueing.decide(routing.CallKnown(call.id, self.level(call), people, patience))
        self.tell(call)

    def identify(self, call: Call, digits: str, answer: Callable[[str], None]) -> None:
        """Whom the digits mean that he keyed; "": is he known by his number? ``answer``: as ``ivr.Identified``."""
        if not digits:
            known = call.known is not None and call.known.customer
            self.core.after.append(lambda: answer("found" if known else "not_found"))
        elif self.callers is None:
            self._identified(call, digits, answer, "unanswered", None)
        else:
            self.callers.identify(digits, call.store, partial(self._found, call, digits, answer))

    def _found(
        self, call: Call, digits: str, answer: Callable[[str], None], result: str, found: Known | None
    ) -> None:
        self.core.run(self._identified, call, digits, answer, result, found)

    def _identified(
        self, call: Call, digits: str, answer: Callable[[str], None], result: str, found: Known | None
    ) -> None:
        if call.ended:
            return
        before = call.known or Known()
        if found is not None and found.customer:
            call.known = replace(found, last=found.last or before.last, named=before.named, standing=before.standing)
        else:
            among = found.among if found is not None else before.among
            call.known = replace(before, among=among, tried=digits)
        self.engine.remember(call)
        way, customer = (found.by, found.customer) if found is not None else ("", 0)
        self.core.fact("caller.identified", call, result=result, way=way, customer=customer)
        self.core.after.append(lambda: answer(result))

    def level(self, call: Call) -> int:
        """The priority that he has for what he is."""
        known = call.known
        if known is None:
            return 0
        return LEAST if known.standing == "nuisance" else self.core.lookup.levels.get(known.level, 0)

    def kept_for(self, call: Call, queue: Queue) -> tuple[tuple[int, ...], float]:
        """Whom he is kept for in this queue, the first choice first, and for how many seconds of waiting."""
        known, people = call.known, self.core.lookup.people
        if known is None:
            return (), 0.0
        if known.standing == "vip" and any(person in people for person in known.named):
            return tuple(p for p in dict.fromkeys(known.named) if p in people), queue.sticky_seconds or NAMED_PATIENCE
        person = known.owner if queue.sticky == "owner" else known.last
        if queue.sticky_seconds <= 0 or person not in people:
            return (), 0.0
        return (person,), queue.sticky_seconds

    def tell(self, call: Call) -> None:
        """The fact that he waits for somebody, if he does."""
        queue = self.core.lookup.queues.get(call.queue)
        people = self.engine.queueing.router.kept(call.id) if call.phase is Phase.QUEUED else ()
        if people and queue is not None:
            until = call.queued + self.kept_for(call, queue)[1]
            self.core.fact(
                "queue.kept", call, queue=queue.id, agent=people[0], agents=list(people), until=round(until, 3)
            )
