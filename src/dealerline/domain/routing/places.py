"""Taking places: a caller's agents or his place in line, an agent's caller or his seat, and the offer.

The rule of the file: whoever is looked at stands in no line and sits on no bench; afterwards he is offered, or he has
his place.
"""

from __future__ import annotations

from dealerline.domain.routing import matching, timing
from dealerline.domain.routing.book import Book
from dealerline.domain.routing.events import Decision, Offer, Overflowed
from dealerline.domain.routing.ordered import Ordered
from dealerline.domain.routing.state import Agent, Caller, Queue


class Places(Book):
    """The part of the router that matches."""

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

    def _look(self, caller: Caller, now: float) -> list[Decision]:
        """Rules or time changed for a caller who waits: his place anew."""
        if caller.agents or caller.call not in self._calls:
            return []
        self._unstand(caller)
        return self._match_call(caller, self._queues[caller.queue], now)

    def _match_call(self, caller: Caller, queue: Queue, now: float) -> list[Decision]:
        """A caller, in no line: his agents, or his place in line, with everything that time has brought him by now."""
        rules = queue.rules
        if not (rules.needs or rules.overflow or caller.keep or caller.lent):  # the usual case, short
            caller.wants, caller.nice = (caller.kind, ()), ()
            if queue.free:
                made = self._offers(caller, queue, now)
                if made:
                    return made
            caller.wait(queue)
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
        caller.wait(own)
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
        """The rules that have come true for a caller in line; after one that takes him away none counts."""
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
