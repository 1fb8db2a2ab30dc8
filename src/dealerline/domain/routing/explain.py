"""Why: of an offer, why the others were passed over; of a waiting caller, why he waits and what happens next.

The rules of the file: nothing is changed here. Numbers are counted from what the router keeps anyway, people are named
up to a limit, so that an explanation of 10,000 agents costs as little as one of ten.

The reasons: ``offline``; ``resting`` (a break); ``busy`` (with ``doing``); ``offered`` (his phone rings for somebody
else); ``full`` (no room for this kind of work); ``lacks`` (``skill``, ``level``, and what he ``has``); ``kept`` (the
caller is kept for somebody he knows); ``later`` (free, and by the queue's strategy not the first).
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from dealerline.domain.routing import timing
from dealerline.domain.routing.events import Offer
from dealerline.domain.routing.matching import meets
from dealerline.domain.routing.router import Router
from dealerline.domain.routing.state import Agent, Caller, Queue

Why = dict[str, Any]
SCAN = 40  # so many of a queue's people are looked at to name some


def reason(agent: Agent | None, caller: Caller) -> Why:
    """Why this agent does not take this caller just now."""
    if agent is None or not agent.present:
        return {"reason": "offline"}
    if agent.offered:
        return {"reason": "offered"}
    if agent.free_since is None:
        return {"reason": "resting" if agent.doing == "busy" else "busy", "doing": agent.doing}
    if caller.keep:
        return {"reason": "kept"}
    if caller.kind not in agent.room:
        return {"reason": "full"}
    for skill, level in caller.wants[1]:
        if agent.skills.get(skill, 0) < level:
            return {"reason": "lacks", "skill": skill, "level": level, "has": agent.skills.get(skill, 0)}
    return {"reason": "later"}


def _counts(queue: Queue, caller: Caller, sticky: bool, taken: int) -> dict[str, int]:
    """reason -> how many of the queue's people; ``taken``: those who are offered this very caller."""
    counts = {"offline": len(queue.agents) - queue.present, "busy": queue.present - queue.free - taken}
    for bench in queue.benches.values():
        if sticky:
            what = "kept"
        elif meets(bench.room, bench.skills, caller.wants):
            what = "later"
        else:
            what = "lacks" if caller.kind in bench.room else "full"
        counts[what] = counts.get(what, 0) + len(bench.line)
    return {what: count for what, count in counts.items() if count > 0}


def passed(router: Router, offer: Offer, limit: int = 10) -> Why:
    """Of the people of the queue through which this offer was made, how many were passed over for which reason, and
    some of them by name, the free ones first. To be asked before the next event.
    """
    caller = router._calls.get(offer.call)
    lent = offer.why.get("lent")
    queue = router._queues.get(lent if isinstance(lent, int) else offer.queue)
    if caller is None or queue is None:
        return {}
    sticky = offer.why["rule"] == "sticky"
    free = (key[2] for bench in queue.benches.values() for key in islice(bench.line, limit))
    named: list[Why] = []
    seen = set(caller.agents)
    for number in (*free, *islice(queue.rules.agents, SCAN)):
        if len(named) == limit:
            break
        if number not in seen:
            seen.add(number)
            why = reason(router._agents.get(number), caller)
            named.append({"agent": number, **({"reason": "kept"} if sticky and why["reason"] == "later" else why)})
    taken = sum(number in queue.agents for number in caller.agents)
    return {"counts": _counts(queue, caller, sticky, taken), "people": named}


def _next(queue: Queue, caller: Caller, now: float) -> list[Why]:
    """What time or other people will change for him: the dated first, then rules that wait for something else."""
    coming: list[Why] = []
    for at, what, which in sorted(timing.changes(queue, caller, now), key=lambda each: each[0]):
        if what == "relax" and isinstance(which, tuple):
            skill, level, must = which
            coming.append({"at": at, "what": "relax", "skill": skill, "level": level, "must": must})
        elif what == "patience":
            coming.append({"at": at, "what": "patience", "agents": list(caller.keep)})
        elif what == "overflow":
            coming.append({"at": at, "what": "overflow", **_rule(which)})
    for rule in queue.rules.overflow:
        dated = rule.when == "waited" and caller.since + rule.value > now
        if rule not in caller.done and not dated:
            coming.append({"at": None, "what": "overflow", **_rule(rule)})
    return coming


def _rule(rule: Any) -> Why:
    """An overflow rule; the number it leads to is told by who may see it."""
    return {"when": rule.when, "value": rule.value, "to": rule.to, "queue": rule.queue, "hours": rule.hours}


def explain(router: Router, call: str, now: float, limit: int = 200) -> Why | None:
    """Why this caller waits: his place, what he waits for, what keeps each agent of his queues, what happens next and
    when. None when he does not wait. Times are epoch seconds.
    """
    caller = router._calls.get(call)
    queue = router._queues.get(caller.queue) if caller is not None else None
    if caller is None or queue is None:
        return None
    people: list[Why] = []
    counts: dict[str, int] = {}
    taken = set(caller.agents)
    for number in (caller.queue, *caller.lent):
        other = router._queues.get(number)
        if other is None:
            continue
        mine = sum(agent in other.agents for agent in taken)
        for what, count in _counts(other, caller, bool(caller.keep), mine).items():
            counts[what] = counts.get(what, 0) + count
        for agent in islice(other.rules.agents, limit - len(people)):
            why = {"reason": "rings"} if agent in taken else reason(router._agents.get(agent), caller)
            people.append({"agent": agent, "queue": number, **why})
    for agent in caller.keep:
        if not any(each["agent"] == agent for each in people):
            people.append({"agent": agent, "queue": 0, **reason(router._agents.get(agent), caller)})
    return {
        "call": call,
        "queue": caller.queue,
        "kind": caller.kind,
        "position": router.position(call),
        "waiting": len(queue.waiting),
        "waited": max(0.0, now - caller.since),
        "priority": queue.rules.priority + caller.priority,
        "front": caller.front,
        "strategy": queue.rules.strategy,
        "wants": [list(each) for each in caller.wants[1]],
        "nice": [list(each) for each in caller.nice],
        "kept": {"agents": list(caller.keep), "until": caller.keep_until} if caller.keep else None,
        "lent": list(caller.lent),
        "offered": list(caller.agents),
        "expected": router.expected_wait(call, now),
        "counts": counts,
        "people": people,
        "next": _next(queue, caller, now),
    }
