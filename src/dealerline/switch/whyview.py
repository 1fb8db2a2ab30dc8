"""Why does this caller wait: the router's explanation with names, for a lead of his store or of his queue's.

The rule of the file: nothing is changed here, no number of a customer is in it, and who may not see the call is told no
more than that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dealerline.domain.routing import explain
from dealerline.switch.core import Core
from dealerline.switch.directory import Text
from dealerline.switch.model import Call, Phase, Refused

if TYPE_CHECKING:
    from dealerline.switch.engine import Engine

NAMELESS: Text = {"zh": "", "en": ""}


def why(core: Core, engine: Engine, wanted: object, leads: bool, stores: frozenset[int]) -> dict[str, Any]:
    """The explanation. Raises Refused: forbidden, no_call, or not_now when he does not wait."""
    if not leads:
        raise Refused("forbidden")
    call = core.calls.get(wanted) if isinstance(wanted, str) else None
    if call is None:
        raise Refused("no_call")
    queue = core.lookup.queues.get(call.queue)
    if not stores & {call.store, *({queue.store} if queue is not None else ())}:
        raise Refused("forbidden")
    found = explain.explain(engine.queueing.router, call.id, core.now)
    if found is None or call.phase not in (Phase.QUEUED, Phase.OFFERED):
        raise Refused("not_now")
    return _named(core, call, found)


def _named(core: Core, call: Call, found: dict[str, Any]) -> dict[str, Any]:
    lookup = core.lookup
    skills = dict(lookup.snapshot.skills)

    def queue(number: int) -> Text:
        known = lookup.queues.get(number)
        return known.name if known is not None else NAMELESS

    def need(skill: int, level: int) -> dict[str, Any]:
        return {"skill": skill, "skill_name": skills.get(skill, NAMELESS), "level": level}

    def person(number: int) -> dict[str, Any]:
        known = lookup.people.get(number)
        return {"agent": number, "name": known.name if known is not None else "", "store": known.store if known else 0}

    def step(each: dict[str, Any]) -> dict[str, Any]:
        named = dict(each)
        if "skill" in each:
            named["skill_name"] = skills.get(each["skill"], NAMELESS)
        if "reason" in each:
            named |= person(each["agent"])
        if each.get("queue"):
            named["queue_name"] = queue(each["queue"])
        if "agents" in each:
            named["people"] = [person(number) for number in each["agents"]]
        return named

    coming = [step(each) for each in found["next"]]
    if call.deadline:
        coming.append({"at": call.deadline, "what": "waited_out"})
    dated = sorted((each for each in coming if each["at"] is not None), key=lambda each: float(each["at"]))
    kept = found["kept"]
    return {
        **found,
        "now": core.now,
        "since": call.queued,
        "queue_name": queue(call.queue),
        "wants": [need(skill, level) for skill, level in found["wants"]],
        "nice": [need(skill, level) for skill, level in found["nice"]],
        "kept": {**kept, "people": [person(number) for number in kept["agents"]]} if kept else None,
        "lent": [{"queue": number, "queue_name": queue(number)} for number in found["lent"]],
        "offered": [person(number) for number in found["offered"]],
        "people": [step(each) for each in found["people"]],
        "next": [*dated, *(each for each in coming if each["at"] is None)],
    }
