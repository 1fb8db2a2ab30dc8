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

from collections.abc import Callable, Iterable
from typing import Any

from dealerline.domain.routing import matching, timing
from dealerline.domain.routing.book import Book
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
    Offer,
    Orphaned,
    Overflowed,
    QueueGone,
    QueueIs,
    TimePassed,
)
from dealerline.domain.routing.ordered import Ordered
from dealerline.domain.routing.state import RECENT, Agent, Caller, Queue, rank_of


class Router(Book):
    """All queues of one switch. Read it freely; change it by ``decide`` only."""

    # queues -------------------------------------------------------------------------------------------------------

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

    # agents -------------------------------------------------------------------------------------------------------

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

    def _match_agent(self, agent: Agent, now: float) -> list[Decision]:
        """A free agent, on no bench: his caller, or a seat, or a phone that rings elsewhere to ring along with."""
        rank, through = matching.best_caller(agent)
        if rank is not None:
            return [self._offer(self._calls[rank[4]], agent, through, now)]
        agent.sit()
        for queue in agent.queues.values():
            for place in queue.ringing:
                caller = self._calls[place[4]]
                if matching.can_join(agent, caller):
                    return [self._offer(caller, agent, queue.number, now)]
        return []

    # callers ------------------------------------------------------------------------------------------------------

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
        caller.lent = event.lent
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
            if len(queue.handled) == RECENT:
                queue.handled_sum -= queue.handled[0]
            queue.handled.append(event.seconds)
            queue.handled_sum += event.seconds
        return []

    def _passed(self, event: TimePassed, now: float) -> list[Decision]:
        made: list[Decision] = []
        while (first := self._due.first()) is not None and first[0] <= now:
            made += self._look(self._calls[first[1]], now)
        return made

    def _look(self, caller: Caller, now: float) -> list[Decision]:
        """Rules or time changed for a caller who waits: his place anew."""
        if caller.agents or caller.call not in self._calls:
            return []
        self._unstand(caller)
        return self._match_call(caller, self._queues[caller.queue], now)

    # matching a caller --------------------------------------------------------------------------------------------

    def _match_call(self, caller: Caller, queue: Queue, now: float) -> list[Decision]:
        """A caller, in no line: his agents, or his place in line, with everything that time has brought him by now."""
        rules = queue.rules
        if not (rules.needs or rules.overflow or caller.keep or caller.lent):  # the usual case, short
            caller.wants, caller.nice = (caller.kind, ()), ()
            if queue.free:
                made = self._offers(caller, queue, now)
                if made:
                    return made
            caller.stand(queue.waiting)
            caller.join(queue.groups)
            return []
        must, caller.nice = timing.wants_at(queue, caller.since, now)
        caller.wants = (caller.kind, must)
        if caller.keep:
            caller.keep = self._still_kept(caller, now)
        found = self._find(caller, queue, now)
        if found:
            return found
        self._stand(caller)
        overflowed = self._overflow(caller, queue, now) if rules.overflow else []
        if any(isinstance(each, Overflowed) and each.rule.to == "queue" for each in overflowed) and not caller.keep:
            caller.go()
            found = self._find(caller, queue, now)
            if found:
                return [*overflowed, *found]
            self._stand(caller)
        caller.due = timing.due(queue, caller, now)
        if caller.due is not None:
            self._due.add((caller.due, caller.call))
        return overflowed

    def _still_kept(self, caller: Caller, now: float) -> tuple[int, ...]:
        if now >= caller.keep_until:
            return ()
        known = (self._agents.get(number) for number in caller.keep)
        return tuple(agent.number for agent in known if agent is not None and agent.awaited())

    def _find(self, caller: Caller, queue: Queue, now: float) -> list[Decision]:
        if caller.keep:
            for number in caller.keep:
                agent = self._agents[number]
                if agent.free_since is not None and not agent.offered and caller.kind in agent.room:
                    return [self._offer(caller, agent, 0, now)]
            return []
        made = self._offers(caller, queue, now) if queue.free else []
        if made:
            return made
        for number in caller.lent:
            other = self._queues.get(number)
            if other is not None and other.free:
                who = matching.best_agent(other, caller.wants, caller.nice)
                if who is not None:
                    return [self._offer(caller, self._agents[who], number, now)]
        return []

    def _offers(self, caller: Caller, queue: Queue, now: float) -> list[Decision]:
        if queue.rules.strategy == "ring_all":
            found = matching.best_agents(queue, caller.wants, matching.RING_AT_ONCE)
            return [self._offer(caller, self._agents[who], queue.number, now) for who in found]
        who = matching.best_agent(queue, caller.wants, caller.nice)
        return [self._offer(caller, self._agents[who], queue.number, now)] if who is not None else []

    def _stand(self, caller: Caller) -> None:
        own = self._queues[caller.queue]
        caller.stand(own.waiting)
        if caller.keep:
            for number in caller.keep:
                agent = self._agents[number]
                if agent.kept is None:
                    agent.kept = Ordered()
                caller.stand(agent.kept)
            return
        caller.join(own.groups)
        for number in caller.lent:
            other = self._queues.get(number)
            if other is not None:
                caller.join(other.groups)

    def _unstand(self, caller: Caller) -> None:
        caller.go()
        if caller.due is not None:
            self._due.remove((caller.due, caller.call))
            caller.due = None

    def _overflow(self, caller: Caller, queue: Queue, now: float) -> list[Decision]:
        """The rules that have come true for a caller in line; after one that takes him elsewhere none counts any more."""
        made: list[Decision] = []
        for rule in queue.rules.overflow:
            if rule in caller.done or not timing.came_true(rule, queue, caller, now):
                continue
            if rule.hours and not self._open(rule.hours, now):
                continue
            if rule.to == "queue" and (rule.queue not in self._queues or rule.queue == caller.queue):
                continue
            caller.done += (rule,)
            if rule.to == "queue":
                if rule.queue in caller.lent:  # by another rule, or before a restart
                    continue
                caller.lent += (rule.queue,)
            made.append(Overflowed(caller.call, caller.queue, rule, max(0.0, now - caller.since)))
            if rule.to != "queue":
                caller.done = queue.rules.overflow
                break
        return made

    # the offer ----------------------------------------------------------------------------------------------------

    def _offer(self, caller: Caller, agent: Agent, through: int, now: float) -> Offer:
        queue = self._queues[caller.queue]
        free_since = agent.free_since
        why: dict[str, object] = {
            "rule": queue.rules.strategy if through else "sticky",
            "idle": round(now - free_since, 3) if free_since is not None else 0.0,
            "free": queue.free or 1,
            "waiting": len(queue.waiting),
            "returned": caller.front,
            "priority": queue.rules.priority + caller.priority,
        }
        if caller.wants[1]:
            why["wants"] = [list(each) for each in caller.wants[1]]
        if through and through != caller.queue:
            why["lent"], why["rule"] = through, self._queues[through].rules.strategy
        if caller.lines:
            if not caller.agents:
                why["waiting"] = len(queue.waiting)
                self._unstand(caller)
        elif not caller.agents:
            why["waiting"] = len(queue.waiting) + 1
        if agent.seats:
            agent.rise()
        agent.free_since, agent.offered = None, caller.call
        caller.agents += (agent.number,)
        if queue.rules.strategy == "round_robin":
            self._sequence += 1
            queue.turns[agent.number] = self._sequence
        if queue.rules.strategy == "ring_all" and through:
            self._rings_on(caller, queue)
        return Offer(caller.call, agent.number, caller.queue, max(0.0, now - caller.arrived), why)

    @staticmethod
    def _rings_on(caller: Caller, queue: Queue) -> None:
        """He may ring at more people, unless it is enough."""
        if len(caller.agents) == 1:
            caller.stand(queue.ringing)
        elif len(caller.agents) == matching.RING_AT_ONCE:
            caller.go()


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
