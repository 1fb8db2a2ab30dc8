"""What queues and agents are: their rules and skills come, change and go, while callers wait.

The rule of the file: whoever is concerned by a change takes his place anew, first those who wait, then the free.
"""

from __future__ import annotations

from collections.abc import Iterable

from dealerline.domain.routing.events import AgentHas, Decision, IllegalRouting, Orphaned, QueueGone, QueueIs
from dealerline.domain.routing.places import Places
from dealerline.domain.routing.state import Agent, Caller, Queue


class Configured(Places):
    """The part of the router that is told how the centre is set up."""

    def _queue_is(self, event: QueueIs, now: float) -> list[Decision]:
        queue = self._queues.get(event.queue)
        old = queue.rules if queue is not None else None
        if queue is None:
            queue = self._queues[event.queue] = Queue(event.queue, event)
        queue.rules = event  # priority and ageing count for callers from now on
        queue.places = dict(event.order)
        self._lends(event.queue, old, event)
        members = set(event.agents)
        left = sorted(queue.agents - members)
        for number in left:
            self._part(queue, self._agents[number])
            queue.turns.pop(number, None)
        queue.agents = members
        joined = [self._agents.get(n) or self._new_agent(n) for n in dict.fromkeys(event.agents)]
        joined = [agent for agent in joined if event.queue not in agent.queues]
        for agent in joined:
            agent.queues[event.queue] = queue
            queue.present += agent.present
        changed = old is not None and (old.strategy, old.order, old.needs, old.overflow) != (
            event.strategy,
            event.order,
            event.needs,
            event.overflow,
        )
        touched = {event.queue, *self._targets(old), *self._targets(event)} if changed or old is None else set()
        resit = [*self._learn(touched, changed, event.queue), *joined]
        return self._rethink(queue, resit, changed, bool(left), now)

    def _rethink(self, queue: Queue, resit: list[Agent], changed: bool, left: bool, now: float) -> list[Decision]:
        """Everybody whom new rules concern takes his place anew: those who wait, then the free."""
        made: list[Decision] = []
        free = {agent.number: agent for agent in resit if agent.free_since is not None and not agent.offered}
        for agent in free.values():
            agent.rise()
        if changed or (left and not queue.present):
            for rank in list(queue.waiting):
                made += self._look(self._calls[rank[4]], now)
        for agent in sorted(free.values(), key=lambda a: queue.key(a)):
            if not agent.offered:
                made += self._match_agent(agent, now)
        return made

    @staticmethod
    def _targets(rules: QueueIs | None) -> list[int]:
        return [rule.queue for rule in rules.overflow if rule.to == "queue"] if rules is not None else []

    def _lends(self, number: int, old: QueueIs | None, new: QueueIs | None) -> None:
        for target in self._targets(old):
            lenders = self._lenders.get(target)
            if lenders is not None:
                lenders.discard(number)
                if not lenders:
                    del self._lenders[target]
        for target in self._targets(new):
            self._lenders.setdefault(target, set()).add(number)

    def _learn(self, numbers: Iterable[int], changed: bool, of: int) -> list[Agent]:
        """Work out which levels of which skills these queues must tell apart. Returns free agents who have to sit down
        anew, and empties the benches.
        """
        found: dict[int, Agent] = {}
        for number in sorted(numbers):
            queue = self._queues.get(number)
            if queue is None:
                continue
            levels: dict[int, set[int]] = {}
            for lender in (number, *sorted(self._lenders.get(number, ()))):
                for need in self._queues[lender].rules.needs:
                    levels.setdefault(need.skill, set()).update({need.level, *(level for _, level in need.relax)})
            steps = {skill: tuple(sorted(at - {0})) for skill, at in sorted(levels.items())}
            if steps == queue.steps and not (changed and number == of):
                continue
            free = [self._agents[n] for n in sorted(queue.agents) if self._agents[n].seats]
            for agent in free:
                agent.rise()
                found[agent.number] = agent
            queue.steps = steps
            queue.benches.clear()
        return list(found.values())

    def _part(self, queue: Queue, agent: Agent) -> None:
        """An agent leaves a queue; what he is free for besides stays."""
        seated = bool(agent.seats)
        agent.rise()
        del agent.queues[queue.number]
        queue.present -= agent.present
        if seated:
            agent.sit()

    def _queue_gone(self, event: QueueGone, now: float) -> list[Decision]:
        queue = self._queues.get(event.queue)
        if queue is None:
            raise IllegalRouting(f"there is no queue {event.queue}")
        for number in queue.agents:
            self._part(queue, self._agents[number])
        self._lends(event.queue, queue.rules, None)
        gone = [self._calls[rank[4]] for rank in queue.waiting]
        for caller in gone:
            self._forget(caller)
        del self._queues[event.queue]
        for caller in [self._calls[rank[4]] for line in list(queue.groups.values()) for rank in line]:
            caller.go()
            caller.lent = tuple(number for number in caller.lent if number != event.queue)
            self._stand(caller)
        return [Orphaned(caller.call, event.queue) for caller in gone]

    def _new_agent(self, number: int) -> Agent:
        agent = self._agents[number] = Agent(number)
        return agent

    def _agent_has(self, event: AgentHas, now: float) -> list[Decision]:
        agent = self._agents.get(event.agent) or self._new_agent(event.agent)
        seated = bool(agent.seats) or (agent.free_since is not None and not agent.offered)
        agent.rise()
        agent.skills, agent.capacity = dict(event.skills), dict(event.capacity)
        agent.makes_room()
        return self._match_agent(agent, now) if seated else []

    def _forget(self, caller: Caller) -> None:
        if caller.agents:
            self._end_offer(caller)
        else:
            self._unstand(caller)
        del self._calls[caller.call]

    def _end_offer(self, caller: Caller) -> None:
        for number in caller.agents:
            agent = self._agents.get(number)
            if agent is not None:
                agent.offered = ""
        caller.agents = ()
        if caller.lines:
            caller.go()  # of those who ring at several
