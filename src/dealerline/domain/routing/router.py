"""The automatic call distributor's mind: queues, waiting callers, free agents, and who gets whom.

The rules of the file:

- One owner: only a Router changes its queues. ``decide(router, event, now)`` takes what happened and returns decisions
  as values with their reasons; the switch makes them real and reports back.
- Never is somebody waiting while an agent who may take him is free (the invariant that the tests hold it to). Who may
  take whom: his queue's people, and those of the queues he is lent to, with the skills that he must have by now; while
  he is kept for people he knows, only those.
- An offer takes the caller out of every line and the agent off every bench at once, so that no agent is offered two
  calls. With the strategy ring_all one caller is offered to several; the first answer wins and nobody is to blame.
  The caller's offer ends by Answered, CallReturned or CallLeft; the agent is free again only when the switch says so
  (AgentIs).
- Order among callers: those who come back from a failed offer first, then by priority (queue's plus caller's), then by
  arrival; where a queue ages, priority is a head start in seconds instead (``state.rank_of``).
- An illegal event raises IllegalRouting and changes nothing. The same events in the same order decide the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dealerline.domain.routing.configured import Configured
from dealerline.domain.routing.events import (
    AgentGone,
    AgentHas,
    AgentIs,
    Answered,
    CallEntered,
    CallKnown,
    CallLeft,
    CallReturned,
    Decision,
    Declined,
    Event,
    Handled,
    IllegalRouting,
    Orphaned,
    QueueGone,
    QueueIs,
    TimePassed,
)
from dealerline.domain.routing.state import Agent, Caller, Queue, rank_of


class Router(Configured):
    """All queues of one switch. Read it freely; change it by ``decide`` only."""

    def _agent_is(self, event: AgentIs, now: float) -> list[Decision]:
        agent = self._agents.get(event.agent)
        free = event.free_since
        if free is not None and not event.present:
            raise IllegalRouting(f"agent {event.agent} cannot be free without being signed in")
        if agent is None:
            agent = self._new_agent(event.agent)
        elif free is not None and agent.offered:
            raise IllegalRouting(f"agent {event.agent} cannot be free while call {agent.offered} is offered to him")
        known = (agent.free_since, agent.load, agent.present, agent.doing, agent.work)
        if known == (free, event.load, event.present, event.doing, event.work):
            return []
        if event.work != agent.work:
            agent.rise()
            agent.work = event.work
            agent.makes_room()
        if agent.seats:
            agent.rise()
        agent.free_since, agent.load = free, event.load
        made: list[Decision] = []
        if event.present != agent.present or event.doing != agent.doing:
            made = self._presence(agent, event, now)
        return made + self._match_agent(agent, now) if free is not None else made

    def _presence(self, agent: Agent, event: AgentIs, now: float) -> list[Decision]:
        """He came, went or does something else: those kept for him, and queues without anybody."""
        made: list[Decision] = []
        came = event.present - agent.present
        agent.present, agent.doing = event.present, event.doing
        for queue in agent.queues.values():
            queue.present += came
        if agent.kept is not None and not agent.awaited():
            for rank in list(agent.kept):
                made += self._look(self._calls[rank[4]], now)
        if came < 0:
            for queue in agent.queues.values():
                if not queue.present and any(rule.when == "nobody" for rule in queue.rules.overflow):
                    for rank in list(queue.waiting):
                        made += self._look(self._calls[rank[4]], now)
        return made

    def _agent_gone(self, event: AgentGone, now: float) -> list[Decision]:
        agent = self._agents.get(event.agent)
        if agent is None:
            raise IllegalRouting(f"there is no agent {event.agent}")
        agent.rise()
        made = self._presence(agent, AgentIs(event.agent, False), now)
        for queue in agent.queues.values():
            queue.agents.discard(event.agent)
            queue.turns.pop(event.agent, None)
        del self._agents[event.agent]
        return made

    def _entered(self, event: CallEntered, now: float) -> list[Decision]:
        queue = self._queues.get(event.queue)
        if queue is None:
            raise IllegalRouting(f"there is no queue {event.queue}")
        if event.call in self._calls:
            raise IllegalRouting(f"call {event.call} waits already")
        arrived = event.arrived if event.arrived is not None else now
        since = event.since if event.since is not None else now
        rank = self._rank(queue, event.priority, arrived, event.front, event.call)
        caller = Caller(
            event.call, event.kind, event.queue, event.priority, arrived, since, event.front, rank, (event.kind, ())
        )
        caller.lent, caller.done = event.lent, queue.rules.overflow if event.spent else ()
        if event.keep and event.kind == "call" and now < since + event.patience:
            caller.keep, caller.keep_until = event.keep, since + event.patience
        self._calls[event.call] = caller
        return self._match_call(caller, queue, now)

    def _returned(self, event: CallReturned, now: float) -> list[Decision]:
        queue = self._queues.get(event.queue)
        known = self._calls.get(event.call)
        if queue is None:
            if known is not None:
                self._forget(known)
            return [Orphaned(event.call, event.queue)]
        if known is None:
            return self._entered(
                CallEntered(event.call, event.queue, event.priority, event.arrived, True, since=event.since), now
            )
        if not known.agents:
            raise IllegalRouting(f"call {event.call} waits already")
        self._end_offer(known)
        priority = event.priority or known.priority
        arrived = event.arrived if event.arrived is not None else known.arrived
        if known.queue != event.queue:
            known.queue, known.lent, known.done = event.queue, (), ()
        known.priority, known.arrived, known.front, known.keep = priority, arrived, True, ()
        known.rank = self._rank(queue, priority, arrived, True, event.call)
        return self._match_call(known, queue, now)

    def _rank(self, queue: Queue, priority: int, arrived: float, front: bool, call: str) -> Any:
        self._sequence += 1
        return rank_of(queue.rules, priority, arrived, front, self._sequence, call)

    def _known(self, event: CallKnown, now: float) -> list[Decision]:
        caller = self._calls.get(event.call)
        if caller is None:
            raise IllegalRouting(f"call {event.call} does not wait")
        queue = self._queues.get(caller.queue)
        if queue is None:
            return []
        caller.priority += event.priority
        sequence = caller.rank[3]
        if caller.agents:  # it counts should he come back
            rings_on = bool(caller.lines)
            caller.go()
            caller.rank = rank_of(queue.rules, caller.priority, caller.arrived, caller.front, sequence, caller.call)
            if rings_on:
                caller.stand(queue.ringing)
            return []
        self._unstand(caller)
        caller.rank = rank_of(queue.rules, caller.priority, caller.arrived, caller.front, sequence, caller.call)
        if event.keep and caller.kind == "call" and not caller.front and now < caller.since + event.patience:
            caller.keep, caller.keep_until = event.keep, caller.since + event.patience
        return self._match_call(caller, queue, now)

    def _left(self, event: CallLeft, now: float) -> list[Decision]:
        caller = self._calls.get(event.call)
        if caller is None:
            raise IllegalRouting(f"call {event.call} does not wait")
        self._forget(caller)
        return []

    def _answered(self, event: Answered, now: float) -> list[Decision]:
        caller = self._calls.get(event.call)
        if caller is None or not caller.agents:
            raise IllegalRouting(f"call {event.call} is not being offered")
        self._end_offer(caller)
        del self._calls[event.call]
        return []

    def _declined(self, event: Declined, now: float) -> list[Decision]:
        caller = self._calls.get(event.call)
        if caller is None or event.agent not in caller.agents or len(caller.agents) < 2:
            raise IllegalRouting(f"call {event.call} is not offered to agent {event.agent} and others")
        caller.agents = tuple(number for number in caller.agents if number != event.agent)
        agent = self._agents.get(event.agent)
        if agent is not None:
            agent.offered = ""
        return []

    def _handled(self, event: Handled, now: float) -> list[Decision]:
        queue = self._queues.get(event.queue)
        if queue is not None:  # a queue removed meanwhile needs no average
            queue.has_handled(event.seconds, now)
        return []

    def _passed(self, event: TimePassed, now: float) -> list[Decision]:
        made: list[Decision] = []
        while (first := self._due.first()) is not None and first[0] <= now:
            made += self._look(self._calls[first[1]], now)
        return made


_ON: dict[type[Any], Callable[[Router, Any, float], list[Decision]]] = {
    QueueIs: Router._queue_is,
    QueueGone: Router._queue_gone,
    AgentHas: Router._agent_has,
    AgentIs: Router._agent_is,
    AgentGone: Router._agent_gone,
    CallEntered: Router._entered,
    CallKnown: Router._known,
    CallReturned: Router._returned,
    CallLeft: Router._left,
    Answered: Router._answered,
    Declined: Router._declined,
    Handled: Router._handled,
    TimePassed: Router._passed,
}


def decide(router: Router, event: Event, now: float) -> list[Decision]:
    """What follows from ``event`` at ``now`` (epoch seconds). Raises IllegalRouting, and then nothing has changed."""
    return _ON[type(event)](router, event, now)
